#include "control/select.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "control/glob.h"

/* So many names are looked through for a likely slip, since that takes a while for each. */
enum { LIKELY_AMONG_MAX = 1000 };
/* Names and tags looked at in one portion: well below a millisecond. */
enum { MATCHES_PER_STEP = 4096 };

static const char tag_prefix[] = "tag:";

struct selecting {
    const struct supervisor *s;
    uint32_t n_units;
    bool *chosen; /* by index; owned */
    bool *whole;  /* by index of a first instance: all of them were chosen by their name; owned */
    uint32_t n_chosen;
    char (*patterns)[SELECT_PATTERN_MAX_CHARS + 1]; /* owned */
    unsigned n_patterns;
    /* where the matching is */
    unsigned at_pattern;
    uint32_t at_unit;
    bool matched;    /* some unit, by the pattern at hand */
    const char *tag; /* the pattern at hand is one; NULL: `glob` is */
    struct glob glob;
};

/* What follows "tag:", or NULL. No unit's name has a colon. */
static const char *tag_of(const char *text)
{
    size_t len = sizeof tag_prefix - 1;

    return strncmp(text, tag_prefix, len) == 0 ? text + len : NULL;
}

/* Whether it may mean many units. */
bool select_is_pattern(const char *text)
{
    return tag_of(text) || glob_is_pattern(text);
}

static void choose(struct selecting *c, uint32_t index)
{
    c->n_chosen += !c->chosen[index];
    c->chosen[index] = true;
}

/* ---- instances ---- */

/* NAME@number, or NULL. */
static const struct unit *instance_of(const struct supervisor *s, const char *name, unsigned number)
{
    char text[UNIT_NAME_MAX + 16];
    int len = snprintf(text, sizeof text, "%s@%u", name, number);

    return len < (int)sizeof text ? supervisor_find(s, text) : NULL;
}

/* How many instances there are of what is named so; 0: it has none, as they are numbered from 1. */
static unsigned count_instances(const struct supervisor *s, const char *name)
{
    unsigned n = 0;

    while (instance_of(s, name, n + 1))
        n++;
    return n;
}

/* Returns whether there are any. Each name is gone through once, however often it is there. */
static bool choose_instances(struct selecting *c, const char *name)
{
    const struct unit *u = instance_of(c->s, name, 1);
    bool any = u != NULL;

    if (!u || c->whole[u->index])
        return any;
    c->whole[u->index] = true;
    for (unsigned number = 1; (u = instance_of(c->s, name, number)) != NULL; number++)
        choose(c, u->index);
    return any;
}

/* ---- names, at once ---- */

static int take_names(struct selecting *c, const cJSON *names, const char **ret_missing)
{
    const cJSON *name;

    cJSON_ArrayForEach(name, names)
    {
        const struct unit *u;

        if (select_is_pattern(name->valuestring))
            continue;
        u = supervisor_find(c->s, name->valuestring);
        if (u) {
            choose(c, u->index);
        } else if (!choose_instances(c, name->valuestring)) {
            *ret_missing = name->valuestring;
            return -ENOENT;
        }
    }
    return 0;
}

/* ---- patterns, in portions ---- */

static int take_patterns(struct selecting *c, unsigned n, const cJSON *names)
{
    const cJSON *name;

    if (n > SELECT_PATTERNS_MAX)
        return -E2BIG;
    c->patterns = malloc((n ? n : 1) * sizeof *c->patterns);
    if (!c->patterns)
        return -ENOMEM;
    cJSON_ArrayForEach(name, names)
    {
        size_t len = strlen(name->valuestring);

        if (!select_is_pattern(name->valuestring))
            continue;
        if (len > SELECT_PATTERN_MAX_CHARS)
            return -E2BIG;
        memcpy(c->patterns[c->n_patterns++], name->valuestring, len + 1);
    }
    return 0;
}

static void begin_pattern(struct selecting *c)
{
    c->at_unit = 0;
    c->matched = false;
    if (c->at_pattern == c->n_patterns)
        return;
    c->tag = tag_of(c->patterns[c->at_pattern]);
    if (!c->tag)
        glob_compile(&c->glob, c->patterns[c->at_pattern]);
}

static bool has_tag(const struct unit_spec *spec, const char *tag)
{
    for (uint32_t i = 0; i < spec->n_tags; i++)
        if (strcmp(spec->tags[i], tag) == 0)
            return true;
    return false;
}

/* By the pattern at hand. */
static bool matches(const struct selecting *c, const struct unit_spec *spec)
{
    return c->tag ? has_tag(spec, c->tag) : glob_matches(&c->glob, spec->name);
}

static int match_portion(struct selecting *c, const char **ret_missing)
{
    int64_t left = MATCHES_PER_STEP;

    while (c->at_pattern < c->n_patterns) {
        for (; c->at_unit < c->n_units; c->at_unit++) {
            const struct unit_spec *spec = supervisor_unit(c->s, c->at_unit)->spec;

            if (left <= 0)
                return -EAGAIN;
            left -= 1 + (c->tag ? spec->n_tags : 0);
            if (!matches(c, spec))
                continue;
            choose(c, c->at_unit);
            c->matched = true;
        }
        if (!c->matched) {
            *ret_missing = c->patterns[c->at_pattern];
            return -ENOENT;
        }
        c->at_pattern++;
        begin_pattern(c);
    }
    return 0;
}

