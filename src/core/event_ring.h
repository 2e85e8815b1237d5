/*
 * The last events of one life of reeved, for whoever asks or follows. Each is written once and read
 * by any number of readers at their own pace: a reader holds the number of the last event it has
 * seen, and one that is too slow finds that the next is gone. Grows, as events come, to the number
 * kept; without memory fewer are kept, but the newest always is.
 */
#ifndef REEVE_CORE_EVENT_RING_H
#define REEVE_CORE_EVENT_RING_H

#include <stdint.h>

#include "core/notice.h"

struct event_ring {
    struct notice *notices; /* owned */
    uint32_t cap, n, first; /* `first`: where the oldest is */
    uint32_t keep;
    uint64_t last_seq; /* of the newest ever; 0: none yet */
};

/* Keeps the last `keep` (at least 1). 0 or -ENOMEM. */
int event_ring_init(struct event_ring *r, uint32_t keep);
void event_ring_finish(struct event_ring *r);
/* Numbers the notice and keeps a copy; the oldest gives way. */
void event_ring_push(struct event_ring *r, const struct notice *notice);
/* The oldest that is kept with a number greater than `seq`, or NULL. Valid until the next push. */
const struct notice *event_ring_after(const struct event_ring *r, uint64_t seq);
/* The number of the oldest that is kept; last_seq + 1 when none is. */
uint64_t event_ring_first_seq(const struct event_ring *r);

#endif
