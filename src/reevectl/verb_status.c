/* status: how reeved is, or how units are and how they came to be so. */
#include <string.h>

#include "core/unit.h"
#include "reevectl/fields.h"
#include "reevectl/inquiry.h"
#include "reevectl/text.h"
#include "reevectl/units.h"
#include "reevectl/verbs.h"
#include "reevectl/walk.h"
#include "reevectl/words.h"

enum { LABEL_COLUMNS = 11, RECORDS_SHOWN = 5 };

/* "      State: ", aligned to the right as a column of labels. */
static void add_label(struct strbuf *b, const char *label)
{
    strbuf_addf(b, "%*s: ", LABEL_COLUMNS, label);
}

static void add_continuation(struct strbuf *b)
{
    text_add_spaces(b, LABEL_COLUMNS + 2);
}

/* The text of a label, which may take several lines. */
static void add_paragraph(const struct session *s, struct strbuf *b, enum style style,
                          const struct strbuf *text)
{
    terminal_add_paragraph(&s->out, b, style, text, LABEL_COLUMNS + 2, LABEL_COLUMNS + 2);
}

static void add_title(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    const char *description = field_word(unit, "description");

    terminal_add_harmless(&s->out, b, words_state_style(field_word(unit, "state")),
                          terminal_dot(&s->out));
    strbuf_add(b, " ");
    terminal_add_harmless(&s->out, b, STYLE_BOLD, field_word(unit, "name"));
    if (*description) {
        strbuf_add(b, " - ");
        text_add_harmless(b, description);
    }
    strbuf_add(b, "\n");
}

static void add_definition(struct strbuf *b, const cJSON *unit)
{
    add_label(b, "Defined");
    text_add_harmless(b, field_word(unit, "file"));
    strbuf_addf(b, ":%lld (", (long long)field_number(unit, "line", 0));
    text_add_harmless(b, field_word(unit, "kind"));
    if (!field_true(unit, "enabled"))
        strbuf_add(b, ", disabled");
    else if (field_true(unit, "autostart"))
        strbuf_add(b, ", starts with reeved");
    strbuf_add(b, ")\n");
}

static void add_state(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    const char *state = field_word(unit, "state");
    int64_t since_ms = field_number(unit, "since_ms", -1);
    bool up = words_is_active(state);

    add_label(b, "State");
    terminal_add_harmless(&s->out, b, words_state_style(state), state);
    if (up && !field_true(unit, "ready"))
        strbuf_add(b, ", not ready,");
    if (since_ms >= 0) {
        strbuf_add(b, " since ");
        words_add_moment(b, s->now_wall_ms - since_ms, s->now_wall_ms);
    }
    /* What should be, where that is not what is. */
    if (up != (strcmp(field_word(unit, "goal"), "up") == 0) &&
        strcmp(state, unit_state_name(STATE_COMPLETED)) != 0) {
        strbuf_add(b, "; it should be ");
        text_add_harmless(b, field_word(unit, "goal"));
    }
    strbuf_add(b, "\n");
}

/* Of a unit that is not up: what keeps it so, and what can be done. */
static void add_why(const struct session *s, struct strbuf *b, const struct cause *c)
{
    if (c->reason.len_bytes) {
        add_label(b, "Why");
        add_paragraph(s, b, STYLE_PLAIN, &c->reason);
    }
    if (c->advice.len_bytes) {
        add_label(b, "Hint");
        /* On one line, however long: a command in it is there to be copied. */
        terminal_add_harmless(&s->out, b, STYLE_DIM, strbuf_text(&c->advice));
        strbuf_add(b, "\n");
    }
    b->failed |= c->reason.failed || c->advice.failed;
}

static void add_next_try(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    int64_t next_wall_ms;

    if (!words_parse_time(field_word(unit, "next_start_at"), &next_wall_ms))
        return;
    add_label(b, "Next try");
    words_add_moment(b, next_wall_ms, s->now_wall_ms);
    strbuf_add(b, "\n");
}

static void add_run(struct strbuf *b, const cJSON *unit)
{
    int64_t pid = field_number(unit, "pid", -1);
    int64_t run = field_number(unit, "run", 0);
    int64_t restarts = field_number(unit, "restarts", 0);

    if (pid > 0) {
        add_label(b, "Main PID");
        strbuf_addf(b, "%lld\n", (long long)pid);
    }
    add_label(b, "Run");
    if (run == 0) {
        strbuf_add(b, "none so far\n");
        return;
    }
    strbuf_addf(b, "%lld", (long long)run);
    if (restarts > 0)
        strbuf_addf(b, ", restarted %lld time%s", (long long)restarts, restarts == 1 ? "" : "s");
    strbuf_add(b, ", tracked by ");
    text_add_harmless(b, strcmp(field_word(unit, "tracking"), "cgroup") == 0 ? "cgroup"
                                                                             : "best effort");
    strbuf_add(b, "\n");
}

