/* DESIGN §3, ready and health, §4, "Health": looks at a unit and what it tells, as far as the unit
 * machine decides it. */
#include "core_unit_support.h"

/* ---- words ---- */

static int probed_begin(void **state)
{
    int r = story_begin(state);
    struct story *s = *state;

    s->spec.ready = READY_PROBED;
    s->spec.ready_interval_ms = 200;
    return r;
}

static int healthy_begin(void **state)
{
    int r = story_begin(state);
    struct story *s = *state;

    s->spec.health.kind = PROBE_TCP;
    s->spec.health_interval_ms = 30000;
    s->spec.health_timeout_ms = 5000;
    s->spec.health_retries = 3;
    return r;
}

static int notify_job_begin(void **state)
{
    int r = story_begin(state);
    struct story *s = *state;

    s->spec.kind = UNIT_JOB;
    s->spec.ready = READY_NOTIFY;
    s->spec.timeout_ms = 40000;
    return r;
}

static void looked(struct story *s, enum probe_how how)
{
    take(s, (struct event){.type = EV_LOOKED, .u.looked = {.result = {.how = how}}});
}

/* Moves the clock to the next look and has it begin. */
static void look(struct story *s)
{
    assert_true(s->unit.look_at_ms >= s->now.mono_ms);
    pass(s, s->unit.look_at_ms - s->now.mono_ms);
    plain(s, EV_LOOK);
    assert_int_equal(count(s, ACT_LOOK), 1);
    assert_true(s->unit.looking);
}

static void extend(struct story *s, int64_t ms)
{
    take(s, (struct event){.type = EV_EXTEND, .u.extend_ms = ms});
}

/* ---- health ---- */

/* Many units that became ready together are looked at together no more than once. */
static void the_second_look_is_spread(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    look(s);
    s->random = 10000;
    looked(s, PROBE_GOOD);
    assert_int_equal(count(s, ACT_HEALTH), 1);
    assert_int_equal(s->unit.look_at_ms, s->now.mono_ms + 20000);
    look(s);
    looked(s, PROBE_GOOD);
    assert_int_equal(s->unit.look_at_ms, s->now.mono_ms + 30000);
}

/* ---- ready ---- */

/* A look for readiness is none for health, however its result comes. */
static void the_last_look_for_readiness_says_nothing_of_health(void **state)
{
    struct story *s = *state;

    s->spec.health = (struct probe_spec){.kind = PROBE_TCP};
    s->spec.health_interval_ms = 30000;
    s->spec.health_retries = 1;
    ask(s, EV_START);
    spawned(s);
    plain(s, EV_EXECED);
    look(s);
    plain(s, EV_READY);
    assert_int_equal(s->unit.phase, PHASE_RUNNING);
    assert_int_equal(count(s, ACT_LOOK_AWAY), 1);
    looked(s, PROBE_EXITED); /* was told already when it was not wanted any more */
    assert_int_equal(s->unit.health.is, HEALTHINESS_UNKNOWN);
    assert_int_equal(s->unit.health.n_records, 0);
    look(s);
    looked(s, PROBE_EXITED);
    assert_int_equal(s->unit.health.is, HEALTHINESS_UNHEALTHY);
}

/* ---- more time ---- */

/* Whether the news that it executes come before or after what it asks for. */
static void more_time_outlasts_the_news_that_it_executes(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    spawned(s);
    extend(s, 35000);
    plain(s, EV_EXECED);
    assert_int_equal(s->unit.phase, PHASE_PROBING);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 35000);
}

static void a_job_that_asked_for_time_does_not_lose_it_by_becoming_ready(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    spawned(s);
    plain(s, EV_EXECED);
    pass(s, 29000);
    extend(s, 60000);
    pass(s, 20000);
    plain(s, EV_READY);
    assert_int_equal(s->unit.phase, PHASE_RUNNING);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 40000);
    ask(s, EV_STOP);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 10000);
}

static void a_stop_takes_longer_but_not_than_the_shutdown(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    spawned(s);
    plain(s, EV_EXECED);
    ask(s, EV_STOP);
    extend(s, 15000);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 15000);
    extend(s, 5000);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 15000);
    ask_until(s, EV_STOP, s->now.mono_ms + 4000);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 4000);
    extend(s, 5000);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 4000);
}

static void it_was_ready_though_a_stop_was_faster_than_the_news(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    spawned(s);
    pass(s, 7);
    plain(s, EV_READY);
    ask(s, EV_STOP);
    plain(s, EV_EXECED);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    assert_int_equal(last(s)->ready_after_ms, 7);
}

#define HEALTHY(test) cmocka_unit_test_setup_teardown(test, healthy_begin, story_end)
#define PROBED(test) cmocka_unit_test_setup_teardown(test, probed_begin, story_end)
#define NOTIFY_JOB(test) cmocka_unit_test_setup_teardown(test, notify_job_begin, story_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEALTHY(the_second_look_is_spread),
        PROBED(the_last_look_for_readiness_says_nothing_of_health),
        NOTIFY_JOB(more_time_outlasts_the_news_that_it_executes),
        NOTIFY_JOB(a_job_that_asked_for_time_does_not_lose_it_by_becoming_ready),
        NOTIFY_JOB(a_stop_takes_longer_but_not_than_the_shutdown),
        NOTIFY_JOB(it_was_ready_though_a_stop_was_faster_than_the_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
