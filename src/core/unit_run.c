/* A run from its number to its record, and what it begins with and leads to: cells and verbs of the
 * machine. */
#include <errno.h>
#include <string.h>

#include "core/aftermath.h"
#include "core/unit_step.h"

/* ---- beginning ---- */

void step_spawn(struct step *st)
{
    struct unit *u = st->u;

    u->spawned_ms = st->now.mono_ms;
    step_enter(st, PHASE_SPAWNING,
               step_earlier(step_in_ms(st, u->spec->ready_timeout_ms), step_job_deadline(u)));
    step_act(st, ACT_SPAWN);
}

static void forget_run(struct unit *u)
{
    u->ready = false;
    u->again = false;
    u->told_down = false;
    u->spared = false;
    u->patience_ms = 0;
    u->main_alive = false;
    u->spawned_ms = 0;
    u->ended_ms = 0;
    u->early_kill_wall_ms = 0;
    u->ready_early = false;
    u->extended_ms = 0;
    u->watchdog_ms = u->spec->health.kind == PROBE_NOTIFY ? u->spec->health_interval_ms : 0;
    u->kill_by_ms = 0;
    u->end_by_ms = 0;
    u->hook = HOOK_NONE;
    u->hooks_over = false;
    u->tree_gone = false;
    u->reload_wanted = false;
    u->reload_result = (struct probe_result){.how = PROBE_GOOD};
    health_begin(&u->health);
    memset(&u->current, 0, sizeof u->current);
}

static void begin_run(struct step *st)
{
    struct unit *u = st->u;

    records_reserve(&u->records);
    forget_run(u);
    u->run++;
    u->attempt++;
    u->started_ms = st->now.mono_ms;
    u->current.run = u->run;
    u->current.attempt = u->attempt;
    u->current.started_wall_ms = st->now.wall_ms;
    u->current.ready_after_ms = -1;
    u->current.exit_code = -1;
    u->current.oom_kill = -1;
    if (!u->spec->hooks[HOOK_PRE_START].n) {
        step_spawn(st);
        return;
    }
    step_enter(st, PHASE_PRE_START, 0);
    step_hook(st, HOOK_PRE_START, step_in_ms(st, u->spec->hook_timeout_ms));
}

void step_go(struct step *st)
{
    struct unit *u = st->u;

    u->again = false;
    if (u->held_until_ms)
        step_enter(st, PHASE_HELD, u->held_until_ms);
    else if (!u->n_unmet)
        begin_run(st);
    else if (u->n_dead)
        step_enter(st, PHASE_STUCK, 0);
    else
        step_enter(st, PHASE_WAITING, 0);
}

void step_forgive(struct unit *u)
{
    u->attempt = 0;
    u->failures = 0;
    u->n_restarts = 0;
    u->n_restart_times = 0;
}

/* ---- ending ---- */

static void end_for_good(struct step *st, bool success)
{
    st->u->spared = st->u->held_until_ms != 0;
    step_enter(st, success ? PHASE_COMPLETED : PHASE_FAILED, st->u->held_until_ms);
}

void step_retry(struct step *st)
{
    st->u->n_restarts++;
    step_go(st);
}

static void back_off(struct step *st, int64_t delay_ms)
{
    struct unit *u = st->u;

    if (delay_ms == 0) {
        step_retry(st);
        return;
    }
    step_enter(st, PHASE_BACKOFF, step_in_ms(st, delay_ms));
    u->next_start_wall_ms = st->now.wall_ms + delay_ms;
}

/* What follows a run that nobody ended. */
static void after_run(struct step *st, bool success)
{
    int64_t delay_ms;

    switch (aftermath_of(st->u, success, st->now.mono_ms, st->random, &delay_ms)) {
    case AFTERMATH_COMPLETED:
        end_for_good(st, true);
        break;
    case AFTERMATH_FAILED:
        end_for_good(st, false);
        break;
    case AFTERMATH_AGAIN:
        back_off(st, delay_ms);
        break;
    }
}

