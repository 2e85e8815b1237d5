/* The goals, the conditions and the chains of units, recomputed from scratch whenever asked. */
#include <string.h>

#include "sim.h"

static enum unit_phase phase_of(const struct world *w, uint32_t unit)
{
    return w->units[unit].oracle.phase;
}

bool graph_is_up(const struct world *w, uint32_t unit)
{
    enum unit_phase phase = phase_of(w, unit);

    return phase == PHASE_PRE_START || phase == PHASE_SPAWNING || phase == PHASE_PROBING ||
           phase == PHASE_RUNNING;
}

bool graph_is_waiting(const struct world *w, uint32_t unit)
{
    return phase_of(w, unit) == PHASE_WAITING || phase_of(w, unit) == PHASE_STUCK;
}

bool graph_is_held(const struct world *w, uint32_t unit)
{
    return phase_of(w, unit) == PHASE_HELD;
}

bool graph_lives(const struct world *w, uint32_t unit)
{
    return unit_has_run(&w->units[unit].core) && phase_of(w, unit) != PHASE_UNKILLABLE;
}

/* ---- the graph ---- */

bool graph_requires(const struct world *w, uint32_t above, uint32_t below)
{
    const struct dependency *d = w->graph.edge[above][below];

    return d && d->kind == DEPENDENCY_REQUIRES;
}

/* Over `via`, whose rank is lower and which is done already. */
static void reach_over(bool reaches[SIM_UNITS_MAX][SIM_UNITS_MAX], uint32_t unit, uint32_t via)
{
    for (uint32_t i = 0; i < SIM_UNITS_MAX; i++)
        reaches[unit][i] |= i == via || reaches[via][i];
}

void graph_learn(struct world *w)
{
    struct graph *g = &w->graph;

    for (uint32_t r = 0; r < w->n_units; r++) {
        uint32_t unit = g->by_rank[r];
        const struct unit_spec *spec = &w->units[unit].spec;

        for (uint32_t i = 0; i < spec->n_dependencies; i++) {
            g->edge[unit][spec->dependencies[i].unit] = &spec->dependencies[i];
            reach_over(g->depends, unit, spec->dependencies[i].unit);
            if (spec->dependencies[i].kind == DEPENDENCY_REQUIRES)
                reach_over(g->requires, unit, spec->dependencies[i].unit);
        }
    }
}

/* It has a run that another one is to follow, or that was not told to end. What ends by itself has
 * nothing to restart. */
static bool can_follow(const struct world *w, uint32_t unit)
{
    const struct unit *u = &w->units[unit].core;

    return graph_is_up(w, unit) || (unit_has_run(u) && (u->again || u->told_down));
}

/* Who restarts along with whom. */
static void see_follows(struct world *w, uint32_t unit)
{
    struct graph *g = &w->graph;
    const struct unit_spec *spec = &w->units[unit].spec;

    memset(g->follows[unit], 0, sizeof g->follows[unit]);
    if (spec->on_dependency_restart != DEPENDENCY_RESTART_FOLLOW || !can_follow(w, unit))
        return;
    for (uint32_t i = 0; i < spec->n_dependencies; i++)
        if (spec->dependencies[i].kind == DEPENDENCY_REQUIRES)
            reach_over(g->follows, unit, spec->dependencies[i].unit);
}

/* ---- goals ---- */

static bool pulls(const struct world *w, uint32_t above, uint32_t below)
{
    const struct dependency *d = w->graph.edge[above][below];

    if (!d || d->kind == DEPENDENCY_AFTER || !w->units[below].spec.enabled)
        return false;
    return d->kind == DEPENDENCY_REQUIRES || !w->graph.cut[above][below];
}

/* Up is what is wanted, and what that requires or wants, and so on. */
void graph_look_at_goals(struct world *w)
{
    bool *goal = w->graph.goal;

    for (uint32_t i = 0; i < w->n_units; i++)
        goal[i] = w->graph.wanted[i] && !w->shutting_down;
    for (uint32_t r = w->n_units; r-- > 0;) {
        uint32_t above = w->graph.by_rank[r];

        for (uint32_t i = 0; i < w->n_units && goal[above]; i++)
            goal[i] |= pulls(w, above, i);
    }
}

/* ---- conditions ---- */

