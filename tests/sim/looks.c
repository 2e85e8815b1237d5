/*
 * How units look from outside, and what they tell: looks that take their time, fail, hang or come
 * to nothing; notifications with and without sense. What run/ does for that, and what must hold of
 * looks whatever the core believes.
 */
#include <errno.h>
#include <inttypes.h>

#include "sim.h"

#define PICK(p, list) ((list)[prng_below((p), sizeof(list) / sizeof *(list))])

enum { READY_LOOK_MAX_MS = 5000 }; /* as run/looks.c has it */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool tells_its_health(const struct sim_unit *su)
{
    return su->spec.health.kind == PROBE_NOTIFY;
}

static struct event event_of(const struct sim_unit *su, enum event_type type)
{
    return (struct event){.type = type, .unit = su->core.index, .run = su->life.run};
}

static void schedule(struct world *w, const struct sim_unit *su, int64_t delay_ms,
                     enum item_kind kind, int64_t arg)
{
    world_schedule(w, delay_ms, kind, su->core.index, su->life.run, arg);
}

/* ---- when a look may begin ---- */

/* From the end of the last look, as it was told, to the beginning of this one. */
static int64_t least_pause_ms(const struct sim_unit *su, bool of_health)
{
    const struct life *l = &su->life;
    int64_t interval_ms = su->spec.health_interval_ms;

    if (!l->n_looked)
        return 0;
    if (!of_health)
        return su->spec.ready_interval_ms;
    if (l->n_good == 1 && l->bad_in_row == 0)
        return 1; /* a part of the interval, so that units are spread */
    if (!l->n_good && su->core.health.is == HEALTHINESS_UNKNOWN)
        return least(interval_ms, interval_ms > 30000 ? interval_ms / 30 : 1000);
    return interval_ms;
}

static void check_look(struct world *w, struct sim_unit *su)
{
    const struct life *l = &su->life;
    enum unit_phase phase = su->core.phase;
    bool of_health = phase == PHASE_RUNNING;
    enum probe_kind kind = of_health ? su->spec.health.kind : su->spec.ready_probe.kind;
    uint32_t unit = su->core.index;

    if (su->looking || l->look_on)
        sim_fail(w, unit, "a look while another one is under way");
    if (phase != PHASE_RUNNING && phase != PHASE_PROBING)
        sim_fail(w, unit, "a look at what is %s", unit_phase_name(phase));
    if (kind == PROBE_NONE || kind == PROBE_NOTIFY)
        sim_fail(w, unit, "a look that nobody asked for");
    if (w->now.mono_ms < l->looked_ms + least_pause_ms(su, of_health))
        sim_fail(w, unit, "a look %" PRId64 " ms after the last one",
                 w->now.mono_ms - l->looked_ms);
}

/* ---- looks ---- */

static struct probe_result random_failure(struct prng *p)
{
    const struct probe_result failures[] = {
        {PROBE_ERROR, ECONNREFUSED},
        {PROBE_EXITED, 1},
        {PROBE_SIGNALLED, 9},
    };

    return PICK(p, failures);
}

static struct probe_result random_result(struct prng *p, const struct life *l)
{
    if (prng_percent(p, 2)) {
        coverage_see(SEEN_LOOK_SKIPPED);
        return (struct probe_result){.how = PROBE_SKIPPED};
    }
    if (prng_percent(p, l->calm ? 2 : l->ill_percent))
        return random_failure(p);
    return (struct probe_result){.how = PROBE_GOOD};
}

/* A result in one number, with that of its look. */
static int64_t packed(const struct life *l, struct probe_result result)
{
    return (int64_t)(l->look << 16) | result.how << 8 | result.code;
}

