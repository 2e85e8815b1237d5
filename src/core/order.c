#include "core/order.h"

#include <errno.h>
#include <stdlib.h>

#include "core/order_state.h"
#include "core/stop_plan.h"

/* ---- making ---- */

static uint32_t count_edges(struct unit *const *units, uint32_t n)
{
    uint32_t n_edges = 0;

    for (uint32_t i = 0; i < n; i++)
        n_edges += units[i]->spec->n_dependencies;
    return n_edges;
}

static void make_edges(struct order *o)
{
    uint32_t at = 0;

    for (uint32_t i = 0; i < o->n; i++) {
        const struct unit_spec *spec = o->units[i]->spec;

        o->nodes[i].first_edge = at;
        o->nodes[i].n_edges = spec->n_dependencies;
        for (uint32_t k = 0; k < spec->n_dependencies; k++) {
            const struct dependency *d = &spec->dependencies[k];

            o->edges[at++] = (struct order_edge){
                .from = i, .to = d->unit, .conditions = d->conditions, .kind = d->kind};
            o->nodes[d->unit].n_above++;
        }
    }
    for (uint32_t i = 1; i < o->n; i++)
        o->nodes[i].first_above = o->nodes[i - 1].first_above + o->nodes[i - 1].n_above;
    for (uint32_t i = 0; i < o->n; i++)
        o->nodes[i].n_above = 0;
    for (uint32_t e = 0; e < at; e++) {
        struct order_node *to = &o->nodes[o->edges[e].to];

        o->above[to->first_above + to->n_above++] = e;
    }
}

static void make_nodes(struct order *o)
{
    for (uint32_t i = 0; i < o->n; i++) {
        const struct unit_spec *spec = o->units[i]->spec;

        list_init(&o->nodes[i].stale_link);
        list_init(&o->nodes[i].due_link);
        o->nodes[i].by = BY_DEPENDENCY;
        o->nodes[i].cause = i;
        o->n_untried += spec->autostart && spec->enabled;
    }
}

/* Nothing holds yet: counted before the facts, which only know of changes. */
static void make_counts(struct order *o, uint32_t n_edges)
{
    for (uint32_t e = 0; e < n_edges; e++) {
        struct order_edge *edge = &o->edges[e];

        edge->unmet = edge->kind == DEPENDENCY_REQUIRES;
        o->units[edge->from]->n_unmet += edge->unmet;
    }
}

int order_init(struct order *o, struct unit *const *units, uint32_t n)
{
    uint32_t n_edges = count_edges(units, n);

    *o = (struct order){.n = n};
    list_init(&o->stale);
    list_init(&o->due);
    o->units = calloc(n ? n : 1, sizeof(struct unit *));
    o->nodes = calloc(n ? n : 1, sizeof *o->nodes);
    /* Two walks at a time at most: see lower_goal(). */
    o->stack = calloc(2 * (size_t)n + 2, sizeof *o->stack);
    o->edges = calloc(n_edges ? n_edges : 1, sizeof *o->edges);
    o->above = calloc(n_edges ? n_edges : 1, sizeof *o->above);
    if (!o->units || !o->nodes || !o->stack || !o->edges || !o->above) {
        order_finish(o);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < o->n; i++)
        o->units[i] = units[i];
    make_nodes(o);
    make_edges(o);
    make_counts(o, n_edges);
    for (uint32_t i = 0; i < n; i++)
        order_mark_stale(o, i);
    order_refresh(o);
    return 0;
}

void order_finish(struct order *o)
{
    free(o->units);
    free(o->nodes);
    free(o->stack);
    free(o->edges);
    free(o->above);
    *o = (struct order){0};
}

/* ---- what a change of a unit leads to ---- */

static void see_failure(struct order *o, uint32_t unit)
{
    const struct unit_spec *spec = o->units[unit]->spec;
    struct requester on_account = {.unit = unit + 1};

    if (o->shutting_down)
        return;
    if (spec->kind == UNIT_SERVICE)
        order_take_along(o, unit, order_falls_with, (struct requester){0});
    for (uint32_t i = 0; spec->on_failed == ON_FAILED_START && i < spec->n_on_failed_start; i++)
        order_start(o, spec->on_failed_start[i], on_account);
}

/* A run has ended, and another one is to follow. */
static void see_retry(struct order *o, uint32_t unit)
{
    const struct unit *u = o->units[unit];

    if (u->spec->kind == UNIT_SERVICE && u->phase != PHASE_FAILED && u->phase != PHASE_COMPLETED &&
        !o->shutting_down)
        order_take_along(o, unit, order_follows, (struct requester){0});
}

