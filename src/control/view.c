#include "control/view.h"

#include <string.h>

#include "core/order.h"
#include "os/clock.h"
#include "os/signals.h"
#include "run/describe.h"

struct view view_now(const struct supervisor *s)
{
    return (struct view){s, clock_now(), supervisor_uptime_ms(s)};
}

static const char *name_of(const struct supervisor *s, uint32_t unit)
{
    return supervisor_unit(s, unit)->spec->name;
}

int64_t view_held_until(const struct unit *u, struct moment now)
{
    return u->held_until_ms > now.mono_ms ? u->held_until_wall_ms : 0;
}

void view_requester(struct json_out *o, const char *key, const struct supervisor *s,
                    const struct requester *who)
{
    if (!who->known && !who->unit) {
        json_null(o, key);
        return;
    }
    json_begin_object(o, key);
    json_int_or_null(o, "uid", who->known ? (int64_t)who->uid : -1, -1);
    json_int_or_null(o, "pid", who->known ? (int64_t)who->pid : -1, -1);
    json_string(o, "unit", who->unit ? name_of(s, who->unit - 1) : NULL);
    json_end_object(o);
}

void view_waiting(struct json_out *o, const struct supervisor *s, const struct waiting_for *w)
{
    if (w->unit == WAITING_NO_UNIT) {
        json_null(o, "waiting");
        return;
    }
    json_begin_object(o, "waiting");
    json_string(o, "unit", name_of(s, w->unit));
    json_string(o, "until", waited_for_name(w->until));
    json_bool(o, "failed", w->failed);
    json_string(o, "cause", w->failed ? name_of(s, w->cause) : NULL);
    json_string(o, "cause_state", !w->failed ? NULL : w->completed ? "completed" : "failed");
    json_int(o, "others", w->others);
    json_end_object(o);
}

void view_waiting_now(struct json_out *o, const struct supervisor *s, uint32_t unit)
{
    struct waiting_for w;

    supervisor_waiting(s, unit, &w);
    view_waiting(o, s, &w);
}

void view_held_and_hook(struct json_out *o, const struct unit *u, struct moment now)
{
    json_time(o, "held_until", view_held_until(u, now));
    json_string(o, "hook", u->hook < HOOK_COUNT ? hook_name(u->hook) : NULL);
}

/* Adds the text, which it finishes. */
static void add_text(struct json_out *o, const char *key, struct strbuf *text)
{
    json_string(o, key, strbuf_text(text));
    o->b->failed |= text->failed;
    strbuf_finish(text);
}

void view_hook_failure(struct json_out *o, const char *key, const struct unit *u, enum hook hook,
                       struct hook_failure failure)
{
    struct strbuf text = STRBUF_INIT;

    describe_hook_failure(&text, u->spec, hook, failure);
    add_text(o, key, &text);
}

void view_mistake_text(struct json_out *o, const char *key, const struct supervisor *s,
                       const struct unit *u, const struct mistake *m)
{
    struct strbuf text = STRBUF_INIT;

    describe_mistake(&text, u->spec, m, m->unit ? name_of(s, m->unit - 1) : NULL);
    add_text(o, key, &text);
}

static void view_error(struct json_out *o, const struct unit *u, const struct exit_record *r)
{
    struct strbuf message = STRBUF_INIT;

    if (r->error_stage == STAGE_NONE) {
        json_null(o, "error");
        return;
    }
    json_begin_object(o, "error");
    json_string(o, "stage", start_stage_name(r->error_stage));
    json_string(o, "errno", r->error_errno ? strerrorname_np(r->error_errno) : NULL);
    /* What was not ready in time is told with what was found, a hook with its command; other stages
     * speak for themselves. */
    if (r->error_stage == STAGE_READY)
        describe_start_error(&message, u, r);
    else if (r->error_stage == STAGE_PRE_START && r->failed[HOOK_PRE_START].command)
        describe_hook_failure(&message, u->spec, HOOK_PRE_START, r->failed[HOOK_PRE_START]);
    else
        strbuf_add(&message, describe_start_errno(r));
    add_text(o, "message", &message);
    json_end_object(o);
}

