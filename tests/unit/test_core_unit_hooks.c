/* DESIGN §4, hooks, reloads and holds: the main stories, as far as the unit machine decides them.
 */
#include "core_unit_support.h"

/* ---- short words ---- */

static void has(struct story *s, enum hook hook, uint32_t n_commands)
{
    s->spec.hook_timeout_ms = 5000;
    s->spec.hooks[hook].n = n_commands;
}

static void told(struct story *s, enum probe_how how, int code, bool left)
{
    take(s, (struct event){.type = EV_HOOKED,
                           .u.hooked = {.hook = s->unit.hook,
                                        .command = s->unit.hook_at,
                                        .result = {how, code},
                                        .left = left}});
}

/* The command at work has ended, and nothing is left of it. */
static void goes_well(struct story *s)
{
    told(s, PROBE_GOOD, 0, false);
}

static void goes_badly(struct story *s, int code)
{
    told(s, PROBE_EXITED, code, false);
}

/* Its time is over. */
static void is_late(struct story *s)
{
    assert_true(s->unit.hook_by_ms >= s->now.mono_ms);
    pass(s, s->unit.hook_by_ms - s->now.mono_ms);
    told(s, PROBE_LATE, 0, false);
}

static void executes(struct story *s)
{
    spawned(s);
    plain(s, EV_EXECED);
}

static void is_killed(struct story *s)
{
    killed(s, true, 0);
    dies(s, 9);
}

#define IS(s, p) assert_string_equal(unit_phase_name((s)->unit.phase), unit_phase_name(p))
/* This command is at work. */
#define RUNS(s, h, at)                                                                             \
    do {                                                                                           \
        assert_string_equal(hook_name((s)->unit.hook), hook_name(h));                              \
        assert_int_equal((s)->unit.hook_at, at);                                                   \
    } while (0)
/* And has just begun. */
#define BEGINS(s, h, at)                                                                           \
    do {                                                                                           \
        assert_int_equal(count(s, ACT_HOOK), 1);                                                   \
        RUNS(s, h, at);                                                                            \
    } while (0)

/* The failure that the last step told, which is of this run. */
static void assert_told(const struct story *s, uint64_t run, enum hook hook, uint8_t command,
                        enum probe_how how)
{
    const struct action *a = s->acts.items;

    assert_int_equal(count(s, ACT_HOOK_FAILED), 1);
    while (a->type != ACT_HOOK_FAILED)
        a++;
    assert_int_equal(a->failed.run, run);
    assert_string_equal(hook_name(a->failed.hook), hook_name(hook));
    assert_int_equal(a->failed.failure.command, command);
    assert_int_equal(a->failed.failure.how, how);
}

static void assert_failed(const struct exit_record *r, enum hook hook, uint8_t command,
                          enum probe_how how, int code)
{
    assert_int_equal(r->failed[hook].command, command);
    assert_int_equal(r->failed[hook].how, how);
    assert_int_equal(r->failed[hook].code, code);
}

/* ---- pre_start ---- */

static void main_comes_to_be_when_all_of_pre_start_went_well(void **state)
{
    struct story *s = *state;

    has(s, HOOK_PRE_START, 2);
    ask(s, EV_START);
    IS(s, PHASE_PRE_START);
    assert_int_equal(state_of(s), STATE_STARTING);
    assert_int_equal(s->unit.run, 1);
    BEGINS(s, HOOK_PRE_START, 0);
    assert_int_equal(s->unit.hook_by_ms, s->now.mono_ms + 5000);
    pass(s, 2000);
    goes_well(s);
    BEGINS(s, HOOK_PRE_START, 1);
    assert_int_equal(s->unit.hook_by_ms, s->now.mono_ms + 3000); /* of all of them together */
    assert_int_equal(count(s, ACT_SPAWN), 0);
    pass(s, 1000);
    goes_well(s);
    IS(s, PHASE_SPAWNING);
    assert_int_equal(count(s, ACT_SPAWN), 1);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 30000);
    executes(s);
    exits(s, 0);
    assert_int_equal(last(s)->ready_after_ms, 3000); /* the run began with its first hook */
    assert_int_equal(last(s)->duration_ms, 3000);
}

static void a_failed_pre_start_is_a_failed_start(void **state)
{
    struct story *s = *state;

    has(s, HOOK_PRE_START, 3);
    ask(s, EV_START);
    goes_well(s);
    goes_badly(s, 3);
    assert_int_equal(count(s, ACT_SPAWN) + count(s, ACT_HOOK), 0);
    assert_int_equal(count(s, ACT_HOOK_FAILED), 1);
    IS(s, PHASE_BACKOFF);
    assert_int_equal(last(s)->reason, REASON_START_FAILED);
    assert_int_equal(last(s)->error_stage, STAGE_PRE_START);
    assert_int_equal(last(s)->error_errno, 0);
    assert_int_equal(last(s)->pid, 0);
    assert_failed(last(s), HOOK_PRE_START, 2, PROBE_EXITED, 3);
}

