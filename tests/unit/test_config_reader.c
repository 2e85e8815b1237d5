/* The shapes of lines, and everything inih would get wrong. */
#include "config_fixture.h"

#define UNIT "[service:web]\ncommand = x\n"

/* Loads `[service:web]` with one description of `len` characters; returns what arrived. */
static void check_length(size_t len)
{
    struct strbuf text = STRBUF_INIT;
    struct loaded l;

    strbuf_add(&text, UNIT "description = ");
    for (size_t i = 0; i < len; i++)
        strbuf_addf(&text, "%c", 'a' + (int)(i % 26));
    strbuf_add(&text, "\nenabled = no\n");
    l = load_good(strbuf_text(&text));
    assert_int_equal(strlen(l.set->units[0].description), len);
    assert_memory_equal(l.set->units[0].description,
                        strbuf_text(&text) + strlen(UNIT "description = "), len);
    /* What follows the long line is read as well. */
    assert_false(l.set->units[0].enabled);
    unload(&l);
    strbuf_finish(&text);
}

static void test_long_lines(void **state)
{
    static const size_t prefix = sizeof "description = " - 1;
    static const size_t lines[] = {199, 200, 201, 10000, 70000};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        check_length(lines[i] - prefix);
        check_length(lines[i]);
    }
}

static void test_long_names(void **state)
{
    char name[50], text[256];
    struct loaded l;

    (void)state;
    memset(name, 'n', 49);
    name[48] = '\0';
    snprintf(text, sizeof text, "[service:%s]\ncommand = x\n[job:%.47sm]\ncommand = y\n", name,
             name);
    l = load_good(text);
    assert_int_equal(l.set->n_units, 2);
    assert_string_equal(l.set->units[0].name, name);
    assert_string_equal(l.set->units[1].argv[0], "y");
    unload(&l);
    name[48] = 'n';
    name[49] = '\0';
    snprintf(text, sizeof text, "[service:%s]\ncommand = x\n", name);
    assert_one_error(text, "the name has 49 characters; at most 48 are allowed");
}

static void test_long_key(void **state)
{
    char key[301], text[400];

    (void)state;
    memset(key, 'k', 300);
    key[300] = '\0';
    snprintf(text, sizeof text, UNIT "%s = 1\nenabled = no\n", key);
    assert_one_error(text, "unknown key; no key has more than 48 characters");
}

static void test_line_ends(void **state)
{
    struct loaded l;

    (void)state;
    l = load_good("\xef\xbb\xbf[service:web]\r\ncommand = x \r\n  y\r\n\r\ndescription = two "
                  "words\t \r\n");
    assert_int_equal(l.set->units[0].argc, 2);
    assert_string_equal(l.set->units[0].argv[1], "y");
    assert_string_equal(l.set->units[0].description, "two words");
    unload(&l);
    l = load_good("[service:web]\ncommand = no final newline");
    assert_int_equal(l.set->units[0].argc, 3);
    assert_string_equal(l.set->units[0].argv[2], "newline");
    unload(&l);
    /* Only at the start of the file. */
    assert_one_error(UNIT "\xef\xbb\xbf"
                          "enabled = no\n",
                     "t.ini:3: [service:web] '\xef\xbb\xbf"
                     "enabled = no' does not begin with a key");
}

static void test_nul(void **state)
{
    static const char in_value[] = "[service:web]\ncommand = x\0y\n";
    static const char in_header[] = "[service:web\0]\ncommand = x\n";
    static const char in_more[] = "[service:web]\ncommand = x\n  y\0\n";

    (void)state;
    assert_errors(
        load_as(0, false, in_value, sizeof in_value - 1),
        ERRORS("t.ini:2: [service:web] the line contains a NUL byte; a configuration is plain "
               "text (UTF-8)"));
    assert_errors(
        load_as(0, false, in_header, sizeof in_header - 1),
        ERRORS("t.ini:1: the line contains a NUL byte; a configuration is plain text (UTF-8)"));
    assert_errors(
        load_as(0, false, in_more, sizeof in_more - 1),
        ERRORS("t.ini:3: [service:web] the line contains a NUL byte; a configuration is plain "
               "text (UTF-8)"));
}

static void test_comments(void **state)
{
    struct loaded l;

    (void)state;
    l = load_good("# first\n; second\n   # third\n\t; [job:no]\n[service:web]\n#x\ncommand = a ; b "
                  "# c\n  # not a part\n\n  d;e\n");
    assert_int_equal(l.set->units[0].argc, 6);
    assert_string_equal(l.set->units[0].argv[1], ";");
    assert_string_equal(l.set->units[0].argv[3], "#");
    assert_string_equal(l.set->units[0].argv[5], "d;e");
    assert_string_equal(l.set->units[0].texts[0].text, "a ; b # c d;e");
    assert_int_equal(l.set->units[0].texts[0].line, 7);
    unload(&l);
}

