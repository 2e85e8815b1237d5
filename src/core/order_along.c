/* What a wish would take along, without anything being done. */
#include <string.h>

#include "core/order_state.h"

/* Whether anything happens to it when it is asked for. */
static bool is_concerned(const struct unit *u, bool restart)
{
    return restart ? u->goal && unit_has_run(u) : u->phase != PHASE_COMPLETED;
}

/* Whether anything happens to it when it goes along. */
static bool goes_along(const struct unit *u, bool restart, enum along_because because)
{
    if (u->phase == PHASE_COMPLETED || (because == ALONG_NOT_NEEDED && u->phase == PHASE_FAILED))
        return false;
    return u->goal || (!restart && unit_has_run(u));
}

/* What is asked for, and what is above it. Leaves all of them in o->stack; returns how many they
 * are. */
static uint32_t find_above(struct order *o, bool restart, const bool *asked, struct along *along)
{
    uint32_t n = 0;

    order_walk_begin(o);
    for (uint32_t i = 0; i < o->n; i++) {
        uint32_t at = n;

        if (!asked[i] || o->nodes[i].visit == o->visit || !is_concerned(o->units[i], restart))
            continue;
        n = order_walk_up(o, i, restart ? order_follows : order_requires_it, n);
        o->stack[n++] = i;
        for (; at < n; at++) {
            uint32_t unit = o->stack[at];

            along[unit].with =
                asked[unit] && is_concerned(o->units[unit], restart) ? unit + 1 : i + 1;
        }
    }
    return n;
}

/* Holds the unit one time less. Returns whether its goal falls by that. */
static bool let_go(struct order *o, uint32_t unit)
{
    struct order_node *n = &o->nodes[unit];
    const struct unit *u = o->units[unit];

    if (n->visit != o->visit) {
        n->visit = o->visit;
        n->n_held = n->n_pulls + u->wanted;
    }
    return n->n_held && --n->n_held == 0 && u->goal;
}

/* The goal of this unit falls: adds those to o->stack, from `n` on, whose goal falls by that.
 * Returns the new `n`. */
static uint32_t find_below(struct order *o, uint32_t unit, struct along *along, uint32_t n)
{
    const struct order_node *node = &o->nodes[unit];

    for (uint32_t i = 0; o->units[unit]->goal && i < node->n_edges; i++) {
        const struct order_edge *e = &o->edges[node->first_edge + i];

        if (!e->pulls || !let_go(o, e->to))
            continue;
        o->stack[n++] = e->to;
        along[e->to] = (struct along){along[unit].with, ALONG_NOT_NEEDED};
    }
    return n;
}

/* What falls when the first `n` of o->stack are not wanted by anybody any more: see lower_goal().
 * Adds it to them; returns how many they are then. */
static uint32_t find_all_below(struct order *o, uint32_t n, struct along *along)
{
    uint32_t at = n;

    order_walk_begin(o);
    for (uint32_t k = 0; k < n; k++) {
        o->nodes[o->stack[k]].visit = o->visit;
        o->nodes[o->stack[k]].n_held = 0;
    }
    for (uint32_t k = 0, n_above = at; k < n_above; k++) {
        n = find_below(o, o->stack[k], along, n);
        for (; at < n; at++)
            n = find_below(o, o->stack[at], along, n);
    }
    return n;
}

void order_along(struct order *o, bool restart, const bool *asked, struct along *along)
{
    uint32_t n;

    memset(along, 0, o->n * sizeof *along);
    n = find_above(o, restart, asked, along);
    if (!restart)
        n = find_all_below(o, n, along);
    while (n--) {
        uint32_t unit = o->stack[n];

        if (asked[unit] || !goes_along(o->units[unit], restart, along[unit].because))
            along[unit] = (struct along){0};
    }
}