static void why_a_command_of_pre_start_could_not_execute_is_told(void **state)
{
    struct story *s = *state;

    has(s, HOOK_PRE_START, 1);
    ask(s, EV_START);
    told(s, PROBE_ERROR, ENOENT, false);
    assert_int_equal(last(s)->error_stage, STAGE_PRE_START);
    assert_int_equal(last(s)->error_errno, ENOENT);
}

static void what_there_is_no_time_left_for_is_late(void **state)
{
    struct story *s = *state;

    has(s, HOOK_PRE_START, 2);
    ask(s, EV_START);
    pass(s, 5000);
    goes_well(s);
    IS(s, PHASE_BACKOFF);
    assert_failed(last(s), HOOK_PRE_START, 2, PROBE_LATE, 0);
}

static void a_stop_during_pre_start_ends_the_hook_and_spawns_nothing(void **state)
{
    struct story *s = *state;

    has(s, HOOK_PRE_START, 2);
    has(s, HOOK_POST_STOP, 1);
    has(s, HOOK_PRE_STOP, 1);
    s->spec.stop_timeout_ms = 2000;
    ask(s, EV_START);
    pass(s, 1000);
    ask(s, EV_STOP);
    IS(s, PHASE_HOOK_ENDING);
    assert_int_equal(state_of(s), STATE_STOPPING);
    assert_int_equal(count(s, ACT_HOOK_STOP), 1);
    assert_int_equal(s->unit.hook_by_ms, s->now.mono_ms + 2000);
    pass(s, 10);
    told(s, PROBE_SIGNALLED, 15, false);
    assert_int_equal(count(s, ACT_HOOK_FAILED), 0); /* we have ended it */
    IS(s, PHASE_POST_STOP);
    BEGINS(s, HOOK_POST_STOP, 0);
    goes_well(s);
    IS(s, PHASE_STOPPED);
    assert_int_equal(last(s)->reason, REASON_SIGNAL);
    assert_int_equal(last(s)->requested_by, BY_USER);
    assert_int_equal(last(s)->duration_ms, 1010);
    assert_int_equal(s->unit.run, 1);
}

static void a_stop_gives_pre_start_no_more_time(void **state)
{
    struct story *s = *state;

    has(s, HOOK_PRE_START, 1);
    ask(s, EV_START);
    pass(s, 1000);
    ask(s, EV_STOP);
    assert_int_equal(s->unit.hook_by_ms, s->now.mono_ms + 4000);
    goes_well(s); /* it was faster: no main all the same */
    IS(s, PHASE_STOPPED);
}

static void a_restart_during_pre_start_gives_one_new_run(void **state)
{
    struct story *s = *state;

    has(s, HOOK_PRE_START, 1);
    ask(s, EV_START);
    ask(s, EV_RESTART);
    ask(s, EV_RESTART);
    IS(s, PHASE_HOOK_ENDING);
    told(s, PROBE_SIGNALLED, 15, false);
    IS(s, PHASE_PRE_START);
    assert_int_equal(s->unit.run, 2);
    BEGINS(s, HOOK_PRE_START, 0);
    assert_int_equal(last(s)->requested_by, BY_RESTART);
}

/* ---- post_start ---- */

static void post_start_runs_beside_main_and_fails_alone(void **state)
{
    struct story *s = *state;

    has(s, HOOK_POST_START, 2);
    ask(s, EV_START);
    executes(s);
    IS(s, PHASE_RUNNING);
    assert_true(s->unit.ready);
    BEGINS(s, HOOK_POST_START, 0);
    goes_badly(s, 1);
    assert_int_equal(count(s, ACT_HOOK_FAILED), 1);
    BEGINS(s, HOOK_POST_START, 1); /* the others go on */
    goes_well(s);
    IS(s, PHASE_RUNNING);
    exits(s, 0);
    assert_int_equal(last(s)->reason, REASON_NATURAL);
    assert_failed(last(s), HOOK_POST_START, 1, PROBE_EXITED, 1);
}

static void mains_end_ends_post_start(void **state)
{
    struct story *s = *state;

    has(s, HOOK_POST_START, 1);
    ask(s, EV_START);
    executes(s);
    exits(s, 0);
    assert_int_equal(count(s, ACT_HOOK_AWAY), 1);
    IS(s, PHASE_HOOK_ENDING); /* nothing follows while it may be there */
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + UNKILLABLE_AFTER_MS);
    plain(s, EV_HOOK_GONE);
    IS(s, PHASE_BACKOFF);
    assert_int_equal(last(s)->reason, REASON_NATURAL);
}

static void what_post_start_says_when_it_is_not_wanted_any_more_means_nothing(void **state)
{
    struct story *s = *state;
    struct event late = {.type = EV_HOOKED, .u.hooked = {.hook = HOOK_POST_START, .left = false}};

    has(s, HOOK_POST_START, 1);
    ask(s, EV_START);
    executes(s);
    exits(s, 0);
    take(s, late);
    assert_int_equal(s->acts.n, 0);
    IS(s, PHASE_HOOK_ENDING);
    /* nor what speaks of no hook at all */
    late.u.hooked.hook = HOOK_NONE;
    take(s, late);
    assert_int_equal(s->acts.n, 0);
}

