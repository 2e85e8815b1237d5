/*
 * A second opinion on the order of units: DESIGN §4, "Order" and "Shutdown", read naively. Of what
 * was wished it remembers what it must; all else it sees afresh, from the graph and from the phases
 * that the units' oracles know.
 */
#ifndef REEVE_SIM_GRAPH_H
#define REEVE_SIM_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"
#include "core/unit.h"

struct world;

enum { SIM_UNITS_MAX = 20 };

/* What is asked of the order. */
enum wish {
    WISH_NONE,
    WISH_BEGIN,
    WISH_START,
    WISH_STOP,
    WISH_RESTART,
    WISH_RESET,
    WISH_RELOAD,
    WISH_HOLD,
    WISH_SHUTDOWN,
    WISH_HURRY,
    WISH_COUNT
};

/* What one unit asks of another one: it holds up the start, or why it does not. */
enum outcome_of_edge { EDGE_UNMET, EDGE_MET, EDGE_DEAD, EDGE_PASSED, EDGE_OUTCOMES };

struct graph {
    /* what follows from the configuration */
    uint32_t by_rank[SIM_UNITS_MAX]; /* whoever depends on another one comes after it */
    const struct dependency *edge[SIM_UNITS_MAX][SIM_UNITS_MAX]; /* [above][below]; or NULL */
    bool depends[SIM_UNITS_MAX][SIM_UNITS_MAX];                  /* however, directly or not */
    bool requires[SIM_UNITS_MAX][SIM_UNITS_MAX];                 /* directly or not */
    /* what was wished or happened */
    bool wanted[SIM_UNITS_MAX];
    bool cut[SIM_UNITS_MAX][SIM_UNITS_MAX]; /* [wanter][wanted]: a stop by hand holds */
    bool hurried;
    /* and has not been told to the unit */
    bool anew[SIM_UNITS_MAX];  /* to start, though it is over */
    bool again[SIM_UNITS_MAX]; /* to restart */
    bool falls[SIM_UNITS_MAX]; /* to go along with what it requires */
    bool stop[SIM_UNITS_MAX];  /* to stop, whatever was wished later */
    bool reset[SIM_UNITS_MAX];
    bool reload[SIM_UNITS_MAX];
    bool hold[SIM_UNITS_MAX];
    int64_t hold_until_ms[SIM_UNITS_MAX]; /* as it was wished last */
    bool swept[SIM_UNITS_MAX];            /* a stop came to it, and its goal has not risen since */
    struct event stop_as[SIM_UNITS_MAX];  /* on whose account it stops; type EV_COUNT: unknown */
    uint64_t mark[SIM_UNITS_MAX];         /* when that was, as the order counts */
    bool was_behind[SIM_UNITS_MAX];       /* for a moment at least: see behind */
    bool tried[SIM_UNITS_MAX]; /* was ready, completed, failed one attempt, or was stopped */
    uint64_t done;             /* of the order's marks, last seen */
    /* as of the last graph_look() */
    bool goal[SIM_UNITS_MAX];
    bool follows[SIM_UNITS_MAX][SIM_UNITS_MAX]; /* over units that all do and can now */
    bool leaving[SIM_UNITS_MAX];                /* it is up, and about to go down */
    bool behind[SIM_UNITS_MAX];                 /* it waits for what has tried in vain */
    uint32_t chain[SIM_UNITS_MAX];              /* of units still to stop, from this one on */
};

/* graphs.c: who depends on whom, in a world whose units have their specs */
void graph_random(struct world *w);

/* graph_oracle.c */
void graph_learn(struct world *w);
/* Sees everything afresh. */
void graph_look(struct world *w);
/* The goals alone. */
void graph_look_at_goals(struct world *w);
enum outcome_of_edge graph_edge(const struct world *w, const struct dependency *d);
bool graph_condition(const struct world *w, uint32_t unit, enum condition condition);
/* It has a run that was not told to end. */
bool graph_is_up(const struct world *w, uint32_t unit);
/* For conditions. */
bool graph_is_waiting(const struct world *w, uint32_t unit);
bool graph_is_held(const struct world *w, uint32_t unit);
/* Something of its run may be alive, and can still be waited for. */
bool graph_lives(const struct world *w, uint32_t unit);
/* Unit `above` requires `below` without anything in between. */
bool graph_requires(const struct world *w, uint32_t above, uint32_t below);

