/* What must hold of hooks, holds and the times of a stop, whatever happens; judged from what was
 * done and told, not from the oracle. */
#include <inttypes.h>

#include "core/stop_plan.h"
#include "sim.h"

enum { SLACK_MS = 2000, HOOK_PATIENCE_MS = 2000, PATIENCE_MAX_MS = 3000 };

/* ---- actions ---- */

static void check_first_command(struct world *w, uint32_t unit)
{
    const struct sim_unit *su = &w->units[unit];
    const struct errand *e = &su->errand;
    enum hook hook = su->core.hook;
    bool before_main = hook == HOOK_PRE_START;
    bool past_main = hook == HOOK_POST_STOP;

    if (e->n_begun[hook] && hook != HOOK_RELOAD && !before_main)
        sim_fail(w, unit, "%s once more in the same run", hook_name(hook));
    if (before_main && (life_exists(&su->life) || errand_exists(e)))
        sim_fail(w, unit, "%s while something of the run before is there", hook_name(hook));
    if (past_main && (life_exists(&su->life) || errand_exists(e)))
        sim_fail(w, unit, "%s while something of the run is there", hook_name(hook));
    if ((hook == HOOK_PRE_STOP || hook == HOOK_STOP) && su->core.current.ready_after_ms < 0)
        sim_fail(w, unit, "%s of what was never ready", hook_name(hook));
    if ((hook == HOOK_POST_START || hook == HOOK_RELOAD) && !su->core.ready)
        sim_fail(w, unit, "%s of what is not ready", hook_name(hook));
}

static void check_hook(struct world *w, uint32_t unit, bool sent_away)
{
    const struct sim_unit *su = &w->units[unit];
    const struct errand *e = &su->errand;
    enum hook hook = su->core.hook;
    bool all_or_nothing = hook == HOOK_PRE_START || hook == HOOK_STOP || hook == HOOK_RELOAD;

    if (e->at_work && !sent_away)
        sim_fail(w, unit, "two commands at once");
    if (hook >= HOOK_COUNT || su->core.hook_at >= su->spec.hooks[hook].n)
        sim_fail(w, unit, "a command that there is not");
    if (su->core.hook_at == 0) {
        check_first_command(w, unit);
        return;
    }
    if (e->hook != hook || e->command + 1 != su->core.hook_at)
        sim_fail(w, unit, "%s %u after %s %u", hook_name(hook), su->core.hook_at,
                 hook_name(e->hook), e->command);
    if (all_or_nothing && e->bad[hook])
        sim_fail(w, unit, "%s goes on, though it failed", hook_name(hook));
}

static void check_begin(struct world *w, uint32_t unit)
{
    const struct sim_unit *su = &w->units[unit];

    if (life_exists(&su->life) || errand_exists(&su->errand))
        sim_fail(w, unit, "a run begins while something of run %" PRIu64 " exists", su->life.run);
    if (su->core.run > 1 && su->n_records + 1 != su->core.run)
        sim_fail(w, unit, "a run begins before the record of the last one");
    if (su->held_until_ms > w->now.mono_ms)
        sim_fail(w, unit, "a run begins, and it is held until %" PRId64, su->held_until_ms);
    if (w->ordered)
        graph_check_spawn(w, unit);
    else if (su->told_down)
        sim_fail(w, unit, "a stopped unit starts by itself");
}

static void check_spawn(struct world *w, uint32_t unit)
{
    const struct sim_unit *su = &w->units[unit];
    const struct errand *e = &su->errand;
    uint32_t n = su->spec.hooks[HOOK_PRE_START].n;

    if (life_exists(&su->life))
        sim_fail(w, unit, "spawn while processes of run %" PRIu64 " exist", su->life.run);
    if (n && (e->run != su->core.run || e->at_work || e->n_good[HOOK_PRE_START] != n))
        sim_fail(w, unit, "main comes to be before all of pre_start went well");
    if (su->core.told_down || su->core.again)
        sim_fail(w, unit, "main comes to be of what was told to end");
}

static void check_record(struct world *w, uint32_t unit)
{
    const struct sim_unit *su = &w->units[unit];
    const struct errand *e = &su->errand;
    unsigned n =
        e->run == su->core.run || e->n_begun[HOOK_POST_STOP] ? e->n_begun[HOOK_POST_STOP] : 0;
    const struct hook_failure *failed = &unit_last_record(&su->core)->failed[HOOK_POST_STOP];
    /* The oracle knows when there is no time for it. */
    bool too_late = !n && failed->command == 1 && failed->how == PROBE_LATE;

    if (n != (su->spec.hooks[HOOK_POST_STOP].n > 0 && !too_late))
        sim_fail(w, unit, "a record, and post_stop has run %u times", n);
    if (life_exists(&su->life) || errand_exists(e))
        sim_fail(w, unit, "a record while something of the run exists");
}

void invariants_hooks(struct world *w, uint32_t unit, const struct action *a, bool sent_away)
{
    const struct sim_unit *su = &w->units[unit];

    if (run_begins(su, a))
        check_begin(w, unit);
    if (a->type == ACT_SPAWN)
        check_spawn(w, unit);
    else if (a->type == ACT_RECORDED)
        check_record(w, unit);
    else if (a->type == ACT_HOOK)
        check_hook(w, unit, sent_away);
    else if (a->type == ACT_RELOAD && (su->errand.at_work || !su->spec.reload_signal))
        sim_fail(w, unit, "a reload, and %s", su->errand.at_work ? "a command is at work" : "how?");
}

/* ---- times ---- */

