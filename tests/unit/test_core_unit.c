/* DESIGN §4, sentence by sentence, as far as the unit machine decides it. */
#include "core_unit_support.h"

/* ---- times ---- */

/* In a storm, or while its tree is looked at, an exit waits; its time is when it was reaped. */
static void an_exit_is_dated_when_it_was_reaped(void **state)
{
    struct story *s = *state;
    struct event ev = {.type = EV_EXITED, .u.exited = {.tree_empty = true}};

    ask(s, EV_START);
    spawned(s);
    plain(s, EV_EXECED);
    pass(s, 500);
    ev.u.exited.at = s->now;
    pass(s, 300);
    take(s, ev);
    assert_int_equal(last(s)->duration_ms, 500);
    assert_int_equal(last(s)->ended_wall_ms, s->now.wall_ms - 300);
}

/* ---- spawn ---- */

static void a_start_spawns_run_1_and_is_ready_when_executing(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    assert_int_equal(state_of(s), STATE_STARTING);
    assert_int_equal(count(s, ACT_SPAWN), 1);
    assert_int_equal(s->unit.run, 1);
    spawned(s);
    assert_int_equal(state_of(s), STATE_STARTING);
    pass(s, 7);
    plain(s, EV_EXECED);
    assert_int_equal(state_of(s), STATE_RUNNING);
    assert_true(s->unit.ready);
    assert_int_equal(s->unit.deadline_ms, 0);
    exits(s, 0);
    assert_int_equal(last(s)->ready_after_ms, 7);
    assert_int_equal(last(s)->pid, 42);
}

static void starting_twice_gives_one_copy(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    ask(s, EV_START);
    assert_int_equal(s->acts.n, 0);
    spawned(s);
    plain(s, EV_EXECED);
    ask(s, EV_START);
    assert_int_equal(s->acts.n, 0);
    assert_int_equal(s->unit.run, 1);
}

static void a_failed_exec_names_its_stage(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    spawned(s);
    fails(s, EV_EXEC_ERROR, STAGE_CHDIR, ENOENT);
    assert_int_equal(state_of(s), STATE_STARTING);
    exits(s, 127);
    assert_int_equal(last(s)->reason, REASON_START_FAILED);
    assert_int_equal(last(s)->error_stage, STAGE_CHDIR);
    assert_int_equal(last(s)->error_errno, ENOENT);
    assert_int_equal(last(s)->exit_code, 127);
    assert_int_equal(state_of(s), STATE_BACKOFF);
}

static void a_failed_clone_leaves_a_record_without_pid(void **state)
{
    struct story *s = *state;

    s->spec.restart_delay_ms = 0;
    ask(s, EV_START);
    fails(s, EV_SPAWN_ERROR, STAGE_CLONE, EAGAIN);
    assert_int_equal(last(s)->reason, REASON_START_FAILED);
    assert_int_equal(last(s)->pid, 0);
    assert_false(last(s)->has_status);
    /* Even without a delay a full process table is not hammered. */
    assert_int_equal(state_of(s), STATE_BACKOFF);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 100);
}

static void an_exec_that_hangs_ends_at_the_ready_deadline(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    spawned(s);
    deadline(s);
    assert_int_equal(s->now.mono_ms, 1000 + 30000);
    assert_int_equal(state_of(s), STATE_STOPPING);
    assert_int_equal(count(s, ACT_SIGNAL), 1);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    assert_int_equal(last(s)->reason, REASON_START_FAILED);
    assert_int_equal(last(s)->error_stage, STAGE_READY);
    assert_int_equal(last(s)->error_errno, ETIMEDOUT);
    assert_int_equal(last(s)->requested_by, BY_NOBODY);
    assert_int_equal(state_of(s), STATE_BACKOFF);
}

static void what_the_child_said_outlives_the_ready_deadline(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    spawned(s);
    fails(s, EV_EXEC_ERROR, STAGE_EXEC, ENOENT);
    deadline(s);
    exits(s, 127);
    assert_int_equal(last(s)->error_stage, STAGE_EXEC);
    assert_int_equal(outcome_shell_code(last(s)), 127);
}

