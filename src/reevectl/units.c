#include "reevectl/units.h"

#include <stdlib.h>
#include <string.h>

#include "core/unit.h"
#include "reevectl/awaited.h"
#include "reevectl/endings.h"
#include "reevectl/fields.h"
#include "reevectl/probes.h"
#include "reevectl/render.h"
#include "reevectl/words.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static void add_number(struct table *t, int64_t number)
{
    if (number < 0)
        table_add(t, STYLE_PLAIN, "-");
    else
        table_addf(t, STYLE_PLAIN, "%lld", (long long)number);
}

static void add_duration(struct table *t, int64_t ms)
{
    struct strbuf text = STRBUF_INIT;

    words_add_duration(&text, ms);
    table_add_text(t, STYLE_PLAIN, &text);
}

/* "exit 1, 3m ago"; what keeps it or is wrong now says more: "waits for db to be ready", "held
 * until 12:30:05", "unhealthy: ...". */
static void add_last_exit(struct table *t, const struct session *s, const cJSON *unit)
{
    const cJSON *record = field(unit, "last_exit"), *waiting = field(unit, "waiting");
    struct strbuf text = STRBUF_INIT;
    bool held = awaited_add_hold(&text, unit, s->now_wall_ms);
    int64_t ended_wall_ms;

    if (held && (waiting || probes_say_unhealthy(unit)))
        strbuf_add(&text, ", ");
    if (waiting) {
        awaited_add_brief(&text, waiting);
    } else if (probes_say_unhealthy(unit)) {
        strbuf_addf(&text, "unhealthy: %s", field_word(unit, "last_error"));
    } else if (record && !held) {
        endings_add_brief(&text, record);
        if (words_parse_time(field_word(record, "ended_at"), &ended_wall_ms)) {
            strbuf_add(&text, ", ");
            words_add_ago(&text, ended_wall_ms, s->now_wall_ms);
        }
    }
    table_add_text(t, STYLE_PLAIN, &text);
}

/* "starting (pre_start)"; a script finds one word in this column. */
static void add_state(struct table *t, enum style style, const cJSON *unit, bool for_eyes)
{
    struct strbuf text = STRBUF_INIT;

    if (for_eyes)
        words_add_state(&text, unit);
    else
        strbuf_add(&text, field_word(unit, "state"));
    table_add_text(t, style, &text);
}

/* The dot is for eyes: a script finds the name in the first column. */
static const struct column list_columns[] = {
    {"", false, true, 0},
    {"UNIT", false, false, 0},
    {"STATE", false, false, 0},
    {"PID", true, false, 0},
    {"UPTIME", true, false, 6},
    {"RESTARTS", true, false, 8},
    {"LAST EXIT", false, false, 16},
    {"DESCRIPTION", false, false, 12},
};

void units_write_list(const struct session *s, const cJSON *units, struct strbuf *out)
{
    size_t first = s->out.tty ? 0 : 1;
    struct table t;
    const cJSON *unit;

    table_init(&t, list_columns + first, N_ELEMENTS(list_columns) - first);
    cJSON_ArrayForEach(unit, units)
    {
        enum style style = probes_unit_style(unit);

        if (first == 0)
            table_add(&t, style, terminal_dot(&s->out));
        table_add(&t, STYLE_PLAIN, field_word(unit, "name"));
        add_state(&t, style, unit, s->out.tty);
        add_number(&t, field_number(unit, "pid", -1));
        add_duration(&t, field_number(unit, "uptime_ms", -1));
        add_number(&t, field_number(unit, "restarts", -1));
        add_last_exit(&t, s, unit);
        table_add(&t, STYLE_PLAIN, field_word(unit, "description"));
    }
    table_write(&t, &s->out, out, 0);
    table_finish(&t);
}

/* Without the one for health, where none has a health that is known. */
static const struct column health_columns[] = {
    {"UNIT", false, false, 0},      {"STATE", false, false, 0},  {"GOAL", false, false, 0},
    {"READY", false, false, 0},     {"HEALTH", false, false, 6}, {"RESTARTS", true, false, 8},
    {"LAST EXIT", false, false, 16}};
static const struct column plain_columns[] = {
    {"UNIT", false, false, 0},  {"STATE", false, false, 0},   {"GOAL", false, false, 0},
    {"READY", false, false, 0}, {"RESTARTS", true, false, 8}, {"LAST EXIT", false, false, 16}};

static bool any_health(const cJSON *units)
{
    const cJSON *unit;

    cJSON_ArrayForEach(unit, units)
    {
        if (field(unit, "health"))
            return true;
    }
    return false;
}

static void add_health(struct table *t, const cJSON *unit)
{
    table_add(t, probes_say_unhealthy(unit) ? STYLE_RED : STYLE_PLAIN, field_word(unit, "health"));
}

/* A unit that should be up and neither is nor has completed is what makes reeved degraded. */
static bool is_missed(const cJSON *unit)
{
    return strcmp(field_word(unit, "goal"), "up") == 0 && !field_true(unit, "ready") &&
           strcmp(field_word(unit, "state"), unit_state_name(STATE_COMPLETED)) != 0;
}

