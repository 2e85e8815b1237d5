#include "core/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/aftermath.h"
#include "core/unit_step.h"

/* ---- the single writer of a phase, and what it keeps true ---- */

struct action *step_act(struct step *st, enum action_type type)
{
    struct action *a = &st->out->items[st->out->n < UNIT_ACTIONS_MAX ? st->out->n++ : 0];

    a->type = type;
    return a;
}

/* Enters a phase. Every phase brings its own deadline (0: none), so none survives its phase. */
void step_enter(struct step *st, enum unit_phase phase, int64_t deadline_ms)
{
    struct unit *u = st->u;
    struct action *a = step_act(st, ACT_CHANGED);

    a->from = u->phase;
    a->to = phase;
    u->phase = phase;
    u->deadline_ms = deadline_ms;
    u->since_ms = st->now.mono_ms;
    if (phase != PHASE_BACKOFF)
        u->next_start_wall_ms = 0;
    u->look_at_ms = 0;
    if (u->looking) {
        u->looking = false;
        step_act(st, ACT_LOOK_AWAY);
    }
}

/* ---- beginning a run ---- */

static void begin_run(struct step *st)
{
    struct unit *u = st->u;

    records_reserve(&u->records);
    u->run++;
    u->attempt++;
    u->ready = false;
    u->again = false;
    u->told_down = false;
    u->patience_ms = 0;
    u->main_alive = false;
    u->started_ms = st->now.mono_ms;
    u->ended_ms = 0;
    u->early_kill_wall_ms = 0;
    u->ready_early = false;
    u->extended_ms = 0;
    u->watchdog_ms = u->spec->health.kind == PROBE_NOTIFY ? u->spec->health_interval_ms : 0;
    u->kill_by_ms = 0;
    health_begin(&u->health);
    memset(&u->current, 0, sizeof u->current);
    u->current.run = u->run;
    u->current.attempt = u->attempt;
    u->current.started_wall_ms = st->now.wall_ms;
    u->current.ready_after_ms = -1;
    u->current.exit_code = -1;
    u->current.oom_kill = -1;
    step_enter(st, PHASE_SPAWNING,
               step_earlier(step_in_ms(st, u->spec->ready_timeout_ms), step_job_deadline(u)));
    step_act(st, ACT_SPAWN);
}

/* Begins a run as soon as the conditions of its start hold. */
static void go(struct step *st)
{
    struct unit *u = st->u;

    u->again = false;
    if (!u->n_unmet)
        begin_run(st);
    else if (u->n_dead)
        step_enter(st, PHASE_STUCK, 0);
    else
        step_enter(st, PHASE_WAITING, 0);
}

/* A start that somebody asked for, or a reset, forgives what was. */
static void forgive(struct unit *u)
{
    u->attempt = 0;
    u->failures = 0;
    u->n_restarts = 0;
    u->n_restart_times = 0;
}

/* ---- ending a run ---- */

static void end_for_good(struct step *st, bool success)
{
    step_enter(st, success ? PHASE_COMPLETED : PHASE_FAILED, 0);
}

static void restart(struct step *st)
{
    st->u->n_restarts++;
    go(st);
}

static void back_off(struct step *st, int64_t delay_ms)
{
    struct unit *u = st->u;

    if (delay_ms == 0) {
        restart(st);
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

/* Main's end is known: fixes reason and times in the record. Called once a run. */
static void settle(struct step *st, const struct exit_status *status, struct moment at)
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

/* The tree is empty: the record is final, and what comes next is decided. */
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
        forgive(u);
        go(st);
    } else {
        after_run(st, success);
    }
}

/* ---- stopping ---- */

static void kill_tree(struct step *st)
{
    step_enter(st, PHASE_KILLING,
               step_in_ms(st, st->u->patience_ms ? st->u->patience_ms : UNKILLABLE_AFTER_MS));
    step_act(st, ACT_KILL);
}

/* Ends a run whose main lives, on whoever's behalf; SIGKILL falls at the earlier of the unit's own
 * time and kill_by_ms. */
void step_begin_stop(struct step *st, enum requested_by by, struct requester requester,
                     int64_t kill_by_ms)
{
    struct unit *u = st->u;
    int64_t deadline_ms = step_earlier(step_in_ms(st, u->spec->stop_timeout_ms), kill_by_ms);

    u->kill_by_ms = kill_by_ms;
    u->current.requested_by = by;
    u->current.requester = requester;
    u->ready = false;
    if (deadline_ms <= st->now.mono_ms) {
        kill_tree(st);
        return;
    }
    step_enter(st, PHASE_STOPPING, deadline_ms);
    step_act(st, ACT_SIGNAL);
}

/* ---- cells ---- */

static void on_start(struct step *st)
{
    forgive(st->u);
    go(st);
}

