#include "control/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/client.h"
#include "control/deciding.h"
#include "control/results.h"
#include "control/state.h"
#include "os/clock.h"

/* What one turn of the loop may do for all of them together. */
enum { TURN_MS = 3 };
/* Units asked about before the next one has its turn, since each may mean a look at /proc, or at
 * all that depends on it. */
enum { ASKED_PER_PORTION = 64 };

/* Requests that ask their units at a time: so many take turns, and their memory. */
enum { PUTTING_MAX = 16 };

/* ---- telling ---- */

static bool all_decided(const struct pending *p)
{
    return p->reached && p->n_decided == p->n_items;
}

bool pending_is_put(const struct pending *p)
{
    return p->n_asked == p->n_items;
}

bool pending_has_news(const struct pending *p)
{
    if (p->request.oneway)
        return false;
    return all_decided(p) || (p->request.more && results_waiting(&p->results));
}

static void end_asking(struct pending *p)
{
    if (p->held)
        supervisor_asks_end(p->control->supervisor);
    p->control->n_putting -= p->putting;
    p->held = p->putting = false;
}

static void destroy(struct pending *p)
{
    end_asking(p);
    p->control->n_waited -= p->n_items;
    list_remove(&p->link);
    timer_stop(&p->timer);
    if (p->client)
        p->client->pending = NULL;
    for (uint32_t i = 0; i < p->n_items; i++)
        result_finish(&p->items[i].result);
    selection_finish(&p->request.units);
    free(p->items);
    free(p);
}

void pending_write(struct pending *p)
{
    struct strbuf *out = &p->client->out;
    size_t until_bytes = out->len_bytes + CLIENT_OUT_LOW_BYTES;

    if (results_write(&p->results, p->control->supervisor, all_decided(p), out, until_bytes))
        destroy(p);
}

/* To be called whenever something was asked, decided or moved: the client is told, in a turn of its
 * own, so that what happens at once is told at once. Destroys what nobody waits for. */
static void go_on(struct pending *p)
{
    struct client *client = p->client;

    if ((pending_is_put(p) || p->reached) && (!client || p->request.oneway))
        destroy(p);
    if (client)
        client_wake(client);
}

/* When all is decided: without `more` it is told in the order of the configuration. */
static void settle_if_decided(struct pending *p)
{
    if (p->settled || !all_decided(p))
        return;
    p->settled = true;
    timer_stop(&p->timer);
    if (!p->request.more)
        for (uint32_t i = 0; i < p->n_items; i++)
            results_tell(&p->results, &p->items[i].result);
}

/* ---- the units ---- */

/* In place of those that were there, none of which was asked for yet. `along` as asking_along()
 * tells it; NULL: none is taken along. 0 or -ENOMEM. */
static int make_items(struct pending *p, const struct selection *units, const struct along *along)
{
    struct supervisor *s = p->control->supervisor;
    struct item *items = calloc(units->n ? units->n : 1, sizeof *items);

    if (!items)
        return -ENOMEM;
    for (uint32_t i = 0; i < units->n; i++) {
        uint32_t unit = units->indexes[i];

        result_init(&items[i].result, supervisor_unit(s, unit),
                    along ? along[unit] : (struct along){0});
    }
    for (uint32_t i = 0; along && i < units->n; i++)
        p->lets_go |= along[units->indexes[i]].because == ALONG_NOT_NEEDED;
    free(p->items);
    p->items = items;
    p->control->n_waited += units->n - p->n_items;
    p->n_items = units->n;
    return 0;
}

/* What stops or restarts along with the units asked for is waited for and told, too. 0 or -ENOMEM.
 */
static int take_along(struct pending *p)
{
    struct selection all;
    struct along *along;
    int r;

    if (p->request.asking != ASK_STOP && p->request.asking != ASK_RESTART)
        return 0;
    r = asking_along(&p->request, p->control->supervisor, &all, &along);
    if (r == 0)
        r = make_items(p, &all, along);
    selection_finish(&all);
    free(along);
    return r;
}

/* ---- asking ---- */

/* Memory is short: what was asked for is done, but the client cannot be told all of it. */
static void give_up_client(struct pending *p)
{
    if (!p->client)
        return;
    p->client->out.failed = true;
    client_wake(p->client);
}

static int ask(struct pending *p, struct item *it)
{
    const struct unit *u = item_unit(p, it);

    verdict_mark(&it->mark, asking_operation(&p->request, u, it->result.along), u);
    return it->result.along.with ? 0 : asking_put(&p->request, p->control->supervisor, u);
}

static void refused(struct pending *p, struct item *it, int error)
{
    struct strbuf message = STRBUF_INIT;

    asking_explain(&p->request, item_unit(p, it), error, &message);
    item_decide(p, it, false, &message);
    strbuf_finish(&message);
}

/* Returns false when the time was up before the end of the portion. */
static bool ask_portion(struct pending *p, int64_t end_ms)
{
    while (p->n_in_portion < ASKED_PER_PORTION && p->n_asked < p->n_items) {
        struct item *it = &p->items[p->n_asked];
        int r;

        result_init(&it->result, item_unit(p, it), it->result.along); /* as it is before */
        r = ask(p, it);
        p->n_asked++;
        p->n_in_portion += !it->result.along.with;
        p->asked = it->asked = supervisor_asked(p->control->supervisor);
        if (r < 0)
            refused(p, it, r);
        if (p->n_asked < p->n_items && clock_now().mono_ms >= end_ms)
            return false;
    }
    p->n_in_portion = 0;
    return true;
}

