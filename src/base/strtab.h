/*
 * A table from strings to numbers, for interning and for finding repetitions without comparing
 * everything with everything. The strings are the caller's and must outlive the table. A table must
 * not be moved in memory once initialised.
 */
#ifndef REEVE_BASE_STRTAB_H
#define REEVE_BASE_STRTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"

struct strtab_entry {
    struct map_node node;           // strtab.map
    struct strtab_entry *same_hash; /* another string with the same hash */
    const char *text;
    size_t len_bytes;
    uint64_t value; /* the caller's; 0 in a new entry */
};

struct strtab {
    struct map map;
    struct strtab_chunk *chunks; /* owned */
};

void strtab_init(struct strtab *t);
void strtab_finish(struct strtab *t);
/* The entry of this string, or NULL. */
struct strtab_entry *strtab_find(const struct strtab *t, const char *text, size_t len_bytes);
/* The entry of this string, added if need be; NULL when memory ran out. */
struct strtab_entry *strtab_put(struct strtab *t, const char *text, size_t len_bytes,
                                bool *ret_added);

#endif
