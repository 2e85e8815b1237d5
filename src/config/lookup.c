#include "config/lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "config/section.h"

/* Names are compared with all others only so often, for a file full of unknown ones. */
enum { GUESSES_MAX = 50 };

const char *const condition_words[CONDITION_COUNT + 1] = {"started", "ready", "healthy",
                                                          "completed", NULL};

/* ---- the index of tags ---- */

static int number_tags(struct lookup *u)
{
    const struct spec_set *set = u->l->set;

    for (uint32_t i = 0; i < set->n_units; i++) {
        for (uint32_t k = 0; k < set->units[i].n_tags; k++) {
            const char *tag = set->units[i].tags[k];
            bool added;
            struct strtab_entry *e = strtab_put(&u->tags, tag, strlen(tag), &added);

            if (!e)
                return -ENOMEM;
            if (added)
                e->value = u->n_tags++;
        }
    }
    return 0;
}

static uint32_t number_of(const struct lookup *u, const char *tag)
{
    return (uint32_t)strtab_find(&u->tags, tag, strlen(tag))->value;
}

static int list_tagged(struct lookup *u)
{
    const struct spec_set *set = u->l->set;
    uint32_t *first = calloc((size_t)u->n_tags + 2, sizeof *first);

    u->tag_first = first;
    if (!first)
        return -ENOMEM;
    /* One place further on, so that filling in moves each to where it begins. */
    for (uint32_t i = 0; i < set->n_units; i++) {
        for (uint32_t k = 0; k < set->units[i].n_tags; k++)
            first[number_of(u, set->units[i].tags[k]) + 2]++;
    }
    for (uint32_t t = 0; t < u->n_tags; t++)
        first[t + 2] += first[t + 1];
    u->tagged = calloc((size_t)first[u->n_tags + 1] + 1, sizeof *u->tagged);
    if (!u->tagged)
        return -ENOMEM;
    for (uint32_t i = 0; i < set->n_units; i++) {
        for (uint32_t k = 0; k < set->units[i].n_tags; k++)
            u->tagged[first[number_of(u, set->units[i].tags[k]) + 1]++] = i;
    }
    return 0;
}

int lookup_init(struct lookup *u, struct loader *l)
{
    int rc;

    *u = (struct lookup){.l = l};
    strtab_init(&u->tags);
    rc = number_tags(u);
    if (rc == 0)
        rc = list_tagged(u);
    if (rc < 0)
        lookup_finish(u);
    return rc;
}

void lookup_finish(struct lookup *u)
{
    strtab_finish(&u->tags);
    free(u->tag_first);
    free(u->tagged);
    free(u->names);
    u->tag_first = u->tagged = NULL;
    u->names = NULL;
}

/* ---- names that are not there ---- */

/* The name of a unit that `name` may be a slip of; NULL when there is none. */
static const char *guess_unit(struct lookup *u, const char *name)
{
    const struct spec_set *set = u->l->set;

    if (u->n_guesses++ >= GUESSES_MAX)
        return NULL;
    if (!u->names) {
        u->names = calloc((size_t)set->n_units + 1, sizeof *u->names);
        for (uint32_t i = 0; u->names && i < set->n_units; i++) {
            if (set->units[i].instance <= 1)
                u->names[u->n_names++] = set->units[i].base_name;
        }
    }
    return u->names ? nearest_name(name, u->names, u->n_names) : NULL;
}

static const char *guess_tag(struct lookup *u, const char *tag)
{
    const struct spec_set *set = u->l->set;
    const char **names, *near;
    size_t n = 0;

    if (u->n_guesses++ >= GUESSES_MAX)
        return NULL;
    names = calloc((size_t)u->n_tags + 1, sizeof *names);
    if (!names)
        return NULL;
    /* Any unit that has a tag knows its text. */
    for (uint32_t t = 0; t < u->n_tags; t++) {
        const struct unit_spec *unit = &set->units[u->tagged[u->tag_first[t]]];

        for (uint32_t k = 0; k < unit->n_tags; k++) {
            if (number_of(u, unit->tags[k]) == t)
                names[n++] = unit->tags[k];
        }
    }
    near = nearest_name(tag, names, n);
    free(names);
    return near;
}

static struct strtab_entry *find_name(const struct lookup *u, const char *name, size_t len)
{
    return strtab_find(&u->l->names, name, len);
}

/* Whether the section of this first unit has so many units. */
static bool has_unit(const struct spec_set *set, uint32_t first, uint32_t number)
{
    return number <= set->n_units - first &&
           set->units[first + number - 1].base_name == set->units[first].base_name;
}

