/*
 * A second opinion on every step, written event by event where the core is written phase by phase.
 * It knows the truth about processes (struct life) and expects phase, deadline, actions, counters
 * and records.
 */
#include <errno.h>
#include <string.h>

#include "oracle.h"

static const int64_t no_process_delay_ms = 100;

void oracle_init(struct oracle *o)
{
    memset(o, 0, sizeof *o);
    o->phase = PHASE_STOPPED;
}

void oracle_go(struct oracle *o, enum unit_phase phase, int64_t deadline_ms)
{
    oracle_look_away(o);
    o->phase = phase;
    o->deadline_lo_ms = deadline_ms;
    o->deadline_hi_ms = deadline_ms;
    o->actions[ACT_CHANGED]++;
}

static void spawn(struct sim_unit *su, struct moment now)
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
    o->again = o->told_down = o->ready = o->main_ended = false;
    o->patience_ms = 0;
    o->by = BY_NOBODY;
    o->who = (struct requester){0};
    o->kill_from_ms = INT64_MAX;
    o->kill_by_ms = o->extended_ms = 0;
    o->told_ready = false;
    oracle_looks_begin(su);
    oracle_go(o, PHASE_SPAWNING, sooner(now.mono_ms + su->spec.ready_timeout_ms, job_end_ms(su)));
    o->actions[ACT_SPAWN]++;
}

static void forget(struct oracle *o)
{
    o->tries = 0;
    o->streak = 0;
    o->policy_restarts = 0;
    o->n_restarts = 0;
}

/* No run begins before all that it waits for is so. */
static void begin(struct sim_unit *su, struct moment now)
{
    su->oracle.again = false;
    if (su->core.n_unmet == 0)
        spawn(su, now);
    else
        oracle_go(&su->oracle, su->core.n_dead ? PHASE_STUCK : PHASE_WAITING, 0);
}

static void begin_as_new(struct sim_unit *su, struct moment now)
{
    forget(&su->oracle);
    begin(su, now);
}

static void kill_now(struct oracle *o, struct moment now)
{
    oracle_go(o, PHASE_KILLING, now.mono_ms + (o->patience_ms ? o->patience_ms : 2000));
    o->actions[ACT_KILL]++;
}

void oracle_begin_stop(struct sim_unit *su, enum requested_by by, struct requester who,
                       int64_t kill_by_ms, struct moment now)
{
    struct oracle *o = &su->oracle;

    o->by = by;
    o->who = who;
    o->ready = false;
    o->kill_by_ms = kill_by_ms;
    o->kill_from_ms = now.mono_ms + su->spec.stop_timeout_ms;
    if (kill_by_ms)
        o->kill_from_ms = sooner(o->kill_from_ms, kill_by_ms);
    if (o->kill_from_ms <= now.mono_ms) {
        kill_now(o, now);
        return;
    }
    oracle_go(o, PHASE_STOPPING, o->kill_from_ms);
    o->actions[ACT_SIGNAL]++;
}

/* ---- what comes after a run ---- */

static void for_good(struct sim_unit *su, bool success)
{
    oracle_go(&su->oracle, success ? PHASE_COMPLETED : PHASE_FAILED, 0);
}

static void try_later(struct sim_unit *su, int64_t least_ms, int64_t most_ms, struct moment now)
{
    struct oracle *o = &su->oracle;

    if (!o->want.pid && least_ms < no_process_delay_ms)
        least_ms = no_process_delay_ms;
    if (most_ms < least_ms)
        most_ms = least_ms;
    if (most_ms == 0) {
        o->policy_restarts++;
        begin(su, now);
        return;
    }
    oracle_go(o, PHASE_BACKOFF, now.mono_ms + least_ms);
    o->deadline_hi_ms = now.mono_ms + most_ms;
}

static bool limit_reached(const struct sim_unit *su, struct moment now)
{
    const struct oracle *o = &su->oracle;
    uint32_t recent = 0;

    for (uint32_t i = 0; i < o->n_restarts; i++)
        recent += now.mono_ms - o->restarts_ms[i] < su->spec.restart_window_ms;
    return su->spec.restart_limit && recent >= su->spec.restart_limit;
}

static void note_restart(struct oracle *o, struct moment now)
{
    if (o->n_restarts == SIM_RESTARTS_KEPT) {
        memmove(o->restarts_ms, o->restarts_ms + 1, sizeof o->restarts_ms - sizeof(int64_t));
        o->n_restarts--;
    }
    o->restarts_ms[o->n_restarts++] = now.mono_ms;
}