/* graph_wishes.c */
void graph_wish(struct world *w, enum wish wish, uint32_t unit, struct requester who);
/* A unit was stepped: a run may be over (of `n_records` before), and with it what counts on it. */
void graph_stepped(struct world *w, uint32_t unit, enum unit_phase before, uint64_t n_records);
/* The event was given to the unit. */
void graph_told(struct world *w, const struct event *ev);

/* graph_events.c */
/* An event of the order, before it is stepped. */
void graph_check_event(struct world *w, const struct event *ev);
void graph_check_spawn(struct world *w, uint32_t unit);
/* After each event of the order. */
void graph_check_marks(struct world *w);

/* graph_quiet.c: with all queues empty and nothing due */
void graph_check_quiet(struct world *w);
/* What a stop or a restart of random units would take along; who depends on whom. */
void graph_check_looks(struct world *w);

/* graph_seen.c: situations that are to have happened */
enum situation {
    SEEN_BOUNCE_BY_RESTART,
    SEEN_BOUNCE_BY_CRASH,
    SEEN_BOUNCE_BY_FAILURE,
    SEEN_STOP_BY_STOP,
    SEEN_STOP_WAITS,
    SEEN_STOP_OF_WAITING,
    SEEN_STOP_OF_RESTARTING,
    SEEN_START_OF_LEAVING,
    SEEN_START_OF_STOPPING,
    SEEN_RESTART_OF_LEAVING,
    SEEN_RESTART_OF_WAITING,
    SEEN_RESTART_TWICE,
    SEEN_HELD,
    SEEN_SERVICE_AGAIN,
    SEEN_JOB_AGAIN,
    SEEN_ON_FAILED,
    SEEN_PAST_UNKILLABLE,
    SEEN_LONG_CHAIN,
    SEEN_RESET_OF_REQUIRED,
    SEEN_HURRY,
    SEEN_LEFT_IN_THE_MIDDLE,
    SEEN_NOT_NEEDED,
    /* of looks and of what units tell: looks.c, oracle_looks.c */
    SEEN_READY_EARLY,
    SEEN_READY_TWICE,
    SEEN_LOOK_HANGS,
    SEEN_LOOK_SKIPPED,
    SEEN_LOOK_AWAY_STARTING,
    SEEN_LOOK_AWAY_RUNNING,
    SEEN_LOOK_TOLD_TOO_LATE,
    SEEN_UNHEALTHY,
    SEEN_SILENT,
    SEEN_HEALTHY_AGAIN,
    SEEN_START_PERIOD,
    SEEN_SOON_AGAIN,
    SEEN_HEALTH_RESTART_NEVER,
    SEEN_HEALTH_LIMIT,
    SEEN_HEALTH_OF_JOB,
    SEEN_EXTENDED_PAST_READY,
    SEEN_EXTENDED_STOP,
    SEEN_EXTENDED_TO_THE_LIMIT,
    /* of hooks, reloads and holds: errands.c, oracle_hooks.c */
    SEEN_HOOK_WAITS,
    SEEN_HOOK_NEVER_BEGUN,
    SEEN_HOOK_AWAY_LATE,
    SEEN_HOOK_TIME_MOVED,
    SEEN_HOOK_GONE_STALE,
    SEEN_RELOAD_BESIDE_LEFT,
    SEEN_RELOADED,
    SEEN_RELOAD_FAILED,
    SEEN_RELOADED_AGAIN,
    SEEN_HOLD_OF_RUNNING,
    SEEN_RELEASE_OF_HELD,
    SEEN_PAST_HELD,
    SEEN_ALL_DONE,
    SEEN_COUNT
};
void seen_wish(const struct world *w, enum wish wish, uint32_t unit);
void seen_event(const struct world *w, const struct event *ev);
void seen_quiet(const struct world *w);

/* graph_coverage.c */
void coverage_edge(const struct dependency *d, enum outcome_of_edge outcome);
void coverage_see(enum situation situation);
void coverage_shutdown_in(enum unit_phase phase);
void coverage_verdict(unsigned operation, unsigned verdict);
void graph_coverage_print(void);
/* How much was never seen; prints each. */
unsigned graph_coverage_missing(void);
const char *edge_outcome_name(enum outcome_of_edge outcome);
const char *dependency_kind_name(enum dependency_kind kind);
const char *wish_name(enum wish wish);

#endif