/* How many instances the section of this first unit has; 0: it is one unit by itself. */
static uint32_t instances_of(const struct spec_set *set, uint32_t first)
{
    uint32_t n = 0;

    if (!set->units[first].instance)
        return 0;
    for (uint32_t step = 1u << 10; step > 0; step /= 2) {
        if (has_unit(set, first, n + step))
            n += step;
    }
    return n;
}

/* "db.service", "network.target". */
static bool is_of_systemd(struct lookup *u, const char *name, struct strbuf *why)
{
    static const char *const kinds[] = {".service", ".target", ".socket", ".timer", ".mount"};
    size_t len = strlen(name);

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t n = strlen(kinds[i]);

        if (len <= n || strcmp(name + len - n, kinds[i]) != 0)
            continue;
        if (find_name(u, name, len - n))
            strbuf_addf(why, "there is no unit '%s'; did you mean '%.*s'?", name, (int)(len - n),
                        name);
        else if (i == 0)
            return false;
        else
            strbuf_addf(why, "there is no unit '%s'; reeve has no units of that kind: remove it",
                        name);
        return true;
    }
    return false;
}

/* There is no unit of this name, which is fit to print, and may never be one. */
static void explain_unknown(struct lookup *u, const char *name, struct strbuf *why)
{
    const char *near = guess_unit(u, name);

    if (is_of_systemd(u, name, why))
        return;
    strbuf_addf(why, "there is no unit '%s'; ", name);
    for (const char *const *word = condition_words; *word && !near; word++) {
        if (strcmp(*word, name) != 0)
            continue;
        strbuf_addf(why, "a condition follows its unit without white space, as in db:%s", name);
        return;
    }
    if (near)
        strbuf_addf(why, "did you mean '%s'?", near);
    else if (*name && !name[section_name_span(name)])
        strbuf_addf(why, "define it by [service:%s] or [job:%s], or remove it here", name, name);
    else
        strbuf_add(why, "write NAME, NAME@NUMBER or tag:NAME, each maybe with :CONDITION");
}

static int unknown_unit(struct lookup *u, const char *name, struct strbuf *why)
{
    char text[SHOWN_BYTES];

    if (!strtab_find(&u->l->refused, name, strlen(name)))
        explain_unknown(u, shown(text, name), why);
    return -EINVAL;
}

/* `at` is where the '@' of the name is, and `first` the first unit of what stands before it. */
static int unknown_instance(const struct lookup *u, const char *name, const char *at,
                            uint32_t first, struct strbuf *why)
{
    uint32_t n = instances_of(u->l->set, first);
    char text[SHOWN_BYTES];
    int len = (int)(at - name);

    shown(text, name);
    if (n == 0)
        strbuf_addf(why, "there is no '%s', since '%.*s' has no instances; write %.*s", text, len,
                    name, len, name);
    else
        strbuf_addf(why,
                    "there is no '%s'; the instances are %.*s@1 to %.*s@%u, and '%.*s' means all "
                    "of them",
                    text, len, name, len, name, n, len, name);
    return -EINVAL;
}

/* ---- words ---- */

static int find_instance(struct lookup *u, const char *name, const char *at, uint32_t first,
                         struct units_meant *ret, struct strbuf *why)
{
    uint32_t number = 0;

    for (const char *c = at + 1; *c >= '0' && *c <= '9' && number <= INSTANCES_MAX; c++)
        number = number * 10 + (uint32_t)(*c - '0');
    /* By the text in the end: there is only one way to write each. */
    if (number == 0 || !u->l->set->units[first].instance || !has_unit(u->l->set, first, number) ||
        strcmp(u->l->set->units[first + number - 1].name, name) != 0)
        return unknown_instance(u, name, at, first, why);
    ret->first = first + number - 1;
    ret->n = 1;
    return 0;
}

static int find_units(struct lookup *u, const char *name, struct units_meant *ret,
                      struct strbuf *why)
{
    const char *at = strchr(name, '@');
    struct strtab_entry *e = find_name(u, name, at ? (size_t)(at - name) : strlen(name));
    uint32_t n;

    if (!e)
        return unknown_unit(u, name, why);
    ret->first = (uint32_t)e->value;
    if (at)
        return find_instance(u, name, at, ret->first, ret, why);
    n = instances_of(u->l->set, ret->first);
    ret->n = n ? n : 1;
    ret->whole = true;
    return 0;
}

