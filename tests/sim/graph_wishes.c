/* What was wished of the order and what happened, as far as it matters until units are told. */
#include <string.h>

#include "sim.h"

static enum unit_phase phase_of(const struct world *w, uint32_t unit)
{
    return w->units[unit].oracle.phase;
}

static bool has_run(const struct world *w, uint32_t unit)
{
    return unit_has_run(&w->units[unit].core);
}

/* ---- starts ---- */

static void ask_anew(struct world *w, uint32_t unit)
{
    struct graph *g = &w->graph;

    g->anew[unit] = true;
    g->mark[unit] = UINT64_MAX; /* as soon as the order has one: see graph_check_marks() */
}

/* Not there any more, though it completed: who needs it has it started. */
static bool is_to_revive(const struct world *w, uint32_t unit, const struct dependency *d)
{
    const struct sim_unit *su = &w->units[d->unit];

    return d->kind != DEPENDENCY_AFTER && !w->graph.cut[unit][d->unit] && su->spec.enabled &&
           su->spec.kind == UNIT_SERVICE && phase_of(w, d->unit) == PHASE_COMPLETED &&
           d->conditions != 1U << CONDITION_COMPLETED;
}

static void revive(struct world *w, uint32_t unit)
{
    const struct unit_spec *spec = &w->units[unit].spec;

    for (uint32_t i = 0; i < spec->n_dependencies; i++)
        if (is_to_revive(w, unit, &spec->dependencies[i]))
            ask_anew(w, spec->dependencies[i].unit);
}

static void ask_to_be_up(struct world *w, uint32_t unit)
{
    struct graph *g = &w->graph;

    g->stop_as[unit].type = EV_COUNT;
    if (graph_is_up(w, unit))
        return;
    g->stop[unit] = g->falls[unit] = false; /* it is down, or will be, as asked */
    if (!graph_is_waiting(w, unit) && !graph_is_held(w, unit))
        ask_anew(w, unit);
}

static void wish_start(struct world *w, uint32_t unit)
{
    w->graph.wanted[unit] = true;
    memset(w->graph.cut[unit], 0, sizeof w->graph.cut[unit]);
    ask_to_be_up(w, unit);
    revive(w, unit);
}

static void wish_restart(struct world *w, uint32_t unit)
{
    struct graph *g = &w->graph;

    for (uint32_t i = 0; i < w->n_units && has_run(w, unit); i++)
        g->falls[i] |= g->follows[i][unit];
    g->wanted[unit] |= !g->goal[unit];
    if (!g->goal[unit] || !has_run(w, unit)) /* what is down is started */
        memset(g->cut[unit], 0, sizeof g->cut[unit]);
    ask_to_be_up(w, unit);
    g->again[unit] |= graph_is_up(w, unit);
    revive(w, unit);
}

/* ---- stops ---- */

static bool is_over(const struct world *w, uint32_t unit)
{
    return phase_of(w, unit) == PHASE_COMPLETED && !w->graph.anew[unit] && !w->graph.stop[unit];
}

static void take_down(struct world *w, uint32_t unit, enum requested_by by, struct requester who)
{
    struct graph *g = &w->graph;
    bool over = is_over(w, unit);

    g->wanted[unit] = g->anew[unit] = g->again[unit] = false;
    g->swept[unit] = true;
    for (uint32_t i = 0; i < w->n_units; i++)
        g->cut[i][unit] = true;
    if (over)
        return;
    g->stop[unit] = g->tried[unit] = true;
    g->stop_as[unit] = (struct event){.type = EV_STOP, .u.ask = {.by = by, .requester = who}};
}

static void wish_stop(struct world *w, uint32_t unit, struct requester who)
{
    struct requester on_account = who;

    if (is_over(w, unit))
        return; /* changes nothing */
    on_account.unit = unit + 1;
    for (uint32_t i = 0; i < w->n_units; i++)
        if (w->graph.requires[i][unit] && !w->graph.swept[i])
            take_down(w, i, BY_DEPENDENCY, on_account);
    take_down(w, unit, BY_USER, who);
}

static void wish_shutdown(struct world *w)
{
    struct graph *g = &w->graph;

    memset(g->wanted, 0, sizeof g->wanted);
    memset(g->anew, 0, sizeof g->anew);
    memset(g->again, 0, sizeof g->again);
    memset(g->reset, 0, sizeof g->reset);
    memset(g->reload, 0, sizeof g->reload);
    memset(g->hold, 0, sizeof g->hold);
    memset(g->stop, 0, sizeof g->stop);
}

/* ---- any ---- */