static int collect(const struct selecting *c, struct selection *ret)
{
    ret->indexes = malloc((c->n_chosen ? c->n_chosen : 1) * sizeof *ret->indexes);
    if (!ret->indexes)
        return -ENOMEM;
    for (uint32_t i = 0; i < c->n_units; i++)
        if (c->chosen[i])
            ret->indexes[ret->n++] = i;
    return 0;
}

int selecting_step(struct selecting *c, struct selection *ret, const char **ret_missing)
{
    int r = match_portion(c, ret_missing);

    *ret = (struct selection){NULL, 0};
    return r < 0 ? r : collect(c, ret);
}

/* ---- both ---- */

static int take(struct selecting *c, const cJSON *names, const char **ret_missing)
{
    const cJSON *name;
    unsigned n_patterns = 0;
    int r;

    cJSON_ArrayForEach(name, names)
    {
        n_patterns += select_is_pattern(name->valuestring);
    }
    c->chosen = calloc(c->n_units ? c->n_units : 1, sizeof *c->chosen);
    c->whole = calloc(c->n_units ? c->n_units : 1, sizeof *c->whole);
    if (!c->chosen || !c->whole)
        return -ENOMEM;
    r = take_patterns(c, n_patterns, names);
    if (r == 0)
        r = take_names(c, names, ret_missing);
    return r;
}

int selecting_create(struct selecting **ret, const struct supervisor *s, const cJSON *names,
                     const char **ret_missing)
{
    struct selecting *c = calloc(1, sizeof *c);
    int r;

    *ret = NULL;
    *ret_missing = NULL;
    if (!c)
        return -ENOMEM;
    c->s = s;
    c->n_units = supervisor_n_units(s);
    r = take(c, names, ret_missing);
    if (r < 0) {
        selecting_destroy(c);
        return r;
    }
    begin_pattern(c);
    *ret = c;
    return 0;
}

void selecting_destroy(struct selecting *c)
{
    if (!c)
        return;
    free(c->chosen);
    free(c->whole);
    free(c->patterns);
    free(c);
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
    for (uint32_t i = 0; i < n; i++) {
        const struct unit_spec *spec = supervisor_unit(s, i)->spec;

        names[i] = spec->instance ? spec->base_name : spec->name;
    }
    found = nearest_name(name, names, n);
    free(names);
    return found;
}

/* "web has 3 instances: web@1 to web@3." Says nothing, and returns false, when it has none. */
static bool explain_instances(const struct supervisor *s, const char *name, struct strbuf *out)
{
    unsigned n = count_instances(s, name);

    if (n == 0)
        return false;
    strbuf_addf(out, "%s has %u instance%s: %s@1", name, n, n == 1 ? "" : "s", name);
    if (n > 1)
        strbuf_addf(out, " %s %s@%u", n == 2 ? "and" : "to", name, n);
    strbuf_add(out, ".");
    return true;
}

/* The same about "web@4". */
static bool explain_other_instances(const struct supervisor *s, const char *name,
                                    struct strbuf *out)
{
    const char *at = strrchr(name, '@');
    char base[UNIT_NAME_MAX + 1];

    if (!at || (size_t)(at - name) >= sizeof base)
        return false;
    memcpy(base, name, (size_t)(at - name));
    base[at - name] = '\0';
    return explain_instances(s, base, out);
}

/* "db.service", as systemd calls it: "db". Whether there is such a unit. */
static bool is_of_systemd(const struct supervisor *s, const char *name, char base[])
{
    static const char *const kinds[] = {".service", ".target", ".socket", ".timer"};
    size_t len = strlen(name);

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t n = strlen(kinds[i]);

        if (len <= n || len - n > UNIT_NAME_MAX || strcmp(name + len - n, kinds[i]) != 0)
            continue;
        memcpy(base, name, len - n);
        base[len - n] = '\0';
        return supervisor_find(s, base) || instance_of(s, base, 1);
    }
    return false;
}

void select_explain_missing(const struct supervisor *s, const char *name, struct strbuf *out)
{
    char base[UNIT_NAME_MAX + 1];
    const char *found;

    if (tag_of(name)) {
        strbuf_addf(out, "No unit has the tag '%.200s'.", tag_of(name));
        return;
    }
    if (glob_is_pattern(name)) {
        strbuf_addf(out, "No unit matches '%.200s'.", name);
        return;
    }
    if (explain_instances(s, name, out) || explain_other_instances(s, name, out))
        return;
    strbuf_addf(out, "No unit is named '%.200s'", name);
    if (strcmp(name, "all") == 0 && supervisor_n_units(s) > 0) {
        strbuf_add(out, "; write '*' for all units.");
        return;
    }
    found = is_of_systemd(s, name, base) ? base : likely(s, name);
    if (found)
        strbuf_addf(out, "; did you mean '%s'?", found);
    else if (supervisor_n_units(s) == 0)
        strbuf_add(out, "; the configuration has no units.");
    else
        strbuf_add(out, "; 'reevectl list' shows the units.");
}