/* ---- the stop ---- */

static void main_is_told_after_pre_stop_and_has_all_its_time(void **state)
{
    struct story *s = *state;

    has(s, HOOK_PRE_STOP, 2);
    start_until_running(s);
    ask(s, EV_STOP);
    IS(s, PHASE_PRE_STOP);
    assert_int_equal(state_of(s), STATE_STOPPING);
    assert_int_equal(count(s, ACT_SIGNAL), 0);
    assert_int_equal(s->unit.deadline_ms, 0);
    BEGINS(s, HOOK_PRE_STOP, 0);
    assert_int_equal(s->unit.hook_by_ms, s->now.mono_ms + 5000);
    goes_badly(s, 1);
    BEGINS(s, HOOK_PRE_STOP, 1);
    is_late(s);
    IS(s, PHASE_STOPPING);
    assert_int_equal(count(s, ACT_SIGNAL), 1);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 10000);
}

static void main_that_ends_during_pre_stop_ended_by_itself(void **state)
{
    struct story *s = *state;

    has(s, HOOK_PRE_STOP, 1);
    start_until_running(s);
    ask(s, EV_STOP);
    exits(s, 0);
    IS(s, PHASE_HOOK_ENDING);
    RUNS(s, HOOK_PRE_STOP, 0);
    goes_well(s);
    IS(s, PHASE_STOPPED);
    assert_int_equal(last(s)->reason, REASON_NATURAL);
    assert_int_equal(last(s)->requested_by, BY_NOBODY);
}

static void what_was_never_ready_is_told_by_signal_alone(void **state)
{
    struct story *s = *state;

    has(s, HOOK_PRE_STOP, 1);
    has(s, HOOK_STOP, 1);
    s->spec.ready = READY_NOTIFY;
    ask(s, EV_START);
    executes(s);
    IS(s, PHASE_PROBING);
    ask(s, EV_STOP);
    IS(s, PHASE_STOPPING);
    assert_int_equal(count(s, ACT_SIGNAL), 1);
}

static void stop_command_stands_for_the_signal(void **state)
{
    struct story *s = *state;

    has(s, HOOK_STOP, 2);
    start_until_running(s);
    ask(s, EV_STOP);
    IS(s, PHASE_ASKED);
    BEGINS(s, HOOK_STOP, 0);
    assert_int_equal(count(s, ACT_SIGNAL), 0);
    plain(s, EV_SIGNALLED);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 10000);
    assert_int_equal(s->unit.hook_by_ms, s->unit.deadline_ms); /* inside stop_timeout */
    pass(s, 1000);
    goes_well(s);
    BEGINS(s, HOOK_STOP, 1);
    goes_well(s);
    IS(s, PHASE_STOPPING);
    assert_int_equal(count(s, ACT_SIGNAL), 0);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 9000);
    exits(s, 0);
    assert_int_equal(last(s)->reason, REASON_SIGNAL);
    assert_int_equal(last(s)->requested_by, BY_USER);
    assert_int_equal(last(s)->stop_signal_wall_ms, s->now.wall_ms - 1000);
}

static void who_is_dead_when_stop_command_begins_ended_by_itself(void **state)
{
    struct story *s = *state;

    has(s, HOOK_STOP, 1);
    start_until_running(s);
    ask(s, EV_STOP);
    exits(s, 3); /* no SIGNALLED: it had ended before */
    IS(s, PHASE_HOOK_ENDING);
    goes_badly(s, 1);
    IS(s, PHASE_STOPPED);
    assert_int_equal(last(s)->reason, REASON_RUNTIME_ERROR);
    assert_int_equal(last(s)->requested_by, BY_NOBODY);
}

static void when_stop_command_fails_the_signal_follows(void **state)
{
    struct story *s = *state;

    has(s, HOOK_STOP, 2);
    start_until_running(s);
    ask(s, EV_STOP);
    pass(s, 1000);
    goes_badly(s, 1);
    IS(s, PHASE_STOPPING);
    assert_int_equal(count(s, ACT_SIGNAL), 1);
    assert_int_equal(count(s, ACT_HOOK), 0);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 9000);
}

static void sigkill_falls_while_stop_command_is_at_work(void **state)
{
    struct story *s = *state;

    has(s, HOOK_STOP, 1);
    start_until_running(s);
    ask(s, EV_STOP);
    deadline(s);
    IS(s, PHASE_KILLING);
    assert_int_equal(count(s, ACT_KILL), 1);
    assert_int_equal(count(s, ACT_HOOK_AWAY), 1);
    is_killed(s);
    IS(s, PHASE_HOOK_ENDING);
    plain(s, EV_HOOK_GONE);
    IS(s, PHASE_STOPPED);
    assert_int_equal(last(s)->reason, REASON_FORCED_KILL);
}

