#include "control/request.h"

#include <errno.h>
#include <stdlib.h>

#include "control/client.h"
#include "control/state.h"

struct client *client_of(const struct service_call *c)
{
    return c->context;
}

struct supervisor *supervisor_of(const struct service_call *c)
{
    return client_of(c)->control->supervisor;
}

struct requester requester_of(const struct client *cl)
{
    return (struct requester){.known = true, .uid = cl->peer.uid, .pid = cl->peer.pid};
}

/* ---- refusals ---- */

void request_refuse(struct service_call *c, const char *error, const char *message)
{
    message_error(c->out, c->lines, error, "message", message, NULL);
}

bool request_may(struct service_call *c, enum access_to what)
{
    const struct client *cl = client_of(c);
    const struct daemon_spec *spec = supervisor_daemon_spec(supervisor_of(c));
    struct strbuf text = STRBUF_INIT;

    if (access_may(cl->role, what))
        return true;
    access_explain(&text, what, cl->control->own_uid,
                   spec->has_socket_group ? spec->socket_group : NULL, cl->peer.uid);
    request_refuse(c, MANAGER ".NotPermitted", strbuf_text(&text));
    strbuf_finish(&text);
    return false;
}

void request_tell_missing(struct supervisor *s, const char *name, struct strbuf *out, bool lines)
{
    struct strbuf text = STRBUF_INIT;

    select_explain_missing(s, name, &text);
    message_error(out, lines, MANAGER ".NoSuchUnit", "unit", name, "message", strbuf_text(&text),
                  NULL);
    strbuf_finish(&text);
}

bool request_good(struct service_call *c, const struct params *p)
{
    if (p->bad)
        service_invalid_parameter(c, p->bad);
    return !p->bad;
}

/* ---- choosing units ---- */

struct request request_of(const struct service_call *c,
                          void (*then)(struct client *, struct request *, struct selection *))
{
    return (struct request){
        .then = then,
        .lines = c->lines,
        .oneway = c->message->oneway,
        .more = c->message->more,
    };
}

void request_destroy(struct request *q)
{
    if (!q)
        return;
    selecting_destroy(q->selecting);
    selection_finish(&q->units);
    free(q);
}

/* Answers that the units could not be chosen. */
static void not_chosen(struct client *cl, const struct request *q, int r, const char *missing)
{
    if (r == -ENOMEM)
        cl->out.failed = true; /* the client is dropped */
    else if (q->oneway)
        return;
    else if (r == -E2BIG)
        message_error(&cl->out, q->lines, MANAGER ".TooLarge", "message",
                      "A request takes at most 32 patterns of at most 128 characters each.", NULL);
    else
        request_tell_missing(cl->control->supervisor, missing, &cl->out, q->lines);
}

/* Chooses on. 0 when the units are chosen, else as selecting_step(). */
static int choose_on(struct request *q, const char **ret_missing)
{
    int r;

    if (!q->selecting)
        return 0;
    r = selecting_step(q->selecting, &q->units, ret_missing);
    if (r < 0)
        return r;
    selecting_destroy(q->selecting);
    q->selecting = NULL;
    return 0;
}

void request_go_on(struct client *cl)
{
    struct request *q = cl->request;
    const char *missing = NULL;
    int r = choose_on(q, &missing);

    if (r == -EAGAIN || (r == 0 && q->may_begin && !q->may_begin(cl->control)))
        return;
    cl->request = NULL;
    if (r == 0)
        q->then(cl, q, &q->units);
    else
        not_chosen(cl, q, r, missing);
    q->units = (struct selection){NULL, 0}; /* taken over */
    request_destroy(q);
}

void request_begin(struct client *cl, const struct request *as, struct selection *units)
{
    struct request *q = malloc(sizeof *q);

    if (!q) {
        selection_finish(units);
        cl->out.failed = true;
        return;
    }
    *q = *as;
    q->units = *units;
    cl->request = q;
    request_go_on(cl);
}

void request_choose(struct service_call *c, const cJSON *names, const struct request *as)
{
    struct client *cl = client_of(c);
    struct request *q = malloc(sizeof *q);
    const char *missing = NULL;
    int r = -ENOMEM;

    if (q) {
        *q = *as;
        r = selecting_create(&q->selecting, supervisor_of(c), names, &missing);
    }
    if (r < 0) {
        free(q);
        not_chosen(cl, as, r, missing);
        return;
    }
    cl->request = q;
    request_go_on(cl);
}