static void the_ready_timeout_counts_from_exec(void **state)
{
    struct story *s = *state;

    s->spec.ready = (enum ready_mode)(READY_STARTED + 1);
    ask(s, EV_START);
    spawned(s);
    pass(s, 20000);
    plain(s, EV_EXECED);
    assert_int_equal(state_of(s), STATE_STARTING);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 30000);
    pass(s, 29999);
    plain(s, EV_READY);
    assert_int_equal(state_of(s), STATE_RUNNING);
    exits(s, 1);
    assert_int_equal(last(s)->ready_after_ms, 49999);
}

/* ---- the end of a run ---- */

static void the_run_ends_only_when_its_tree_is_empty(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    main_ends(s, 3, 0, false);
    assert_int_equal(state_of(s), STATE_STOPPING);
    assert_int_equal(count(s, ACT_SURVIVORS), 1);
    assert_int_equal(count(s, ACT_RECORDED), 0);
    pass(s, 4000);
    plain(s, EV_TREE_EMPTY);
    assert_int_equal(count(s, ACT_RECORDED), 1);
    assert_int_equal(count(s, ACT_RELEASE), 1);
    assert_int_equal(state_of(s), STATE_BACKOFF);
    /* Reason, code and times stay the main's. */
    assert_int_equal(last(s)->reason, REASON_RUNTIME_ERROR);
    assert_int_equal(last(s)->exit_code, 3);
    assert_int_equal(last(s)->duration_ms, 0);
    assert_int_equal(last(s)->requested_by, BY_NOBODY);
}

static void survivors_are_killed_at_stop_timeout(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    main_ends(s, 0, 0, false);
    deadline(s);
    assert_int_equal(s->now.mono_ms, 1000 + 10000);
    assert_int_equal(state_of(s), STATE_KILLING);
    assert_int_equal(count(s, ACT_KILL), 1);
    killed(s, false, 2);
    killed(s, false, 1);
    plain(s, EV_TREE_EMPTY);
    assert_int_equal(last(s)->reason, REASON_NATURAL);
    assert_int_equal(last(s)->leftovers_killed, 3);
    assert_int_not_equal(last(s)->kill_wall_ms, 0);
}

static void an_empty_tree_goes_to_backoff_at_once(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    exits(s, 0);
    assert_int_equal(state_of(s), STATE_BACKOFF);
    assert_int_equal(s->unit.next_start_wall_ms, s->now.wall_ms + 100);
    deadline(s);
    assert_int_equal(s->unit.run, 2);
    assert_int_equal(s->unit.n_restarts, 1);
}

static void restart_delay_0_skips_backoff(void **state)
{
    struct story *s = *state;

    s->spec.restart_delay_ms = 0;
    start_until_running(s);
    exits(s, 0);
    assert_int_equal(state_of(s), STATE_STARTING);
    assert_int_equal(count(s, ACT_SPAWN), 1);
    assert_int_equal(s->unit.run, 2);
}

static void crashes_double_the_delay_until_a_run_was_long_enough(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    for (int64_t delay_ms = 100; delay_ms <= 800; delay_ms *= 2) {
        spawned(s);
        plain(s, EV_EXECED);
        pass(s, 9999);
        exits(s, 1);
        assert_int_equal(s->unit.deadline_ms - s->now.mono_ms, delay_ms);
        deadline(s);
    }
    assert_int_equal(s->unit.attempt, 5);
    spawned(s);
    plain(s, EV_EXECED);
    pass(s, 10000);
    exits(s, 1);
    assert_int_equal(s->unit.deadline_ms - s->now.mono_ms, 100);
    deadline(s);
    assert_int_equal(s->unit.attempt, 1);
}

static void restart_never_completes_or_fails(void **state)
{
    struct story *s = *state;

    s->spec.restart = RESTART_NEVER;
    start_until_running(s);
    exits(s, 0);
    assert_int_equal(state_of(s), STATE_COMPLETED);
    start_until_running(s);
    dies(s, 11);
    assert_int_equal(state_of(s), STATE_FAILED);
    assert_int_equal(last(s)->reason, REASON_SIGNAL);
}

