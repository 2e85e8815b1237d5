/* How long the chains are of what is still to stop: a shutdown divides its time by that. */
#include "core/order_state.h"

static bool is_to_stop(const struct unit *u)
{
    return unit_has_run(u) && u->phase != PHASE_UNKILLABLE;
}

/* A unit comes after all that it depends on; `visit` counts those not done yet. */
void order_count_chains(struct order *o)
{
    uint32_t n_ready = 0;

    for (uint32_t i = 0; i < o->n; i++) {
        o->nodes[i].chain = 0;
        o->nodes[i].visit = o->nodes[i].n_edges;
        if (!o->nodes[i].n_edges)
            o->stack[n_ready++] = i;
    }
    while (n_ready) {
        uint32_t unit = o->stack[--n_ready];
        struct order_node *n = &o->nodes[unit];

        n->chain += is_to_stop(o->units[unit]);
        for (uint32_t i = 0; i < n->n_above; i++) {
            uint32_t from = o->edges[o->above[n->first_above + i]].from;
            struct order_node *above = &o->nodes[from];

            if (above->chain < n->chain)
                above->chain = n->chain;
            if (--above->visit == 0)
                o->stack[n_ready++] = from;
        }
    }
    for (uint32_t i = 0; i < o->n; i++)
        o->nodes[i].visit = 0;
    o->visit = 0;
    o->chains_stale = false;
}