static int find_tag(struct lookup *u, const char *tag, struct units_meant *ret, struct strbuf *why)
{
    struct strtab_entry *e = strtab_find(&u->tags, tag, strlen(tag));
    char text[SHOWN_BYTES];
    const char *near;

    if (!e) {
        shown(text, tag);
        near = *tag ? guess_tag(u, tag) : NULL;
        if (!*tag)
            strbuf_add(why, "the tag has no name; write for example tag:backend");
        else if (near)
            strbuf_addf(why, "no unit has the tag '%s'; did you mean 'tag:%s'?", text, near);
        else
            strbuf_addf(why,
                        "no unit has the tag '%s'; write it into the 'tags' of some, or "
                        "remove it here",
                        text);
        return -EINVAL;
    }
    ret->tag = tag;
    ret->tag_number = (uint32_t)e->value;
    ret->list = &u->tagged[u->tag_first[e->value]];
    ret->n = u->tag_first[e->value + 1] - u->tag_first[e->value];
    return 0;
}

/* Of docker compose. */
static const char *const foreign_conditions[][2] = {
    {"service_started", "started"},
    {"service_healthy", "healthy"},
    {"service_completed_successfully", "completed"},
};

static int find_condition(const char *name, const char *condition, unsigned *ret,
                          struct strbuf *why)
{
    const char *near;
    char text[SHOWN_BYTES];
    unsigned i = 0;

    while (condition_words[i] && strcmp(condition_words[i], condition) != 0)
        i++;
    *ret = i;
    if (condition_words[i])
        return 0;
    if (!*condition) {
        strbuf_addf(why, "no condition stands behind '%s:'; write %s, or for example %s:started",
                    name, name, name);
        return -EINVAL;
    }
    near = nearest_name(condition, condition_words, CONDITION_COUNT);
    for (i = 0; i < sizeof foreign_conditions / sizeof foreign_conditions[0]; i++) {
        if (strcmp(condition, foreign_conditions[i][0]) == 0)
            near = foreign_conditions[i][1];
    }
    strbuf_addf(why, "'%s' is not a condition; ", shown(text, condition));
    if (near)
        strbuf_addf(why, "did you mean %s:%s?", name, near);
    else
        strbuf_addf(why, "write %s:started, %s:ready, %s:healthy or %s:completed", name, name, name,
                    name);
    return -EINVAL;
}

/* "service:db", as in the header of its section. */
static bool is_title(const struct lookup *u, const char *word, const char *rest)
{
    return (strncmp(word, "service:", 8) == 0 || strncmp(word, "job:", 4) == 0) &&
           !find_name(u, word, (size_t)(rest - word - 1));
}

/* Signs that mean something elsewhere, but not here. */
static bool has_foreign_sign(const char *word, struct strbuf *why)
{
    char text[SHOWN_BYTES];

    shown(text, word);
    if (strchr(word, ','))
        strbuf_addf(why, "'%s' is no name; separate units by white space, not by ','", text);
    else if (strpbrk(word, "\"'"))
        strbuf_addf(why, "'%s' is no name; write names without quotes", text);
    else if (strpbrk(word, "*?["))
        strbuf_addf(why, "'%s' is no name; give the units a tag and write tag:NAME", text);
    else
        return false;
    return true;
}

static int judge(struct lookup *u, char *word, struct units_meant *ret, struct strbuf *why)
{
    bool tag = strncmp(word, "tag:", 4) == 0;
    char *colon = strchr(tag ? word + 4 : word, ':');
    char text[SHOWN_BYTES], rest[SHOWN_BYTES];
    int rc;

    ret->condition = CONDITION_COUNT;
    if (has_foreign_sign(word, why))
        return -EINVAL;
    if (!tag && colon && is_title(u, word, colon + 1)) {
        strbuf_addf(why, "'%s' is the title of a section; write %s", shown(text, word),
                    shown(rest, colon + 1));
        return -EINVAL;
    }
    if (colon)
        *colon = '\0';
    shown(text, word);
    rc = tag ? find_tag(u, word + 4, ret, why) : find_units(u, word, ret, why);
    if (rc == 0 && colon)
        rc = find_condition(text, colon + 1, &ret->condition, why);
    return rc;
}

int lookup_word(struct lookup *u, const char *word, size_t len, struct units_meant *ret,
                struct strbuf *why)
{
    char *copy = arena_copy(&u->l->arena, word, len);

    *ret = (struct units_meant){0};
    if (!copy)
        return -ENOMEM;
    return judge(u, copy, ret, why);
}
