/* One event through the real machine, between the oracle's opinion and every check. */
#include <string.h>

#include "sim.h"

static void follow_deadline(struct world *w, struct sim_unit *su)
{
    int64_t deadline_ms = su->core.deadline_ms;

    if (deadline_ms == su->timer_ms)
        return;
    su->timer_ms = deadline_ms;
    if (deadline_ms)
        world_schedule(w, deadline_ms > w->now.mono_ms ? deadline_ms - w->now.mono_ms : 0,
                       ITEM_TIMER, su->core.index, 0, deadline_ms);
}

static void follow_look(struct world *w, struct sim_unit *su)
{
    int64_t look_at_ms = su->core.look_at_ms;

    if (look_at_ms == su->look_timer_ms)
        return;
    su->look_timer_ms = look_at_ms;
    if (look_at_ms)
        world_schedule(w, look_at_ms > w->now.mono_ms ? look_at_ms - w->now.mono_ms : 0,
                       ITEM_LOOK_TIMER, su->core.index, 0, look_at_ms);
}

static bool falls_through(const struct unit *u, const struct event *ev, int64_t now_ms)
{
    return (ev->run && ev->run != u->run) ||
           (ev->type == EV_DEADLINE && (!u->deadline_ms || u->deadline_ms > now_ms)) ||
           (ev->type == EV_LOOK && (!u->look_at_ms || u->look_at_ms > now_ms || u->looking)) ||
           (ev->type == EV_LOOKED && !u->looking) ||
           (ev->type == EV_HOOKED && (u->hook == HOOK_NONE || ev->u.hooked.hook != u->hook ||
                                      ev->u.hooked.command != u->hook_at));
}

static void cover(const struct unit *u, const struct event *ev, int64_t now_ms)
{
    if (!unit_takes(u->phase, ev->type))
        coverage_ignored(u->phase, ev->type);
    else if (!falls_through(u, ev, now_ms))
        coverage_taken(u->phase, ev->type);
}

static void step_core(struct world *w, struct unit *u, const struct event *ev, struct actions *acts)
{
    uint64_t failed = alloc_hook_failed;

    cover(u, ev, w->now.mono_ms);
    memset(acts, 0xa5, sizeof *acts);
    alloc_hook_fails = prng_percent(&w->prng, w->alloc_fail_percent);
    unit_step(u, ev, w->now, (uint32_t)prng_next(&w->prng), acts);
    alloc_hook_fails = false;
    if (alloc_hook_failed != failed)
        w->units[u->index].alloc_failed = true;
    w->n_events++;
}

static void trace_step(struct world *w, const struct event *ev, enum unit_phase before,
                       const struct unit *u, const struct actions *acts)
{
    struct trace_line line = {
        .now = w->now,
        .event = *ev,
        .before = before,
        .after = u->phase,
        .run = u->run,
        .deadline_ms = u->deadline_ms,
        .look_at_ms = u->look_at_ms,
        .hook = u->hook,
        .hook_at = u->hook_at,
        .hook_by_ms = u->hook_by_ms,
        .hook_left = u->hook_left,
    };

    for (unsigned i = 0; i < acts->n && i < UNIT_ACTIONS_MAX; i++)
        line.acts |= 1U << acts->items[i].type;
    trace_add(w, &line);
}

/* ---- events that must mean nothing ---- */

static void random_payload(struct world *w, struct event *ev)
{
    struct prng *p = &w->prng;

    memset(&ev->u, 0, sizeof ev->u);
    switch ((unsigned)ev->type) {
    case EV_START:
    case EV_STOP:
    case EV_RESTART:
    case EV_BOUNCE:
    case EV_RESET:
        ev->u.ask.by = BY_USER;
        ev->u.ask.kill_by_ms = prng_percent(p, 50) ? 0 : w->now.mono_ms;
        break;
    case EV_SPAWNED:
        ev->u.spawned.pid = 4711;
        break;
    case EV_MAINPID:
        ev->u.main_pid = 4712;
        break;
    case EV_SPAWN_ERROR:
    case EV_EXEC_ERROR:
        ev->u.error.stage = STAGE_EXEC;
        ev->u.error.errnum = 2;
        break;
    case EV_KILLED:
        ev->u.killed.main_alive = prng_percent(p, 50);
        ev->u.killed.leftovers = (uint32_t)prng_below(p, 9);
        break;
    case EV_LOOKED:
        ev->u.looked.result.how = (enum probe_how)prng_below(p, PROBE_SILENT);
        break;
    case EV_FED:
        ev->u.fed.trigger = prng_percent(p, 50);
        break;
    case EV_EXTEND:
        ev->u.extend_ms = prng_ms(p, 0, 100000);
        break;
    case EV_WATCHDOG:
        ev->u.watchdog_ms = prng_ms(p, 0, 10000);
        break;
    case EV_HOLD:
        ev->u.hold.until_ms = prng_percent(p, 30) ? 0 : w->now.mono_ms + prng_ms(p, 0, 20000);
        break;
    case EV_HOOKED:
        ev->u.hooked.hook = (enum hook)prng_below(p, HOOK_COUNT + 1);
        ev->u.hooked.command = (uint32_t)prng_below(p, SIM_COMMANDS_MAX);
        ev->u.hooked.result.how = (enum probe_how)prng_below(p, PROBE_SKIPPED);
        ev->u.hooked.left = prng_percent(p, 50);
        break;
    case EV_EXITED:
        ev->u.exited.status.exit_code = (int)prng_below(p, 256);
        ev->u.exited.tree_empty = prng_percent(p, 50);
        break;
    default:
        break;
    }
}

