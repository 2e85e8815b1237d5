#include <string.h>

#include "base/duration.h"
#include "control/client.h"
#include "control/methods.h"
#include "control/request.h"
#include "control/state.h"
#include "os/signals.h"

static void begin_pending(struct client *cl, struct request *q, struct selection *units)
{
    if (!pending_has_room(cl->control, cl, units->n)) {
        selection_finish(units);
        if (!q->oneway)
            message_error(&cl->out, q->lines, MANAGER ".TooLarge", "message",
                          "Too many units are being waited for; wait for fewer of them, or try "
                          "again later.",
                          NULL);
        return;
    }
    q->pending.units = *units;
    q->pending.more = q->more;
    q->pending.lines = q->lines;
    q->pending.oneway = q->oneway;
    q->pending.requester = requester_of(cl);
    if (pending_create(cl, &q->pending) < 0) {
        selection_finish(&q->pending.units);
        cl->out.failed = true;
    }
}

static struct request pending_of(const struct service_call *c)
{
    struct request q = request_of(c, begin_pending);

    q.may_begin = pending_may_begin;
    return q;
}

/* Whether something may still be asked of units; answers when not. */
static bool may_ask(struct service_call *c)
{
    if (!supervisor_shutting_down(supervisor_of(c)))
        return true;
    request_refuse(c, MANAGER ".ShuttingDown",
                   "reeved is shutting down: all units are being stopped, and nothing is started.");
    return false;
}

/* ---- Start, Stop, Restart, Reload ---- */

static const cJSON *required_units(struct params *p)
{
    const cJSON *names = params_texts(p, "units");

    if (!names)
        params_refuse(p, "units");
    return names;
}

static void operate(struct service_call *c, enum asking asking)
{
    static const char *const known[] = {"units", "wait", "timeout_ms", NULL};
    struct request q = pending_of(c);
    const cJSON *names;
    struct params p;

    if (!request_may(c, ACCESS_CONTROL))
        return;
    params_init(&p, c->message->parameters, known);
    names = required_units(&p);
    q.pending.asking = asking;
    q.pending.waiting = params_bool(&p, "wait", true) ? WAIT_ASKED : WAIT_NOT;
    q.pending.timeout_ms = params_int(&p, "timeout_ms", -1, 0, DURATION_MAX_MS);
    if (request_good(c, &p) && may_ask(c))
        request_choose(c, names, &q);
}

void method_start(struct service_call *c)
{
    operate(c, ASK_START);
}

void method_stop(struct service_call *c)
{
    operate(c, ASK_STOP);
}

void method_restart(struct service_call *c)
{
    operate(c, ASK_RESTART);
}

void method_reload(struct service_call *c)
{
    operate(c, ASK_RELOAD);
}

/* ---- Hold ---- */

void method_hold(struct service_call *c)
{
    static const char *const known[] = {"units", "for_ms", NULL};
    struct request q = pending_of(c);
    const cJSON *names;
    struct params p;

    if (!request_may(c, ACCESS_CONTROL))
        return;
    params_init(&p, c->message->parameters, known);
    names = required_units(&p);
    q.pending.asking = ASK_HOLD;
    q.pending.waiting = WAIT_NOT;
    q.pending.timeout_ms = -1;
    q.pending.hold_ms = params_int(&p, "for_ms", -1, 0, INT64_MAX);
    q.more = false; /* one reply, as the contract has it */
    if (q.pending.hold_ms < 0)
        params_refuse(&p, "for_ms");
    if (!request_good(c, &p) || !may_ask(c))
        return;
    if (q.pending.hold_ms > HOLD_MAX_MS)
        request_refuse(c, MANAGER ".TooLarge",
                       "Units are held for at most 366 days; hold them again later.");
    else
        request_choose(c, names, &q);
}

/* ---- Wait ---- */

static enum waiting waiting_until(struct params *p)
{
    const char *until = params_text(p, "until");

    if (!until)
        return WAIT_BY_KIND;
    if (strcmp(until, "ready") == 0)
        return WAIT_READY;
    if (strcmp(until, "healthy") == 0)
        return WAIT_HEALTHY;
    if (strcmp(until, "completed") == 0)
        return WAIT_COMPLETED;
    if (strcmp(until, "stopped") != 0)
        params_refuse(p, "until");
    return WAIT_STOPPED;
}

void method_wait(struct service_call *c)
{
    static const char *const known[] = {"units", "until", "timeout_ms", NULL};
    struct request q = pending_of(c);
    const cJSON *names;
    struct params p;

    params_init(&p, c->message->parameters, known);
    names = required_units(&p);
    q.pending.asking = ASK_NOTHING;
    q.pending.waiting = waiting_until(&p);
    q.pending.timeout_ms = params_int(&p, "timeout_ms", -1, 0, DURATION_MAX_MS);
    if (request_good(c, &p) && !c->message->oneway) /* else nobody waits */
        request_choose(c, names, &q);
}

/* ---- Signal ---- */

static enum signal_to signal_to_whom(struct params *p)
{
    const char *whom = params_text(p, "whom");

    if (!whom || strcmp(whom, "main") == 0)
        return SIGNAL_TO_MAIN;
    if (strcmp(whom, "group") == 0)
        return SIGNAL_TO_GROUP;
    if (strcmp(whom, "tree") != 0)
        params_refuse(p, "whom");
    return SIGNAL_TO_TREE;
}

void method_signal(struct service_call *c)
{
    static const char *const known[] = {"units", "signal", "whom", NULL};
    struct request q = pending_of(c);
    const char *signal;
    const cJSON *names;
    struct params p;

    if (!request_may(c, ACCESS_CONTROL))
        return;
    params_init(&p, c->message->parameters, known);
    names = required_units(&p);
    signal = params_text(&p, "signal");
    q.pending.asking = ASK_SIGNAL;
    q.pending.waiting = WAIT_NOT;
    q.pending.timeout_ms = -1;
    q.pending.signal = signal ? signal_parse(signal) : -1;
    q.pending.signal_to = signal_to_whom(&p);
    q.more = false; /* one reply, as the contract has it */
    if (q.pending.signal < 0)
        params_refuse(&p, "signal");
    if (request_good(c, &p))
        request_choose(c, names, &q);
}

/* ---- ResetFailed ---- */

/* 0 or -ENOMEM. */
static int select_failed(const struct supervisor *s, struct selection *ret)
{
    int r = select_all(s, UINT32_MAX, ret);
    uint32_t n = 0;

    for (uint32_t i = 0; r == 0 && i < ret->n; i++)
        if (supervisor_unit(s, ret->indexes[i])->phase == PHASE_FAILED)
            ret->indexes[n++] = ret->indexes[i];
    ret->n = n;
    return r;
}

void method_reset_failed(struct service_call *c)
{
    static const char *const known[] = {"units", NULL};
    struct request q = pending_of(c);
    struct client *cl = client_of(c);
    struct selection units;
    const cJSON *names;
    struct params p;

    if (!request_may(c, ACCESS_CONTROL))
        return;
    params_init(&p, c->message->parameters, known);
    names = params_texts(&p, "units");
    q.pending.asking = ASK_RESET;
    q.pending.waiting = WAIT_NOT;
    q.pending.timeout_ms = -1;
    q.more = false;
    if (!request_good(c, &p) || !may_ask(c))
        return;
    if (names)
        request_choose(c, names, &q);
    else if (select_failed(supervisor_of(c), &units) == 0)
        request_begin(cl, &q, &units);
    else
        cl->out.failed = true;
}
