/*
 * Which units a word means: "db", "web@2", "tag:backend", each maybe with ":CONDITION". Knows what
 * people write instead, and says what would be right.
 */
#ifndef REEVE_CONFIG_LOOKUP_H
#define REEVE_CONFIG_LOOKUP_H

#include "base/strtab.h"
#include "config/loader.h"

struct lookup {
    struct loader *l; /* not owned */
    struct strtab tags;
    /* The units with tag number T: tagged[tag_first[T]] up to tag_first[T + 1]. Owned. */
    uint32_t *tag_first, *tagged;
    uint32_t n_tags;
    const char **names; /* owned: base names, each once; filled when a name is unknown */
    size_t n_names;
    unsigned n_guesses;
};

/* Some units of the set. */
struct units_meant {
    uint32_t first, n;    /* these, unless `list` says which */
    const uint32_t *list; /* n of them; not owned */
    const char *tag;      /* in the arena; NULL: named by name */
    uint32_t tag_number;
    bool whole; /* all of a section, not one instance */
    /* What was asked of them: enum condition, or CONDITION_COUNT when the word says nothing. */
    unsigned condition;
};

/* All units must be there, and stay. 0 or -ENOMEM. */
int lookup_init(struct lookup *u, struct loader *l);
void lookup_finish(struct lookup *u);

/* The word is `len` characters. 0, -EINVAL with the problem in `why` (or with nothing in it, when
 * that was complained about elsewhere), or -ENOMEM. */
int lookup_word(struct lookup *u, const char *word, size_t len, struct units_meant *ret,
                struct strbuf *why);

static inline uint32_t lookup_unit(const struct units_meant *m, uint32_t i)
{
    return m->list ? m->list[i] : m->first + i;
}

/* The words of the conditions, in the order of the enum. */
extern const char *const condition_words[CONDITION_COUNT + 1];

#endif
