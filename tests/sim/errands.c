/*
 * The commands of hooks as run/ and the kernel have them: one at a time, each with a time by which
 * it is killed, and with what it leaves behind. What is left of one holds up the next, whose time
 * runs all the same.
 */
#include <errno.h>
#include <string.h>

#include "sim.h"

#define PICK(p, list) ((list)[prng_below((p), sizeof(list) / sizeof *(list))])

/* From SIGKILL until it is told that something is left. */
static const int64_t patience_ms = 2000;

bool errand_exists(const struct errand *e)
{
    return e->at_work || e->left;
}

/* What was left is gone, but something else is left since: that is told when it is gone. */
bool errands_let_pass(const struct world *w, const struct event *ev)
{
    if (ev->type != EV_HOOK_GONE || !w->units[ev->unit].errand.left)
        return true;
    coverage_see(SEEN_HOOK_GONE_STALE);
    return false;
}

static void schedule(struct world *w, const struct sim_unit *su, int64_t delay_ms,
                     enum item_kind kind, int64_t arg)
{
    world_schedule(w, delay_ms, kind, su->core.index, su->errand.run, arg);
}

/* ---- ends ---- */

static void tell(struct world *w, struct sim_unit *su, bool left)
{
    struct errand *e = &su->errand;
    struct event ev = {.type = EV_HOOKED, .unit = su->core.index, .run = e->run};

    ev.u.hooked.hook = e->hook;
    ev.u.hooked.command = e->command;
    ev.u.hooked.result = e->result;
    ev.u.hooked.left = left;
    e->at_work = false;
    e->bad[e->hook] = e->result.how != PROBE_GOOD;
    e->n_good[e->hook] += e->result.how == PROBE_GOOD;
    world_post(w, &ev);
    /* Whoever sees that it hangs may want it to reload. */
    if (left && e->hook <= HOOK_POST_START && prng_percent(&w->prng, 30))
        schedule(w, su, prng_ms(&w->prng, 0, 3000), ITEM_RELOAD, 0);
}

static int64_t random_resistance_ms(struct world *w, const struct sim_unit *su)
{
    if (su->errand.calm || prng_percent(&w->prng, su->errand.stubborn ? 20 : 88))
        return 0;
    return prng_percent(&w->prng, 50) ? prng_ms(&w->prng, 1, 1999) : prng_ms(&w->prng, 2000, 9000);
}

/* SIGKILL for all that is there of the command under way. */
static void kill_all(struct world *w, struct sim_unit *su, int64_t resist_ms)
{
    struct errand *e = &su->errand;

    e->left = true;
    e->left_number = e->number;
    schedule(w, su, resist_ms, ITEM_HOOK_GONE, (int64_t)e->number);
}

/* Its first process has ended, or time is up: the rest of it is killed. */
static void die(struct world *w, struct sim_unit *su, struct probe_result result)
{
    struct errand *e = &su->errand;
    int64_t resist_ms = random_resistance_ms(w, su);

    e->dead = true;
    e->result = result;
    if (!resist_ms) {
        tell(w, su, false);
        return;
    }
    if (resist_ms > patience_ms)
        schedule(w, su, patience_ms, ITEM_HOOK_TOLD, (int64_t)e->number);
    kill_all(w, su, resist_ms);
}

/* ---- beginning ---- */

static struct probe_result random_failure(struct prng *p)
{
    const struct probe_result failures[] = {
        {PROBE_ERROR, ENOENT},
        {PROBE_EXITED, 1},
        {PROBE_EXITED, 127},
        {PROBE_SIGNALLED, 11},
    };

    return PICK(p, failures);
}

static int64_t random_length_ms(struct world *w, const struct sim_unit *su)
{
    struct prng *p = &w->prng;
    int64_t timeout_ms = su->spec.hook_timeout_ms;

    if (su->errand.calm)
        return prng_ms(p, 0, 30);
    switch (prng_below(p, 10)) {
    case 0: /* around the time it has */
        return timeout_ms + prng_ms(p, 0, 2) - 1;
    case 1:
        return prng_ms(p, 0, 20000);
    case 2:
        return timeout_ms < 20000 ? prng_ms(p, 0, timeout_ms) : prng_ms(p, 0, 5000);
    case 3:
        return -1; /* never */
    default:
        return prng_percent(p, 50) ? 0 : prng_ms(p, 0, 30);
    }
}