/* Asked to be up while a run is ending: the next begins when this one is over. */
static void on_start_again(struct step *st)
{
    st->u->again = true;
}

static void on_stop_idle(struct step *st)
{
    step_enter(st, PHASE_STOPPED, 0);
}

static void on_stop(struct step *st)
{
    struct unit *u = st->u;

    u->told_down = true;
    u->patience_ms = st->ev->u.ask.patience_ms;
    step_begin_stop(st, st->ev->u.ask.by, st->ev->u.ask.requester, st->ev->u.ask.kill_by_ms);
}

/* A stop of what is stopping already: it stays stopped, and the smaller deadline holds. */
static void on_stop_sooner(struct step *st)
{
    struct unit *u = st->u;

    u->told_down = true;
    u->again = false;
    u->patience_ms = step_earlier(u->patience_ms, st->ev->u.ask.patience_ms);
    u->kill_by_ms = step_earlier(u->kill_by_ms, st->ev->u.ask.kill_by_ms);
    u->deadline_ms = step_earlier(u->deadline_ms, st->ev->u.ask.kill_by_ms);
    if (u->deadline_ms <= st->now.mono_ms)
        kill_tree(st);
}

static void on_stop_killing(struct step *st)
{
    struct unit *u = st->u;

    u->told_down = true;
    u->again = false;
    if (u->phase == PHASE_KILLING && st->ev->u.ask.patience_ms)
        u->deadline_ms = step_earlier(u->deadline_ms, step_in_ms(st, st->ev->u.ask.patience_ms));
}

static void on_restart(struct step *st)
{
    st->u->again = true;
    step_begin_stop(st, st->ev->u.ask.by, st->ev->u.ask.requester, st->ev->u.ask.kill_by_ms);
}

/* What it requires has failed: there is no next try to wait for. */
static void on_bounce_backoff(struct step *st)
{
    if (st->u->n_unmet)
        go(st);
}

static void on_conditions(struct step *st)
{
    struct unit *u = st->u;

    if (!u->n_unmet || (u->n_dead > 0) != (u->phase == PHASE_STUCK))
        go(st);
}

/* Asked for while it waits already: the tries count from now, and whoever asked wants to know
 * whether it is stuck now, not whether it was. */
static void on_start_waiting(struct step *st)
{
    forgive(st->u);
    on_conditions(st);
}

static void on_reset(struct step *st)
{
    forgive(st->u);
}

/* The run under way is now the first try. */
static void on_reset_run(struct step *st)
{
    forgive(st->u);
    st->u->attempt = 1;
}

static void on_reset_failed(struct step *st)
{
    forgive(st->u);
    if (st->u->goal)
        go(st);
    else
        step_enter(st, PHASE_STOPPED, 0);
}

static void on_spawned(struct step *st)
{
    st->u->current.pid = st->ev->u.spawned.pid;
    st->u->tracked_cgroup = st->ev->u.spawned.cgroup;
    st->u->main_alive = true;
}

/* The one before is a member of the tree like any other now. */
static void on_mainpid(struct step *st)
{
    if (st->u->main_alive)
        st->u->current.pid = st->ev->u.main_pid;
}

/* Where only main is asked to end, the new one was not asked yet. */
static void on_mainpid_stopping(struct step *st)
{
    on_mainpid(st);
    if (st->u->main_alive && st->u->spec->kill_mode == KILL_MAIN)
        step_act(st, ACT_SIGNAL);
}

static void on_spawn_error(struct step *st)
{
    st->u->current.error_stage = st->ev->u.error.stage;
    st->u->current.error_errno = st->ev->u.error.errnum;
    settle(st, NULL, st->now);
    end_run(st);
}

/* The child tells why it could not execute; its exit follows at once. */
static void on_exec_error(struct step *st)
{
    st->u->current.error_stage = st->ev->u.error.stage;
    st->u->current.error_errno = st->ev->u.error.errnum;
}

static void on_signalled(struct step *st)
{
    if (!st->u->current.stop_signal_wall_ms)
        st->u->current.stop_signal_wall_ms = st->now.wall_ms;
}

static void on_killed(struct step *st)
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

static void on_exited(struct step *st)
{
    struct unit *u = st->u;

    settle(st, &st->ev->u.exited.status, st->ev->u.exited.at);
    if (st->ev->u.exited.tree_empty) {
        end_run(st);
        return;
    }
    u->ready = false;
    step_enter(st, PHASE_DRAINING, step_in_ms(st, u->spec->stop_timeout_ms));
    step_act(st, ACT_SURVIVORS);
}

static void on_exited_stopping(struct step *st)
{
    int64_t deadline_ms = st->u->deadline_ms;

    settle(st, &st->ev->u.exited.status, st->ev->u.exited.at);
    if (st->ev->u.exited.tree_empty) {
        end_run(st);
        return;
    }
    step_enter(st, PHASE_DRAINING, deadline_ms);
    step_act(st, ACT_SURVIVORS);
}

