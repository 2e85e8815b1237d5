/*
 * A Start, Stop or Restart on its way: asked of the supervisor in portions, then decided by looking
 * at a unit whenever it changed, never by polling. Lives on its own: when its client goes away,
 * what was requested is still asked for, only nobody is told.
 */
#ifndef REEVE_CONTROL_PENDING_H
#define REEVE_CONTROL_PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "control/select.h"
#include "core/verdict.h"
#include "run/loop.h"

struct control;
struct client;
struct pending;

struct pending_request {
    enum operation operation;
    struct selection units; /* taken over by pending_create */
    bool wait;
    int64_t timeout_ms; /* -1: none */
    bool lines;
    struct requester requester;
};

/* Begins; `client` (NULL: nobody) gets the answer. 0, or -ENOMEM: nothing was asked of anybody. */
int pending_create(struct control *c, struct client *client, struct pending_request *request);
/* The client is gone. */
void pending_detach(struct pending *p);

/* One turn: asks a portion, or looks whether the requests have reached their units. Returns whether
 * any needs a further turn. */
bool pendings_work(struct control *c);
/* A unit changed. */
void pendings_look(struct control *c, uint32_t index);
/* reeved ends: answers all with what can be said. */
void pendings_end(struct control *c);

#endif
