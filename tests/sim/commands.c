/* What is asked of lone units, and what they wait for, when no order stands above them. */
#include <string.h>

#include "sim.h"

static int64_t random_kill_by(struct world *w)
{
    struct prng *p = &w->prng;

    if (prng_percent(p, 70))
        return 0;
    if (prng_percent(p, 50))
        return w->now.mono_ms - prng_ms(p, 0, 1); /* kill now */
    return w->now.mono_ms + prng_ms(p, 1, 5000);
}

int64_t random_hold_ms(struct world *w)
{
    struct prng *p = &w->prng;

    if (prng_percent(p, 35))
        return 0; /* no longer */
    return w->now.mono_ms +
           (prng_percent(p, 50) ? prng_ms(p, 0, 5000) : prng_ms(p, 0, 6 * w->gap_ms));
}

static struct event random_ask(struct world *w, uint32_t unit)
{
    struct prng *p = &w->prng;
    struct event ev = {.type = EV_STOP, .unit = unit};
    uint64_t dice = prng_below(p, 100);

    /* During a shutdown new work is refused before it reaches a unit. */
    if (!w->shutting_down && dice < 70)
        ev.type = prng_percent(p, w->hold_percent)     ? EV_HOLD
                  : prng_percent(p, w->reload_percent) ? EV_RELOAD
                  : dice < 40                          ? EV_START
                  : dice < 60                          ? EV_RESTART
                  : dice < 65                          ? EV_BOUNCE
                                                       : EV_RESET;
    if (ev.type == EV_HOLD) {
        ev.u.hold.until_ms = random_hold_ms(w);
        ev.u.hold.until_wall_ms = ev.u.hold.until_ms ? w->now.wall_ms : 0;
        return ev;
    }
    ev.u.ask.by = prng_percent(p, 80)
                      ? BY_USER
                      : (enum requested_by)(BY_USER + (int)prng_below(p, BY_COUNT - BY_USER));
    ev.u.ask.requester.known = prng_percent(p, 80);
    ev.u.ask.requester.uid = (uid_t)prng_below(p, 3);
    ev.u.ask.requester.pid = (pid_t)prng_below(p, 30000);
    ev.u.ask.requester.unit = (uint32_t)prng_below(p, 3);
    ev.u.ask.kill_by_ms = random_kill_by(w);
    ev.u.ask.patience_ms = prng_percent(p, 80) ? 0 : prng_ms(p, 1, 3000);
    return ev;
}

/* What the start of a unit waits for changes. */
static void conditions_post(struct world *w)
{
    struct event ev = {.type = EV_CONDITIONS, .unit = (uint32_t)prng_below(&w->prng, w->n_units)};
    struct unit *u = &w->units[ev.unit].core;

    u->n_unmet = prng_percent(&w->prng, 60) ? 0 : 1 + (uint32_t)prng_below(&w->prng, 3);
    u->n_dead = prng_percent(&w->prng, 50) ? 0 : (uint32_t)prng_below(&w->prng, u->n_unmet + 1);
    world_post(w, &ev);
}

void commands_post(struct world *w)
{
    uint64_t n = prng_percent(&w->prng, 60) ? 1 : 1 + prng_below(&w->prng, 4);
    uint32_t unit = (uint32_t)prng_below(&w->prng, w->n_units);

    for (uint64_t i = 0; i < n; i++) {
        struct event ev = random_ask(w, unit);

        world_post(w, &ev);
        if (prng_percent(&w->prng, 30))
            conditions_post(w);
        if (prng_percent(&w->prng, 30))
            unit = (uint32_t)prng_below(&w->prng, w->n_units);
    }
}

void commands_stop_all(struct world *w, int64_t kill_by_ms)
{
    for (uint32_t i = 0; i < w->n_units; i++) {
        struct event ev = {.type = EV_STOP, .unit = i};

        ev.u.ask.by = BY_SHUTDOWN;
        ev.u.ask.kill_by_ms = kill_by_ms;
        world_post(w, &ev);
    }
}