static void an_extension_of_the_stop_is_one_of_stop_command(void **state)
{
    struct story *s = *state;

    has(s, HOOK_STOP, 1);
    start_until_running(s);
    ask(s, EV_STOP);
    take(s, (struct event){.type = EV_EXTEND, .u.extend_ms = 60000});
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 60000);
    assert_int_equal(s->unit.hook_by_ms, s->unit.deadline_ms);
}

static void survivors_of_main_are_ended_beside_stop_command(void **state)
{
    struct story *s = *state;

    has(s, HOOK_STOP, 1);
    start_until_running(s);
    ask(s, EV_STOP);
    pass(s, 1000);
    main_ends(s, 0, 0, false);
    IS(s, PHASE_DRAINING);
    assert_int_equal(count(s, ACT_SURVIVORS), 1);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 9000);
    RUNS(s, HOOK_STOP, 0);
    goes_badly(s, 1);
    assert_int_equal(count(s, ACT_SIGNAL) + count(s, ACT_HOOK), 0);
    IS(s, PHASE_DRAINING);
    plain(s, EV_TREE_EMPTY);
    IS(s, PHASE_STOPPED);
    assert_failed(last(s), HOOK_STOP, 1, PROBE_EXITED, 1);
}

static void a_stop_ends_what_runs_beside_main_first(void **state)
{
    struct story *s = *state;

    has(s, HOOK_POST_START, 1);
    has(s, HOOK_PRE_STOP, 1);
    ask(s, EV_START);
    executes(s);
    RUNS(s, HOOK_POST_START, 0);
    ask(s, EV_STOP);
    assert_int_equal(count(s, ACT_HOOK_AWAY), 1);
    BEGINS(s, HOOK_PRE_STOP, 0);
    plain(s, EV_HOOK_GONE);
    goes_well(s);
    IS(s, PHASE_STOPPING);
    exits(s, 0);
    IS(s, PHASE_STOPPED);
}

/* ---- post_stop ---- */

static void the_record_follows_post_stop(void **state)
{
    struct story *s = *state;

    has(s, HOOK_POST_STOP, 2);
    start_until_running(s);
    pass(s, 500);
    exits(s, 3);
    IS(s, PHASE_POST_STOP);
    assert_int_equal(state_of(s), STATE_STOPPING);
    assert_int_equal(s->unit.current.reason, REASON_RUNTIME_ERROR); /* for REEVE_REASON */
    assert_int_equal(count(s, ACT_RECORDED), 0);
    pass(s, 1000);
    goes_badly(s, 1);
    BEGINS(s, HOOK_POST_STOP, 1); /* the others go on */
    goes_well(s);
    assert_int_equal(count(s, ACT_RECORDED), 1);
    IS(s, PHASE_BACKOFF);
    assert_int_equal(last(s)->reason, REASON_RUNTIME_ERROR);
    assert_int_equal(last(s)->duration_ms, 500);
    assert_failed(last(s), HOOK_POST_STOP, 1, PROBE_EXITED, 1);
}

static void post_stop_follows_a_start_that_failed(void **state)
{
    struct story *s = *state;

    has(s, HOOK_PRE_START, 1);
    has(s, HOOK_POST_STOP, 1);
    ask(s, EV_START);
    goes_badly(s, 1);
    BEGINS(s, HOOK_POST_STOP, 0);
    goes_well(s);
    ask(s, EV_START);
    goes_well(s);
    fails(s, EV_SPAWN_ERROR, STAGE_CLONE, EAGAIN);
    BEGINS(s, HOOK_POST_STOP, 0);
    goes_well(s);
    IS(s, PHASE_BACKOFF);
    assert_int_equal(last(s)->run, 2);
    assert_int_equal(last(s)->error_stage, STAGE_CLONE);
}

static void a_failure_is_told_though_the_next_run_has_begun(void **state)
{
    struct story *s = *state;

    s->spec.restart_delay_ms = 0;
    has(s, HOOK_POST_STOP, 2);
    start_until_running(s);
    exits(s, 0);
    goes_well(s);
    is_late(s);
    IS(s, PHASE_SPAWNING);
    assert_int_equal(s->unit.run, 2);
    assert_told(s, 1, HOOK_POST_STOP, 2, PROBE_LATE);
}

static void without_time_post_stop_is_late_and_not_begun(void **state)
{
    struct story *s = *state;

    has(s, HOOK_POST_STOP, 2);
    start_until_running(s);
    ask_until(s, EV_STOP, s->now.mono_ms); /* somebody asked twice */
    IS(s, PHASE_KILLING);
    is_killed(s);
    assert_int_equal(count(s, ACT_HOOK), 0);
    IS(s, PHASE_STOPPED);
    assert_told(s, 1, HOOK_POST_STOP, 1, PROBE_LATE);
    assert_failed(last(s), HOOK_POST_STOP, 1, PROBE_LATE, 1);
}

