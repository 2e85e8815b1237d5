/* What the parts of the second opinion on units share. */
#ifndef REEVE_SIM_ORACLE_H
#define REEVE_SIM_ORACLE_H

#include "sim.h"

enum {
    DOWN = 1U << PHASE_STOPPED | 1U << PHASE_COMPLETED | 1U << PHASE_FAILED | 1U << PHASE_BACKOFF,
    IDLE = 1U << PHASE_WAITING | 1U << PHASE_STUCK,
    COMING = 1U << PHASE_SPAWNING | 1U << PHASE_PROBING,
    UP = COMING | 1U << PHASE_RUNNING,
    TOLD = 1U << PHASE_ASKED | 1U << PHASE_STOPPING | 1U << PHASE_DRAINING,
    ENDING = TOLD | 1U << PHASE_PRE_STOP,
    KILLED = 1U << PHASE_KILLING | 1U << PHASE_UNKILLABLE,
    LAST = 1U << PHASE_HOOK_ENDING | 1U << PHASE_POST_STOP,
    NO_RUN = DOWN | IDLE | 1U << PHASE_HELD,
};

static inline bool one_of(enum unit_phase phase, unsigned set)
{
    return set >> (unsigned)phase & 1;
}

static inline int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The same where 0 stands for no time at all. */
static inline int64_t sooner_of(int64_t a, int64_t b)
{
    return !a ? b : !b ? a : sooner(a, b);
}

static inline int64_t job_end_ms(const struct sim_unit *su)
{
    return su->spec.timeout_ms ? su->oracle.spawned_ms + su->spec.timeout_ms : INT64_MAX;
}

static inline int64_t oracle_patience_ms(const struct oracle *o)
{
    return o->patience_ms ? o->patience_ms : 2000;
}

/* oracle.c */
void oracle_go(struct oracle *o, enum unit_phase phase, int64_t deadline_ms);
/* The next run begins, as soon as it may. */
void oracle_begin(struct sim_unit *su, struct moment now);
void oracle_begin_as_new(struct sim_unit *su, struct moment now);
void oracle_forget(struct oracle *o);
/* Pre_start is over. */
void oracle_spawn(struct sim_unit *su, struct moment now);
/* Nobody told of an end: there was no main process. */
void oracle_main_never_was(struct sim_unit *su, struct moment now);

/* oracle_stop.c */
/* All of it is over at end_by_ms; 0: there is no such time. */
void oracle_begin_stop(struct sim_unit *su, enum requested_by by, struct requester who,
                       int64_t end_by_ms, struct moment now);
/* Main is told to end, or killed where that was to be done by now. */
void oracle_tell_main(struct sim_unit *su, struct moment now);
void oracle_kill(struct oracle *o, struct moment now);
/* It is up, or would be soon. */
void oracle_end_up(struct sim_unit *su, const struct event *ev, struct moment now);
void oracle_on_stop(struct sim_unit *su, const struct event *ev, struct moment now);

/* oracle_after.c */
/* Nothing is left of the run, nor anything to be done for it. */
void oracle_finish(struct sim_unit *su, struct moment now);

/* oracle_hooks.c */
void oracle_hooks_begin(struct oracle *o);
void oracle_hook(struct sim_unit *su, enum hook hook, int64_t end_by_ms, struct moment now);
void oracle_hook_away(struct oracle *o, struct moment now);
/* The time of the stop is up: that of the command at work may be, too. */
void oracle_hook_late(struct oracle *o, struct moment now);
/* Nothing of main's tree is left: what is to happen before the run is over. */
void oracle_tree_over(struct sim_unit *su, struct moment now);
/* Hooks, reloads and holds. */
void oracle_hooks_step(struct sim_unit *su, const struct event *ev, struct moment now);

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
