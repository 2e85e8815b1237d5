/*
 * Everything that is wrong with a configuration, collected while it is read and handed out in the
 * order of files and lines, each as `file:line: [section] key: what is wrong; what would be right`.
 * The same complaint is kept once. What is wrong with a key only in some of the units that it is
 * for ends with the first of these and how many more there are. A report must not be moved in
 * memory.
 */
#ifndef REEVE_CONFIG_ERRORS_H
#define REEVE_CONFIG_ERRORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "base/strtab.h"
#include "config/load.h"

/* A file that is read. */
struct source {
    const char *name;
    uint32_t number; /* from 0, in the order of messages */
};

struct complaint {
    char *text;      /* owned */
    uint32_t source; /* its number */
    uint32_t line;
    size_t order;
    bool warning;
    const char *used_for, *last_used_for; /* not owned */
    uint32_t n_more;                      /* sections that it is also about */
};

struct report {
    const char *file; /* not owned */
    /* The texts: what is wrong with all instances of a unit is said once. Value: index of the
     * item. */
    struct strtab said;
    /* Places of keys that are used for several sections. Value: how many complaints there are, and
     * from bit 8 on the index of the last. */
    struct strtab shared;
    struct complaint *items;
    size_t n_items, cap_items;
    size_t n_warnings; /* of the items */
    bool out_of_memory;
};

/* Where a complaint points: any part may be absent. */
struct place {
    uint32_t line;               /* 0: the file as a whole */
    const char *section;         /* text between the brackets; NULL: none */
    const char *key;             /* NULL: none */
    const struct source *source; /* NULL: the file of the report */
    const char *used_for;        /* the section that uses what stands there; NULL: the same */
};

void report_init(struct report *r, const char *file);
void report_finish(struct report *r);
void report_add(struct report *r, struct place where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for what is allowed, but hardly meant: a warning, no error. */
void report_warn(struct report *r, struct place where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void report_out_of_memory(struct report *r);
/* Whether anything went wrong so far; warnings do not count. */
bool report_failed(const struct report *r);
/* Adds where something else stands, as seen from `from`: "line 3", or "conf.d/a.ini:3". */
void report_where(struct strbuf *to, struct place from, const struct source *source, uint32_t line);
/* Moves all complaints to `errors`, sorted by file and line. 0 when there are none but warnings,
 * -EINVAL, or -ENOMEM. */
int report_deliver(struct report *r, struct config_errors *errors);

/* The user's text made fit for a message: long text is cut with "...", control characters are
 * written as \xNN. Returns buf. */
enum { SHOWN_BYTES = 96 };
const char *shown(char buf[SHOWN_BYTES], const char *text);

#endif
