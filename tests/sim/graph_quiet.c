/* What must hold when nothing is left to do: nobody waits without saying for what. */
#include <inttypes.h>
#include <string.h>

#include "sim.h"

/* What holds up a start, as it is told. */
static void check_waiting(struct world *w, uint32_t unit, const struct waiting_for *told,
                          uint32_t unmet, uint32_t dead)
{
    const struct dependency *d = told->unit < w->n_units ? w->graph.edge[unit][told->unit] : NULL;
    enum outcome_of_edge outcome = d ? graph_edge(w, d) : EDGE_MET;

    if (outcome != EDGE_UNMET && outcome != EDGE_DEAD)
        sim_fail(w, unit, "waits, and names unit %u", told->unit);
    if (told->failed != (dead > 0) || told->failed != (outcome == EDGE_DEAD))
        sim_fail(w, unit, "waits for unit %u, failed is %d", told->unit, told->failed);
    if (told->until >= WAITED_STOPPED || !(d->conditions >> told->until & 1) ||
        graph_condition(w, told->unit, (enum condition)told->until))
        sim_fail(w, unit, "waits for unit %u to be %s", told->unit, waited_for_name(told->until));
    if (told->others != unmet - 1)
        sim_fail(w, unit, "waits for %u others, expected %u", told->others, unmet - 1);
    if (told->failed) {
        enum unit_phase phase =
            told->cause < w->n_units ? w->units[told->cause].core.phase : PHASE_STOPPED;

        if ((phase != PHASE_FAILED && phase != PHASE_COMPLETED) ||
            (told->cause != told->unit && !w->graph.requires[told->unit][told->cause]))
            sim_fail(w, unit, "waits for unit %u because of unit %u", told->unit, told->cause);
    }
}

static void check_conditions(struct world *w, uint32_t unit, const struct waiting_for *told)
{
    const struct unit_spec *spec = &w->units[unit].spec;
    const struct unit *u = &w->units[unit].core;
    uint32_t unmet = 0, dead = 0;

    for (uint32_t i = 0; i < spec->n_dependencies; i++) {
        enum outcome_of_edge outcome = graph_edge(w, &spec->dependencies[i]);

        coverage_edge(&spec->dependencies[i], outcome);
        unmet += outcome == EDGE_UNMET || outcome == EDGE_DEAD;
        dead += outcome == EDGE_DEAD;
        if (order_met(&w->order, unit, i) != (outcome == EDGE_MET))
            sim_fail(w, unit, "dependency %u is %smet", i, outcome == EDGE_MET ? "not " : "");
    }
    if (u->n_unmet != unmet || u->n_dead != dead)
        sim_fail(w, unit, "%u conditions unmet, %u dead; expected %u and %u", u->n_unmet, u->n_dead,
                 unmet, dead);
    if (graph_is_waiting(w, unit))
        check_waiting(w, unit, told, unmet, dead);
}

/* Nothing but what is down already, or will not go, stands between the two. */
static bool is_next_above(const struct world *w, uint32_t above, uint32_t below)
{
    if (w->graph.edge[above][below])
        return true;
    for (uint32_t i = 0; i < w->n_units; i++)
        if (w->graph.edge[above][i] && w->graph.depends[i][below] && !graph_lives(w, i) &&
            is_next_above(w, i, below))
            return true;
    return false;
}

/* It should not be up, or not as it is: it says which unit goes first. */
static void check_leaving(struct world *w, uint32_t unit, const struct waiting_for *told)
{
    if (told->unit >= w->n_units || told->until != WAITED_STOPPED)
        sim_fail(w, unit, "it should go down, does not, and does not say why");
    if (!w->graph.depends[told->unit][unit] || !graph_lives(w, told->unit) ||
        !is_next_above(w, told->unit, unit))
        sim_fail(w, unit, "its stop waits for unit %u", told->unit);
    if (graph_is_up(w, told->unit) && !w->graph.leaving[told->unit])
        sim_fail(w, unit, "its stop waits for unit %u, which stays up", told->unit);
    coverage_see(SEEN_STOP_WAITS);
}

