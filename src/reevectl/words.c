#include "reevectl/words.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/duration.h"
#include "core/outcome.h"
#include "core/unit.h"
#include "reevectl/fields.h"

static bool is_state(const char *word, enum unit_state state)
{
    return strcmp(word, unit_state_name(state)) == 0;
}

static bool has_reason(const cJSON *record, enum reason reason)
{
    return strcmp(field_word(record, "reason"), reason_name(reason)) == 0;
}

bool words_is_active(const char *state)
{
    return is_state(state, STATE_RUNNING) || is_state(state, STATE_STARTING);
}

enum style words_state_style(const char *state)
{
    if (is_state(state, STATE_RUNNING))
        return STYLE_GREEN;
    if (is_state(state, STATE_FAILED))
        return STYLE_RED;
    if (is_state(state, STATE_STOPPED) || is_state(state, STATE_COMPLETED))
        return STYLE_DIM;
    return STYLE_YELLOW;
}

enum style words_status_style(const char *status)
{
    if (strcmp(status, "healthy") == 0)
        return STYLE_GREEN;
    return strcmp(status, "unhealthy") == 0 ? STYLE_RED : STYLE_YELLOW;
}

bool words_parse_time(const char *text, int64_t *ret_wall_ms)
{
    struct tm tm = {.tm_isdst = 0};
    int ms = 0, end = -1;

    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
               &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &ms, &end) != 7 ||
        end < 0 || text[end])
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *ret_wall_ms = (int64_t)timegm(&tm) * 1000 + ms;
    return true;
}