static void on_exited_killing(struct step *st)
{
    settle(st, &st->ev->u.exited.status, st->ev->u.exited.at);
    if (st->ev->u.exited.tree_empty)
        end_run(st);
}

static void on_tree_empty(struct step *st)
{
    /* With main not reaped yet its EXITED is still to come and will say the same. */
    if (!st->u->main_alive)
        end_run(st);
}

static void on_start_deadline(struct step *st)
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

static void on_job_timeout(struct step *st)
{
    step_begin_stop(st, BY_TIMEOUT, (struct requester){0}, 0);
}

static void on_stop_deadline(struct step *st)
{
    kill_tree(st);
}

static void on_kill_deadline(struct step *st)
{
    step_enter(st, PHASE_UNKILLABLE, 0);
    step_act(st, ACT_UNKILLABLE);
}

static void on_backoff_over(struct step *st)
{
    /* The time may be up before the news of a goal that fell. */
    if (st->u->goal)
        restart(st);
    else
        step_enter(st, PHASE_STOPPED, 0);
}

/*
 * The machine. A row is a phase, a column an event; an empty cell means "ignore". A restart of what
 * is down is a start; a spawn's result may arrive after a stop was asked for, so every phase with a
 * run takes it. What is ending already takes no bounce: what follows it is decided, and a job that
 * is done must not run twice. Hooks will be phases of their own between STOPPED and SPAWNING,
 * RUNNING and STOPPING, and before the end of a run: rows, not rewrites.
 */
/* clang-format off */
static cell_fn *const table[PHASE_COUNT][EV_COUNT] = {
    [PHASE_STOPPED] = {
        [EV_START] = on_start,
        [EV_RESTART] = on_start,
        [EV_RESET] = on_reset,
    },
    [PHASE_WAITING] = {
        [EV_START] = on_start_waiting,
        [EV_STOP] = on_stop_idle,
        [EV_RESTART] = on_start_waiting,
        [EV_RESET] = on_reset,
        [EV_CONDITIONS] = on_conditions,
    },
    [PHASE_STUCK] = {
        [EV_START] = on_start_waiting,
        [EV_STOP] = on_stop_idle,
        [EV_RESTART] = on_start_waiting,
        [EV_RESET] = on_reset,
        [EV_CONDITIONS] = on_conditions,
    },
    [PHASE_SPAWNING] = {
        [EV_STOP] = on_stop,
        [EV_RESTART] = on_restart,
        [EV_BOUNCE] = on_restart,
        [EV_RESET] = on_reset_run,
        [EV_SPAWNED] = on_spawned,
        [EV_SPAWN_ERROR] = on_spawn_error,
        [EV_EXECED] = cell_execed,
        [EV_EXEC_ERROR] = on_exec_error,
        [EV_READY] = cell_ready_early,
        [EV_EXTEND] = cell_extend,
        [EV_WATCHDOG] = cell_watchdog,
        [EV_MAINPID] = on_mainpid,
        [EV_EXITED] = on_exited,
        [EV_DEADLINE] = on_start_deadline,
    },
    [PHASE_PROBING] = {
        [EV_STOP] = on_stop,
        [EV_RESTART] = on_restart,
        [EV_BOUNCE] = on_restart,
        [EV_RESET] = on_reset_run,
        [EV_READY] = cell_ready,
        [EV_EXTEND] = cell_extend,
        [EV_WATCHDOG] = cell_watchdog,
        [EV_LOOK] = cell_look,
        [EV_LOOKED] = cell_looked_for_ready,
        [EV_MAINPID] = on_mainpid,
        [EV_EXITED] = on_exited,
        [EV_DEADLINE] = on_start_deadline,
    },
    [PHASE_RUNNING] = {
        [EV_STOP] = on_stop,
        [EV_RESTART] = on_restart,
        [EV_BOUNCE] = on_restart,
        [EV_RESET] = on_reset_run,
        [EV_LOOK] = cell_look_running,
        [EV_LOOKED] = cell_looked_for_health,
        [EV_FED] = cell_fed,
        [EV_EXTEND] = cell_extend,
        [EV_WATCHDOG] = cell_watchdog,
        [EV_MAINPID] = on_mainpid,
        [EV_EXITED] = on_exited,
        [EV_DEADLINE] = on_job_timeout,
    },
    [PHASE_STOPPING] = {
        [EV_START] = on_start_again,
        [EV_STOP] = on_stop_sooner,
        [EV_RESTART] = on_start_again,
        [EV_RESET] = on_reset_run,
        [EV_SPAWNED] = on_spawned,
        [EV_SPAWN_ERROR] = on_spawn_error,
        [EV_EXECED] = cell_execed_late,
        [EV_EXEC_ERROR] = on_exec_error,
        [EV_SIGNALLED] = on_signalled,
        [EV_EXTEND] = cell_extend_stop,
        [EV_MAINPID] = on_mainpid_stopping,
        [EV_EXITED] = on_exited_stopping,
        [EV_DEADLINE] = on_stop_deadline,
    },
    [PHASE_DRAINING] = {
        [EV_START] = on_start_again,
        [EV_STOP] = on_stop_sooner,
        [EV_RESTART] = on_start_again,
        [EV_RESET] = on_reset_run,
        [EV_EXTEND] = cell_extend_stop,
        [EV_TREE_EMPTY] = on_tree_empty,
        [EV_DEADLINE] = on_stop_deadline,
    },
    [PHASE_KILLING] = {
        [EV_START] = on_start_again,
        [EV_STOP] = on_stop_killing,
        [EV_RESTART] = on_start_again,
        [EV_RESET] = on_reset_run,
        [EV_SPAWNED] = on_spawned,
        [EV_SPAWN_ERROR] = on_spawn_error,
        [EV_EXECED] = cell_execed_late,
        [EV_EXEC_ERROR] = on_exec_error,
        [EV_SIGNALLED] = on_signalled,
        [EV_KILLED] = on_killed,
        [EV_MAINPID] = on_mainpid,
        [EV_EXITED] = on_exited_killing,
        [EV_TREE_EMPTY] = on_tree_empty,
        [EV_DEADLINE] = on_kill_deadline,
    },
    [PHASE_UNKILLABLE] = {
        [EV_START] = on_start_again,
        [EV_STOP] = on_stop_killing,
        [EV_RESTART] = on_start_again,
        [EV_RESET] = on_reset_run,
        [EV_SPAWNED] = on_spawned,
        [EV_SPAWN_ERROR] = on_spawn_error,
        [EV_EXECED] = cell_execed_late,
        [EV_EXEC_ERROR] = on_exec_error,
        [EV_SIGNALLED] = on_signalled,
        [EV_KILLED] = on_killed,
        [EV_MAINPID] = on_mainpid,
        [EV_EXITED] = on_exited_killing,
        [EV_TREE_EMPTY] = on_tree_empty,
    },
    [PHASE_BACKOFF] = {
        [EV_START] = on_start,
        [EV_STOP] = on_stop_idle,
        [EV_RESTART] = on_start,
        [EV_BOUNCE] = on_bounce_backoff,
        [EV_RESET] = on_reset,
        [EV_DEADLINE] = on_backoff_over,
    },
    [PHASE_COMPLETED] = {
        [EV_START] = on_start,
        [EV_RESTART] = on_start,
        [EV_RESET] = on_reset,
    },
    [PHASE_FAILED] = {
        [EV_START] = on_start,
        [EV_RESTART] = on_start,
        [EV_RESET] = on_reset_failed,
    },
};
/* clang-format on */

