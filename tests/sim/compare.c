/* The core against the oracle, field by field. */
#include <inttypes.h>

#include "sim.h"

static void expect(struct world *w, struct sim_unit *su, const char *what, int64_t is, int64_t want)
{
    if (is != want)
        sim_fail(w, (uint32_t)(su - w->units), "%s is %" PRId64 ", expected %" PRId64, what, is,
                 want);
}

static void compare_actions(struct world *w, struct sim_unit *su, const struct actions *acts)
{
    unsigned n[ACT_COUNT] = {0};

    for (unsigned i = 0; i < acts->n; i++)
        n[acts->items[i].type]++;
    expect(w, su, "hook actions", n[ACT_HOOK], su->oracle.actions[ACT_HOOK]);
    expect(w, su, "hook_stop actions", n[ACT_HOOK_STOP], su->oracle.actions[ACT_HOOK_STOP]);
    expect(w, su, "hook_away actions", n[ACT_HOOK_AWAY], su->oracle.actions[ACT_HOOK_AWAY]);
    expect(w, su, "hook_failed actions", n[ACT_HOOK_FAILED], su->oracle.actions[ACT_HOOK_FAILED]);
    expect(w, su, "reload actions", n[ACT_RELOAD], su->oracle.actions[ACT_RELOAD]);
    expect(w, su, "reloaded actions", n[ACT_RELOADED], su->oracle.actions[ACT_RELOADED]);
    expect(w, su, "spawn actions", n[ACT_SPAWN], su->oracle.actions[ACT_SPAWN]);
    expect(w, su, "signal actions", n[ACT_SIGNAL], su->oracle.actions[ACT_SIGNAL]);
    expect(w, su, "survivors actions", n[ACT_SURVIVORS], su->oracle.actions[ACT_SURVIVORS]);
    expect(w, su, "kill actions", n[ACT_KILL], su->oracle.actions[ACT_KILL]);
    expect(w, su, "release actions", n[ACT_RELEASE], su->oracle.actions[ACT_RELEASE]);
    expect(w, su, "changed actions", n[ACT_CHANGED], su->oracle.actions[ACT_CHANGED]);
    expect(w, su, "recorded actions", n[ACT_RECORDED], su->oracle.actions[ACT_RECORDED]);
    expect(w, su, "unkillable actions", n[ACT_UNKILLABLE], su->oracle.actions[ACT_UNKILLABLE]);
    expect(w, su, "look actions", n[ACT_LOOK], su->oracle.actions[ACT_LOOK]);
    expect(w, su, "look_away actions", n[ACT_LOOK_AWAY], su->oracle.actions[ACT_LOOK_AWAY]);
    expect(w, su, "health actions", n[ACT_HEALTH], su->oracle.actions[ACT_HEALTH]);
}

static void compare_deadline(struct world *w, struct sim_unit *su)
{
    struct oracle *o = &su->oracle;
    int64_t is_ms = su->core.deadline_ms;

    if (is_ms < o->deadline_lo_ms || is_ms > o->deadline_hi_ms)
        sim_fail(w, su->core.index, "deadline is %" PRId64 ", expected %" PRId64 " to %" PRId64,
                 is_ms, o->deadline_lo_ms, o->deadline_hi_ms);
    o->deadline_lo_ms = o->deadline_hi_ms = is_ms;
}

static void compare_requester(struct world *w, struct sim_unit *su, const struct exit_record *r,
                              const struct exit_record *want)
{
    expect(w, su, "requester known", r->requester.known, want->requester.known);
    expect(w, su, "requester uid", r->requester.uid, want->requester.uid);
    expect(w, su, "requester pid", r->requester.pid, want->requester.pid);
    expect(w, su, "requester unit", r->requester.unit, want->requester.unit);
}

