/* What a unit is put together from: [defaults], the templates that it extends, its own section. */
#include <errno.h>
#include <string.h>

#include "base/nearest.h"
#include "config/expand.h"
#include "config/loader.h"
#include "config/values.h"

/* Names are compared with all others only so often, for a file full of unknown ones. */
enum { GUESSES_MAX = 50 };

/* ---- a section to a layer ---- */

/* Continued lines are joined by a space, unless each is an item. */
static const char *joined(struct loader *l, const char *value)
{
    char *copy, *at;

    if (!strchr(value, '\n'))
        return value;
    copy = arena_copy(&l->arena, value, strlen(value));
    if (!copy)
        report_out_of_memory(&l->report);
    for (at = copy; at && *at; at++) {
        if (*at == '\n')
            *at = ' ';
    }
    return copy;
}

/* Where the key stands in the layer already; NULL: nowhere. */
static const struct given *find_given(const struct layer *layer, uint32_t key)
{
    for (uint32_t i = 0; i < layer->n_keys; i++) {
        if (layer->keys[i].key == key)
            return &layer->keys[i].given;
    }
    return NULL;
}

static void add_key(struct loader *l, const struct ini_key *k, uint32_t key, struct layer *layer)
{
    bool lines = key_takes_lines(k->name);

    layer->keys[layer->n_keys++] = (struct layer_key){
        key,
        {
            .text = lines ? k->value : joined(l, k->value),
            .source = k->source,
            .line = k->line,
            .value_lines = k->value_lines,
            .title = layer->title,
        },
    };
}

static void read_key(struct loader *l, const struct ini_key *k, struct layer *layer)
{
    struct strbuf why = STRBUF_INIT;
    struct place where = {k->line, layer->title, k->name, k->source, NULL};
    const struct given *first;
    const char *meant;
    int key = key_find(k->name, layer->kind, &why, &meant);

    if (key < 0) {
        layer->command_refused |= meant && strcmp(meant, "command") == 0;
        layer->health_refused |= meant && strcmp(meant, "health") == 0;
        report_add(&l->report, where, "%s", strbuf_text(&why));
        if (why.failed)
            report_out_of_memory(&l->report);
    } else if ((first = find_given(layer, (uint32_t)key)) != NULL) {
        report_add(&l->report, where,
                   "the key is given twice; it was first given in line %u: keep one of them",
                   first->line);
    } else {
        add_key(l, k, (uint32_t)key, layer);
    }
    strbuf_finish(&why);
}

struct layer *layer_read(struct loader *l, const struct ini_section *section,
                         enum section_kind kind)
{
    struct layer *layer = arena_alloc(&l->arena, 1, sizeof *layer);

    if (layer)
        *layer = (struct layer){
            .kind = kind,
            .title = section->title,
            .source = section->source,
            .line = section->line,
            .command_refused = section->refused,
            .health_refused = section->refused,
            .keys = arena_alloc(&l->arena, section->n_keys + 1, sizeof *layer->keys),
        };
    if (!layer || !layer->keys) {
        report_out_of_memory(&l->report);
        return NULL;
    }
    for (size_t i = 0; i < section->n_keys; i++)
        read_key(l, &l->doc.keys[section->first_key + i], layer);
    return layer;
}

void layer_check(struct loader *l, const struct layer *layer)
{
    struct unit_draft d = {0};

    for (uint32_t i = 0; i < layer->n_keys; i++) {
        const struct key *key = &keys[layer->keys[i].key];
        const struct given *g = &layer->keys[i].given;
        struct place where = {g->line, g->title, key->name, g->source, NULL};
        struct strbuf why = STRBUF_INIT;

        /* What a variable stands for is known in a unit. */
        if (g->text && !strstr(g->text, "${") && value_store(key, g->text, &d, &why) < 0)
            report_add(&l->report, where, "%s", strbuf_text(&why));
        if (why.failed)
            report_out_of_memory(&l->report);
        strbuf_finish(&why);
    }
}

void draft_take(struct draft *d, const struct layer *const *layers, uint32_t n_layers)
{
    d->layers = layers;
    d->n_layers = n_layers;
    for (uint32_t i = 0; i < n_layers; i++) {
        const struct layer *layer = layers[i];

        d->command_refused |= layer->command_refused;
        d->health_refused |= layer->health_refused;
        for (uint32_t k = 0; k < layer->n_keys; k++) {
            uint32_t key = layer->keys[k].key;

            if (!key_is_for(key, d->kind))
                continue;
            d->given[key] = layer->keys[k].given;
            d->given[key].level = i;
        }
    }
}

