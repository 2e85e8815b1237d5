/*
 * Names that people bring along: keys and sections of other supervisors, and keys of features that
 * this version does not have. Only what to say about them: none of these is ever accepted.
 */
#ifndef REEVE_CONFIG_FOREIGN_H
#define REEVE_CONFIG_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "config/section.h"

struct foreign {
    const char *name; /* in small letters, with '_' */
    const char *key;  /* what reeve calls it; NULL: it has no such key */
    const char *hint; /* what to write, or do; may be NULL unless both others say nothing */
    bool later;       /* a feature that this version does not have */
    unsigned where;   /* enum section_kind, as bits: where this is meant; 0: everywhere */
};

extern const struct foreign foreign_keys[];
extern const size_t n_foreign_keys;

/* The row about this name in such a section, or NULL. Capitals do not matter, nor whether words are
 * joined by '-' or '_'. */
const struct foreign *foreign_key(const char *name, enum section_kind kind);
/* Adds what to write instead of a section of this kind and name ("program", "x": [program:x]; the
 * name may be NULL) to `why`; false when it is none that we know. */
bool foreign_section(const char *kind, const char *name, struct strbuf *why);

#endif