static void a_stop_during_post_stop_lets_it_end_and_nothing_follow(void **state)
{
    struct story *s = *state;

    has(s, HOOK_POST_STOP, 1);
    start_until_running(s);
    exits(s, 3);
    ask(s, EV_STOP);
    IS(s, PHASE_POST_STOP);
    RUNS(s, HOOK_POST_STOP, 0);
    assert_int_equal(count(s, ACT_HOOK_AWAY) + count(s, ACT_HOOK_STOP), 0);
    assert_int_equal(s->unit.hook_by_ms, s->now.mono_ms + 5000);
    goes_well(s);
    IS(s, PHASE_STOPPED);
}

static void a_start_during_post_stop_follows_it_at_once(void **state)
{
    struct story *s = *state;

    has(s, HOOK_POST_STOP, 1);
    start_until_running(s);
    ask(s, EV_STOP);
    exits(s, 0);
    ask(s, EV_START);
    IS(s, PHASE_POST_STOP);
    goes_well(s);
    IS(s, PHASE_SPAWNING);
    assert_int_equal(s->unit.run, 2);
}

/* ---- what outlives SIGKILL ---- */

static void what_is_left_of_a_hook_is_unkillable(void **state)
{
    struct story *s = *state;

    has(s, HOOK_PRE_START, 1);
    has(s, HOOK_POST_STOP, 1);
    ask(s, EV_START);
    told(s, PROBE_LATE, 0, true); /* two seconds after its kill */
    IS(s, PHASE_HOOK_ENDING);
    deadline(s);
    IS(s, PHASE_UNKILLABLE);
    assert_int_equal(count(s, ACT_UNKILLABLE), 1);
    ask(s, EV_START);
    assert_int_equal(count(s, ACT_HOOK), 0);
    plain(s, EV_HOOK_GONE);
    BEGINS(s, HOOK_POST_STOP, 0);
    goes_well(s);
    assert_int_equal(s->unit.run, 2);
}

static void what_is_left_of_post_stop_holds_up_the_next_run(void **state)
{
    struct story *s = *state;

    has(s, HOOK_POST_STOP, 1);
    start_until_running(s);
    ask(s, EV_RESTART);
    exits(s, 0);
    told(s, PROBE_LATE, 0, true);
    deadline(s);
    IS(s, PHASE_UNKILLABLE);
    assert_int_equal(s->unit.run, 1);
    plain(s, EV_HOOK_GONE);
    IS(s, PHASE_SPAWNING);
    assert_int_equal(count(s, ACT_RECORDED), 1);
    assert_int_equal(s->unit.run, 2);
}

/* A phase that goes on is not entered again: its change is told once. */
static void the_end_of_a_hook_is_waited_for_in_one_phase(void **state)
{
    struct story *s = *state;

    has(s, HOOK_PRE_START, 1);
    ask(s, EV_START);
    ask(s, EV_STOP);
    told(s, PROBE_LATE, 0, true);
    IS(s, PHASE_HOOK_ENDING);
    assert_int_equal(count(s, ACT_CHANGED), 0);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms);
}

static void a_signal_says_nothing_of_what_is_left_of_a_command(void **state)
{
    struct story *s = *state;

    has(s, HOOK_POST_START, 1);
    s->spec.reload_signal = 1;
    ask(s, EV_START);
    executes(s);
    told(s, PROBE_LATE, 0, true);
    plain(s, EV_RELOAD);
    assert_int_equal(count(s, ACT_RELOAD), 1);
    goes_well(s);
    exits(s, 0);
    IS(s, PHASE_HOOK_ENDING); /* not the next run yet */
}

/* ---- a shutdown's share ---- */

static void post_stop_has_its_part_of_the_share(void **state)
{
    struct story *s = *state;
    int64_t end_ms = s->now.mono_ms + 8000;

    has(s, HOOK_POST_STOP, 1);
    start_until_running(s);
    ask_until(s, EV_STOP, end_ms);
    assert_int_equal(s->unit.deadline_ms, end_ms - 2000); /* a quarter */
    deadline(s);
    is_killed(s);
    BEGINS(s, HOOK_POST_STOP, 0);
    assert_int_equal(s->unit.hook_by_ms, end_ms);
    is_late(s);
    IS(s, PHASE_STOPPED);
}

static void or_no_more_than_its_time(void **state)
{
    struct story *s = *state;
    int64_t end_ms = s->now.mono_ms + 8000;

    has(s, HOOK_POST_STOP, 1);
    s->spec.hook_timeout_ms = 500;
    start_until_running(s);
    ask_until(s, EV_STOP, end_ms);
    assert_int_equal(s->unit.deadline_ms, end_ms - 500);
}

static void a_shutdown_bounds_the_post_stop_under_way(void **state)
{
    struct story *s = *state;

    has(s, HOOK_POST_STOP, 1);
    start_until_running(s);
    exits(s, 0);
    ask_until(s, EV_STOP, s->now.mono_ms + 300);
    RUNS(s, HOOK_POST_STOP, 0);
    assert_int_equal(s->unit.hook_by_ms, s->now.mono_ms + 300);
}

