/*
 * A second opinion on every step, written event by event where the core is written phase by phase.
 * It knows the truth about processes (struct life) and expects phase, deadline, actions, counters
 * and records.
 */
#include <errno.h>
#include <string.h>

#include "oracle.h"

void oracle_init(struct oracle *o)
{
    memset(o, 0, sizeof *o);
    o->phase = PHASE_STOPPED;
    o->hook = HOOK_NONE;
}

void oracle_go(struct oracle *o, enum unit_phase phase, int64_t deadline_ms)
{
    oracle_look_away(o);
    o->phase = phase;
    o->deadline_lo_ms = deadline_ms;
    o->deadline_hi_ms = deadline_ms;
    o->actions[ACT_CHANGED]++;
}

/* ---- beginning ---- */

void oracle_spawn(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    o->spawned_ms = now.mono_ms;
    oracle_go(o, PHASE_SPAWNING, sooner(now.mono_ms + su->spec.ready_timeout_ms, job_end_ms(su)));
    o->actions[ACT_SPAWN]++;
}

static void begin_run(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    memset(&o->want, 0, sizeof o->want);
    o->want.run = ++o->run;
    o->want.attempt = ++o->tries;
    o->want.started_wall_ms = now.wall_ms;
    o->want.ready_after_ms = -1;
    o->want.exit_code = -1;
    o->want.oom_kill = -1;
    o->started_ms = now.mono_ms;
    o->again = o->told_down = o->ready = o->main_ended = o->spared = false;
    o->patience_ms = 0;
    o->by = BY_NOBODY;
    o->who = (struct requester){0};
    o->kill_from_ms = INT64_MAX;
    o->kill_by_ms = o->end_by_ms = o->extended_ms = 0;
    o->told_ready = false;
    oracle_looks_begin(su);
    oracle_hooks_begin(o);
    if (!su->spec.hooks[HOOK_PRE_START].n) {
        oracle_spawn(su, now);
        return;
    }
    oracle_go(o, PHASE_PRE_START, 0);
    oracle_hook(su, HOOK_PRE_START, 0, now);
}

void oracle_forget(struct oracle *o)
{
    o->tries = 0;
    o->streak = 0;
    o->policy_restarts = 0;
    o->n_restarts = 0;
}

/* No run begins while the unit is held, nor before all that it waits for is so. */
void oracle_begin(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    o->again = false;
    if (o->held_until_ms)
        oracle_go(o, PHASE_HELD, o->held_until_ms);
    else if (su->core.n_unmet == 0)
        begin_run(su, now);
    else
        oracle_go(o, su->core.n_dead ? PHASE_STUCK : PHASE_WAITING, 0);
}

void oracle_begin_as_new(struct sim_unit *su, struct moment now)
{
    oracle_forget(&su->oracle);
    oracle_begin(su, now);
}

/* ---- main's end ---- */

static void main_ends(struct sim_unit *su, const struct exit_status *status, struct moment at)
{
    struct oracle *o = &su->oracle;
    struct exit_record *r = &o->want;

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
    o->main_ended = true;
    o->main_ended_ms = at.mono_ms;
    o->ready = false;
    r->ended_wall_ms = at.wall_ms;
    r->duration_ms = at.mono_ms - o->started_ms;
    oracle_judge(su);
}

void oracle_main_never_was(struct sim_unit *su, struct moment now)
{
    main_ends(su, NULL, now);
}

static void on_exited(struct sim_unit *su, const struct event *ev, struct moment now)
{
    struct oracle *o = &su->oracle;

    main_ends(su, &ev->u.exited.status, ev->u.exited.at);
    if (o->phase == PHASE_RUNNING) /* nobody is there to be prepared, or to reload */
        oracle_hook_away(o, now);
    if (ev->u.exited.tree_empty) {
        oracle_tree_over(su, now);
        return;
    }
    if (one_of(o->phase, KILLED))
        return;
    if (!one_of(o->phase, TOLD))
        o->kill_from_ms = sooner_of(now.mono_ms + su->spec.stop_timeout_ms, o->kill_by_ms);
    oracle_go(o, PHASE_DRAINING, o->kill_from_ms);
    o->actions[ACT_SURVIVORS]++;
}

/* ---- events ---- */

static void on_conditions(struct sim_unit *su, struct moment now)
{
    const struct oracle *o = &su->oracle;
    const struct unit *u = &su->core;

    if (!one_of(o->phase, IDLE))
        return;
    if (u->n_unmet == 0 || (u->n_dead && o->phase == PHASE_WAITING) ||
        (!u->n_dead && o->phase == PHASE_STUCK))
        oracle_begin(su, now);
}

static void on_ask(struct sim_unit *su, const struct event *ev, struct moment now)
{
    struct oracle *o = &su->oracle;

    if (one_of(o->phase, DOWN)) {
        oracle_begin_as_new(su, now);
    } else if (one_of(o->phase, IDLE) || o->phase == PHASE_HELD) {
        oracle_forget(o);
        on_conditions(su, now);
    } else if (!one_of(o->phase, UP | 1U << PHASE_PRE_START)) {
        o->again = true;
    } else if (ev->type == EV_RESTART) {
        o->again = true;
        oracle_end_up(su, ev, now);
    }
}

/* What depends on another one goes down and comes again with it; not what is ending already. */
static void on_bounce(struct sim_unit *su, const struct event *ev, struct moment now)
{
    struct oracle *o = &su->oracle;

    if (o->phase == PHASE_BACKOFF) {
        if (su->core.n_unmet)
            oracle_begin(su, now);
    } else if (one_of(o->phase, UP | 1U << PHASE_PRE_START)) {
        o->again = true;
        oracle_end_up(su, ev, now);
    }
}

