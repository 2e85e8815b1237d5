#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/nearest.h"

static const char *const names[] = {"command", "restart", "restart_delay", "stop_timeout",
                                    "yes",     "no",      "user",          "umask"};

static const char *near(const char *word)
{
    return nearest_name(word, names, sizeof names / sizeof names[0]);
}

static void test_slips(void **state)
{
    (void)state;
    assert_string_equal(near("command"), "command");
    assert_string_equal(near("comand"), "command");
    assert_string_equal(near("commandd"), "command");
    assert_string_equal(near("cmomand"), "command");
    assert_string_equal(near("Command"), "command");
    assert_string_equal(near("COMMAND"), "command");
    assert_string_equal(near("stop-timeout"), "stop_timeout");
    assert_string_equal(near("StopTimeout"), "stop_timeout");
    assert_string_equal(near("restart_dely"), "restart_delay");
    assert_string_equal(near("YES"), "yes");
    assert_string_equal(near("on"), "no");
    assert_string_equal(near("usr"), "user");
}

static void test_strangers(void **state)
{
    char longest[300];

    (void)state;
    assert_null(near(""));
    assert_null(near("x"));
    assert_null(near("xyz"));
    assert_null(near("banana"));
    assert_null(near("directory"));
    assert_null(nearest_name("x", names, 0));
    memset(longest, 'c', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_null(near(longest));
}

/* Of several candidates the nearest; of equals the first. */
static void test_choice(void **state)
{
    static const char *const some[] = {"abcdeX", "abcdef", "Abcdef", "abcdYf"};
    static const char *const equal[] = {"cat", "car"};

    (void)state;
    assert_string_equal(nearest_name("abcdef", some, 4), "abcdef");
    assert_string_equal(nearest_name("ABcdef", some, 4), "Abcdef");
    assert_string_equal(nearest_name("cab", equal, 2), "cat");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slips),
        cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_choice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
