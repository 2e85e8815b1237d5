/* The delay before the next try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/backoff.h"

static const int64_t century_ms = INT64_C(100) * 365 * 86400 * 1000;

static void doubles_with_each_failure(void **state)
{
    (void)state;
    assert_int_equal(backoff_delay_ms(100, 30000, 0, 1, 0), 100);
    assert_int_equal(backoff_delay_ms(100, 30000, 0, 2, 0), 200);
    assert_int_equal(backoff_delay_ms(100, 30000, 0, 3, 0), 400);
    assert_int_equal(backoff_delay_ms(100, 30000, 0, 9, 0), 25600);
}

static void stays_at_the_most(void **state)
{
    (void)state;
    assert_int_equal(backoff_delay_ms(100, 30000, 0, 10, 0), 30000);
    assert_int_equal(backoff_delay_ms(100, 30000, 0, 11, 0), 30000);
    assert_int_equal(backoff_delay_ms(100, 30000, 0, UINT32_MAX, 0), 30000);
}

static void a_first_delay_above_the_most_is_cut(void **state)
{
    (void)state;
    assert_int_equal(backoff_delay_ms(5000, 1000, 0, 1, 0), 1000);
    assert_int_equal(backoff_delay_ms(5000, 0, 0, 3, 0), 0);
}

static void zero_stays_zero(void **state)
{
    (void)state;
    assert_int_equal(backoff_delay_ms(0, 30000, 100, UINT32_MAX, UINT32_MAX), 0);
}

static void jitter_only_adds_and_at_most_its_share(void **state)
{
    (void)state;
    assert_int_equal(backoff_delay_ms(1000, 30000, 10, 1, 0), 1000);
    assert_in_range(backoff_delay_ms(1000, 30000, 10, 1, UINT32_MAX / 2), 1049, 1050);
    assert_in_range(backoff_delay_ms(1000, 30000, 10, 1, UINT32_MAX), 1099, 1100);
    assert_in_range(backoff_delay_ms(1000, 30000, 100, 1, UINT32_MAX), 1999, 2000);
}

static void jitter_comes_on_top_of_the_most(void **state)
{
    (void)state;
    assert_in_range(backoff_delay_ms(1000, 30000, 10, 20, UINT32_MAX), 32999, 33000);
}

static void a_century_does_not_overflow(void **state)
{
    int64_t delay_ms = backoff_delay_ms(1, century_ms, 100, UINT32_MAX, UINT32_MAX);

    (void)state;
    assert_true(delay_ms >= century_ms && delay_ms <= 2 * century_ms);
    delay_ms = backoff_delay_ms(century_ms, century_ms, 100, 7, UINT32_MAX);
    assert_true(delay_ms >= century_ms && delay_ms <= 2 * century_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_with_each_failure),
        cmocka_unit_test(stays_at_the_most),
        cmocka_unit_test(a_first_delay_above_the_most_is_cut),
        cmocka_unit_test(zero_stays_zero),
        cmocka_unit_test(jitter_only_adds_and_at_most_its_share),
        cmocka_unit_test(jitter_comes_on_top_of_the_most),
        cmocka_unit_test(a_century_does_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
