/* The methods of io.reeve.Manager: arguments in, answers out. A call whose units take a while to
 * choose stays with its client as a request, and the client's turns go on with it. */
#ifndef REEVE_CONTROL_MANAGER_H
#define REEVE_CONTROL_MANAGER_H

#include "varlink/service.h"

/* For the table of a service; the context of each call is its struct client. */
extern const struct service_interface manager_interfaces[];

struct client;
struct request;

/* Does one portion of client.request, which must be there, and forgets it when it is over. */
void manager_go_on(struct client *cl);
/* NULL is allowed. */
void request_destroy(struct request *q);

#endif