/* What a stop takes at most, as long as nothing is unkillable and nothing asks for more time. */
static int64_t longest_stop_ms(const struct unit_spec *spec)
{
    return 2 * (spec->hook_timeout_ms + HOOK_PATIENCE_MS) + spec->stop_timeout_ms +
           HOOK_PATIENCE_MS + 2 * PATIENCE_MAX_MS;
}

static void note_stop(struct world *w, struct sim_unit *su, const struct event *ev)
{
    int64_t end_by_ms = ev->u.ask.kill_by_ms, share_ms = end_by_ms - w->now.mono_ms, part_ms = 0;

    if (!end_by_ms)
        return;
    if (su->spec.hooks[HOOK_POST_STOP].n && share_ms > 0)
        part_ms = share_ms / 4 < su->spec.hook_timeout_ms ? share_ms / 4 : su->spec.hook_timeout_ms;
    if (!su->end_by_ms || end_by_ms < su->end_by_ms)
        su->end_by_ms = end_by_ms;
    if (!su->kill_by_ms || end_by_ms - part_ms < su->kill_by_ms)
        su->kill_by_ms = end_by_ms - part_ms;
}

void invariants_times_before(struct world *w, const struct event *ev)
{
    struct sim_unit *su = &w->units[ev->unit];

    if (ev->type == EV_HOLD)
        su->held_until_ms = ev->u.hold.until_ms;
    if (!unit_has_run(&su->core) || (ev->run && ev->run != su->core.run))
        return;
    if (ev->type == EV_STOP)
        note_stop(w, su, ev);
    if (ev->type == EV_EXTEND)
        su->over_by_ms = -1; /* whatever that leads to */
}

/* Main is killed in time, or the command that stands before that. */
static void check_share(struct world *w, const struct sim_unit *su)
{
    const struct unit *u = &su->core;
    bool is_main = u->phase == PHASE_PRE_STOP || u->phase == PHASE_ASKED ||
                   u->phase == PHASE_STOPPING || u->phase == PHASE_DRAINING;

    if (!su->kill_by_ms)
        return;
    if (is_main && (!u->deadline_ms || u->deadline_ms > su->kill_by_ms))
        sim_fail(w, u->index, "SIGKILL falls at %" PRId64 ", and was to by %" PRId64,
                 u->deadline_ms, su->kill_by_ms);
    if (u->hook != HOOK_NONE && u->hook_by_ms > su->kill_by_ms && u->phase != PHASE_POST_STOP)
        sim_fail(w, u->index, "%s goes on until %" PRId64 ", main was to be killed by %" PRId64,
                 hook_name(u->hook), u->hook_by_ms, su->kill_by_ms);
    if (u->phase == PHASE_POST_STOP && u->hook_by_ms > su->end_by_ms)
        sim_fail(w, u->index, "post_stop goes on until %" PRId64 ", its share ends at %" PRId64,
                 u->hook_by_ms, su->end_by_ms);
}

static bool is_up(enum unit_phase phase)
{
    return phase == PHASE_PRE_START || phase == PHASE_SPAWNING || phase == PHASE_PROBING ||
           phase == PHASE_RUNNING;
}

void invariants_times_after(struct world *w, uint32_t unit, enum unit_phase before)
{
    struct sim_unit *su = &w->units[unit];
    enum unit_phase phase = su->core.phase;

    if (!unit_has_run(&su->core) || is_up(phase)) {
        su->kill_by_ms = su->end_by_ms = su->over_by_ms = 0;
    } else if (is_up(before) || phase == PHASE_UNKILLABLE || before == PHASE_UNKILLABLE) {
        su->over_by_ms = w->now.mono_ms + longest_stop_ms(&su->spec);
        su->lag_before_ms = w->lag_ms;
    }
    check_share(w, su);
}

/* ---- when nothing is left to do ---- */

static void check_over(struct world *w, const struct sim_unit *su)
{
    const struct unit *u = &su->core;
    int64_t late_ms = w->now.mono_ms - su->over_by_ms - (w->lag_ms - su->lag_before_ms);

    if (su->over_by_ms > 0 && u->phase != PHASE_UNKILLABLE && late_ms > SLACK_MS)
        sim_fail(w, u->index, "%s, and was to be over at %" PRId64, unit_phase_name(u->phase),
                 su->over_by_ms);
}

void invariants_hooks_quiet(struct world *w, uint32_t unit)
{
    const struct sim_unit *su = &w->units[unit];
    const struct errand *e = &su->errand;
    const struct unit *u = &su->core;

    if (!unit_has_run(u)) {
        if (errand_exists(e))
            sim_fail(w, unit, "%s with a command at work", unit_phase_name(u->phase));
        return;
    }
    if ((u->hook != HOOK_NONE) != e->at_work ||
        (e->at_work && (e->hook != u->hook || e->command != u->hook_at || e->run != u->run)))
        sim_fail(w, unit, "%s %u should be at work", hook_name(u->hook), u->hook_at);
    if (e->at_work && e->by_ms != u->hook_by_ms)
        sim_fail(w, unit, "the command's time is not the unit's");
    /* Of what is at work yet it will be told with its result. */
    if (e->left && !u->hook_left && !(e->at_work && e->dead && e->left_number == e->number))
        sim_fail(w, unit, "something is left of a command, and the unit does not know");
    check_over(w, su);
}

void invariants_hooks_killed(struct world *w, uint32_t unit)
{
    const struct errand *e = &w->units[unit].errand;

    if (e->at_work && !e->dead && e->by_ms > w->now.mono_ms)
        sim_fail(w, unit, "%s goes on until %" PRId64, hook_name(e->hook), e->by_ms);
}
