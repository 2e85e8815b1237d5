/* show: everything reeved knows about units: as written, in effect, facts, and the last runs. */
#include <string.h>

#include "base/duration.h"
#include "core/hook.h"
#include "reevectl/awaited.h"
#include "reevectl/fields.h"
#include "reevectl/graph_tree.h"
#include "reevectl/people.h"
#include "reevectl/probes.h"
#include "reevectl/render.h"
#include "reevectl/text.h"
#include "reevectl/units.h"
#include "reevectl/verbs.h"
#include "reevectl/walk.h"
#include "reevectl/words.h"

enum { VALUE_COLUMNS_MAX = 48, PROBES_ALL = 8, RECORDS_ALL = 16 };

static void add_heading(const struct session *s, struct strbuf *b, const char *heading)
{
    strbuf_add(b, "\n");
    terminal_add(&s->out, b, STYLE_BOLD, heading);
    strbuf_add(b, "\n");
}

/* Adds `text` harmless and padded to `columns`. */
static void add_padded(struct strbuf *b, const char *text, size_t columns)
{
    struct strbuf harmless = STRBUF_INIT;
    size_t used;

    text_add_harmless(&harmless, text);
    used = text_columns(strbuf_text(&harmless));
    strbuf_add(b, strbuf_text(&harmless));
    text_add_spaces(b, used < columns ? columns - used : 0);
    b->failed |= harmless.failed;
    strbuf_finish(&harmless);
}

static size_t wider(size_t widest, const char *text)
{
    size_t columns = text_columns(text);

    return columns > widest ? columns : widest;
}

/* Puts the first line of `text` into `line`. Returns what follows it, NULL after the last. */
static const char *take_line(struct strbuf *line, const char *text)
{
    const char *end = strchrnul(text, '\n');

    strbuf_consume(line, line->len_bytes);
    strbuf_add_bytes(line, text, (size_t)(end - text));
    return *end ? end + 1 : NULL;
}

/* Where a key stands: "/etc/reeve/reeve.ini:13", or ":13" for short in the file of its unit. */
static void add_place(struct strbuf *b, const cJSON *item, const char *short_for)
{
    const char *file = field_word(item, "file");

    if (!short_for || strcmp(file, short_for) != 0)
        text_add_harmless(b, file);
    strbuf_addf(b, ":%lld", (long long)field_number(item, "line", 0));
}

struct config_widths {
    size_t keys, values, places;
};

static struct config_widths config_widths(struct strbuf *b, const cJSON *config)
{
    struct config_widths w = {0, 0, 0};
    const cJSON *item;

    cJSON_ArrayForEach(item, config)
    {
        struct strbuf place = STRBUF_INIT, line = STRBUF_INIT;

        add_place(&place, item, NULL);
        w.keys = wider(w.keys, field_word(item, "key"));
        for (const char *text = field_word(item, "text"); text;) {
            text = take_line(&line, text);
            w.values = wider(w.values, strbuf_text(&line));
        }
        w.places = wider(w.places, strbuf_text(&place));
        b->failed |= place.failed || line.failed;
        strbuf_finish(&place);
        strbuf_finish(&line);
    }
    /* A long command is shown whole, but does not push all places to the far right. */
    if (w.values > VALUE_COLUMNS_MAX)
        w.values = VALUE_COLUMNS_MAX;
    return w;
}

/* The keys as written, each with its place in the files; the items of a list one below the other.
 */
static void add_config(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    const cJSON *config = field(unit, "config"), *item;
    struct config_widths w = config_widths(b, config);
    size_t total = 2 + w.keys + 3 + w.values + 2 + w.places;
    bool narrow = s->out.columns && total > s->out.columns;

    cJSON_ArrayForEach(item, config)
    {
        struct strbuf place = STRBUF_INIT, line = STRBUF_INIT;
        const char *more = take_line(&line, field_word(item, "text"));

        strbuf_add(b, "  ");
        add_padded(b, field_word(item, "key"), w.keys);
        strbuf_add(b, " = ");
        add_padded(b, strbuf_text(&line), w.values);
        strbuf_add(b, "  ");
        add_place(&place, item, narrow ? field_word(unit, "file") : NULL);
        terminal_add(&s->out, b, STYLE_DIM, strbuf_text(&place));
        strbuf_add(b, "\n");
        while (more) {
            more = take_line(&line, more);
            text_add_spaces(b, 2 + w.keys + 3);
            text_add_harmless(b, strbuf_text(&line));
            strbuf_add(b, "\n");
        }
        b->failed |= place.failed || line.failed;
        strbuf_finish(&place);
        strbuf_finish(&line);
    }
}

static bool ends_with(const char *key, const char *suffix)
{
    size_t length = strlen(key), suffix_length = strlen(suffix);

    return length > suffix_length && strcmp(key + length - suffix_length, suffix) == 0;
}

static void add_words(struct strbuf *b, const cJSON *words)
{
    const cJSON *word;

    cJSON_ArrayForEach(word, words)
    {
        if (word != words->child)
            strbuf_add(b, " ");
        if (cJSON_IsString(word))
            strbuf_add(b, word->valuestring);
        else
            strbuf_addf(b, "%.15g", word->valuedouble);
    }
}

