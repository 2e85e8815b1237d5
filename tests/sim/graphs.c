/* Random acyclic graphs, such as the configuration lets through. */
#include "sim.h"

#define PICK(p, list) ((list)[prng_below((p), sizeof(list) / sizeof *(list))])

enum shape {
    SHAPE_NONE,
    SHAPE_CHAIN,
    SHAPE_STAR,
    SHAPE_LAYERS,
    SHAPE_TREE,
    SHAPE_ANY,
    SHAPE_COUNT
};

/* How one graph comes about. Who has a higher rank may depend on who has a lower one. */
struct plan {
    enum shape shape;
    unsigned requires_percent, wants_percent; /* the rest is after */
    unsigned plain_percent;                   /* of edges: the condition that nobody wrote */
    unsigned follow_percent;
    unsigned dense_percent;
    uint32_t layer;
};

static void random_plan(struct world *w, struct plan *plan)
{
    uint32_t *by_rank = w->graph.by_rank;
    const unsigned percents[] = {0, 30, 60, 100};
    struct prng *p = &w->prng;

    plan->shape = (enum shape)prng_below(p, SHAPE_COUNT);
    plan->requires_percent = PICK(p, percents);
    plan->wants_percent = PICK(p, percents);
    plan->plain_percent = prng_percent(p, 50) ? 100 : 40;
    plan->follow_percent = PICK(p, percents);
    plan->dense_percent = prng_percent(p, 70) ? (unsigned)prng_below(p, 30) : 100;
    plan->layer = 1 + (uint32_t)prng_below(p, 5);
    for (uint32_t i = 0; i < w->n_units; i++) {
        uint32_t other = (uint32_t)prng_below(p, i + 1);

        by_rank[i] = by_rank[other];
        by_rank[other] = i;
    }
}

static bool joined(struct world *w, const struct plan *plan, uint32_t high, uint32_t low)
{
    struct prng *p = &w->prng;

    switch (plan->shape) {
    case SHAPE_CHAIN:
        return high == low + 1 || prng_percent(p, plan->dense_percent / 8);
    case SHAPE_STAR: /* all on one, or one on all */
        return plan->layer % 2 ? low == 0 : high == w->n_units - 1;
    case SHAPE_LAYERS:
        return high / plan->layer == low / plan->layer + 1 &&
               prng_percent(p, 50 + plan->dense_percent / 2);
    case SHAPE_TREE:
        return low == (high - 1) / 2;
    case SHAPE_ANY:
        return prng_percent(p, plan->dense_percent);
    case SHAPE_NONE:
    case SHAPE_COUNT:
        break;
    }
    return false;
}

static uint32_t random_conditions(struct prng *p, const struct plan *plan,
                                  const struct unit_spec *of)
{
    uint32_t possible = 1U << CONDITION_STARTED | 1U << CONDITION_READY;
    uint32_t chosen = 0;

    if (prng_percent(p, plan->plain_percent))
        return 1U << (of->kind == UNIT_SERVICE ? CONDITION_READY : CONDITION_COMPLETED);
    if (of->kind == UNIT_JOB || of->restart != RESTART_ALWAYS)
        possible |= 1U << CONDITION_COMPLETED;
    if (of->health.kind != PROBE_NONE)
        possible |= 1U << CONDITION_HEALTHY;
    while (!chosen)
        chosen = (prng_percent(p, 70) ? 1U << prng_below(p, CONDITION_COUNT)
                                      : (uint32_t)prng_below(p, 1U << CONDITION_COUNT)) &
                 possible;
    return chosen;
}

static void join(struct world *w, const struct plan *plan, struct sim_unit *su, uint32_t to)
{
    const struct unit_spec *other = &w->units[to].spec;
    struct dependency *d = &su->dependencies[su->spec.n_dependencies++];
    struct prng *p = &w->prng;

    d->unit = to;
    d->kind = prng_percent(p, plan->requires_percent) ? DEPENDENCY_REQUIRES
              : prng_percent(p, plan->wants_percent)  ? DEPENDENCY_WANTS
                                                      : DEPENDENCY_AFTER;
    if (d->kind == DEPENDENCY_REQUIRES && !other->enabled)
        d->kind = DEPENDENCY_WANTS; /* the configuration refuses to require what never starts */
    d->conditions = random_conditions(p, plan, other);
}

/* Only units of a lower rank, so none of them requires it, and no loop comes about. */
static void random_on_failed(struct world *w, uint32_t rank)
{
    struct sim_unit *su = &w->units[w->graph.by_rank[rank]];
    struct prng *p = &w->prng;

    uint32_t other = w->graph.by_rank[rank ? prng_below(p, rank) : 0];

    if (!rank || !prng_percent(p, 15) || !w->units[other].spec.enabled)
        return;
    su->spec.on_failed = ON_FAILED_START;
    su->spec.on_failed_start = su->on_failed_start;
    su->spec.n_on_failed_start = 1;
    su->on_failed_start[0] = other;
}

/* In a calm world most starts succeed, if they are given the time; and what ends comes again. */
static void calm_down(struct world *w, struct unit_spec *spec)
{
    const int64_t enough_ms = 10000;

    if (!prng_percent(&w->prng, w->calm_percent))
        return;
    if (spec->ready_timeout_ms < enough_ms)
        spec->ready_timeout_ms = enough_ms;
    if (spec->stop_timeout_ms < 1000)
        spec->stop_timeout_ms = 1000;
    spec->timeout_ms = 0;
    if (spec->kind == UNIT_SERVICE && prng_percent(&w->prng, 70)) {
        spec->restart = RESTART_ALWAYS;
        if (prng_percent(&w->prng, 70))
            spec->restart_limit = 0;
    }
}

void graph_random(struct world *w)
{
    struct plan plan;

    random_plan(w, &plan);
    for (uint32_t i = 0; i < w->n_units; i++) {
        w->units[i].spec.enabled = !prng_percent(&w->prng, 5);
        calm_down(w, &w->units[i].spec);
    }
    for (uint32_t high = 0; high < w->n_units; high++) {
        struct sim_unit *su = &w->units[w->graph.by_rank[high]];

        su->spec.dependencies = su->dependencies;
        if (prng_percent(&w->prng, plan.follow_percent))
            su->spec.on_dependency_restart = DEPENDENCY_RESTART_FOLLOW;
        for (uint32_t low = 0; low < high; low++)
            if (joined(w, &plan, high, low))
                join(w, &plan, su, w->graph.by_rank[low]);
        random_on_failed(w, high);
    }
    graph_learn(w);
}