static void after_service(struct sim_unit *su, bool success, struct moment now)
{
    const struct unit_spec *spec = &su->spec;
    struct oracle *o = &su->oracle;
    bool for_health = o->want.requested_by == BY_HEALTH;
    int64_t delay_ms;

    if (o->want.ready_after_ms >= 0 && o->want.duration_ms >= spec->restart_reset_ms) {
        o->streak = 0;
        o->tries = 0;
    }
    if (!for_health &&
        (spec->restart == RESTART_NEVER || (success && spec->restart == RESTART_ON_FAILURE))) {
        for_good(su, success);
        return;
    }
    if (for_health && spec->restart == RESTART_NEVER)
        coverage_see(SEEN_HEALTH_RESTART_NEVER);
    if (limit_reached(su, now)) {
        if (for_health)
            coverage_see(SEEN_HEALTH_LIMIT);
        for_good(su, false);
        return;
    }
    note_restart(o, now);
    delay_ms = oracle_delay_ms(spec->restart_delay_ms, spec->restart_delay_max_ms, ++o->streak);
    try_later(su, delay_ms, delay_ms + delay_ms * spec->restart_jitter_percent / 100, now);
}

static void after_job(struct sim_unit *su, bool success, struct moment now)
{
    const struct unit_spec *spec = &su->spec;
    struct oracle *o = &su->oracle;
    int64_t delay_ms;

    if (success || o->tries - 1 >= spec->retries) {
        for_good(su, success);
        return;
    }
    delay_ms = oracle_delay_ms(spec->retry_delay_ms, spec->retry_delay_max_ms, o->tries);
    try_later(su, delay_ms, delay_ms, now);
}

bool oracle_succeeded(const struct sim_unit *su)
{
    const struct exit_record *r = &su->oracle.want;

    if (!r->has_status || r->reason == REASON_START_FAILED || r->requested_by == BY_TIMEOUT ||
        r->requested_by == BY_HEALTH)
        return false;
    return r->signal ? exit_set_has_signal(&su->spec.success_exit, (unsigned)r->signal)
                     : exit_set_has_code(&su->spec.success_exit, (unsigned)r->exit_code);
}

static void finish(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    o->ready = false;
    o->actions[ACT_RECORDED]++;
    o->actions[ACT_RELEASE]++;
    su->shadow[su->n_records++ % RECORDS_KEPT] = o->want;
    if (!su->core.goal || (o->told_down && !o->again))
        oracle_go(o, PHASE_STOPPED, 0);
    else if (o->again)
        begin_as_new(su, now);
    else if (su->spec.kind == UNIT_JOB)
        after_job(su, oracle_succeeded(su), now);
    else
        after_service(su, oracle_succeeded(su), now);
}

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
    o->ready = false;
    r->ended_wall_ms = at.wall_ms;
    r->duration_ms = at.mono_ms - o->started_ms;
    oracle_judge(su);
}

/* ---- events ---- */

static void on_conditions(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;
    const struct unit *u = &su->core;

    if (!one_of(o->phase, IDLE))
        return;
    if (u->n_unmet == 0)
        spawn(su, now);
    else if (u->n_dead && o->phase == PHASE_WAITING)
        oracle_go(o, PHASE_STUCK, 0);
    else if (!u->n_dead && o->phase == PHASE_STUCK)
        oracle_go(o, PHASE_WAITING, 0);
}

static void on_ask(struct sim_unit *su, const struct event *ev, struct moment now)
{
    struct oracle *o = &su->oracle;

    if (one_of(o->phase, DOWN)) {
        begin_as_new(su, now);
    } else if (one_of(o->phase, IDLE)) {
        forget(o);
        on_conditions(su, now);
    } else if (!one_of(o->phase, UP)) {
        o->again = true;
    } else if (ev->type == EV_RESTART) {
        o->again = true;
        oracle_begin_stop(su, ev->u.ask.by, ev->u.ask.requester, ev->u.ask.kill_by_ms, now);
    }
}

/* What depends on another one goes down and comes again with it; not what is ending already. */
static void on_bounce(struct sim_unit *su, const struct event *ev, struct moment now)
{
    struct oracle *o = &su->oracle;

    if (o->phase == PHASE_BACKOFF) {
        if (su->core.n_unmet)
            begin(su, now);
    } else if (one_of(o->phase, UP)) {
        o->again = true;
        oracle_begin_stop(su, ev->u.ask.by, ev->u.ask.requester, ev->u.ask.kill_by_ms, now);
    }
}