static void restart_on_failure_restarts_failures_only(void **state)
{
    struct story *s = *state;

    s->spec.restart = RESTART_ON_FAILURE;
    start_until_running(s);
    exits(s, 1);
    assert_int_equal(state_of(s), STATE_BACKOFF);
    deadline(s);
    spawned(s);
    plain(s, EV_EXECED);
    exits(s, 0);
    assert_int_equal(state_of(s), STATE_COMPLETED);
}

/* ---- restart_limit ---- */

static int limited_begin(void **state)
{
    struct story *s;

    story_begin(state);
    s = *state;
    unit_finish(&s->unit);
    s->spec.restart_limit = 2;
    s->spec.restart_delay_max_ms = 100;
    return unit_init(&s->unit, &s->spec, 0);
}

static void crash_and_come_back(struct story *s)
{
    spawned(s);
    plain(s, EV_EXECED);
    exits(s, 1);
    assert_int_equal(state_of(s), STATE_BACKOFF);
    deadline(s);
}

static void the_limit_counts_inside_the_window(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    crash_and_come_back(s);
    crash_and_come_back(s);
    spawned(s);
    exits(s, 1);
    assert_int_equal(state_of(s), STATE_FAILED);
}

static void old_restarts_are_forgotten(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    crash_and_come_back(s);
    pass(s, 30000);
    crash_and_come_back(s);
    pass(s, 29900);
    crash_and_come_back(s);
    spawned(s);
    exits(s, 1);
    assert_int_equal(state_of(s), STATE_FAILED);
}

static void a_start_forgives_the_limit(void **state)
{
    struct story *s = *state;

    the_limit_counts_inside_the_window(state);
    ask(s, EV_START);
    assert_int_equal(s->unit.attempt, 1);
    assert_int_equal(s->unit.n_restarts, 0);
    crash_and_come_back(s);
    crash_and_come_back(s);
    spawned(s);
    exits(s, 1);
    assert_int_equal(state_of(s), STATE_FAILED);
}

/* ---- stop ---- */

static void a_stop_sends_the_signal_and_ends_stopped(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    ask(s, EV_STOP);
    assert_int_equal(state_of(s), STATE_STOPPING);
    assert_int_equal(count(s, ACT_SIGNAL), 1);
    assert_false(s->unit.ready);
    plain(s, EV_SIGNALLED);
    exits(s, 0);
    assert_int_equal(state_of(s), STATE_STOPPED);
    assert_int_equal(last(s)->reason, REASON_SIGNAL);
    assert_int_equal(last(s)->exit_code, 0);
    assert_int_equal(last(s)->requested_by, BY_USER);
    assert_int_equal(last(s)->requester.uid, alice.uid);
    assert_int_equal(last(s)->stop_signal_wall_ms, s->now.wall_ms);
}

static void sigkill_falls_at_stop_timeout_and_not_before(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    ask(s, EV_STOP);
    plain(s, EV_SIGNALLED);
    pass(s, 9999);
    plain(s, EV_DEADLINE);
    assert_int_equal(s->acts.n, 0);
    pass(s, 1);
    plain(s, EV_DEADLINE);
    assert_int_equal(state_of(s), STATE_KILLING);
    assert_int_equal(count(s, ACT_KILL), 1);
    killed(s, true, 0);
    dies(s, 9);
    assert_int_equal(state_of(s), STATE_STOPPED);
    assert_int_equal(last(s)->reason, REASON_FORCED_KILL);
}

static void survivors_of_main_share_its_stop_timeout(void **state)
{
    struct story *s = *state;
    int64_t deadline_ms;

    start_until_running(s);
    ask(s, EV_STOP);
    plain(s, EV_SIGNALLED);
    deadline_ms = s->unit.deadline_ms;
    pass(s, 6000);
    main_ends(s, -1, 15, false);
    assert_int_equal(state_of(s), STATE_STOPPING);
    assert_int_equal(count(s, ACT_SURVIVORS), 1);
    assert_int_equal(s->unit.deadline_ms, deadline_ms);
}

static void any_stop_takes_the_smaller_deadline(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    ask(s, EV_STOP);
    ask_until(s, EV_STOP, s->now.mono_ms + 3000);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 3000);
    ask_until(s, EV_STOP, s->now.mono_ms + 5000);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 3000);
    ask(s, EV_STOP);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 3000);
    ask_until(s, EV_STOP, s->now.mono_ms);
    assert_int_equal(state_of(s), STATE_KILLING);
}

