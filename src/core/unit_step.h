/* One step of the unit machine from inside, for core/unit*.c only. Phases are entered nowhere else.
 */
#ifndef REEVE_CORE_UNIT_STEP_H
#define REEVE_CORE_UNIT_STEP_H

#include "core/unit.h"

/* What came in, and where the actions go. */
struct step {
    struct unit *u;
    const struct event *ev;
    struct moment now;
    uint32_t random;
    struct actions *out;
};

typedef void cell_fn(struct step *st);

/* ---- unit.c ---- */

/* Adds an action. */
struct action *step_act(struct step *st, enum action_type type);
/* Enters a phase. Every phase brings its own deadline (monotonic; 0: none), so none survives its
 * phase, and no look does. */
void step_enter(struct step *st, enum unit_phase phase, int64_t deadline_ms);

/* ---- unit_run.c: a run from its number to its record ---- */

/* Begins a run as soon as nothing holds up its start. */
void step_go(struct step *st);
/* The same, as a restart that the policy brings. */
void step_retry(struct step *st);
/* A start that somebody asked for, or a reset, forgives what was. */
void step_forgive(struct unit *u);
/* Pre_start is over: main comes to be. */
void step_spawn(struct step *st);
/* Main's end is known (NULL: it never was): fixes reason and times in the record. Once a run. */
void step_settle(struct step *st, const struct exit_status *status, struct moment at);
/* Nothing of main's tree is left: what hooks there are to end and to run, then the end. To be
 * called again when that has changed. */
void step_run_over(struct step *st);

cell_fn cell_spawned, cell_spawn_error, cell_exec_error, cell_mainpid, cell_mainpid_stopping;

/* ---- unit_stop.c: telling a run to end, and its ending ---- */

/* Ends a run whose main lives, on whoever's behalf; all of it is to be over at end_by_ms
 * (monotonic; 0: it has its own times only). */
void step_begin_stop(struct step *st, enum requested_by by, struct requester requester,
                     int64_t end_by_ms);

cell_fn cell_stop, cell_restart, cell_start_again, cell_stop_sooner, cell_stop_killing;
cell_fn cell_stop_hook, cell_signalled, cell_killed;
cell_fn cell_exited, cell_exited_stopping, cell_exited_killing, cell_tree_empty;
cell_fn cell_start_deadline, cell_job_timeout, cell_stop_deadline, cell_kill_deadline;
cell_fn cell_hooked_pre_stop, cell_hooked_asked;

/* ---- unit_hooks.c: the commands beside main, and reloading ---- */

/* Begins with the first command of this hook (there is one); they are killed at by_ms. */
void step_hook(struct step *st, enum hook hook, int64_t by_ms);
/* Kills the command at work, if any; no result of it is waited for. */
void step_hook_away(struct step *st);
/* Notes that the command at work is late, if it is, before something else ends it. */
void step_hook_late(struct step *st);
/* A command has ended: notes how, and begins with the next one. False: there is none any more, and
 * u->hook is HOOK_NONE; *ret_failed (may be NULL) tells whether that one failed, or could not begin
 * for lack of time. */
bool step_hook_goes_on(struct step *st, bool *ret_failed);

cell_fn cell_hooked_pre_start, cell_hooked_running, cell_hooked_ending, cell_hooked_post_stop;
cell_fn cell_hook_gone, cell_reload;

/* ---- unit_wait.c: without a run ---- */

/* Nobody holds it any more. */
void step_let_go(struct unit *u);

cell_fn cell_start, cell_stop_idle, cell_bounce_backoff, cell_conditions, cell_start_waiting;
cell_fn cell_reset, cell_reset_run, cell_reset_failed, cell_backoff_over;
cell_fn cell_hold, cell_held_deadline, cell_hold_over;

/* ---- unit_looks.c: what a phase does about looks and what the unit tells ---- */

cell_fn cell_execed, cell_execed_late, cell_ready, cell_ready_early;
cell_fn cell_look, cell_looked_for_ready, cell_look_running, cell_looked_for_health;
cell_fn cell_fed, cell_watchdog, cell_extend, cell_extend_stop;

/* ---- times ---- */

/* A deadline this far from now; the sum of any two configured durations fits. */
static inline int64_t step_in_ms(const struct step *st, int64_t delay_ms)
{
    return st->now.mono_ms + delay_ms;
}

/* A deadline that is not before what the unit has asked for. */
static inline int64_t step_extended(const struct unit *u, int64_t deadline_ms)
{
    return deadline_ms && deadline_ms < u->extended_ms ? u->extended_ms : deadline_ms;
}

static inline int64_t step_earlier(int64_t a_ms, int64_t b_ms)
{
    if (!a_ms || !b_ms)
        return a_ms ? a_ms : b_ms;
    return a_ms < b_ms ? a_ms : b_ms;
}

/* When the attempt of a job has taken too long; 0: never. */
static inline int64_t step_job_deadline(const struct unit *u)
{
    return u->spec->timeout_ms ? u->spawned_ms + u->spec->timeout_ms : 0;
}

#endif
