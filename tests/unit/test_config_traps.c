/*
 * What inih gets wrong, each trap by its name: lines cut at 200 characters, names at 49, comments
 * in values, and so on (see config/reader.c). Every test loads through the reader, so none of them
 * may depend on how the inih of this system was built.
 */
#include "config_fixture.h"

#define UNIT "[service:web]\ncommand = x\n"

/* ---- lengths ---- */

/* A `description` line of exactly `len` characters in all, then one more key. */
static void check_line(size_t len)
{
    static const char key[] = "description = ";
    struct strbuf text = STRBUF_INIT;
    size_t value = len - (sizeof key - 1);
    struct loaded l;

    strbuf_addf(&text, UNIT "%s", key);
    for (size_t i = 0; i < value; i++)
        strbuf_addf(&text, "%c", 'a' + (int)(i % 26));
    strbuf_add(&text, "\nenabled = no\n");
    l = load_good(strbuf_text(&text));
    assert_int_equal(strlen(l.set->units[0].description), value);
    assert_memory_equal(l.set->units[0].description,
                        strbuf_text(&text) + strlen(UNIT) + len - value, value);
    assert_false(l.set->units[0].enabled); /* what follows the long line is read as well */
    unload(&l);
    strbuf_finish(&text);
}

static void line_of_199_characters(void **state)
{
    (void)state;
    check_line(199);
}

static void line_of_200_characters(void **state)
{
    (void)state;
    check_line(200);
}

static void line_of_201_characters(void **state)
{
    (void)state;
    check_line(201);
}

static void line_of_10_000_characters(void **state)
{
    (void)state;
    check_line(10000);
}

static void line_of_70_000_characters(void **state)
{
    (void)state;
    check_line(70000);
}

/* All that is long at once: a comment, a continuation and a command. */
static void other_lines_of_70_000_characters(void **state)
{
    struct strbuf text = STRBUF_INIT, x = STRBUF_INIT;
    struct loaded l;

    (void)state;
    for (int i = 0; i < 70000; i++)
        strbuf_add(&x, "x");
    strbuf_addf(&text, "# %s\n[service:web]\ncommand = a\n    %s\n\t%s\numask = 077\n",
                strbuf_text(&x), strbuf_text(&x), strbuf_text(&x));
    l = load_good(strbuf_text(&text));
    assert_int_equal(l.set->units[0].argc, 3);
    assert_int_equal(strlen(l.set->units[0].argv[2]), 70000);
    assert_int_equal(l.set->units[0].umask, 077);
    unload(&l);
    strbuf_finish(&text);
    strbuf_finish(&x);
}

/* Two names that differ only in character 48 are two units. */
static void names_of_48_characters(void **state)
{
    char name[49], text[256];
    struct loaded l;

    (void)state;
    memset(name, 'n', 48);
    name[48] = '\0';
    snprintf(text, sizeof text, "[service:%s]\ncommand = x\n[job:%.47sm]\ncommand = y\n", name,
             name);
    l = load_good(text);
    assert_int_equal(l.set->n_units, 2);
    assert_string_equal(l.set->units[0].name, name);
    assert_string_equal(l.set->units[1].argv[0], "y");
    unload(&l);
}

static void names_of_49_characters(void **state)
{
    char name[50], text[256], message[256];

    (void)state;
    memset(name, 'n', 49);
    name[49] = '\0';
    snprintf(text, sizeof text, "[service:%s]\ncommand = x\n", name);
    snprintf(message, sizeof message,
             "t.ini:1: [service:%s] the name has 49 characters; at most 48 are allowed", name);
    assert_errors(load_text(text), ERRORS(message));
}

/* ---- comments ---- */

static void semicolons_in_values(void **state)
{
    struct loaded l;

    (void)state;
    l = load_good("[service:web]\ncommand = a ';' b ; c # d\ndescription = one ; two # three\n");
    assert_int_equal(l.set->units[0].argc, 7);
    assert_string_equal(l.set->units[0].argv[1], ";");
    assert_string_equal(l.set->units[0].argv[6], "d");
    assert_string_equal(l.set->units[0].description, "one ; two # three");
    unload(&l);
}

/* ---- headers ---- */

