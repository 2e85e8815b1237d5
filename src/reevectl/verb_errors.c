/* errors: the runs that failed, as far as reeved remembers them, newest first over all units. */
#include <stdlib.h>
#include <string.h>

#include "core/outcome.h"
#include "core/unit.h"
#include "reevectl/awaited.h"
#include "reevectl/endings.h"
#include "reevectl/fields.h"
#include "reevectl/probes.h"
#include "reevectl/render.h"
#include "reevectl/text.h"
#include "reevectl/units.h"
#include "reevectl/verbs.h"
#include "reevectl/words.h"

/* Where there is room for it, the time of day stands beside the age. */
enum { LINES_ON_TERMINAL = 20, WIDE_COLUMNS = 120 };

/* One failure, without the much larger reply that told it. */
struct row {
    char *unit, *state, *what; /* owned */
    cJSON *record;             /* owned; only for JSON, NULL: in trouble without one */
    int64_t run;               /* 0: of none, it was not started */
    int64_t when_wall_ms;
    size_t place; /* among the units, for equal times */
};

struct rows {
    struct row *items; /* owned */
    size_t n, cap;
    bool failed; /* memory ran out */
};

static void finish_row(struct row *row)
{
    free(row->unit);
    free(row->state);
    free(row->what);
    cJSON_Delete(row->record);
}

static void finish_rows(struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        finish_row(&rows->items[i]);
    free(rows->items);
}

static struct row *new_row(struct rows *rows)
{
    if (rows->n == rows->cap) {
        size_t cap = rows->cap ? rows->cap * 2 : 64;
        struct row *items = reallocarray(rows->items, cap, sizeof(*items));

        if (!items)
            return NULL;
        rows->items = items;
        rows->cap = cap;
    }
    return &rows->items[rows->n];
}

static bool is_unkillable(const cJSON *unit)
{
    return words_is_state(unit, STATE_KILLING) &&
           field_number(unit, "since_ms", 0) >= UNKILLABLE_AFTER_MS;
}

/* It waits for what has failed. */
static bool is_stuck(const cJSON *unit)
{
    return field_true(field(unit, "waiting"), "failed");
}

/* What happened in the run of a record, or, without one, what the trouble is. */
static void add_what(struct strbuf *b, const cJSON *unit, const cJSON *record)
{
    const cJSON *last = field(unit, "last_exit");

    if (record) {
        endings_add_whole(b, record, unit);
    } else if (is_unkillable(unit)) {
        strbuf_add(b, "unkillable: it outlives SIGKILL");
    } else if (probes_say_unhealthy(unit)) {
        strbuf_add(b, "unhealthy: ");
        probes_add_finding(b, unit);
    } else if (is_stuck(unit)) {
        strbuf_add(b, "not started: it waits for ");
        awaited_add(b, field(unit, "waiting"));
    } else {
        strbuf_add(b, "given up");
        if (last) {
            strbuf_add(b, ": ");
            endings_add_whole(b, last, unit);
        }
    }
}

/* Takes over what is in `what`. */
static void add_row_of(const struct session *s, struct rows *rows, const cJSON *unit,
                       const cJSON *record, int64_t when_wall_ms, struct strbuf *what)
{
    bool keeps = record && s->options->json;
    struct row *slot = new_row(rows);
    struct row row = {
        .unit = strdup(field_word(unit, "name")),
        .state = strdup(field_word(unit, "state")),
        .record = keeps ? cJSON_Duplicate(record, true) : NULL,
        .run = !record && is_stuck(unit) ? 0 : field_number(record ? record : unit, "run", 0),
        .when_wall_ms = when_wall_ms,
        .place = rows->n,
    };

    row.what = strbuf_steal(what);
    if (slot && row.unit && row.state && row.what && (row.record || !keeps)) {
        *slot = row;
        rows->n++;
    } else {
        finish_row(&row);
        rows->failed = true;
    }
}

static void add_row(const struct session *s, struct rows *rows, const cJSON *unit,
                    const cJSON *record, int64_t when_wall_ms)
{
    struct strbuf what = STRBUF_INIT;

    add_what(&what, unit, record);
    add_row_of(s, rows, unit, record, when_wall_ms, &what);
}

