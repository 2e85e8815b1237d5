#include "core/records.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int records_init(struct records *r)
{
    *r = (struct records){.ring = calloc(1, sizeof *r->ring), .cap = 1};
    return r->ring ? 0 : -ENOMEM;
}

void records_finish(struct records *r)
{
    free(r->ring);
    *r = (struct records){0};
}

void records_reserve(struct records *r)
{
    struct exit_record *ring;

    if (r->n < r->cap || r->cap == RECORDS_KEPT)
        return;
    ring = realloc(r->ring, (size_t)r->cap * 2 * sizeof *ring);
    if (!ring)
        return;
    /* It was full, the oldest at `at`: straighten it, so that the new room follows the newest. */
    memcpy(ring + r->cap, ring, r->at * sizeof *ring);
    memmove(ring, ring + r->at, r->cap * sizeof *ring);
    r->ring = ring;
    r->at = r->cap;
    r->cap *= 2;
}

void records_push(struct records *r, const struct exit_record *record)
{
    r->ring[r->at] = *record;
    r->at = (r->at + 1) % r->cap;
    if (r->n < r->cap)
        r->n++;
}

const struct exit_record *records_get(const struct records *r, uint32_t back)
{
    return back < r->n ? &r->ring[(r->at + r->cap - 1 - back) % r->cap] : NULL;
}
