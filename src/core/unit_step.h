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
/* Ends a run whose main lives, on whoever's behalf; SIGKILL falls at the earlier of the unit's own
 * time and kill_by_ms. */
void step_begin_stop(struct step *st, enum requested_by by, struct requester requester,
                     int64_t kill_by_ms);

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
    return u->spec->timeout_ms ? u->started_ms + u->spec->timeout_ms : 0;
}

#endif
