/* A call whose units are being chosen: that may take a while, so it stays with its client and the
 * client's turns go on with it. And what all methods share: who asks, refusals. */
#ifndef REEVE_CONTROL_REQUEST_H
#define REEVE_CONTROL_REQUEST_H

#include <stdbool.h>

#include "control/access.h"
#include "control/events.h"
#include "control/listing.h"
#include "control/pending.h"
#include "control/select.h"
#include "varlink/json.h"
#include "varlink/service.h"

#define MANAGER "io.reeve.Manager"

struct client;
struct control;

struct request {
    struct selecting *selecting; /* owned; NULL: they are chosen */
    struct selection units;      /* then; owned */
    /* NULL, or whether what comes then may begin already. */
    bool (*may_begin)(const struct control *c);
    /* What comes in the end; takes over `units`. */
    void (*then)(struct client *cl, struct request *q, struct selection *units);
    bool lines;
    bool oneway;
    bool more;
    /* Health, List and Graph */
    enum listing_shape listing;
    uint32_t limit;
    /* what is asked of units, or waited for */
    struct asking_request pending;
    /* Events */
    struct event_request events;
};

/* Begins the request of a call, which goes on with `then`. */
struct request request_of(const struct service_call *c,
                          void (*then)(struct client *, struct request *, struct selection *));
/* Chooses the units of a call, the first portion of them at once, then goes on as `as` says. */
void request_choose(struct service_call *c, const cJSON *names, const struct request *as);
/* The same with units chosen already, which it takes over. */
void request_begin(struct client *cl, const struct request *as, struct selection *units);
/* Does one portion of client.request, which must be there, and forgets it when it is over. */
void request_go_on(struct client *cl);
/* NULL is allowed. */
void request_destroy(struct request *q);

struct client *client_of(const struct service_call *c);
struct supervisor *supervisor_of(const struct service_call *c);
struct requester requester_of(const struct client *cl);

/* Whether the caller may; answers when not. */
bool request_may(struct service_call *c, enum access_to what);
/* Answers with an error of the Manager that has a message. */
void request_refuse(struct service_call *c, const char *error, const char *message);
/* Answers that no unit has this name. */
void request_tell_missing(struct supervisor *s, const char *name, struct strbuf *out, bool lines);
/* Whether the parameters are good; answers when not. */
bool request_good(struct service_call *c, const struct params *p);

#endif