/* A result in one number, with the number of its command. */
static int64_t packed(const struct errand *e, struct probe_result result)
{
    return (int64_t)(e->number << 16) | result.how << 8 | result.code;
}

static void begin(struct world *w, struct sim_unit *su)
{
    struct prng *p = &w->prng;
    struct errand *e = &su->errand;
    struct probe_result result = {.how = PROBE_GOOD};
    int64_t length_ms = random_length_ms(w, su);

    e->waits = false;
    if (!e->calm && prng_percent(p, 3)) { /* no process came to be */
        e->dead = true;
        e->result = (struct probe_result){PROBE_ERROR, EAGAIN};
        tell(w, su, false);
        return;
    }
    if (prng_percent(p, e->calm ? 2 : 20))
        result = random_failure(p);
    if (length_ms >= 0)
        schedule(w, su, length_ms, ITEM_HOOK_ENDS, packed(e, result));
}

void errands_run_begins(struct world *w, uint32_t unit)
{
    struct sim_unit *su = &w->units[unit];
    struct errand *e = &su->errand;

    *e = (struct errand){.run = su->core.run,
                         .number = e->number,
                         .n_reloads = e->n_reloads,
                         .calm = prng_percent(&w->prng, w->calm_percent),
                         .stubborn = prng_percent(&w->prng, 10)};
    /* Whoever does not know that it is not up yet. */
    if (prng_percent(&w->prng, 5))
        schedule(w, su, prng_ms(&w->prng, 0, 20), ITEM_RELOAD, 0);
}

static void take(struct sim_unit *su)
{
    struct errand *e = &su->errand;

    e->number++;
    e->hook = su->core.hook;
    e->command = su->core.hook_at;
    e->at_work = true;
    e->told = e->dead = e->waits = false;
    e->by_ms = 0;
    if (e->command == 0)
        e->n_begun[e->hook]++;
    if (e->command == 0 && e->hook == HOOK_RELOAD)
        e->n_reloads++;
    if (e->command == 0)
        e->bad[e->hook] = false;
    if (e->hook == HOOK_STOP && life_main_alive(&su->life))
        e->told_main = true;
}

/* The same as a signal, for who is dead already. */
static void tell_of_stop(struct world *w, const struct sim_unit *su)
{
    struct event ev = {.type = EV_SIGNALLED, .unit = su->core.index, .run = su->core.run};

    if (su->core.hook == HOOK_STOP && life_main_alive(&su->life))
        world_post(w, &ev);
}

static void perform(struct world *w, struct sim_unit *su)
{
    take(su);
    tell_of_stop(w, su);
    if (!su->errand.left) {
        begin(w, su);
        return;
    }
    su->errand.waits = true;
    coverage_see(SEEN_HOOK_WAITS);
}

/* The signal is sent, and how that went is known. */
static void reload(struct world *w, struct sim_unit *su)
{
    struct errand *e = &su->errand;

    take(su);
    if (e->left)
        coverage_see(SEEN_RELOAD_BESIDE_LEFT);
    e->dead = true;
    e->result = life_main_alive(&su->life) ? (struct probe_result){.how = PROBE_GOOD}
                                           : (struct probe_result){PROBE_ERROR, ESRCH};
    if (prng_percent(&w->prng, 50))
        tell(w, su, false);
    else
        schedule(w, su, prng_ms(&w->prng, 0, 5), ITEM_HOOK_TOLD, (int64_t)e->number);
}

/* ---- before its time ---- */

static void stop(struct world *w, struct sim_unit *su)
{
    struct prng *p = &w->prng;
    struct errand *e = &su->errand;
    struct probe_result result = {PROBE_SIGNALLED, 15};

    if (!e->at_work || e->dead)
        return;
    e->told = true;
    if (e->waits && prng_percent(p, 50)) { /* it will not begin, and that is told now */
        e->result = (struct probe_result){.how = PROBE_LATE};
        tell(w, su, true);
        return;
    }
    if (e->waits || (!e->calm && prng_percent(p, 25)))
        return; /* told later; or it does not care */
    if (prng_percent(p, 30))
        result = prng_percent(p, 50) ? random_failure(p) : (struct probe_result){.how = PROBE_GOOD};
    schedule(w, su, prng_percent(p, 50) ? 0 : prng_ms(p, 0, 3000), ITEM_HOOK_ENDS,
             packed(e, result));
}