static void pre_stop_leaves_main_half_of_the_share(void **state)
{
    struct story *s = *state;
    int64_t end_ms = s->now.mono_ms + 4000;

    has(s, HOOK_PRE_STOP, 1);
    start_until_running(s);
    ask_until(s, EV_STOP, end_ms);
    assert_int_equal(s->unit.deadline_ms, end_ms);
    assert_int_equal(s->unit.hook_by_ms, s->now.mono_ms + 2000);
    is_late(s);
    IS(s, PHASE_STOPPING);
    assert_int_equal(s->unit.deadline_ms, end_ms);
}

/* Asked for when a stop has begun already. */
static void so_it_does_when_the_share_comes_later(void **state)
{
    struct story *s = *state;

    has(s, HOOK_PRE_STOP, 1);
    start_until_running(s);
    ask(s, EV_STOP);
    ask_until(s, EV_STOP, s->now.mono_ms + 4000);
    IS(s, PHASE_PRE_STOP);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 4000);
    assert_int_equal(s->unit.hook_by_ms, s->now.mono_ms + 2000);
}

/* Main is gone, and what asked it to end is not. */
static void a_hook_that_is_waited_for_leaves_post_stop_its_part(void **state)
{
    struct story *s = *state;

    has(s, HOOK_STOP, 1);
    has(s, HOOK_POST_STOP, 1);
    start_until_running(s);
    ask(s, EV_STOP);
    exits(s, 0);
    IS(s, PHASE_HOOK_ENDING);
    RUNS(s, HOOK_STOP, 0);
    ask_until(s, EV_STOP, s->now.mono_ms + 4000);
    assert_int_equal(s->unit.hook_by_ms, s->now.mono_ms + 3000);
}

static void a_shutdown_does_not_wait_long_for_what_is_left_of_a_hook(void **state)
{
    struct story *s = *state;
    struct event stop = {.type = EV_STOP, .u.ask = {.by = BY_SHUTDOWN, .patience_ms = 500}};

    has(s, HOOK_POST_START, 1);
    ask(s, EV_START);
    executes(s);
    exits(s, 0);
    IS(s, PHASE_HOOK_ENDING);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 2000);
    take(s, stop);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 500);
    deadline(s);
    IS(s, PHASE_UNKILLABLE);
}

static void nor_when_its_tree_was_killed_before(void **state)
{
    struct story *s = *state;
    struct event stop = {.type = EV_STOP, .u.ask = {.by = BY_SHUTDOWN, .patience_ms = 500}};

    has(s, HOOK_STOP, 1);
    start_until_running(s);
    ask(s, EV_STOP);
    deadline(s);
    IS(s, PHASE_KILLING);
    take(s, stop);
    is_killed(s);
    IS(s, PHASE_HOOK_ENDING);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 500);
}

/* ---- reload ---- */

static void a_reload_signals_main(void **state)
{
    struct story *s = *state;

    s->spec.reload_signal = 1;
    start_until_running(s);
    plain(s, EV_RELOAD);
    assert_int_equal(count(s, ACT_RELOAD), 1);
    assert_int_equal(count(s, ACT_CHANGED), 0);
    goes_well(s);
    assert_int_equal(count(s, ACT_RELOADED), 1);
    assert_int_equal(s->unit.reload_result.how, PROBE_GOOD);
    IS(s, PHASE_RUNNING);
}

static void reloads_at_once_are_two_at_most(void **state)
{
    struct story *s = *state;

    has(s, HOOK_RELOAD, 1);
    start_until_running(s);
    plain(s, EV_RELOAD);
    BEGINS(s, HOOK_RELOAD, 0);
    plain(s, EV_RELOAD);
    plain(s, EV_RELOAD);
    assert_int_equal(s->acts.n, 0);
    goes_well(s);
    BEGINS(s, HOOK_RELOAD, 0);
    goes_well(s);
    assert_int_equal(count(s, ACT_HOOK), 0);
    assert_int_equal(s->unit.hook, HOOK_NONE);
}

static void a_reload_waits_for_post_start(void **state)
{
    struct story *s = *state;

    has(s, HOOK_POST_START, 1);
    has(s, HOOK_RELOAD, 1);
    ask(s, EV_START);
    executes(s);
    plain(s, EV_RELOAD);
    RUNS(s, HOOK_POST_START, 0);
    goes_well(s);
    BEGINS(s, HOOK_RELOAD, 0);
}

static void a_reload_that_failed_says_so_until_the_next(void **state)
{
    struct story *s = *state;

    has(s, HOOK_RELOAD, 2);
    start_until_running(s);
    plain(s, EV_RELOAD);
    goes_badly(s, 7);
    assert_int_equal(count(s, ACT_RELOADED), 1);
    assert_int_equal(count(s, ACT_HOOK), 0);
    assert_int_equal(s->unit.reload_result.how, PROBE_EXITED);
    assert_int_equal(s->unit.reload_result.code, 7);
    plain(s, EV_RELOAD);
    goes_well(s);
    goes_well(s);
    assert_int_equal(s->unit.reload_result.how, PROBE_GOOD);
}

