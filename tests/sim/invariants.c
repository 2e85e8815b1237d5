/* What must hold of every unit whatever happens; judged from the processes, not from the oracle. */
#include <inttypes.h>

#include "core/stop_plan.h"
#include "sim.h"

static enum unit_state state_shown(enum unit_phase phase)
{
    switch (phase) {
    case PHASE_STOPPED:
        return STATE_STOPPED;
    case PHASE_WAITING:
    case PHASE_STUCK:
    case PHASE_HELD:
        return STATE_WAITING;
    case PHASE_PRE_START:
    case PHASE_SPAWNING:
    case PHASE_PROBING:
        return STATE_STARTING;
    case PHASE_RUNNING:
        return STATE_RUNNING;
    case PHASE_PRE_STOP:
    case PHASE_ASKED:
    case PHASE_STOPPING:
    case PHASE_DRAINING:
    case PHASE_HOOK_ENDING:
    case PHASE_POST_STOP:
        return STATE_STOPPING;
    case PHASE_KILLING:
    case PHASE_UNKILLABLE:
        return STATE_KILLING;
    case PHASE_BACKOFF:
        return STATE_BACKOFF;
    case PHASE_COMPLETED:
        return STATE_COMPLETED;
    case PHASE_FAILED:
    case PHASE_COUNT:
        break;
    }
    return STATE_FAILED;
}

static void check_chain(struct world *w, uint32_t unit, const struct action *a,
                        enum unit_phase *phase)
{
    if (a->from != *phase)
        sim_fail(w, unit, "a change from %s, it was %s", unit_phase_name(a->from),
                 unit_phase_name(*phase));
    *phase = a->to;
}

void invariants_actions(struct world *w, uint32_t unit, const struct actions *acts,
                        enum unit_phase before)
{
    struct sim_unit *su = &w->units[unit];
    enum unit_phase phase = before;
    bool spawned = false, sent_away = false;

    if (acts->n > UNIT_ACTIONS_MAX)
        sim_fail(w, unit, "%u actions", acts->n);
    for (unsigned i = 0; i < acts->n; i++) {
        const struct action *a = &acts->items[i];

        invariants_hooks(w, unit, a, sent_away);
        sent_away |= a->type == ACT_HOOK_AWAY;
        spawned |= run_begins(su, a);
        if (a->type == ACT_CHANGED) {
            check_chain(w, unit, a, &phase);
        } else if (a->type == ACT_RELEASE && spawned) {
            sim_fail(w, unit, "released after the next spawn");
        } else if (a->type == ACT_KILL && w->now.mono_ms < su->oracle.kill_from_ms) {
            sim_fail(w, unit, "SIGKILL before the deadline %" PRId64, su->oracle.kill_from_ms);
        }
    }
    if (phase != su->core.phase)
        sim_fail(w, unit, "the phase changed untold");
    if (unit_state_of(phase) != state_shown(phase))
        sim_fail(w, unit, "%s shows as %s", unit_phase_name(phase),
                 unit_state_name(unit_state_of(phase)));
}

/* Exactly one record a run, the newest always, sixteen at most, in order. */
void invariants_records(struct world *w, struct sim_unit *su)
{
    uint32_t unit = su->core.index;
    uint64_t total = su->n_records;
    unsigned n = 0;

    for (const struct exit_record *r; (r = unit_record(&su->core, n)); n++) {
        const struct exit_record *want = &su->shadow[(total - 1 - n) % RECORDS_KEPT];

        if (n >= RECORDS_KEPT || n >= total)
            sim_fail(w, unit, "too many records");
        if (r->run != total - n || r->run != want->run || r->reason != want->reason ||
            r->ended_wall_ms != want->ended_wall_ms || r->attempt != want->attempt)
            sim_fail(w, unit, "record %u is of run %" PRIu64 ", expected %" PRIu64, n, r->run,
                     want->run);
    }
    if (n < su->n_kept || n == 0)
        sim_fail(w, unit, "records were lost: %u, there were %u", n, su->n_kept);
    if (!su->alloc_failed && n != (total < RECORDS_KEPT ? total : RECORDS_KEPT))
        sim_fail(w, unit, "%u records kept of %" PRIu64, n, total);
    su->n_kept = n;
}

static void check_no_run(struct world *w, uint32_t unit)
{
    const struct sim_unit *su = &w->units[unit];

    if (life_exists(&su->life) || (su->core.run && !su->released))
        sim_fail(w, unit, "%s with processes of its run", unit_phase_name(su->core.phase));
    if (su->n_records != su->core.run)
        sim_fail(w, unit, "%" PRIu64 " records of %" PRIu64 " runs", su->n_records, su->core.run);
}

/* Who is to be looked at is, or will be; nobody else is. */
static void check_looks(struct world *w, uint32_t unit)
{
    const struct sim_unit *su = &w->units[unit];
    const struct unit *u = &su->core;
    enum probe_kind kind = u->phase == PHASE_RUNNING   ? su->spec.health.kind
                           : u->phase == PHASE_PROBING ? su->spec.ready_probe.kind
                                                       : PROBE_NONE;
    bool is_due = kind == PROBE_NOTIFY ? u->watchdog_ms > 0 : kind != PROBE_NONE;

    if (u->looking != su->looking || u->looking != su->life.look_on)
        sim_fail(w, unit, "looking is %d, told %d, true %d", u->looking, su->looking,
                 su->life.look_on);
    if (u->looking && kind == PROBE_NOTIFY)
        sim_fail(w, unit, "a look at what tells by itself");
    if ((u->looking || u->look_at_ms) != is_due || (u->looking && u->look_at_ms))
        sim_fail(w, unit, "looking is %d, the next look at %" PRId64, u->looking, u->look_at_ms);
    if (su->look_timer_ms != u->look_at_ms)
        sim_fail(w, unit, "the timer is not that of the next look");
}

