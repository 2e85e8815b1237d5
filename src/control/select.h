/* Which units a request means: names, globs and tags (tag:NAME), in configuration order, each unit
 * once. The name of a unit with instances means all of them. A tag counts as a pattern. */
#ifndef REEVE_CONTROL_SELECT_H
#define REEVE_CONTROL_SELECT_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "run/supervisor.h"

enum { SELECT_PATTERNS_MAX = 32, SELECT_PATTERN_MAX_CHARS = 128 };

struct selection {
    uint32_t *indexes; /* ascending; owned */
    uint32_t n;
};

/* A selection being made. Names are looked up at once, patterns are matched in portions, since many
 * of them against ten thousand units take a while. */
struct selecting;

/* Takes an array of strings. 0; -ENOENT with *ret_missing the first name that no unit has; -E2BIG:
 * more patterns, or a longer one, than are taken; -ENOMEM. `s` must outlive it. */
int selecting_create(struct selecting **ret, const struct supervisor *s, const cJSON *names,
                     const char **ret_missing);
/* One portion. -EAGAIN: more remains; else it is over: 0; -ENOENT with *ret_missing the first
 * pattern that matches no unit, valid until it is destroyed; -ENOMEM. */
int selecting_step(struct selecting *c, struct selection *ret, const char **ret_missing);
/* NULL is allowed. */
void selecting_destroy(struct selecting *c);

/* Whether the text stands for units by a pattern or a tag, not by a name. */
bool select_is_pattern(const char *text);
/* All units, or the first `limit`. 0 or -ENOMEM. */
int select_all(const struct supervisor *s, uint32_t limit, struct selection *ret);
void selection_finish(struct selection *sel);

/* A sentence for a person about a name or pattern that fits no unit, with the likely name; or about
 * a name that fits no single one: which instances there are. */
void select_explain_missing(const struct supervisor *s, const char *name, struct strbuf *out);

#endif