static void a_reload_without_time_for_all_of_it_has_failed(void **state)
{
    struct story *s = *state;

    has(s, HOOK_RELOAD, 2);
    start_until_running(s);
    plain(s, EV_RELOAD);
    pass(s, 5000);
    goes_well(s);
    assert_int_equal(count(s, ACT_RELOADED), 1);
    assert_int_equal(s->unit.reload_result.how, PROBE_LATE);
}

static void only_what_runs_is_reloaded(void **state)
{
    struct story *s = *state;

    has(s, HOOK_RELOAD, 1);
    plain(s, EV_RELOAD);
    assert_int_equal(s->acts.n, 0);
    start_until_running(s);
    plain(s, EV_RELOAD);
    plain(s, EV_RELOAD);
    ask(s, EV_STOP);
    assert_int_equal(count(s, ACT_HOOK_AWAY), 1);
    plain(s, EV_RELOAD);
    assert_int_equal(s->acts.n, 0);
    assert_false(s->unit.reload_wanted);
}

/* ---- held ---- */

static void hold_until(struct story *s, int64_t until_ms)
{
    take(s,
         (struct event){.type = EV_HOLD,
                        .u.hold = {.until_ms = until_ms, .until_wall_ms = 99, .requester = alice}});
}

static void what_is_held_waits_for_its_start(void **state)
{
    struct story *s = *state;

    hold_until(s, s->now.mono_ms + 60000);
    ask(s, EV_START);
    IS(s, PHASE_HELD);
    assert_int_equal(state_of(s), STATE_WAITING);
    assert_int_equal(s->unit.run, 0);
    assert_int_equal(s->unit.held_by.pid, alice.pid);
    assert_int_equal(s->unit.held_until_wall_ms, 99);
    deadline(s);
    IS(s, PHASE_SPAWNING);
    assert_int_equal(s->unit.held_until_ms, 0);
    assert_int_equal(s->unit.held_until_wall_ms, 0);
}

static void a_release_ends_the_hold(void **state)
{
    struct story *s = *state;

    hold_until(s, s->now.mono_ms + 60000);
    ask(s, EV_START);
    hold_until(s, s->now.mono_ms + 90000);
    IS(s, PHASE_HELD);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 90000);
    hold_until(s, 0);
    IS(s, PHASE_SPAWNING);
    assert_false(s->unit.held_by.known);
}

static void a_hold_leaves_alone_what_runs(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    hold_until(s, s->now.mono_ms + 60000);
    IS(s, PHASE_RUNNING);
    assert_int_equal(s->acts.n, 0);
    ask(s, EV_RESTART);
    exits(s, 0);
    IS(s, PHASE_HELD);
    hold_until(s, 0);
    IS(s, PHASE_SPAWNING);
}

static void a_retry_waits_as_well(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    hold_until(s, s->now.mono_ms + 60000);
    exits(s, 1);
    IS(s, PHASE_BACKOFF);
    deadline(s);
    IS(s, PHASE_HELD);
    assert_int_equal(s->unit.run, 1);
}

static void a_stop_of_what_is_held_stops_it_and_the_hold_stays(void **state)
{
    struct story *s = *state;

    hold_until(s, s->now.mono_ms + 60000);
    ask(s, EV_START);
    ask(s, EV_STOP);
    IS(s, PHASE_STOPPED);
    ask(s, EV_START);
    IS(s, PHASE_HELD);
}

static void after_the_hold_conditions_count(void **state)
{
    struct story *s = *state;

    hold_until(s, s->now.mono_ms + 60000);
    ask(s, EV_START);
    s->unit.n_unmet = 1;
    deadline(s);
    IS(s, PHASE_WAITING);
}

/* The news of that are on their way. */
static void nothing_starts_after_the_hold_once_the_goal_has_fallen(void **state)
{
    struct story *s = *state;

    hold_until(s, s->now.mono_ms + 60000);
    ask(s, EV_START);
    s->unit.goal = false;
    deadline(s);
    IS(s, PHASE_STOPPED);
    assert_int_equal(s->unit.run, 0);
    hold_until(s, s->now.mono_ms + 60000);
    ask(s, EV_START);
    s->unit.goal = false;
    hold_until(s, 0);
    IS(s, PHASE_STOPPED);
    assert_int_equal(s->unit.run, 0);
}

/* Whatever else it waits for: who only wants it is not to wait for that. */
static void what_waits_already_is_held_at_once(void **state)
{
    struct story *s = *state;

    s->unit.n_unmet = 1;
    ask(s, EV_START);
    IS(s, PHASE_WAITING);
    hold_until(s, s->now.mono_ms + 60000);
    IS(s, PHASE_HELD);
    hold_until(s, 0);
    IS(s, PHASE_WAITING);
    hold_until(s, 0);
    assert_int_equal(s->acts.n, 0);
    s->unit.n_dead = 1;
    plain(s, EV_CONDITIONS);
    IS(s, PHASE_STUCK);
    hold_until(s, s->now.mono_ms + 60000);
    IS(s, PHASE_HELD);
    deadline(s);
    IS(s, PHASE_STUCK);
}

