#include "core/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
    if (unit_state_of(phase) != unit_state_of(u->phase))
        u->since_ms = st->now.mono_ms;
    u->phase = phase;
    u->deadline_ms = deadline_ms;
    if (phase != PHASE_BACKOFF)
        u->next_start_wall_ms = 0;
    u->look_at_ms = 0;
    if (u->looking) {
        u->looking = false;
        step_act(st, ACT_LOOK_AWAY);
    }
}

/*
 * The machine. A row is a phase, a column an event; an empty cell means "ignore". A restart of what
 * is down is a start; a spawn's result may arrive after a stop was asked for, so every phase with a
 * run takes it. What is ending already takes no bounce: what follows it is decided, and a job that
 * is done must not run twice.
 */
/* clang-format off */
static cell_fn *const table[PHASE_COUNT][EV_COUNT] = {
    [PHASE_STOPPED] = {
        [EV_START] = cell_start,
        [EV_RESTART] = cell_start,
        [EV_RESET] = cell_reset,
        [EV_HOLD] = cell_hold,
    },
    [PHASE_WAITING] = {
        [EV_START] = cell_start_waiting,
        [EV_STOP] = cell_stop_idle,
        [EV_RESTART] = cell_start_waiting,
        [EV_RESET] = cell_reset,
        [EV_HOLD] = cell_hold,
        [EV_CONDITIONS] = cell_conditions,
    },
    [PHASE_STUCK] = {
        [EV_START] = cell_start_waiting,
        [EV_STOP] = cell_stop_idle,
        [EV_RESTART] = cell_start_waiting,
        [EV_RESET] = cell_reset,
        [EV_HOLD] = cell_hold,
        [EV_CONDITIONS] = cell_conditions,
    },
    [PHASE_HELD] = {
        [EV_START] = cell_reset,
        [EV_STOP] = cell_stop_idle,
        [EV_RESTART] = cell_reset,
        [EV_RESET] = cell_reset,
        [EV_HOLD] = cell_hold,
        [EV_DEADLINE] = cell_held_deadline,
    },
    [PHASE_PRE_START] = {
        [EV_STOP] = cell_stop,
        [EV_RESTART] = cell_restart,
        [EV_BOUNCE] = cell_restart,
        [EV_RESET] = cell_reset_run,
        [EV_HOLD] = cell_hold,
        [EV_HOOKED] = cell_hooked_pre_start,
        [EV_HOOK_GONE] = cell_hook_gone,
    },
    [PHASE_SPAWNING] = {
        [EV_STOP] = cell_stop,
        [EV_RESTART] = cell_restart,
        [EV_BOUNCE] = cell_restart,
        [EV_RESET] = cell_reset_run,
        [EV_HOLD] = cell_hold,
        [EV_HOOK_GONE] = cell_hook_gone,
        [EV_SPAWNED] = cell_spawned,
        [EV_SPAWN_ERROR] = cell_spawn_error,
        [EV_EXECED] = cell_execed,
        [EV_EXEC_ERROR] = cell_exec_error,
        [EV_READY] = cell_ready_early,
        [EV_EXTEND] = cell_extend,
        [EV_WATCHDOG] = cell_watchdog,
        [EV_MAINPID] = cell_mainpid,
        [EV_EXITED] = cell_exited,
        [EV_DEADLINE] = cell_start_deadline,
    },
    [PHASE_PROBING] = {
        [EV_STOP] = cell_stop,
        [EV_RESTART] = cell_restart,
        [EV_BOUNCE] = cell_restart,
        [EV_RESET] = cell_reset_run,
        [EV_HOLD] = cell_hold,
        [EV_HOOK_GONE] = cell_hook_gone,
        [EV_READY] = cell_ready,
        [EV_EXTEND] = cell_extend,
        [EV_WATCHDOG] = cell_watchdog,
        [EV_LOOK] = cell_look,
        [EV_LOOKED] = cell_looked_for_ready,
        [EV_MAINPID] = cell_mainpid,
        [EV_EXITED] = cell_exited,
        [EV_DEADLINE] = cell_start_deadline,
    },
    [PHASE_RUNNING] = {
        [EV_STOP] = cell_stop,
        [EV_RESTART] = cell_restart,
        [EV_BOUNCE] = cell_restart,
        [EV_RESET] = cell_reset_run,
        [EV_HOLD] = cell_hold,
        [EV_RELOAD] = cell_reload,
        [EV_HOOKED] = cell_hooked_running,
        [EV_HOOK_GONE] = cell_hook_gone,
        [EV_LOOK] = cell_look_running,
        [EV_LOOKED] = cell_looked_for_health,
        [EV_FED] = cell_fed,
        [EV_EXTEND] = cell_extend,
        [EV_WATCHDOG] = cell_watchdog,
        [EV_MAINPID] = cell_mainpid,
        [EV_EXITED] = cell_exited,
        [EV_DEADLINE] = cell_job_timeout,
    },
    [PHASE_PRE_STOP] = {
        [EV_START] = cell_start_again,
        [EV_STOP] = cell_stop_sooner,
        [EV_RESTART] = cell_start_again,
        [EV_RESET] = cell_reset_run,
        [EV_HOLD] = cell_hold,
        [EV_HOOKED] = cell_hooked_pre_stop,
        [EV_HOOK_GONE] = cell_hook_gone,
        [EV_MAINPID] = cell_mainpid,
        [EV_EXITED] = cell_exited,
        [EV_DEADLINE] = cell_stop_deadline,
    },
    [PHASE_ASKED] = {
        [EV_START] = cell_start_again,
        [EV_STOP] = cell_stop_sooner,
        [EV_RESTART] = cell_start_again,
        [EV_RESET] = cell_reset_run,
        [EV_HOLD] = cell_hold,
        [EV_HOOKED] = cell_hooked_asked,
        [EV_HOOK_GONE] = cell_hook_gone,
        [EV_SIGNALLED] = cell_signalled,
        [EV_EXTEND] = cell_extend_stop,
        [EV_MAINPID] = cell_mainpid,
        [EV_EXITED] = cell_exited_stopping,
        [EV_DEADLINE] = cell_stop_deadline,
    },
    [PHASE_STOPPING] = {
        [EV_START] = cell_start_again,
        [EV_STOP] = cell_stop_sooner,
        [EV_RESTART] = cell_start_again,
        [EV_RESET] = cell_reset_run,
        [EV_HOLD] = cell_hold,
        [EV_HOOK_GONE] = cell_hook_gone,
        [EV_SPAWNED] = cell_spawned,
        [EV_SPAWN_ERROR] = cell_spawn_error,
        [EV_EXECED] = cell_execed_late,
        [EV_EXEC_ERROR] = cell_exec_error,
        [EV_SIGNALLED] = cell_signalled,
        [EV_EXTEND] = cell_extend_stop,
        [EV_MAINPID] = cell_mainpid_stopping,
        [EV_EXITED] = cell_exited_stopping,
        [EV_DEADLINE] = cell_stop_deadline,
    },
    [PHASE_DRAINING] = {
        [EV_START] = cell_start_again,
        [EV_STOP] = cell_stop_sooner,
        [EV_RESTART] = cell_start_again,
        [EV_RESET] = cell_reset_run,
        [EV_HOLD] = cell_hold,
        [EV_HOOKED] = cell_hooked_ending,
        [EV_HOOK_GONE] = cell_hook_gone,
        [EV_EXTEND] = cell_extend_stop,
        [EV_TREE_EMPTY] = cell_tree_empty,
        [EV_DEADLINE] = cell_stop_deadline,
    },
    [PHASE_KILLING] = {
        [EV_START] = cell_start_again,
        [EV_STOP] = cell_stop_killing,
        [EV_RESTART] = cell_start_again,
        [EV_RESET] = cell_reset_run,
        [EV_HOLD] = cell_hold,
        [EV_HOOK_GONE] = cell_hook_gone,
        [EV_SPAWNED] = cell_spawned,
        [EV_SPAWN_ERROR] = cell_spawn_error,
        [EV_EXECED] = cell_execed_late,
        [EV_EXEC_ERROR] = cell_exec_error,
        [EV_SIGNALLED] = cell_signalled,
        [EV_KILLED] = cell_killed,
        [EV_MAINPID] = cell_mainpid,
        [EV_EXITED] = cell_exited_killing,
        [EV_TREE_EMPTY] = cell_tree_empty,
        [EV_DEADLINE] = cell_kill_deadline,
    },
    [PHASE_UNKILLABLE] = {
        [EV_START] = cell_start_again,
        [EV_STOP] = cell_stop_killing,
        [EV_RESTART] = cell_start_again,
        [EV_RESET] = cell_reset_run,
        [EV_HOLD] = cell_hold,
        [EV_HOOK_GONE] = cell_hook_gone,
        [EV_SPAWNED] = cell_spawned,
        [EV_SPAWN_ERROR] = cell_spawn_error,
        [EV_EXECED] = cell_execed_late,
        [EV_EXEC_ERROR] = cell_exec_error,
        [EV_SIGNALLED] = cell_signalled,
        [EV_KILLED] = cell_killed,
        [EV_MAINPID] = cell_mainpid,
        [EV_EXITED] = cell_exited_killing,
        [EV_TREE_EMPTY] = cell_tree_empty,
    },
    [PHASE_HOOK_ENDING] = {
        [EV_START] = cell_start_again,
        [EV_STOP] = cell_stop_hook,
        [EV_RESTART] = cell_start_again,
        [EV_RESET] = cell_reset_run,
        [EV_HOLD] = cell_hold,
        [EV_HOOKED] = cell_hooked_ending,
        [EV_HOOK_GONE] = cell_hook_gone,
        [EV_DEADLINE] = cell_kill_deadline,
    },
    [PHASE_POST_STOP] = {
        [EV_START] = cell_start_again,
        [EV_STOP] = cell_stop_hook,
        [EV_RESTART] = cell_start_again,
        [EV_RESET] = cell_reset_run,
        [EV_HOLD] = cell_hold,
        [EV_HOOKED] = cell_hooked_post_stop,
        [EV_HOOK_GONE] = cell_hook_gone,
    },
    [PHASE_BACKOFF] = {
        [EV_START] = cell_start,
        [EV_STOP] = cell_stop_idle,
        [EV_RESTART] = cell_start,
        [EV_BOUNCE] = cell_bounce_backoff,
        [EV_RESET] = cell_reset,
        [EV_HOLD] = cell_hold,
        [EV_DEADLINE] = cell_backoff_over,
    },
    [PHASE_COMPLETED] = {
        [EV_START] = cell_start,
        [EV_RESTART] = cell_start,
        [EV_RESET] = cell_reset,
        [EV_HOLD] = cell_hold,
        [EV_DEADLINE] = cell_hold_over,
    },
    [PHASE_FAILED] = {
        [EV_START] = cell_start,
        [EV_RESTART] = cell_start,
        [EV_RESET] = cell_reset_failed,
        [EV_HOLD] = cell_hold,
        [EV_DEADLINE] = cell_hold_over,
    },
};
/* clang-format on */