static void on_reset(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    forget(o);
    if (o->phase == PHASE_FAILED && su->core.goal)
        begin(su, now);
    else if (o->phase == PHASE_FAILED)
        oracle_go(o, PHASE_STOPPED, 0);
    else if (!one_of(o->phase, DOWN | IDLE))
        o->tries = 1; /* the run under way */
}

static void on_stop(struct sim_unit *su, const struct event *ev, struct moment now)
{
    struct oracle *o = &su->oracle;

    o->again = false;
    if (o->phase == PHASE_BACKOFF || one_of(o->phase, IDLE)) {
        oracle_go(o, PHASE_STOPPED, 0);
        return;
    }
    o->told_down = true;
    if (one_of(o->phase, UP)) {
        o->patience_ms = ev->u.ask.patience_ms;
        oracle_begin_stop(su, ev->u.ask.by, ev->u.ask.requester, ev->u.ask.kill_by_ms, now);
    } else if (one_of(o->phase, ASKED)) {
        if (ev->u.ask.patience_ms && (!o->patience_ms || ev->u.ask.patience_ms < o->patience_ms))
            o->patience_ms = ev->u.ask.patience_ms;
        if (ev->u.ask.kill_by_ms) {
            o->kill_from_ms = sooner(o->kill_from_ms, ev->u.ask.kill_by_ms);
            if (!o->kill_by_ms || ev->u.ask.kill_by_ms < o->kill_by_ms)
                o->kill_by_ms = ev->u.ask.kill_by_ms;
        }
        o->deadline_lo_ms = o->deadline_hi_ms = o->kill_from_ms;
        if (o->kill_from_ms <= now.mono_ms)
            kill_now(o, now);
    } else if (o->phase == PHASE_KILLING && ev->u.ask.patience_ms) {
        o->deadline_hi_ms = sooner(o->deadline_hi_ms, now.mono_ms + ev->u.ask.patience_ms);
        o->deadline_lo_ms = o->deadline_hi_ms;
    }
}

static void on_execed(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    if (o->phase == PHASE_SPAWNING && su->spec.ready != READY_STARTED && !o->told_ready) {
        oracle_probing(su, now);
    } else if (o->phase == PHASE_SPAWNING) {
        oracle_ready(su, now);
    } else if ((su->spec.ready == READY_STARTED || o->told_ready) &&
               o->want.error_stage == STAGE_NONE && one_of(o->phase, ASKED | KILLED)) {
        /* it did execute, though a stop was faster than the news */
        o->want.ready_after_ms = now.mono_ms - o->started_ms;
    }
}

static void on_exited(struct sim_unit *su, const struct event *ev, struct moment now)
{
    struct oracle *o = &su->oracle;

    main_ends(su, &ev->u.exited.status, ev->u.exited.at);
    if (ev->u.exited.tree_empty) {
        finish(su, now);
        return;
    }
    if (one_of(o->phase, KILLED))
        return;
    if (one_of(o->phase, UP))
        o->kill_from_ms = now.mono_ms + su->spec.stop_timeout_ms;
    oracle_go(o, PHASE_DRAINING, o->kill_from_ms);
    o->actions[ACT_SURVIVORS]++;
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
    } else if (one_of(o->phase, ASKED)) {
        kill_now(o, now);
    } else if (o->phase == PHASE_KILLING) {
        oracle_go(o, PHASE_UNKILLABLE, 0);
        o->actions[ACT_UNKILLABLE]++;
    } else if (!su->core.goal) {
        oracle_go(o, PHASE_STOPPED, 0); /* the stop is on its way */
    } else {
        o->policy_restarts++;
        begin(su, now);
    }
}

void oracle_step(struct sim_unit *su, const struct event *ev, struct moment now)
{
    struct oracle *o = &su->oracle;

    memset(o->actions, 0, sizeof o->actions);
    if (ev->run && (ev->run != o->run || one_of(o->phase, DOWN | IDLE)))
        return;
    switch ((unsigned)ev->type) {
    case EV_START:
    case EV_RESTART:
        on_ask(su, ev, now);
        break;
    case EV_STOP:
        on_stop(su, ev, now);
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
            main_ends(su, NULL, now);
            finish(su, now);
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
        if (o->main_ended)
            finish(su, now);
        break;
    case EV_DEADLINE:
        on_deadline(su, now);
        break;
    default:
        oracle_looks_step(su, ev, now);
        break;
    }
}
