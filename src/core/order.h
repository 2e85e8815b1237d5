/*
 * The order of units: who is wanted and whose goal is up, what holds up a start or a stop, and what
 * to do next. Pure. Wishes go in (start this, stop that, shut down), and so does each change of a
 * unit; out come, one by one, the events that the units are to be stepped with. It decides from
 * what is so now, not from what happened: whatever the order of events, every unit gets where it
 * should.
 *
 * A unit that goes down waits for the ones above it (those that depend on it) to be down; a unit
 * that comes up waits for what it depends on. Both by counters that are kept up to date along the
 * edges of the graph, so a change costs as much as the unit has neighbours.
 */
#ifndef REEVE_CORE_ORDER_H
#define REEVE_CORE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "core/event.h"
#include "core/unit.h"
#include "core/waiting.h"

struct order_node;
struct order_edge;

enum along_because {
    ALONG_REQUIRES_IT, /* directly or not */
    ALONG_NOT_NEEDED /* it was up only for the sake of the other, or of what went along with that */
};
enum { ALONG_BECAUSE_COUNT = ALONG_NOT_NEEDED + 1 };

/* What stops or restarts together with a unit that is asked for. */
struct along {
    uint32_t with; /* 1 + the index of that unit; 0: with none */
    enum along_because because;
};

struct order {
    struct unit **units; /* by index; the array is owned, the units are not */
    uint32_t n;
    struct order_node *nodes; /* by index; owned */
    struct order_edge *edges; /* sorted by the unit that depends; owned */
    uint32_t *above;          /* indexes of edges, sorted by what is depended on; owned */
    struct list stale;        // order_node.stale_link: facts to be looked at
    struct list due;          // order_node.due_link: may have something to do
    uint64_t n_marked, n_done;
    uint32_t n_untried;
    uint32_t *stack; /* of indexes, for walks; owned */
    uint32_t visit;  /* the number of the walk under way */
    /* shutdown */
    bool shutting_down, hurried, chains_stale;
    int64_t budget_ms, begun_ms;
    struct requester who;
};

/* `units` (copied) must have been initialised and outlive the order. 0 or -ENOMEM. */
int order_init(struct order *o, struct unit *const *units, uint32_t n);
void order_finish(struct order *o);

/* ---- wishes ---- They take effect on goals at once; on the units by order_next(). */

/* What autostart wants, all at once. */
void order_begin(struct order *o);
/* The unit is wanted, and the goal of all it requires or wants rises. */
void order_start(struct order *o, uint32_t unit, struct requester who);
/* Neither the unit nor what requires it, directly or not, is wanted any more; they stop first. What
 * was up for their sake only stops after them. A completed unit stays as it is. */
void order_stop(struct order *o, uint32_t unit, struct requester who);
/* What is up is stopped and started, with those that follow (on_dependency_restart); else started.
 */
void order_restart(struct order *o, uint32_t unit, struct requester who);
/* Forgets that it failed: see EV_RESET. */
void order_reset(struct order *o, uint32_t unit, struct requester who);
/* It reloads its own configuration: see EV_RELOAD. */
void order_reload(struct order *o, uint32_t unit, struct requester who);
/* Nothing starts it before then (monotonic, and as a date); 0: whatever waits for that may go on.
 */
void order_hold(struct order *o, uint32_t unit, int64_t until_ms, int64_t until_wall_ms,
                struct requester who);
/* All stop, in reverse order, inside the budget (core/stop_plan.h). */
void order_shutdown(struct order *o, int64_t begun_ms, int64_t budget_ms, struct requester who);
/* No order counts any more: all that is left is killed. */
void order_hurry(struct order *o);

/* ---- going on ---- */

/* To be called after each step of a unit, before any other step. */
void order_changed(struct order *o, uint32_t unit);
/* The next event for a unit, which is to be stepped with it at once. False: nothing is to be done
 * now. */
bool order_next(struct order *o, struct moment now, struct event *ret);
bool order_idle(const struct order *o);
/* Wishes up to order_marked() have reached their units once order_done() has come that far. */
uint64_t order_marked(const struct order *o);
uint64_t order_done(const struct order *o);

/* ---- looking ---- */

/* Every autostart unit was ready, completed, failed one attempt, waits for one that did, or was
 * stopped. Does not come to be so during a shutdown. */
bool order_all_tried(const struct order *o);
/* What holds up its start, or its stop. ret->unit is WAITING_NO_UNIT when nothing does. */
void order_waiting(const struct order *o, uint32_t unit, struct waiting_for *ret);
/* Whether what `unit` asks of its dependency number `nth` (unit_spec.dependencies) is so. */
bool order_met(const struct order *o, uint32_t unit, uint32_t nth);
/* Who depends on it: the unit's index and the number of the dependency there. False when there are
 * no more than `nth`. In ascending order of index. */
bool order_dependent(const struct order *o, uint32_t unit, uint32_t nth, uint32_t *ret_unit,
                     uint32_t *ret_dependency);
/* Which other units a stop (or restart) of these, asked for in ascending order, would take along
 * now, on whose account and why. `asked` and `along` have a place for each unit. */
void order_along(struct order *o, bool restart, const bool *asked, struct along *along);

#endif