/* ---- extends ---- */

/* All sections on their way to their layers. */
struct linker {
    struct loader *l;
    struct header *headers; /* by number of section */
    enum link_state { NEW, BUSY, LINKED } * states;
    /* The templates that are being linked, each because of the one before it. */
    uint32_t path[TEMPLATES_MAX + 1];
    uint32_t n_path;
    bool told_many; /* one complaint for all that extend too many */
    unsigned n_guesses;
};

/* The layers of one section, as they gather. */
struct gathering {
    const struct layer *layers[TEMPLATES_MAX + 2];
    uint32_t n;
};

static const struct given *find_extends(const struct header *h)
{
    for (uint32_t i = 0; h->own && i < h->own->n_keys; i++) {
        if (strcmp(keys[h->own->keys[i].key].name, "extends") == 0)
            return &h->own->keys[i].given;
    }
    return NULL;
}

static struct place extends_place(const struct given *g)
{
    return (struct place){g->line, g->title, "extends", g->source, NULL};
}

static void complain_many(struct linker *k, const struct given *extends)
{
    if (!k->told_many)
        report_add(&k->l->report, extends_place(extends),
                   "it comes to more than %d templates, with those that they extend; put some of "
                   "them together",
                   TEMPLATES_MAX);
    k->told_many = true;
}

/* "templates extend each other in a circle: app extends base, base extends app" */
static void complain_circle(struct linker *k, uint32_t first, const struct given *extends)
{
    struct strbuf path = STRBUF_INIT;
    uint32_t at = 0;

    while (k->path[at] != first)
        at++;
    if (at + 1 == k->n_path) {
        report_add(&k->l->report, extends_place(extends),
                   "'%s' is this template itself; remove it here", k->headers[first].name);
        return;
    }
    for (uint32_t i = at; i < k->n_path; i++)
        strbuf_addf(&path, "%s%s extends %s", i > at ? ", " : "", k->headers[k->path[i]].name,
                    k->headers[i + 1 < k->n_path ? k->path[i + 1] : first].name);
    if (path.failed)
        report_out_of_memory(&k->l->report);
    else
        report_add(&k->l->report, extends_place(extends),
                   "templates extend each other in a circle: %s; take one of these out",
                   strbuf_text(&path));
    strbuf_finish(&path);
}

/* What could be meant by the name of no template: one that is like it, or a unit. */
struct guess {
    const char *near;
    bool is_unit;
};

static struct guess guess(struct linker *k, const char *word)
{
    size_t n_sections = k->l->doc.n_sections, n = 0;
    struct guess g = {NULL, false};
    const char **names;

    if (k->n_guesses++ >= GUESSES_MAX)
        return g;
    names = arena_alloc(&k->l->arena, n_sections + 1, sizeof *names);
    for (size_t i = 0; names && i < n_sections; i++) {
        const struct header *h = &k->headers[i];

        if (h->kind == SECTION_TEMPLATE && h->name)
            names[n++] = h->name;
        else if (h->kind & SECTION_UNIT && h->name)
            g.is_unit |= strcmp(h->name, word) == 0;
    }
    if (names)
        g.near = nearest_name(word, names, n);
    return g;
}

static void complain_unknown(struct linker *k, const struct given *extends, const char *word)
{
    struct place where = extends_place(extends);
    size_t n = section_name_span(word);
    struct guess meant = guess(k, word);
    char text[SHOWN_BYTES];

    shown(text, word);
    if (word[n] == ',')
        report_add(&k->l->report, where,
                   "'%s' is no name of a template; separate names by white space, not by ','",
                   text);
    else if (strtab_find(&k->l->refused, word, strlen(word)))
        return; /* its header was complained about */
    else if (meant.near && !meant.is_unit)
        report_add(&k->l->report, where, "there is no template '%s'; did you mean '%s'?", text,
                   meant.near);
    else if (meant.is_unit)
        report_add(&k->l->report, where,
                   "'%s' is a unit, and only templates are extended; put what they have in common "
                   "into [template:NAME], and write extends = NAME in both",
                   text);
    else
        report_add(&k->l->report, where,
                   "there is no template '%s'; write a section [template:%s], or remove it here",
                   text, word[n] || n == 0 ? "NAME" : text);
}