void step_settle(struct step *st, const struct exit_status *status, struct moment at)
{
    struct unit *u = st->u;
    struct exit_record *r = &u->current;

    if (status)
        r->oom_kill = status->oom_kill;
    if (status && !status->lost) {
        r->has_status = true;
        r->exit_code = status->exit_code;
        r->signal = status->signal;
        r->core_dumped = status->core_dumped;
        r->cpu_user_ms = status->cpu_user_ms;
        r->cpu_system_ms = status->cpu_system_ms;
        r->max_rss_bytes = status->max_rss_bytes;
    }
    /* An end that nothing of ours reached came by itself, whoever was about to ask for it. */
    if (!r->stop_signal_wall_ms && !r->kill_wall_ms) {
        r->requested_by = BY_NOBODY;
        r->requester = (struct requester){0};
    }
    u->main_alive = false;
    u->ended_ms = at.mono_ms;
    r->ended_wall_ms = at.wall_ms;
    r->duration_ms = u->ended_ms - u->started_ms;
    r->reason = outcome_reason(r, &u->spec->success_exit);
    if (!r->kill_wall_ms)
        r->kill_wall_ms = u->early_kill_wall_ms;
}

/* The record is final, and what comes next is decided. */
static void end_run(struct step *st)
{
    struct unit *u = st->u;
    bool success = outcome_success(&u->current, &u->spec->success_exit);

    u->ready = false;
    records_push(&u->records, &u->current);
    step_act(st, ACT_RECORDED);
    step_act(st, ACT_RELEASE);
    /* The goal may have fallen since a restart was told. */
    if (!u->goal || (u->told_down && !u->again)) {
        u->again = false;
        step_enter(st, PHASE_STOPPED, 0);
    } else if (u->again) {
        step_forgive(u);
        step_go(st);
    } else {
        after_run(st, success);
    }
}

/* Nobody has told of an end that came before there was a main process. */
static void settle_nothing(struct step *st)
{
    if (st->u->current.reason == REASON_NONE)
        step_settle(st, NULL, st->now);
}

/* 0: it has a time of its own. */
static void wait_for_hook(struct step *st, int64_t deadline_ms)
{
    if (st->u->phase == PHASE_HOOK_ENDING)
        st->u->deadline_ms = deadline_ms;
    else
        step_enter(st, PHASE_HOOK_ENDING, deadline_ms);
}

/* A shutdown is at its end: a command that is begun and killed at once may do half of what it is
 * for. */
static void skip_post_stop(struct step *st)
{
    struct unit *u = st->u;

    u->hook = HOOK_POST_STOP;
    u->hook_at = 0;
    u->hook_by_ms = u->end_by_ms;
    u->hook_full_ms = step_in_ms(st, u->spec->hook_timeout_ms);
    step_hook_late(st);
    u->hook = HOOK_NONE;
}

/* Returns whether it is at work. */
static bool begin_post_stop(struct step *st)
{
    struct unit *u = st->u;

    u->hooks_over = true;
    if (u->end_by_ms && u->end_by_ms <= st->now.mono_ms) {
        skip_post_stop(st);
        return false;
    }
    step_enter(st, PHASE_POST_STOP, 0);
    step_hook(st, HOOK_POST_STOP,
              step_earlier(step_in_ms(st, u->spec->hook_timeout_ms), u->end_by_ms));
    return true;
}

void step_run_over(struct step *st)
{
    struct unit *u = st->u;

    u->tree_gone = true;
    if (u->hook != HOOK_NONE) {
        wait_for_hook(st, 0);
        return;
    }
    settle_nothing(st);
    if (u->hook_left) {
        if (u->phase != PHASE_UNKILLABLE)
            wait_for_hook(st, u->hook_left_by_ms);
        return;
    }
    if (!u->hooks_over && u->spec->hooks[HOOK_POST_STOP].n && begin_post_stop(st))
        return;
    end_run(st);
}

/* ---- from the clone to the end of the tree ---- */

void cell_spawned(struct step *st)
{
    st->u->current.pid = st->ev->u.spawned.pid;
    st->u->tracked_cgroup = st->ev->u.spawned.cgroup;
    st->u->main_alive = true;
}

void cell_spawn_error(struct step *st)
{
    st->u->current.error_stage = st->ev->u.error.stage;
    st->u->current.error_errno = st->ev->u.error.errnum;
    step_settle(st, NULL, st->now);
    step_run_over(st);
}

/* The child tells why it could not execute; its exit follows at once. */
void cell_exec_error(struct step *st)
{
    st->u->current.error_stage = st->ev->u.error.stage;
    st->u->current.error_errno = st->ev->u.error.errnum;
}

/* The one before is a member of the tree like any other now. */
void cell_mainpid(struct step *st)
{
    if (st->u->main_alive)
        st->u->current.pid = st->ev->u.main_pid;
}

/* Where only main is asked to end, the new one was not asked yet. */
void cell_mainpid_stopping(struct step *st)
{
    cell_mainpid(st);
    if (st->u->main_alive && st->u->spec->kill_mode == KILL_MAIN)
        step_act(st, ACT_SIGNAL);
}
