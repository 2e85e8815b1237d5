/* Who may, and who finds a place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/access.h"

static void everybody_may_read(void **state)
{
    (void)state;
    assert_true(access_may(ACCESS_READ, 0, 0));
    assert_true(access_may(ACCESS_READ, 1000, 0));
    assert_true(access_may(ACCESS_READ, 65534, 1000));
}

static void root_and_the_own_user_may_control(void **state)
{
    (void)state;
    assert_true(access_may(ACCESS_CONTROL, 0, 0));
    assert_true(access_may(ACCESS_CONTROL, 0, 1000));
    assert_true(access_may(ACCESS_CONTROL, 1000, 1000));
    assert_false(access_may(ACCESS_CONTROL, 1000, 0));
    assert_false(access_may(ACCESS_CONTROL, 1001, 1000));
    assert_false(access_may(ACCESS_CONTROL, (uid_t)-1, 0));
}

static void last_places_are_kept(void **state)
{
    (void)state;
    assert_true(access_has_place(0, 1000, 0));
    assert_true(access_has_place(247, 1000, 0));
    assert_false(access_has_place(248, 1000, 0));
    assert_true(access_has_place(248, 0, 0));
    assert_true(access_has_place(255, 0, 1000));
    assert_true(access_has_place(255, 1000, 1000));
    assert_false(access_has_place(256, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_may_read),
        cmocka_unit_test(root_and_the_own_user_may_control),
        cmocka_unit_test(last_places_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
