/*
 * The event queue: everything that happens to a unit waits here until the supervisor steps it
 * through the machine. It has two lanes, each in order: facts (what processes did) and asks (what
 * somebody wants), so that neither a storm of deaths nor a start of thousands keeps the other
 * waiting. Room is set aside at start for all that the units themselves can cause; requests from
 * outside are refused when little is left.
 */
#ifndef REEVE_RUN_QUEUE_H
#define REEVE_RUN_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"

enum queue_lane { LANE_FACTS, LANE_ASKS, LANE_COUNT };

struct event_lane {
    struct event *events; /* owned */
    uint32_t cap, head, n;
    uint64_t n_taken; /* ever */
};

struct queue {
    struct event_lane lanes[LANE_COUNT];
    uint32_t n_units;
};

/* 0 or -ENOMEM. */
int queue_init(struct queue *q, uint32_t n_units);
void queue_finish(struct queue *q);
/* Adds at the end of its lane. False when there was no room and none to be had (nothing was
 * added). */
bool queue_post(struct queue *q, const struct event *ev);
/* Takes the first of a lane. False when that is empty. */
bool queue_take(struct queue *q, enum queue_lane lane, struct event *ret);
bool queue_empty(const struct queue *q);
/* Whether one more request from outside leaves room for a stop of every unit. */
bool queue_takes_requests(const struct queue *q);

#endif
