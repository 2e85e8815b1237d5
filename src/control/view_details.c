#include <stdio.h>
#include <string.h>

#include "base/redact.h"
#include "control/view.h"
#include "core/mistake.h"
#include "core/order.h"
#include "os/signals.h"
#include "run/told.h"

/* Keys whose text is words that may hold secrets. */
static bool is_redacted(const char *key)
{
    for (unsigned hook = 0; hook < HOOK_COUNT; hook++) {
        if (strcmp(key, hook_name(hook)) == 0)
            return true;
    }
    return strcmp(key, "environment") == 0 || strcmp(key, "ready") == 0 ||
           strcmp(key, "health") == 0;
}

static void add_redacted(struct json_out *o, const char *key, const char *text,
                         const struct unit_spec *spec)
{
    struct strbuf shown = STRBUF_INIT;

    redact_words(&shown, text, spec->redact);
    json_string(o, key, strbuf_text(&shown));
    o->b->failed = o->b->failed || shown.failed;
    strbuf_finish(&shown);
}

static void add_config(struct json_out *o, const struct unit_spec *spec)
{
    json_begin_array(o, "config");
    for (uint32_t i = 0; i < spec->n_texts; i++) {
        const struct spec_text *t = &spec->texts[i];

        json_begin_object(o, NULL);
        json_string(o, "key", t->key);
        if (is_redacted(t->key))
            add_redacted(o, "text", t->text, spec);
        else
            json_string(o, "text", t->text);
        json_string(o, "file", t->file);
        json_int(o, "line", t->line);
        json_string(o, "section", t->section);
        json_end_object(o);
    }
    json_end_array(o);
}

static void add_success_exit(struct json_out *o, const struct exit_set *set)
{
    char code[8];

    json_begin_array(o, "success_exit");
    for (unsigned i = 0; i < 256; i++) {
        if (!exit_set_has_code(set, i))
            continue;
        snprintf(code, sizeof code, "%u", i);
        json_string(o, NULL, code);
    }
    for (unsigned sig = 1; sig <= 64; sig++)
        if (exit_set_has_signal(set, sig))
            json_string(o, NULL, signal_name((int)sig));
    json_end_array(o);
}

static void add_nulls(struct json_out *o, const char *const *names)
{
    for (; *names; names++)
        json_null(o, *names);
}

static void add_restart(struct json_out *o, const struct unit_spec *spec)
{
    static const char *const names[] = {
        "restart",          "restart_delay_ms", "restart_delay_max_ms", "restart_jitter_percent",
        "restart_reset_ms", "restart_limit",    "restart_window_ms",    NULL,
    };
    static const char *const policies[] = {
        [RESTART_NEVER] = "never",
        [RESTART_ON_FAILURE] = "on-failure",
        [RESTART_ALWAYS] = "always",
    };

    if (spec->kind != UNIT_SERVICE) {
        add_nulls(o, names);
        return;
    }
    json_string(o, "restart", policies[spec->restart]);
    json_int(o, "restart_delay_ms", spec->restart_delay_ms);
    json_int(o, "restart_delay_max_ms", spec->restart_delay_max_ms);
    json_int(o, "restart_jitter_percent", spec->restart_jitter_percent);
    json_int(o, "restart_reset_ms", spec->restart_reset_ms);
    json_int(o, "restart_limit", spec->restart_limit);
    json_int(o, "restart_window_ms", spec->restart_window_ms);
}

static void add_retries(struct json_out *o, const struct unit_spec *spec)
{
    static const char *const names[] = {
        "timeout_ms", "retries", "retry_delay_ms", "retry_delay_max_ms", NULL,
    };

    if (spec->kind != UNIT_JOB) {
        add_nulls(o, names);
        return;
    }
    json_int(o, "timeout_ms", spec->timeout_ms);
    json_int(o, "retries", spec->retries);
    json_int(o, "retry_delay_ms", spec->retry_delay_ms);
    json_int(o, "retry_delay_max_ms", spec->retry_delay_max_ms);
}

/* What it does when others fail, and what others do when it does. */
static void add_failing(struct json_out *o, const struct supervisor *s,
                        const struct unit_spec *spec)
{
    static const char *const follows[] = {
        [DEPENDENCY_RESTART_IGNORE] = "ignore",
        [DEPENDENCY_RESTART_FOLLOW] = "restart",
    };
    static const char *const on_failed[] = {
        [ON_FAILED_IGNORE] = "ignore",
        [ON_FAILED_SHUTDOWN] = "shutdown",
        [ON_FAILED_START] = "start",
    };

    json_string(o, "on_dependency_restart", follows[spec->on_dependency_restart]);
    json_string(o, "on_failed", on_failed[spec->on_failed]);
    json_begin_array(o, "on_failed_start");
    for (uint32_t i = 0; i < spec->n_on_failed_start; i++)
        json_string(o, NULL, supervisor_unit(s, spec->on_failed_start[i])->spec->name);
    json_end_array(o);
}