/* Who comes up wants all that it wants; who goes down is not to start any more. */
static void see_goals_change(struct world *w)
{
    struct graph *g = &w->graph;
    bool before[SIM_UNITS_MAX];

    do {
        memcpy(before, g->goal, sizeof before);
        graph_look_at_goals(w);
        for (uint32_t i = 0; i < w->n_units; i++) {
            if (before[i] && !g->goal[i]) {
                g->anew[i] = false;
                if (!g->stop[i])
                    g->stop_as[i].type = EV_COUNT;
            } else if (!before[i] && g->goal[i]) {
                g->swept[i] = false;
                memset(g->cut[i], 0, sizeof g->cut[i]);
                revive(w, i);
            }
        }
    } while (memcmp(before, g->goal, sizeof before) != 0);
}

void graph_wish(struct world *w, enum wish wish, uint32_t unit, struct requester who)
{
    struct graph *g = &w->graph;

    switch (wish) {
    case WISH_BEGIN:
        for (uint32_t i = 0; i < w->n_units; i++)
            g->wanted[i] = w->units[i].spec.autostart && w->units[i].spec.enabled;
        break;
    case WISH_START:
        wish_start(w, unit);
        break;
    case WISH_STOP:
        wish_stop(w, unit, who);
        break;
    case WISH_RESTART:
        wish_restart(w, unit);
        break;
    case WISH_RESET:
        g->reset[unit] = phase_of(w, unit) == PHASE_FAILED;
        break;
    case WISH_RELOAD:
        g->reload[unit] = true;
        break;
    case WISH_HOLD: /* until when: whoever wishes knows */
        g->hold[unit] = true;
        break;
    case WISH_SHUTDOWN:
        wish_shutdown(w);
        break;
    case WISH_HURRY:
        g->hurried = true;
        break;
    case WISH_NONE:
    case WISH_COUNT:
        break;
    }
    see_goals_change(w);
    graph_look(w);
}

/* ---- what happens ---- */

static void see_retry(struct world *w, uint32_t unit)
{
    for (uint32_t i = 0; i < w->n_units; i++)
        w->graph.falls[i] |= w->graph.follows[i][unit];
}

/* A service that has failed for good takes along all that requires it, though not over what has
 * completed or failed. */
static void see_failure(struct world *w, uint32_t unit)
{
    bool fell[SIM_UNITS_MAX] = {false};

    fell[unit] = w->units[unit].spec.kind == UNIT_SERVICE;
    for (uint32_t r = 0; r < w->n_units; r++) {
        uint32_t i = w->graph.by_rank[r];
        enum unit_phase phase = phase_of(w, i);
        bool stands = phase == PHASE_COMPLETED || phase == PHASE_FAILED;

        for (uint32_t j = 0; j < w->n_units && !stands; j++)
            if (graph_requires(w, i, j) && fell[j] && (w->graph.goal[i] || has_run(w, i)))
                fell[i] = true;
        if (i != unit && fell[i] && has_run(w, i))
            w->graph.falls[i] = true;
    }
}

static bool was_tried(const struct world *w, uint32_t unit, bool record_is_new)
{
    enum unit_phase phase = phase_of(w, unit);

    return record_is_new || phase == PHASE_RUNNING || phase == PHASE_COMPLETED ||
           phase == PHASE_STUCK || phase == PHASE_HELD;
}

void graph_stepped(struct world *w, uint32_t unit, enum unit_phase before, uint64_t n_records)
{
    const struct sim_unit *su = &w->units[unit];
    enum unit_phase phase = phase_of(w, unit);
    bool is_over = su->n_records != n_records;

    graph_look(w);
    w->graph.tried[unit] |= was_tried(w, unit, is_over);
    if (w->shutting_down)
        return;
    if (is_over && su->spec.kind == UNIT_SERVICE && phase != PHASE_FAILED &&
        phase != PHASE_COMPLETED)
        see_retry(w, unit);
    if (phase != PHASE_FAILED || before == PHASE_FAILED)
        return;
    see_failure(w, unit);
    for (uint32_t i = 0; i < su->spec.n_on_failed_start; i++) {
        coverage_see(SEEN_ON_FAILED);
        operation_forget(w);
        graph_wish(w, WISH_START, su->spec.on_failed_start[i], (struct requester){0});
    }
}

void graph_told(struct world *w, const struct event *ev)
{
    struct graph *g = &w->graph;

    if (ev->type == EV_START || ev->type == EV_STOP || ev->type == EV_RESTART ||
        ev->type == EV_BOUNCE)
        g->again[ev->unit] = g->falls[ev->unit] = g->stop[ev->unit] = false;
    if (ev->type == EV_START || ev->type == EV_RESTART || ev->type == EV_STOP ||
        (ev->type == EV_BOUNCE && has_run(w, ev->unit)))
        g->anew[ev->unit] = false;
    if (ev->type == EV_START || ev->type == EV_RESET)
        g->reset[ev->unit] = false;
    if (ev->type == EV_RELOAD)
        g->reload[ev->unit] = false;
    if (ev->type == EV_HOLD)
        g->hold[ev->unit] = false;
}
