#include "reevectl/event_lines.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/notice.h"
#include "reevectl/awaited.h"
#include "reevectl/endings.h"
#include "reevectl/fields.h"
#include "reevectl/people.h"
#include "reevectl/text.h"
#include "reevectl/words.h"

/* A longer name moves what follows it. */
enum { UNIT_COLUMNS_MIN = 8, UNIT_COLUMNS_MAX = 16 };

/* What happened: a head in a style, and what is added to it. */
struct sentence {
    enum style style;
    struct strbuf head, rest;
};

/* "2026-11-21" and "14:03:07", here. */
static void split_time(int64_t wall_ms, char day[32], char clock[32])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;

    if (!localtime_r(&seconds, &tm) || strftime(day, 32, "%F", &tm) == 0 ||
        strftime(clock, 32, "%T", &tm) == 0) {
        snprintf(day, 32, "-");
        snprintf(clock, 32, "-");
    }
}

void event_lines_init(struct event_lines *l, const struct terminal *terminal, int64_t now_wall_ms)
{
    char clock[32];

    *l = (struct event_lines){.terminal = terminal, .unit_columns = UNIT_COLUMNS_MIN};
    split_time(now_wall_ms, l->day, clock);
}

static bool is_type(const cJSON *event, enum notice_type type)
{
    return strcmp(field_word(event, "type"), notice_type_name(type)) == 0;
}

/* Whom it is about: a unit, or reeved itself. */
static const char *subject_of(const cJSON *event)
{
    const char *unit = field_text(event, "unit");

    return unit && !is_type(event, NOTICE_SESSION_STOPPING) ? unit : "reeved";
}

void event_lines_fit(struct event_lines *l, const cJSON *events)
{
    const cJSON *event;

    cJSON_ArrayForEach(event, events)
    {
        size_t columns = text_columns(subject_of(event));

        if (columns > l->unit_columns)
            l->unit_columns = columns < UNIT_COLUMNS_MAX ? columns : UNIT_COLUMNS_MAX;
    }
}

static void say_shutdown(struct sentence *t, const cJSON *event)
{
    const char *signal = field_text(event, "signal");
    const cJSON *requester = field(event, "requester");

    t->style = STYLE_YELLOW;
    strbuf_add(&t->head, "shutting down");
    if (requester) {
        strbuf_add(&t->rest, ", requested by ");
        people_add_requester(&t->rest, requester);
    } else if (signal) {
        strbuf_addf(&t->rest, " on SIG%s", signal);
    } else if (field(event, "because") || field(event, "unit")) {
        strbuf_add(&t->rest, ", since ");
        words_add_because(&t->rest, event);
    }
}

static void say_request(struct sentence *t, const cJSON *event)
{
    const char *request = field_word(event, "request");
    const char *signal = field_text(event, "signal");
    int64_t at_wall_ms = 0, until_wall_ms;

    (void)words_parse_time(field_word(event, "at"), &at_wall_ms);
    if (signal)
        strbuf_addf(&t->head, "SIG%s", signal);
    else if (strcmp(request, request_kind_name(REQUEST_RESET_FAILED)) == 0)
        strbuf_add(&t->head, "reset-failed");
    else
        strbuf_add(&t->head, request);
    t->style = STYLE_BOLD;
    if (words_parse_time(field_word(event, "held_until"), &until_wall_ms)) {
        strbuf_add(&t->rest, " until ");
        words_add_clock(&t->rest, until_wall_ms, at_wall_ms);
    }
    strbuf_add(&t->rest, " requested by ");
    people_add_requester(&t->rest, field(event, "requester"));
}

/* Why it is being ended, and for whom. */
static void add_cause(struct strbuf *b, const cJSON *event)
{
    static const struct {
        enum requested_by by;
        const char *words;
    } causes[] = {
        {BY_USER, ", requested"},        {BY_SHUTDOWN, ", for the shutdown"},
        {BY_RESTART, ", for a restart"}, {BY_DEPENDENCY, ", along with another unit"},
        {BY_HEALTH, ", not healthy"},    {BY_TIMEOUT, ", its time is up"},
    };
    const char *by = field_text(event, "requested_by");
    const cJSON *requester = field(event, "requester");
    const char *unit = field_text(requester, "unit");
    int64_t uid = field_number(requester, "uid", -1);
    const char *words = NULL;

    if (!by)
        return;
    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        if (strcmp(by, requested_by_name(causes[i].by)) == 0)
            words = causes[i].words;
    if (strcmp(by, requested_by_name(BY_DEPENDENCY)) == 0 && unit)
        strbuf_addf(b, ", along with %s%s", unit, uid >= 0 ? ", requested" : "");
    else
        strbuf_addf(b, "%s%s", words ? words : ", for ", words ? "" : by);
    if (uid >= 0) {
        strbuf_add(b, " by ");
        people_add_requester(b, requester);
    }
}

