#include "run/queue.h"

#include <errno.h>
#include <stdlib.h>

/* A unit has at most this many facts waiting: spawned, execed, signalled, killed twice, exited,
 * tree empty, deadline. Commands of hooks are at work before the first two or after them, and take
 * their place: hooked, hook gone. */
enum { FACTS_PER_UNIT = 8, SPARE_EVENTS = 128 };

int queue_init(struct queue *q, uint32_t n_units)
{
    *q = (struct queue){.cap = n_units * FACTS_PER_UNIT + SPARE_EVENTS};
    q->events = calloc(q->cap, sizeof *q->events);
    return q->events ? 0 : -ENOMEM;
}

void queue_finish(struct queue *q)
{
    free(q->events);
    *q = (struct queue){0};
}

static bool grow(struct queue *q)
{
    struct event *events = calloc((size_t)q->cap * 2, sizeof *events);

    if (!events)
        return false;
    for (uint32_t i = 0; i < q->n; i++)
        events[i] = q->events[(q->head + i) % q->cap];
    free(q->events);
    q->events = events;
    q->cap *= 2;
    q->head = 0;
    return true;
}

bool queue_post(struct queue *q, const struct event *ev)
{
    if (q->n == q->cap && !grow(q))
        return false;
    q->events[(q->head + q->n) % q->cap] = *ev;
    q->n++;
    return true;
}

bool queue_take(struct queue *q, struct event *ret)
{
    if (q->n == 0)
        return false;
    *ret = q->events[q->head];
    q->head = (q->head + 1) % q->cap;
    q->n--;
    return true;
}

bool queue_empty(const struct queue *q)
{
    return q->n == 0;
}
