/* The order of units from inside, for core/order*.c only. */
#ifndef REEVE_CORE_ORDER_STATE_H
#define REEVE_CORE_ORDER_STATE_H

#include "core/order.h"

/* What is asked of a unit and has not reached it yet. */
enum order_ask { ASKED_NOTHING, ASKED_START, ASKED_STOP, ASKED_RESTART, ASKED_BOUNCE };

/* What the neighbours of a unit go by. The conditions come first: bit C for enum condition C. */
enum {
    FACT_UP = 1 << CONDITION_COUNT,          /* its goal is up */
    FACT_OVER = 1 << (CONDITION_COUNT + 1),  /* by itself it will not do anything any more */
    FACT_LATE = 1 << (CONDITION_COUNT + 2),  /* who only wants it need not wait any longer */
    FACT_ENDING = 1 << (CONDITION_COUNT + 3) /* it is going down, or what is above it is */
};
enum { FACTS_CONDITIONS = (1 << CONDITION_COUNT) - 1 };

struct order_node {
    struct list stale_link; // order.stale
    struct list due_link;   // order.due
    uint64_t mark;          /* when it became due */
    uint32_t first_edge, n_edges;
    uint32_t first_above, n_above;
    uint32_t n_pulls;  /* edges that hold its goal up */
    uint32_t n_late;   /* of what it requires and waits for: is late */
    uint32_t n_ending; /* edges to what is above it and ending */
    uint32_t facts;
    uint32_t cause; /* what has failed below it, when it waits for that; else the unit itself */
    uint32_t chain; /* shutdown: how many stop one after the other from here on */
    uint32_t visit;
    uint32_t n_held;   /* as of that visit: what would still hold its goal up; see order_along() */
    uint64_t run_seen; /* the newest run whose end was looked at */
    bool failed_seen;
    bool live_seen;
    bool tried;
    bool reset;  /* asked to forget that it failed */
    bool reload; /* asked to reload its configuration */
    bool hold;   /* asked to be held, or released */
    int64_t hold_until_ms, hold_until_wall_ms;
    struct requester holder, reloader;
    bool swept; /* its goal fell by a stop, and so did that of all above it, and none rose since */
    enum order_ask ask;
    enum requested_by by; /* of its stop or restart, asked for or following from its goal */
    struct requester who;
};

/* `from` depends on `to`. */
struct order_edge {
    uint32_t from, to;
    uint32_t conditions;
    enum dependency_kind kind;
    bool pulls;        /* holds the goal of `to` up */
    bool unmet;        /* holds up the start of `from` */
    bool dead;         /* and will do so until somebody interferes */
    bool late;         /* and makes `from` late, too */
    bool counts_below; /* counted in n_ending of `to` */
};

/* ---- order_facts.c ---- */

/* The facts of the unit may have changed. */
void order_mark_stale(struct order *o, uint32_t unit);
/* The unit may have something to do. */
void order_mark_due(struct order *o, uint32_t unit);
/* Looks at all that is stale, and at what that changes in turn. To be called at the end of whatever
 * marks something as stale, before any unit is stepped. */
void order_refresh(struct order *o);
/* The first of what holds up its start for good; NULL when nothing does. */
const struct order_edge *order_dead_edge(const struct order *o, uint32_t unit);
/* It has a run that was not told to end. */
bool order_is_up(const struct unit *u);

/* ---- order_wishes.c ---- */

/* Whether a walk up along what requires a unit goes on to this one, and through it. */
typedef bool order_walk_fn(const struct order *o, uint32_t unit);
/* Anything. */
bool order_requires_it(const struct order *o, uint32_t unit);
/* Who is up, or was, and restarts along with what it requires; not what is ending of itself. */
bool order_follows(const struct order *o, uint32_t unit);
/* Who cannot be without what has failed. What completed stays so. */
bool order_falls_with(const struct order *o, uint32_t unit);
/* A walk may begin in several places, and comes to each unit once. */
void order_walk_begin(struct order *o);
/* Puts into o->stack, from `n` on, those above `unit` that this walk has not come to; returns the
 * new `n`. What is found first is nearest. */
uint32_t order_walk_up(struct order *o, uint32_t unit, order_walk_fn *goes_on, uint32_t n);
/* Those above the unit are to stop, and to start again when their conditions hold. */
void order_take_along(struct order *o, uint32_t unit, order_walk_fn *who_goes,
                      struct requester who);

/* ---- order_chain.c ---- */

/* Counts the chains of what is still to stop. */
void order_count_chains(struct order *o);

#endif
