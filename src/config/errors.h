/*
 * Everything that is wrong with a configuration, collected while it is read and handed out in the
 * order of the lines, each as `file:line: [section] key: what is wrong; what would be right`. The
 * same complaint is kept once. A report must not be moved in memory.
 */
#ifndef REEVE_CONFIG_ERRORS_H
#define REEVE_CONFIG_ERRORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strtab.h"
#include "config/load.h"

struct complaint {
    char *text; /* owned */
    uint32_t line;
    size_t order;
    bool warning;
};

struct report {
    const char *file;   /* not owned */
    struct strtab said; /* the texts: what is wrong with all instances of a unit is said once */
    struct complaint *items;
    size_t n_items, cap_items;
    size_t n_warnings; /* of the items */
    bool out_of_memory;
};

/* Where a complaint points: any part may be absent. */
struct place {
    uint32_t line;       /* 0: the file as a whole */
    const char *section; /* text between the brackets; NULL: none */
    const char *key;     /* NULL: none */
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
/* Moves all complaints to `errors`, sorted by line. 0 when there are none but warnings, -EINVAL, or
 * -ENOMEM. */
int report_deliver(struct report *r, struct config_errors *errors);

/* The user's text made fit for a message: long text is cut with "...", control characters are
 * written as \xNN. Returns buf. */
enum { SHOWN_BYTES = 96 };
const char *shown(char buf[SHOWN_BYTES], const char *text);

#endif
