/* Telling a run to end, and its ending: cells and verbs of the machine. */
#include <errno.h>

#include "core/unit_step.h"

/* ---- times ---- */

/* A shutdown's share of the time: post_stop has its part of that, after SIGKILL. */
static int64_t kill_by(const struct step *st, int64_t end_by_ms)
{
    int64_t share_ms = end_by_ms - st->now.mono_ms;
    int64_t part_ms = share_ms / 4;

    if (share_ms <= 0 || !st->u->spec->hooks[HOOK_POST_STOP].n)
        return end_by_ms;
    return end_by_ms -
           (st->u->spec->hook_timeout_ms < part_ms ? st->u->spec->hook_timeout_ms : part_ms);
}

/* Takes over by when all is to be over (0: there is no such time), where that is sooner. */
static void take_times(struct step *st, int64_t end_by_ms)
{
    struct unit *u = st->u;

    u->end_by_ms = step_earlier(u->end_by_ms, end_by_ms);
    if (end_by_ms)
        u->kill_by_ms = step_earlier(u->kill_by_ms, kill_by(st, end_by_ms));
}

/* Until when a command may go on that stands before SIGKILL. Main is to have some of the time. */
static int64_t hook_by(const struct step *st)
{
    const struct unit *u = st->u;

    if (u->phase != PHASE_PRE_STOP || !u->kill_by_ms)
        return u->kill_by_ms;
    return st->now.mono_ms + (u->kill_by_ms - st->now.mono_ms) / 2;
}

/* What outlives SIGKILL is waited for no longer than this (0: as it is). */
static void take_patience(struct step *st)
{
    struct unit *u = st->u;
    int64_t patience_ms = st->ev->u.ask.patience_ms;
    int64_t by_ms = step_in_ms(st, patience_ms);

    if (!patience_ms)
        return;
    u->patience_ms = step_earlier(u->patience_ms, patience_ms);
    if (u->hook_left)
        u->hook_left_by_ms = step_earlier(u->hook_left_by_ms, by_ms);
    if (u->deadline_ms && (u->phase == PHASE_KILLING || u->phase == PHASE_HOOK_ENDING))
        u->deadline_ms = step_earlier(u->deadline_ms, by_ms);
}

/* ---- telling main ---- */

static void kill_tree(struct step *st)
{
    step_hook_away(st);
    step_enter(st, PHASE_KILLING,
               step_in_ms(st, st->u->patience_ms ? st->u->patience_ms : UNKILLABLE_AFTER_MS));
    step_act(st, ACT_KILL);
}

/* By stop_command, if the unit has one and was ready, else by the signal. */
static void tell_main(struct step *st)
{
    struct unit *u = st->u;
    int64_t deadline_ms = step_earlier(step_in_ms(st, u->spec->stop_timeout_ms), u->kill_by_ms);

    if (deadline_ms <= st->now.mono_ms) {
        kill_tree(st);
    } else if (u->current.ready_after_ms >= 0 && u->spec->hooks[HOOK_STOP].n) {
        step_enter(st, PHASE_ASKED, deadline_ms);
        step_hook(st, HOOK_STOP, deadline_ms);
    } else {
        step_enter(st, PHASE_STOPPING, deadline_ms);
        step_act(st, ACT_SIGNAL);
    }
}

void step_begin_stop(struct step *st, enum requested_by by, struct requester requester,
                     int64_t end_by_ms)
{
    struct unit *u = st->u;
    int64_t by_ms = step_in_ms(st, u->spec->hook_timeout_ms);

    step_hook_away(st);
    u->reload_wanted = false;
    take_times(st, end_by_ms);
    u->current.requested_by = by;
    u->current.requester = requester;
    u->ready = false;
    if (u->current.ready_after_ms < 0 || !u->spec->hooks[HOOK_PRE_STOP].n ||
        (u->kill_by_ms && u->kill_by_ms <= st->now.mono_ms)) {
        tell_main(st);
        return;
    }
    step_enter(st, PHASE_PRE_STOP, u->kill_by_ms);
    step_hook(st, HOOK_PRE_STOP, step_earlier(by_ms, hook_by(st)));
}

/* There is no main yet, and will not be. */
static void interrupt_pre_start(struct step *st)
{
    struct unit *u = st->u;

    take_times(st, st->ev->u.ask.kill_by_ms);
    u->current.requested_by = st->ev->u.ask.by;
    u->current.requester = st->ev->u.ask.requester;
    u->current.stop_signal_wall_ms = st->now.wall_ms;
    u->hook_by_ms = step_earlier(u->hook_by_ms, step_in_ms(st, u->spec->stop_timeout_ms));
    u->hook_by_ms = step_earlier(u->hook_by_ms, u->kill_by_ms);
    step_enter(st, PHASE_HOOK_ENDING, 0);
    step_act(st, ACT_HOOK_STOP);
}

/* ---- asked for ---- */

void cell_stop(struct step *st)
{
    struct unit *u = st->u;

    u->told_down = true;
    u->patience_ms = st->ev->u.ask.patience_ms;
    if (u->phase == PHASE_PRE_START)
        interrupt_pre_start(st);
    else
        step_begin_stop(st, st->ev->u.ask.by, st->ev->u.ask.requester, st->ev->u.ask.kill_by_ms);
}