static void kill_on_demand_while_running(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    ask_until(s, EV_STOP, s->now.mono_ms);
    assert_int_equal(state_of(s), STATE_KILLING);
    assert_int_equal(count(s, ACT_SIGNAL), 0);
    killed(s, true, 0);
    dies(s, 9);
    assert_int_equal(last(s)->reason, REASON_FORCED_KILL);
    assert_int_equal(last(s)->requested_by, BY_USER);
}

static void what_outlives_sigkill_is_unkillable_after_2_s(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    ask_until(s, EV_STOP, s->now.mono_ms);
    killed(s, true, 0);
    deadline(s);
    assert_int_equal(s->now.mono_ms, 1000 + UNKILLABLE_AFTER_MS);
    assert_int_equal(count(s, ACT_UNKILLABLE), 1);
    assert_int_equal(state_of(s), STATE_KILLING);
    assert_int_equal(s->unit.since_ms, 1000); /* of the state, in which it was before */
    ask(s, EV_START);
    assert_int_equal(s->acts.n, 0); /* no next run until it is gone */
    dies(s, 9);
    assert_int_equal(count(s, ACT_SPAWN), 1);
}

static void a_stop_in_backoff_just_stops(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    exits(s, 1);
    ask(s, EV_STOP);
    assert_int_equal(state_of(s), STATE_STOPPED);
    assert_int_equal(s->unit.deadline_ms, 0);
    pass(s, 100000);
    plain(s, EV_DEADLINE); /* the old timer */
    assert_int_equal(state_of(s), STATE_STOPPED);
}

static void nothing_starts_once_the_goal_has_fallen(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    exits(s, 1);
    s->unit.goal = false; /* the stop is still to come */
    deadline(s);
    assert_int_equal(state_of(s), STATE_STOPPED);
    assert_int_equal(count(s, ACT_SPAWN), 0);

    start_until_running(s);
    ask(s, EV_RESTART);
    s->unit.goal = false;
    exits(s, 0);
    assert_int_equal(state_of(s), STATE_STOPPED);
    assert_int_equal(count(s, ACT_SPAWN), 0);
    assert_false(s->unit.again);
}

static void a_start_of_what_is_stuck_looks_at_how_it_is_now(void **state)
{
    struct story *s = *state;

    s->unit.n_unmet = s->unit.n_dead = 1;
    ask(s, EV_START);
    assert_int_equal(s->unit.phase, PHASE_STUCK);
    ask(s, EV_START);
    assert_int_equal(s->unit.phase, PHASE_STUCK);
    assert_int_equal(s->acts.n, 0);
    s->unit.n_dead = 0; /* the news are on their way */
    ask(s, EV_START);
    assert_int_equal(s->unit.phase, PHASE_WAITING);
    s->unit.n_unmet = 0;
    ask(s, EV_RESTART);
    assert_int_equal(state_of(s), STATE_STARTING);
}

static void a_stop_of_what_is_over_changes_nothing(void **state)
{
    struct story *s = *state;

    s->spec.restart = RESTART_NEVER;
    start_until_running(s);
    exits(s, 0);
    ask(s, EV_STOP);
    assert_int_equal(state_of(s), STATE_COMPLETED);
    assert_int_equal(s->acts.n, 0);
    assert_false(unit_goal(&s->unit));
}

static void a_stop_overtakes_the_spawn(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    ask(s, EV_STOP);
    assert_int_equal(count(s, ACT_SIGNAL), 1);
    spawned(s);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    assert_int_equal(state_of(s), STATE_STOPPED);
    assert_int_equal(last(s)->reason, REASON_SIGNAL);
}

static void a_late_event_never_turns_a_stop_into_a_restart(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    ask(s, EV_RESTART);
    ask(s, EV_STOP);
    plain(s, EV_EXECED);
    plain(s, EV_READY);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    assert_int_equal(state_of(s), STATE_STOPPED);
    take(s, (struct event){.type = EV_EXITED, .run = 1});
    killed(s, true, 4);
    assert_int_equal(state_of(s), STATE_STOPPED);
    assert_int_equal(s->unit.run, 1);
}