/* What happened to the run beside its end. */
static void add_last_run(const struct session *s, struct strbuf *b, const cJSON *record)
{
    int64_t leftovers = field_number(record, "leftovers_killed", 0);
    struct strbuf by = STRBUF_INIT;
    int64_t ended_wall_ms;

    add_continuation(b);
    strbuf_addf(b, "run %lld lasted ", (long long)field_number(record, "run", 0));
    words_add_duration(b, field_number(record, "duration_ms", -1));
    if (words_parse_time(field_word(record, "ended_at"), &ended_wall_ms)) {
        strbuf_add(b, ", until ");
        words_add_moment(b, ended_wall_ms, s->now_wall_ms);
    }
    strbuf_add(b, "\n");
    if (field(record, "requester")) {
        add_continuation(b);
        words_add_requester(&by, record);
        strbuf_add(b, "asked for by ");
        text_add_harmless(b, strbuf_text(&by));
        strbuf_add(b, "\n");
    }
    if (leftovers > 0) {
        add_continuation(b);
        strbuf_addf(b, "%lld leftover process%s killed\n", (long long)leftovers,
                    leftovers == 1 ? "" : "es");
    }
    b->failed |= by.failed;
    strbuf_finish(&by);
}

static void add_last_exit(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    const cJSON *record = field(unit, "last_exit");
    bool failure = words_is_failure(record, unit);
    struct strbuf text = STRBUF_INIT;

    add_label(b, "Last exit");
    words_add_ending(&text, record, unit);
    cause_add_alike(&text, unit);
    add_paragraph(s, b, failure ? STYLE_RED : STYLE_PLAIN, &text);
    strbuf_finish(&text);
    add_last_run(s, b, record);
}

static void add_unit(struct session *s, struct strbuf *b, const cJSON *unit)
{
    const cJSON *records = field(unit, "records");
    struct cause cause = {0};

    add_title(s, b, unit);
    add_definition(b, unit);
    add_state(s, b, unit);
    if (!words_is_active(field_word(unit, "state"))) {
        inquire(s, unit, &cause);
        add_why(s, b, &cause);
        cause_finish(&cause);
    }
    add_next_try(s, b, unit);
    add_run(b, unit);
    if (field(unit, "last_exit"))
        add_last_exit(s, b, unit);
    if (cJSON_GetArraySize(records) > 1) {
        strbuf_add(b, "\n");
        units_write_records(s, records, RECORDS_SHOWN, b, 2);
    }
}

static int visit(struct session *s, const cJSON *reply)
{
    const cJSON *unit = field(reply, "unit");
    int code = words_is_active(field_word(unit, "state")) ? EXIT_OK : EXIT_INACTIVE;
    struct strbuf b = STRBUF_INIT;

    if (s->options->json)
        return call_print_json(reply, code);
    if (s->n_blocks++)
        strbuf_add(&b, "\n");
    add_unit(s, &b, unit);
    return output(&b, code);
}

static void add_summary(const struct session *s, struct strbuf *b, const cJSON *health)
{
    struct unit_counts counts = units_told_counts(field(health, "counts"));
    const char *status = field_word(health, "status");
    enum style style = words_status_style(status);

    terminal_add_harmless(&s->out, b, style, terminal_dot(&s->out));
    strbuf_add(b, " ");
    terminal_add_harmless(&s->out, b, STYLE_BOLD, "reeved");
    strbuf_add(b, " ");
    text_add_harmless(b, field_word(health, "version"));
    strbuf_add(b, " is ");
    terminal_add_harmless(&s->out, b, style, status);
    strbuf_addf(b, " (pid %lld, up ", (long long)field_number(health, "pid", -1));
    words_add_duration(b, field_number(health, "uptime_ms", -1));
    strbuf_add(b, ", ");
    text_add_harmless(b, s->socket_path);
    strbuf_add(b, ")\n  ");
    units_add_counts(b, &counts);
    strbuf_add(b, "\n\n");
}

static int daemon_status(struct session *s)
{
    struct strbuf b = STRBUF_INIT;
    cJSON *health, *list;
    int code = call(s, "Health", cJSON_CreateObject(), &health);

    if (code)
        return code;
    if (s->options->json) {
        code = call_print_json(health, EXIT_OK);
        cJSON_Delete(health);
        return code;
    }
    code = call(s, "List", cJSON_CreateObject(), &list);
    if (code == EXIT_OK) {
        add_summary(s, &b, health);
        units_write_list(s, field(list, "units"), &b);
        code = output(&b, EXIT_OK);
        cJSON_Delete(list);
    }
    cJSON_Delete(health);
    return code;
}

int verb_status(struct session *s, char **args, size_t n_args)
{
    return n_args ? walk_units(s, args, n_args, visit) : daemon_status(s);
}
