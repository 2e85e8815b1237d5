#include "config/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/lookup.h"

/* The keys of one load, on their way to links. */
struct linker {
    struct loader *l;
    struct lookup *units;
    struct links links;
    /* What the present key has named already holds its number. By unit, and by tag. */
    uint32_t *one_named, *section_named, *tag_named;
    uint32_t key_number;
    bool full;
};

const char *const order_key_names[ORDER_KEYS] = {"requires", "wants", "after", "before",
                                                 "on_failed"};

struct place order_place(const struct loader *l, uint32_t unit, enum order_key key)
{
    return l->texts[unit].keys[key].where;
}

/* ---- one word ---- */

/* Whether the present key names the same for the second time. */
static bool is_repeated(struct linker *k, const struct units_meant *m)
{
    uint32_t *mark = m->tag     ? &k->tag_named[m->tag_number]
                     : m->whole ? &k->section_named[m->first]
                                : &k->one_named[m->first];
    bool again = *mark == k->key_number;

    *mark = k->key_number;
    return again;
}

static enum condition condition_for(const struct unit_spec *u, const struct units_meant *m)
{
    if (m->condition != CONDITION_COUNT)
        return (enum condition)m->condition;
    return u->kind == UNIT_JOB ? CONDITION_COMPLETED : CONDITION_READY;
}

/* " (tag:backend)", where a unit was not named by its name. */
static void add_tag(struct strbuf *to, const struct units_meant *m)
{
    char text[SHOWN_BYTES];

    if (m->tag)
        strbuf_addf(to, " (tag:%s)", shown(text, m->tag));
}

/* What is wrong with this one unit under this key goes to `why`. */
static void judge_pair(const struct linker *k, uint32_t self, enum order_key key, uint32_t other,
                       const struct units_meant *m, struct strbuf *why)
{
    const struct unit_spec *units = k->l->set->units, *o = &units[other];
    const char *name = m->whole ? o->base_name : o->name;

    if (other == self) {
        strbuf_addf(why, "'%s' is this unit itself; remove it here", name);
    } else if (key == ORDER_REQUIRES && !o->enabled && units[self].enabled) {
        strbuf_addf(why, "'%s'", name);
        add_tag(why, m);
        strbuf_addf(why, " never starts, since it has enabled = no; enable it, or remove it here");
    } else if (condition_for(o, m) == CONDITION_COMPLETED && key != ORDER_BEFORE &&
               o->kind == UNIT_SERVICE && o->restart == RESTART_ALWAYS) {
        strbuf_addf(why, "'%s'", name);
        add_tag(why, m);
        strbuf_addf(why, " is a service with restart = always, which never completes; write ");
        strbuf_addf(why, "%s%s:ready, or give it restart = on-failure", m->tag ? "tag:" : "",
                    m->tag ? m->tag : name);
    } else if (m->condition == CONDITION_HEALTHY && !k->l->texts[other].has_health) {
        strbuf_addf(why, "'%s'", name);
        add_tag(why, m);
        strbuf_addf(why,
                    " has no key 'health', so that nothing tells whether it is healthy; give it "
                    "one, or write %s%s:ready",
                    m->tag ? "tag:" : "", m->tag ? m->tag : name);
    }
}

static void warn_pair(struct linker *k, uint32_t self, enum order_key key, uint32_t other,
                      const struct units_meant *m)
{
    const struct unit_spec *o = &k->l->set->units[other];

    if (key == ORDER_WANTS && !o->enabled && !m->tag && k->l->set->units[self].enabled)
        report_warn(&k->l->report, order_place(k->l, self, key),
                    "'%s' never starts, since it has enabled = no; enable it, or remove it here",
                    m->whole ? o->base_name : o->name);
}

static void add_link(struct linker *k, struct link link)
{
    struct links *to = &k->links;

    if (link.from == link.to)
        return;
    if (to->n == DEPENDENCIES_MAX) {
        report_add(&k->l->report, order_place(k->l, link.owner, link.key),
                   "there are more than %d dependencies, with all instances; name fewer units",
                   DEPENDENCIES_MAX);
        k->full = true;
        return;
    }
    if (to->n == to->cap) {
        uint32_t cap = to->cap ? to->cap * 2 : 64;
        struct link *items = realloc(to->items, cap * sizeof *items);

        if (!items) {
            report_out_of_memory(&k->l->report);
            k->full = true;
            return;
        }
        to->items = items;
        to->cap = cap;
    }
    to->items[to->n++] = link;
}