static void junk_after_a_header(void **state)
{
    (void)state;
    assert_errors(load_text("[service:web] junk\ncommand = x\n"),
                  ERRORS("t.ini:1: text follows the section header; write the header alone in its "
                         "line, and comments in lines of their own"));
    assert_errors(load_text("[service:web] ; comment\ncommand = x\n"),
                  ERRORS("t.ini:1: text follows the section header; write the header alone in its "
                         "line, and comments in lines of their own"));
}

static void keys_after_a_broken_header(void **state)
{
    (void)state;
    /* Neither do they fall to the section before, nor is each of them one more error. */
    assert_errors(load_text(UNIT "[service:api\ncommand = y\nenabled = no\nnonsense = 1\n[job:j]\n"
                                 "command = z\n"),
                  ERRORS("t.ini:3: the section header has no closing bracket; write for example "
                         "[service:web]"));
}

/* Its keys are those of the section that was meant, here with one error in them. */
static void keys_after_an_indented_header(void **state)
{
    static const char message[] = "white space stands before the section header; begin the line "
                                  "with '['";
    char first[160], later[160];

    (void)state;
    snprintf(first, sizeof first, "t.ini:1: %s", message);
    assert_errors(load_text(" [service:x]\ncommand = y\n"), ERRORS(first));
    snprintf(later, sizeof later, "t.ini:3: %s", message);
    assert_errors(load_text(UNIT "\t[job:j]\ncommand = y\numask = 9\n"),
                  ERRORS(later, "t.ini:5: [job:j] umask: '9' is not a mode; write octal digits "
                                "from 000 to 777, for example 022 or 0660"));
}

/* ---- keys ---- */

static void colon_as_separator(void **state)
{
    struct loaded l;

    (void)state;
    assert_errors(load_text(UNIT "enabled: no\n"),
                  ERRORS("t.ini:3: [service:web] a key is followed by '=', not by ':'; write "
                         "'enabled = value'"));
    /* inih would split here, at the first of both. */
    assert_one_error(UNIT "enabled : a = b\n", "not by ':'");
    l = load_good(UNIT "description = a: b\n");
    assert_string_equal(l.set->units[0].description, "a: b");
    unload(&l);
}

static void a_repeated_key_is_no_continuation(void **state)
{
    struct loaded l;

    (void)state;
    assert_errors(load_text(UNIT "description = one\ndescription = two\n"),
                  ERRORS("t.ini:4: [service:web] description: the key is given twice; it was first "
                         "given in line 3: keep one of them"));
    l = load_good(UNIT "description = one\n two\n");
    assert_string_equal(l.set->units[0].description, "one two");
    unload(&l);
    /* The second of two sections begins anew. */
    l = load_good(UNIT "[service:api]\ncommand = y\n");
    assert_string_equal(l.set->units[0].argv[0], "x");
    assert_string_equal(l.set->units[1].argv[0], "y");
    unload(&l);
}

/* ---- what is said ---- */

static void line_numbers_count_every_line(void **state)
{
    struct loaded l;

    (void)state;
    l = load_good("# one\n\n\n[service:a]\ncommand = x\n# six\n  seven\n\n[service:b]\n"
                  "command = y\n");
    assert_int_equal(l.set->units[0].line, 4);
    assert_int_equal(l.set->units[0].texts[0].line, 5);
    assert_int_equal(l.set->units[1].line, 9);
    unload(&l);
    assert_errors(load_text("# one\n\r\n" UNIT "  five\n\n; seven\numask = 9\n"),
                  ERRORS("t.ini:8: [service:web] umask: '9' is not a mode; write octal digits from "
                         "000 to 777, for example 022 or 0660"));
}

static void all_errors_and_not_only_the_first(void **state)
{
    struct strbuf text = STRBUF_INIT;
    struct loaded l;

    (void)state;
    for (int i = 0; i < 500; i++)
        strbuf_addf(&text, "[service:u%d]\ncommand = x\nnonsense\numask = 9\n", i);
    l = load_text(strbuf_text(&text));
    assert_int_equal(l.errors.n_lines, 1000);
    for (size_t i = 0; i < 1000; i++) {
        char at[32];

        snprintf(at, sizeof at, "t.ini:%zu: ", i / 2 * 4 + i % 2 + 3);
        assert_memory_equal(l.errors.lines[i], at, strlen(at));
    }
    unload(&l);
    strbuf_finish(&text);
}