/* Up to stay, and so what it requires directly has not failed; nor, if it follows, crashed. */
static void check_staying(struct world *w, uint32_t unit)
{
    const struct unit_spec *spec = &w->units[unit].spec;

    for (uint32_t i = 0; i < spec->n_dependencies; i++) {
        const struct sim_unit *other = &w->units[spec->dependencies[i].unit];
        bool gone = other->core.phase == PHASE_FAILED ||
                    (other->core.phase == PHASE_BACKOFF &&
                     spec->on_dependency_restart == DEPENDENCY_RESTART_FOLLOW);

        if (gone && spec->dependencies[i].kind == DEPENDENCY_REQUIRES &&
            other->spec.kind == UNIT_SERVICE)
            sim_fail(w, unit, "up, though unit %u, which it requires, is %s", other->core.index,
                     unit_phase_name(other->core.phase));
    }
}

static void check_up(struct world *w, uint32_t unit, const struct waiting_for *told)
{
    if (w->graph.leaving[unit]) {
        check_leaving(w, unit, told);
        return;
    }
    if (told->unit != WAITING_NO_UNIT)
        sim_fail(w, unit, "up, and waits for unit %u", told->unit);
    check_staying(w, unit);
}

static void check_unit(struct world *w, uint32_t unit)
{
    const struct unit *u = &w->units[unit].core;
    const struct graph *g = &w->graph;
    struct waiting_for told;

    memset(&told, 0xa5, sizeof told);
    order_waiting(&w->order, unit, &told);
    if (u->wanted != g->wanted[unit] || u->goal != g->goal[unit])
        sim_fail(w, unit, "wanted %d, goal %d; expected %d, %d", u->wanted, u->goal,
                 g->wanted[unit], g->goal[unit]);
    if (g->goal[unit] && u->phase == PHASE_STOPPED)
        sim_fail(w, unit, "stopped, and should be up");
    if (!g->goal[unit] &&
        (graph_is_waiting(w, unit) || graph_is_held(w, unit) || u->phase == PHASE_BACKOFF))
        sim_fail(w, unit, "%s, and should be down", unit_phase_name(u->phase));
    if (g->hold[unit] || g->reload[unit])
        sim_fail(w, unit, "it was never told to reload, or to be held");
    if (!unit_has_run(u) && !graph_is_waiting(w, unit) && (g->anew[unit] || g->reset[unit]))
        sim_fail(w, unit, "%s, and was never told of a start", unit_phase_name(u->phase));
    if (g->goal[unit])
        check_conditions(w, unit, &told);
    if (graph_is_up(w, unit))
        check_up(w, unit, &told);
    else if (!graph_is_waiting(w, unit) && !unit_has_run(u) && told.unit != WAITING_NO_UNIT)
        sim_fail(w, unit, "%s, and waits for unit %u", unit_phase_name(u->phase), told.unit);
}

/* Every autostart unit was ready, completed, failed one attempt, waits for one that did, or was
 * stopped. */
static void check_all_tried(struct world *w)
{
    bool told = order_all_tried(&w->order);
    bool surely = true, perhaps = true;

    for (uint32_t i = 0; i < w->n_units; i++) {
        w->graph.tried[i] |= w->graph.behind[i];
        if (!w->units[i].spec.autostart || !w->units[i].spec.enabled)
            continue;
        surely &= w->graph.tried[i];
        perhaps &= w->graph.tried[i] || w->graph.was_behind[i];
    }
    if (told ? !perhaps : surely && !w->shutting_down)
        sim_fail(w, 0, "all tried is %d", told);
}

void graph_check_quiet(struct world *w)
{
    graph_look(w);
    for (uint32_t i = 0; i < w->n_units; i++)
        check_unit(w, i);
    check_all_tried(w);
    seen_quiet(w);
    if (order_done(&w->order) != order_marked(&w->order))
        sim_fail(w, 0, "idle, and %" PRIu64 " of %" PRIu64 " wishes done", order_done(&w->order),
                 order_marked(&w->order));
}

/* ---- looking ---- */

/* Somebody would notice if it were stopped. */
static bool would_change(const struct world *w, uint32_t unit)
{
    const struct unit *u = &w->units[unit].core;

    return unit_has_run(u) || graph_is_waiting(w, unit) || u->phase == PHASE_BACKOFF ||
           u->phase == PHASE_HELD || (w->graph.goal[unit] && u->phase != PHASE_COMPLETED);
}

/* What it is taken along with, on account of what it requires. */
static bool goes_along(const struct world *w, bool restart, uint32_t asked, uint32_t unit)
{
    if (!restart)
    return w->graph.requires[unit][asked] && would_change(w, unit) &&
           w->units[asked].core.phase != PHASE_COMPLETED;
    return w->graph.follows[unit][asked] && w->graph.goal[asked] && w->graph.goal[unit] &&
           unit_has_run(&w->units[asked].core);
}

