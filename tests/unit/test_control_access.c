/* Who may, and who finds a place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/access.h"

static void roles(void **state)
{
    (void)state;
    assert_int_equal(access_role(0, 0, false), ROLE_OWNER);
    assert_int_equal(access_role(0, 1000, false), ROLE_OWNER);
    assert_int_equal(access_role(1000, 1000, true), ROLE_OWNER);
    assert_int_equal(access_role(1000, 0, true), ROLE_OPERATOR);
    assert_int_equal(access_role(1000, 0, false), ROLE_STRANGER);
    assert_int_equal(access_role(1001, 1000, false), ROLE_STRANGER);
    assert_int_equal(access_role((uid_t)-1, 0, false), ROLE_STRANGER);
}

static void who_may_what(void **state)
{
    (void)state;
    for (enum role role = ROLE_STRANGER; role <= ROLE_OWNER; role++) {
        assert_true(access_may(role, ACCESS_READ));
        assert_int_equal(access_may(role, ACCESS_CONTROL), role != ROLE_STRANGER);
        assert_int_equal(access_may(role, ACCESS_SHUTDOWN), role == ROLE_OWNER);
    }
}

static void expect_explained(enum access_to what, uid_t own_uid, const char *group,
                             const char *expected)
{
    struct strbuf b = STRBUF_INIT;

    access_explain(&b, what, own_uid, group, 7);
    assert_string_equal(strbuf_text(&b), expected);
    strbuf_finish(&b);
}

static void refusals_say_who_may(void **state)
{
    (void)state;
    expect_explained(ACCESS_CONTROL, 0, NULL,
                     "Only root may do this, and you are uid 7; try it as root.");
    expect_explained(ACCESS_CONTROL, 0, "ops",
                     "Only root and members of group ops may do this, and you are uid 7 and not in "
                     "that group; try it as root.");
    expect_explained(ACCESS_SHUTDOWN, 0, "ops",
                     "Only root may do this, and you are uid 7; try it as root.");
    expect_explained(ACCESS_CONTROL, 33, NULL,
                     "Only root and uid 33, that runs reeved, may do this, and you are uid 7; try "
                     "it as root.");
    expect_explained(ACCESS_CONTROL, 33, "ops",
                     "Only root, uid 33, that runs reeved, and members of group ops may do this, "
                     "and you are uid 7 and not in that group; try it as root.");
}

static void last_places_are_kept(void **state)
{
    (void)state;
    assert_true(access_has_place(0, ROLE_STRANGER));
    assert_true(access_has_place(247, ROLE_OPERATOR));
    assert_false(access_has_place(248, ROLE_STRANGER));
    assert_false(access_has_place(248, ROLE_OPERATOR));
    assert_true(access_has_place(248, ROLE_OWNER));
    assert_true(access_has_place(255, ROLE_OWNER));
    assert_false(access_has_place(256, ROLE_OWNER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roles),
        cmocka_unit_test(who_may_what),
        cmocka_unit_test(refusals_say_who_may),
        cmocka_unit_test(last_places_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
