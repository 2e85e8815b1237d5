/* What is so, and what follows from it for the neighbours. */
#include "core/order_state.h"

void order_mark_stale(struct order *o, uint32_t unit)
{
    struct order_node *n = &o->nodes[unit];

    if (list_empty(&n->stale_link))
        list_append(&o->stale, &n->stale_link);
}

void order_mark_due(struct order *o, uint32_t unit)
{
    struct order_node *n = &o->nodes[unit];

    if (!list_empty(&n->due_link))
        return;
    n->mark = ++o->n_marked;
    list_append(&o->due, &n->due_link);
}

bool order_is_up(const struct unit *u)
{
    return u->phase == PHASE_PRE_START || u->phase == PHASE_SPAWNING || u->phase == PHASE_PROBING ||
           u->phase == PHASE_RUNNING;
}

/* ---- the facts of one unit ---- */

static bool waits(const struct unit *u)
{
    return u->phase == PHASE_WAITING || u->phase == PHASE_STUCK;
}

static uint32_t conditions_that_hold(const struct order_node *n, const struct unit *u)
{
    uint32_t holding = 0;

    if (u->phase == PHASE_COMPLETED && n->ask == ASKED_NOTHING) {
        /* A job that is done has been all that it could be; a service is not there any more. */
        holding = 1 << CONDITION_COMPLETED;
        if (u->spec->kind == UNIT_JOB)
            holding |= 1 << CONDITION_STARTED | 1 << CONDITION_READY | 1 << CONDITION_HEALTHY;
        return holding;
    }
    if (!u->goal || n->ask == ASKED_STOP || n->ask == ASKED_RESTART || n->ask == ASKED_BOUNCE)
        return 0;
    if (u->phase == PHASE_PROBING || u->phase == PHASE_RUNNING)
        holding |= 1 << CONDITION_STARTED;
    if (u->ready)
        holding |= 1 << CONDITION_READY;
    if (u->ready && u->health.is == HEALTHINESS_HEALTHY)
        holding |= 1 << CONDITION_HEALTHY;
    return holding;
}

static bool is_over(const struct order_node *n, const struct unit *u)
{
    if (u->phase == PHASE_FAILED || u->phase == PHASE_COMPLETED)
        return n->ask == ASKED_NOTHING && !n->reset;
    return waits(u) && u->n_dead > 0 && !(n->hold && n->hold_until_ms);
}

/* The first attempt has not led to anything, or cannot be made. */
static bool is_late(const struct order_node *n, const struct unit *u)
{
    if (u->phase == PHASE_BACKOFF || u->phase == PHASE_HELD)
        return true;
    if (waits(u))
        return u->attempt > 0 || n->n_late > 0 || u->n_dead > 0;
    return unit_has_run(u) && u->attempt > 1;
}

static bool is_ending(const struct order_node *n, const struct unit *u)
{
    /* The order reaches through what is down already, and through what will not go. */
    if (!unit_has_run(u) || u->phase == PHASE_UNKILLABLE)
        return n->n_ending > 0;
    return !order_is_up(u) || !u->goal || n->ask == ASKED_STOP || n->ask == ASKED_RESTART ||
           n->ask == ASKED_BOUNCE;
}

static uint32_t facts_of(const struct order_node *n, const struct unit *u)
{
    uint32_t facts = conditions_that_hold(n, u);

    if (u->goal)
        facts |= FACT_UP;
    if (is_over(n, u))
        facts |= FACT_OVER | FACT_LATE;
    if (is_late(n, u))
        facts |= FACT_LATE;
    if (is_ending(n, u))
        facts |= FACT_ENDING;
    return facts;
}

/* ---- what follows for an edge ---- */

static void set(bool *flag, bool now, uint32_t *count)
{
    *count += (uint32_t)now - (uint32_t)*flag;
    *flag = now;
}