/* A stop of these, as far as goals go; which of them that leaves up. */
static void goals_after(struct world *w, const bool *asked, bool *goal)
{
    static struct graph before;

    before = w->graph;
    for (uint32_t a = 0; a < w->n_units; a++)
        for (uint32_t i = 0;
             asked[a] && w->units[a].core.phase != PHASE_COMPLETED && i < w->n_units; i++)
            if (i == a || before.requires[i][a]) {
                w->graph.wanted[i] = false;
                for (uint32_t above = 0; above < w->n_units; above++)
                    w->graph.cut[above][i] = true;
            }
    graph_look_at_goals(w);
    memcpy(goal, w->graph.goal, sizeof before.goal);
    w->graph = before;
}

/* It was up, through units that are to go down now, for the sake of one that is asked for. */
static bool was_up_for(const struct world *w, const bool *goal, uint32_t asked, uint32_t unit)
{
    if (unit == asked || w->graph.requires[unit][asked])
        return true;
    for (uint32_t i = 0; i < w->n_units; i++)
        if (w->graph.edge[i][unit] && w->graph.edge[i][unit]->kind != DEPENDENCY_AFTER &&
            w->graph.goal[i] && !goal[i] && was_up_for(w, goal, asked, i))
            return true;
    return false;
}

static bool is_taken(const struct world *w, bool restart, const bool *goal, uint32_t asked,
                     uint32_t unit, enum along_because because)
{
    enum unit_phase phase = w->units[unit].core.phase;

    if (because == ALONG_REQUIRES_IT)
        return goes_along(w, restart, asked, unit);
    return !restart && w->graph.goal[unit] && !goal[unit] && phase != PHASE_FAILED &&
           phase != PHASE_COMPLETED && w->units[asked].core.phase != PHASE_COMPLETED &&
           was_up_for(w, goal, asked, unit);
}

static void check_one_along(struct world *w, bool restart, const bool *asked, const bool *goal,
                            uint32_t unit, struct along told)
{
    for (uint32_t b = 0; b < ALONG_BECAUSE_COUNT; b++) {
        bool expected = false, is_one = false;

        for (uint32_t a = 0; a < w->n_units && !asked[unit]; a++) {
            if (!asked[a] || !is_taken(w, restart, goal, a, unit, (enum along_because)b))
                continue;
            expected = true;
            is_one |= told.with == a + 1;
        }
        if (!expected)
            continue;
        if (!is_one || told.because != (enum along_because)b)
            sim_fail(w, unit, "a %s takes it along with %u (%d); expected: taken (%u)",
                     restart ? "restart" : "stop", told.with, told.because, b);
        if (b == ALONG_NOT_NEEDED)
            coverage_see(SEEN_NOT_NEEDED);
        return;
    }
    if (told.with)
        sim_fail(w, unit, "a %s takes it along with %u; expected: not",
                 restart ? "restart" : "stop", told.with);
}

static void check_along(struct world *w, bool restart)
{
    struct along along[SIM_UNITS_MAX];
    bool asked[SIM_UNITS_MAX] = {false}, goal[SIM_UNITS_MAX];

    memset(along, 0xa5, sizeof along);
    for (uint64_t n = 1 + prng_below(&w->prng, 3); n > 0; n--)
        asked[prng_below(&w->prng, w->n_units)] = true;
    order_along(&w->order, restart, asked, along);
    goals_after(w, asked, goal);
    for (uint32_t i = 0; i < w->n_units; i++)
        check_one_along(w, restart, asked, goal, i, along[i]);
}

static void check_dependents(struct world *w, uint32_t unit)
{
    uint32_t nth = 0, above, dependency;

    for (uint32_t i = 0; i < w->n_units; i++) {
        if (!w->graph.edge[i][unit])
            continue;
        if (!order_dependent(&w->order, unit, nth++, &above, &dependency) || above != i ||
            &w->units[i].spec.dependencies[dependency] != w->graph.edge[i][unit])
            sim_fail(w, unit, "unit %u depends on it, unknown to the order", i);
    }
    if (order_dependent(&w->order, unit, nth, &above, &dependency))
        sim_fail(w, unit, "unit %u does not depend on it", above);
}

void graph_check_looks(struct world *w)
{
    graph_look(w);
    check_along(w, true);
    check_along(w, false);
    check_dependents(w, (uint32_t)prng_below(&w->prng, w->n_units));
}
