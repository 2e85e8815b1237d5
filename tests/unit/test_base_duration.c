#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "base/duration.h"

static int64_t parsed(const char *text)
{
    int64_t ms = -1;

    assert_int_equal(duration_parse(text, &ms), 0);
    return ms;
}

static void refused(const char *text, int rc)
{
    int64_t ms = -77;

    assert_int_equal(duration_parse(text, &ms), rc);
    assert_int_equal(ms, -77);
}

static void test_units(void **state)
{
    (void)state;
    assert_int_equal(parsed("250ms"), 250);
    assert_int_equal(parsed("10s"), 10000);
    assert_int_equal(parsed("2m"), 120000);
    assert_int_equal(parsed("1h30m"), 5400000);
    assert_int_equal(parsed("1d"), 86400000);
    assert_int_equal(parsed("1d2h3m4s5ms"), 93784005);
    assert_int_equal(parsed("1s500ms"), 1500);
    assert_int_equal(parsed("90m"), 5400000);
    assert_int_equal(parsed("007s"), 7000);
    assert_int_equal(parsed("0"), 0);
    assert_int_equal(parsed("0s"), 0);
}

static void test_refused(void **state)
{
    static const char *const texts[] = {"",     "10",   "1.5s",   "-1s",   "+1s", " 1s", "1s ",
                                        "1 s",  "s",    "1x",     "1S",    "00",  "1ss", "1s10s",
                                        "1m1h", "1h30", "1s1s1s", "10min", "0x1s"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        refused(texts[i], -EINVAL);
}

static void test_limits(void **state)
{
    (void)state;
    assert_int_equal(parsed("36500d"), DURATION_MAX_MS);
    refused("36500d1ms", -ERANGE);
    refused("36501d", -ERANGE);
    refused("9223372036854775807ms", -ERANGE);
    refused("18446744073709551617s", -ERANGE);
    refused("99999999999999999999999999999999999999d", -ERANGE);
    refused("99999999999999999999d1s1h", -EINVAL);
}

static void check_format(int64_t ms, const char *expected)
{
    char buf[32];

    assert_string_equal(duration_format(ms, buf, sizeof buf), expected);
}

static void test_format(void **state)
{
    (void)state;
    check_format(0, "0s");
    check_format(250, "250ms");
    check_format(1000, "1s");
    check_format(1500, "1s500ms");
    check_format(90 * 1000, "1m30s");
    check_format(3600 * 1000, "1h");
    check_format(3600 * 1000 + 5, "1h");
    check_format(76 * 3600 * 1000 + 59999, "3d4h");
    check_format(-1500, "-1s500ms");
    check_format(INT64_MAX, "106751991167d7h");
    check_format(INT64_MIN, "-106751991167d7h");
}

static void test_format_small_buffer(void **state)
{
    char buf[4] = "xxx";

    (void)state;
    assert_string_equal(duration_format(123456789, buf, sizeof buf), "1d1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_format_small_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