/* All that is asked is ordered as if asked at once. Returns as ask_portion. */
static bool ask_on(struct pending *p, int64_t end_ms)
{
    bool whole;

    if (p->n_asked == 0 && p->n_items && !p->held && asking_has_order(p->request.asking)) {
        p->held = supervisor_asks_begin(p->control->supervisor);
        if (!p->held)
            return true;
        if (take_along(p) < 0)
            give_up_client(p);
        selection_finish(&p->request.units);
    }
    whole = ask_portion(p, end_ms);
    if (pending_is_put(p))
        end_asking(p);
    return whole;
}

static bool has_reached(const struct pending *p)
{
    return pending_is_put(p) && supervisor_done(p->control->supervisor) >= p->asked;
}

/* Whether there is something to do without waiting for a change. */
static bool is_busy(const struct pending *p)
{
    return !p->reached || p->n_looked < p->n_items;
}

/* Returns false when it is to go on before all others. */
static bool work(struct pending *p, int64_t end_ms)
{
    bool whole = p->reached || ask_on(p, end_ms);

    p->reached = p->reached || has_reached(p);
    if (p->reached) {
        pending_look_portion(p, end_ms);
        settle_if_decided(p);
    }
    go_on(p);
    return whole;
}

/* The next turn begins with this one. */
static void begin_next_with(struct control *c, struct list *it)
{
    if (it == &c->pendings)
        return;
    list_remove(&c->pendings);
    list_append(it, &c->pendings);
}

bool pendings_work(struct control *c)
{
    int64_t end_ms = clock_now().mono_ms + TURN_MS;
    bool again = false;

    list_for_each_safe (it, &c->pendings) {
        struct pending *p = container_of(it, struct pending, link);
        bool whole = !is_busy(p) || work(p, end_ms);

        if (!whole || clock_now().mono_ms >= end_ms) {
            begin_next_with(c, whole ? it_next : it);
            break;
        }
    }
    list_for_each (it, &c->pendings)
        again = again || is_busy(container_of(it, struct pending, link));
    return again;
}

/* ---- being told ---- */

void pendings_look(struct control *c, uint32_t index)
{
    list_for_each_safe (link, &c->pendings) {
        struct pending *p = container_of(link, struct pending, link);
        struct item *it = pending_item(p, index);

        if (!it || it->result.decided)
            continue;
        item_look_around(p, it);
        if (!it->result.decided)
            results_moved(&p->results, &it->result, item_unit(p, it));
        settle_if_decided(p);
        go_on(p);
    }
}

void pendings_look_again(struct control *c)
{
    list_for_each (link, &c->pendings) {
        struct pending *p = container_of(link, struct pending, link);

        if (!p->lets_go || !p->reached || p->settled)
            continue;
        p->n_looked = 0;
        task_start(&c->work);
    }
}

static void on_timeout(struct timer *t)
{
    struct pending *p = t->owner;

    timer_stop(t);
    p->expired = true; /* said when all is asked */
    p->n_looked = 0;
    task_start(&p->control->work);
}

/* As much as its client takes at once. */
static void write_all(struct pending *p)
{
    struct client *client = p->client;

    while (client->pending == p && !client->out.failed &&
           client_unsent_bytes(client) < CLIENT_OUT_LOW_BYTES) {
        pending_write(p);
        client_flush(client);
    }
}

void pendings_end(struct control *c)
{
    list_for_each_safe (link, &c->pendings) {
        struct pending *p = container_of(link, struct pending, link);

        for (uint32_t i = 0; i < p->n_items; i++) {
            if (i < p->n_asked)
                item_look(p, &p->items[i]);
            if (!p->items[i].result.decided)
                item_decide_text(p, &p->items[i], "reeved ended before it was decided");
        }
        p->reached = true;
        settle_if_decided(p);
        if (p->client && !p->request.oneway)
            write_all(p);
        else
            destroy(p);
    }
}

/* ---- beginning ---- */

void pending_detach(struct pending *p)
{
    p->client = NULL;
    timer_stop(&p->timer);
    go_on(p);
}

static bool has_progress(enum asking asking)
{
    return asking != ASK_RESET && asking != ASK_SIGNAL && asking != ASK_HOLD;
}

bool pending_may_begin(const struct control *c)
{
    return c->n_putting < PUTTING_MAX;
}

bool pending_has_room(const struct control *c, const struct client *client, uint32_t n_units)
{
    return client->role != ROLE_STRANGER || c->n_waited + n_units <= WAITED_MAX;
}

int pending_create(struct client *client, struct asking_request *request)
{
    struct control *c = client->control;
    struct pending *p = calloc(1, sizeof *p);

    if (!p)
        return -ENOMEM;
    p->control = c;
    if (make_items(p, &request->units, NULL) < 0) {
        free(p);
        return -ENOMEM;
    }
    p->request = *request;
    request->units = (struct selection){NULL, 0};
    results_init(&p->results, request->more, request->lines, has_progress(request->asking));
    p->client = client;
    client->pending = p;
    p->putting = true;
    c->n_putting++;
    timer_init(&p->timer, c->loop, on_timeout, p);
    if (request->waiting != WAIT_NOT && request->timeout_ms >= 0)
        timer_set(&p->timer, clock_now().mono_ms + request->timeout_ms);
    list_append(&c->pendings, &p->link);
    task_start(&c->work);
    return 0;
}