static void compare_record(struct world *w, struct sim_unit *su)
{
    const struct exit_record *want = &su->shadow[(su->n_records - 1) % RECORDS_KEPT];
    const struct exit_record *r = unit_last_record(&su->core);

    if (!r)
        sim_fail(w, su->core.index, "no record of a run that ended");
    expect(w, su, "record's run", (int64_t)r->run, (int64_t)want->run);
    expect(w, su, "pid", r->pid, want->pid);
    expect(w, su, "started_at", r->started_wall_ms, want->started_wall_ms);
    expect(w, su, "ended_at", r->ended_wall_ms, want->ended_wall_ms);
    expect(w, su, "duration", r->duration_ms, want->duration_ms);
    expect(w, su, "ready_after", r->ready_after_ms, want->ready_after_ms);
    expect(w, su, "reason", r->reason, want->reason);
    expect(w, su, "has_status", r->has_status, want->has_status);
    expect(w, su, "exit_code", r->exit_code, want->exit_code);
    expect(w, su, "signal", r->signal, want->signal);
    expect(w, su, "core_dumped", r->core_dumped, want->core_dumped);
    expect(w, su, "oom_kill", r->oom_kill, want->oom_kill);
    expect(w, su, "requested_by", r->requested_by, want->requested_by);
    compare_requester(w, su, r, want);
    expect(w, su, "stop_signal_at", r->stop_signal_wall_ms, want->stop_signal_wall_ms);
    expect(w, su, "a kill_at", r->kill_wall_ms != 0, want->kill_wall_ms != 0);
    expect(w, su, "leftovers_killed", r->leftovers_killed, want->leftovers_killed);
    expect(w, su, "cpu_user", r->cpu_user_ms, want->cpu_user_ms);
    expect(w, su, "cpu_system", r->cpu_system_ms, want->cpu_system_ms);
    expect(w, su, "max_rss", r->max_rss_bytes, want->max_rss_bytes);
    expect(w, su, "error stage", r->error_stage, want->error_stage);
    expect(w, su, "error errno", r->error_errno, want->error_errno);
    expect(w, su, "attempt", r->attempt, want->attempt);
    expect(w, su, "last look", r->look.how, want->look.how);
    expect(w, su, "last look's code", r->look.code, want->look.code);
    for (unsigned h = 0; h < HOOK_COUNT; h++) {
        expect(w, su, hook_name((enum hook)h), r->failed[h].command, want->failed[h].command);
        expect(w, su, "how it failed", r->failed[h].how, want->failed[h].how);
        expect(w, su, "its code", r->failed[h].code, want->failed[h].code);
    }
    trace_mix(w, (uint64_t)r->reason << 32 | (uint32_t)r->exit_code);
    trace_mix(w, (uint64_t)r->duration_ms << 8 | r->requested_by);
}

static bool changes_state(const struct actions *acts)
{
    for (unsigned i = 0; i < acts->n; i++) {
        const struct action *a = &acts->items[i];

        if (a->type == ACT_CHANGED && unit_state_of(a->from) != unit_state_of(a->to))
            return true;
    }
    return false;
}

static void compare_hooks(struct world *w, struct sim_unit *su)
{
    const struct oracle *o = &su->oracle;
    const struct unit *u = &su->core;

    expect(w, su, "held until", u->held_until_ms, o->held_until_ms);
    expect(w, su, "held until, as a date", u->held_until_wall_ms, o->held_until_wall_ms);
    expect(w, su, "spared", u->spared, o->spared);
    if (!unit_has_run(u))
        return;
    expect(w, su, "hook", u->hook, o->hook);
    if (u->hook != HOOK_NONE) {
        expect(w, su, "command", u->hook_at, o->hook_at);
        expect(w, su, "the command's time", u->hook_by_ms, o->hook_by_ms);
    }
    expect(w, su, "something left of a command", u->hook_left, o->left);
    expect(w, su, "a reload is wanted", u->reload_wanted, o->reload_wanted);
    expect(w, su, "how the reload went", u->reload_result.how, o->reload_result.how);
    expect(w, su, "the reload's code", u->reload_result.code, o->reload_result.code);
}

void oracle_compare(struct world *w, struct sim_unit *su, const struct actions *acts)
{
    const struct oracle *o = &su->oracle;
    const struct unit *u = &su->core;

    if (u->phase != o->phase)
        sim_fail(w, u->index, "phase is %s, expected %s", unit_phase_name(u->phase),
                 unit_phase_name(o->phase));
    compare_actions(w, su, acts);
    compare_deadline(w, su);
    compare_hooks(w, su);
    oracle_compare_looks(w, su);
    expect(w, su, "run", (int64_t)u->run, (int64_t)o->run);
    expect(w, su, "ready", u->ready, o->ready);
    expect(w, su, "restarts", u->n_restarts, o->policy_restarts);
    expect(w, su, "has a run", unit_has_run(u),
           !(o->phase == PHASE_STOPPED || o->phase == PHASE_WAITING || o->phase == PHASE_STUCK ||
             o->phase == PHASE_HELD || o->phase == PHASE_BACKOFF || o->phase == PHASE_COMPLETED ||
             o->phase == PHASE_FAILED));
    if (o->phase != PHASE_BACKOFF)
        expect(w, su, "next start", u->next_start_wall_ms, 0);
    else if (o->actions[ACT_CHANGED])
        expect(w, su, "next start", u->next_start_wall_ms,
               w->now.wall_ms + u->deadline_ms - w->now.mono_ms);
    if (changes_state(acts))
        expect(w, su, "since", u->since_ms, w->now.mono_ms);
    if (o->actions[ACT_RECORDED]) {
        compare_record(w, su);
        invariants_records(w, su);
    }
}