static void add_failed_hooks(struct json_out *o, const struct unit *u, const struct exit_record *r)
{
    json_begin_array(o, "failed_hooks");
    for (enum hook hook = 0; hook < HOOK_COUNT; hook++) {
        if (!r->failed[hook].command)
            continue;
        json_begin_object(o, NULL);
        json_string(o, "hook", hook_name(hook));
        json_int(o, "command", r->failed[hook].command);
        view_hook_failure(o, "message", u, hook, r->failed[hook]);
        json_end_object(o);
    }
    json_end_array(o);
}

void view_record(struct json_out *o, const char *key, const struct supervisor *s,
                 const struct unit *u, const struct exit_record *r)
{
    json_begin_object(o, key);
    json_string(o, "unit", u->spec->name);
    json_int(o, "run", (int64_t)r->run);
    json_int_or_null(o, "pid", r->pid, 0);
    json_time(o, "started_at", r->started_wall_ms);
    json_time(o, "ended_at", r->ended_wall_ms);
    json_int(o, "duration_ms", r->duration_ms);
    json_int_or_null(o, "ready_after_ms", r->ready_after_ms, -1);
    json_string(o, "reason", reason_name(r->reason));
    json_int_or_null(o, "exit_code", r->has_status ? r->exit_code : -1, -1);
    json_string(o, "signal", r->signal ? signal_name(r->signal) : NULL);
    json_bool(o, "core_dumped", r->core_dumped);
    if (r->oom_kill < 0)
        json_null(o, "oom_kill");
    else
        json_bool(o, "oom_kill", r->oom_kill);
    json_string(o, "requested_by",
                r->requested_by == BY_NOBODY ? NULL : requested_by_name(r->requested_by));
    view_requester(o, "requester", s, &r->requester);
    json_time(o, "stop_signal_at", r->stop_signal_wall_ms);
    json_time(o, "kill_at", r->kill_wall_ms);
    json_int(o, "leftovers_killed", r->leftovers_killed);
    json_int(o, "cpu_user_ms", r->cpu_user_ms);
    json_int(o, "cpu_system_ms", r->cpu_system_ms);
    json_int(o, "max_rss_bytes", r->max_rss_bytes);
    view_error(o, u, r);
    add_failed_hooks(o, u, r);
    json_int(o, "attempt", r->attempt);
    json_end_object(o);
}

/* Members of all shapes, as far as the health goes. */
static void add_state(struct json_out *o, const struct view *v, const struct unit *u)
{
    json_string(o, "name", u->spec->name);
    json_string(o, "kind", u->spec->kind == UNIT_JOB ? "job" : "service");
    json_string(o, "state", unit_state_name(unit_state_of(u->phase)));
    json_string(o, "goal", unit_goal(u) ? "up" : "down");
    json_bool(o, "wanted", u->wanted);
    view_waiting_now(o, v->s, u->index);
    view_held_and_hook(o, u, v->now);
    json_bool(o, "ready", u->ready);
}

void view_probe_text(struct json_out *o, const char *key, const struct probe_spec *probe,
                     struct probe_result result)
{
    struct strbuf text = STRBUF_INIT;

    describe_probe(&text, probe, result);
    add_text(o, key, &text);
}

/* What its probes have found, in this run or the last one. */
static void add_probed(struct json_out *o, const struct unit *u)
{
    const struct health *h = &u->health;

    json_string(o, "health", u->ready ? healthiness_name(h->is) : NULL);
    json_time(o, "last_success", h->last_success_wall_ms);
    json_time(o, "last_failure", h->last_failure_wall_ms);
    if (h->last_failure_wall_ms)
        view_probe_text(o, "last_error", &u->spec->health, h->last_failure);
    else
        json_null(o, "last_error");
    json_int(o, "consecutive_failures", h->n_failures);
}