/* It is done then, as exit_when sees it, and somebody has to look. */
static void the_end_of_a_hold_of_what_is_over_is_an_event(void **state)
{
    struct story *s = *state;

    s->spec.restart = RESTART_NEVER;
    start_until_running(s);
    hold_until(s, s->now.mono_ms + 60000);
    exits(s, 0);
    IS(s, PHASE_COMPLETED);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 60000);
    hold_until(s, s->now.mono_ms + 90000);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 90000);
    deadline(s);
    assert_int_equal(s->unit.held_until_ms, 0);
    assert_int_equal(s->unit.deadline_ms, 0);
    hold_until(s, s->now.mono_ms + 1000);
    assert_int_equal(s->unit.deadline_ms, s->now.mono_ms + 1000);
    hold_until(s, 0);
    assert_int_equal(s->unit.deadline_ms, 0);
    IS(s, PHASE_COMPLETED);
}

static void what_ends_for_good_while_held_is_spared(void **state)
{
    struct story *s = *state;

    s->spec.restart = RESTART_NEVER;
    start_until_running(s);
    hold_until(s, s->now.mono_ms + 60000);
    exits(s, 1);
    IS(s, PHASE_FAILED);
    assert_true(s->unit.spared);
    hold_until(s, 0);
    assert_true(s->unit.spared);
    ask(s, EV_START);
    assert_false(s->unit.spared);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, story_begin, story_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(main_comes_to_be_when_all_of_pre_start_went_well),
        STORY(a_failed_pre_start_is_a_failed_start),
        STORY(why_a_command_of_pre_start_could_not_execute_is_told),
        STORY(what_there_is_no_time_left_for_is_late),
        STORY(a_stop_during_pre_start_ends_the_hook_and_spawns_nothing),
        STORY(a_stop_gives_pre_start_no_more_time),
        STORY(a_restart_during_pre_start_gives_one_new_run),
        STORY(post_start_runs_beside_main_and_fails_alone),
        STORY(mains_end_ends_post_start),
        STORY(what_post_start_says_when_it_is_not_wanted_any_more_means_nothing),
        STORY(main_is_told_after_pre_stop_and_has_all_its_time),
        STORY(main_that_ends_during_pre_stop_ended_by_itself),
        STORY(what_was_never_ready_is_told_by_signal_alone),
        STORY(stop_command_stands_for_the_signal),
        STORY(who_is_dead_when_stop_command_begins_ended_by_itself),
        STORY(when_stop_command_fails_the_signal_follows),
        STORY(sigkill_falls_while_stop_command_is_at_work),
        STORY(an_extension_of_the_stop_is_one_of_stop_command),
        STORY(survivors_of_main_are_ended_beside_stop_command),
        STORY(a_stop_ends_what_runs_beside_main_first),
        STORY(the_record_follows_post_stop),
        STORY(post_stop_follows_a_start_that_failed),
        STORY(a_failure_is_told_though_the_next_run_has_begun),
        STORY(without_time_post_stop_is_late_and_not_begun),
        STORY(a_stop_during_post_stop_lets_it_end_and_nothing_follow),
        STORY(a_start_during_post_stop_follows_it_at_once),
        STORY(what_is_left_of_a_hook_is_unkillable),
        STORY(what_is_left_of_post_stop_holds_up_the_next_run),
        STORY(the_end_of_a_hook_is_waited_for_in_one_phase),
        STORY(a_signal_says_nothing_of_what_is_left_of_a_command),
        STORY(post_stop_has_its_part_of_the_share),
        STORY(or_no_more_than_its_time),
        STORY(a_shutdown_bounds_the_post_stop_under_way),
        STORY(pre_stop_leaves_main_half_of_the_share),
        STORY(so_it_does_when_the_share_comes_later),
        STORY(a_hook_that_is_waited_for_leaves_post_stop_its_part),
        STORY(a_shutdown_does_not_wait_long_for_what_is_left_of_a_hook),
        STORY(nor_when_its_tree_was_killed_before),
        STORY(a_reload_signals_main),
        STORY(reloads_at_once_are_two_at_most),
        STORY(a_reload_waits_for_post_start),
        STORY(a_reload_that_failed_says_so_until_the_next),
        STORY(a_reload_without_time_for_all_of_it_has_failed),
        STORY(only_what_runs_is_reloaded),
        STORY(what_is_held_waits_for_its_start),
        STORY(a_release_ends_the_hold),
        STORY(a_hold_leaves_alone_what_runs),
        STORY(a_retry_waits_as_well),
        STORY(a_stop_of_what_is_held_stops_it_and_the_hold_stays),
        STORY(after_the_hold_conditions_count),
        STORY(nothing_starts_after_the_hold_once_the_goal_has_fallen),
        STORY(what_waits_already_is_held_at_once),
        STORY(the_end_of_a_hold_of_what_is_over_is_an_event),
        STORY(what_ends_for_good_while_held_is_spared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
