#include "control/manager.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "control/access.h"
#include "control/client.h"
#include "control/events.h"
#include "control/listing.h"
#include "control/pending.h"
#include "control/select.h"
#include "control/state.h"
#include "control/view.h"
#include "core/event_ring.h"
#include "os/clock.h"
#include "varlink/contract.h"
#include "varlink/json.h"

#define MANAGER "io.reeve.Manager"

static struct client *client_of(const struct service_call *c)
{
    return c->context;
}

static struct supervisor *supervisor_of(const struct service_call *c)
{
    return client_of(c)->control->supervisor;
}

/* ---- refusals ---- */

static void refuse(struct service_call *c, const char *error, const char *message)
{
    message_error(c->out, c->lines, error, "message", message, NULL);
}

/* Whether the caller may; answers when not. */
static bool may(struct service_call *c, enum access_to what)
{
    const struct client *cl = client_of(c);
    const struct daemon_spec *spec = supervisor_daemon_spec(supervisor_of(c));
    struct strbuf text = STRBUF_INIT;

    if (access_may(cl->role, what))
        return true;
    access_explain(&text, what, cl->control->own_uid,
                   spec->has_socket_group ? spec->socket_group : NULL, cl->peer.uid);
    refuse(c, MANAGER ".NotPermitted", strbuf_text(&text));
    strbuf_finish(&text);
    return false;
}

/* ---- the units of a call ---- */

struct request {
    struct selecting *selecting; /* owned */
    void (*then)(struct client *cl, struct request *q, struct selection *units);
    bool lines;
    bool oneway;
    /* Health and List */
    bool health;
    bool more;
    uint32_t limit;
    /* Events */
    struct event_request events;
    /* Start, Stop and Restart */
    struct pending_request operation;
};

void request_destroy(struct request *q)
{
    if (!q)
        return;
    selecting_destroy(q->selecting);
    free(q);
}

static void tell_missing(struct supervisor *s, const char *name, struct strbuf *out, bool lines)
{
    struct strbuf text = STRBUF_INIT;

    select_explain_missing(s, name, &text);
    message_error(out, lines, MANAGER ".NoSuchUnit", "unit", name, "message", strbuf_text(&text),
                  NULL);
    strbuf_finish(&text);
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
        tell_missing(cl->control->supervisor, missing, &cl->out, q->lines);
}

void manager_go_on(struct client *cl)
{
    struct request *q = cl->request;
    struct selection units;
    const char *missing = NULL;
    int r = selecting_step(q->selecting, &units, &missing);

    if (r == -EAGAIN)
        return;
    cl->request = NULL;
    if (r == 0)
        q->then(cl, q, &units);
    else
        not_chosen(cl, q, r, missing);
    request_destroy(q);
}

/* Chooses the units of a call, the first portion of them at once, then goes on as `as` says. */
static void choose(struct service_call *c, const cJSON *names, const struct request *as)
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
    manager_go_on(cl);
}

/* ---- looking ---- */

static void begin_listing(struct client *cl, struct request *q, struct selection *units)
{
    if (units->n > q->limit)
        units->n = q->limit;
    if (q->oneway)
        selection_finish(units);
    else
        listing_begin(&cl->listing, q->health, q->more, q->lines, cl->control->service.version,
                      units);
}

static void list(struct service_call *c, bool health)
{
    static const char *const known_health[] = {"units", "limit", NULL};
    static const char *const known_list[] = {"units", NULL};
    struct client *cl = client_of(c);
    struct selection units;
    struct request q = {
        .then = begin_listing,
        .lines = c->lines,
        .oneway = c->message->oneway,
        .health = health,
        .more = c->message->more,
    };
    const cJSON *names;
    struct params p;

    params_init(&p, c->message->parameters, health ? known_health : known_list);
    names = params_texts(&p, "units");
    q.limit = (uint32_t)params_int(&p, "limit", UINT32_MAX, 0, UINT32_MAX);
    if (p.bad)
        service_invalid_parameter(c, p.bad);
    else if (names)
        choose(c, names, &q);
    else if (select_all(cl->control->supervisor, q.limit, &units) == 0)
        begin_listing(cl, &q, &units);
    else
        cl->out.failed = true;
}

static void health(struct service_call *c)
{
    list(c, true);
}

static void list_units(struct service_call *c)
{
    list(c, false);
}

static void show(struct service_call *c)
{
    static const char *const known[] = {"unit", NULL};
    struct supervisor *s = supervisor_of(c);
    struct view_time t = {clock_now(), supervisor_uptime_ms(s)};
    const struct unit *u;
    const char *name;
    struct params p;
    struct json_out o;

    params_init(&p, c->message->parameters, known);
    name = params_text(&p, "unit");
    if (!name)
        params_refuse(&p, "unit");
    if (p.bad) {
        service_invalid_parameter(c, p.bad);
        return;
    }
    u = supervisor_find(s, name);
    if (!u) {
        tell_missing(s, name, c->out, c->lines);
        return;
    }
    message_begin(&o, c->out);
    view_details(&o, "unit", u, supervisor_tracking(s, u->index), &t);
    message_end(&o, false, c->lines);
}

/* ---- events ---- */

