/* What is asked of the order, and what that means for goals. */
#include <string.h>

#include "core/order_state.h"

/* ---- walks upwards, along what requires a unit ---- */

bool order_requires_it(const struct order *o, uint32_t unit)
{
    (void)o;
    (void)unit;
    return true;
}

/* Whom no stop has come to yet: many that are stopped at once are each come to once. */
static bool is_unswept(const struct order *o, uint32_t unit)
{
    return !o->nodes[unit].swept;
}

bool order_follows(const struct order *o, uint32_t unit)
{
    const struct unit *u = o->units[unit];

    return u->spec->on_dependency_restart == DEPENDENCY_RESTART_FOLLOW &&
           (order_is_up(u) || (unit_has_run(u) && (u->again || u->told_down)));
}

bool order_falls_with(const struct order *o, uint32_t unit)
{
    const struct unit *u = o->units[unit];

    return (u->goal || unit_has_run(u)) && u->phase != PHASE_COMPLETED && u->phase != PHASE_FAILED;
}

void order_walk_begin(struct order *o)
{
    o->visit++;
}

uint32_t order_walk_up(struct order *o, uint32_t unit, order_walk_fn *goes_on, uint32_t n)
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

static void rise(struct order *o, uint32_t unit)
{
    o->units[unit]->goal = true;
    o->nodes[unit].swept = false;
    order_mark_stale(o, unit);
    order_mark_due(o, unit);
}

/* Pulls up what the unit requires and wants. Adds those that rise by that to o->stack, from `n` on;
 * returns the new `n`. */
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
        rise(o, e->to);
        o->stack[n++] = e->to;
    }
    return n;
}

/* Raises the unit's goal, if it is down, and with it the goals of all that it needs. */
static void raise_goal(struct order *o, uint32_t unit, struct requester who)
{
    uint32_t n;

    if (!o->units[unit]->goal)
        rise(o, unit);
    n = pull(o, unit, who, 0);
    while (n) {
        unit = o->stack[--n];
        n = pull(o, unit, who, n);
    }
}

/* Its goal is about to fall on somebody's account: whatever was to bring it up again is off. What
 * was to go down does so, even should the goal rise before. */
static void forget_start(struct order *o, uint32_t unit, struct requester who)
{
    struct order_node *n = &o->nodes[unit];

    if (n->ask == ASKED_STOP)
        return;
    n->ask = n->ask == ASKED_RESTART || n->ask == ASKED_BOUNCE ? ASKED_STOP : ASKED_NOTHING;
    n->by = BY_DEPENDENCY;
    n->who = who;
}

/* Lowers the goals of the unit and of what was up only for its sake, where nothing else holds them
 * up; `who` is told of them. Uses o->stack from `n` on. */
static void lower_goal(struct order *o, uint32_t unit, struct requester who, uint32_t n)
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
            forget_start(o, e->to, who);
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

void order_start(struct order *o, uint32_t unit, struct requester who)
{
    const struct order_node *n = &o->nodes[unit];
    bool after_stop = n->ask == ASKED_STOP || n->ask == ASKED_RESTART;

    if (o->shutting_down)
        return;
    want(o, unit, who);
    /* A stop that was asked for happens, even if it has not begun. What is up already is not asked
     * for once more: it may be over before that one's turn, and a job should not run twice. */
    if (!order_is_up(o->units[unit]))
        ask(o, unit, ASKED_START, BY_USER, who);
    else if (after_stop)
        ask(o, unit, ASKED_RESTART, n->by, n->who);
    order_refresh(o);
}

static void take_down(struct order *o, uint32_t unit, enum requested_by by, struct requester who)
{
    o->units[unit]->wanted = false;
    o->nodes[unit].swept = true;
    cut_pulls(o, unit);
    if (o->units[unit]->phase == PHASE_COMPLETED && o->nodes[unit].ask == ASKED_NOTHING)
        order_mark_stale(o, unit);
    else
        ask(o, unit, ASKED_STOP, by, who);
}

void order_stop(struct order *o, uint32_t unit, struct requester who)
{
    struct requester on_account = on_account_of(who, unit);
    uint32_t n;

    if (o->shutting_down ||
        (o->units[unit]->phase == PHASE_COMPLETED && o->nodes[unit].ask == ASKED_NOTHING))
        return;
    order_walk_begin(o);
    n = order_walk_up(o, unit, is_unswept, 0);
    for (uint32_t i = 0; i < n; i++)
        take_down(o, o->stack[i], BY_DEPENDENCY, on_account);
    take_down(o, unit, BY_USER, who);
    /* The walk's units stay at the bottom of the stack meanwhile. */
    for (uint32_t i = 0; i < n; i++)
        lower_goal(o, o->stack[i], on_account_of(who, o->stack[i]), n);
    lower_goal(o, unit, on_account, n);
    order_refresh(o);
}

static void bounce(struct order *o, uint32_t unit, uint32_t because, struct requester who)
{
    const struct order_node *n = &o->nodes[unit];

    /* A start of what is not up yet does what a bounce would, and is not to be lost. */
    if (n->ask != ASKED_NOTHING)
        return;
    if (o->units[unit]->goal)
        ask(o, unit, ASKED_BOUNCE, BY_DEPENDENCY, on_account_of(who, because));
    else /* it goes down anyway, and now even should its goal rise before */
        ask(o, unit, ASKED_STOP, n->by, n->who);
}

void order_take_along(struct order *o, uint32_t unit, order_walk_fn *who_goes, struct requester who)
{
    uint32_t n;

    order_walk_begin(o);
    n = order_walk_up(o, unit, who_goes, 0);
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
    if (unit_has_run(u))
        order_take_along(o, unit, order_follows, who);
    if (u->goal && unit_has_run(u))
        revive_all(o, unit, who);
    else
        raise_goal(o, unit, who);
    /* What is down is started; something else may have done so before this one's turn. */
    ask(o, unit, order_is_up(u) ? ASKED_RESTART : ASKED_START, BY_RESTART, who);
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

void order_reload(struct order *o, uint32_t unit, struct requester who)
{
    struct order_node *n = &o->nodes[unit];

    if (o->shutting_down)
        return;
    n->reload = true;
    n->reloader = who;
    order_mark_due(o, unit);
}

void order_hold(struct order *o, uint32_t unit, int64_t until_ms, int64_t until_wall_ms,
                struct requester who)
{
    struct order_node *n = &o->nodes[unit];

    if (o->shutting_down)
        return;
    n->hold = true;
    n->hold_until_ms = until_ms;
    n->hold_until_wall_ms = until_wall_ms;
    n->holder = who;
    order_mark_stale(o, unit); /* what is held is not stuck */
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
        n->reset = n->hold = n->reload = false;
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