void unit_step(struct unit *u, const struct event *ev, struct moment now, uint32_t random,
               struct actions *out)
{
    struct step st = {u, ev, now, random, out};
    cell_fn *cell = table[u->phase][ev->type];

    out->n = 0;
    if (!cell || (ev->run && ev->run != u->run))
        return;
    /* A timer may fire for a deadline that has moved since. */
    if (ev->type == EV_DEADLINE && (!u->deadline_ms || u->deadline_ms > now.mono_ms))
        return;
    if (ev->type == EV_LOOK && (!u->look_at_ms || u->look_at_ms > now.mono_ms || u->looking))
        return;
    if (ev->type == EV_LOOKED && !u->looking) /* of a look that was not wanted any more */
        return;
    cell(&st);
}

bool unit_takes(enum unit_phase phase, enum event_type type)
{
    return table[phase][type] != NULL;
}

/* ---- holding and looking ---- */

int unit_init(struct unit *u, const struct unit_spec *spec, uint32_t index)
{
    memset(u, 0, sizeof *u);
    u->spec = spec;
    u->index = index;
    u->phase = PHASE_STOPPED;
    if (records_init(&u->records) < 0)
        return -ENOMEM;
    if (spec->restart_limit) {
        u->restart_times = calloc(spec->restart_limit, sizeof *u->restart_times);
        if (!u->restart_times) {
            unit_finish(u);
            return -ENOMEM;
        }
    }
    return 0;
}

void unit_finish(struct unit *u)
{
    records_finish(&u->records);
    free(u->restart_times);
    u->restart_times = NULL;
}

bool unit_has_run(const struct unit *u)
{
    return unit_takes(u->phase, EV_EXITED) || unit_takes(u->phase, EV_TREE_EMPTY);
}

const struct exit_record *unit_record(const struct unit *u, unsigned back)
{
    return records_get(&u->records, back);
}

const struct exit_record *unit_last_record(const struct unit *u)
{
    return unit_record(u, 0);
}
