/*
 * A request that is put to many units, and perhaps waited for: asked of the supervisor in portions,
 * then decided by looking at a unit whenever it changed, never by polling. Units that a stop or
 * restart takes along are waited for as well. A client has one at a time, and keeps it until all is
 * asked, even when it asked oneway or has gone away: so there are never more than clients.
 */
#ifndef REEVE_CONTROL_PENDING_H
#define REEVE_CONTROL_PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "control/asking.h"

struct control;
struct client;
struct pending;

/* Units that all who may only look can wait for at once; each costs about a hundred bytes. */
enum { WAITED_MAX = 131072 };
/* Whether a further one may begin now, or has to wait until others have asked all. */
bool pending_may_begin(const struct control *c);
/* Whether this client may wait for so many units more. */
bool pending_has_room(const struct control *c, const struct client *client, uint32_t n_units);
/* Begins; the client gets the answer. 0, or -ENOMEM: nothing was asked of anybody. */
int pending_create(struct client *client, struct asking_request *request);
/* Whether all was asked that is to be asked. */
bool pending_is_put(const struct pending *p);
/* The client is destroyed. What is not asked yet still is. */
void pending_detach(struct pending *p);
/* Whether there is something to tell the client. */
bool pending_has_news(const struct pending *p);
/* Writes a portion of what there is to tell to its client; with the last one it is over. */
void pending_write(struct pending *p);

/* One turn: asks a portion, or looks whether the requests have reached their units. Returns whether
 * any needs a further turn. */
bool pendings_work(struct control *c);
/* A unit changed. */
void pendings_look(struct control *c, uint32_t index);
/* Something was asked of units, which may be needed again by that without any change. */
void pendings_look_again(struct control *c);
/* reeved ends: answers all with what can be said. */
void pendings_end(struct control *c);

#endif
