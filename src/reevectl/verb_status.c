/* status: how reeved is, or how units are and how they came to be so. */
#include <string.h>

#include "core/unit.h"
#include "reevectl/endings.h"
#include "reevectl/fields.h"
#include "reevectl/inquiry.h"
#include "reevectl/probes.h"
#include "reevectl/text.h"
#include "reevectl/units.h"
#include "reevectl/verbs.h"
#include "reevectl/walk.h"
#include "reevectl/words.h"

enum { LABEL_COLUMNS = 11, INDENT = LABEL_COLUMNS + 2, RECORDS_SHOWN = 5, PROBES_SHOWN = 5 };

/* "      State: ", aligned to the right as a column of labels. */
static void add_label(struct strbuf *b, const char *label)
{
    strbuf_addf(b, "%*s: ", LABEL_COLUMNS, label);
}

/* The end of a line, which may take several: it begins in column `at`. Finishes `text`. */
static void add_rest(const struct session *s, struct strbuf *b, enum style style,
                     struct strbuf *text, size_t at)
{
    terminal_add_paragraph(&s->out, b, style, text, at, INDENT);
    strbuf_finish(text);
}

/* More on the line above, below its text. Finishes `text`. */
static void add_continuation(const struct session *s, struct strbuf *b, struct strbuf *text)
{
    text_add_spaces(b, INDENT);
    add_rest(s, b, STYLE_PLAIN, text, INDENT);
}

static void add_title(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    const char *description = field_word(unit, "description"), *name = field_word(unit, "name");
    struct strbuf text = STRBUF_INIT;

    terminal_add_harmless(&s->out, b, probes_unit_style(unit), terminal_dot(&s->out));
    strbuf_add(b, " ");
    terminal_add_harmless(&s->out, b, STYLE_BOLD, name);
    if (*description)
        strbuf_addf(&text, " - %s", description);
    add_rest(s, b, STYLE_PLAIN, &text, 2 + text_columns(name));
}

static void add_definition(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    struct strbuf text = STRBUF_INIT;

    strbuf_addf(&text, "%s:%lld (%s", field_word(unit, "file"),
                (long long)field_number(unit, "line", 0), field_word(unit, "kind"));
    if (!field_true(unit, "enabled"))
        strbuf_add(&text, ", disabled");
    else if (field_true(unit, "autostart"))
        strbuf_add(&text, ", starts with reeved");
    strbuf_add(&text, ")");
    add_label(b, "Defined");
    add_rest(s, b, STYLE_PLAIN, &text, INDENT);
}

static void add_state(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    const char *state = field_word(unit, "state");
    int64_t since_ms = field_number(unit, "since_ms", -1);
    bool up = words_is_active(state);
    struct strbuf word = STRBUF_INIT, text = STRBUF_INIT;
    size_t columns;

    add_label(b, "State");
    words_add_state(&word, unit);
    columns = text_columns(strbuf_text(&word));
    terminal_add_harmless(&s->out, b, words_state_style(state), strbuf_text(&word));
    b->failed |= word.failed;
    strbuf_finish(&word);
    if (up && !field_true(unit, "ready"))
        strbuf_add(&text, ", not ready,");
    if (since_ms >= 0) {
        strbuf_add(&text, " since ");
        words_add_moment(&text, s->now_wall_ms - since_ms, s->now_wall_ms);
    }
    /* What should be, where that is not what is. */
    if (up != (strcmp(field_word(unit, "goal"), "up") == 0) &&
        strcmp(state, unit_state_name(STATE_COMPLETED)) != 0) {
        strbuf_add(&text, "; it should be ");
        strbuf_add(&text, field_word(unit, "goal"));
    }
    add_rest(s, b, STYLE_PLAIN, &text, INDENT + columns);
}

/* What its probes found, of one that runs and has some. */
static void add_health(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    const char *health = field_text(unit, "health");
    bool failing = field_number(unit, "consecutive_failures", 0) > 0;
    struct strbuf text = STRBUF_INIT;
    int64_t success_wall_ms;

    if (!health && !probes_say_nothing(unit))
        return;
    strbuf_add(&text, health ? health : "not known yet");
    if (failing || (!health && field(unit, "last_error"))) {
        strbuf_add(&text, probes_say_unhealthy(unit) ? ": " : ", but ");
        probes_add_finding(&text, unit);
    }
    if (words_parse_time(field_word(unit, "last_success"), &success_wall_ms)) {
        strbuf_add(&text, failing ? "; last found well " : ", found so ");
        words_add_ago(&text, success_wall_ms, s->now_wall_ms);
    }
    add_label(b, "Health");
    add_rest(s, b, failing ? STYLE_RED : STYLE_PLAIN, &text, INDENT);
}

/* Of a unit that is not up: what keeps it so, and what can be done. */
static void add_why(const struct session *s, struct strbuf *b, struct cause *c)
{
    if (c->reason.len_bytes) {
        add_label(b, "Why");
        add_rest(s, b, STYLE_PLAIN, &c->reason, INDENT);
    }
    if (c->advice.len_bytes) {
        add_label(b, "Hint");
        add_rest(s, b, STYLE_DIM, &c->advice, INDENT);
    }
    b->failed |= c->reason.failed || c->advice.failed;
}

