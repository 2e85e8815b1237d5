#include "core/event_ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 16 };

int event_ring_init(struct event_ring *r, uint32_t keep)
{
    uint32_t cap = keep < FIRST_CAP ? keep : FIRST_CAP;

    memset(r, 0, sizeof *r);
    r->notices = malloc(cap * sizeof *r->notices);
    if (!r->notices)
        return -ENOMEM;
    r->cap = cap;
    r->keep = keep;
    return 0;
}

void event_ring_finish(struct event_ring *r)
{
    free(r->notices);
    memset(r, 0, sizeof *r);
}

static struct notice *at(const struct event_ring *r, uint32_t i)
{
    uint64_t place = ((uint64_t)r->first + i) % r->cap;

    return &r->notices[place];
}

/* Twice the room, or what is to be kept; without memory all stays as it is. */
static void grow(struct event_ring *r)
{
    uint32_t cap = r->cap > r->keep / 2 ? r->keep : 2 * r->cap;
    struct notice *notices = malloc(cap * sizeof *notices);
    uint32_t up_to_end = r->cap - r->first;

    if (!notices)
        return;
    if (up_to_end > r->n)
        up_to_end = r->n;
    memcpy(notices, r->notices + r->first, up_to_end * sizeof *notices);
    memcpy(notices + up_to_end, r->notices, (r->n - up_to_end) * sizeof *notices);
    free(r->notices);
    r->notices = notices;
    r->cap = cap;
    r->first = 0;
}

void event_ring_push(struct event_ring *r, const struct notice *notice)
{
    struct notice *to;

    if (r->n == r->cap && r->cap < r->keep)
        grow(r);
    if (r->n == r->cap) {
        r->first = (r->first + 1) % r->cap;
        r->n--;
    }
    to = at(r, r->n++);
    *to = *notice;
    to->seq = ++r->last_seq;
}

uint64_t event_ring_first_seq(const struct event_ring *r)
{
    return r->last_seq - r->n + 1;
}

const struct notice *event_ring_after(const struct event_ring *r, uint64_t seq)
{
    uint64_t first_seq = event_ring_first_seq(r);

    if (seq >= r->last_seq)
        return NULL;
    return at(r, seq < first_seq ? 0 : (uint32_t)(seq + 1 - first_seq));
}
