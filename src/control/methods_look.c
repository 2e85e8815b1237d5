#include <string.h>

#include "control/client.h"
#include "control/listing.h"
#include "control/methods.h"
#include "control/request.h"
#include "control/state.h"
#include "control/view.h"
#include "core/event_ring.h"

/* ---- Health, List, Graph ---- */

static void begin_listing(struct client *cl, struct request *q, struct selection *units)
{
    struct supervisor *s = cl->control->supervisor;

    if (units->n > q->limit)
        units->n = q->limit;
    if (q->oneway) {
        selection_finish(units);
        return;
    }
    listing_begin(&cl->listing, q->listing, q->more, q->lines, cl->control->service.version, units);
    if (q->listing == LISTING_GRAPH && cl->listing.units.n < supervisor_n_units(s) &&
        listing_add_dependencies(&cl->listing, s) < 0)
        cl->out.failed = true;
}

static void list(struct service_call *c, enum listing_shape shape)
{
    static const char *const known_health[] = {"units", "limit", NULL};
    static const char *const known_others[] = {"units", NULL};
    struct request q = request_of(c, begin_listing);
    struct client *cl = client_of(c);
    struct selection units;
    const cJSON *names;
    struct params p;

    params_init(&p, c->message->parameters, shape == LISTING_HEALTH ? known_health : known_others);
    names = params_texts(&p, "units");
    q.listing = shape;
    q.limit = (uint32_t)params_int(&p, "limit", UINT32_MAX, 0, UINT32_MAX);
    if (!request_good(c, &p))
        return;
    if (names)
        request_choose(c, names, &q);
    else if (select_all(cl->control->supervisor, q.limit, &units) == 0)
        begin_listing(cl, &q, &units);
    else
        cl->out.failed = true;
}

void method_health(struct service_call *c)
{
    list(c, LISTING_HEALTH);
}

void method_list(struct service_call *c)
{
    list(c, LISTING_UNITS);
}

void method_graph(struct service_call *c)
{
    list(c, LISTING_GRAPH);
}

/* ---- Show ---- */

void method_show(struct service_call *c)
{
    static const char *const known[] = {"unit", NULL};
    struct supervisor *s = supervisor_of(c);
    struct view v = view_now(s);
    const struct unit *u;
    const char *name;
    struct params p;
    struct json_out o;

    params_init(&p, c->message->parameters, known);
    name = params_text(&p, "unit");
    if (!name)
        params_refuse(&p, "unit");
    if (!request_good(c, &p))
        return;
    if (select_is_pattern(name)) {
        message_error(c->out, c->lines, MANAGER ".NoSuchUnit", "unit", name, "message",
                      "Show takes the name of one unit; List takes patterns and tags.", NULL);
        return;
    }
    u = supervisor_find(s, name);
    if (!u) {
        request_tell_missing(s, name, c->out, c->lines);
        return;
    }
    message_begin(&o, c->out);
    view_details(&o, "unit", &v, u);
    message_end(&o, false, c->lines);
}

/* ---- Events ---- */

/* `units` NULL: all. */
static void follow(struct client *cl, const struct request *q, const struct selection *units)
{
    if (q->oneway)
        return;
    if (event_stream_begin(&cl->events, cl->control->supervisor, &q->events, units) < 0)
        cl->out.failed = true;
    else if (q->more)
        list_append(&cl->control->streams, &cl->stream_link);
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
    if (r->since >= 0 && r->last != EVENTS_LAST_ALL)
        params_refuse(p, "last"); /* both name the beginning */
    r->other_epoch = epoch && strcmp(epoch, supervisor_epoch(s)) != 0;
    if (!r->other_epoch && r->since > (int64_t)supervisor_events(s)->last_seq)
        params_refuse(p, "since"); /* not of this life of reeved */
}

void method_events(struct service_call *c)
{
    static const char *const known[] = {"since", "epoch", "last", "units", "types", NULL};
    struct request q = request_of(c, begin_events);
    const cJSON *units;
    struct params p;

    params_init(&p, c->message->parameters, known);
    take_since(&p, supervisor_of(c), &q.events);
    q.events.types = take_types(&p);
    q.events.more = q.more;
    q.events.lines = q.lines;
    units = params_texts(&p, "units");
    if (!request_good(c, &p))
        return;
    if (units)
        request_choose(c, units, &q);
    else
        follow(client_of(c), &q, NULL);
}