static void follow(struct client *cl, const struct request *q, const struct selection *units)
{
    if (q->oneway)
        return;
    if (event_stream_begin(&cl->events, cl->control->supervisor, &q->events, units) < 0)
        cl->out.failed = true;
}

static void begin_events(struct client *cl, struct request *q, struct selection *units)
{
    follow(cl, q, units);
    selection_finish(units);
}

/* Bits of enum notice_type; all of them without names. */
static uint32_t take_types(struct params *p)
{
    const cJSON *names = params_texts(p, "types");
    const cJSON *name;
    uint32_t types = 0;

    if (!names)
        return (UINT32_C(1) << NOTICE_COUNT) - 1;
    cJSON_ArrayForEach(name, names)
    {
        unsigned type = 0;

        while (type < NOTICE_COUNT &&
               strcmp(notice_type_name((enum notice_type)type), name->valuestring) != 0)
            type++;
        if (type == NOTICE_COUNT)
            params_refuse(p, "types");
        else
            types |= UINT32_C(1) << type;
    }
    return types;
}

static void take_since(struct params *p, const struct supervisor *s, struct event_request *r)
{
    const char *epoch = params_text(p, "epoch");

    r->since = params_int(p, "since", -1, 0, INT64_MAX);
    r->last = params_int(p, "last", EVENTS_LAST_ALL, 0, INT64_MAX);
    if (epoch && r->since < 0)
        params_refuse(p, "epoch"); /* says nothing without `since` */
    r->other_epoch = epoch && strcmp(epoch, supervisor_epoch(s)) != 0;
    if (!r->other_epoch && r->since > (int64_t)supervisor_events(s)->last_seq)
        params_refuse(p, "since"); /* not of this life of reeved */
}

static void events(struct service_call *c)
{
    static const char *const known[] = {"since", "epoch", "last", "units", "types", NULL};
    struct client *cl = client_of(c);
    struct request q = {
        .then = begin_events,
        .lines = c->lines,
        .oneway = c->message->oneway,
        .events = {.more = c->message->more, .lines = c->lines},
    };
    const cJSON *units;
    struct params p;

    params_init(&p, c->message->parameters, known);
    take_since(&p, supervisor_of(c), &q.events);
    q.events.types = take_types(&p);
    units = params_texts(&p, "units");
    if (p.bad)
        service_invalid_parameter(c, p.bad);
    else if (units)
        choose(c, units, &q);
    else
        follow(cl, &q, NULL);
}

/* ---- acting ---- */

static struct requester requester_of(const struct client *cl)
{
    return (struct requester){.known = true, .uid = cl->peer.uid, .pid = cl->peer.pid};
}

static void begin_operation(struct client *cl, struct request *q, struct selection *units)
{
    q->operation.units = *units;
    if (pending_create(cl->control, q->oneway ? NULL : cl, &q->operation) < 0) {
        selection_finish(&q->operation.units);
        cl->out.failed = true;
    }
}

static void operate(struct service_call *c, enum operation operation)
{
    static const char *const known[] = {"units", "wait", "timeout_ms", NULL};
    struct request q = {
        .then = begin_operation,
        .lines = c->lines,
        .oneway = c->message->oneway,
        .operation = {.operation = operation, .lines = c->lines},
    };
    const cJSON *names;
    struct params p;

    if (!may(c, ACCESS_CONTROL))
        return;
    params_init(&p, c->message->parameters, known);
    names = params_texts(&p, "units");
    if (!names)
        params_refuse(&p, "units");
    q.operation.wait = params_bool(&p, "wait", true);
    q.operation.timeout_ms = params_int(&p, "timeout_ms", -1, 0, DURATION_MAX_MS);
    q.operation.requester = requester_of(client_of(c));
    if (p.bad)
        service_invalid_parameter(c, p.bad);
    else if (supervisor_shutting_down(supervisor_of(c)))
        refuse(c, MANAGER ".ShuttingDown",
               "reeved is shutting down: all units are being stopped, and nothing is started.");
    else
        choose(c, names, &q);
}

static void start(struct service_call *c)
{
    operate(c, OPERATION_START);
}

static void stop(struct service_call *c)
{
    operate(c, OPERATION_STOP);
}

static void restart(struct service_call *c)
{
    operate(c, OPERATION_RESTART);
}

static void shut_down(struct service_call *c)
{
    static const char *const known[] = {NULL};
    struct params p;
    struct json_out o;

    if (!may(c, ACCESS_SHUTDOWN))
        return;
    params_init(&p, c->message->parameters, known);
    if (p.bad) {
        service_invalid_parameter(c, p.bad);
        return;
    }
    message_begin(&o, c->out);
    message_end(&o, false, c->lines);
    supervisor_shutdown(supervisor_of(c), requester_of(client_of(c)), 0);
}

static const struct service_method methods[] = {
    {"Events", events},   {"Health", health},      {"List", list_units},
    {"Show", show},       {"Start", start},        {"Stop", stop},
    {"Restart", restart}, {"Shutdown", shut_down}, {NULL, NULL},
};

const struct service_interface manager_interfaces[] = {
    {MANAGER, io_reeve_Manager_varlink, methods},
    {NULL, NULL, NULL},
};