/* ---- another main process ---- */

static void mainpid(struct story *s, pid_t pid)
{
    take(s, (struct event){.type = EV_MAINPID, .run = s->unit.run, .u.main_pid = pid});
}

static void the_record_names_who_was_main_in_the_end(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    spawned(s);
    mainpid(s, 43);
    assert_int_equal(s->unit.current.pid, 43);
    plain(s, EV_EXECED);
    mainpid(s, 44);
    assert_int_equal(s->acts.n, 0);
    assert_int_equal(state_of(s), STATE_RUNNING);
    main_ends(s, 3, 0, false);
    mainpid(s, 45); /* too late */
    assert_int_equal(s->unit.current.pid, 44);
    plain(s, EV_TREE_EMPTY);
    assert_int_equal(last(s)->pid, 44);
    assert_int_equal(last(s)->exit_code, 3);
    assert_int_equal(s->unit.run, 1);
}

static void it_is_still_to_be_ready(void **state)
{
    struct story *s = *state;

    s->spec.ready = READY_NOTIFY;
    ask(s, EV_START);
    spawned(s);
    plain(s, EV_EXECED);
    mainpid(s, 43);
    assert_int_equal(state_of(s), STATE_STARTING);
    plain(s, EV_READY);
    assert_int_equal(state_of(s), STATE_RUNNING);
    assert_int_equal(s->unit.current.pid, 43);
}

/* Only where main alone is asked to end: else it was reached already. */
static void a_new_main_is_asked_to_end_as_well(void **state)
{
    struct story *s = *state;

    s->spec.kill_mode = KILL_MAIN;
    start_until_running(s);
    ask(s, EV_STOP);
    plain(s, EV_SIGNALLED);
    mainpid(s, 43);
    assert_int_equal(count(s, ACT_SIGNAL), 1);
    deadline(s);
    mainpid(s, 44);
    assert_int_equal(s->acts.n, 0);
    assert_int_equal(s->unit.current.pid, 44);
    main_ends(s, -1, 9, false);
    mainpid(s, 45);
    assert_int_equal(s->unit.current.pid, 44);
    plain(s, EV_TREE_EMPTY);

    s->spec.kill_mode = KILL_TREE;
    start_until_running(s);
    ask(s, EV_STOP);
    mainpid(s, 43);
    assert_int_equal(s->acts.n, 0);
    assert_int_equal(s->unit.current.pid, 43);
}

static void an_end_that_nobody_tells_is_unknown(void **state)
{
    struct story *s = *state;
    struct event ev = {.type = EV_EXITED};

    s->spec.restart = RESTART_NEVER;
    start_until_running(s);
    ev.u.exited.at = s->now;
    ev.u.exited.status = (struct exit_status){.lost = true, .signal = 11, .oom_kill = 1};
    ev.u.exited.tree_empty = true;
    take(s, ev);
    assert_int_equal(last(s)->reason, REASON_UNKNOWN);
    assert_false(last(s)->has_status);
    assert_int_equal(last(s)->exit_code, -1);
    assert_int_equal(last(s)->signal, 0);
    assert_int_equal(last(s)->oom_kill, 1);
    assert_int_equal(state_of(s), STATE_FAILED);
}

/* ---- restart ---- */

static void a_restart_stops_and_starts(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    ask(s, EV_RESTART);
    plain(s, EV_SIGNALLED);
    ask(s, EV_RESTART);
    assert_int_equal(s->acts.n, 0); /* two at once never give two copies */
    dies(s, 15);
    assert_int_equal(count(s, ACT_SPAWN), 1);
    assert_int_equal(s->unit.run, 2);
    assert_int_equal(s->unit.attempt, 1);
    assert_int_equal(last(s)->requested_by, BY_RESTART);
}

static void a_restart_of_a_stopped_unit_starts_it(void **state)
{
    struct story *s = *state;

    ask(s, EV_RESTART);
    assert_int_equal(count(s, ACT_SPAWN), 1);
}

static void a_start_during_a_stop_starts_afterwards(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    ask(s, EV_STOP);
    ask(s, EV_START);
    assert_int_equal(s->acts.n, 0);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    assert_int_equal(s->unit.run, 2);
}