/* The hooks of a run that failed, but for the one that its failure tells of already. */
static void add_hooks(const struct session *s, struct rows *rows, const cJSON *unit,
                      const cJSON *record, int64_t when_wall_ms)
{
    const char *stage = field_word(field(record, "error"), "stage");
    const cJSON *failed;

    cJSON_ArrayForEach(failed, field(record, "failed_hooks"))
    {
        const char *hook = field_word(failed, "hook");
        struct strbuf what = STRBUF_INIT;

        if (strcmp(hook, stage) == 0)
            continue;
        strbuf_addf(&what, "%s failed: %s", hook, field_word(failed, "message"));
        add_row_of(s, rows, unit, record, when_wall_ms, &what);
    }
}

/* What users often get wrong; when that was is when its run ended, if it has. */
static void add_mistake(const struct session *s, struct rows *rows, const cJSON *unit)
{
    const cJSON *mistake = field(unit, "mistake"), *record;
    struct strbuf what = STRBUF_INIT;
    int64_t when_wall_ms = 0;

    if (!mistake)
        return;
    cJSON_ArrayForEach(record, field(unit, "records"))
    {
        if (field_number(record, "run", -1) == field_number(mistake, "run", 0))
            (void)words_parse_time(field_word(record, "ended_at"), &when_wall_ms);
    }
    strbuf_addf(&what, "likely a mistake: %s", field_word(mistake, "message"));
    add_row_of(s, rows, unit, NULL, when_wall_ms, &what);
}

/* The failures of one unit; or that it is in trouble now, when no record says so. */
static void add_unit(const struct session *s, struct rows *rows, const cJSON *unit)
{
    int64_t failed_wall_ms;
    const cJSON *record;
    bool any = false;

    cJSON_ArrayForEach(record, field(unit, "records"))
    {
        int64_t ended_wall_ms = 0;

        (void)words_parse_time(field_word(record, "ended_at"), &ended_wall_ms);
        add_hooks(s, rows, unit, record, ended_wall_ms);
        if (!endings_is_failure(record, unit))
            continue;
        add_row(s, rows, unit, record, ended_wall_ms);
        any = true;
    }
    if (is_unkillable(unit) || is_stuck(unit) || (words_is_state(unit, STATE_FAILED) && !any))
        add_row(s, rows, unit, NULL, s->now_wall_ms - field_number(unit, "since_ms", 0));
    else if (probes_say_unhealthy(unit) &&
             words_parse_time(field_word(unit, "last_failure"), &failed_wall_ms))
        add_row(s, rows, unit, NULL, failed_wall_ms);
    add_mistake(s, rows, unit);
}

static int newest_first(const void *a, const void *b)
{
    const struct row *x = a, *y = b;

    if (x->when_wall_ms != y->when_wall_ms)
        return x->when_wall_ms < y->when_wall_ms ? 1 : -1;
    return (x->place > y->place) - (x->place < y->place);
}

static void add_when(struct table *t, const struct session *s, const struct row *row)
{
    struct strbuf text = STRBUF_INIT;

    if (row->when_wall_ms <= 0)
        ;
    else if (s->out.columns && s->out.columns < WIDE_COLUMNS)
        words_add_ago(&text, row->when_wall_ms, s->now_wall_ms);
    else
        words_add_moment(&text, row->when_wall_ms, s->now_wall_ms);
    table_add_text(t, STYLE_PLAIN, &text);
}

static void add_run(struct table *t, const struct row *row)
{
    if (row->run > 0)
        table_addf(t, STYLE_PLAIN, "%lld", (long long)row->run);
    else
        table_add(t, STYLE_PLAIN, NULL);
}

static const struct column columns[] = {
    {"WHEN", false, false, 0},          {"UNIT", false, false, 0}, {"RUN", true, false, 0},
    {"WHAT HAPPENED", false, false, 8}, {"NOW", false, false, 9},
};

static void write_table(const struct session *s, const struct rows *rows, size_t n_shown,
                        struct strbuf *out)
{
    struct table t;