static void on_reset(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    oracle_forget(o);
    if (o->phase == PHASE_FAILED && su->core.goal)
        oracle_begin(su, now);
    else if (o->phase == PHASE_FAILED)
        oracle_go(o, PHASE_STOPPED, 0);
    else if (!one_of(o->phase, NO_RUN))
        o->tries = 1; /* the run under way */
}

static void on_execed(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    if (o->phase == PHASE_SPAWNING && su->spec.ready != READY_STARTED && !o->told_ready) {
        oracle_probing(su, now);
    } else if (o->phase == PHASE_SPAWNING) {
        oracle_ready(su, now);
    } else if ((su->spec.ready == READY_STARTED || o->told_ready) &&
               o->want.error_stage == STAGE_NONE && one_of(o->phase, ENDING | KILLED)) {
        /* it did execute, though a stop was faster than the news */
        o->want.ready_after_ms = now.mono_ms - o->started_ms;
    }
}

static void on_start_too_slow(struct sim_unit *su, struct moment now)
{
    struct exit_record *r = &su->oracle.want;

    if (job_end_ms(su) <= now.mono_ms) {
        oracle_begin_stop(su, BY_TIMEOUT, (struct requester){0}, 0, now);
        return;
    }
    if (r->error_stage == STAGE_NONE) { /* what the child said is the better answer */
        r->error_stage = STAGE_READY;
        r->error_errno = ETIMEDOUT;
    }
    oracle_begin_stop(su, BY_NOBODY, (struct requester){0}, 0, now);
}

static void on_deadline(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    if (!o->deadline_lo_ms || o->deadline_lo_ms > now.mono_ms)
        return;
    if (one_of(o->phase, COMING)) {
        on_start_too_slow(su, now);
    } else if (o->phase == PHASE_RUNNING) {
        oracle_begin_stop(su, BY_TIMEOUT, (struct requester){0}, 0, now);
    } else if (one_of(o->phase, ENDING)) {
        oracle_hook_late(o, now);
        oracle_kill(o, now);
    } else if (o->phase == PHASE_KILLING || o->phase == PHASE_HOOK_ENDING) {
        oracle_go(o, PHASE_UNKILLABLE, 0);
        o->actions[ACT_UNKILLABLE]++;
    } else if (one_of(o->phase, 1U << PHASE_COMPLETED | 1U << PHASE_FAILED)) {
        o->deadline_lo_ms = o->deadline_hi_ms = 0; /* not held any more */
    } else if (!su->core.goal) {
        oracle_go(o, PHASE_STOPPED, 0); /* the stop is on its way */
    } else {
        o->policy_restarts += o->phase == PHASE_BACKOFF;
        oracle_begin(su, now);
    }
}

static void on_fact(struct sim_unit *su, const struct event *ev, struct moment now)
{
    struct oracle *o = &su->oracle;

    switch ((unsigned)ev->type) {
    case EV_SPAWNED:
        o->want.pid = ev->u.spawned.pid;
        break;
    case EV_MAINPID:
        if (o->main_ended)
            break;
        o->want.pid = ev->u.main_pid;
        if (o->phase == PHASE_STOPPING && su->spec.kill_mode == KILL_MAIN)
            o->actions[ACT_SIGNAL]++;
        break;
    case EV_EXEC_ERROR:
    case EV_SPAWN_ERROR:
        o->want.error_stage = ev->u.error.stage;
        o->want.error_errno = ev->u.error.errnum;
        if (ev->type == EV_SPAWN_ERROR) {
            oracle_main_never_was(su, now);
            oracle_tree_over(su, now);
        }
        break;
    case EV_EXECED:
        on_execed(su, now);
        break;
    case EV_SIGNALLED:
        if (!o->main_ended && !o->want.stop_signal_wall_ms)
            o->want.stop_signal_wall_ms = now.wall_ms;
        break;
    case EV_KILLED:
        o->want.leftovers_killed += ev->u.killed.leftovers;
        if (!o->want.kill_wall_ms && (ev->u.killed.main_alive || ev->u.killed.leftovers))
            o->want.kill_wall_ms = now.wall_ms;
        break;
    case EV_EXITED:
        on_exited(su, ev, now);
        break;
    case EV_TREE_EMPTY:
        if (o->main_ended && one_of(o->phase, KILLED | 1U << PHASE_DRAINING))
            oracle_tree_over(su, now);
        break;
    default:
        oracle_looks_step(su, ev, now);
        oracle_hooks_step(su, ev, now);
        break;
    }
}

void oracle_step(struct sim_unit *su, const struct event *ev, struct moment now)
{
    struct oracle *o = &su->oracle;

    memset(o->actions, 0, sizeof o->actions);
    if (o->held_until_ms <= now.mono_ms)
        o->held_until_ms = o->held_until_wall_ms = 0;
    if (ev->run && (ev->run != o->run || one_of(o->phase, NO_RUN)))
        return;
    switch ((unsigned)ev->type) {
    case EV_START:
    case EV_RESTART:
        on_ask(su, ev, now);
        break;
    case EV_STOP:
        oracle_on_stop(su, ev, now);
        break;
    case EV_BOUNCE:
        on_bounce(su, ev, now);
        break;
    case EV_CONDITIONS:
        on_conditions(su, now);
        break;
    case EV_RESET:
        on_reset(su, now);
        break;
    case EV_DEADLINE:
        on_deadline(su, now);
        break;
    default:
        on_fact(su, ev, now);
        break;
    }
}
