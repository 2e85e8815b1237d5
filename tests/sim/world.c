/* A world: its units, its clock, its queue of events, its end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/stop_plan.h"
#include "sim.h"

#define PICK(p, list) ((list)[prng_below((p), sizeof(list) / sizeof *(list))])

/* ---- the queue ---- */

void world_post(struct world *w, const struct event *ev)
{
    if (w->queue_n == w->cap_queue) {
        uint32_t cap = w->cap_queue ? w->cap_queue * 2 : 64;
        struct event *queue = malloc(cap * sizeof *queue);

        if (!queue)
            abort();
        for (uint32_t i = 0; i < w->queue_n; i++)
            queue[i] = w->queue[(w->queue_head + i) % w->cap_queue];
        free(w->queue);
        w->queue = queue;
        w->cap_queue = cap;
        w->queue_head = 0;
    }
    w->queue[(w->queue_head + w->queue_n++) % w->cap_queue] = *ev;
}

static void facts_portion(struct world *w, uint64_t most)
{
    for (; w->queue_n && most > 0; most--) {
        struct event ev = w->queue[w->queue_head];

        w->queue_head = (w->queue_head + 1) % w->cap_queue;
        w->queue_n--;
        if (errands_let_pass(w, &ev))
            sim_step(w, &ev);
    }
}

static bool all_quiet(const struct world *w)
{
    return !w->queue_n && (!w->ordered || order_idle(&w->order));
}

/* Facts and what the order has to say take turns; false: it was left in the middle. */
static bool drain_portions(struct world *w, bool wholly)
{
    uint64_t rounds = 0;

    while (!all_quiet(w)) {
        facts_portion(w, 1 + prng_below(&w->prng, 8));
        orders_portion(w, 1 + (uint32_t)prng_below(&w->prng, 4));
        if (++rounds > 1000 + 100 * w->n_units)
            sim_fail(w, 0, "it goes on for ever");
        if (!wholly && prng_percent(&w->prng, 20))
            break;
    }
    if (!all_quiet(w))
        coverage_see(SEEN_LEFT_IN_THE_MIDDLE);
    return all_quiet(w);
}

static void drain(struct world *w)
{
    if (w->ordered)
        drain_portions(w, true);
    else
        facts_portion(w, UINT64_MAX);
}

void world_schedule(struct world *w, int64_t delay_ms, enum item_kind kind, uint32_t unit,
                    uint64_t run, int64_t arg)
{
    struct item item = {w->now.mono_ms + delay_ms, 0, kind, unit, run, arg};

    schedule_add(w, item);
}

/* ---- the shutdown ---- */

static void begin_shutdown(struct world *w)
{
    const int64_t budgets_ms[] = {0, 1, 100, 600, 1000, 4999, 9000, 9000, 30000, 300000, 3600000};

    if (w->shutting_down)
        return;
    w->shutting_down = true;
    w->budget_ms = PICK(&w->prng, budgets_ms);
    w->begun_ms = w->now.mono_ms;
    if (w->gap_ms < w->budget_ms / 20)
        w->gap_ms = w->budget_ms / 20;
    if (w->ordered)
        orders_shutdown(w);
    else
        commands_stop_all(w, shutdown_kill_by_ms(w->budget_ms, w->begun_ms, w->now.mono_ms, 1));
    world_schedule(w, shutdown_last_kill_ms(w->budget_ms, w->begun_ms) - w->now.mono_ms,
                   ITEM_LAST_KILL, 0, 0, 0);
    world_schedule(w, w->budget_ms, ITEM_END, 0, 0, 0);
    if (prng_percent(&w->prng, 30))
        world_schedule(w, prng_ms(&w->prng, 0, w->budget_ms), ITEM_SKIP_TO_KILL, 0, 0, 0);
}

static void hurry(struct world *w)
{
    if (w->ordered)
        orders_hurry(w);
    else
        commands_stop_all(w, w->now.mono_ms);
}

