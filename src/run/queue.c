#include "run/queue.h"

#include <errno.h>
#include <stdlib.h>

/* A unit has at most this many facts waiting: spawned, execed, signalled, killed twice, exited,
 * tree empty, deadline. */
enum { FACTS_PER_UNIT = 8, ASKS_PER_UNIT = 2, SPARE_EVENTS = 128 };

static int ring_init(struct event_lane *r, uint32_t cap)
{
    *r = (struct event_lane){.cap = cap};
    r->events = calloc(cap, sizeof *r->events);
    return r->events ? 0 : -ENOMEM;
}

int queue_init(struct queue *q, uint32_t n_units)
{
    q->n_units = n_units;
    if (ring_init(&q->lanes[LANE_FACTS], n_units * FACTS_PER_UNIT + SPARE_EVENTS) < 0 ||
        ring_init(&q->lanes[LANE_ASKS], n_units * ASKS_PER_UNIT + SPARE_EVENTS) < 0)
        return -ENOMEM;
    return 0;
}

void queue_finish(struct queue *q)
{
    for (int i = 0; i < LANE_COUNT; i++) {
        free(q->lanes[i].events);
        q->lanes[i] = (struct event_lane){0};
    }
}

static enum queue_lane lane_of(enum event_type type)
{
    switch (type) {
    case EV_START:
    case EV_STOP:
    case EV_RESTART:
    case EV_RESET:
        return LANE_ASKS;
    default:
        return LANE_FACTS;
    }
}

static bool grow(struct event_lane *r)
{
    struct event *events = calloc((size_t)r->cap * 2, sizeof *events);

    if (!events)
        return false;
    for (uint32_t i = 0; i < r->n; i++)
        events[i] = r->events[(r->head + i) % r->cap];
    free(r->events);
    r->events = events;
    r->cap *= 2;
    r->head = 0;
    return true;
}

bool queue_post(struct queue *q, const struct event *ev)
{
    struct event_lane *r = &q->lanes[lane_of(ev->type)];

    if (r->n == r->cap && !grow(r))
        return false;
    r->events[(r->head + r->n) % r->cap] = *ev;
    r->n++;
    return true;
}

bool queue_take(struct queue *q, enum queue_lane lane, struct event *ret)
{
    struct event_lane *r = &q->lanes[lane];

    if (r->n == 0)
        return false;
    *ret = r->events[r->head];
    r->head = (r->head + 1) % r->cap;
    r->n--;
    r->n_taken++;
    return true;
}

bool queue_empty(const struct queue *q)
{
    return q->lanes[LANE_FACTS].n == 0 && q->lanes[LANE_ASKS].n == 0;
}

bool queue_takes_requests(const struct queue *q)
{
    const struct event_lane *asks = &q->lanes[LANE_ASKS];

    return asks->cap - asks->n > q->n_units;
}
