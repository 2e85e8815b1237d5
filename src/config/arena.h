/*
 * Memory that is freed all at once: a configuration is built in one and dropped with it. Nothing
 * here is ever freed alone; the memory is zeroed.
 */
#ifndef REEVE_CONFIG_ARENA_H
#define REEVE_CONFIG_ARENA_H

#include <stddef.h>

struct arena {
    struct arena_chunk *chunks; /* owned; the first is the one being filled */
};

void arena_finish(struct arena *a);
/* Aligned for any object; NULL when memory ran out. */
void *arena_alloc(struct arena *a, size_t n, size_t item_bytes);
/* A NUL-terminated copy; NULL when memory ran out. */
char *arena_copy(struct arena *a, const char *text, size_t len_bytes);

#endif