static void add_ready(struct json_out *o, const struct unit_spec *spec)
{
    char fd[16];

    switch (spec->ready) {
    case READY_STARTED:
        json_string(o, "ready", "started");
        break;
    case READY_NOTIFY:
        json_string(o, "ready", "notify");
        break;
    case READY_FD:
        snprintf(fd, sizeof fd, "fd:%d", spec->ready_fd);
        json_string(o, "ready", fd);
        break;
    case READY_PROBED:
        add_redacted(o, "ready", spec->ready_probe.text ? spec->ready_probe.text : "", spec);
        break;
    }
    json_int(o, "ready_timeout_ms", spec->ready_timeout_ms);
    json_int(o, "ready_interval_ms", spec->ready_interval_ms);
}

static void add_health(struct json_out *o, const struct unit_spec *spec)
{
    static const char *const names[] = {
        "health",
        "health_interval_ms",
        "health_timeout_ms",
        "health_retries",
        "health_start_period_ms",
        "health_action",
        NULL,
    };
    static const char *const actions[] = {
        [HEALTH_ACTION_NONE] = "none",
        [HEALTH_ACTION_RESTART] = "restart",
    };

    if (spec->health.kind == PROBE_NONE) {
        add_nulls(o, names);
        return;
    }
    add_redacted(o, "health", spec->health.text ? spec->health.text : "notify", spec);
    json_int(o, "health_interval_ms", spec->health_interval_ms);
    json_int(o, "health_timeout_ms", spec->health_timeout_ms);
    json_int(o, "health_retries", spec->health_retries);
    json_int(o, "health_start_period_ms", spec->health_start_period_ms);
    json_string(o, "health_action", actions[spec->health_action]);
}

/* The commands as written. */
static void add_hook(struct json_out *o, const struct unit_spec *spec, enum hook hook)
{
    const struct hook_list *list = &spec->hooks[hook];

    json_begin_array(o, hook_name(hook));
    for (uint32_t i = 0; i < list->n; i++)
        add_redacted(o, NULL, list->commands[i].text, spec);
    json_end_array(o);
}

static void add_hooks(struct json_out *o, const struct unit_spec *spec)
{
    add_hook(o, spec, HOOK_PRE_START);
    add_hook(o, spec, HOOK_POST_START);
    add_hook(o, spec, HOOK_PRE_STOP);
    add_hook(o, spec, HOOK_POST_STOP);
    json_int(o, "hook_timeout_ms", spec->hook_timeout_ms);
    json_string(o, "reload_signal", spec->reload_signal ? signal_name(spec->reload_signal) : NULL);
    add_hook(o, spec, HOOK_RELOAD);
    add_hook(o, spec, HOOK_STOP);
}

static void add_effective(struct json_out *o, const struct supervisor *s,
                          const struct unit_spec *spec)
{
    static const char *const kill_modes[] = {
        [KILL_GROUP] = "group", [KILL_TREE] = "tree", [KILL_MAIN] = "main"};
    char umask[8];

    snprintf(umask, sizeof umask, "%03o", (unsigned)spec->umask & 0777);
    json_begin_object(o, "effective");
    json_string(o, "directory", spec->directory);
    json_int_or_null(o, "user_id", spec->change_user ? (int64_t)spec->uid : -1, -1);
    json_int_or_null(o, "group_id", spec->change_user ? (int64_t)spec->gid : -1, -1);
    json_string(o, "umask", umask);
    add_failing(o, s, spec);
    add_ready(o, spec);
    add_health(o, spec);
    add_hooks(o, spec);
    json_string(o, "stop_signal", signal_name(spec->stop_signal));
    json_int(o, "stop_timeout_ms", spec->stop_timeout_ms);
    json_string(o, "kill_mode", kill_modes[spec->kill_mode]);
    add_restart(o, spec);
    json_bool(o, "essential", spec->essential);
    add_success_exit(o, &spec->success_exit);
    json_string(o, "log", spec->log == LOG_NULL ? "null" : "inherit");
    add_retries(o, spec);
    json_end_object(o);
}

