#include "control/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/client.h"
#include "control/explain.h"
#include "control/state.h"
#include "os/clock.h"
#include "varlink/message.h"

/* Units asked about in one turn, since each may mean a spawn. */
enum { ASKED_PER_TURN = 64 };

struct item {
    uint32_t index;
    bool decided;
    bool ok;
    enum unit_state state; /* when decided */
    uint64_t asked;        /* done when supervisor_done() has come this far */
    struct operation_mark mark;
    char *message; /* owned; NULL: none */
};

struct pending {
    struct list link; // control.pendings
    struct control *control;
    struct client *client; /* NULL: nobody waits for the answer */
    struct pending_request request;
    struct timer timer;
    struct item *items; /* ascending by index; owned */
    uint32_t n_items;
    uint32_t n_asked;
    uint32_t n_decided;
    bool reached; /* all were asked, and that has reached the units */
    bool expired;
};

/* ---- deciding ---- */

static const struct unit *unit_of(const struct pending *p, const struct item *it)
{
    return supervisor_unit(p->control->supervisor, it->index);
}

/* Takes over what is in `message`. */
static void decide(struct pending *p, struct item *it, bool ok, struct strbuf *message)
{
    if (message && message->len_bytes)
        it->message = strbuf_steal(message);
    it->decided = true;
    it->ok = ok;
    it->state = unit_state_of(unit_of(p, it)->phase);
    p->n_decided++;
}

static void decide_text(struct pending *p, struct item *it, const char *text)
{
    struct strbuf message = STRBUF_INIT;

    strbuf_add(&message, text);
    decide(p, it, false, &message);
    strbuf_finish(&message);
}

static void look(struct pending *p, struct item *it)
{
    const struct unit *u = unit_of(p, it);
    struct strbuf message = STRBUF_INIT;
    const struct exit_record *r;
    enum verdict verdict;

    if (it->decided || supervisor_done(p->control->supervisor) < it->asked)
        return;
    if (!p->request.wait) {
        decide(p, it, true, NULL);
        return;
    }
    verdict = verdict_look(&it->mark, u, &r);
    if (verdict == VERDICT_OPEN)
        return;
    explain_verdict(&message, u, verdict, r, clock_now());
    decide(p, it, verdict == VERDICT_OK, &message);
    strbuf_finish(&message);
}

static void expire(struct pending *p)
{
    for (uint32_t i = 0; i < p->n_items; i++) {
        struct strbuf message = STRBUF_INIT;

        if (p->items[i].decided)
            continue;
        explain_timeout(&message, unit_of(p, &p->items[i]), p->request.timeout_ms);
        decide(p, &p->items[i], false, &message);
        strbuf_finish(&message);
    }
}

/* ---- ending ---- */

static void destroy(struct pending *p)
{
    list_remove(&p->link);
    timer_stop(&p->timer);
    if (p->client)
        p->client->pending = NULL;
    for (uint32_t i = 0; i < p->n_items; i++)
        free(p->items[i].message);
    free(p->items);
    selection_finish(&p->request.units);
    free(p);
}

static void write_results(const struct pending *p, struct strbuf *out)
{
    struct json_out o;

    message_begin(&o, out);
    json_begin_array(&o, "results");
    for (uint32_t i = 0; i < p->n_items; i++) {
        const struct item *it = &p->items[i];

        json_begin_object(&o, NULL);
        json_string(&o, "unit", unit_of(p, it)->spec->name);
        json_bool(&o, "ok", it->ok);
        json_string(&o, "state", unit_state_name(it->state));
        json_string(&o, "message", it->message ? it->message : "");
        json_end_object(&o);
    }
    json_end_array(&o);
    message_end(&o, false, p->request.lines);
}

/* Answers and destroys, once all is asked and either all is decided or nobody listens. */
static void end_if_over(struct pending *p)
{
    struct client *client = p->client;
    size_t before;

    if (!p->reached || (client && p->n_decided < p->n_items))
        return;
    if (client) {
        before = client->out.len_bytes;
        write_results(p, &client->out);
        client_replied(client, before, p->request.lines);
    }
    destroy(p);
    if (client)
        client_flush(client);
}

/* ---- asking ---- */