static void add_health(struct json_out *o, const struct view *v, const struct unit *u)
{
    const struct exit_record *last = unit_last_record(u);
    bool alive = u->main_alive;

    add_state(o, v, u);
    add_probed(o, u);
    json_int_or_null(o, "pid", alive ? u->current.pid : 0, 0);
    json_int(o, "run", (int64_t)u->run);
    json_int_or_null(o, "uptime_ms", alive ? v->now.mono_ms - u->spawned_ms : -1, -1);
    json_int(o, "restarts", u->n_restarts);
    if (last)
        view_record(o, "last_exit", v->s, u, last);
    else
        json_null(o, "last_exit");
}

void view_unit_members(struct json_out *o, const struct view *v, const struct unit *u)
{
    add_health(o, v, u);
    json_string(o, "description", u->spec->description);
    json_begin_array(o, "tags");
    for (uint32_t i = 0; i < u->spec->n_tags; i++)
        json_string(o, NULL, u->spec->tags[i]);
    json_end_array(o);
    json_bool(o, "autostart", u->spec->autostart);
    json_bool(o, "enabled", u->spec->enabled);
    json_int(o, "since_ms", u->since_ms ? v->now.mono_ms - u->since_ms : v->uptime_ms);
    json_time(o, "next_start_at", u->phase == PHASE_BACKOFF ? u->next_start_wall_ms : 0);
}

void view_health(struct json_out *o, const char *key, const struct view *v, const struct unit *u)
{
    json_begin_object(o, key);
    add_health(o, v, u);
    json_end_object(o);
}

void view_unit(struct json_out *o, const char *key, const struct view *v, const struct unit *u)
{
    json_begin_object(o, key);
    view_unit_members(o, v, u);
    json_end_object(o);
}

/* ---- dependencies ---- */

static void add_conditions(struct json_out *o, uint32_t conditions)
{
    static const char *const names[CONDITION_COUNT] = {
        [CONDITION_STARTED] = "started",
        [CONDITION_READY] = "ready",
        [CONDITION_HEALTHY] = "healthy",
        [CONDITION_COMPLETED] = "completed",
    };

    json_begin_array(o, "conditions");
    for (unsigned i = 0; i < CONDITION_COUNT; i++)
        if (conditions >> i & 1)
            json_string(o, NULL, names[i]);
    json_end_array(o);
}

void view_dependency(struct json_out *o, const struct supervisor *s, uint32_t unit, uint32_t nth,
                     bool as_dependent)
{
    static const char *const kinds[] = {
        [DEPENDENCY_AFTER] = "after",
        [DEPENDENCY_WANTS] = "wants",
        [DEPENDENCY_REQUIRES] = "requires",
    };
    const struct dependency *d = &supervisor_unit(s, unit)->spec->dependencies[nth];

    json_begin_object(o, NULL);
    json_string(o, "unit", name_of(s, as_dependent ? unit : d->unit));
    json_string(o, "kind", kinds[d->kind]);
    add_conditions(o, d->conditions);
    json_bool(o, "met", order_met(supervisor_order(s), unit, nth));
    json_end_object(o);
}

void view_graph_begin(struct json_out *o, const struct view *v, const struct unit *u)
{
    json_begin_object(o, NULL);
    add_state(o, v, u);
    json_bool(o, "enabled", u->spec->enabled);
    json_begin_array(o, "dependencies");
}

void view_graph_end(struct json_out *o)
{
    json_end_array(o);
    json_end_object(o);
}

void view_counts(struct json_out *o, const char *key, const struct health_tally *tally,
                 uint32_t orphans)
{
    json_begin_object(o, key);
    json_int(o, "total", tally->total);
    for (unsigned state = 0; state < STATE_COUNT; state++)
        json_int(o, unit_state_name((enum unit_state)state), tally->by_state[state]);
    json_int(o, "orphans", orphans);
    json_end_object(o);
}