void unit_step(struct unit *u, const struct event *ev, struct moment now, uint32_t random,
               struct actions *out)
{
    struct step st = {u, ev, now, random, out};
    cell_fn *cell = table[u->phase][ev->type];

    out->n = 0;
    if (u->held_until_ms && u->held_until_ms <= now.mono_ms)
        step_let_go(u);
    if (!cell || (ev->run && ev->run != u->run))
        return;
    /* A timer may fire for a deadline that has moved since. */
    if (ev->type == EV_DEADLINE && (!u->deadline_ms || u->deadline_ms > now.mono_ms))
        return;
    if (ev->type == EV_LOOK && (!u->look_at_ms || u->look_at_ms > now.mono_ms || u->looking))
        return;
    if (ev->type == EV_LOOKED && !u->looking) /* of a look that was not wanted any more */
        return;
    if (ev->type == EV_HOOKED && (u->hook == HOOK_NONE || u->hook != ev->u.hooked.hook ||
                                  u->hook_at != ev->u.hooked.command))
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
    u->hook = HOOK_NONE;
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
    return unit_takes(u->phase, EV_HOOK_GONE);
}

const struct exit_record *unit_record(const struct unit *u, unsigned back)
{
    return records_get(&u->records, back);
}

const struct exit_record *unit_last_record(const struct unit *u)
{
    return unit_record(u, 0);
}