static void step_in_vain(struct world *w, struct sim_unit *su)
{
    struct unit before = su->core;
    struct event ev = {.type = (enum event_type)prng_below(&w->prng, EV_COUNT)};
    struct actions acts;

    ev.unit = su->core.index;
    random_payload(w, &ev);
    if (unit_takes(su->core.phase, ev.type) && !falls_through(&su->core, &ev, w->now.mono_ms)) {
        uint64_t older = su->core.run > 1 ? 1 + prng_below(&w->prng, su->core.run - 1) : 0;

        ev.run = older ? older : su->core.run + 1;
    } else if (prng_percent(&w->prng, 50)) {
        ev.run = su->core.run;
    }
    step_core(w, &su->core, &ev, &acts);
    if (acts.n || memcmp(&before, &su->core, sizeof before) != 0) {
        trace_step(w, &ev, before.phase, &su->core, &acts);
        sim_fail(w, su->core.index, "%s had an effect in %s", event_name(ev.type),
                 unit_phase_name(before.phase));
    }
}

/* ---- the step ---- */

static void note_command(struct sim_unit *su, enum event_type type)
{
    if (type != EV_STOP && type != EV_START && type != EV_RESTART)
        return;
    su->told_down = type == EV_STOP;
    su->core.goal = su->core.wanted = !su->told_down;
}

/* The machine only reads what the order of units has decided. */
static void check_decided(struct world *w, const struct unit *before, const struct unit *u)
{
    if (u->goal != before->goal || u->wanted != before->wanted || u->n_unmet != before->n_unmet ||
        u->n_dead != before->n_dead)
        sim_fail(w, u->index, "a step wrote what is not its own");
}

static bool is_being_told(enum unit_phase phase)
{
    return phase == PHASE_ASKED || phase == PHASE_STOPPING || phase == PHASE_DRAINING;
}

void sim_step(struct world *w, const struct event *ev)
{
    struct sim_unit *su = &w->units[ev->unit];
    enum unit_phase before = su->core.phase;
    int64_t deadline_ms = su->core.deadline_ms;
    uint64_t n_records = su->n_records;
    struct unit decided;
    struct actions acts;

    if (!w->ordered) {
        if (ev->type == EV_BOUNCE && !su->core.goal)
            return; /* who is to be down follows nobody */
        note_command(su, ev->type);
    }
    looks_before(w, ev);
    invariants_times_before(w, ev);
    oracle_step(su, ev, w->now);
    decided = su->core;
    step_core(w, &su->core, ev, &acts);
    trace_step(w, ev, before, &su->core, &acts);
    check_decided(w, &decided, &su->core);
    invariants_actions(w, ev->unit, &acts, before);
    oracle_compare(w, su, &acts);
    if (ev->type != EV_EXTEND && is_being_told(before) && is_being_told(su->core.phase) &&
        su->core.deadline_ms > deadline_ms)
        sim_fail(w, ev->unit, "the deadline moved later while stopping");
    executor_perform(w, ev->unit, &acts);
    looks_after(w, ev->unit, before);
    errands_after(w, ev->unit);
    invariants_times_after(w, ev->unit, before);
    follow_deadline(w, su);
    follow_look(w, su);
    if (w->ordered)
        orders_stepped(w, ev->unit, before, n_records);
    if (prng_percent(&w->prng, 6))
        step_in_vain(w, su);
}

void sim_chaos(struct world *w, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        struct unit *u = &w->units[prng_below(&w->prng, w->n_units)].core;
        struct event ev = {.type = (enum event_type)prng_below(&w->prng, EV_COUNT)};
        enum unit_phase before = u->phase;
        struct actions acts;

        ev.unit = u->index;
        random_payload(w, &ev);
        w->now.mono_ms += prng_ms(&w->prng, 0, 4000);
        if (w->ordered)
            orders_chaos(w);
        before = u->phase;
        step_core(w, u, &ev, &acts);
        if (w->ordered)
            order_changed(&w->order, u->index);
        trace_step(w, &ev, before, u, &acts);
        if (acts.n > UNIT_ACTIONS_MAX || (unsigned)u->phase >= PHASE_COUNT)
            sim_fail(w, u->index, "chaos broke the unit");
    }
}
