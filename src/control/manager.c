#include "control/manager.h"

#include <errno.h>
#include <string.h>

#include "base/duration.h"
#include "control/access.h"
#include "control/client.h"
#include "control/listing.h"
#include "control/pending.h"
#include "control/select.h"
#include "control/state.h"
#include "control/view.h"
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

static void refuse_missing(struct service_call *c, const char *name)
{
    struct strbuf text = STRBUF_INIT;

    select_explain_missing(supervisor_of(c), name, &text);
    message_error(c->out, c->lines, MANAGER ".NoSuchUnit", "unit", name, "message",
                  strbuf_text(&text), NULL);
    strbuf_finish(&text);
}

/* Whether the caller may control; answers when not. */
static bool may_control(struct service_call *c)
{
    const struct client *cl = client_of(c);
    struct strbuf text = STRBUF_INIT;

    if (access_may(ACCESS_CONTROL, cl->peer.uid, cl->control->own_uid))
        return true;
    strbuf_addf(&text, "Only root%s may do this, and you are uid %u; try it as root.",
                cl->control->own_uid == 0 ? "" : " and the user that runs reeved",
                (unsigned)cl->peer.uid);
    refuse(c, MANAGER ".NotPermitted", strbuf_text(&text));
    strbuf_finish(&text);
    return false;
}

/* Turns what select_units said into an answer; true when the selection is good. */
static bool selected(struct service_call *c, int r, const char *missing)
{
    switch (-r) {
    case 0:
        return true;
    case ENOENT:
        refuse_missing(c, missing);
        break;
    case E2BIG:
        refuse(c, MANAGER ".TooLarge",
               "A request takes at most 32 patterns of at most 128 characters each.");
        break;
    default:
        c->out->failed = true; /* no memory: the client is dropped */
        break;
    }
    return false;
}

/* ---- looking ---- */

static void list(struct service_call *c, bool health)
{
    static const char *const known_health[] = {"units", "limit", NULL};
    static const char *const known_list[] = {"units", NULL};
    struct client *cl = client_of(c);
    struct selection units;
    const char *missing = NULL;
    const cJSON *names;
    struct params p;
    int64_t limit;
    int r;

    params_init(&p, c->message->parameters, health ? known_health : known_list);
    names = params_texts(&p, "units");
    limit = params_int(&p, "limit", UINT32_MAX, 0, UINT32_MAX);
    if (p.bad) {
        service_invalid_parameter(c, p.bad);
        return;
    }
    if (names)
        r = select_units(cl->control->supervisor, names, &units, &missing);
    else
        r = select_all(cl->control->supervisor, (uint32_t)limit, &units);
    if (!selected(c, r, missing))
        return;
    if (units.n > limit)
        units.n = (uint32_t)limit;
    if (c->message->oneway)
        selection_finish(&units);
    else
        listing_begin(&cl->listing, health, c->message->more, c->lines,
                      cl->control->service.version, &units);
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
        refuse_missing(c, name);
        return;
    }
    message_begin(&o, c->out);
    view_details(&o, "unit", u, supervisor_tracking(s, u->index), &t);
    message_end(&o, false, c->lines);
}

/* ---- acting ---- */

static struct requester requester_of(const struct client *cl)
{
    return (struct requester){.known = true, .uid = cl->peer.uid, .pid = cl->peer.pid};
}

/* The parameters of an operation; answers when they are wrong. */
static bool take_operation(struct service_call *c, struct pending_request *ret)
{
    static const char *const known[] = {"units", "wait", "timeout_ms", NULL};
    const char *missing = NULL;
    const cJSON *names;
    struct params p;
    int r;

    params_init(&p, c->message->parameters, known);
    names = params_texts(&p, "units");
    if (!names)
        params_refuse(&p, "units");
    ret->wait = params_bool(&p, "wait", true);
    ret->timeout_ms = params_int(&p, "timeout_ms", -1, 0, DURATION_MAX_MS);
    if (p.bad) {
        service_invalid_parameter(c, p.bad);
        return false;
    }
    if (supervisor_shutting_down(supervisor_of(c))) {
        refuse(c, MANAGER ".ShuttingDown",
               "reeved is shutting down: all units are being stopped, and nothing is started.");
        return false;
    }
    r = select_units(supervisor_of(c), names, &ret->units, &missing);
    return selected(c, r, missing);
}

static void operate(struct service_call *c, enum operation operation)
{
    struct client *cl = client_of(c);
    struct pending_request request = {
        .operation = operation,
        .lines = c->lines,
        .requester = requester_of(cl),
    };

    if (!may_control(c) || !take_operation(c, &request))
        return;
    if (pending_create(cl->control, c->message->oneway ? NULL : cl, &request) < 0) {
        selection_finish(&request.units);
        c->out->failed = true;
    }
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

    if (!may_control(c))
        return;
    params_init(&p, c->message->parameters, known);
    if (p.bad) {
        service_invalid_parameter(c, p.bad);
        return;
    }
    message_begin(&o, c->out);
    message_end(&o, false, c->lines);
    supervisor_shutdown(supervisor_of(c), requester_of(client_of(c)));
}

static const struct service_method methods[] = {
    {"Health", health}, {"List", list_units}, {"Show", show},          {"Start", start},
    {"Stop", stop},     {"Restart", restart}, {"Shutdown", shut_down}, {NULL, NULL},
};

const struct service_interface manager_interfaces[] = {
    {MANAGER, io_reeve_Manager_varlink, methods},
    {NULL, NULL, NULL},
};