static void add_order(struct json_out *o, const struct supervisor *s, const struct unit *u)
{
    const struct unit_spec *spec = u->spec;
    uint32_t dependent, nth;

    json_string(o, "instance_of", spec->instance ? spec->base_name : NULL);
    json_int_or_null(o, "instance", spec->instance, 0);
    json_begin_array(o, "dependencies");
    for (uint32_t i = 0; i < spec->n_dependencies; i++)
        view_dependency(o, s, u->index, i, false);
    json_end_array(o);
    json_begin_array(o, "dependents");
    for (uint32_t i = 0; order_dependent(supervisor_order(s), u->index, i, &dependent, &nth); i++)
        view_dependency(o, s, dependent, nth, true);
    json_end_array(o);
}

static void add_told(struct json_out *o, const struct told *told)
{
    const char *error;

    if (!told) {
        json_null(o, "told");
        return;
    }
    error = told->errnum ? strerrorname_np(told->errnum) : NULL;
    json_begin_object(o, "told");
    json_string(o, "status", *told->status ? told->status : NULL);
    json_string(o, "errno", error);
    json_bool(o, "reloading", told->reloading);
    json_bool(o, "stopping", told->stopping);
    json_end_object(o);
}

/* What it got wrong as others did before. */
static void add_mistake(struct json_out *o, const struct supervisor *s, const struct unit *u)
{
    const struct mistake *m = supervisor_mistake(s, u->index);

    if (!m || m->kind == MISTAKE_NONE) {
        json_null(o, "mistake");
        return;
    }
    json_begin_object(o, "mistake");
    json_string(o, "kind", mistake_name(m->kind));
    json_int(o, "run", (int64_t)m->run);
    json_int_or_null(o, "pid", m->pid, 0);
    json_string(o, "program", *m->program ? m->program : NULL);
    json_int_or_null(o, "port", m->port, 0);
    json_string(o, "other", m->unit ? supervisor_unit(s, m->unit - 1)->spec->name : NULL);
    view_mistake_text(o, "message", s, u, m);
    json_end_object(o);
}

static void add_holder(struct json_out *o, const struct view *v, const struct unit *u)
{
    static const struct requester nobody;

    view_requester(o, "held_by", v->s, view_held_until(u, v->now) ? &u->held_by : &nobody);
}

/* When what is told to end, or the commands of the hook at work, are killed. */
static void add_kill_at(struct json_out *o, const struct view *v, const struct unit *u)
{
    int64_t by_ms = 0;

    if (u->hook < HOOK_COUNT)
        by_ms = u->hook_by_ms;
    else if (unit_state_of(u->phase) == STATE_STOPPING)
        by_ms = u->deadline_ms;
    json_time(o, "kill_at", by_ms ? v->now.wall_ms + by_ms - v->now.mono_ms : 0);
}

/* The newest first. */
static void add_probes(struct json_out *o, const struct unit *u)
{
    const struct probe_record *p;

    json_begin_array(o, "probes");
    for (uint32_t back = 0; (p = health_record(&u->health, back)) != NULL; back++) {
        bool ok = p->result.how == PROBE_GOOD;

        json_begin_object(o, NULL);
        json_time(o, "at", p->at_wall_ms);
        json_int(o, "took_ms", p->took_ms);
        json_bool(o, "ok", ok);
        if (ok)
            json_string(o, "message", "");
        else
            view_probe_text(o, "message", &u->spec->health, p->result);
        json_end_object(o);
    }
    json_end_array(o);
}

void view_details(struct json_out *o, const char *key, const struct view *v, const struct unit *u)
{
    enum tracking tracking = supervisor_tracking(v->s, u->index);
    const struct exit_record *r;

    json_begin_object(o, key);
    view_unit_members(o, v, u);
    add_order(o, v->s, u);
    json_string(o, "tracking", tracking == TRACKING_CGROUP ? "cgroup" : "best_effort");
    json_string(o, "file", u->spec->file);
    json_int(o, "line", u->spec->line);
    add_config(o, u->spec);
    add_effective(o, v->s, u->spec);
    add_told(o, supervisor_told(v->s, u->index));
    add_mistake(o, v->s, u);
    add_holder(o, v, u);
    add_kill_at(o, v, u);
    add_probes(o, u);
    json_begin_array(o, "records");
    for (unsigned back = 0; (r = unit_record(u, back)) != NULL; back++)
        view_record(o, NULL, v->s, u, r);
    json_end_array(o);
    json_end_object(o);
}
