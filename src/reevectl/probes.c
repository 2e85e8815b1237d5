#include "reevectl/probes.h"

#include <string.h>

#include "core/health.h"
#include "core/unit.h"
#include "reevectl/fields.h"
#include "reevectl/render.h"
#include "reevectl/words.h"

bool probes_say_unhealthy(const cJSON *unit)
{
    return strcmp(field_word(unit, "health"), healthiness_name(HEALTHINESS_UNHEALTHY)) == 0;
}

bool probes_say_nothing(const cJSON *unit)
{
    return words_is_state(unit, STATE_RUNNING) && field_true(unit, "ready") &&
           !field(unit, "health") && field(field(unit, "effective"), "health");
}

enum style probes_unit_style(const cJSON *unit)
{
    return probes_say_unhealthy(unit) ? STYLE_RED : words_state_style(field_word(unit, "state"));
}

void probes_add_finding(struct strbuf *b, const cJSON *unit)
{
    int64_t n = field_number(unit, "consecutive_failures", 0);

    strbuf_add(b, field_word(unit, "last_error"));
    if (n > 1 && field(unit, "health"))
        strbuf_addf(b, " (%lld times in a row)", (long long)n);
}

const char *probes_error_of(const cJSON *record, const cJSON *unit)
{
    int64_t run = field_number(record, "run", -1);

    return run == field_number(unit, "run", -2) ? field_text(unit, "last_error") : NULL;
}

bool probes_any_failed(const cJSON *probes)
{
    const cJSON *probe;

    cJSON_ArrayForEach(probe, probes)
    {
        if (!field_true(probe, "ok"))
            return true;
    }
    return false;
}

static const struct column columns[] = {
    {"PROBED", false, false, 8},
    {"TOOK", true, false, 0},
    {"FOUND", false, false, 16},
};

/* What was wrong; not again what was looked at, which is the same in all lines. */
static const char *finding_of(const cJSON *probe, const char *looked_at)
{
    const char *message = field_word(probe, "message");
    size_t length = strlen(looked_at);

    if (field_true(probe, "ok"))
        return "ok";
    if (length && strncmp(message, looked_at, length) == 0 && message[length] == ':')
        return message + length + 1 + (message[length + 1] == ' ');
    return message;
}

void probes_write(const struct session *s, const cJSON *unit, int limit, struct strbuf *out,
                  size_t indent)
{
    const char *looked_at = field_word(field(unit, "effective"), "health");
    const cJSON *probe;
    struct table t;

    table_init(&t, columns, sizeof(columns) / sizeof(columns[0]));
    cJSON_ArrayForEach(probe, field(unit, "probes"))
    {
        struct strbuf ago = STRBUF_INIT, took = STRBUF_INIT;
        int64_t at_wall_ms;

        if (limit-- == 0)
            break;
        if (words_parse_time(field_word(probe, "at"), &at_wall_ms))
            words_add_ago(&ago, at_wall_ms, s->now_wall_ms);
        words_add_duration(&took, field_number(probe, "took_ms", -1));
        table_add_text(&t, STYLE_PLAIN, &ago);
        table_add_text(&t, STYLE_PLAIN, &took);
        table_add(&t, field_true(probe, "ok") ? STYLE_PLAIN : STYLE_RED,
                  finding_of(probe, looked_at));
    }
    table_write(&t, &s->out, out, indent);
    table_finish(&t);
}