static void begin_look(struct world *w, struct sim_unit *su)
{
    const unsigned percents[] = {0, 0, 5, 30, 70, 100};
    struct prng *p = &w->prng;
    struct life *l = &su->life;
    int64_t most_ms = su->core.phase == PHASE_RUNNING
                          ? su->spec.health_timeout_ms
                          : least(READY_LOOK_MAX_MS, su->core.deadline_ms - w->now.mono_ms);
    int64_t takes_ms = prng_percent(p, 70) ? prng_ms(p, 0, 20) : prng_ms(p, 0, 10000);
    struct probe_result result;

    check_look(w, su);
    if (prng_percent(p, 4))
        l->ill_percent = PICK(p, percents);
    l->look++;
    l->look_on = su->looking = true;
    su->looked_while = su->core.phase;
    result = random_result(p, l);
    if (!l->calm && prng_percent(p, 4))
        takes_ms = INT64_MAX;
    if (takes_ms >= most_ms) {
        coverage_see(SEEN_LOOK_HANGS);
        takes_ms = most_ms > 0 ? most_ms : 1;
        result = (struct probe_result){.how = PROBE_LATE};
    }
    if (prng_percent(p, 3)) /* its tree is slow to go */
        takes_ms += prng_ms(p, 0, 3000);
    schedule(w, su, takes_ms, ITEM_LOOKED, packed(l, result));
}

static void on_looked(struct world *w, struct sim_unit *su, int64_t arg)
{
    struct life *l = &su->life;
    struct event ev = event_of(su, EV_LOOKED);

    if ((uint64_t)arg >> 16 != l->look || !l->look_on)
        return; /* it was not wanted any more */
    l->look_on = false;
    ev.u.looked.result = (struct probe_result){(enum probe_how)(arg >> 8 & 255), (int)(arg & 255)};
    world_post(w, &ev);
}

static void look_away(struct world *w, struct sim_unit *su)
{
    if (!su->looking)
        sim_fail(w, su->core.index, "looked away, and no look is under way");
    coverage_see(su->looked_while == PHASE_RUNNING ? SEEN_LOOK_AWAY_RUNNING
                                                   : SEEN_LOOK_AWAY_STARTING);
    su->looking = su->life.look_on = false;
}

void looks_perform(struct world *w, uint32_t unit, enum action_type type)
{
    struct sim_unit *su = &w->units[unit];

    if (type == ACT_LOOK)
        begin_look(w, su);
    else
        look_away(w, su);
}

/* ---- what it tells ---- */

static bool hears(const struct sim_unit *su)
{
    return su->spec.ready == READY_NOTIFY || tells_its_health(su);
}

static int64_t random_food_ms(struct world *w, const struct sim_unit *su)
{
    int64_t ms = su->life.watchdog_ms ? su->life.watchdog_ms : su->spec.health_interval_ms;

    if (!su->life.calm && prng_percent(&w->prng, 8))
        return ms + prng_ms(&w->prng, -1, ms);
    return ms / 2 + prng_ms(&w->prng, 0, ms / 4);
}

void looks_execed(struct world *w, uint32_t unit)
{
    const unsigned percents[] = {0, 0, 5, 30, 70, 100};
    struct sim_unit *su = &w->units[unit];
    struct prng *p = &w->prng;
    struct life *l = &su->life;
    /* By descriptor or notification; who is probed is not asked, and may speak all the same. */
    unsigned ready_percent = su->spec.ready == READY_STARTED  ? 0
                             : su->spec.ready == READY_PROBED ? 4
                             : l->calm                        ? 100
                                                              : 80;

    l->ill_percent = PICK(p, percents);
    l->watchdog_ms = su->spec.health_interval_ms;
    if (prng_percent(p, ready_percent))
        schedule(w, su, prng_percent(p, 50) || l->calm ? 0 : prng_ms(p, 0, 30000), ITEM_READY, 0);
    if (tells_its_health(su))
        schedule(w, su, random_food_ms(w, su), ITEM_FEED, 0);
    if (hears(su) && !l->calm && prng_percent(p, 50))
        schedule(w, su, prng_percent(p, 50) ? 0 : prng_ms(p, 0, w->gap_ms), ITEM_TELL, 0);
}

static void on_ready(struct world *w, struct sim_unit *su)
{
    struct event ev = event_of(su, EV_READY);

    if (!life_main_alive(&su->life))
        return;
    world_post(w, &ev);
    if (su->spec.ready == READY_NOTIFY && prng_percent(&w->prng, 10))
        schedule(w, su, prng_ms(&w->prng, 0, 1000), ITEM_READY, 0);
}

static void on_feed(struct world *w, struct sim_unit *su)
{
    struct event ev = event_of(su, EV_FED);
    struct prng *p = &w->prng;

    if (!life_main_alive(&su->life))
        return;
    ev.u.fed.trigger = !su->life.calm && prng_percent(p, 3);
    if (!su->life.calm && prng_percent(p, 3))
        su->life.hangs = prng_percent(p, 70);
    if (!su->life.hangs)
        world_post(w, &ev);
    schedule(w, su, random_food_ms(w, su), ITEM_FEED, 0);
}

