#include "control/check.h"
#include "control/client.h"
#include "control/methods.h"
#include "control/request.h"
#include "control/state.h"

void method_check(struct service_call *c)
{
    static const char *const known[] = {NULL};
    struct params p;

    if (!request_may(c, ACCESS_CONTROL))
        return;
    params_init(&p, c->message->parameters, known);
    if (request_good(c, &p) && !c->message->oneway)
        check_ask(&client_of(c)->control->check, client_of(c), c->lines);
}

void method_shutdown(struct service_call *c)
{
    static const char *const known[] = {NULL};
    struct params p;
    struct json_out o;

    if (!request_may(c, ACCESS_SHUTDOWN))
        return;
    params_init(&p, c->message->parameters, known);
    if (!request_good(c, &p))
        return;
    message_begin(&o, c->out);
    message_end(&o, false, c->lines);
    supervisor_shutdown(supervisor_of(c), requester_of(client_of(c)), 0);
}