/* Adds what is not there yet. */
static void gather(struct linker *k, struct gathering *to, const struct layer *layer,
                   const struct given *extends)
{
    for (uint32_t i = 0; i < to->n; i++) {
        if (to->layers[i] == layer)
            return;
    }
    if (to->n >= TEMPLATES_MAX)
        complain_many(k, extends);
    else
        to->layers[to->n++] = layer;
}

static void link_section(struct linker *k, uint32_t number);

/* One word of `extends`; false after a complaint. */
static bool extend(struct linker *k, const struct given *extends, const char *word,
                   struct gathering *to)
{
    const struct strtab_entry *e = strtab_find(&k->l->templates, word, strlen(word));
    uint32_t number;

    if (!e) {
        complain_unknown(k, extends, word);
        return false;
    }
    number = (uint32_t)e->value;
    if (k->states[number] == BUSY) {
        complain_circle(k, number, extends);
        return false;
    }
    link_section(k, number);
    for (uint32_t i = 0; i < k->headers[number].n_layers; i++)
        gather(k, to, k->headers[number].layers[i], extends);
    return true;
}

/* Whether the text up to `word` names it already. */
static bool is_repeated(const char *text, const char *word, size_t len)
{
    while (text < word) {
        size_t n = strcspn(text, " \t\r\v\f");

        if (n == len && strncmp(text, word, len) == 0)
            return true;
        text += n + (text[n] != '\0');
    }
    return false;
}

/* False after a complaint. */
static bool extend_all(struct linker *k, const struct given *extends, struct gathering *to)
{
    struct loader *l = k->l;
    struct strbuf why = STRBUF_INIT;
    const char *text, *at;
    bool good = true;

    if (expand(extends->text, &l->base, &l->arena, &text, &why) < 0) {
        if (why.len_bytes)
            report_add(&l->report, extends_place(extends), "%s", strbuf_text(&why));
        else
            report_out_of_memory(&l->report);
        strbuf_finish(&why);
        return false;
    }
    for (at = text;;) {
        size_t len;
        char *word;

        while (ini_is_space(*at))
            at++;
        len = strcspn(at, " \t\r\v\f");
        if (!len)
            return good;
        word = arena_copy(&l->arena, at, len);
        if (!word) {
            report_out_of_memory(&l->report);
            return false;
        }
        if (is_repeated(text, at, len)) {
            char name[SHOWN_BYTES];

            report_add(&l->report, extends_place(extends), "'%s' is named twice; write it once",
                       shown(name, word));
        } else {
            good &= extend(k, extends, word, to);
        }
        at += len;
    }
}

/* Gives the section its layers, and first those that it extends theirs: not deeper than the path
 * is long. */
static void link_section(struct linker *k, uint32_t number)
{
    struct header *h = &k->headers[number];
    const struct given *extends = find_extends(h);
    struct gathering g = {.n = 0};

    if (k->states[number] != NEW)
        return;
    if (extends && k->n_path > TEMPLATES_MAX) {
        complain_many(k, extends);
        extends = NULL;
    }
    k->states[number] = BUSY;
    if (extends) {
        k->path[k->n_path++] = number;
        /* What is missing may stand in what could not be found. */
        if (!extend_all(k, extends, &g))
            h->own->command_refused = h->own->health_refused = true;
        k->n_path--;
    }
    k->states[number] = LINKED;
    g.layers[g.n++] = h->own;
    h->n_layers = g.n;
    h->layers = arena_alloc(&k->l->arena, g.n + 1, sizeof *h->layers);
    if (!h->layers) {
        h->n_layers = 0;
        report_out_of_memory(&k->l->report);
        return;
    }
    if (h->kind & SECTION_UNIT && k->l->defaults) {
        h->layers[0] = k->l->defaults;
        h->n_layers++;
    }
    memcpy(h->layers + h->n_layers - g.n, g.layers, g.n * sizeof *h->layers);
}

void layers_link(struct loader *l, struct header *headers)
{
    struct linker k = {.l = l, .headers = headers};

    k.states = arena_alloc(&l->arena, l->doc.n_sections + 1, sizeof *k.states);
    if (!k.states) {
        report_out_of_memory(&l->report);
        return;
    }
    for (uint32_t i = 0; i < l->doc.n_sections; i++) {
        if (headers[i].own && headers[i].kind != SECTION_DEFAULTS)
            link_section(&k, i);
        if (headers[i].own && headers[i].kind & SECTION_SHARED)
            layer_check(l, headers[i].own);
    }
}
