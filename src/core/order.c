#include "core/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/order_state.h"
#include "core/stop_plan.h"

/* ---- walks upwards, along what requires a unit ---- */

/* Whether a walk goes on to this one, and through it. */
typedef bool walk_fn(const struct order *o, uint32_t unit);

static bool requires_it(const struct order *o, uint32_t unit)
{
    (void)o;
    (void)unit;
    return true;
}

/* Who is up and restarts along with what it requires. */
static bool follows(const struct order *o, uint32_t unit)
{
    const struct unit *u = o->units[unit];

    return u->spec->on_dependency_restart == DEPENDENCY_RESTART_FOLLOW && u->goal &&
           unit_has_run(u);
}

/* Who cannot be without what has failed. What completed stays so. */
static bool falls_with(const struct order *o, uint32_t unit)
{
    const struct unit *u = o->units[unit];

    return u->goal && u->phase != PHASE_COMPLETED && u->phase != PHASE_FAILED;
}

static void walk_begin(struct order *o)
{
    o->visit++;
}

/* Puts into o->stack, from `n` on, those above `unit` that this walk has not come to; returns the
 * new `n`. What is found first is nearest. */
static uint32_t walk_up(struct order *o, uint32_t unit, walk_fn *goes_on, uint32_t n)
{
    uint32_t at = n;

    o->nodes[unit].visit = o->visit;
    for (;;) {
        const struct order_node *node = &o->nodes[unit];

        for (uint32_t i = 0; i < node->n_above; i++) {
            const struct order_edge *e = &o->edges[o->above[node->first_above + i]];

            if (e->kind != DEPENDENCY_REQUIRES || o->nodes[e->from].visit == o->visit ||
                !goes_on(o, e->from))
                continue;
            o->nodes[e->from].visit = o->visit;
            o->stack[n++] = e->from;
        }
        if (at == n)
            return n;
        unit = o->stack[at++];
    }
}

/* ---- goals ---- */

static struct requester on_account_of(struct requester who, uint32_t unit)
{
    who.unit = unit + 1;
    return who;
}

static void ask(struct order *o, uint32_t unit, enum order_ask what, enum requested_by by,
                struct requester who)
{
    struct order_node *n = &o->nodes[unit];

    n->ask = what;
    n->by = by;
    n->who = who;
    order_mark_stale(o, unit);
    order_mark_due(o, unit);
}

/* A service that has completed is not there any more: who needs it has it started. */
static void revive(struct order *o, const struct order_edge *e, struct requester who)
{
    struct order_node *n = &o->nodes[e->to];

    if (o->units[e->to]->phase == PHASE_COMPLETED && n->ask == ASKED_NOTHING &&
        (e->conditions & ~n->facts & FACTS_CONDITIONS))
        ask(o, e->to, ASKED_START, BY_DEPENDENCY, who);
}

static void revive_all(struct order *o, uint32_t unit, struct requester who)
{
    const struct order_node *n = &o->nodes[unit];

    for (uint32_t i = 0; i < n->n_edges; i++)
        if (o->edges[n->first_edge + i].pulls)
            revive(o, &o->edges[n->first_edge + i], on_account_of(who, unit));
}

/* Pulls up what the unit requires and wants. Returns how many units rose by that, added to
 * o->stack from `n` on. */
static uint32_t pull(struct order *o, uint32_t unit, struct requester who, uint32_t n)
{
    struct order_node *node = &o->nodes[unit];

    for (uint32_t i = 0; i < node->n_edges; i++) {
        struct order_edge *e = &o->edges[node->first_edge + i];
        struct unit *to = o->units[e->to];

        if (e->kind == DEPENDENCY_AFTER || !to->spec->enabled)
            continue;
        revive(o, e, on_account_of(who, unit));
        if (e->pulls)
            continue;
        e->pulls = true;
        o->nodes[e->to].n_pulls++;
        if (to->goal)
            continue;
        to->goal = true;
        order_mark_stale(o, e->to);
        order_mark_due(o, e->to);
        o->stack[n++] = e->to;
    }
    return n;
}

/* Raises the unit's goal, if it is down, and with it the goals of all that it needs. */
static void raise_goal(struct order *o, uint32_t unit, struct requester who)
{
    uint32_t n;

    if (!o->units[unit]->goal) {
        o->units[unit]->goal = true;
        order_mark_stale(o, unit);
        order_mark_due(o, unit);
    }
    n = pull(o, unit, who, 0);
    while (n) {
        unit = o->stack[--n];
        n = pull(o, unit, who, n);
    }
}

/* Its goal is about to fall on somebody's account: whatever was to bring it up again is off. */
static void forget_start(struct order *o, uint32_t unit, struct requester who)
{
    struct order_node *n = &o->nodes[unit];

    if (n->ask == ASKED_STOP)
        return;
    n->ask = n->ask == ASKED_RESTART ? ASKED_STOP : ASKED_NOTHING;
    n->by = BY_DEPENDENCY;
    n->who = who;
}

