/* The shapes of lines; what inih would get wrong is in test_config_traps.c. */
#include "config_fixture.h"

#define UNIT "[service:web]\ncommand = x\n"

static void test_long_key(void **state)
{
    char key[301], text[400];

    (void)state;
    memset(key, 'k', 300);
    key[300] = '\0';
    snprintf(text, sizeof text, UNIT "%s = 1\nenabled = no\n", key);
    assert_one_error(text,
                     "unknown key; the keys are listed in reeve.ini(5), none has more than 48");
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
        "and this looks like a key of its own; begin it without white space");
    assert_one_error("[service:web]\ncommand = x\n  [job:b]\ncommand = y\n", "t.ini:3:");
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
    assert_one_error("[service:web\ncommand = x\n",
                     "t.ini:1: the section header has no closing bracket");
    assert_one_error("[]\ncommand = x\n", "t.ini:1: [] unknown section");
}

static void test_not_a_key(void **state)
{
    (void)state;
    assert_one_error(UNIT "enabled\n", "there is no '=' after 'enabled'");
    assert_one_error(UNIT "= no\n", "there is no key before '='");
    assert_one_error(UNIT "two words = no\n", "there is no '=' after 'two'");
    assert_one_error(UNIT "/x = no\n", "'/x = no' does not begin with a key");
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

static void test_errors_are_made_printable(void **state)
{
    (void)state;
    assert_one_error(UNIT "stop_timeout = a\x1b[31m\n", "'a\\x1b[31m' is not a duration");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_key),
        cmocka_unit_test(test_comments),
        cmocka_unit_test(test_continuations),
        cmocka_unit_test(test_backslash),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_not_a_key),
        cmocka_unit_test(test_before_any_section),
        cmocka_unit_test(test_repetitions),
        cmocka_unit_test(test_errors_are_made_printable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
