/* What must hold of each event that the order has for a unit, and of each run that begins. */
#include <inttypes.h>
#include <string.h>

#include "sim.h"

/* Marks who stands on `below`: requires it, or requires what stands on it and is not up to stay. */
static void mark_on(const struct world *w, uint32_t below, bool *on)
{
    for (uint32_t r = 0; r < w->n_units; r++) {
        uint32_t above = w->graph.by_rank[r];
        const struct unit_spec *spec = &w->units[above].spec;

        for (uint32_t i = 0; i < spec->n_dependencies; i++) {
            uint32_t via = spec->dependencies[i].unit;

            if (spec->dependencies[i].kind == DEPENDENCY_REQUIRES &&
                (via == below || (on[via] && (!graph_is_up(w, via) || w->graph.leaving[via]))))
                on[above] = true;
        }
    }
}

/* Whether `below` may not go down before `above` is down. */
static bool goes_first(const struct world *w, uint32_t above, uint32_t below, bool is_on)
{
    const struct graph *g = &w->graph;

    if (!g->goal[above] && (is_on || g->edge[above][below]))
        return true;
    /* What comes up again is gone without, except by those that follow it. */
    return g->goal[below] &&
           (g->follows[above][below] || (is_on && g->falls[above] && g->falls[below]));
}

static void check_turn(struct world *w, const struct event *ev)
{
    bool on[SIM_UNITS_MAX] = {false};

    if (w->graph.hurried || !graph_is_up(w, ev->unit))
        return;
    mark_on(w, ev->unit, on);
    for (uint32_t i = 0; i < w->n_units; i++)
        if (graph_lives(w, i) && goes_first(w, i, ev->unit, on[i]))
            sim_fail(w, ev->unit, "%s comes before unit %u, which depends on it, is down",
                     event_name(ev->type), i);
}

static int64_t reserve_ms(int64_t budget_ms)
{
    int64_t ms = budget_ms / 10 > 500 ? budget_ms / 10 : 500;

    return ms > budget_ms / 2 ? budget_ms / 2 : ms;
}

/* T, R and L of DESIGN §4, "Shutdown". */
static int64_t share_ends_ms(const struct world *w, uint32_t unit)
{
    int64_t chain = w->graph.chain[unit] ? w->graph.chain[unit] : 1;
    int64_t left_ms = w->budget_ms - reserve_ms(w->budget_ms) - (w->now.mono_ms - w->begun_ms);
    return w->now.mono_ms + (left_ms > 0 ? left_ms / chain : 0);
}

static void check_stop(struct world *w, const struct event *ev)
{
    int64_t kill_by_ms = ev->u.ask.kill_by_ms;

    if (w->graph.goal[ev->unit] && !w->graph.stop[ev->unit] && !w->graph.again[ev->unit] &&
        !w->graph.falls[ev->unit])
        sim_fail(w, ev->unit, "a stop of what should be up");
    if (!w->shutting_down && kill_by_ms)
        sim_fail(w, ev->unit, "a stop with a time limit");
    if (!w->shutting_down)
        return;
    if (ev->u.ask.by != BY_SHUTDOWN)
        sim_fail(w, ev->unit, "a stop that is not the shutdown's");
    if (ev->u.ask.patience_ms < 1 || ev->u.ask.patience_ms > 2000 ||
        (reserve_ms(w->budget_ms) && ev->u.ask.patience_ms > reserve_ms(w->budget_ms)))
        sim_fail(w, ev->unit, "unkillable after %" PRId64 " ms", ev->u.ask.patience_ms);
    if (w->graph.hurried && (kill_by_ms <= 0 || kill_by_ms > w->now.mono_ms))
        sim_fail(w, ev->unit, "a kill that is not at once: %" PRId64, kill_by_ms);
    if (!w->graph.hurried && graph_lives(w, ev->unit) && kill_by_ms != share_ends_ms(w, ev->unit))
        sim_fail(w, ev->unit, "its share ends at %" PRId64 ", expected %" PRId64 " (chain %u)",
                 kill_by_ms, share_ends_ms(w, ev->unit), w->graph.chain[ev->unit]);
}

static void check_start(struct world *w, const struct event *ev)
{
    const struct sim_unit *su = &w->units[ev->unit];
    enum unit_phase phase = su->core.phase;

    if (!w->graph.goal[ev->unit])
        sim_fail(w, ev->unit, "a %s of what should be down", event_name(ev->type));
    if (w->graph.anew[ev->unit])
        return;
    if (phase == PHASE_FAILED || (phase == PHASE_COMPLETED && su->spec.kind == UNIT_JOB))
        sim_fail(w, ev->unit, "%s, and started by itself", unit_phase_name(phase));
}

static void check_asker(struct world *w, const struct event *ev)
{
    const struct event *as = &w->graph.stop_as[ev->unit];
    const struct requester *who = &ev->u.ask.requester;
    uint32_t other = who->unit - 1;

    if (ev->type == EV_BOUNCE && ev->u.ask.by != BY_DEPENDENCY)
        sim_fail(w, ev->unit, "taken along by %s", requested_by_name(ev->u.ask.by));
    if (ev->u.ask.by == BY_DEPENDENCY &&
        (other >= w->n_units ||
         (!w->graph.depends[ev->unit][other] && !w->graph.depends[other][ev->unit])))
        sim_fail(w, ev->unit, "taken along by unit %u", other);
    if (ev->type != EV_STOP || as->type != EV_STOP || !w->graph.stop[ev->unit])
        return;
    if (ev->u.ask.by != as->u.ask.by || who->unit != as->u.ask.requester.unit ||
        who->known != as->u.ask.requester.known || who->pid != as->u.ask.requester.pid)
        sim_fail(w, ev->unit, "stopped by %s for unit %u, expected %s and %u",
                 requested_by_name(ev->u.ask.by), other, requested_by_name(as->u.ask.by),
                 as->u.ask.requester.unit - 1);
}

