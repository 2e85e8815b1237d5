/* What a request asks of units, and which others that takes along. */
#ifndef REEVE_CONTROL_ASKING_H
#define REEVE_CONTROL_ASKING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "control/select.h"
#include "core/order.h"
#include "core/verdict.h"
#include "run/supervisor.h"

/* What is asked of each unit. */
enum asking {
    ASK_START,
    ASK_STOP,
    ASK_RESTART,
    ASK_RESET,
    ASK_SIGNAL,
    ASK_RELOAD,
    ASK_HOLD,
    ASK_NOTHING /* only waited for */
};

enum waiting {
    WAIT_NOT,     /* decided when the request has reached the unit */
    WAIT_ASKED,   /* until what was asked for is there */
    WAIT_BY_KIND, /* a service ready, a job completed */
    WAIT_READY,   /* the unit is ... */
    WAIT_HEALTHY,
    WAIT_COMPLETED,
    WAIT_STOPPED
};

struct asking_request {
    enum asking asking;
    enum waiting waiting;
    struct selection units; /* taken over by pending_create */
    int64_t timeout_ms;     /* -1: none */
    int signal;             /* ASK_SIGNAL */
    enum signal_to signal_to;
    int64_t hold_ms; /* ASK_HOLD; 0: no longer */
    bool more;
    bool lines;
    bool oneway; /* nobody waits for an answer */
    struct requester requester;
};

/* What is waited for, of this unit; `along`: with what it is taken along, if it is. */
enum operation asking_operation(const struct asking_request *q, const struct unit *u,
                                struct along along);
/* Asks the unit. 0 or negative errno, as the supervisor says. */
int asking_put(const struct asking_request *q, struct supervisor *s, const struct unit *u);
/* Why that was refused, in words. */
void asking_explain(const struct asking_request *q, const struct unit *u, int error,
                    struct strbuf *out);
/* Whether it concerns the order of units, and so is to be asked of all of them as if at once. */
bool asking_has_order(enum asking asking);
/* The units asked for together with those that a stop or restart of them takes along. `ret` gets
 * them all, and *ret_along has a place for every unit; both are the caller's then. 0 or -ENOMEM. */
int asking_along(const struct asking_request *q, struct supervisor *s, struct selection *ret,
                 struct along **ret_along);

#endif
