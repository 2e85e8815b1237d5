#include "control/select.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/strtab.h"
#include "control/glob.h"

/* From so many names on a table pays: a request may name ten thousand units. */
enum { TABLE_FROM_NAMES = 16 };
/* So many names are looked through for a likely slip, since that takes a while for each. */
enum { LIKELY_AMONG_MAX = 1000 };

struct choice {
    const struct supervisor *s;
    uint32_t n_units;
    bool *chosen; /* by index */
    uint32_t n_chosen;
    unsigned n_patterns;
    bool has_table;
    struct strtab table; /* name -> index + 1 */
};

static const char *name_of(const struct choice *c, uint32_t index)
{
    return supervisor_unit(c->s, index)->spec->name;
}

static void choose(struct choice *c, uint32_t index)
{
    c->n_chosen += !c->chosen[index];
    c->chosen[index] = true;
}

static int make_table(struct choice *c)
{
    strtab_init(&c->table);
    c->has_table = true;
    for (uint32_t i = 0; i < c->n_units; i++) {
        const char *name = name_of(c, i);
        bool added;
        struct strtab_entry *e = strtab_put(&c->table, name, strlen(name), &added);

        if (!e)
            return -ENOMEM;
        e->value = (uint64_t)i + 1;
    }
    return 0;
}

static int choose_name(struct choice *c, const char *name)
{
    if (c->has_table) {
        const struct strtab_entry *e = strtab_find(&c->table, name, strlen(name));

        if (!e)
            return -ENOENT;
        choose(c, (uint32_t)(e->value - 1));
    } else {
        const struct unit *u = supervisor_find(c->s, name);

        if (!u)
            return -ENOENT;
        choose(c, u->index);
    }
    return 0;
}

static int choose_pattern(struct choice *c, const char *pattern)
{
    bool any = false;

    if (++c->n_patterns > SELECT_PATTERNS_MAX || strlen(pattern) > SELECT_PATTERN_MAX_CHARS)
        return -E2BIG;
    for (uint32_t i = 0; i < c->n_units; i++) {
        if (!glob_matches(pattern, name_of(c, i)))
            continue;
        choose(c, i);
        any = true;
    }
    return any ? 0 : -ENOENT;
}

static int choose_all(struct choice *c, const cJSON *names, const char **ret_missing)
{
    const cJSON *name;
    size_t n = 0;
    int r = 0;

    cJSON_ArrayForEach(name, names)
    {
        n++;
    }
    if (n >= TABLE_FROM_NAMES)
        r = make_table(c);
    if (r < 0)
        return r;
    cJSON_ArrayForEach(name, names)
    {
        if (glob_is_pattern(name->valuestring))
            r = choose_pattern(c, name->valuestring);
        else
            r = choose_name(c, name->valuestring);
        if (r < 0) {
            *ret_missing = name->valuestring;
            return r;
        }
    }
    return 0;
}

static int collect(const struct choice *c, struct selection *ret)
{
    ret->indexes = malloc((c->n_chosen ? c->n_chosen : 1) * sizeof *ret->indexes);
    if (!ret->indexes)
        return -ENOMEM;
    for (uint32_t i = 0; i < c->n_units; i++)
        if (c->chosen[i])
            ret->indexes[ret->n++] = i;
    return 0;
}

int select_units(const struct supervisor *s, const cJSON *names, struct selection *ret,
                 const char **ret_missing)
{
    struct choice c = {.s = s, .n_units = supervisor_n_units(s)};
    int r;

    *ret = (struct selection){NULL, 0};
    *ret_missing = NULL;
    c.chosen = calloc(c.n_units ? c.n_units : 1, sizeof *c.chosen);
    if (!c.chosen)
        return -ENOMEM;
    r = choose_all(&c, names, ret_missing);
    if (r == 0)
        r = collect(&c, ret);
    if (c.has_table)
        strtab_finish(&c.table);
    free(c.chosen);
    return r;
}

int select_all(const struct supervisor *s, uint32_t limit, struct selection *ret)
{
    uint32_t n = supervisor_n_units(s);

    if (n > limit)
        n = limit;
    ret->n = 0;
    ret->indexes = malloc((n ? n : 1) * sizeof *ret->indexes);
    if (!ret->indexes)
        return -ENOMEM;
    while (ret->n < n) {
        ret->indexes[ret->n] = ret->n;
        ret->n++;
    }
    return 0;
}

void selection_finish(struct selection *sel)
{
    free(sel->indexes);
    *sel = (struct selection){NULL, 0};
}

static const char *likely(const struct supervisor *s, const char *name)
{
    uint32_t n = supervisor_n_units(s);
    const char **names;
    const char *found;

    if (n > LIKELY_AMONG_MAX)
        n = LIKELY_AMONG_MAX;
    names = malloc((n ? n : 1) * sizeof *names);
    if (!names)
        return NULL;
    for (uint32_t i = 0; i < n; i++)
        names[i] = supervisor_unit(s, i)->spec->name;
    found = nearest_name(name, names, n);
    free(names);
    return found;
}

void select_explain_missing(const struct supervisor *s, const char *name, struct strbuf *out)
{
    const char *found;

    if (glob_is_pattern(name)) {
        strbuf_addf(out, "No unit matches '%.200s'.", name);
        return;
    }
    strbuf_addf(out, "No unit is named '%.200s'", name);
    found = likely(s, name);
    if (found)
        strbuf_addf(out, "; did you mean '%s'?", found);
    else if (supervisor_n_units(s) == 0)
        strbuf_add(out, "; the configuration has no units.");
    else
        strbuf_add(out, "; 'reevectl list' shows the units.");
}