static void last_kill(struct world *w)
{
    hurry(w);
    drain(w);
    invariants_last_kill(w);
}

static void end(struct world *w)
{
    drain(w);
    invariants_end(w);
    w->ended = true;
}

/* ---- what happens ---- */

static void on_timer(struct world *w, const struct item *item)
{
    struct sim_unit *su = &w->units[item->unit];
    bool of_look = item->kind == ITEM_LOOK_TIMER;
    struct event ev = {.type = of_look ? EV_LOOK : EV_DEADLINE, .unit = item->unit};
    int64_t *timer_ms = of_look ? &su->look_timer_ms : &su->timer_ms;
    bool armed = *timer_ms == item->arg;

    if (armed)
        *timer_ms = 0; /* the next deadline may be the same */
    /* A timer that was moved may be in the queue already. */
    if (armed || prng_percent(&w->prng, 10))
        world_post(w, &ev);
}

static void happen(struct world *w, const struct item *item)
{
    switch ((unsigned)item->kind) {
    case ITEM_TIMER:
    case ITEM_LOOK_TIMER:
        on_timer(w, item);
        break;
    case ITEM_COMMAND:
        if (w->ordered)
            orders_wish(w);
        else
            commands_post(w);
        world_schedule(w, prng_ms(&w->prng, 0, 2 * w->gap_ms), ITEM_COMMAND, 0, 0, 0);
        break;
    case ITEM_RELOAD:
        if (w->ordered)
            orders_wish_reload(w, item->unit);
        break;
    case ITEM_SHUTDOWN:
        begin_shutdown(w);
        break;
    case ITEM_SKIP_TO_KILL:
        hurry(w);
        break;
    case ITEM_GO_ON:
        break;
    case ITEM_LAST_KILL:
        last_kill(w);
        break;
    case ITEM_END:
        end(w);
        break;
    case ITEM_HOOK_ENDS:
    case ITEM_HOOK_BY:
    case ITEM_HOOK_TOLD:
    case ITEM_HOOK_GONE:
        errands_happen(w, item);
        break;
    default:
        executor_happen(w, item);
        break;
    }
}

static int64_t random_lag_ms(struct world *w)
{
    int64_t lag_ms;

    if (w->shutting_down || !prng_percent(&w->prng, 3))
        return 0;
    lag_ms = prng_percent(&w->prng, 70) ? prng_ms(&w->prng, 0, 10) : prng_ms(&w->prng, 0, 5000);
    w->lag_ms += lag_ms;
    return lag_ms;
}

/* The wall clock jumps; the monotonic one does not care. */
static void move_clocks(struct world *w, int64_t mono_ms)
{
    const int64_t year_ms = INT64_C(365) * 86400 * 1000;

    if (prng_below(&w->prng, 500) == 0)
        w->wall_offset_ms += prng_percent(&w->prng, 50) ? year_ms : -year_ms;
    w->now.mono_ms = mono_ms;
    w->now.wall_ms = mono_ms + w->wall_offset_ms;
    if (w->now.wall_ms < 1)
        w->now.wall_ms = 1;
}

/* One turn of the daemon's loop: all that is due is posted, then the queue is drained; sometimes
 * each on its own. A busy machine makes the turn late. */
static void turn(struct world *w)
{
    bool together = prng_percent(&w->prng, 70);
    struct item item;

    schedule_peek(w, &item);
    move_clocks(w, (item.at_ms > w->now.mono_ms ? item.at_ms : w->now.mono_ms) + random_lag_ms(w));
    do {
        item = schedule_take(w);
        happen(w, &item);
        if (!together)
            drain(w);
    } while (schedule_peek(w, &item) && item.at_ms <= w->now.mono_ms && together);
    if (!w->ordered)
        drain(w);
    else if (!drain_portions(w, false))
        world_schedule(w, prng_ms(&w->prng, 0, 2), ITEM_GO_ON, 0, 0, 0);
    if (all_quiet(w))
        invariants_quiet(w);
}