static void test_continuations(void **state)
{
    struct loaded l;

    (void)state;
    l = load_good("[service:web]\ncommand =\n\tsh -c 'a\n     b'\ndescription = one\n two\n\n  "
                  "[three]\n key = four\n");
    assert_int_equal(l.set->units[0].argc, 3);
    assert_string_equal(l.set->units[0].argv[2], "a b");
    assert_string_equal(l.set->units[0].description, "one two [three] key = four");
    unload(&l);
    assert_one_error("[service:web]\n  enabled = no\ncommand = x\n",
                     "t.ini:2: [service:web] an indented line continues the value above it, but "
                     "there is none; begin the line without white space");
    assert_one_error(UNIT "junk\n  more junk\n  and more\n", "t.ini:3:");
    /* What is surely a line of its own is not swallowed: the unit would run as somebody else. */
    assert_one_error(
        "[service:web]\ncommand = x\n\tuser = nobody\n",
        "t.ini:3: [service:web] command: an indented line continues the value above it, "
        "and this looks like a key or a section of its own; begin it without white "
        "space");
    assert_one_error("[service:web]\ncommand = x\n  [job:b]\n", "t.ini:3:");
    l = load_good("[service:web]\ncommand = x\nenvironment = A=1\n  http_proxy=b\n");
    unload(&l);
}

static void test_backslash(void **state)
{
    struct loaded l;

    (void)state;
    assert_one_error("[service:web]\ncommand = x \\\n  y\n",
                     "command: the line before ends with a backslash");
    l = load_good("[service:web]\ncommand = x \\\\\n  y\n");
    assert_string_equal(l.set->units[0].argv[1], "\\");
    unload(&l);
}

static void test_headers(void **state)
{
    (void)state;
    assert_one_error("[service:web] junk\ncommand = x\n",
                     "t.ini:1: text follows the section header");
    assert_one_error("[service:web] ; comment\ncommand = x\n",
                     "t.ini:1: text follows the section header");
    assert_one_error("[service:web\ncommand = x\n",
                     "t.ini:1: the section header has no closing bracket");
    assert_one_error("[]\ncommand = x\n", "t.ini:1: [] unknown section");
}

/* A key under a broken header belongs to nobody: neither to the section above nor to any other. */
static void test_broken_header_ends_the_section(void **state)
{
    struct loaded l;

    (void)state;
    l = load_text(UNIT "[service:api\ncommand = y\nenabled = no\nnonsense = 1\n[job:j]\n"
                       "command = z\n");
    assert_errors(l, ERRORS("t.ini:3: the section header has no closing bracket; write for example "
                            "[service:web]"));
}

static void test_not_a_key(void **state)
{
    (void)state;
    assert_one_error(UNIT "enabled: no\n", "a key is followed by '=', not by ':'; write 'enabled "
                                           "= value'");
    assert_one_error(UNIT "enabled : a = b\n", "not by ':'");
    assert_one_error(UNIT "enabled\n", "there is no '=' after 'enabled'");
    assert_one_error(UNIT "= no\n", "there is no key before '='");
    assert_one_error(UNIT "two words = no\n", "there is no '=' after 'two'");
    assert_one_error(UNIT "/x = no\n", "'/x = no' does not begin with a key");
    /* A colon inside a value is a colon. */
    struct loaded l = load_good(UNIT "description = a: b\n");

    assert_string_equal(l.set->units[0].description, "a: b");
    unload(&l);
}

static void test_before_any_section(void **state)
{
    (void)state;
    assert_one_error("command = x\nenabled = no\njunk\n  more\n" UNIT,
                     "t.ini:1: a key stands before the first section");
}

static void test_repetitions(void **state)
{
    (void)state;
    assert_one_error(UNIT "enabled = no\nenabled = no\n",
                     "t.ini:4: [service:web] enabled: the key is given twice; it was first given "
                     "in line 3");
    assert_one_error(UNIT UNIT, "t.ini:3: [service:web] the name 'web' is already taken in line 1");
    assert_one_error(UNIT "[job:web]\ncommand = x\n",
                     "t.ini:3: [job:web] the name 'web' is already");
    assert_one_error("[reeve]\nsocket = /a\n[reeve]\nsocket = /b\n" UNIT,
                     "t.ini:3: [reeve] the section is given twice; it was first given in line 1");
}

static void test_same_key_in_two_sections(void **state)
{
    struct loaded l;

    (void)state;
    l = load_good(UNIT "[service:api]\ncommand = y\n");
    assert_string_equal(l.set->units[0].argv[0], "x");
    assert_string_equal(l.set->units[1].argv[0], "y");
    unload(&l);
}

static void test_errors_are_made_printable(void **state)
{
    (void)state;
    assert_one_error(UNIT "stop_timeout = a\x1b[31m\n", "'a\\x1b[31m' is not a duration");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_long_key),
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_comments),
        cmocka_unit_test(test_continuations),
        cmocka_unit_test(test_backslash),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_broken_header_ends_the_section),
        cmocka_unit_test(test_not_a_key),
        cmocka_unit_test(test_before_any_section),
        cmocka_unit_test(test_repetitions),
        cmocka_unit_test(test_same_key_in_two_sections),
        cmocka_unit_test(test_errors_are_made_printable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