bool graph_condition(const struct world *w, uint32_t unit, enum condition condition)
{
    enum unit_phase phase = phase_of(w, unit);
    bool done = phase == PHASE_COMPLETED && w->units[unit].spec.kind == UNIT_JOB;

    if (w->graph.leaving[unit])
        return false;
    if (condition == CONDITION_STARTED)
        return phase == PHASE_PROBING || phase == PHASE_RUNNING || done;
    if (condition == CONDITION_READY)
        return phase == PHASE_RUNNING || done;
    if (condition == CONDITION_HEALTHY)
        return (phase == PHASE_RUNNING && w->units[unit].oracle.looks.is == HEALTHINESS_HEALTHY) ||
               done;
    return phase == PHASE_COMPLETED;
}

static bool all_hold(const struct world *w, const struct dependency *d)
{
    for (unsigned c = 0; c < CONDITION_COUNT; c++)
        if (d->conditions >> c & 1 && !graph_condition(w, d->unit, (enum condition)c))
            return false;
    return true;
}

/* Its first attempt is over, and did not lead to what others wait for. */
static bool has_tried(const struct world *w, uint32_t unit)
{
    const struct sim_unit *su = &w->units[unit];
    const struct graph *g = &w->graph;
    enum unit_phase phase = phase_of(w, unit);

    if (phase == PHASE_FAILED || phase == PHASE_COMPLETED) /* and not about to try again */
        return !g->anew[unit] && !g->reset[unit] && !g->again[unit] && !g->falls[unit] &&
               !g->stop[unit];
    if (phase == PHASE_WAITING)
        return su->oracle.tries > 0;
    return phase == PHASE_BACKOFF || phase == PHASE_STUCK || phase == PHASE_HELD ||
           (unit_has_run(&su->core) && su->oracle.tries > 1);
}

/* It has not tried, since what it requires has, in vain. */
static bool waits_behind(const struct world *w, uint32_t unit)
{
    const struct unit_spec *spec = &w->units[unit].spec;

    if (phase_of(w, unit) != PHASE_WAITING)
        return false;
    for (uint32_t i = 0; i < spec->n_dependencies; i++) {
        const struct dependency *d = &spec->dependencies[i];

        if (d->kind == DEPENDENCY_REQUIRES && !all_hold(w, d) &&
            (has_tried(w, d->unit) || w->graph.behind[d->unit]))
            return true;
    }
    return false;
}

enum outcome_of_edge graph_edge(const struct world *w, const struct dependency *d)
{
    enum unit_phase phase = phase_of(w, d->unit);

    if (all_hold(w, d))
        return EDGE_MET;
    if (d->kind != DEPENDENCY_REQUIRES)
        return !w->units[d->unit].spec.enabled || !w->graph.goal[d->unit] ||
                       has_tried(w, d->unit) || w->graph.behind[d->unit]
                   ? EDGE_PASSED
                   : EDGE_UNMET;
    return phase == PHASE_FAILED || phase == PHASE_COMPLETED || phase == PHASE_STUCK ? EDGE_DEAD
                                                                                     : EDGE_UNMET;
}

/* ---- all at once ---- */

/* It is up, and about to go down: nobody may count on it. */
static bool leaves(const struct world *w, uint32_t unit)
{
    const struct graph *g = &w->graph;

    return graph_is_up(w, unit) &&
           (!g->goal[unit] || g->stop[unit] || g->again[unit] || g->falls[unit]);
}

/* Of the units still to stop one after the other, this one included. */
static uint32_t chain_from(const struct world *w, uint32_t unit)
{
    const struct unit_spec *spec = &w->units[unit].spec;
    uint32_t longest = 0;

    for (uint32_t i = 0; i < spec->n_dependencies; i++) {
        uint32_t chain = w->graph.chain[spec->dependencies[i].unit];

        if (chain > longest)
            longest = chain;
    }
    return longest + graph_lives(w, unit);
}

void graph_look(struct world *w)
{
    graph_look_at_goals(w);
    for (uint32_t r = 0; r < w->n_units; r++) {
        uint32_t unit = w->graph.by_rank[r];

        see_follows(w, unit);
        w->graph.leaving[unit] = leaves(w, unit);
        w->graph.behind[unit] = waits_behind(w, unit);
        w->graph.was_behind[unit] |= w->graph.behind[unit];
        w->graph.chain[unit] = chain_from(w, unit);
    }
}
