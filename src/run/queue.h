/*
 * The event queue: everything that happens to a unit waits here, in order, until the supervisor
 * steps it through the machine. Its room is set aside at start for what the units themselves can
 * cause; requests from outside are refused when little is left.
 */
#ifndef REEVE_RUN_QUEUE_H
#define REEVE_RUN_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"

struct queue {
    struct event *events; /* ring; owned */
    uint32_t cap, head, n;
};

/* Room for all that n_units can cause between two turns. 0 or -ENOMEM. */
int queue_init(struct queue *q, uint32_t n_units);
void queue_finish(struct queue *q);
/* Adds at the end. False when there was no room and none to be had (nothing was added). */
bool queue_post(struct queue *q, const struct event *ev);
/* Takes the first. False when empty. */
bool queue_take(struct queue *q, struct event *ret);
/* Whether requests from outside may still add one event a unit. */
bool queue_has_room(const struct queue *q, uint32_t n_events);

#endif
