/* How an operation that somebody waits for went, told through whole lives of a unit. */
#include "core_unit_support.h"

#include "core/verdict.h"

static const struct exit_record *record;

static struct operation_mark mark_of(struct story *s, enum operation operation)
{
    struct operation_mark mark;

    verdict_mark(&mark, operation, &s->unit);
    return mark;
}

static enum verdict look(struct operation_mark *mark, struct story *s)
{
    enum verdict v = verdict_look(mark, &s->unit, &record);

    assert_true((v == VERDICT_ENDED) == (record != NULL));
    return v;
}

/* ---- start ---- */

static void start_is_ok_when_ready(void **state)
{
    struct story *s = *state;
    struct operation_mark m = mark_of(s, OPERATION_START);

    ask(s, EV_START);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    spawned(s);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    plain(s, EV_EXECED);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void start_of_a_running_unit_is_ok(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    start_until_running(s);
    m = mark_of(s, OPERATION_START);
    ask(s, EV_START);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void start_joins_the_attempt_under_way(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    ask(s, EV_START);
    spawned(s);
    m = mark_of(s, OPERATION_START);
    ask(s, EV_START);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    fails(s, EV_EXEC_ERROR, STAGE_EXEC, ENOENT);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    exits(s, 1);
    assert_int_equal(look(&m, s), VERDICT_ENDED);
    assert_int_equal(record->run, 1);
}

static void start_is_not_ok_when_the_attempt_ends_first(void **state)
{
    struct story *s = *state;
    struct operation_mark m = mark_of(s, OPERATION_START);

    ask(s, EV_START);
    spawned(s);
    fails(s, EV_EXEC_ERROR, STAGE_EXEC, ENOENT);
    exits(s, 1);
    assert_int_equal(s->unit.phase, PHASE_BACKOFF);
    assert_int_equal(look(&m, s), VERDICT_ENDED);
    assert_int_equal(record->error_errno, ENOENT);
}

static void start_without_a_process_is_not_ok(void **state)
{
    struct story *s = *state;
    struct operation_mark m = mark_of(s, OPERATION_START);

    s->spec.restart = RESTART_NEVER;
    ask(s, EV_START);
    fails(s, EV_SPAWN_ERROR, STAGE_CLONE, EAGAIN);
    assert_int_equal(s->unit.phase, PHASE_FAILED);
    assert_int_equal(look(&m, s), VERDICT_ENDED);
    assert_int_equal(record->error_stage, STAGE_CLONE);
}

static void start_that_was_ready_and_ended_is_ok(void **state)
{
    struct story *s = *state;
    struct operation_mark m = mark_of(s, OPERATION_START);

    start_until_running(s);
    exits(s, 3); /* nobody looked between */
    assert_int_equal(s->unit.phase, PHASE_BACKOFF);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void start_from_backoff_waits_for_its_own_run(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    start_until_running(s);
    exits(s, 3);
    m = mark_of(s, OPERATION_START);
    assert_int_equal(look(&m, s), VERDICT_OPEN); /* the record of run 1 is not the answer */
    ask(s, EV_START);
    spawned(s);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    plain(s, EV_EXECED);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void start_during_a_stop_waits_for_the_next_run(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    start_until_running(s);
    ask(s, EV_STOP);
    m = mark_of(s, OPERATION_START);
    ask(s, EV_START);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    dies(s, 15);
    assert_int_equal(s->unit.run, 2);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    spawned(s);
    plain(s, EV_EXECED);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void start_that_is_countermanded_is_not_ok(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    start_until_running(s);
    ask(s, EV_STOP);
    m = mark_of(s, OPERATION_START);
    ask(s, EV_START);
    ask(s, EV_STOP);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    dies(s, 15);
    assert_int_equal(look(&m, s), VERDICT_STOPPED);
}

static void start_that_is_stopped_while_starting_shows_the_record(void **state)
{
    struct story *s = *state;
    struct operation_mark m = mark_of(s, OPERATION_START);

    ask(s, EV_START);
    spawned(s);
    ask(s, EV_STOP);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    assert_int_equal(look(&m, s), VERDICT_ENDED);
    assert_int_equal(record->requested_by, BY_USER);
}

static void start_behind_an_unkillable_run_is_not_ok(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    start_until_running(s);
    ask(s, EV_STOP);
    deadline(s);
    deadline(s);
    assert_int_equal(s->unit.phase, PHASE_UNKILLABLE);
    m = mark_of(s, OPERATION_START);
    ask(s, EV_START);
    assert_int_equal(look(&m, s), VERDICT_UNKILLABLE);
}

static void start_that_a_later_run_achieved_is_ok(void **state)
{
    struct story *s = *state;
    struct operation_mark m = mark_of(s, OPERATION_START);

    ask(s, EV_START);
    fails(s, EV_SPAWN_ERROR, STAGE_CLONE, EAGAIN);
    deadline(s);
    spawned(s);
    plain(s, EV_EXECED);
    assert_int_equal(look(&m, s), VERDICT_OK); /* nobody looked between */
}

/* ---- stop ---- */

static void stop_is_ok_when_the_run_is_over(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    start_until_running(s);
    m = mark_of(s, OPERATION_STOP);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    ask(s, EV_STOP);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    main_ends(s, 0, 0, false);
    assert_int_equal(s->unit.phase, PHASE_DRAINING);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    plain(s, EV_TREE_EMPTY);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

/* The goal falls with the wish of another unit, and may rise before the stop has begun. */
static void letting_go_is_ok_when_over_or_needed_again(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    start_until_running(s);
    m = mark_of(s, OPERATION_LET_GO);
    s->unit.goal = false;
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    s->unit.goal = true;
    assert_int_equal(look(&m, s), VERDICT_OK);
    s->unit.goal = false;
    ask(s, EV_STOP);
    main_ends(s, 0, 0, false);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    plain(s, EV_TREE_EMPTY);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void stop_of_what_is_down_is_ok(void **state)
{
    struct story *s = *state;
    struct operation_mark m = mark_of(s, OPERATION_STOP);

    ask(s, EV_STOP);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void stop_in_backoff_is_ok_at_once(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    start_until_running(s);
    exits(s, 3);
    m = mark_of(s, OPERATION_STOP);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    ask(s, EV_STOP);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void stop_is_ok_although_started_again_since(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    start_until_running(s);
    m = mark_of(s, OPERATION_STOP);
    ask(s, EV_STOP);
    ask(s, EV_START);
    dies(s, 15);
    assert_int_equal(s->unit.run, 2);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void stop_waits_for_a_run_that_began_meanwhile(void **state)
{
    struct story *s = *state;
    struct operation_mark m = mark_of(s, OPERATION_STOP);

    /* Somebody's start was on its way already when the stop was asked for. */
    ask(s, EV_START);
    spawned(s);
    ask(s, EV_STOP);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    dies(s, 15);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void stop_of_the_unkillable_is_not_ok(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    start_until_running(s);
    m = mark_of(s, OPERATION_STOP);
    ask(s, EV_STOP);
    deadline(s);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    deadline(s);
    assert_int_equal(look(&m, s), VERDICT_UNKILLABLE);
}

static void stop_waits_for_the_run_it_met(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    s->spec.restart_delay_ms = 0;
    start_until_running(s);
    m = mark_of(s, OPERATION_STOP); /* run 1, which dies by itself before the stop is stepped */
    exits(s, 1);
    assert_int_equal(s->unit.run, 2);
    ask(s, EV_STOP);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    spawned(s);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

/* ---- restart ---- */

static void restart_is_ok_when_a_newer_run_is_ready(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    start_until_running(s);
    m = mark_of(s, OPERATION_RESTART);
    assert_int_equal(look(&m, s), VERDICT_OPEN); /* run 1 is ready, and not what was asked for */
    ask(s, EV_RESTART);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    spawned(s);
    plain(s, EV_EXECED);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void restart_while_starting_wants_a_newer_run(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    ask(s, EV_START);
    m = mark_of(s, OPERATION_RESTART);
    spawned(s);
    plain(s, EV_EXECED);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
}

static void restart_that_does_not_come_up_is_not_ok(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    start_until_running(s);
    m = mark_of(s, OPERATION_RESTART);
    ask(s, EV_RESTART);
    dies(s, 15);
    fails(s, EV_SPAWN_ERROR, STAGE_CLONE, ENOMEM);
    assert_int_equal(look(&m, s), VERDICT_ENDED);
    assert_int_equal(record->run, 2);
}

static void a_restart_that_cuts_another_short_decides_for_both(void **state)
{
    struct story *s = *state;
    struct operation_mark a, b;

    start_until_running(s);
    a = mark_of(s, OPERATION_RESTART);
    ask(s, EV_RESTART);
    dies(s, 15);
    spawned(s);
    b = mark_of(s, OPERATION_RESTART);
    ask(s, EV_RESTART); /* before run 2 is ready */
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    assert_int_equal(s->unit.run, 3);
    assert_int_equal(look(&a, s), VERDICT_OPEN);
    assert_int_equal(look(&b, s), VERDICT_OPEN);
    spawned(s);
    plain(s, EV_EXECED);
    assert_int_equal(look(&a, s), VERDICT_OK);
    assert_int_equal(look(&b, s), VERDICT_OK);
}

static void two_restarts_at_once_have_one_answer(void **state)
{
    struct story *s = *state;
    struct operation_mark a, b;

    start_until_running(s);
    a = mark_of(s, OPERATION_RESTART);
    ask(s, EV_RESTART);
    b = mark_of(s, OPERATION_RESTART);
    ask(s, EV_RESTART);
    dies(s, 15);
    spawned(s);
    plain(s, EV_EXECED);
    assert_int_equal(s->unit.run, 2);
    assert_int_equal(look(&a, s), VERDICT_OK);
    assert_int_equal(look(&b, s), VERDICT_OK);
}

static void restart_ended_by_a_newer_restart_waits_on(void **state)
{
    struct story *s = *state;
    struct operation_mark first, second;

    start_until_running(s);
    first = mark_of(s, OPERATION_RESTART);
    ask(s, EV_RESTART);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    spawned(s);
    second = mark_of(s, OPERATION_RESTART);
    ask(s, EV_RESTART);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    assert_int_equal(s->unit.run, 3);
    assert_int_equal(look(&first, s), VERDICT_OPEN);
    assert_int_equal(look(&second, s), VERDICT_OPEN);
    spawned(s);
    plain(s, EV_EXECED);
    assert_int_equal(look(&first, s), VERDICT_OK);
    assert_int_equal(look(&second, s), VERDICT_OK);
}

/* What it requires was restarted meanwhile, and it follows. */
static void restart_ended_on_account_of_a_dependency_waits_on(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    start_until_running(s);
    m = mark_of(s, OPERATION_RESTART);
    ask(s, EV_RESTART);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    spawned(s);
    take(s, (struct event){.type = EV_BOUNCE, .u.ask = {.by = BY_DEPENDENCY}});
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    assert_int_equal(s->unit.run, 3);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    spawned(s);
    plain(s, EV_EXECED);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void what_was_to_follow_and_has_completed_by_itself_is_ok(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    s->spec.restart = RESTART_NEVER;
    start_until_running(s);
    m = mark_of(s, OPERATION_FOLLOW);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    exits(s, 0);
    assert_int_equal(s->unit.phase, PHASE_COMPLETED);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void what_was_to_follow_and_has_failed_by_itself_is_not_ok(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    s->spec.restart = RESTART_NEVER;
    start_until_running(s);
    m = mark_of(s, OPERATION_FOLLOW);
    exits(s, 3);
    assert_int_equal(s->unit.phase, PHASE_FAILED);
    assert_int_equal(look(&m, s), VERDICT_ENDED);
    assert_int_equal(record->run, 1);
}

static void restart_superseded_and_then_stopped_is_not_ok(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    start_until_running(s);
    m = mark_of(s, OPERATION_RESTART);
    ask(s, EV_RESTART);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    spawned(s);
    ask(s, EV_RESTART);
    plain(s, EV_SIGNALLED);
    ask(s, EV_STOP);
    dies(s, 15);
    assert_int_equal(s->unit.phase, PHASE_STOPPED);
    assert_int_equal(look(&m, s), VERDICT_STOPPED);
}

/* ---- only waiting ---- */

static void waiting_for_ready_ends_when_it_is_or_never_will_be(void **state)
{
    struct story *s = *state;
    struct operation_mark m = mark_of(s, OPERATION_AWAIT_READY);

    s->spec.restart = RESTART_NEVER;
    assert_int_equal(look(&m, s), VERDICT_IDLE);
    ask(s, EV_START);
    spawned(s);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    plain(s, EV_EXECED);
    assert_int_equal(look(&m, s), VERDICT_OK);
    exits(s, 3);
    assert_int_equal(s->unit.phase, PHASE_FAILED);
    assert_int_equal(look(&m, s), VERDICT_ENDED);
    assert_int_equal(record->exit_code, 3);
    ask(s, EV_START);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    spawned(s);
    plain(s, EV_EXECED);
    exits(s, 0);
    assert_int_equal(s->unit.phase, PHASE_COMPLETED);
    assert_int_equal(look(&m, s), VERDICT_ENDED);
}

static void waiting_for_ready_outlasts_failed_attempts(void **state)
{
    struct story *s = *state;
    struct operation_mark m = mark_of(s, OPERATION_AWAIT_READY);

    start_until_running(s);
    exits(s, 1);
    assert_int_equal(s->unit.phase, PHASE_BACKOFF);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    deadline(s);
    spawned(s);
    plain(s, EV_EXECED);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void found(struct story *s, enum probe_how how)
{
    (void)health_take(&s->unit.health, &s->spec, (struct probe_result){how, 1}, 1, 0, s->now);
}

static void waiting_for_healthy_outlasts_ill_health(void **state)
{
    struct story *s = *state;
    struct operation_mark m = mark_of(s, OPERATION_AWAIT_HEALTHY);

    s->spec.health.kind = PROBE_EXEC;
    s->spec.health_retries = 1;
    assert_int_equal(look(&m, s), VERDICT_IDLE);
    start_until_running(s);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    found(s, PROBE_EXITED);
    assert_int_equal(s->unit.health.is, HEALTHINESS_UNHEALTHY);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    found(s, PROBE_GOOD);
    assert_int_equal(look(&m, s), VERDICT_OK);
    exits(s, 1); /* it was healthy to its end, which is not to be so now */
    assert_int_equal(s->unit.phase, PHASE_BACKOFF);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    s->spec.restart = RESTART_NEVER;
    deadline(s);
    spawned(s);
    plain(s, EV_EXECED);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    exits(s, 1);
    assert_int_equal(look(&m, s), VERDICT_ENDED);
}

static void nobody_knows_whether_it_is_healthy(void **state)
{
    struct story *s = *state;
    struct operation_mark m = mark_of(s, OPERATION_AWAIT_HEALTHY);

    start_until_running(s);
    assert_int_equal(look(&m, s), VERDICT_NO_HEALTH);
}

static void waiting_for_completed_tells_success_from_the_rest(void **state)
{
    struct story *s = *state;
    struct operation_mark m = mark_of(s, OPERATION_AWAIT_COMPLETED);

    s->spec.kind = UNIT_JOB;
    assert_int_equal(look(&m, s), VERDICT_IDLE);
    start_until_running(s);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    exits(s, 0);
    assert_int_equal(look(&m, s), VERDICT_OK);
    ask(s, EV_START);
    spawned(s);
    plain(s, EV_EXECED);
    exits(s, 1);
    assert_int_equal(look(&m, s), VERDICT_ENDED);
    ask(s, EV_START);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    ask(s, EV_STOP);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    assert_int_equal(look(&m, s), VERDICT_CUT_SHORT);
}

static void a_service_that_always_restarts_never_completes(void **state)
{
    struct story *s = *state;
    struct operation_mark m = mark_of(s, OPERATION_AWAIT_COMPLETED);

    start_until_running(s);
    assert_int_equal(look(&m, s), VERDICT_NEVER);
    s->spec.restart = RESTART_ON_FAILURE;
    assert_int_equal(look(&m, s), VERDICT_OPEN);
}

static void a_stop_before_the_waiting_is_told_apart(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    s->spec.kind = UNIT_JOB;
    start_until_running(s);
    ask(s, EV_STOP);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    m = mark_of(s, OPERATION_AWAIT_COMPLETED);
    assert_int_equal(look(&m, s), VERDICT_IDLE);
    start_until_running(s);
    exits(s, 0);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void waiting_for_stopped_ends_when_nothing_is_left(void **state)
{
    struct story *s = *state;
    struct operation_mark m = mark_of(s, OPERATION_AWAIT_STOPPED);

    assert_int_equal(look(&m, s), VERDICT_OK);
    start_until_running(s);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    ask(s, EV_STOP);
    plain(s, EV_SIGNALLED);
    main_ends(s, -1, 15, false);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    plain(s, EV_TREE_EMPTY);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void waiting_for_stopped_does_not_outwait_the_unkillable(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    start_until_running(s);
    m = mark_of(s, OPERATION_AWAIT_STOPPED);
    ask(s, EV_STOP);
    deadline(s);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    deadline(s);
    assert_int_equal(s->unit.phase, PHASE_UNKILLABLE);
    assert_int_equal(look(&m, s), VERDICT_UNKILLABLE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, story_begin, story_end)

/* ---- reload ---- */

static void ends_reload(struct story *s, struct probe_result result)
{
    take(s, (struct event){.type = EV_HOOKED, .u.hooked = {.hook = HOOK_RELOAD, .result = result}});
}

static void reload_is_ok_when_it_went_well(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    s->spec.reload_signal = 1;
    start_until_running(s);
    m = mark_of(s, OPERATION_RELOAD);
    plain(s, EV_RELOAD);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    ends_reload(s, (struct probe_result){.how = PROBE_GOOD});
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void reload_that_failed_is_not_ok(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    s->spec.hooks[HOOK_RELOAD].n = 1;
    start_until_running(s);
    m = mark_of(s, OPERATION_RELOAD);
    plain(s, EV_RELOAD);
    ends_reload(s, (struct probe_result){PROBE_EXITED, 1});
    assert_int_equal(look(&m, s), VERDICT_NOT_RELOADED);
}

static void reload_waits_for_the_one_that_read_what_is_there_now(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    s->spec.hooks[HOOK_RELOAD].n = 1;
    s->spec.hook_timeout_ms = 1000;
    start_until_running(s);
    plain(s, EV_RELOAD);
    m = mark_of(s, OPERATION_RELOAD);
    plain(s, EV_RELOAD);
    ends_reload(s, (struct probe_result){PROBE_EXITED, 1});
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    ends_reload(s, (struct probe_result){.how = PROBE_GOOD});
    assert_int_equal(look(&m, s), VERDICT_OK);
}

static void reload_of_what_ends_meanwhile_is_not_ok(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    s->spec.reload_signal = 1;
    start_until_running(s);
    m = mark_of(s, OPERATION_RELOAD);
    plain(s, EV_RELOAD);
    exits(s, 0);
    assert_int_equal(look(&m, s), VERDICT_NOT_RUNNING);
}

/* It is running by the time that somebody looks, but was not when it was to reload. */
static void reload_of_what_was_starting_is_not_ok(void **state)
{
    struct story *s = *state;
    struct operation_mark m;

    s->spec.reload_signal = 1;
    ask(s, EV_START);
    spawned(s);
    m = mark_of(s, OPERATION_RELOAD);
    plain(s, EV_RELOAD);
    plain(s, EV_EXECED);
    assert_int_equal(look(&m, s), VERDICT_NOT_RUNNING);
}

/* ---- held ---- */

static void start_of_what_is_held_waits(void **state)
{
    struct story *s = *state;
    struct operation_mark m = mark_of(s, OPERATION_START);

    take(s, (struct event){.type = EV_HOLD, .u.hold.until_ms = s->now.mono_ms + 1000});
    ask(s, EV_START);
    assert_int_equal(look(&m, s), VERDICT_OPEN);
    deadline(s);
    spawned(s);
    plain(s, EV_EXECED);
    assert_int_equal(look(&m, s), VERDICT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(start_is_ok_when_ready),
        TEST(start_of_a_running_unit_is_ok),
        TEST(start_joins_the_attempt_under_way),
        TEST(start_is_not_ok_when_the_attempt_ends_first),
        TEST(start_without_a_process_is_not_ok),
        TEST(start_that_was_ready_and_ended_is_ok),
        TEST(start_from_backoff_waits_for_its_own_run),
        TEST(start_during_a_stop_waits_for_the_next_run),
        TEST(start_that_is_countermanded_is_not_ok),
        TEST(start_that_is_stopped_while_starting_shows_the_record),
        TEST(start_behind_an_unkillable_run_is_not_ok),
        TEST(start_that_a_later_run_achieved_is_ok),
        TEST(stop_is_ok_when_the_run_is_over),
        TEST(letting_go_is_ok_when_over_or_needed_again),
        TEST(stop_of_what_is_down_is_ok),
        TEST(stop_in_backoff_is_ok_at_once),
        TEST(stop_is_ok_although_started_again_since),
        TEST(stop_waits_for_a_run_that_began_meanwhile),
        TEST(stop_of_the_unkillable_is_not_ok),
        TEST(stop_waits_for_the_run_it_met),
        TEST(restart_is_ok_when_a_newer_run_is_ready),
        TEST(restart_while_starting_wants_a_newer_run),
        TEST(restart_that_does_not_come_up_is_not_ok),
        TEST(a_restart_that_cuts_another_short_decides_for_both),
        TEST(two_restarts_at_once_have_one_answer),
        TEST(restart_ended_by_a_newer_restart_waits_on),
        TEST(restart_ended_on_account_of_a_dependency_waits_on),
        TEST(what_was_to_follow_and_has_completed_by_itself_is_ok),
        TEST(what_was_to_follow_and_has_failed_by_itself_is_not_ok),
        TEST(restart_superseded_and_then_stopped_is_not_ok),
        TEST(waiting_for_ready_ends_when_it_is_or_never_will_be),
        TEST(waiting_for_ready_outlasts_failed_attempts),
        TEST(waiting_for_healthy_outlasts_ill_health),
        TEST(nobody_knows_whether_it_is_healthy),
        TEST(waiting_for_completed_tells_success_from_the_rest),
        TEST(a_service_that_always_restarts_never_completes),
        TEST(a_stop_before_the_waiting_is_told_apart),
        TEST(waiting_for_stopped_ends_when_nothing_is_left),
        TEST(waiting_for_stopped_does_not_outwait_the_unkillable),
        TEST(reload_is_ok_when_it_went_well),
        TEST(reload_that_failed_is_not_ok),
        TEST(reload_waits_for_the_one_that_read_what_is_there_now),
        TEST(reload_of_what_ends_meanwhile_is_not_ok),
        TEST(reload_of_what_was_starting_is_not_ok),
        TEST(start_of_what_is_held_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
