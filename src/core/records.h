/*
 * The last exit records of a unit: a ring that grows, as runs come, to RECORDS_KEPT. Room for the
 * next record is made before the run that will need it; without memory fewer are kept, but the
 * newest is never lost.
 */
#ifndef REEVE_CORE_RECORDS_H
#define REEVE_CORE_RECORDS_H

#include <stdint.h>

#include "core/outcome.h"

enum { RECORDS_KEPT = 16 };

struct records {
    struct exit_record *ring; /* owned */
    uint32_t n, cap, at;      /* `at`: where the next one goes */
};

/* Makes room for one. 0 or -ENOMEM. */
int records_init(struct records *r);
void records_finish(struct records *r);
/* Makes room for one more, if it can. */
void records_reserve(struct records *r);
/* Keeps a copy; when there is no room the oldest gives way. */
void records_push(struct records *r, const struct exit_record *record);
/* The record `back` steps before the newest (0: the newest), or NULL. Valid until the next change.
 */
const struct exit_record *records_get(const struct records *r, uint32_t back);

#endif