static int ask(struct pending *p, struct item *it)
{
    struct supervisor *s = p->control->supervisor;

    verdict_mark(&it->mark, p->request.operation, unit_of(p, it));
    switch (p->request.operation) {
    case OPERATION_START:
        return supervisor_start(s, it->index, p->request.requester);
    case OPERATION_STOP:
        return supervisor_stop(s, it->index, p->request.requester);
    case OPERATION_RESTART:
        return supervisor_restart(s, it->index, p->request.requester);
    case OPERATION_AWAIT_READY:
    case OPERATION_AWAIT_COMPLETED:
    case OPERATION_AWAIT_STOPPED:
        return 0;
    }
    return -EINVAL;
}

static void refused(struct pending *p, struct item *it, int error)
{
    const struct unit_spec *spec = unit_of(p, it)->spec;
    struct strbuf message = STRBUF_INIT;

    switch (-error) {
    case EACCES:
        strbuf_addf(&message, "disabled: enabled = no at %s:%u", spec->file, (unsigned)spec->line);
        break;
    case ESHUTDOWN:
        strbuf_add(&message, "reeved is shutting down");
        break;
    default:
        strbuf_addf(&message, "the request was not taken: %s", strerror(-error));
        break;
    }
    decide(p, it, false, &message);
    strbuf_finish(&message);
}

static void ask_portion(struct pending *p)
{
    for (int n = 0; n < ASKED_PER_TURN && p->n_asked < p->n_items; n++) {
        struct item *it = &p->items[p->n_asked];
        int r = ask(p, it);

        if (r == -EAGAIN)
            return; /* no room for requests in this turn */
        p->n_asked++;
        it->asked = supervisor_asked(p->control->supervisor);
        if (r < 0)
            refused(p, it, r);
    }
}

static void work(struct pending *p)
{
    ask_portion(p);
    if (p->n_asked < p->n_items)
        return;
    if (p->n_items && supervisor_done(p->control->supervisor) < p->items[p->n_items - 1].asked)
        return;
    p->reached = true;
    for (uint32_t i = 0; i < p->n_items; i++)
        look(p, &p->items[i]);
    if (p->expired)
        expire(p);
    end_if_over(p);
}

bool pendings_work(struct control *c)
{
    bool again = false;

    list_for_each_safe (it, &c->pendings) {
        struct pending *p = container_of(it, struct pending, link);

        if (!p->reached)
            work(p);
    }
    list_for_each (it, &c->pendings)
        again = again || !container_of(it, struct pending, link)->reached;
    return again;
}

/* ---- being told ---- */

static int compare_index(const void *key, const void *element)
{
    const uint32_t *index = key;
    const struct item *it = element;

    return *index < it->index ? -1 : *index > it->index;
}

void pendings_look(struct control *c, uint32_t index)
{
    list_for_each_safe (link, &c->pendings) {
        struct pending *p = container_of(link, struct pending, link);
        struct item *it = bsearch(&index, p->items, p->n_asked, sizeof *p->items, compare_index);

        if (!it)
            continue;
        look(p, it);
        end_if_over(p);
    }
}

static void on_timeout(struct timer *t)
{
    struct pending *p = t->owner;

    timer_stop(t);
    p->expired = true;
    if (!p->reached)
        return; /* said when all is asked */
    expire(p);
    end_if_over(p);
}

void pendings_end(struct control *c)
{
    list_for_each_safe (link, &c->pendings) {
        struct pending *p = container_of(link, struct pending, link);

        for (uint32_t i = 0; i < p->n_items; i++) {
            if (i < p->n_asked)
                look(p, &p->items[i]);
            if (!p->items[i].decided)
                decide_text(p, &p->items[i], "reeved ended before it was decided");
        }
        p->reached = true;
        end_if_over(p);
    }
}

/* ---- beginning ---- */

void pending_detach(struct pending *p)
{
    p->client = NULL;
    timer_stop(&p->timer);
    end_if_over(p);
}

int pending_create(struct control *c, struct client *client, struct pending_request *request)
{
    struct pending *p = calloc(1, sizeof *p);
    uint32_t n = request->units.n;

    if (!p)
        return -ENOMEM;
    p->items = calloc(n ? n : 1, sizeof *p->items);
    if (!p->items) {
        free(p);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < n; i++)
        p->items[i].index = request->units.indexes[i];
    p->n_items = n;
    p->control = c;
    p->request = *request;
    request->units = (struct selection){NULL, 0};
    selection_finish(&p->request.units);
    p->client = client;
    if (client)
        client->pending = p;
    timer_init(&p->timer, c->loop, on_timeout, p);
    if (request->wait && request->timeout_ms >= 0)
        timer_set(&p->timer, clock_now().mono_ms + request->timeout_ms);
    list_append(&c->pendings, &p->link);
    task_start(&c->work);
    return 0;
}
