/* The one word for the whole: each line of the definition, and which comes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/health_status.h"

static struct unit_spec plain_spec = {.name = "a", .enabled = true};
static struct unit_spec auto_spec = {.name = "b", .enabled = true, .autostart = true};
static struct unit_spec off_spec = {.name = "c", .enabled = false, .autostart = true};
static struct unit_spec essential_spec = {.name = "d", .enabled = true, .essential = true};

static void add(struct health_tally *tally, const struct unit_spec *spec, enum unit_phase phase,
                bool wanted)
{
    struct unit u = {.spec = spec, .phase = phase, .goal = wanted, .ready = phase == PHASE_RUNNING};

    health_tally_add(tally, &u);
}

static const char *word(const struct health_tally *tally)
{
    return health_status_name(health_status_of(tally, false, true));
}

static void nothing_at_all_is_healthy(void **state)
{
    struct health_tally t = {0};

    (void)state;
    assert_string_equal(word(&t), "healthy");
    assert_true(health_ready(&t));
}

static void stopping_and_starting_come_first(void **state)
{
    struct health_tally t = {0};

    (void)state;
    add(&t, &essential_spec, PHASE_FAILED, true);
    assert_int_equal(health_status_of(&t, true, false), HEALTH_STOPPING);
    assert_int_equal(health_status_of(&t, true, true), HEALTH_STOPPING);
    assert_int_equal(health_status_of(&t, false, false), HEALTH_STARTING);
    assert_int_equal(health_status_of(&t, false, true), HEALTH_UNHEALTHY);
}

static void failed_essential_is_unhealthy(void **state)
{
    struct health_tally t = {0};

    (void)state;
    add(&t, &plain_spec, PHASE_RUNNING, true);
    add(&t, &essential_spec, PHASE_FAILED, true);
    assert_string_equal(word(&t), "unhealthy");
}

static void essential_that_is_down_by_request_is_not_unhealthy(void **state)
{
    struct health_tally t = {0};

    (void)state;
    add(&t, &plain_spec, PHASE_RUNNING, true);
    add(&t, &essential_spec, PHASE_STOPPED, false);
    assert_string_equal(word(&t), "healthy");
}

static void wanted_and_none_works_is_unhealthy(void **state)
{
    static const enum unit_phase idle[] = {PHASE_SPAWNING, PHASE_STOPPING,   PHASE_DRAINING,
                                           PHASE_KILLING,  PHASE_UNKILLABLE, PHASE_BACKOFF,
                                           PHASE_FAILED,   PHASE_STOPPED};

    (void)state;
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++) {
        struct health_tally t = {0};

        add(&t, &plain_spec, idle[i], true);
        assert_string_equal(word(&t), "unhealthy");
        /* What runs although nobody wants it does not count. */
        add(&t, &plain_spec, PHASE_RUNNING, false);
        assert_string_equal(word(&t), "unhealthy");
        add(&t, &plain_spec, PHASE_COMPLETED, true);
        assert_string_equal(word(&t), "degraded");
    }
}

static void one_that_lacks_is_degraded(void **state)
{
    struct health_tally t = {0};

    (void)state;
    add(&t, &plain_spec, PHASE_RUNNING, true);
    assert_string_equal(word(&t), "healthy");
    add(&t, &plain_spec, PHASE_STOPPED, false);
    assert_string_equal(word(&t), "healthy");
    add(&t, &plain_spec, PHASE_COMPLETED, true);
    assert_string_equal(word(&t), "healthy");
    add(&t, &plain_spec, PHASE_FAILED, true);
    assert_string_equal(word(&t), "degraded");
}

static void ready_is_about_autostart_units(void **state)
{
    struct health_tally t = {0};

    (void)state;
    add(&t, &plain_spec, PHASE_FAILED, true);
    add(&t, &off_spec, PHASE_STOPPED, false);
    assert_true(health_ready(&t));
    add(&t, &auto_spec, PHASE_RUNNING, true);
    add(&t, &auto_spec, PHASE_COMPLETED, true);
    assert_true(health_ready(&t));
    add(&t, &auto_spec, PHASE_STOPPED, false);
    assert_false(health_ready(&t));
}

static void states_are_counted(void **state)
{
    struct health_tally t = {0};

    (void)state;
    for (unsigned phase = 0; phase < PHASE_COUNT; phase++)
        add(&t, &plain_spec, (enum unit_phase)phase, false);
    assert_int_equal(t.total, PHASE_COUNT);
    assert_int_equal(t.by_state[STATE_STARTING], 3);
    assert_int_equal(t.by_state[STATE_STOPPING], 6);
    assert_int_equal(t.by_state[STATE_KILLING], 2);
    assert_int_equal(t.by_state[STATE_RUNNING], 1);
    assert_int_equal(t.by_state[STATE_WAITING], 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_at_all_is_healthy),
        cmocka_unit_test(stopping_and_starting_come_first),
        cmocka_unit_test(failed_essential_is_unhealthy),
        cmocka_unit_test(essential_that_is_down_by_request_is_not_unhealthy),
        cmocka_unit_test(wanted_and_none_works_is_unhealthy),
        cmocka_unit_test(one_that_lacks_is_degraded),
        cmocka_unit_test(ready_is_about_autostart_units),
        cmocka_unit_test(states_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