static bool is_time(const char *key)
{
    return ends_with(key, "_at") || strcmp(key, "last_success") == 0 ||
           strcmp(key, "last_failure") == 0 || strcmp(key, "held_until") == 0;
}

/* The value of a member, read by its type and by the unit in its name. */
static void add_value(const struct session *s, struct strbuf *b, const cJSON *item)
{
    int64_t number = cJSON_IsNumber(item) ? field_number_of(item, 0) : 0;
    int64_t wall_ms;
    char text[64];

    if (cJSON_IsBool(item)) {
        strbuf_add(b, cJSON_IsTrue(item) ? "yes" : "no");
    } else if (cJSON_IsArray(item)) {
        add_words(b, item);
    } else if (cJSON_IsNumber(item)) {
        if (strcmp(item->string, "since_ms") == 0)
            words_add_moment(b, s->now_wall_ms - number, s->now_wall_ms);
        else if (ends_with(item->string, "_ms"))
            strbuf_add(b, duration_format(number, text, sizeof(text)));
        else
            strbuf_addf(b, "%.15g%s", item->valuedouble,
                        ends_with(item->string, "_percent") ? "%" : "");
    } else if (cJSON_IsString(item)) {
        if (is_time(item->string) && words_parse_time(item->valuestring, &wall_ms)) {
            words_add_moment(b, wall_ms, s->now_wall_ms);
        } else {
            strbuf_add(b, item->valuestring);
        }
    } else {
        strbuf_add(b, "-");
    }
}

/* The key without the unit that the value already shows. */
static void add_name(struct strbuf *b, const char *key)
{
    static const char *const suffixes[] = {"_ms", "_percent", "_at"};
    size_t length = strlen(key);

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        if (ends_with(key, suffixes[i]))
            length -= strlen(suffixes[i]);
    strbuf_add_bytes(b, key, length);
}

/* Whether it is a list of commands, each of which has words of its own. */
static bool is_commands(const cJSON *item)
{
    for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
        if (strcmp(item->string, hook_name(hook)) == 0)
            return cJSON_IsArray(item);
    return false;
}

/* One below the other, from column `at` on. */
static void add_commands(struct strbuf *b, const cJSON *commands, size_t at)
{
    const cJSON *command;

    cJSON_ArrayForEach(command, commands)
    {
        if (command != commands->child) {
            strbuf_add(b, "\n");
            text_add_spaces(b, at);
        }
        if (cJSON_IsString(command))
            text_add_harmless(b, command->valuestring);
    }
}

static void add_member(const struct session *s, struct strbuf *b, const cJSON *item, size_t keys)
{
    struct strbuf name = STRBUF_INIT, value = STRBUF_INIT;

    add_name(&name, item->string);
    strbuf_add(b, "  ");
    add_padded(b, strbuf_text(&name), keys);
    strbuf_add(b, " = ");
    if (is_commands(item)) {
        add_commands(b, item, 2 + keys + 3);
    } else {
        add_value(s, &value, item);
        text_add_harmless(b, strbuf_text(&value));
    }
    strbuf_add(b, "\n");
    b->failed |= name.failed || value.failed;
    strbuf_finish(&name);
    strbuf_finish(&value);
}

/* What is shown: all members of an object that hold something, or of a unit only the plain facts.
 */
static bool is_shown(const cJSON *item, bool all)
{
    static const char *const elsewhere[] = {"name", "kind", "description", "file", "line"};

    if (all)
        return !cJSON_IsNull(item) && !(cJSON_IsArray(item) && !item->child);
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
        if (strcmp(item->string, elsewhere[i]) == 0)
            return false;
    return !cJSON_IsNull(item) && !cJSON_IsObject(item) && !cJSON_IsArray(item);
}

static void add_members(const struct session *s, struct strbuf *b, const cJSON *object, bool all)
{
    const cJSON *item;
    size_t keys = 0;

    cJSON_ArrayForEach(item, object)
    {
        struct strbuf name = STRBUF_INIT;

        add_name(&name, item->string);
        if (is_shown(item, all))
            keys = wider(keys, strbuf_text(&name));
        b->failed |= name.failed;
        strbuf_finish(&name);
    }
    cJSON_ArrayForEach(item, object)
    {
        if (is_shown(item, all))
            add_member(s, b, item, keys);
    }
}

static void add_title(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    struct strbuf title = STRBUF_INIT, place = STRBUF_INIT;

    strbuf_addf(&title, "[%s:%s]", field_word(unit, "kind"), field_word(unit, "name"));
    terminal_add_harmless(&s->out, b, STYLE_BOLD, strbuf_text(&title));
    strbuf_add(b, "  ");
    words_add_place(&place, unit);
    terminal_add_harmless(&s->out, b, STYLE_DIM, strbuf_text(&place));
    strbuf_add(b, "\n");
    b->failed |= title.failed || place.failed;
    strbuf_finish(&title);
    strbuf_finish(&place);
}