static int64_t random_extension_ms(struct prng *p)
{
    const int64_t ms[] = {0, 1, 100, 5000, 30000, 3600000, INT64_C(18446744073709551)};

    return PICK(p, ms);
}

static int64_t random_watchdog_ms(struct world *w, const struct sim_unit *su)
{
    int64_t interval_ms = su->spec.health_interval_ms;
    const int64_t ms[] = {0, interval_ms / 2 + 1, interval_ms, interval_ms, interval_ms * 3};

    return PICK(&w->prng, ms);
}

/* Any process of the run may tell something, at any time. */
static void on_tell(struct world *w, struct sim_unit *su)
{
    struct prng *p = &w->prng;
    struct event ev = event_of(su, EV_EXTEND);
    uint64_t dice = prng_below(p, 100);

    if (!life_main_alive(&su->life) && !su->life.others)
        return;
    schedule(w, su, prng_percent(p, 30) ? prng_ms(p, 0, 100) : prng_ms(p, 0, 4 * w->gap_ms),
             ITEM_TELL, 0);
    if (dice < 15) {
        ev.type = EV_WATCHDOG;
        ev.u.watchdog_ms = su->life.watchdog_ms = random_watchdog_ms(w, su);
    } else if (dice < 30) {
        ev.type = EV_FED;
        ev.u.fed.trigger = prng_percent(p, 10);
    } else if (dice < 40 && su->spec.ready == READY_NOTIFY) {
        ev.type = EV_READY;
    } else {
        ev.u.extend_ms = random_extension_ms(p);
    }
    world_post(w, &ev);
}

void looks_happen(struct world *w, const struct item *item)
{
    struct sim_unit *su = &w->units[item->unit];

    if (item->kind == ITEM_LOOKED)
        on_looked(w, su, item->arg);
    else if (item->kind == ITEM_READY)
        on_ready(w, su);
    else if (item->kind == ITEM_FEED)
        on_feed(w, su);
    else
        on_tell(w, su);
}

/* ---- what was told, and what must hold of it ---- */

/* Counts what the core is told of the health of a run that is ready. */
static void count_health(struct life *l, struct probe_result result)
{
    if (result.how == PROBE_SKIPPED)
        return;
    l->n_good += result.how == PROBE_GOOD;
    l->bad_in_row = result.how == PROBE_GOOD ? 0 : l->bad_in_row + 1;
}

static void note_told(struct sim_unit *su, const struct event *ev, int64_t now_ms)
{
    struct life *l = &su->life;
    bool running = su->core.phase == PHASE_RUNNING;

    if (ev->type == EV_LOOKED && su->looking) {
        su->looking = false;
        l->looked_ms = now_ms;
        l->n_looked++;
        if (running)
            count_health(l, ev->u.looked.result);
    } else if (ev->type == EV_FED && running && tells_its_health(su)) {
        count_health(l, (struct probe_result){ev->u.fed.trigger ? PROBE_SILENT : PROBE_GOOD, 0});
    } else if (ev->type == EV_LOOK && running && tells_its_health(su) && su->core.look_at_ms &&
               su->core.look_at_ms <= now_ms) {
        count_health(l, (struct probe_result){.how = PROBE_SILENT});
    }
}

void looks_before(struct world *w, const struct event *ev)
{
    struct sim_unit *su = &w->units[ev->unit];
    bool is_of_run = unit_has_run(&su->core) && (!ev->run || ev->run == su->core.run);

    if (is_of_run)
        note_told(su, ev, w->now.mono_ms);
}

void looks_after(struct world *w, uint32_t unit, enum unit_phase before)
{
    struct sim_unit *su = &w->units[unit];
    enum unit_phase phase = su->core.phase;

    if (phase == PHASE_RUNNING && before != PHASE_RUNNING)
        su->life.n_looked = su->life.n_good = su->life.bad_in_row = 0;
    if (su->looking && phase != PHASE_RUNNING && phase != PHASE_PROBING)
        sim_fail(w, unit, "%s, and a look is under way", unit_phase_name(phase));
}