/* ---- ended for good ---- */

static void not_when_a_user_stopped_or_restarted_it(void **state)
{
    struct story *s = *state;

    s->spec.restart = RESTART_NEVER;
    start_until_running(s);
    ask(s, EV_RESTART);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    assert_int_equal(state_of(s), STATE_STARTING);
    spawned(s);
    plain(s, EV_EXECED);
    ask(s, EV_STOP);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    assert_int_equal(state_of(s), STATE_STOPPED);
}

/* ---- jobs ---- */

static int job_begin(void **state)
{
    struct story *s;

    story_begin(state);
    s = *state;
    s->spec.kind = UNIT_JOB;
    s->spec.restart = RESTART_NEVER;
    s->spec.retries = 1;
    s->spec.timeout_ms = 60000;
    return 0;
}

static void a_job_is_tried_once_and_then_retries_times(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    exits(s, 1);
    assert_int_equal(state_of(s), STATE_BACKOFF);
    assert_int_equal(s->unit.deadline_ms - s->now.mono_ms, 1000);
    deadline(s);
    spawned(s);
    plain(s, EV_EXECED);
    exits(s, 1);
    assert_int_equal(state_of(s), STATE_FAILED);
    assert_int_equal(last(s)->attempt, 2);
}

static void a_job_that_succeeds_is_completed(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    exits(s, 0);
    assert_int_equal(state_of(s), STATE_COMPLETED);
}

static void a_jobs_timeout_counts_from_spawn_and_is_a_failure(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    spawned(s);
    pass(s, 5000);
    plain(s, EV_EXECED);
    assert_int_equal(s->unit.deadline_ms, 1000 + 60000);
    deadline(s);
    assert_int_equal(count(s, ACT_SIGNAL), 1);
    plain(s, EV_SIGNALLED);
    exits(s, 0);
    assert_int_equal(last(s)->requested_by, BY_TIMEOUT);
    assert_int_equal(last(s)->reason, REASON_SIGNAL);
    assert_int_equal(state_of(s), STATE_BACKOFF);
}

/* ---- the exit record ---- */

static void who_is_already_dead_ended_by_itself(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    ask(s, EV_STOP); /* no SIGNALLED: main was dead, though not reaped */
    exits(s, 4);
    assert_int_equal(last(s)->reason, REASON_RUNTIME_ERROR);
    assert_int_equal(last(s)->requested_by, BY_NOBODY);
    assert_false(last(s)->requester.known);
    assert_int_equal(state_of(s), STATE_STOPPED);
}

static void it_did_execute_though_a_stop_was_faster_than_the_news(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    spawned(s);
    ask(s, EV_STOP);
    plain(s, EV_EXECED);
    exits(s, 0);
    assert_int_equal(last(s)->reason, REASON_NATURAL);
    assert_int_equal(last(s)->ready_after_ms, 0);
}

/* A shutdown in a hurry waits a millisecond after SIGKILL. */
static void it_did_execute_though_it_was_unkillable_before_the_news(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    spawned(s);
    ask_until(s, EV_STOP, s->now.mono_ms);
    killed(s, true, 0);
    deadline(s);
    assert_int_equal(s->unit.phase, PHASE_UNKILLABLE);
    plain(s, EV_EXECED);
    dies(s, 9);
    assert_int_equal(state_of(s), STATE_STOPPED);
    assert_int_equal(last(s)->reason, REASON_FORCED_KILL);
    assert_int_equal(last(s)->ready_after_ms, UNKILLABLE_AFTER_MS);
}

static void leftovers_killed_beside_a_dead_main_tell_when(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    ask_until(s, EV_STOP, s->now.mono_ms);
    killed(s, false, 2);
    main_ends(s, -1, 9, true); /* somebody else's SIGKILL */
    assert_int_equal(last(s)->reason, REASON_SIGNAL);
    assert_int_equal(last(s)->requested_by, BY_NOBODY);
    assert_int_equal(last(s)->leftovers_killed, 2);
    assert_int_equal(last(s)->kill_wall_ms, s->now.wall_ms);
}