static void link_pair(struct linker *k, uint32_t self, enum order_key key, uint32_t other,
                      const struct units_meant *m)
{
    const struct unit_spec *units = k->l->set->units;
    bool before = key == ORDER_BEFORE;
    struct link link = {
        .from = before ? other : self,
        .to = before ? self : other,
        .conditions = 1u << condition_for(&units[before ? self : other], m),
        .key = key,
        .owner = self,
        .tag = m->tag,
    };

    add_link(k, link);
}

/* By a tag, or a key that it has in common with others, a unit does not mean itself, nor its other
 * instances. */
static bool is_passed_over(const struct linker *k, uint32_t self, enum order_key key,
                           uint32_t other, const struct units_meant *m)
{
    const struct unit_spec *units = k->l->set->units;

    return (m->tag || k->l->texts[self].keys[key].inherited) &&
           units[other].base_name == units[self].base_name;
}

/* Links to all that a word means. What is wrong with one of them is enough. */
static void link_word(struct linker *k, uint32_t self, enum order_key key,
                      const struct units_meant *m, struct strbuf *why)
{
    char text[SHOWN_BYTES];
    uint32_t n = 0;

    for (uint32_t i = 0; i < m->n && !k->full && !why->len_bytes; i++) {
        uint32_t other = lookup_unit(m, i);

        if (is_passed_over(k, self, key, other, m))
            continue;
        judge_pair(k, self, key, other, m, why);
        warn_pair(k, self, key, other, m);
        link_pair(k, self, key, other, m);
        n++;
    }
    if (n == 0 && m->tag && !k->l->texts[self].keys[key].inherited)
        strbuf_addf(why,
                    "no other unit has the tag '%s'; write it into the 'tags' of some, or remove "
                    "it here",
                    shown(text, m->tag));
}

static void resolve_word(struct linker *k, uint32_t self, enum order_key key, const char *word,
                         size_t len)
{
    struct units_meant m;
    struct strbuf why = STRBUF_INIT;
    char text[SHOWN_BYTES], *copy = arena_copy(&k->l->arena, word, len);
    int rc = copy ? lookup_word(k->units, word, len, &m, &why) : -ENOMEM;

    if (rc == 0 && is_repeated(k, &m))
        strbuf_addf(&why, "'%s' is named twice; write it once", shown(text, copy));
    else if (rc == 0 && key == ORDER_BEFORE && m.condition != CONDITION_COUNT)
        strbuf_addf(&why,
                    "'%s' has a condition, which belongs to 'after'; remove it here, or write "
                    "'after' there",
                    shown(text, copy));
    else if (rc == 0)
        link_word(k, self, key, &m, &why);
    if (rc == -ENOMEM || why.failed)
        report_out_of_memory(&k->l->report);
    else if (why.len_bytes)
        report_add(&k->l->report, order_place(k->l, self, key), "%s", strbuf_text(&why));
    strbuf_finish(&why);
}

/* ---- all words ---- */

static void resolve_key(struct linker *k, uint32_t self, enum order_key key)
{
    const char *at = k->l->texts[self].keys[key].text;

    if (!at)
        return;
    k->key_number++;
    while (!k->full) {
        size_t len = 0;

        while (ini_is_space(*at))
            at++;
        while (at[len] && !ini_is_space(at[len]))
            len++;
        if (!len)
            return;
        resolve_word(k, self, key, at, len);
        at += len;
    }
}

/* What a unit says of those that it depends on, in the order written. */
static void resolve_unit(struct linker *k, uint32_t self)
{
    const struct order_text *said = k->l->texts[self].keys;
    enum order_key order[] = {ORDER_REQUIRES, ORDER_WANTS, ORDER_AFTER};
    enum { N = sizeof order / sizeof order[0] };

    for (unsigned i = 1; i < N; i++) {
        for (unsigned j = i; j > 0 && said[order[j]].rank < said[order[j - 1]].rank; j--) {
            enum order_key other = order[j];

            order[j] = order[j - 1];
            order[j - 1] = other;
        }
    }
    for (unsigned i = 0; i < N; i++)
        resolve_key(k, self, order[i]);
}

