/* Worlds whose units depend on each other: wishes go into a struct order, its events to the units,
 * in portions between other things, as run/ does. */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

enum { WISHES_AT_ONCE = 4 };

/* ---- wishes ---- */

static void note(struct world *w, enum wish wish, uint32_t unit, struct requester who)
{
    struct trace_line line = {.now = w->now, .wish = wish, .event = {.unit = unit}};

    line.before = line.after = w->units[unit].core.phase;
    trace_add(w, &line);
    operation_forget(w);
    graph_look(w);
    seen_wish(w, wish, unit);
    graph_wish(w, wish, unit, who);
}

/* The order has counted what was wished. */
static void note_marks(struct world *w)
{
    for (uint32_t i = 0; i < w->n_units; i++)
        if (w->graph.mark[i] == UINT64_MAX)
            w->graph.mark[i] = order_marked(&w->order);
}

static struct requester random_peer(struct world *w)
{
    struct requester who = {.known = prng_percent(&w->prng, 80)};

    if (who.known) {
        who.uid = (uid_t)prng_below(&w->prng, 3);
        who.pid = (pid_t)prng_below(&w->prng, 30000);
    }
    return who;
}

static void wish_for(struct world *w, enum wish wish, uint32_t unit)
{
    struct order *o = &w->order;
    struct requester who = random_peer(w);

    /* What is disabled is refused before it comes here. */
    if (!w->units[unit].spec.enabled && (wish == WISH_START || wish == WISH_RESTART))
        return;
    if (wish == WISH_RELOAD && !spec_reloads(&w->units[unit].spec))
        return;
    if (wish == WISH_HOLD)
        w->graph.hold_until_ms[unit] = random_hold_ms(w);
    note(w, wish, unit, who);
    operation_begin(w, wish, unit);
    if (wish == WISH_START)
        order_start(o, unit, who);
    else if (wish == WISH_STOP)
        order_stop(o, unit, who);
    else if (wish == WISH_RESTART)
        order_restart(o, unit, who);
    else if (wish == WISH_RELOAD)
        order_reload(o, unit, who);
    else if (wish == WISH_HOLD)
        order_hold(o, unit, w->graph.hold_until_ms[unit],
                   w->graph.hold_until_ms[unit] ? w->now.wall_ms : 0, who);
    else
        order_reset(o, unit, who);
    w->operation.asked = order_marked(o);
    endings_look(w);
}

void orders_wish(struct world *w)
{
    struct prng *p = &w->prng;
    uint64_t n = prng_percent(p, 60) ? 1 : 1 + prng_below(p, WISHES_AT_ONCE);
    uint32_t unit = (uint32_t)prng_below(p, w->n_units);

    if (w->shutting_down)
        return; /* refused before it comes here */
    for (uint64_t i = 0; i < n; i++) {
        uint64_t dice = prng_below(p, 100);

        wish_for(w,
                 prng_percent(p, w->hold_percent)     ? WISH_HOLD
                 : prng_percent(p, w->reload_percent) ? WISH_RELOAD
                 : dice < 40                          ? WISH_START
                 : dice < 65                          ? WISH_STOP
                 : dice < 90                          ? WISH_RESTART
                                                      : WISH_RESET,
                 unit);
        if (prng_percent(p, 50))
            unit = (uint32_t)prng_below(p, w->n_units);
    }
    note_marks(w);
}

void orders_wish_reload(struct world *w, uint32_t unit)
{
    if (w->shutting_down)
        return;
    wish_for(w, WISH_RELOAD, unit);
    note_marks(w);
}

void orders_begin(struct world *w)
{
    note(w, WISH_BEGIN, 0, (struct requester){0});
    order_begin(&w->order);
    endings_init(w);
    endings_look(w);
}

void orders_shutdown(struct world *w)
{
    struct requester who = random_peer(w);

    note(w, WISH_SHUTDOWN, 0, who);
    order_shutdown(&w->order, w->begun_ms, w->budget_ms, who);
    endings_look(w);
}

void orders_hurry(struct world *w)
{
    note(w, WISH_HURRY, 0, (struct requester){0});
    order_hurry(&w->order);
}

/* ---- going on ---- */

bool orders_portion(struct world *w, uint32_t most)
{
    struct event ev;

    for (uint32_t i = 0; i < most; i++) {
        bool idle = order_idle(&w->order);

        memset(&ev, 0xa5, sizeof ev);
        if (!order_next(&w->order, w->now, &ev)) {
            if (!order_idle(&w->order))
                sim_fail(w, 0, "the order has nothing to do, and is not idle");
            return false;
        }
        if (idle)
            sim_fail(w, ev.unit, "the order was idle, and has an event");
        if (ev.unit >= w->n_units || ev.type >= EV_COUNT)
            sim_fail(w, 0, "the order made up an event");
        graph_check_event(w, &ev);
        sim_step(w, &ev);
        graph_check_marks(w);
    }
    return true;
}

void orders_stepped(struct world *w, uint32_t unit, enum unit_phase before, uint64_t n_records)
{
    graph_stepped(w, unit, before, n_records);
    order_changed(&w->order, unit);
    note_marks(w);
    operation_look(w, false);
    endings_stepped(w, unit, before, n_records);
}

/* ---- beginning and end ---- */

void orders_init(struct world *w)
{
    struct unit *units[SIM_UNITS_MAX];

    for (uint32_t i = 0; i < w->n_units; i++)
        units[i] = &w->units[i].core;
    alloc_hook_fails = w->alloc_fail_percent > 0;
    alloc_hook_spare = (unsigned)prng_below(&w->prng, 6);
    if (order_init(&w->order, units, w->n_units) < 0) {
        alloc_hook_fails = false;
        if (order_init(&w->order, units, w->n_units) < 0)
            abort();
    }
    alloc_hook_fails = false;
}

void orders_chaos(struct world *w)
{
    struct prng *p = &w->prng;
    uint32_t unit = (uint32_t)prng_below(p, w->n_units);
    struct event ev;

    if (prng_below(p, 200) == 0)
        order_shutdown(&w->order, w->now.mono_ms, prng_ms(p, 0, 60000), random_peer(w));
    switch (prng_below(p, 10)) {
    case 0:
        order_stop(&w->order, unit, random_peer(w));
        break;
    case 1:
        order_restart(&w->order, unit, random_peer(w));
        break;
    case 2:
        order_reset(&w->order, unit, random_peer(w));
        break;
    case 3:
        order_hurry(&w->order);
        break;
    case 4:
        order_begin(&w->order);
        break;
    case 5:
        order_reload(&w->order, unit, random_peer(w));
        break;
    case 6:
        order_hold(&w->order, unit, random_hold_ms(w), 1, random_peer(w));
        break;
    default:
        order_start(&w->order, unit, random_peer(w));
        break;
    }
    /* It comes to an end: the units hear of nothing but the order here. */
    for (uint64_t i = 0; order_next(&w->order, w->now, &ev); i++) {
        struct actions acts;

        unit_step(&w->units[ev.unit].core, &ev, w->now, 0, &acts);
        order_changed(&w->order, ev.unit);
        if (i > 100 * w->n_units)
            sim_fail(w, ev.unit, "the order goes on for ever");
        if (prng_percent(p, 30))
            return; /* the rest the next time */
    }
}