static void judge(struct order *o, struct order_edge *e)
{
    struct order_node *from = &o->nodes[e->from];
    struct unit *u = o->units[e->from];
    uint32_t facts = o->nodes[e->to].facts;
    bool hard = e->kind == DEPENDENCY_REQUIRES;
    bool unmet = (e->conditions & ~facts) != 0;
    uint32_t n_unmet = u->n_unmet, n_dead = u->n_dead, n_late = from->n_late;

    /* The others only order what is up, and no longer than there is something to hope for. */
    if (!hard && (!(facts & FACT_UP) || (facts & FACT_LATE)))
        unmet = false;
    set(&e->unmet, unmet, &u->n_unmet);
    set(&e->dead, unmet && hard && (facts & FACT_OVER), &u->n_dead);
    set(&e->late, unmet && hard && (facts & FACT_LATE), &from->n_late);
    if (!waits(u) || (u->n_unmet == n_unmet && u->n_dead == n_dead && from->n_late == n_late))
        return;
    order_mark_stale(o, e->from);
    if (!u->n_unmet || !u->n_dead != !n_dead)
        order_mark_due(o, e->from);
}

static void count_below(struct order *o, struct order_edge *e)
{
    struct order_node *to = &o->nodes[e->to];
    uint32_t before = to->n_ending;

    set(&e->counts_below, (o->nodes[e->from].facts & FACT_ENDING) != 0, &to->n_ending);
    if (!before == !to->n_ending)
        return;
    order_mark_stale(o, e->to);
    if (!to->n_ending)
        order_mark_due(o, e->to);
}

/* ---- what has failed at the bottom ---- */

const struct order_edge *order_dead_edge(const struct order *o, uint32_t unit)
{
    const struct order_node *n = &o->nodes[unit];

    for (uint32_t i = 0; o->units[unit]->n_dead && i < n->n_edges; i++)
        if (o->edges[n->first_edge + i].dead)
            return &o->edges[n->first_edge + i];
    return NULL;
}

/* Kept with the facts, since a long chain of those that wait is looked at unit by unit. */
static void find_cause(struct order *o, uint32_t unit)
{
    struct order_node *n = &o->nodes[unit];
    const struct order_edge *e = waits(o->units[unit]) ? order_dead_edge(o, unit) : NULL;
    uint32_t cause = e ? o->nodes[e->to].cause : unit;

    if (n->cause == cause)
        return;
    n->cause = cause;
    for (uint32_t i = 0; i < n->n_above; i++)
        if (o->edges[o->above[n->first_above + i]].dead)
            order_mark_stale(o, o->edges[o->above[n->first_above + i]].from);
}

/* ---- all of it ---- */

/* Nobody waits for one that was stopped by hand before its turn, and a shutdown makes nobody ready.
 */
static void note_tried(struct order *o, struct order_node *n, const struct unit *u)
{
    bool tried = u->ready || u->records.n || u->phase == PHASE_COMPLETED ||
                 u->phase == PHASE_STUCK || u->phase == PHASE_HELD ||
                 (u->phase == PHASE_WAITING && n->n_late) || (n->ask == ASKED_STOP && !u->goal);

    if (n->tried || !tried || o->shutting_down)
        return;
    n->tried = true;
    if (u->spec->autostart && u->spec->enabled)
        o->n_untried--;
}

static void refresh(struct order *o, uint32_t unit)
{
    struct order_node *n = &o->nodes[unit];
    uint32_t before = n->facts;

    n->facts = facts_of(n, o->units[unit]);
    note_tried(o, n, o->units[unit]);
    if ((before ^ n->facts) & ~(uint32_t)FACT_ENDING)
        for (uint32_t i = 0; i < n->n_above; i++)
            judge(o, &o->edges[o->above[n->first_above + i]]);
    if ((before ^ n->facts) & FACT_ENDING)
        for (uint32_t i = 0; i < n->n_edges; i++)
            count_below(o, &o->edges[n->first_edge + i]);
    find_cause(o, unit);
}

void order_refresh(struct order *o)
{
    while (!list_empty(&o->stale)) {
        struct order_node *n = container_of(o->stale.next, struct order_node, stale_link);

        list_remove(&n->stale_link);
        refresh(o, (uint32_t)(n - o->nodes));
    }
}
