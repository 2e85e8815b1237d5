#include "config/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 64 * 1024, CHUNK_ALIGN = 16 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t used_bytes;
    size_t cap_bytes;
    _Alignas(CHUNK_ALIGN) char bytes[];
};

void arena_finish(struct arena *a)
{
    while (a->chunks) {
        struct arena_chunk *next = a->chunks->next;

        free(a->chunks);
        a->chunks = next;
    }
}

static struct arena_chunk *add_chunk(struct arena *a, size_t at_least_bytes)
{
    size_t cap = at_least_bytes > CHUNK_BYTES / 4 ? at_least_bytes : CHUNK_BYTES;
    struct arena_chunk *c = calloc(1, sizeof *c + cap);

    if (!c)
        return NULL;
    c->cap_bytes = cap;
    if (cap != CHUNK_BYTES && a->chunks) {
        /* A large object gets a chunk of its own; the current one is filled further. */
        c->next = a->chunks->next;
        a->chunks->next = c;
    } else {
        c->next = a->chunks;
        a->chunks = c;
    }
    return c;
}

void *arena_alloc(struct arena *a, size_t n, size_t item_bytes)
{
    struct arena_chunk *c = a->chunks;
    size_t bytes;
    char *p;

    if (item_bytes && n > (SIZE_MAX / 2) / item_bytes)
        return NULL;
    bytes = (n * item_bytes + CHUNK_ALIGN - 1) & ~(size_t)(CHUNK_ALIGN - 1);
    if (!c || c->cap_bytes - c->used_bytes < bytes)
        c = add_chunk(a, bytes);
    if (!c)
        return NULL;
    p = c->bytes + c->used_bytes;
    c->used_bytes += bytes;
    return p;
}

char *arena_copy(struct arena *a, const char *text, size_t len_bytes)
{
    char *p = arena_alloc(a, len_bytes + 1, 1);

    if (p && len_bytes)
        memcpy(p, text, len_bytes);
    return p;
}