static void times_do_not_follow_a_jumping_wall_clock(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    pass(s, 500);
    s->now.wall_ms -= INT64_C(365) * 86400 * 1000;
    exits(s, 1);
    assert_int_equal(last(s)->duration_ms, 500);
    assert_int_equal(s->unit.deadline_ms - s->now.mono_ms, 100);
}

static void the_last_16_records_stay(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    for (unsigned run = 1; run <= 40; run++) {
        spawned(s);
        plain(s, EV_EXECED);
        exits(s, (int)run);
        assert_int_equal(count(s, ACT_RECORDED), 1);
        for (unsigned back = 0; back < 16 && back < run; back++) {
            assert_int_equal(unit_record(&s->unit, back)->run, run - back);
            assert_int_equal(unit_record(&s->unit, back)->exit_code, run - back);
        }
        assert_null(unit_record(&s->unit, run < 16 ? run : 16));
        deadline(s);
    }
}

/* ---- the table ---- */

static void a_reset_starts_what_failed_and_is_wanted(void **state)
{
    struct story *s = *state;

    s->spec.restart = RESTART_NEVER;
    start_until_running(s);
    exits(s, 1);
    assert_int_equal(s->unit.phase, PHASE_FAILED);
    ask(s, EV_RESET);
    assert_int_equal(s->unit.phase, PHASE_SPAWNING);
    assert_int_equal(s->unit.run, 2);
    assert_int_equal(s->unit.attempt, 1);
}

static void a_reset_of_what_failed_and_is_not_wanted_stops_it(void **state)
{
    struct story *s = *state;

    s->spec.restart = RESTART_NEVER;
    start_until_running(s);
    exits(s, 1);
    ask(s, EV_STOP);
    assert_int_equal(s->unit.phase, PHASE_FAILED);
    ask(s, EV_RESET);
    assert_int_equal(s->unit.phase, PHASE_STOPPED);
    assert_int_equal(count(s, ACT_CHANGED), 1);
    assert_int_equal(s->unit.run, 1);
}

static void a_reset_forgives_the_limit_and_the_backoff(void **state)
{
    struct story *s = *state;
    int64_t next_ms;

    s->spec.restart_delay_max_ms = 30000;
    start_until_running(s);
    exits(s, 1);
    deadline(s);
    spawned(s);
    plain(s, EV_EXECED);
    exits(s, 1); /* the second of two restarts that are allowed */
    assert_int_equal(s->unit.phase, PHASE_BACKOFF);
    next_ms = s->unit.deadline_ms;
    ask(s, EV_RESET);
    assert_int_equal(s->unit.phase, PHASE_BACKOFF);
    assert_int_equal(s->unit.deadline_ms, next_ms); /* the next try stays when it was */
    assert_int_equal(s->unit.n_restarts, 0);
    assert_int_equal(s->unit.n_restart_times, 0);
    deadline(s);
    spawned(s);
    plain(s, EV_EXECED);
    exits(s, 1);
    assert_int_equal(s->unit.deadline_ms - s->now.mono_ms, s->spec.restart_delay_ms);
}

static void a_reset_gives_and_takes_no_retry_of_the_run_under_way(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    ask(s, EV_RESET);
    assert_int_equal(s->unit.phase, PHASE_RUNNING);
    exits(s, 1);
    assert_int_equal(s->unit.phase, PHASE_BACKOFF); /* retries = 1 */
    deadline(s);
    spawned(s);
    plain(s, EV_EXECED);
    exits(s, 1);
    assert_int_equal(s->unit.phase, PHASE_FAILED);
}

static void an_event_without_a_cell_changes_nothing(void **state)
{
    struct story *s = *state;

    plain(s, EV_EXECED);
    exits(s, 0);
    plain(s, EV_TREE_EMPTY);
    killed(s, true, 3);
    assert_int_equal(s->acts.n, 0);
    assert_int_equal(state_of(s), STATE_STOPPED);
    assert_null(unit_last_record(&s->unit));
}

