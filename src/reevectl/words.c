#include "reevectl/words.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/duration.h"
#include "core/ends.h"
#include "reevectl/fields.h"

static bool is_state(const char *word, enum unit_state state)
{
    return strcmp(word, unit_state_name(state)) == 0;
}

bool words_is_state(const cJSON *unit, enum unit_state state)
{
    return is_state(field_word(unit, "state"), state);
}

void words_add_state(struct strbuf *b, const cJSON *unit)
{
    const char *hook = field_text(unit, "hook");

    strbuf_add(b, field_word(unit, "state"));
    if (hook)
        strbuf_addf(b, " (%s)", hook);
}

bool words_has_ended(const char *state)
{
    return is_state(state, STATE_STOPPED) || is_state(state, STATE_COMPLETED) ||
           is_state(state, STATE_FAILED);
}

bool words_is_active(const char *state)
{
    return is_state(state, STATE_RUNNING);
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

void words_add_clock(struct strbuf *b, int64_t wall_ms, int64_t now_wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000), now_seconds = (time_t)(now_wall_ms / 1000);
    struct tm tm, now;
    char text[64];
    bool today;

    if (!localtime_r(&seconds, &tm) || !localtime_r(&now_seconds, &now)) {
        strbuf_addf(b, "%lld ms", (long long)wall_ms);
        return;
    }
    today = tm.tm_year == now.tm_year && tm.tm_yday == now.tm_yday;
    if (strftime(text, sizeof(text), today ? "%T" : "%F %T", &tm) > 0)
        strbuf_add(b, text);
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

void words_add_span(struct strbuf *b, int64_t ms)
{
    int64_t rounded_ms = (ms + 500) / 1000 * 1000;

    words_add_duration(b, ms >= 1000 ? rounded_ms : ms);
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

void words_add_because(struct strbuf *b, const cJSON *event)
{
    static const char *const deeds[END_COUNT] = {
        [END_ESSENTIAL] = ", which is essential, has ended",
        [END_ON_FAILED] = " has failed (on_failed = shutdown)",
        [END_ANY_FAILED] = " has failed (exit_when = any-failed)",
    };
    const char *because = field_word(event, "because"), *unit = field_text(event, "unit");

    if (strcmp(because, end_cause_name(END_ALL_DONE)) == 0) {
        strbuf_add(b, "all units are done (exit_when = all-done)");
        return;
    }
    if (!unit) {
        strbuf_add(b, because);
        return;
    }
    strbuf_add(b, unit);
    for (size_t i = 0; i < END_COUNT; i++) {
        if (deeds[i] && strcmp(because, end_cause_name((enum end_cause)i)) == 0) {
            strbuf_add(b, deeds[i]);
            return;
        }
    }
    strbuf_add(b, " has ended");
}

const cJSON *words_config(const cJSON *unit, const char *key)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, field(unit, "config"))
    {
        if (strcmp(field_word(item, "key"), key) == 0)
            return item;
    }
    return NULL;
}

void words_add_place(struct strbuf *b, const cJSON *item)
{
    strbuf_addf(b, "%s:%lld", field_word(item, "file"), (long long)field_number(item, "line", 0));
}

void words_add_told(struct strbuf *b, const cJSON *told)
{
    static const char *const flags[] = {"reloading", "stopping"};
    const char *status = field_text(told, "status"), *error = field_text(told, "errno");
    const char *separator = "";

    if (status) {
        strbuf_add(b, status);
        separator = "; ";
    }
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (!field_true(told, flags[i]))
            continue;
        strbuf_addf(b, "%s%s", separator, flags[i]);
        separator = "; ";
    }
    if (error)
        strbuf_addf(b, "%serror %s", separator, error);
}
