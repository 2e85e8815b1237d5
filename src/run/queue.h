/*
 * The queue of facts: what processes did waits here until the supervisor steps the units through
 * the machine with it. Room is set aside at start for all that the units themselves can cause.
 */
#ifndef REEVE_RUN_QUEUE_H
#define REEVE_RUN_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"

struct queue {
    struct event *events; /* owned */
    uint32_t cap, head, n;
};

/* 0 or -ENOMEM. */
int queue_init(struct queue *q, uint32_t n_units);
void queue_finish(struct queue *q);
/* Adds at the end. False when there was no room and none to be had (nothing was added). */
bool queue_post(struct queue *q, const struct event *ev);
/* Takes the first. False when it is empty. */
bool queue_take(struct queue *q, struct event *ret);
bool queue_empty(const struct queue *q);

#endif