static void every_phase_shows_as_a_state_with_a_name(void **state)
{
    (void)state;
    for (int p = 0; p < PHASE_COUNT; p++) {
        assert_non_null(unit_phase_name((enum unit_phase)p));
        assert_non_null(unit_state_name(unit_state_of((enum unit_phase)p)));
        /* Everything can be restarted and forgotten, and whatever is or will be up, stopped. */
        assert_true(unit_takes((enum unit_phase)p, EV_RESET));
        assert_true(unit_takes((enum unit_phase)p, EV_RESTART));
        if (p != PHASE_STOPPED && p != PHASE_COMPLETED && p != PHASE_FAILED)
            assert_true(unit_takes((enum unit_phase)p, EV_STOP));
    }
    for (int e = 0; e < EV_COUNT; e++)
        assert_non_null(event_name((enum event_type)e));
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, story_begin, story_end)
#define LIMITED(test) cmocka_unit_test_setup_teardown(test, limited_begin, story_end)
#define JOB(test) cmocka_unit_test_setup_teardown(test, job_begin, story_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(an_exit_is_dated_when_it_was_reaped),
        STORY(a_start_spawns_run_1_and_is_ready_when_executing),
        STORY(starting_twice_gives_one_copy),
        STORY(a_failed_exec_names_its_stage),
        STORY(a_failed_clone_leaves_a_record_without_pid),
        STORY(an_exec_that_hangs_ends_at_the_ready_deadline),
        STORY(what_the_child_said_outlives_the_ready_deadline),
        STORY(the_ready_timeout_counts_from_exec),
        STORY(the_run_ends_only_when_its_tree_is_empty),
        STORY(survivors_are_killed_at_stop_timeout),
        STORY(an_empty_tree_goes_to_backoff_at_once),
        STORY(restart_delay_0_skips_backoff),
        STORY(crashes_double_the_delay_until_a_run_was_long_enough),
        STORY(restart_never_completes_or_fails),
        STORY(restart_on_failure_restarts_failures_only),
        LIMITED(the_limit_counts_inside_the_window),
        LIMITED(old_restarts_are_forgotten),
        LIMITED(a_start_forgives_the_limit),
        STORY(a_stop_sends_the_signal_and_ends_stopped),
        STORY(sigkill_falls_at_stop_timeout_and_not_before),
        STORY(survivors_of_main_share_its_stop_timeout),
        STORY(any_stop_takes_the_smaller_deadline),
        STORY(kill_on_demand_while_running),
        STORY(what_outlives_sigkill_is_unkillable_after_2_s),
        STORY(a_stop_in_backoff_just_stops),
        STORY(nothing_starts_once_the_goal_has_fallen),
        STORY(a_start_of_what_is_stuck_looks_at_how_it_is_now),
        STORY(a_stop_of_what_is_over_changes_nothing),
        STORY(a_stop_overtakes_the_spawn),
        STORY(a_late_event_never_turns_a_stop_into_a_restart),
        STORY(the_record_names_who_was_main_in_the_end),
        STORY(it_is_still_to_be_ready),
        STORY(a_new_main_is_asked_to_end_as_well),
        STORY(an_end_that_nobody_tells_is_unknown),
        STORY(a_restart_stops_and_starts),
        STORY(a_restart_of_a_stopped_unit_starts_it),
        STORY(a_start_during_a_stop_starts_afterwards),
        STORY(not_when_a_user_stopped_or_restarted_it),
        STORY(a_reset_starts_what_failed_and_is_wanted),
        STORY(a_reset_of_what_failed_and_is_not_wanted_stops_it),
        LIMITED(a_reset_forgives_the_limit_and_the_backoff),
        JOB(a_reset_gives_and_takes_no_retry_of_the_run_under_way),
        JOB(a_job_is_tried_once_and_then_retries_times),
        JOB(a_job_that_succeeds_is_completed),
        JOB(a_jobs_timeout_counts_from_spawn_and_is_a_failure),
        STORY(who_is_already_dead_ended_by_itself),
        STORY(it_did_execute_though_a_stop_was_faster_than_the_news),
        STORY(it_did_execute_though_it_was_unkillable_before_the_news),
        STORY(leftovers_killed_beside_a_dead_main_tell_when),
        STORY(times_do_not_follow_a_jumping_wall_clock),
        STORY(the_last_16_records_stay),
        STORY(an_event_without_a_cell_changes_nothing),
        STORY(every_phase_shows_as_a_state_with_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
