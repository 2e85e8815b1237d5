/* What the parts of the second opinion on units share. */
#ifndef REEVE_SIM_ORACLE_H
#define REEVE_SIM_ORACLE_H

#include "sim.h"

enum {
    DOWN = 1U << PHASE_STOPPED | 1U << PHASE_COMPLETED | 1U << PHASE_FAILED | 1U << PHASE_BACKOFF,
    IDLE = 1U << PHASE_WAITING | 1U << PHASE_STUCK,
    COMING = 1U << PHASE_SPAWNING | 1U << PHASE_PROBING,
    UP = COMING | 1U << PHASE_RUNNING,
    ASKED = 1U << PHASE_STOPPING | 1U << PHASE_DRAINING,
    KILLED = 1U << PHASE_KILLING | 1U << PHASE_UNKILLABLE,
};

static inline bool one_of(enum unit_phase phase, unsigned set)
{
    return set >> (unsigned)phase & 1;
}

static inline int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t job_end_ms(const struct sim_unit *su)
{
    return su->spec.timeout_ms ? su->oracle.started_ms + su->spec.timeout_ms : INT64_MAX;
}

void oracle_go(struct oracle *o, enum unit_phase phase, int64_t deadline_ms);
void oracle_begin_stop(struct sim_unit *su, enum requested_by by, struct requester who,
                       int64_t kill_by_ms, struct moment now);

/* oracle_looks.c */
/* A run begins. */
void oracle_looks_begin(struct sim_unit *su);
/* Whatever phase comes: no look outlasts the one in which it began. */
void oracle_look_away(struct oracle *o);
/* It executes, and is not ready yet. */
void oracle_probing(struct sim_unit *su, struct moment now);
void oracle_ready(struct sim_unit *su, struct moment now);
/* Looks, their results, and what units tell. */
void oracle_looks_step(struct sim_unit *su, const struct event *ev, struct moment now);

#endif