    table_init(&t, columns, sizeof(columns) / sizeof(columns[0]));
    for (size_t i = 0; i < n_shown; i++) {
        const struct row *row = &rows->items[i];

        add_when(&t, s, row);
        table_add(&t, STYLE_PLAIN, row->unit);
        add_run(&t, row);
        table_add(&t, STYLE_PLAIN, row->what);
        table_add(&t, words_state_style(row->state), row->state);
    }
    table_write(&t, &s->out, out, 0);
    table_finish(&t);
    if (n_shown < rows->n) {
        struct strbuf more = STRBUF_INIT;

        strbuf_addf(&more, "%zu more; -n %zu shows them all", rows->n - n_shown, rows->n);
        strbuf_add(out, "\n");
        terminal_add(&s->out, out, STYLE_DIM, strbuf_text(&more));
        strbuf_add(out, "\n");
        strbuf_finish(&more);
    }
}

/* The record becomes the object's. */
static bool add_members(cJSON *object, struct row *row)
{
    cJSON *record = row->record ? row->record : cJSON_CreateNull();

    row->record = NULL;
    if (cJSON_AddStringToObject(object, "unit", row->unit) &&
        cJSON_AddStringToObject(object, "state", row->state) &&
        cJSON_AddStringToObject(object, "message", row->what) && record &&
        cJSON_AddItemToObject(object, "record", record))
        return true;
    cJSON_Delete(record);
    return false;
}

/* {"errors": [{"unit": , "state": , "message": , "record": }]} */
static int print_json(struct rows *rows, size_t n_shown)
{
    cJSON *reply = cJSON_CreateObject();
    cJSON *errors = reply ? cJSON_AddArrayToObject(reply, "errors") : NULL;
    bool made = errors != NULL;
    int code;

    for (size_t i = 0; made && i < n_shown; i++) {
        cJSON *item = cJSON_CreateObject();

        made = item && cJSON_AddItemToArray(errors, item);
        if (!made)
            cJSON_Delete(item);
        made = made && add_members(item, &rows->items[i]);
    }
    code = made ? call_print_json(reply, EXIT_OK) : out_of_memory();
    cJSON_Delete(reply);
    return code;
}

static int print(const struct session *s, struct rows *rows)
{
    int64_t limit = s->options->lines;
    size_t n_shown = rows->n;
    struct strbuf b = STRBUF_INIT;

    if (rows->failed)
        return out_of_memory();
    if (rows->n)
        qsort(rows->items, rows->n, sizeof(*rows->items), newest_first);
    if (limit < 0 && s->out.tty && !s->options->json)
        limit = LINES_ON_TERMINAL;
    if (limit >= 0 && (uint64_t)limit < n_shown)
        n_shown = (size_t)limit;
    if (s->options->json)
        return print_json(rows, n_shown);
    if (rows->n == 0)
        strbuf_add(&b, "no errors\n");
    else if (n_shown > 0)
        write_table(s, rows, n_shown, &b);
    return output(&b, EXIT_OK);
}

/* Whether it is worth asking for all that is known of a unit: it may have failed. */
static bool may_have_failed(const cJSON *unit)
{
    const cJSON *last = field(unit, "last_exit");

    if (words_is_state(unit, STATE_FAILED) || words_is_state(unit, STATE_KILLING) ||
        is_stuck(unit) || probes_say_unhealthy(unit))
        return true;
    return last && (field_number(unit, "run", 0) > 1 ||
                    cJSON_GetArraySize(field(last, "failed_hooks")) > 0 ||
                    strcmp(field_word(last, "reason"), reason_name(REASON_NATURAL)) != 0);
}

static int show(struct session *s, const char *name, struct rows *rows)
{
    cJSON *reply;
    int code = call(s, "Show", call_unit(name), &reply);

    if (code)
        return code;
    add_unit(s, rows, field(reply, "unit"));
    cJSON_Delete(reply);
    return EXIT_OK;
}

static int collect(struct session *s, char **args, size_t n_args, struct rows *rows)
{
    const cJSON *unit;
    cJSON *list;
    int code = call(s, "List", call_units(args, n_args), &list);

    if (code)
        return code;
    cJSON_ArrayForEach(unit, field(list, "units"))
    {
        if (!may_have_failed(unit))
            continue;
        code = show(s, field_word(unit, "name"), rows);
        if (code || rows->failed)
            break;
    }
    cJSON_Delete(list);
    return code;
}

int verb_errors(struct session *s, char **args, size_t n_args)
{
    struct rows rows = {0};
    int code = collect(s, args, n_args, &rows);

    if (code == EXIT_OK)
        code = print(s, &rows);
    finish_rows(&rows);
    return code;
}
