/*
 * Which function answers which method. A service is a table of interfaces; org.varlink.service
 * (GetInfo, GetInterfaceDescription) comes with it. Knows nothing of sockets or of units.
 */
#ifndef REEVE_VARLINK_SERVICE_H
#define REEVE_VARLINK_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "varlink/frame.h"
#include "varlink/message.h"

/* One call on its way through the table. */
struct service_call {
    const struct message_call *message;
    struct strbuf *out; /* where the reply goes; what a oneway call writes is dropped */
    bool lines;
    void *context; /* the caller's own */
};

typedef void service_fn(struct service_call *c);

struct service_method {
    const char *name; /* without the interface: "Health" */
    service_fn *fn;
};

struct service_interface {
    const char *name;                     /* "io.reeve.Manager" */
    const char *description;              /* the text of its .varlink file */
    const struct service_method *methods; /* ended by a NULL name */
};

struct service {
    const char *vendor;
    const char *product;
    const char *version;
    const char *url;
    const struct service_interface *interfaces; /* ended by a NULL name */
};

/* Takes one framed message, well-formed or not, and has it answered into `out` (by the method
 * itself or with an error). `context` is for the methods. 0, or -ENOMEM: nothing was done. */
int service_take(const struct service *s, const struct frame *frame, struct strbuf *out,
                 void *context);

/* org.varlink.service.InvalidParameter. */
void service_invalid_parameter(struct service_call *c, const char *parameter);

#endif