static void say_state(struct sentence *t, const cJSON *event)
{
    const char *state = field_word(event, "state");
    int64_t run = field_number(event, "run", 0), pid = field_number(event, "pid", -1);
    int64_t at_wall_ms = 0, next_wall_ms;
    bool has_time = words_parse_time(field_word(event, "at"), &at_wall_ms);

    t->style = words_state_style(state);
    strbuf_add(&t->head, state);
    if (has_time && words_parse_time(field_word(event, "next_start_at"), &next_wall_ms)) {
        strbuf_add(&t->rest, ", next try in ");
        words_add_duration(&t->rest, next_wall_ms > at_wall_ms ? next_wall_ms - at_wall_ms : 0);
    } else if (field(event, "waiting")) {
        strbuf_add(&t->rest, " for ");
        awaited_add(&t->rest, field(event, "waiting"));
    } else if (field(event, "held_until")) {
        strbuf_add(&t->rest, ", ");
        (void)awaited_add_hold(&t->rest, event, at_wall_ms);
    } else if (pid > 0 && !field(event, "requested_by")) {
        strbuf_addf(&t->rest, " (run %lld, pid %lld)", (long long)run, (long long)pid);
    }
    add_cause(&t->rest, event);
}

static enum style exit_style(const cJSON *record)
{
    const char *reason = field_word(record, "reason");

    if (strcmp(reason, reason_name(REASON_NATURAL)) == 0)
        return STYLE_PLAIN;
    if (strcmp(reason, reason_name(REASON_FORCED_KILL)) == 0)
        return STYLE_YELLOW;
    return field(record, "requested_by") ? STYLE_PLAIN : STYLE_RED;
}

static void say_exit(struct sentence *t, const cJSON *event)
{
    const cJSON *record = field(event, "exit");

    t->style = exit_style(record);
    if (strcmp(field_word(record, "reason"), reason_name(REASON_START_FAILED)) != 0)
        strbuf_add(&t->head, "ended: ");
    endings_add_brief(&t->head, record);
    strbuf_addf(&t->rest, ", run %lld after ", (long long)field_number(event, "run", 0));
    words_add_duration(&t->rest, field_number(record, "duration_ms", -1));
}

static void say_health(struct sentence *t, const cJSON *event)
{
    const char *health = field_word(event, "health");

    t->style = words_status_style(health);
    strbuf_add(&t->head, health);
    if (field(event, "error"))
        strbuf_addf(&t->rest, ": %s", field_word(event, "error"));
}

/* What went wrong beside main. */
static void say_hook(struct sentence *t, const cJSON *event)
{
    const char *hook = field_word(event, "hook");

    t->style = strcmp(hook, hook_name(HOOK_PRE_START)) == 0 ? STYLE_RED : STYLE_YELLOW;
    strbuf_addf(&t->head, "%s failed", hook);
    strbuf_addf(&t->rest, ": %s, run %lld", field_word(event, "error"),
                (long long)field_number(event, "run", 0));
}

static void say_mistake(struct sentence *t, const cJSON *event)
{
    t->style = STYLE_YELLOW;
    strbuf_add(&t->head, "likely a mistake");
    strbuf_addf(&t->rest, ": %s", field_word(event, "error"));
}