/* Lowers the goals of the unit and of what was up only for its sake, where nothing else holds them
 * up. Uses o->stack from `n` on. */
static void lower_goal(struct order *o, uint32_t unit, uint32_t n)
{
    uint32_t bottom = n;

    o->stack[n++] = unit;
    while (n > bottom) {
        uint32_t at = o->stack[--n];
        struct order_node *node = &o->nodes[at];

        if (!o->units[at]->goal || o->units[at]->wanted || node->n_pulls)
            continue;
        o->units[at]->goal = false;
        order_mark_stale(o, at);
        order_mark_due(o, at);
        for (uint32_t i = 0; i < node->n_edges; i++) {
            struct order_edge *e = &o->edges[node->first_edge + i];

            if (!e->pulls)
                continue;
            e->pulls = false;
            if (--o->nodes[e->to].n_pulls || o->units[e->to]->wanted || !o->units[e->to]->goal)
                continue;
            forget_start(o, e->to, on_account_of(node->who, at));
            o->stack[n++] = e->to;
        }
    }
}

/* Who wants it does not bring it back. */
static void cut_pulls(struct order *o, uint32_t unit)
{
    struct order_node *n = &o->nodes[unit];

    for (uint32_t i = 0; i < n->n_above; i++) {
        struct order_edge *e = &o->edges[o->above[n->first_above + i]];

        n->n_pulls -= e->pulls;
        e->pulls = false;
    }
}

/* ---- wishes ---- */

static void want(struct order *o, uint32_t unit, struct requester who)
{
    o->units[unit]->wanted = true;
    raise_goal(o, unit, who);
}

void order_begin(struct order *o)
{
    for (uint32_t i = 0; i < o->n; i++)
        if (o->units[i]->spec->autostart && o->units[i]->spec->enabled)
            want(o, i, (struct requester){0});
    order_refresh(o);
}

static void start(struct order *o, uint32_t unit, struct requester who)
{
    bool after_stop = o->nodes[unit].ask == ASKED_STOP || o->nodes[unit].ask == ASKED_RESTART;

    want(o, unit, who);
    /* A stop that was asked for happens, even if it has not begun. */
    if (after_stop)
        ask(o, unit, ASKED_RESTART, o->nodes[unit].by, o->nodes[unit].who);
    else if (o->nodes[unit].ask != ASKED_BOUNCE)
        ask(o, unit, ASKED_START, BY_USER, who);
}

void order_start(struct order *o, uint32_t unit, struct requester who)
{
    if (o->shutting_down)
        return;
    start(o, unit, who);
    order_refresh(o);
}

static void take_down(struct order *o, uint32_t unit, enum requested_by by, struct requester who)
{
    o->units[unit]->wanted = false;
    cut_pulls(o, unit);
    if (o->units[unit]->phase == PHASE_COMPLETED && o->nodes[unit].ask == ASKED_NOTHING)
        order_mark_stale(o, unit);
    else
        ask(o, unit, ASKED_STOP, by, who);
}

void order_stop(struct order *o, uint32_t unit, struct requester who)
{
    uint32_t n;

    if (o->shutting_down ||
        (o->units[unit]->phase == PHASE_COMPLETED && o->nodes[unit].ask == ASKED_NOTHING))
        return;
    walk_begin(o);
    n = walk_up(o, unit, requires_it, 0);
    for (uint32_t i = 0; i < n; i++)
        take_down(o, o->stack[i], BY_DEPENDENCY, on_account_of(who, unit));
    take_down(o, unit, BY_USER, who);
    /* The walk's units stay at the bottom of the stack meanwhile. */
    for (uint32_t i = 0; i < n; i++)
        lower_goal(o, o->stack[i], n);
    lower_goal(o, unit, n);
    order_refresh(o);
}

static void bounce(struct order *o, uint32_t unit, uint32_t because, struct requester who)
{
    enum order_ask asked = o->nodes[unit].ask;

    if (asked == ASKED_NOTHING || asked == ASKED_START)
        ask(o, unit, ASKED_BOUNCE, BY_DEPENDENCY, on_account_of(who, because));
}

static void take_along(struct order *o, uint32_t unit, walk_fn *who_goes, struct requester who)
{
    uint32_t n;

    walk_begin(o);
    n = walk_up(o, unit, who_goes, 0);
    for (uint32_t i = 0; i < n; i++)
        if (unit_has_run(o->units[o->stack[i]]) || o->units[o->stack[i]]->phase == PHASE_BACKOFF)
            bounce(o, o->stack[i], unit, who);
}

