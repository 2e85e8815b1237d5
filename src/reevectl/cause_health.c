#include "reevectl/cause_search.h"

#include "core/unit.h"
#include "reevectl/fields.h"
#include "reevectl/probes.h"
#include "reevectl/words.h"

/* When it became so: the event is of this run, and of this change. */
static bool began(const struct search *s, int64_t *ret_wall_ms)
{
    const cJSON *event = s->facts->health;

    return event && cause_is_word(event, "unit", s->name) &&
           cause_is_word(event, "health", field_word(s->unit, "health")) &&
           field_number(event, "run", -1) == field_number(s->unit, "run", 0) &&
           words_parse_time(field_word(event, "at"), ret_wall_ms);
}

/* "unhealthy since Sat 2026-11-21 12:00:00 CET, 3m ago: tcp:localhost:80: Connection refused (9
 * times in a row); health_action = none, so it is left as it is" */
static void add_unhealthy(const struct search *s, struct strbuf *b)
{
    const char *action = field_word(s->effective, "health_action");
    int64_t since_wall_ms;

    strbuf_add(b, "unhealthy");
    if (began(s, &since_wall_ms)) {
        strbuf_add(b, " since ");
        words_add_moment(b, since_wall_ms, s->now_wall_ms);
    }
    if (field(s->unit, "last_error")) {
        strbuf_add(b, ": ");
        probes_add_finding(b, s->unit);
    }
    if (*action)
        strbuf_addf(b, "; health_action = %s, so it is %s", action,
                    cause_is_word(s->effective, "health_action", "restart") ? "restarted"
                                                                            : "left running");
}

/* Not yet so often as makes it unhealthy. */
static void add_failures(const struct search *s, struct strbuf *b, int64_t n)
{
    int64_t limit = field_number(s->effective, "health_retries", 0);

    if (n == 1)
        strbuf_add(b, "its last probe failed: ");
    else
        strbuf_addf(b, "its last %lld probes failed: ", (long long)n);
    strbuf_add(b, field_word(s->unit, "last_error"));
    if (limit > n)
        strbuf_addf(b, "; with %lld it is unhealthy", (long long)limit);
}

bool cause_add_health(const struct search *s, struct strbuf *b)
{
    int64_t n = field_number(s->unit, "consecutive_failures", 0);

    if (probes_say_unhealthy(s->unit))
        add_unhealthy(s, b);
    else if (n > 0 && field(s->unit, "health"))
        add_failures(s, b, n);
    else if (probes_say_nothing(s->unit) && field(s->unit, "last_error"))
        cause_add_not_healthy(s, b, "");
    else if (probes_say_nothing(s->unit))
        strbuf_add(b, "its health is not known yet");
    else
        return false;
    return true;
}

void cause_add_not_healthy(const struct search *s, struct strbuf *b, const char *front)
{
    if (!words_is_state(s->unit, STATE_RUNNING) || cause_is_word(s->unit, "health", "healthy"))
        return;
    strbuf_addf(b, "%snot healthy%s", front, probes_say_unhealthy(s->unit) ? "" : " yet");
    if (!field(s->unit, "last_error"))
        return;
    strbuf_add(b, ": ");
    probes_add_finding(b, s->unit);
}