/* Nothing is left, and that is told a little later. */
static void tell_gone(struct world *w, struct sim_unit *su)
{
    su->errand.owes = true;
    schedule(w, su, prng_ms(&w->prng, 0, 5), ITEM_HOOK_GONE, 0);
}

static void away(struct world *w, struct sim_unit *su)
{
    struct errand *e = &su->errand;

    if (!e->at_work) {
        coverage_see(SEEN_HOOK_AWAY_LATE);
        if (!e->left)
            tell_gone(w, su);
        return;
    }
    e->at_work = false;
    if (e->hook == HOOK_RELOAD && su->spec.reload_signal)
        tell_gone(w, su);
    else if (!e->waits && !e->dead)
        kill_all(w, su, random_resistance_ms(w, su));
}

void errands_perform(struct world *w, uint32_t unit, enum action_type type)
{
    struct sim_unit *su = &w->units[unit];

    if (type == ACT_HOOK)
        perform(w, su);
    else if (type == ACT_RELOAD)
        reload(w, su);
    else if (type == ACT_HOOK_STOP)
        stop(w, su);
    else
        away(w, su);
}

void errands_after(struct world *w, uint32_t unit)
{
    struct sim_unit *su = &w->units[unit];
    struct errand *e = &su->errand;
    int64_t by_ms = su->core.hook_by_ms;

    if (!e->at_work || by_ms == e->by_ms)
        return;
    if (e->by_ms)
        coverage_see(SEEN_HOOK_TIME_MOVED);
    e->by_ms = by_ms;
    schedule(w, su, by_ms > w->now.mono_ms ? by_ms - w->now.mono_ms : 0, ITEM_HOOK_BY, by_ms);
}

/* ---- what happens ---- */

static void on_ends(struct world *w, struct sim_unit *su, int64_t arg)
{
    struct errand *e = &su->errand;

    if (!e->at_work || e->dead || e->waits || (uint64_t)arg >> 16 != e->number)
        return;
    die(w, su, (struct probe_result){(enum probe_how)(arg >> 8 & 255), (int)(arg & 255)});
}

static void on_by(struct world *w, struct sim_unit *su, int64_t by_ms)
{
    struct errand *e = &su->errand;

    if (!e->at_work || e->dead || e->by_ms != by_ms)
        return;
    e->result = (struct probe_result){.how = PROBE_LATE};
    if (!e->waits) {
        die(w, su, e->result);
        return;
    }
    coverage_see(SEEN_HOOK_NEVER_BEGUN);
    tell(w, su, true);
}

static void on_told(struct world *w, struct sim_unit *su, int64_t number)
{
    struct errand *e = &su->errand;

    if (e->at_work && (uint64_t)number == e->number)
        tell(w, su, e->left && e->left_number == e->number);
}

/* What was left is gone, or nothing was, and that is told. */
static void on_gone(struct world *w, struct sim_unit *su, const struct item *item)
{
    struct errand *e = &su->errand;
    struct event ev = {.type = EV_HOOK_GONE, .unit = item->unit, .run = item->run};
    bool is_of_left = e->left && item->arg == (int64_t)e->left_number;

    if (e->left && !is_of_left)
        return; /* something else is left by now, and will be told: see errands_let_pass() */
    e->left = e->owes = false;
    if (is_of_left && e->at_work && e->dead && e->number == e->left_number) {
        tell(w, su, false);
        return;
    }
    world_post(w, &ev);
    if (!e->at_work || !e->waits)
        return;
    if (!e->told) {
        begin(w, su);
        return;
    }
    e->result = (struct probe_result){PROBE_SIGNALLED, 15};
    tell(w, su, false);
}

void errands_happen(struct world *w, const struct item *item)
{
    struct sim_unit *su = &w->units[item->unit];

    if (item->run != su->errand.run)
        return;
    if (item->kind == ITEM_HOOK_ENDS)
        on_ends(w, su, item->arg);
    else if (item->kind == ITEM_HOOK_BY)
        on_by(w, su, item->arg);
    else if (item->kind == ITEM_HOOK_TOLD)
        on_told(w, su, item->arg);
    else
        on_gone(w, su, item);
}