void order_restart(struct order *o, uint32_t unit, struct requester who)
{
    struct unit *u = o->units[unit];

    if (o->shutting_down)
        return;
    if (!u->goal)
        u->wanted = true;
    if (u->goal && unit_has_run(u)) {
        take_along(o, unit, follows, who);
        revive_all(o, unit, who);
    } else {
        raise_goal(o, unit, who);
    }
    ask(o, unit, ASKED_RESTART, BY_RESTART, who);
    order_refresh(o);
}

void order_reset(struct order *o, uint32_t unit, struct requester who)
{
    (void)who;
    o->nodes[unit].reset = true;
    order_mark_stale(o, unit);
    order_mark_due(o, unit);
    order_refresh(o);
}

static void stop_all(struct order *o)
{
    for (uint32_t i = 0; i < o->n; i++) {
        struct order_node *n = &o->nodes[i];

        for (uint32_t k = 0; k < n->n_edges; k++)
            o->edges[n->first_edge + k].pulls = false;
        n->n_pulls = 0;
        n->reset = false;
        o->units[i]->wanted = false;
        o->units[i]->goal = false;
        ask(o, i, ASKED_STOP, BY_SHUTDOWN, o->who);
    }
}

void order_shutdown(struct order *o, int64_t begun_ms, int64_t budget_ms, struct requester who)
{
    if (o->shutting_down)
        return;
    o->shutting_down = true;
    o->begun_ms = begun_ms;
    o->budget_ms = budget_ms;
    o->who = who;
    stop_all(o);
    o->chains_stale = true;
    order_refresh(o);
}

void order_hurry(struct order *o)
{
    o->hurried = true;
    stop_all(o);
    order_refresh(o);
}

/* ---- what a change of a unit leads to ---- */

static void see_failure(struct order *o, uint32_t unit)
{
    const struct unit_spec *spec = o->units[unit]->spec;
    struct requester on_account = on_account_of((struct requester){0}, unit);

    if (o->shutting_down)
        return;
    if (spec->kind == UNIT_SERVICE && o->units[unit]->goal)
        take_along(o, unit, falls_with, (struct requester){0});
    for (uint32_t i = 0; spec->on_failed == ON_FAILED_START && i < spec->n_on_failed_start; i++)
        start(o, spec->on_failed_start[i], on_account);
}

/* A run has ended, and another one is to follow. */
static void see_retry(struct order *o, uint32_t unit)
{
    const struct unit *u = o->units[unit];

    if (u->goal && u->spec->kind == UNIT_SERVICE && u->phase != PHASE_FAILED &&
        u->phase != PHASE_COMPLETED && !o->shutting_down)
        take_along(o, unit, follows, (struct requester){0});
}

void order_changed(struct order *o, uint32_t unit)
{
    struct order_node *n = &o->nodes[unit];
    const struct unit *u = o->units[unit];
    const struct exit_record *last = unit_last_record(u);
    bool live = unit_has_run(u) && u->phase != PHASE_UNKILLABLE;

    /* Chains change when something in the midst of one is down before its time. */
    if (n->live_seen && !live && n->n_ending)
        o->chains_stale = true;
    n->live_seen = live;
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
    if (order_is_up(u) ? n->n_ending > 0 : !(waits || u->phase == PHASE_BACKOFF || u->again))
        return false;
    fill_stop(o, unit, now, ev);
    return true;
}

static bool put_next(struct order *o, uint32_t unit, struct moment now, struct event *ev)
{
    struct order_node *n = &o->nodes[unit];

    *ev = (struct event){.unit = unit};
    ev->u.ask.by = n->by;
    ev->u.ask.requester = n->who;
    if (n->reset) {
        n->reset = false;
        ev->type = EV_RESET;
        return true;
    }
    return n->ask != ASKED_NOTHING ? put_ask(o, unit, now, ev) : put_goal(o, unit, now, ev);
}

bool order_next(struct order *o, struct moment now, struct event *ret)
{
    while (!list_empty(&o->due)) {
        struct order_node *n = container_of(o->due.next, struct order_node, due_link);

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

/* ---- who would be taken along ---- */

void order_along(struct order *o, bool restart, const bool *asked, uint32_t *along)
{
    memset(along, 0, o->n * sizeof *along);
    walk_begin(o);
    for (uint32_t i = 0; i < o->n; i++) {
        const struct unit *u = o->units[i];
        uint32_t n;

        if (!asked[i] || o->nodes[i].visit == o->visit)
            continue;
        if (restart ? !u->goal || !unit_has_run(u) : u->phase == PHASE_COMPLETED)
            continue;
        n = walk_up(o, i, restart ? follows : requires_it, 0);
        while (n--) {
            const struct unit *above = o->units[o->stack[n]];

            if (!asked[above->index] && above->phase != PHASE_COMPLETED &&
                (above->goal || unit_has_run(above)))
                along[above->index] = i + 1;
        }
    }
}

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
    if (n)
        memcpy(o->units, units, n * sizeof(struct unit *));
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
