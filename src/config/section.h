/* What a section header stands for: [reeve], [defaults], [template:NAME], [service:NAME] or
 * [job:NAME]. */
#ifndef REEVE_CONFIG_SECTION_H
#define REEVE_CONFIG_SECTION_H

#include <stddef.h>

#include "base/strbuf.h"
#include "config/arena.h"

/* As bits, so that a key can say in which it may stand. */
enum section_kind {
    SECTION_REEVE = 1,
    SECTION_SERVICE = 2,
    SECTION_JOB = 4,
    SECTION_DEFAULTS = 8,
    SECTION_TEMPLATE = 16
};
enum { SECTION_UNIT = SECTION_SERVICE | SECTION_JOB };
enum { SECTION_SHARED = SECTION_DEFAULTS | SECTION_TEMPLATE }; /* keys for several units */

/*
 * 0 with the kind and, for a unit or template, its name in the arena. -EINVAL with the problem in
 * `why`: then *ret_kind is 0 when not even the kind is known, and *ret_name is NULL. -ENOMEM.
 */
int section_parse(const char *title, struct arena *arena, enum section_kind *ret_kind,
                  const char **ret_name, struct strbuf *why);
/* How many of the first characters could be a name: all of them, if it is one (its length aside).
 */
size_t section_name_span(const char *text);
/* "service" */
const char *section_kind_name(enum section_kind kind);

#endif