/* Of one that notifies. */
static void add_told(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    const cJSON *told = field(unit, "told");
    struct strbuf text = STRBUF_INIT;

    words_add_told(&text, told);
    if (text.len_bytes == 0)
        return;
    add_label(b, "It says");
    add_rest(s, b, STYLE_PLAIN, &text, INDENT);
}

static void add_next_try(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    struct strbuf text = STRBUF_INIT;
    int64_t next_wall_ms;

    if (!words_parse_time(field_word(unit, "next_start_at"), &next_wall_ms))
        return;
    words_add_moment(&text, next_wall_ms, s->now_wall_ms);
    add_label(b, "Next try");
    add_rest(s, b, STYLE_PLAIN, &text, INDENT);
}

static void add_run(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    bool by_cgroup = strcmp(field_word(unit, "tracking"), "cgroup") == 0;
    int64_t pid = field_number(unit, "pid", -1);
    int64_t run = field_number(unit, "run", 0);
    int64_t restarts = field_number(unit, "restarts", 0);
    struct strbuf text = STRBUF_INIT;

    if (pid > 0) {
        add_label(b, "Main PID");
        strbuf_addf(b, "%lld\n", (long long)pid);
    }
    if (run == 0)
        strbuf_add(&text, "none so far");
    else
        strbuf_addf(&text, "%lld", (long long)run);
    if (run > 0 && restarts > 0)
        strbuf_addf(&text, ", restarted %lld time%s", (long long)restarts,
                    restarts == 1 ? "" : "s");
    if (run > 0)
        strbuf_addf(&text, ", tracking: %s", by_cgroup ? "cgroup" : "best effort");
    add_label(b, "Run");
    add_rest(s, b, STYLE_PLAIN, &text, INDENT);
}

/* What happened to the run beside its end. */
static void add_last_run(const struct session *s, struct strbuf *b, const cJSON *record)
{
    int64_t leftovers = field_number(record, "leftovers_killed", 0);
    struct strbuf text = STRBUF_INIT;
    int64_t ended_wall_ms;

    strbuf_addf(&text, "run %lld lasted ", (long long)field_number(record, "run", 0));
    words_add_duration(&text, field_number(record, "duration_ms", -1));
    if (words_parse_time(field_word(record, "ended_at"), &ended_wall_ms)) {
        strbuf_add(&text, ", until ");
        words_add_moment(&text, ended_wall_ms, s->now_wall_ms);
    }
    add_continuation(s, b, &text);
    if (field(record, "requester")) {
        endings_add_asked(&text, record);
        add_continuation(s, b, &text);
    }
    if (leftovers > 0) {
        strbuf_addf(&text, "%lld leftover process%s killed", (long long)leftovers,
                    leftovers == 1 ? "" : "es");
        add_continuation(s, b, &text);
    }
}

static void add_last_exit(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    const cJSON *record = field(unit, "last_exit");
    bool failure = endings_is_failure(record, unit);
    struct strbuf text = STRBUF_INIT;

    add_label(b, "Last exit");
    endings_add_whole(&text, record, unit);
    endings_add_hooks(&text, record);
    cause_add_alike(&text, unit);
    add_rest(s, b, failure ? STYLE_RED : STYLE_PLAIN, &text, INDENT);
    add_last_run(s, b, record);
}

/* Of one that is up and has nothing of this there is nothing to explain. */
static bool needs_why(const cJSON *unit)
{
    return !words_is_active(field_word(unit, "state")) || field(unit, "waiting") ||
           field(unit, "held_until") || field(unit, "mistake") || field(unit, "hook");
}

static void add_unit(struct session *s, struct strbuf *b, const cJSON *unit)
{
    const cJSON *records = field(unit, "records");
    struct cause cause = {0};

    add_title(s, b, unit);
    add_definition(s, b, unit);
    add_state(s, b, unit);
    if (needs_why(unit)) {
        inquire(s, unit, &cause);
        add_why(s, b, &cause);
        cause_finish(&cause);
    }
    add_told(s, b, unit);
    add_health(s, b, unit);
    add_next_try(s, b, unit);
    add_run(s, b, unit);
    if (field(unit, "last_exit"))
        add_last_exit(s, b, unit);
    if (probes_any_failed(field(unit, "probes"))) {
        strbuf_add(b, "\n");
        probes_write(s, unit, PROBES_SHOWN, b, 2);
    }
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
    struct unit_counts counts = units_told_counts(health);
    const char *status = field_word(health, "status");
    enum style style = words_status_style(status);
    struct strbuf text = STRBUF_INIT;

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
    units_add_counts(&text, &counts);
    terminal_add_paragraph(&s->out, b, STYLE_PLAIN, &text, 2, 2);
    strbuf_finish(&text);
    strbuf_add(b, "\n");
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
