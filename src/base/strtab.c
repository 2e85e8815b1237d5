#include "base/strtab.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"

enum { CHUNK_FIRST = 8, CHUNK_MOST = 1024 };

struct strtab_chunk {
    struct strtab_chunk *next;
    size_t used;
    size_t cap;
    struct strtab_entry entries[];
};

void strtab_init(struct strtab *t)
{
    map_init(&t->map);
    t->chunks = NULL;
}

void strtab_finish(struct strtab *t)
{
    while (t->chunks) {
        struct strtab_chunk *next = t->chunks->next;

        free(t->chunks);
        t->chunks = next;
    }
    map_finish(&t->map);
}

/* FNV-1a. */
static uint64_t hash_of(const char *text, size_t len_bytes)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < len_bytes; i++)
        h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
    return h;
}

static struct strtab_entry *first_with(const struct strtab *t, uint64_t hash)
{
    struct map_node *node = map_find(&t->map, hash);

    return node ? container_of(node, struct strtab_entry, node) : NULL;
}

static struct strtab_entry *same_text(struct strtab_entry *e, const char *text, size_t len_bytes)
{
    while (e && (e->len_bytes != len_bytes || memcmp(e->text, text, len_bytes) != 0))
        e = e->same_hash;
    return e;
}

struct strtab_entry *strtab_find(const struct strtab *t, const char *text, size_t len_bytes)
{
    return same_text(first_with(t, hash_of(text, len_bytes)), text, len_bytes);
}

static struct strtab_entry *new_entry(struct strtab *t)
{
    struct strtab_chunk *c = t->chunks;

    if (!c || c->used == c->cap) {
        size_t cap = !c ? CHUNK_FIRST : c->cap < CHUNK_MOST ? c->cap * 2 : CHUNK_MOST;

        c = malloc(sizeof *c + cap * sizeof c->entries[0]);
        if (!c)
            return NULL;
        c->next = t->chunks;
        c->used = 0;
        c->cap = cap;
        t->chunks = c;
    }
    return &c->entries[c->used++];
}

struct strtab_entry *strtab_put(struct strtab *t, const char *text, size_t len_bytes,
                                bool *ret_added)
{
    uint64_t hash = hash_of(text, len_bytes);
    struct strtab_entry *first = first_with(t, hash);
    struct strtab_entry *e = same_text(first, text, len_bytes);

    *ret_added = false;
    if (e)
        return e;
    e = new_entry(t);
    if (!e)
        return NULL;
    *e = (struct strtab_entry){.text = text, .len_bytes = len_bytes};
    if (first) {
        e->same_hash = first->same_hash;
        first->same_hash = e;
    } else {
        map_add(&t->map, &e->node, hash);
    }
    *ret_added = true;
    return e;
}
