/* Looking at the order: nothing here changes it. */
#include <string.h>

#include "core/order_state.h"

bool order_all_tried(const struct order *o)
{
    return o->n_untried == 0;
}

bool order_met(const struct order *o, uint32_t unit, uint32_t nth)
{
    const struct order_edge *e = &o->edges[o->nodes[unit].first_edge + nth];

    return (e->conditions & ~o->nodes[e->to].facts) == 0;
}

bool order_dependent(const struct order *o, uint32_t unit, uint32_t nth, uint32_t *ret_unit,
                     uint32_t *ret_dependency)
{
    const struct order_node *n = &o->nodes[unit];
    uint32_t at;

    if (nth >= n->n_above)
        return false;
    at = o->above[n->first_above + nth];
    *ret_unit = o->edges[at].from;
    *ret_dependency = at - o->nodes[o->edges[at].from].first_edge;
    return true;
}

/* ---- what a unit waits for ---- */

static enum waited_for first_unmet(const struct order *o, const struct order_edge *e)
{
    uint32_t unmet = e->conditions & ~o->nodes[e->to].facts;

    if (unmet & 1 << CONDITION_COMPLETED)
        return WAITED_COMPLETED;
    if (unmet & 1 << CONDITION_HEALTHY && !(unmet & 1 << CONDITION_READY))
        return WAITED_HEALTHY;
    return unmet & 1 << CONDITION_READY ? WAITED_READY : WAITED_STARTED;
}

static void look_below(const struct order *o, uint32_t unit, struct waiting_for *ret)
{
    const struct order_node *n = &o->nodes[unit];
    const struct order_edge *e = order_dead_edge(o, unit);

    for (uint32_t i = 0; !e && i < n->n_edges; i++)
        if (o->edges[n->first_edge + i].unmet)
            e = &o->edges[n->first_edge + i];
    if (!e)
        return;
    ret->unit = e->to;
    ret->until = first_unmet(o, e);
    ret->failed = e->dead;
    ret->others = o->units[unit]->n_unmet - 1;
    if (!e->dead)
        return;
    ret->cause = o->nodes[e->to].cause;
    ret->completed = o->units[ret->cause]->phase == PHASE_COMPLETED;
}

static const struct order_edge *ending_edge(const struct order *o, uint32_t unit)
{
    const struct order_node *n = &o->nodes[unit];

    for (uint32_t i = 0; i < n->n_above; i++)
        if (o->edges[o->above[n->first_above + i]].counts_below)
            return &o->edges[o->above[n->first_above + i]];
    return NULL;
}

static void look_above(const struct order *o, uint32_t unit, struct waiting_for *ret)
{
    const struct order_edge *e = ending_edge(o, unit);

    if (!e)
        return;
    ret->others = o->nodes[unit].n_ending - 1;
    /* What is down already, or will not go, stands for what is above it. */
    while ((!unit_has_run(o->units[e->from]) || o->units[e->from]->phase == PHASE_UNKILLABLE) &&
           ending_edge(o, e->from))
        e = ending_edge(o, e->from);
    ret->unit = e->from;
    ret->until = WAITED_STOPPED;
}

void order_waiting(const struct order *o, uint32_t unit, struct waiting_for *ret)
{
    const struct unit *u = o->units[unit];
    enum order_ask ask = o->nodes[unit].ask;

    *ret = (struct waiting_for){.unit = WAITING_NO_UNIT, .cause = WAITING_NO_UNIT};
    if (u->phase == PHASE_WAITING || u->phase == PHASE_STUCK)
        look_below(o, unit, ret);
    else if (order_is_up(u) && (!u->goal || (ask != ASKED_NOTHING && ask != ASKED_START)))
        look_above(o, unit, ret);
}