/* Sorts the links by the unit that depends, those of one unit as they are. 0 or -ENOMEM. */
static int sort_links(struct links *links, uint32_t n_units)
{
    uint32_t *first = calloc((size_t)n_units + 2, sizeof *first);
    struct link *sorted = calloc((size_t)links->n + 1, sizeof *sorted);

    if (!first || !sorted) {
        free(first);
        free(sorted);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < links->n; i++)
        first[links->items[i].from + 2]++;
    for (uint32_t u = 0; u < n_units; u++)
        first[u + 2] += first[u + 1];
    for (uint32_t i = 0; i < links->n; i++)
        sorted[first[links->items[i].from + 1]++] = links->items[i];
    free(links->items);
    links->items = sorted;
    links->first = first;
    return 0;
}

/* ---- links to dependencies ---- */

static enum dependency_kind kind_of(enum order_key key)
{
    return key == ORDER_REQUIRES ? DEPENDENCY_REQUIRES
           : key == ORDER_WANTS  ? DEPENDENCY_WANTS
                                 : DEPENDENCY_AFTER;
}

/* Several links to the same unit become one dependency: of the strongest kind, with all
 * conditions. `place` has room for each unit: 1 + its place among the dependencies; it is all 0
 * again in the end. */
static int merge_links(struct loader *l, const struct links *links, uint32_t unit, uint32_t *place)
{
    uint32_t from = links->first[unit], to = links->first[unit + 1];
    struct unit_spec *u = &l->set->units[unit];
    struct dependency *d;

    if (from == to)
        return 0;
    d = arena_alloc(&l->arena, to - from, sizeof *d);
    if (!d)
        return -ENOMEM;
    u->dependencies = d;
    for (uint32_t i = from; i < to; i++) {
        const struct link *link = &links->items[i];
        enum dependency_kind kind = kind_of(link->key);

        if (!place[link->to]) {
            d[u->n_dependencies++] = (struct dependency){link->to, kind, 0};
            place[link->to] = u->n_dependencies;
        }
        d[place[link->to] - 1].conditions |= link->conditions;
        if (kind > d[place[link->to] - 1].kind)
            d[place[link->to] - 1].kind = kind;
    }
    for (uint32_t i = 0; i < u->n_dependencies; i++)
        place[d[i].unit] = 0;
    return 0;
}

static int store_dependencies(struct loader *l, const struct links *links)
{
    uint32_t *place = calloc((size_t)l->set->n_units + 1, sizeof *place);
    int rc = place ? 0 : -ENOMEM;

    for (uint32_t i = 0; rc == 0 && i < l->set->n_units; i++)
        rc = merge_links(l, links, i, place);
    free(place);
    return rc;
}

/* ---- all of it ---- */

static int link_all(struct linker *k)
{
    uint32_t n = k->l->set->n_units;

    k->one_named = calloc((size_t)n * 2 + k->units->n_tags + 1, sizeof *k->one_named);
    if (!k->one_named)
        return -ENOMEM;
    k->section_named = k->one_named + n;
    k->tag_named = k->section_named + n;
    for (uint32_t i = 0; i < n; i++)
        resolve_unit(k, i);
    for (uint32_t i = 0; i < n; i++)
        resolve_key(k, i, ORDER_BEFORE);
    free(k->one_named);
    return sort_links(&k->links, n);
}

void load_order(struct loader *l)
{
    struct lookup units;
    struct linker k = {.l = l, .units = &units};
    int rc = lookup_init(&units, l);

    if (rc < 0) {
        report_out_of_memory(&l->report);
        return;
    }
    load_failures(l, &units);
    rc = link_all(&k);
    if (rc == 0) {
        check_failures(l, &k.links, check_circles(l, &k.links));
        rc = store_dependencies(l, &k.links);
    }
    if (rc < 0)
        report_out_of_memory(&l->report);
    free(k.links.items);
    free(k.links.first);
    lookup_finish(&units);
}