void words_add_time(struct strbuf *b, int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    char text[64];

    if (localtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%a %F %T %Z", &tm) > 0)
        strbuf_add(b, text);
    else
        strbuf_addf(b, "%lld ms", (long long)wall_ms);
}

void words_add_ago(struct strbuf *b, int64_t wall_ms, int64_t now_wall_ms)
{
    int64_t ms = now_wall_ms - wall_ms;
    bool future = ms < 0;
    char text[64];

    if (future)
        ms = -ms;
    if (ms < 1000) {
        strbuf_add(b, "now");
        return;
    }
    duration_format(ms, text, sizeof(text));
    text[strspn(text, "0123456789") + 1] = '\0'; /* from a second on, units are one letter */
    strbuf_addf(b, future ? "in %s" : "%s ago", text);
}

void words_add_moment(struct strbuf *b, int64_t wall_ms, int64_t now_wall_ms)
{
    words_add_time(b, wall_ms);
    strbuf_add(b, ", ");
    words_add_ago(b, wall_ms, now_wall_ms);
}

void words_add_duration(struct strbuf *b, int64_t ms)
{
    char text[64];

    /* Beyond a second, milliseconds only make it harder to read. */
    if (ms >= 1000)
        ms -= ms % 1000;
    strbuf_add(b, ms < 0 ? "-" : duration_format(ms, text, sizeof(text)));
}

void words_add_size(struct strbuf *b, int64_t bytes)
{
    static const char units[] = "KMGTPE";
    double value = (double)bytes / 1024;
    size_t unit = 0;

    if (bytes < 0) {
        strbuf_add(b, "-");
        return;
    }
    for (; value >= 1024 && units[unit + 1]; unit++)
        value /= 1024;
    strbuf_addf(b, "%.*f%c", value < 10 ? 1 : 0, value, units[unit]);
}

/* The wait status: "exit 1" or "SIGTERM"; false when the record has none. */
static bool add_status(struct strbuf *b, const cJSON *record, const char *exit_word)
{
    const char *signal = field_text(record, "signal");
    int64_t code = field_number(record, "exit_code", -1);

    if (signal)
        strbuf_addf(b, "SIG%s", signal);
    else if (code >= 0)
        strbuf_addf(b, "%s %lld", exit_word, (long long)code);
    return signal || code >= 0;
}

static bool not_ready_in_time(const cJSON *error)
{
    return strcmp(field_word(error, "stage"), start_stage_name(STAGE_READY)) == 0;
}

/* "(exec ENOENT)", as far as it is known. */
static void add_error_brief(struct strbuf *b, const cJSON *record)
{
    const cJSON *error = field(record, "error");

    if (!error) {
        strbuf_add(b, "(");
        strbuf_add(b, add_status(b, record, "exit") ? ")" : "why is not known)");
    } else if (not_ready_in_time(error)) {
        strbuf_add(b, "(not ready in time)");
    } else {
        const char *name = field_text(error, "errno");

        strbuf_addf(b, "(%s %s)", field_word(error, "stage"),
                    name ? name : field_word(error, "message"));
    }
}

/* "exec: No such file or directory" */
static void add_error(struct strbuf *b, const cJSON *error)
{
    const char *message = field_word(error, "message");

    if (not_ready_in_time(error))
        strbuf_add(b, "not ready in time");
    else
        strbuf_addf(b, "%s: %s", field_word(error, "stage"),
                    *message ? message : field_word(error, "errno"));
}

void words_add_exit_brief(struct strbuf *b, const cJSON *record)
{
    if (has_reason(record, REASON_START_FAILED)) {
        strbuf_add(b, "start failed ");
        add_error_brief(b, record);
        return;
    }
    if (!add_status(b, record, "exit"))
        strbuf_add(b, "unknown");
    if (field_true(record, "oom_kill"))
        strbuf_add(b, " (out of memory)");
    else if (has_reason(record, REASON_FORCED_KILL))
        strbuf_add(b, " (forced)");
    else if (field_true(record, "core_dumped"))
        strbuf_add(b, " (core)");
}

static void add_end(struct strbuf *b, const cJSON *record)
{
    const char *signal = field_text(record, "signal");

    if (has_reason(record, REASON_FORCED_KILL)) {
        strbuf_add(b, "killed by SIGKILL after the stop deadline");
    } else if (has_reason(record, REASON_SIGNAL) && !signal) {
        strbuf_add(b, "stopped, ");
        add_status(b, record, "exit code");
    } else if (signal) {
        strbuf_addf(b, "%s by SIG%s", field(record, "requested_by") ? "ended" : "killed", signal);
    } else if (field_number(record, "exit_code", -1) >= 0) {
        strbuf_add(b, "ended by itself with ");
        add_status(b, record, "exit code");
    } else {
        strbuf_add(b, "ended, how is not known");
    }
}

void words_add_exit(struct strbuf *b, const cJSON *record)
{
    const cJSON *error = field(record, "error");
    bool has_status = field(record, "signal") || field(record, "exit_code");

    if (has_reason(record, REASON_START_FAILED)) {
        strbuf_add(b, "start failed: ");
        if (error)
            add_error(b, error);
        /* Before the command runs, the status is only how the child of reeved gave up. */
        has_status = has_status && (!error || not_ready_in_time(error));
        if (error && has_status)
            strbuf_add(b, "; ");
    }
    if (!error || has_status)
        add_end(b, record);
    if (field_true(record, "core_dumped"))
        strbuf_add(b, ", core dumped");
    if (field_true(record, "oom_kill"))
        strbuf_add(b, ", out of memory");
    if (!has_reason(record, REASON_START_FAILED))
        strbuf_addf(b, " (%s)", field_word(record, "reason"));
}

void words_add_requester(struct strbuf *b, const cJSON *record)
{
    const char *by = field_text(record, "requested_by");
    const cJSON *who = field(record, "requester");
    const char *unit = field_text(who, "unit");

    strbuf_add(b, by ? by : "-");
    if (!by || !who)
        return;
    if (unit)
        strbuf_addf(b, " (%s)", unit);
    else
        strbuf_addf(b, " (uid %lld, pid %lld)", (long long)field_number(who, "uid", -1),
                    (long long)field_number(who, "pid", -1));
}