static bool anything_lives(const struct world *w)
{
    for (uint32_t i = 0; i < w->n_units; i++)
        if (life_exists(&w->units[i].life) || errand_exists(&w->units[i].errand))
            return true;
    return false;
}

/* ---- beginning and end ---- */

static void init_unit(struct world *w, uint32_t i)
{
    struct sim_unit *su = &w->units[i];
    struct event ev = {.type = EV_START, .unit = i};

    spec_random(&w->prng, &su->spec, w->gap_ms);
    spec_random_hooks(&w->prng, su);
    oracle_init(&su->oracle);
    alloc_hook_fails = w->alloc_fail_percent > 0;
    alloc_hook_spare = (unsigned)prng_below(&w->prng, 2);
    if (unit_init(&su->core, &su->spec, i) < 0) {
        alloc_hook_fails = false;
        if (unit_init(&su->core, &su->spec, i) < 0)
            abort();
    } else if (alloc_hook_fails && !alloc_hook_spare && su->spec.restart_limit) {
        sim_fail(w, i, "an allocation failed unnoticed");
    }
    alloc_hook_fails = false;
    if (!w->ordered && su->spec.autostart)
        world_post(w, &ev);
}

static void init_world(struct world *w, uint64_t seed)
{
    const int64_t gaps_ms[] = {1, 20, 500, 2000, 2000, 10000, 60000, 3600000};
    const unsigned calms[] = {0, 0, 50, 80, 95, 95}, percents[] = {0, 5, 5, 25};

    memset(w, 0, sizeof *w);
    w->seed = seed;
    w->prng.state = prng_mix(seed);
    w->wall_offset_ms = prng_percent(&w->prng, 90) ? INT64_C(1790000000000) : 0;
    move_clocks(w, prng_ms(&w->prng, 1, 1000000));
    w->gap_ms = PICK(&w->prng, gaps_ms);
    w->events_max = 100 + prng_below(&w->prng, 4000);
    w->alloc_fail_percent = prng_percent(&w->prng, 30) ? 50 : 0;
    w->ordered = prng_percent(&w->prng, 75);
    w->calm_percent = w->ordered ? PICK(&w->prng, calms) : 0;
    w->hold_percent = PICK(&w->prng, percents);
    w->reload_percent = PICK(&w->prng, percents);
    w->n_units = 1 + (uint32_t)prng_below(&w->prng, SIM_UNITS_MAX);
    for (uint32_t i = 0; i < w->n_units; i++)
        init_unit(w, i);
    if (w->ordered) {
        graph_random(w);
        orders_init(w);
        orders_begin(w);
    }
    world_schedule(w, 0, ITEM_COMMAND, 0, 0, 0);
    world_schedule(w, w->gap_ms * prng_ms(&w->prng, 1, 300), ITEM_SHUTDOWN, 0, 0, 0);
}

uint64_t world_run(uint64_t seed, uint64_t *n_events)
{
    struct world *w = malloc(sizeof *w);
    uint64_t hash;

    if (!w)
        abort();
    init_world(w, seed);
    drain(w);
    while (!w->ended || anything_lives(w)) {
        if (w->n_events >= w->events_max && w->ordered && !w->shutting_down &&
            prng_percent(&w->prng, 20))
            break; /* in the midst of life */
        if (w->n_events >= w->events_max)
            begin_shutdown(w);
        turn(w);
    }
    sim_chaos(w, w->shutting_down ? 20 : 200);
    if (w->ordered) {
        order_finish(&w->order);
        endings_finish(w);
    }
    for (uint32_t i = 0; i < w->n_units; i++)
        unit_finish(&w->units[i].core);
    hash = w->hash;
    *n_events += w->n_events;
    free(w->heap);
    free(w->queue);
    free(w);
    return hash;
}