static void check_quiet(struct world *w, uint32_t unit)
{
    const struct sim_unit *su = &w->units[unit];
    const struct unit *u = &su->core;
    bool waits_for_time = u->phase == PHASE_BACKOFF || u->phase == PHASE_HELD;

    switch (u->phase) {
    case PHASE_SPAWNING:
    case PHASE_PROBING:
    case PHASE_STOPPING:
        waits_for_time = true;
        if (!su->life.main_there)
            sim_fail(w, unit, "%s without a main process", unit_phase_name(u->phase));
        break;
    case PHASE_RUNNING:
    case PHASE_PRE_STOP:
    case PHASE_ASKED:
        if (!su->life.main_there)
            sim_fail(w, unit, "%s without a main process", unit_phase_name(u->phase));
        if (u->phase != PHASE_RUNNING && !su->errand.at_work)
            sim_fail(w, unit, "%s without a command", unit_phase_name(u->phase));
        break;
    case PHASE_PRE_START:
    case PHASE_POST_STOP:
        if (life_exists(&su->life) || !su->errand.at_work)
            sim_fail(w, unit, "%s, and not the time for it", unit_phase_name(u->phase));
        break;
    case PHASE_HOOK_ENDING:
        waits_for_time = !su->errand.at_work;
        if (life_exists(&su->life) || !(errand_exists(&su->errand) || su->errand.owes))
            sim_fail(w, unit, "%s, and not the time for it", unit_phase_name(u->phase));
        break;
    case PHASE_DRAINING:
    case PHASE_KILLING:
        waits_for_time = true;
        if (!life_exists(&su->life))
            sim_fail(w, unit, "%s with nothing left", unit_phase_name(u->phase));
        break;
    case PHASE_UNKILLABLE:
        if (!life_exists(&su->life) && !su->errand.left && !su->errand.owes)
            sim_fail(w, unit, "unkillable with nothing left");
        break;
    case PHASE_WAITING:
    case PHASE_STUCK:
        if (!u->n_unmet || (u->n_dead > 0) != (u->phase == PHASE_STUCK))
            sim_fail(w, unit, "%s with %u conditions unmet, %u dead", unit_phase_name(u->phase),
                     u->n_unmet, u->n_dead);
        check_no_run(w, unit);
        break;
    case PHASE_HELD:
        if (!su->held_until_ms || u->deadline_ms != su->held_until_ms)
            sim_fail(w, unit, "held until %" PRId64 ", not %" PRId64, u->deadline_ms,
                     su->held_until_ms);
        check_no_run(w, unit);
        break;
    case PHASE_BACKOFF:
    case PHASE_STOPPED:
    case PHASE_COMPLETED:
    case PHASE_FAILED:
    case PHASE_COUNT:
        check_no_run(w, unit);
        break;
    }
    if (waits_for_time && !u->deadline_ms)
        sim_fail(w, unit, "%s for ever", unit_phase_name(u->phase));
    if (su->timer_ms != u->deadline_ms)
        sim_fail(w, unit, "the timer is not the deadline");
    check_looks(w, unit);
    invariants_hooks_quiet(w, unit);
}

void invariants_quiet(struct world *w)
{
    for (uint32_t i = 0; i < w->n_units; i++)
        check_quiet(w, i);
    if (w->ordered) {
        graph_check_quiet(w);
        operation_look(w, true);
        endings_quiet(w);
        if (prng_percent(&w->prng, 10))
            graph_check_looks(w);
    }
}

void invariants_last_kill(struct world *w)
{
    for (uint32_t i = 0; i < w->n_units; i++) {
        const struct sim_unit *su = &w->units[i];

        if (life_exists(&su->life) && !su->life.killed)
            sim_fail(w, i, "not killed when the reserve begins");
        bool hooks_only = su->core.phase == PHASE_HOOK_ENDING || su->core.phase == PHASE_POST_STOP;

        invariants_hooks_killed(w, i);
        if (unit_has_run(&su->core) && !hooks_only &&
            unit_state_of(su->core.phase) != STATE_KILLING)
            sim_fail(w, i, "%s when the reserve begins", unit_phase_name(su->core.phase));
    }
}

void invariants_end(struct world *w)
{
    const int64_t last_ms = shutdown_last_kill_ms(w->budget_ms, w->begun_ms);

    if (w->now.mono_ms != w->begun_ms + w->budget_ms)
        sim_fail(w, 0, "the shutdown's end is off");
    for (uint32_t i = 0; i < w->n_units; i++) {
        const struct life *l = &w->units[i].life;

        invariants_hooks_killed(w, i);
        if (life_exists(l) && (!l->killed || l->killed_ms > last_ms))
            sim_fail(w, i, "outlives the budget, killed at %" PRId64, l->killed_ms);
    }
}