/* Nobody goes down, to come up again, but who was asked for and who follows. */
static void check_restart(struct world *w, const struct event *ev)
{
    const struct graph *g = &w->graph;
    enum unit_phase phase = w->units[ev->unit].core.phase;

    if (!g->goal[ev->unit])
        sim_fail(w, ev->unit, "a %s of what should be down", event_name(ev->type));
    if (ev->type == EV_BOUNCE &&
        (phase == PHASE_BACKOFF || graph_is_held(w, ev->unit) || graph_is_waiting(w, ev->unit)))
        return; /* it was between two tries when what it requires has failed */
    if (!g->stop[ev->unit] && !g->again[ev->unit] && !g->falls[ev->unit] && !g->anew[ev->unit])
        sim_fail(w, ev->unit, "a %s that nobody asked for", event_name(ev->type));
}

static void check_aside(struct world *w, const struct event *ev)
{
    const struct graph *g = &w->graph;
    bool is_hold = ev->type == EV_HOLD;

    if (!(is_hold ? g->hold[ev->unit] : g->reload[ev->unit]))
        sim_fail(w, ev->unit, "a %s that nobody asked for", event_name(ev->type));
    if (is_hold && ev->u.hold.until_ms != g->hold_until_ms[ev->unit])
        sim_fail(w, ev->unit, "held until %" PRId64 ", was to be %" PRId64, ev->u.hold.until_ms,
                 g->hold_until_ms[ev->unit]);
}

void graph_check_event(struct world *w, const struct event *ev)
{
    graph_look(w);
    switch ((unsigned)ev->type) {
    case EV_STOP:
        check_stop(w, ev);
        check_turn(w, ev);
        check_asker(w, ev);
        break;
    case EV_START:
        check_start(w, ev);
        break;
    case EV_RESTART:
    case EV_BOUNCE:
        check_restart(w, ev);
        check_turn(w, ev);
        check_asker(w, ev);
        break;
    case EV_HOLD:
    case EV_RELOAD:
        check_aside(w, ev);
        break;
    case EV_CONDITIONS:
    case EV_RESET:
        break;
    default:
        sim_fail(w, ev->unit, "the order tells %s", event_name(ev->type));
    }
    seen_event(w, ev);
    graph_told(w, ev);
}

/* ---- a run begins ---- */

/* Whether the unit's processes and records are such as the condition says; that its end is on its
 * way, nobody could know. */
static bool is_true(const struct world *w, uint32_t unit, enum condition condition)
{
    const struct sim_unit *su = &w->units[unit];

    if (condition == CONDITION_COMPLETED || su->core.phase == PHASE_COMPLETED)
        return !life_exists(&su->life) && su->n_records > 0 && oracle_succeeded(su);
    if (condition == CONDITION_HEALTHY &&
        (!su->life.n_good || su->life.bad_in_row >= su->spec.health_retries))
        return false;
    return su->life.run == su->core.run && su->life.exec == EXEC_READ && !su->life.exec_fails &&
           (condition == CONDITION_STARTED || su->oracle.want.ready_after_ms >= 0);
}

static void check_truth(struct world *w, uint32_t unit, const struct dependency *d)
{
    for (unsigned c = 0; c < CONDITION_COUNT; c++)
        if (d->conditions >> c & 1 && !is_true(w, d->unit, (enum condition)c))
            sim_fail(w, unit, "a run begins though unit %u is not %s", d->unit,
                     waited_for_name((enum waited_for)c));
}

void graph_check_spawn(struct world *w, uint32_t unit)
{
    const struct unit_spec *spec = &w->units[unit].spec;

    w->graph.anew[unit] = false; /* whatever led to this one */
    graph_look(w);
    if (w->shutting_down)
        sim_fail(w, unit, "a run begins during the shutdown");
    if (!w->graph.goal[unit])
        sim_fail(w, unit, "a run begins of what should be down");
    if (!spec->enabled)
        sim_fail(w, unit, "a run begins of what is disabled");
    for (uint32_t i = 0; i < spec->n_dependencies; i++) {
        const struct dependency *d = &spec->dependencies[i];
        enum outcome_of_edge outcome = graph_edge(w, d);

        coverage_edge(d, outcome);
        if (outcome == EDGE_PASSED && graph_is_held(w, d->unit))
            coverage_see(SEEN_PAST_HELD);
        if (outcome == EDGE_MET)
            check_truth(w, unit, d);
        if (outcome == EDGE_UNMET || outcome == EDGE_DEAD)
            sim_fail(w, unit, "a run begins though unit %u (%s) is not as it should be", d->unit,
                     unit_phase_name(w->units[d->unit].core.phase));
    }
}

/* ---- the order's own count ---- */

/* Wishes up to order_marked() have reached their units once order_done() has come that far. */
void graph_check_marks(struct world *w)
{
    struct graph *g = &w->graph;
    uint64_t done = order_done(&w->order), marked = order_marked(&w->order);

    if (done < g->done || done > marked)
        sim_fail(w, 0, "%" PRIu64 " of %" PRIu64 " wishes done, there were %" PRIu64, done, marked,
                 g->done);
    g->done = done;
    for (uint32_t i = 0; i < w->n_units; i++)
        if (g->anew[i] && g->mark[i] <= done)
            sim_fail(w, i, "all wishes up to %" PRIu64 " are done, and it was not started", done);
}