void units_write_health(const struct session *s, const cJSON *units, struct strbuf *out)
{
    bool with_health = any_health(units);
    struct table t;
    const cJSON *unit;

    if (with_health)
        table_init(&t, health_columns, N_ELEMENTS(health_columns));
    else
        table_init(&t, plain_columns, N_ELEMENTS(plain_columns));
    cJSON_ArrayForEach(unit, units)
    {
        enum style style = words_state_style(field_word(unit, "state"));

        table_add(&t, STYLE_PLAIN, field_word(unit, "name"));
        add_state(&t, style, unit, s->out.tty);
        table_add(&t, STYLE_PLAIN, field_word(unit, "goal"));
        table_add(&t, is_missed(unit) ? STYLE_RED : STYLE_PLAIN,
                  field_true(unit, "ready") ? "yes" : "no");
        if (with_health)
            add_health(&t, unit);
        add_number(&t, field_number(unit, "restarts", -1));
        add_last_exit(&t, s, unit);
    }
    table_write(&t, &s->out, out, 0);
    table_finish(&t);
}

struct unit_counts units_told_counts(const cJSON *health)
{
    const cJSON *counts = field(health, "counts"), *units = field(health, "units");
    struct unit_counts c = {
        .total = field_number(counts, "total", 0),
        .orphans = field_number(counts, "orphans", 0),
    };

    if (cJSON_GetArraySize(units) == c.total)
        c.unhealthy = units_count(units).unhealthy;

    for (enum unit_state state = 0; state < STATE_COUNT; state++)
        c.states[state] = field_number(counts, unit_state_name(state), 0);
    return c;
}

void units_count_one(struct unit_counts *counts, const cJSON *unit)
{
    counts->total++;
    for (enum unit_state state = 0; state < STATE_COUNT; state++)
        counts->states[state] += words_is_state(unit, state);
    counts->unhealthy += words_is_state(unit, STATE_RUNNING) && probes_say_unhealthy(unit);
}

struct unit_counts units_count(const cJSON *units)
{
    struct unit_counts c = {0};
    const cJSON *unit;

    cJSON_ArrayForEach(unit, units)
    {
        units_count_one(&c, unit);
    }
    return c;
}

void units_add_counts(struct strbuf *out, const struct unit_counts *counts)
{
    /* What needs a look comes last, where the eye stays. */
    static const enum unit_state order[STATE_COUNT] = {
        STATE_RUNNING,  STATE_STARTING, STATE_COMPLETED, STATE_STOPPED, STATE_WAITING,
        STATE_STOPPING, STATE_KILLING,  STATE_BACKOFF,   STATE_FAILED,
    };
    const char *separator = ": ";

    strbuf_addf(out, "%lld unit%s", (long long)counts->total, counts->total == 1 ? "" : "s");
    for (size_t i = 0; i < N_ELEMENTS(order); i++) {
        if (counts->states[order[i]] == 0)
            continue;
        strbuf_addf(out, "%s%lld %s", separator, (long long)counts->states[order[i]],
                    unit_state_name(order[i]));
        if (order[i] == STATE_RUNNING && counts->unhealthy > 0)
            strbuf_addf(out, " (%lld unhealthy)", (long long)counts->unhealthy);
        separator = ", ";
    }
    if (counts->orphans > 0)
        strbuf_addf(out, "; %lld orphaned process%s", (long long)counts->orphans,
                    counts->orphans == 1 ? "" : "es");
}

static const struct column record_columns[] = {
    {"RUN", true, false, 0},    {"ENDED", false, false, 8},   {"LASTED", true, false, 0},
    {"EXIT", false, false, 16}, {"REASON", false, false, 13}, {"REQUESTED BY", false, false, 12},
    {"CPU", true, false, 3},    {"MAX RSS", true, false, 7},
};

static void add_record(struct table *t, const struct session *s, const cJSON *record)
{
    int64_t user_ms = field_number(record, "cpu_user_ms", -1);
    int64_t system_ms = field_number(record, "cpu_system_ms", -1);
    struct strbuf exit = STRBUF_INIT, by = STRBUF_INIT, ended = STRBUF_INIT, rss = STRBUF_INIT;
    int64_t ended_wall_ms;

    if (words_parse_time(field_word(record, "ended_at"), &ended_wall_ms))
        words_add_ago(&ended, ended_wall_ms, s->now_wall_ms);
    endings_add_brief(&exit, record);
    endings_add_requester(&by, record);
    words_add_size(&rss, field_number(record, "max_rss_bytes", -1));
    add_number(t, field_number(record, "run", -1));
    table_add_text(t, STYLE_PLAIN, &ended);
    add_duration(t, field_number(record, "duration_ms", -1));
    table_add_text(t, STYLE_PLAIN, &exit);
    table_add(t, STYLE_PLAIN, field_word(record, "reason"));
    table_add_text(t, STYLE_PLAIN, &by);
    add_duration(t, user_ms < 0 || system_ms < 0 ? -1 : user_ms + system_ms);
    table_add_text(t, STYLE_PLAIN, &rss);
}

void units_write_records(const struct session *s, const cJSON *records, int limit,
                         struct strbuf *out, size_t indent)
{
    const cJSON *record;
    struct table t;

    table_init(&t, record_columns, N_ELEMENTS(record_columns));
    cJSON_ArrayForEach(record, records)
    {
        if (limit-- == 0)
            break;
        add_record(&t, s, record);
    }
    table_write(&t, &s->out, out, indent);
    table_finish(&t);
}
