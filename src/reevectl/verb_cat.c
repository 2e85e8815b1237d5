/* cat: what units come to, as it is written, each value with its place; from reeved's memory: what
 * runs, whatever the files say by now. */
#include <string.h>

#include "reevectl/fields.h"
#include "reevectl/text.h"
#include "reevectl/verbs.h"
#include "reevectl/walk.h"
#include "reevectl/words.h"

/* As written, which may hold tabs, and with what could steer a terminal made harmless. */
static void add_text(struct strbuf *b, const char *text, size_t len_bytes)
{
    while (len_bytes > 0) {
        const char *tab = memchr(text, '\t', len_bytes);
        size_t part_bytes = tab ? (size_t)(tab - text) : len_bytes;
        struct strbuf part = STRBUF_INIT;

        strbuf_add_bytes(&part, text, part_bytes);
        text_add_harmless(b, strbuf_text(&part));
        b->failed |= part.failed;
        strbuf_finish(&part);
        if (tab)
            strbuf_add(b, "\t");
        part_bytes += tab != NULL;
        text += part_bytes;
        len_bytes -= part_bytes;
    }
}

/* A value of several lines goes on indented, as the configuration wants it. */
static void add_value(struct strbuf *b, const char *text)
{
    const char *newline;

    for (; (newline = strchr(text, '\n')) != NULL; text = newline + 1) {
        add_text(b, text, (size_t)(newline - text));
        strbuf_add(b, "\n    ");
    }
    add_text(b, text, strlen(text));
    strbuf_add(b, "\n");
}

/* "# /etc/reeve/reeve.ini:12", and "[template:app]" where that is not `own`, the unit's section. */
static void add_place(const struct session *s, struct strbuf *b, const cJSON *item, const char *own)
{
    const char *section = field_word(item, "section");
    struct strbuf place = STRBUF_INIT;

    strbuf_add(&place, "# ");
    words_add_place(&place, item);
    if (own && *section && strcmp(section, own) != 0)
        strbuf_addf(&place, " [%s]", section);
    terminal_add_harmless(&s->out, b, STYLE_DIM, strbuf_text(&place));
    strbuf_add(b, "\n");
    b->failed |= place.failed;
    strbuf_finish(&place);
}

static void add_header(const struct session *s, struct strbuf *b, const cJSON *unit)
{
    struct strbuf header = STRBUF_INIT;

    strbuf_addf(&header, "[%s:%s]", field_word(unit, "kind"), field_word(unit, "name"));
    terminal_add_harmless(&s->out, b, STYLE_BOLD, strbuf_text(&header));
    strbuf_add(b, "\n");
    b->failed |= header.failed;
    strbuf_finish(&header);
}

/* Whether an item before this one has the same key. */
static bool is_told(const cJSON *items, const cJSON *item)
{
    const cJSON *at;

    cJSON_ArrayForEach(at, items)
    {
        if (at == item)
            return false;
        if (strcmp(field_word(at, "key"), field_word(item, "key")) == 0)
            return true;
    }
    return false;
}

/* A key with its place; one whose values add up goes on with those of other places. */
static void add_key(const struct session *s, struct strbuf *b, const cJSON *item, const char *own)
{
    const char *key = field_word(item, "key");

    add_place(s, b, item, own);
    text_add_harmless(b, key);
    strbuf_add(b, " = ");
    add_value(b, field_word(item, "text"));
    while ((item = item->next) != NULL) {
        if (strcmp(field_word(item, "key"), key) != 0)
            continue;
        strbuf_add(b, "    ");
        add_place(s, b, item, own);
        strbuf_add(b, "    ");
        add_value(b, field_word(item, "text"));
    }
}

static int visit(struct session *s, const cJSON *reply)
{
    const cJSON *unit = field(reply, "unit"), *config = field(unit, "config"), *item;
    const char *of = field_word(unit, "instance_of");
    struct strbuf b = STRBUF_INIT, own = STRBUF_INIT;

    if (s->options->json)
        return call_print_json(reply, EXIT_OK);
    if (s->n_blocks++)
        strbuf_add(&b, "\n");
    strbuf_addf(&own, "%s:%s", field_word(unit, "kind"), *of ? of : field_word(unit, "name"));
    add_place(s, &b, unit, NULL);
    add_header(s, &b, unit);
    cJSON_ArrayForEach(item, config)
    {
        if (!is_told(config, item))
            add_key(s, &b, item, strbuf_text(&own));
    }
    b.failed |= own.failed;
    strbuf_finish(&own);
    return output(&b, EXIT_OK);
}

int verb_cat(struct session *s, char **args, size_t n_args)
{
    return walk_units(s, args, n_args, visit);
}