void order_changed(struct order *o, uint32_t unit)
{
    struct order_node *n = &o->nodes[unit];
    const struct unit *u = o->units[unit];
    const struct exit_record *last = unit_last_record(u);
    bool live = unit_has_run(u) && u->phase != PHASE_UNKILLABLE;

    /* Chains change when something in the midst of one is down before its time, or was unkillable
     * and goes on. */
    if (n->live_seen != live && (live || n->n_ending))
        o->chains_stale = true;
    n->live_seen = live;
    if (n->ask == ASKED_START && order_is_up(u))
        n->ask = ASKED_NOTHING; /* something else was faster */
    order_mark_stale(o, unit);
    order_mark_due(o, unit);
    if (last && last->run != n->run_seen) {
        n->run_seen = last->run;
        see_retry(o, unit);
    }
    if (u->phase == PHASE_FAILED && !n->failed_seen)
        see_failure(o, unit);
    n->failed_seen = u->phase == PHASE_FAILED;
    order_refresh(o);
}

/* ---- going on ---- */

static void fill_stop(struct order *o, uint32_t unit, struct moment now, struct event *ev)
{
    ev->type = EV_STOP;
    if (!o->shutting_down)
        return;
    if (o->chains_stale)
        order_count_chains(o);
    ev->u.ask.kill_by_ms = o->hurried ? now.mono_ms
                                      : shutdown_kill_by_ms(o->budget_ms, o->begun_ms, now.mono_ms,
                                                            o->nodes[unit].chain);
    ev->u.ask.patience_ms = shutdown_patience_ms(o->budget_ms);
}

/* What was asked for. Returns false when it has to wait. */
static bool put_ask(struct order *o, uint32_t unit, struct moment now, struct event *ev)
{
    struct order_node *n = &o->nodes[unit];

    if (n->ask != ASKED_START && order_is_up(o->units[unit]) && n->n_ending && !o->hurried)
        return false;
    if (n->ask == ASKED_STOP)
        fill_stop(o, unit, now, ev);
    else
        ev->type = n->ask == ASKED_START     ? EV_START
                   : n->ask == ASKED_RESTART ? EV_RESTART
                                             : EV_BOUNCE;
    n->ask = ASKED_NOTHING;
    return true;
}

/* What follows from its goal alone. */
static bool put_goal(struct order *o, uint32_t unit, struct moment now, struct event *ev)
{
    struct order_node *n = &o->nodes[unit];
    const struct unit *u = o->units[unit];
    bool waits = u->phase == PHASE_WAITING || u->phase == PHASE_STUCK;

    if (u->goal) {
        ev->type = waits ? EV_CONDITIONS : EV_START;
        if (waits)
            return !u->n_unmet || (u->n_dead > 0) != (u->phase == PHASE_STUCK);
        return u->phase == PHASE_STOPPED || (unit_has_run(u) && u->told_down && !u->again);
    }
    waits = waits || u->phase == PHASE_HELD || u->phase == PHASE_BACKOFF;
    if (order_is_up(u) ? n->n_ending > 0 : !(waits || u->again))
        return false;
    fill_stop(o, unit, now, ev);
    return true;
}

/* Whether something is asked of it beside going up or down; none of that waits for anybody. */
static bool has_aside(const struct order_node *n)
{
    return n->reset || n->hold || n->reload;
}

static void put_aside(struct order_node *n, struct event *ev)
{
    if (n->reset) {
        n->reset = false;
        ev->type = EV_RESET;
    } else if (n->hold) {
        n->hold = false;
        ev->type = EV_HOLD;
        ev->u.hold.until_ms = n->hold_until_ms;
        ev->u.hold.until_wall_ms = n->hold_until_wall_ms;
        ev->u.hold.requester = n->holder;
    } else {
        n->reload = false;
        ev->type = EV_RELOAD;
        ev->u.ask.requester = n->reloader;
    }
}

static bool put_next(struct order *o, uint32_t unit, struct moment now, struct event *ev)
{
    struct order_node *n = &o->nodes[unit];

    *ev = (struct event){.unit = unit};
    ev->u.ask.by = n->by;
    ev->u.ask.requester = n->who;
    if (has_aside(n)) {
        put_aside(n, ev);
        return true;
    }
    return n->ask != ASKED_NOTHING ? put_ask(o, unit, now, ev) : put_goal(o, unit, now, ev);
}

bool order_next(struct order *o, struct moment now, struct event *ret)
{
    while (!list_empty(&o->due)) {
        struct order_node *n = container_of(o->due.next, struct order_node, due_link);

        /* What else there is for the unit keeps its place, and its mark. */
        if (!has_aside(n))
            list_remove(&n->due_link);
        if (put_next(o, (uint32_t)(n - o->nodes), now, ret))
            return true;
    }
    return false;
}

bool order_idle(const struct order *o)
{
    return list_empty(&o->due);
}

uint64_t order_marked(const struct order *o)
{
    return o->n_marked;
}

uint64_t order_done(const struct order *o)
{
    if (list_empty(&o->due))
        return o->n_marked;
    return container_of(o->due.next, struct order_node, due_link)->mark - 1;
}