/* A heading and one text below it, which it finishes; nothing without a text. */
static void add_block(const struct session *s, struct strbuf *b, const char *heading,
                      struct strbuf *text)
{
    if (text->len_bytes) {
        add_heading(s, b, heading);
        strbuf_add(b, "  ");
        terminal_add_paragraph(&s->out, b, STYLE_PLAIN, text, 2, 2);
    }
    strbuf_finish(text);
}

static void add_told(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    struct strbuf text = STRBUF_INIT;

    words_add_told(&text, field(unit, "told"));
    add_block(s, b, "It says", &text);
}

static void add_waiting(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    struct strbuf text = STRBUF_INIT;

    awaited_add(&text, field(unit, "waiting"));
    add_block(s, b, "Waits for", &text);
}

static void add_holder_and_mistake(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    const cJSON *mistake = field(unit, "mistake");
    struct strbuf text = STRBUF_INIT;

    if (field(unit, "held_by"))
        people_add_requester(&text, field(unit, "held_by"));
    add_block(s, b, "Held by", &text);
    if (mistake)
        strbuf_addf(&text, "run %lld: %s", (long long)field_number(mistake, "run", 0),
                    field_word(mistake, "message"));
    add_block(s, b, "Likely a mistake", &text);
}

static const struct column hook_columns[] = {
    {"RUN", true, false, 0},
    {"HOOK", false, false, 0},
    {"WHAT HAPPENED", false, false, 8},
};

/* Hooks that failed, of the runs that are told. */
static void add_failed_hooks(const struct session *s, struct strbuf *b, const cJSON *records)
{
    const cJSON *record, *failed;
    bool any = false;
    struct table t;

    table_init(&t, hook_columns, sizeof(hook_columns) / sizeof(hook_columns[0]));
    cJSON_ArrayForEach(record, records)
    {
        cJSON_ArrayForEach(failed, field(record, "failed_hooks"))
        {
            table_addf(&t, STYLE_PLAIN, "%lld", (long long)field_number(record, "run", 0));
            table_add(&t, STYLE_PLAIN, field_word(failed, "hook"));
            table_add(&t, STYLE_PLAIN, field_word(failed, "message"));
            any = true;
        }
    }
    if (any) {
        add_heading(s, b, "Failed hooks");
        table_write(&t, &s->out, b, 2);
    }
    table_finish(&t);
}

static const struct column dependency_columns[] = {
    {"UNIT", false, false, 0},
    {"DEPENDENCY", false, false, 8},
    {"MET", false, false, 0},
};

/* Units that it depends on, or that depend on it. */
static void add_dependencies(const struct session *s, struct strbuf *b, const char *heading,
                             const cJSON *dependencies)
{
    const cJSON *dependency;
    struct table t;

    if (cJSON_GetArraySize(dependencies) == 0)
        return;
    add_heading(s, b, heading);
    table_init(&t, dependency_columns, sizeof(dependency_columns) / sizeof(dependency_columns[0]));
    cJSON_ArrayForEach(dependency, dependencies)
    {
        bool met = field_true(dependency, "met");
        struct strbuf how = STRBUF_INIT;

        graph_tree_add_dependency(&how, dependency);
        table_add(&t, STYLE_PLAIN, field_word(dependency, "unit"));
        table_add_text(&t, STYLE_PLAIN, &how);
        table_add(&t, met ? STYLE_PLAIN : STYLE_YELLOW, met ? "yes" : "no");
    }
    table_write(&t, &s->out, b, 2);
    table_finish(&t);
}

static int visit(struct session *s, const cJSON *reply)
{
    const cJSON *unit = field(reply, "unit");
    const cJSON *records = field(unit, "records");
    struct strbuf b = STRBUF_INIT;

    if (s->options->json)
        return call_print_json(reply, EXIT_OK);
    if (s->n_blocks++)
        strbuf_add(&b, "\n");
    add_title(s, &b, unit);
    add_config(s, &b, unit);
    add_heading(s, &b, "In effect");
    add_members(s, &b, field(unit, "effective"), true);
    add_heading(s, &b, "Now");
    add_members(s, &b, unit, false);
    add_told(s, &b, unit);
    add_waiting(s, &b, unit);
    add_holder_and_mistake(s, &b, unit);
    add_dependencies(s, &b, "Depends on", field(unit, "dependencies"));
    add_dependencies(s, &b, "Depended on by", field(unit, "dependents"));
    if (cJSON_GetArraySize(field(unit, "probes")) > 0) {
        add_heading(s, &b, "Last probes");
        probes_write(s, unit, PROBES_ALL, &b, 2);
    }
    if (cJSON_GetArraySize(records) > 0) {
        add_heading(s, &b, "Last runs");
        units_write_records(s, records, RECORDS_ALL, &b, 2);
    }
    add_failed_hooks(s, &b, records);
    return output(&b, EXIT_OK);
}

int verb_show(struct session *s, char **args, size_t n_args)
{
    return walk_units(s, args, n_args, visit);
}
