/* When the unit machine has a unit looked at, and what follows from what is found. */
#include "core_unit_support.h"

enum { INTERVAL_MS = 10000 };

static int begin(void **state)
{
    struct story *s;

    if (story_begin(state) < 0)
        return -1;
    s = *state;
    s->spec.health.kind = PROBE_EXEC;
    s->spec.health_interval_ms = INTERVAL_MS;
    s->spec.health_timeout_ms = 5000;
    s->spec.health_retries = 2;
    return 0;
}

/* How long until the next look; -1: none is to come. */
static int64_t next_look_ms(const struct story *s)
{
    return s->unit.look_at_ms ? s->unit.look_at_ms - s->now.mono_ms : -1;
}

/* Moves the clock to the look, which finds this after a while. */
static void look(struct story *s, enum probe_how how)
{
    struct event ev = {.type = EV_LOOKED, .u.looked = {.result.how = how, .took_ms = 300}};

    assert_true(next_look_ms(s) >= 0);
    pass(s, next_look_ms(s));
    plain(s, EV_LOOK);
    assert_int_equal(count(s, ACT_LOOK), 1);
    assert_int_equal(next_look_ms(s), -1);
    pass(s, 300);
    take(s, ev);
}

/* The gap after the first success is cut, each other one is whole. */
static void looks_drift_apart_once(void **state)
{
    struct story *s = *state;

    s->random = 4000;
    start_until_running(s);
    assert_true(next_look_ms(s) <= 1000);
    look(s, PROBE_LATE);
    assert_int_equal(next_look_ms(s), 1000); /* nothing is known yet */
    look(s, PROBE_GOOD);
    assert_int_equal(next_look_ms(s), INTERVAL_MS - 4000);
    for (int i = 0; i < 3; i++) {
        look(s, PROBE_GOOD);
        assert_int_equal(next_look_ms(s), INTERVAL_MS);
    }
}

static void a_look_that_reeve_could_not_take_says_nothing(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    look(s, PROBE_SKIPPED);
    look(s, PROBE_GOOD);
    look(s, PROBE_EXITED);
    look(s, PROBE_SKIPPED);
    assert_int_equal(s->unit.health.n_failures, 1);
    assert_int_equal(next_look_ms(s), INTERVAL_MS);
}

static void the_action_restart_ends_the_run(void **state)
{
    struct story *s = *state;

    s->spec.health_action = HEALTH_ACTION_RESTART;
    s->spec.restart = RESTART_NEVER;
    start_until_running(s);
    look(s, PROBE_GOOD);
    look(s, PROBE_EXITED);
    assert_int_equal(state_of(s), STATE_RUNNING);
    look(s, PROBE_EXITED);
    assert_int_equal(count(s, ACT_HEALTH), 1);
    assert_int_equal(state_of(s), STATE_STOPPING);
    assert_int_equal(next_look_ms(s), -1);
    plain(s, EV_SIGNALLED);
    exits(s, 0);
    assert_int_equal(last(s)->requested_by, BY_HEALTH);
    assert_int_equal(state_of(s), STATE_BACKOFF);
}

static void what_is_held_is_not_restarted_for_its_health(void **state)
{
    struct story *s = *state;
    struct event hold = {.type = EV_HOLD, .u.hold.until_ms = s->now.mono_ms + 3600000};

    s->spec.health_action = HEALTH_ACTION_RESTART;
    start_until_running(s);
    take(s, hold);
    look(s, PROBE_GOOD);
    look(s, PROBE_EXITED);
    look(s, PROBE_EXITED);
    assert_int_equal(count(s, ACT_HEALTH), 1);
    assert_int_equal(state_of(s), STATE_RUNNING);
    hold.u.hold.until_ms = 0;
    take(s, hold);
    assert_int_equal(state_of(s), STATE_RUNNING);
    look(s, PROBE_EXITED); /* it is not well still */
    assert_int_equal(state_of(s), STATE_STOPPING);
}

#define STORY(f) cmocka_unit_test_setup_teardown(f, begin, story_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(looks_drift_apart_once),
        STORY(a_look_that_reeve_could_not_take_says_nothing),
        STORY(the_action_restart_ends_the_run),
        STORY(what_is_held_is_not_restarted_for_its_health),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
