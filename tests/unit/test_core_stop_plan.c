/* The shutdown's arithmetic: what is kept back, and when SIGKILL falls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/stop_plan.h"

static void reserve_is_a_tenth_of_a_long_budget(void **state)
{
    (void)state;
    assert_int_equal(shutdown_reserve_ms(30000), 3000);
    assert_int_equal(shutdown_reserve_ms(9000), 900);
    assert_int_equal(shutdown_reserve_ms(5010), 501);
}

static void reserve_is_at_least_500_ms(void **state)
{
    (void)state;
    assert_int_equal(shutdown_reserve_ms(5000), 500);
    assert_int_equal(shutdown_reserve_ms(4999), 500);
    assert_int_equal(shutdown_reserve_ms(1001), 500);
    assert_int_equal(shutdown_reserve_ms(1000), 500);
}

static void reserve_is_never_more_than_half(void **state)
{
    (void)state;
    assert_int_equal(shutdown_reserve_ms(999), 499);
    assert_int_equal(shutdown_reserve_ms(2), 1);
    assert_int_equal(shutdown_reserve_ms(1), 0);
    assert_int_equal(shutdown_reserve_ms(0), 0);
    assert_int_equal(shutdown_reserve_ms(-5), 0);
}

static void a_lone_unit_has_all_but_the_reserve(void **state)
{
    (void)state;
    assert_int_equal(shutdown_kill_by_ms(30000, 1000, 1000, 1), 28000);
    assert_int_equal(shutdown_kill_by_ms(30000, 1000, 1000, 0), 28000);
    assert_int_equal(shutdown_kill_by_ms(30000, 1000, 6000, 1), 28000);
}

static void a_chain_shares_what_is_left(void **state)
{
    (void)state;
    assert_int_equal(shutdown_kill_by_ms(30000, 1000, 1000, 3), 1000 + 9000);
    assert_int_equal(shutdown_kill_by_ms(30000, 1000, 10000, 2), 10000 + 9000);
}

static void the_kill_is_never_in_the_past(void **state)
{
    (void)state;
    assert_int_equal(shutdown_kill_by_ms(30000, 1000, 28000, 1), 28000);
    assert_int_equal(shutdown_kill_by_ms(30000, 1000, 99000, 4), 99000);
    assert_int_equal(shutdown_kill_by_ms(0, 1000, 1000, 1), 1000);
    assert_int_equal(shutdown_kill_by_ms(-1, 1000, 1000, 1), 1000);
}

static void the_end_is_the_reserve_after_the_last_kill(void **state)
{
    const int64_t century_ms = INT64_C(100) * 366 * 86400 * 1000;

    (void)state;
    assert_int_equal(shutdown_last_kill_ms(9000, 50), 50 + 8100);
    assert_int_equal(shutdown_end_ms(9000, 50), 50 + 9000);
    assert_int_equal(shutdown_end_ms(century_ms, 1) - shutdown_last_kill_ms(century_ms, 1),
                     century_ms / 10);
    assert_int_equal(shutdown_end_ms(-1, 7), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reserve_is_a_tenth_of_a_long_budget),
        cmocka_unit_test(reserve_is_at_least_500_ms),
        cmocka_unit_test(reserve_is_never_more_than_half),
        cmocka_unit_test(a_lone_unit_has_all_but_the_reserve),
        cmocka_unit_test(a_chain_shares_what_is_left),
        cmocka_unit_test(the_kill_is_never_in_the_past),
        cmocka_unit_test(the_end_is_the_reserve_after_the_last_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