static void say(struct sentence *t, const cJSON *event)
{
    if (is_type(event, NOTICE_SESSION_STARTED)) {
        t->style = STYLE_GREEN;
        strbuf_add(&t->head, "started");
    } else if (is_type(event, NOTICE_SESSION_READY)) {
        t->style = STYLE_GREEN;
        strbuf_add(&t->head, "up");
        strbuf_add(&t->rest, ": the start is done");
    } else if (is_type(event, NOTICE_SESSION_STOPPING)) {
        say_shutdown(t, event);
    } else if (is_type(event, NOTICE_SESSION_STOPPED)) {
        t->style = STYLE_DIM;
        strbuf_add(&t->head, "ended");
        strbuf_addf(&t->rest, " with exit code %lld",
                    (long long)field_number(event, "exit_code", 0));
    } else if (is_type(event, NOTICE_UNIT_REQUESTED)) {
        say_request(t, event);
    } else if (is_type(event, NOTICE_UNIT_STATE)) {
        say_state(t, event);
    } else if (is_type(event, NOTICE_UNIT_EXITED)) {
        say_exit(t, event);
    } else if (is_type(event, NOTICE_UNIT_UNKILLABLE)) {
        t->style = STYLE_RED;
        strbuf_add(&t->head, "unkillable");
        strbuf_addf(&t->rest, ": what is left of run %lld outlives SIGKILL",
                    (long long)field_number(event, "run", 0));
    } else if (is_type(event, NOTICE_UNIT_HEALTH)) {
        say_health(t, event);
    } else if (is_type(event, NOTICE_UNIT_REFUSED)) {
        t->style = STYLE_YELLOW;
        strbuf_add(&t->head, "notification refused");
        strbuf_addf(&t->rest, ": %s", field_word(event, "error"));
    } else if (is_type(event, NOTICE_UNIT_HOOK)) {
        say_hook(t, event);
    } else if (is_type(event, NOTICE_UNIT_MISTAKE)) {
        say_mistake(t, event);
    } else {
        strbuf_add(&t->head, field_word(event, "type")); /* of a later reeved */
    }
}

/* Adds one part, made harmless and cut to what is left of the line. */
static void add_part(const struct terminal *t, struct strbuf *b, enum style style,
                     const struct strbuf *text, size_t *left)
{
    struct strbuf harmless = STRBUF_INIT, cut = STRBUF_INIT;

    text_add_harmless(&harmless, strbuf_text(text));
    text_add_cut(&cut, strbuf_text(&harmless), *left, terminal_ellipsis(t));
    terminal_add(t, b, style, strbuf_text(&cut));
    /* After a cut, nothing more. */
    *left = strcmp(strbuf_text(&harmless), strbuf_text(&cut)) == 0
                ? *left - text_columns(strbuf_text(&cut))
                : 0;
    b->failed |= text->failed || harmless.failed || cut.failed;
    strbuf_finish(&harmless);
    strbuf_finish(&cut);
}

void event_lines_add_remark(struct event_lines *l, struct strbuf *b, const char *text)
{
    struct strbuf line = STRBUF_INIT;

    strbuf_addf(&line, "-- %s --", text);
    terminal_add(l->terminal, b, STYLE_DIM, strbuf_text(&line));
    strbuf_add(b, "\n");
    b->failed |= line.failed;
    strbuf_finish(&line);
}

/* "14:03:07.120  web     "; a file has the day in each line, a terminal only where it changes. */
static void add_beginning(struct event_lines *l, struct strbuf *line, struct strbuf *b,
                          const cJSON *event)
{
    char day[32] = "-", clock[32] = "-";
    size_t begin, columns;
    int64_t wall_ms;
    int ms = 0;

    if (words_parse_time(field_word(event, "at"), &wall_ms)) {
        split_time(wall_ms, day, clock);
        ms = (int)(wall_ms % 1000);
    }
    if (!l->terminal->tty)
        strbuf_addf(line, "%s ", day);
    else if (strcmp(day, l->day) != 0)
        event_lines_add_remark(l, b, day);
    memcpy(l->day, day, sizeof(l->day));
    strbuf_addf(line, "%s.%03d  ", clock, ms);
    begin = line->len_bytes;
    text_add_harmless(line, subject_of(event));
    columns = line->len_bytes > begin ? text_columns(strbuf_text(line) + begin) : 0;
    text_add_spaces(line, columns < l->unit_columns ? l->unit_columns - columns + 2 : 2);
}

void event_lines_add(struct event_lines *l, struct strbuf *b, const cJSON *event)
{
    struct strbuf beginning = STRBUF_INIT;
    struct sentence t = {.style = STYLE_PLAIN, .head = STRBUF_INIT, .rest = STRBUF_INIT};
    size_t left = l->terminal->columns ? l->terminal->columns : SIZE_MAX;

    add_beginning(l, &beginning, b, event);
    say(&t, event);
    add_part(l->terminal, b, STYLE_PLAIN, &beginning, &left);
    add_part(l->terminal, b, t.style, &t.head, &left);
    add_part(l->terminal, b, STYLE_PLAIN, &t.rest, &left);
    strbuf_add(b, "\n");
    strbuf_finish(&beginning);
    strbuf_finish(&t.head);
    strbuf_finish(&t.rest);
}
