/* Which situations happened that are worth knowing to have happened. */
#include "sim.h"

static bool below_is(const struct world *w, uint32_t unit, enum unit_phase phase)
{
    for (uint32_t i = 0; i < w->n_units; i++)
        if (w->graph.requires[unit][i] && w->units[i].core.phase == phase)
            return true;
    return false;
}

static void cover_bounce(const struct world *w, uint32_t unit)
{
    if (below_is(w, unit, PHASE_FAILED))
        coverage_see(SEEN_BOUNCE_BY_FAILURE);
    else if (below_is(w, unit, PHASE_BACKOFF))
        coverage_see(SEEN_BOUNCE_BY_CRASH);
    for (uint32_t i = 0; i < w->n_units; i++)
        if (w->graph.follows[unit][i] && w->graph.again[i])
            coverage_see(SEEN_BOUNCE_BY_RESTART);
}

void seen_event(const struct world *w, const struct event *ev)
{
    const struct sim_unit *su = &w->units[ev->unit];

    if (ev->type == EV_BOUNCE)
        cover_bounce(w, ev->unit);
    if (ev->type == EV_STOP && ev->u.ask.by == BY_DEPENDENCY)
        coverage_see(SEEN_STOP_BY_STOP);
    if (ev->type == EV_STOP && w->shutting_down && w->graph.chain[ev->unit] > 3)
        coverage_see(SEEN_LONG_CHAIN);
    if (ev->type == EV_START && su->core.phase == PHASE_COMPLETED)
        coverage_see(su->spec.kind == UNIT_JOB ? SEEN_JOB_AGAIN : SEEN_SERVICE_AGAIN);
    for (uint32_t i = 0; i < w->n_units; i++)
        if (ev->type == EV_STOP && w->graph.requires[i][ev->unit] &&
            w->units[i].core.phase == PHASE_UNKILLABLE)
            coverage_see(SEEN_PAST_UNKILLABLE);
}

void seen_quiet(const struct world *w)
{
    const struct graph *g = &w->graph;

    for (uint32_t i = 0; i < w->n_units; i++)
        for (uint32_t j = 0; j < w->n_units; j++)
            if (g->cut[i][j] && g->goal[i] && !g->goal[j] && g->edge[i][j] &&
                g->edge[i][j]->kind == DEPENDENCY_WANTS)
                coverage_see(SEEN_HELD);
}

void seen_wish(const struct world *w, enum wish wish, uint32_t unit)
{
    const struct graph *g = &w->graph;
    enum unit_phase phase = w->units[unit].core.phase;
    bool leaving = graph_is_up(w, unit) && !g->goal[unit];

    if (wish == WISH_HOLD && phase == PHASE_RUNNING)
        coverage_see(SEEN_HOLD_OF_RUNNING);
    if (wish == WISH_HOLD && phase == PHASE_HELD && !g->hold_until_ms[unit])
        coverage_see(SEEN_RELEASE_OF_HELD);
    if (wish == WISH_STOP && graph_is_waiting(w, unit))
        coverage_see(SEEN_STOP_OF_WAITING);
    if (wish == WISH_STOP && graph_is_up(w, unit) && g->again[unit])
        coverage_see(SEEN_STOP_OF_RESTARTING);
    if (wish == WISH_START && unit_state_of(phase) == STATE_STOPPING)
        coverage_see(SEEN_START_OF_STOPPING);
    if ((wish == WISH_START || wish == WISH_RESTART) && leaving)
        coverage_see(wish == WISH_START ? SEEN_START_OF_LEAVING : SEEN_RESTART_OF_LEAVING);
    if (wish == WISH_RESTART && graph_is_waiting(w, unit))
        coverage_see(SEEN_RESTART_OF_WAITING);
    if (wish == WISH_RESTART && graph_is_up(w, unit) && g->again[unit])
        coverage_see(SEEN_RESTART_TWICE);
    if (wish == WISH_RESET && phase == PHASE_FAILED)
        for (uint32_t i = 0; i < w->n_units; i++)
            if (g->requires[i][unit] && w->units[i].core.phase == PHASE_STUCK)
                coverage_see(SEEN_RESET_OF_REQUIRED);
    for (uint32_t i = 0; i < w->n_units; i++) {
        if (wish == WISH_SHUTDOWN)
            coverage_shutdown_in(w->units[i].core.phase);
        if (wish == WISH_HURRY && graph_is_up(w, i))
            coverage_see(SEEN_HURRY);
    }
}