void cell_restart(struct step *st)
{
    st->u->again = true;
    if (st->u->phase == PHASE_PRE_START)
        interrupt_pre_start(st);
    else
        step_begin_stop(st, st->ev->u.ask.by, st->ev->u.ask.requester, st->ev->u.ask.kill_by_ms);
}

void cell_start_again(struct step *st)
{
    st->u->again = true;
}

static void stay_down(struct unit *u)
{
    u->told_down = true;
    u->again = false;
}

void cell_stop_sooner(struct step *st)
{
    struct unit *u = st->u;

    stay_down(u);
    take_patience(st);
    take_times(st, st->ev->u.ask.kill_by_ms);
    u->deadline_ms = step_earlier(u->deadline_ms, u->kill_by_ms);
    if (u->deadline_ms && u->deadline_ms <= st->now.mono_ms)
        kill_tree(st);
    else if (u->hook != HOOK_NONE)
        u->hook_by_ms = step_earlier(u->hook_by_ms, hook_by(st));
}

void cell_stop_killing(struct step *st)
{
    stay_down(st->u);
    take_patience(st);
    take_times(st, st->ev->u.ask.kill_by_ms);
}

void cell_stop_hook(struct step *st)
{
    struct unit *u = st->u;

    stay_down(u);
    take_patience(st);
    take_times(st, st->ev->u.ask.kill_by_ms);
    if (u->hook != HOOK_NONE)
        u->hook_by_ms =
            step_earlier(u->hook_by_ms, u->phase == PHASE_POST_STOP ? u->end_by_ms : hook_by(st));
}

/* ---- what comes of it ---- */

void cell_signalled(struct step *st)
{
    if (!st->u->current.stop_signal_wall_ms)
        st->u->current.stop_signal_wall_ms = st->now.wall_ms;
}

void cell_killed(struct step *st)
{
    struct exit_record *r = &st->u->current;
    /* A main that was dead already, though not reaped, was not killed by this: the time of the
     * leftovers' kill must not make its end a forced one. */
    bool early = st->u->main_alive && !st->ev->u.killed.main_alive;
    int64_t *at_ms = early ? &st->u->early_kill_wall_ms : &r->kill_wall_ms;

    if (!*at_ms && (st->ev->u.killed.main_alive || st->ev->u.killed.leftovers))
        *at_ms = st->now.wall_ms;
    r->leftovers_killed += st->ev->u.killed.leftovers;
}

/* What outlived main gets the signal, and the time that is left. */
static void drain(struct step *st, int64_t deadline_ms)
{
    step_enter(st, PHASE_DRAINING, deadline_ms);
    step_act(st, ACT_SURVIVORS);
}

static void main_ended(struct step *st)
{
    step_settle(st, &st->ev->u.exited.status, st->ev->u.exited.at);
    st->u->ready = false;
}

void cell_exited(struct step *st)
{
    struct unit *u = st->u;

    main_ended(st);
    if (u->phase == PHASE_RUNNING)
        step_hook_away(st);
    if (st->ev->u.exited.tree_empty)
        step_run_over(st);
    else
        drain(st, step_earlier(step_in_ms(st, u->spec->stop_timeout_ms), u->kill_by_ms));
}

void cell_exited_stopping(struct step *st)
{
    int64_t deadline_ms = st->u->deadline_ms;

    main_ended(st);
    if (st->ev->u.exited.tree_empty)
        step_run_over(st);
    else
        drain(st, deadline_ms);
}

void cell_exited_killing(struct step *st)
{
    main_ended(st);
    if (st->ev->u.exited.tree_empty)
        step_run_over(st);
}

void cell_tree_empty(struct step *st)
{
    /* With main not reaped yet its EXITED is still to come and will say the same. */
    if (!st->u->main_alive)
        step_run_over(st);
}

/* ---- time is up ---- */

void cell_start_deadline(struct step *st)
{
    struct unit *u = st->u;
    int64_t job_ms = step_job_deadline(u);

    if (job_ms && job_ms <= st->now.mono_ms) {
        step_begin_stop(st, BY_TIMEOUT, (struct requester){0}, 0);
        return;
    }
    if (u->current.error_stage == STAGE_NONE) { /* else the child said why, and lingers */
        u->current.error_stage = STAGE_READY;
        u->current.error_errno = ETIMEDOUT;
    }
    step_begin_stop(st, BY_NOBODY, (struct requester){0}, 0);
}

void cell_job_timeout(struct step *st)
{
    step_begin_stop(st, BY_TIMEOUT, (struct requester){0}, 0);
}

void cell_stop_deadline(struct step *st)
{
    step_hook_late(st); /* stop_command has as much time as the stop */
    kill_tree(st);
}

void cell_kill_deadline(struct step *st)
{
    step_enter(st, PHASE_UNKILLABLE, 0);
    step_act(st, ACT_UNKILLABLE);
}

/* ---- hooks of a stop ---- */

void cell_hooked_pre_stop(struct step *st)
{
    if (step_hook_goes_on(st, NULL))
        return;
    tell_main(st);
}

void cell_hooked_asked(struct step *st)
{
    int64_t deadline_ms = st->u->deadline_ms;
    bool failed;

    if (step_hook_goes_on(st, &failed))
        return;
    step_enter(st, PHASE_STOPPING, deadline_ms);
    if (failed)
        step_act(st, ACT_SIGNAL);
}