/* ---- bytes ---- */

static void cr_lf(void **state)
{
    struct loaded l;

    (void)state;
    l = load_good("[service:web]\r\ncommand = x \r\n  y\r\n\r\n# c\r\ndescription = two words\t "
                  "\r\n");
    assert_int_equal(l.set->units[0].argc, 2);
    assert_string_equal(l.set->units[0].argv[1], "y");
    assert_string_equal(l.set->units[0].description, "two words");
    assert_string_equal(l.set->units[0].name, "web");
    unload(&l);
}

static void byte_order_mark(void **state)
{
    struct loaded l;

    (void)state;
    l = load_good("\xef\xbb\xbf" UNIT);
    assert_string_equal(l.set->units[0].name, "web");
    unload(&l);
    /* Only at the start of the file. */
    assert_one_error(UNIT "\xef\xbb\xbf"
                          "enabled = no\n",
                     "t.ini:3: [service:web] '\xef\xbb\xbf"
                     "enabled = no' does not begin with a key");
}

#define NUL_MESSAGE "the line contains a NUL byte; remove it, a configuration is plain text (UTF-8)"

static void nul_bytes(void **state)
{
    static const char in_value[] = "[service:web]\ncommand = x\0y\numask = 9\n";
    static const char in_key[] = "[service:web]\ncommand = x\numa\0sk = 077\n";
    static const char in_header[] = "[service:web\0]\ncommand = x\n";
    static const char in_more[] = "[service:web]\ncommand = x\n  y\0\n";
    static const char in_comment[] = "[service:web]\n# a\0b\ncommand = x\n";
    struct loaded l;

    (void)state;
    assert_errors(load_as(0, false, in_value, sizeof in_value - 1),
                  ERRORS("t.ini:2: [service:web] " NUL_MESSAGE,
                         "t.ini:3: [service:web] umask: '9' is not a mode; write octal digits from "
                         "000 to 777, for example 022 or 0660"));
    assert_errors(load_as(0, false, in_key, sizeof in_key - 1),
                  ERRORS("t.ini:3: [service:web] " NUL_MESSAGE));
    assert_errors(load_as(0, false, in_header, sizeof in_header - 1),
                  ERRORS("t.ini:1: " NUL_MESSAGE));
    assert_errors(load_as(0, false, in_more, sizeof in_more - 1),
                  ERRORS("t.ini:3: [service:web] " NUL_MESSAGE));
    l = load_as(0, false, in_comment, sizeof in_comment - 1); /* nobody reads it */
    assert_int_equal(l.rc, 0);
    unload(&l);
}

static void no_final_newline(void **state)
{
    struct loaded l;

    (void)state;
    l = load_good("[service:web]\ncommand = no final newline");
    assert_int_equal(l.set->units[0].argc, 3);
    assert_string_equal(l.set->units[0].argv[2], "newline");
    unload(&l);
    l = load_good(UNIT "  more\n# comment");
    assert_string_equal(l.set->units[0].argv[1], "more");
    unload(&l);
    assert_one_error(UNIT "[service:api]", "t.ini:3: [service:api] command: the key is missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_of_199_characters),
        cmocka_unit_test(line_of_200_characters),
        cmocka_unit_test(line_of_201_characters),
        cmocka_unit_test(line_of_10_000_characters),
        cmocka_unit_test(line_of_70_000_characters),
        cmocka_unit_test(other_lines_of_70_000_characters),
        cmocka_unit_test(names_of_48_characters),
        cmocka_unit_test(names_of_49_characters),
        cmocka_unit_test(semicolons_in_values),
        cmocka_unit_test(junk_after_a_header),
        cmocka_unit_test(keys_after_a_broken_header),
        cmocka_unit_test(keys_after_an_indented_header),
        cmocka_unit_test(colon_as_separator),
        cmocka_unit_test(a_repeated_key_is_no_continuation),
        cmocka_unit_test(line_numbers_count_every_line),
        cmocka_unit_test(all_errors_and_not_only_the_first),
        cmocka_unit_test(cr_lf),
        cmocka_unit_test(byte_order_mark),
        cmocka_unit_test(nul_bytes),
        cmocka_unit_test(no_final_newline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
