#include "control/view.h"

#include <stdio.h>
#include <string.h>

#include "control/redact.h"
#include "os/signals.h"
#include "run/describe.h"

void view_requester(struct json_out *o, const struct requester *who)
{
    if (!who->known) {
        json_null(o, "requester");
        return;
    }
    json_begin_object(o, "requester");
    json_int(o, "uid", who->uid);
    json_int(o, "pid", who->pid);
    json_null(o, "unit");
    json_end_object(o);
}

static void view_error(struct json_out *o, const struct exit_record *r)
{
    if (r->error_stage == STAGE_NONE) {
        json_null(o, "error");
        return;
    }
    json_begin_object(o, "error");
    json_string(o, "stage", start_stage_name(r->error_stage));
    json_string(o, "errno", r->error_errno ? strerrorname_np(r->error_errno) : NULL);
    json_string(o, "message", describe_start_errno(r));
    json_end_object(o);
}

void view_record(struct json_out *o, const char *key, const struct unit *u,
                 const struct exit_record *r)
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
    view_requester(o, &r->requester);
    json_time(o, "stop_signal_at", r->stop_signal_wall_ms);
    json_time(o, "kill_at", r->kill_wall_ms);
    json_int(o, "leftovers_killed", r->leftovers_killed);
    json_int(o, "cpu_user_ms", r->cpu_user_ms);
    json_int(o, "cpu_system_ms", r->cpu_system_ms);
    json_int(o, "max_rss_bytes", r->max_rss_bytes);
    view_error(o, r);
    json_int(o, "attempt", r->attempt);
    json_end_object(o);
}

/* Members of all three shapes. */
static void add_health(struct json_out *o, const struct unit *u, const struct view_time *t)
{
    const struct exit_record *last = unit_last_record(u);
    bool alive = u->main_alive;

    json_string(o, "name", u->spec->name);
    json_string(o, "kind", u->spec->kind == UNIT_JOB ? "job" : "service");
    json_string(o, "state", unit_state_name(unit_state_of(u->phase)));
    json_string(o, "goal", unit_goal(u) ? "up" : "down");
    json_bool(o, "ready", u->ready);
    json_null(o, "health");
    json_null(o, "last_success");
    json_null(o, "last_failure");
    json_null(o, "last_error");
    json_int(o, "consecutive_failures", 0);
    json_int_or_null(o, "pid", alive ? u->current.pid : 0, 0);
    json_int(o, "run", (int64_t)u->run);
    json_int_or_null(o, "uptime_ms", alive ? t->now.mono_ms - u->started_ms : -1, -1);
    json_int(o, "restarts", u->n_restarts);
    if (last)
        view_record(o, "last_exit", u, last);
    else
        json_null(o, "last_exit");
}

static void add_unit(struct json_out *o, const struct unit *u, const struct view_time *t)
{
    add_health(o, u, t);
    json_string(o, "description", u->spec->description);
    json_begin_array(o, "tags");
    for (uint32_t i = 0; i < u->spec->n_tags; i++)
        json_string(o, NULL, u->spec->tags[i]);
    json_end_array(o);
    json_bool(o, "autostart", u->spec->autostart);
    json_bool(o, "enabled", u->spec->enabled);
    json_int(o, "since_ms", u->since_ms ? t->now.mono_ms - u->since_ms : t->uptime_ms);
    json_time(o, "next_start_at", u->phase == PHASE_BACKOFF ? u->next_start_wall_ms : 0);
}

void view_health(struct json_out *o, const char *key, const struct unit *u,
                 const struct view_time *t)
{
    json_begin_object(o, key);
    add_health(o, u, t);
    json_end_object(o);
}

void view_unit(struct json_out *o, const char *key, const struct unit *u, const struct view_time *t)
{
    json_begin_object(o, key);
    add_unit(o, u, t);
    json_end_object(o);
}

/* ---- Show ---- */

static void add_config(struct json_out *o, const struct unit_spec *spec)
{
    json_begin_array(o, "config");
    for (uint32_t i = 0; i < spec->n_texts; i++) {
        const struct spec_text *t = &spec->texts[i];
        struct strbuf shown = STRBUF_INIT;

        json_begin_object(o, NULL);
        json_string(o, "key", t->key);
        if (strcmp(t->key, "environment") == 0) {
            redact_environment(&shown, t->text);
            json_string(o, "text", strbuf_text(&shown));
            o->b->failed = o->b->failed || shown.failed;
        } else {
            json_string(o, "text", t->text);
        }
        json_string(o, "file", t->file);
        json_int(o, "line", t->line);
        json_end_object(o);
        strbuf_finish(&shown);
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

static void add_effective(struct json_out *o, const struct unit_spec *spec)
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
    json_string(o, "ready", "started");
    json_int(o, "ready_timeout_ms", spec->ready_timeout_ms);
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

void view_details(struct json_out *o, const char *key, const struct unit *u, enum tracking tracking,
                  const struct view_time *t)
{
    const struct exit_record *r;

    json_begin_object(o, key);
    add_unit(o, u, t);
    json_string(o, "tracking", tracking == TRACKING_CGROUP ? "cgroup" : "best_effort");
    json_string(o, "file", u->spec->file);
    json_int(o, "line", u->spec->line);
    add_config(o, u->spec);
    add_effective(o, u->spec);
    json_begin_array(o, "records");
    for (unsigned back = 0; (r = unit_record(u, back)) != NULL; back++)
        view_record(o, NULL, u, r);
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
