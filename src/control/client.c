#include "control/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "control/pending.h"
#include "control/request.h"
#include "control/state.h"
#include "os/clock.h"
#include "os/sys.h"
#include "varlink/message.h"

enum { RECEIVE_BYTES = 64 << 10, SEND_BYTES = 256 << 10 };

size_t client_unsent_bytes(const struct client *cl)
{
    return cl->out.len_bytes - cl->out_at;
}

/* Whether a request is being answered; the next one waits for that. */
static bool is_answering(const struct client *cl)
{
    return cl->request || cl->pending || cl->listing.active || cl->events.active ||
           !list_empty(&cl->check_link);
}

/* What it asked for is not all asked yet. Until then it keeps its place, even when it has gone, so
 * that nobody can ask for more than there are places. */
static bool is_asking(const struct client *cl)
{
    return cl->pending && !pending_is_put(cl->pending);
}

/* Nothing is left to do for it. */
static bool is_over(const struct client *cl)
{
    return cl->eof && !cl->has_input && !is_answering(cl) && !client_unsent_bytes(cl);
}

/* Whether client_work can do something without waiting. */
static bool can_work(const struct client *cl)
{
    if (cl->out.failed || cl->request || is_over(cl))
        return true;
    if (cl->gone && !is_asking(cl) && (is_answering(cl) || client_unsent_bytes(cl)))
        return true;
    if (client_unsent_bytes(cl) >= CLIENT_OUT_LOW_BYTES)
        return false;
    if (cl->pending)
        return pending_has_news(cl->pending);
    if (cl->events.active)
        return event_stream_has_news(&cl->events, cl->control->supervisor);
    return cl->listing.active || (cl->has_input && list_empty(&cl->check_link));
}

void client_wake(struct client *cl)
{
    if (!can_work(cl))
        return;
    if (list_empty(&cl->run_link))
        list_append(&cl->control->runnable, &cl->run_link);
    task_start(&cl->control->work);
}

/* While an answer is awaited a little more is read ahead, since only reading tells that the client
 * has gone. */
static bool wants_input(const struct client *cl)
{
    return !cl->eof && (!cl->has_input || frame_held_bytes(&cl->in) < RECEIVE_BYTES);
}

/* Nobody is there any more to be answered. What was sent before is still received and done. */
static void set_gone(struct client *cl)
{
    cl->gone = true;
    client_wake(cl);
}

/* The client is to be forgotten, with whatever it still wanted. */
static void set_dropped(struct client *cl)
{
    frame_reader_finish(&cl->in);
    cl->has_input = false;
    cl->eof = true;
    set_gone(cl);
}

/* A half-closed socket is always readable, so while there is nothing else to wait for it is only
 * asked whether both halves are closed: epoll tells that whatever is asked for. */
static void update_watch(struct client *cl)
{
    int events = 0;
    int r;

    if (wants_input(cl))
        events |= LOOP_READ;
    if (!cl->gone && client_unsent_bytes(cl))
        events |= LOOP_WRITE;
    if (!cl->gone && !events)
        events = LOOP_HANGUP;
    r = watch_set(&cl->watch, cl->fd, events);
    if (r < 0) {
        log_warning("a client cannot be listened to (%s) and was dropped", strerror(-r));
        set_dropped(cl);
    }
}

/* ---- out ---- */

/* Gives sent bytes back, moving the rest no more than once a byte. */
static void drop_sent(struct client *cl)
{
    if (cl->out_at == cl->out.len_bytes) {
        if (cl->out.cap_bytes > CLIENT_OUT_LOW_BYTES)
            strbuf_finish(&cl->out);
        else
            strbuf_consume(&cl->out, cl->out_at);
        cl->out_at = 0;
    } else if (cl->out_at >= cl->out.len_bytes / 2) {
        strbuf_consume(&cl->out, cl->out_at);
        cl->out_at = 0;
    }
}

void client_flush(struct client *cl)
{
    bool is_following = cl->events.active && cl->events.more;
    bool progress = false;

    while (!cl->gone && client_unsent_bytes(cl)) {
        size_t len = client_unsent_bytes(cl) < SEND_BYTES ? client_unsent_bytes(cl) : SEND_BYTES;
        ssize_t n = sys_send(cl->fd, cl->out.data + cl->out_at, len);

        if (n == -EAGAIN || n == -ENOBUFS || n == -ENOMEM)
            break;
        if (n < 0) {
            set_gone(cl);
            break;
        }
        cl->out_at += (size_t)n;
        progress = true;
    }
    if (cl->gone)
        cl->out_at = cl->out.len_bytes;
    drop_sent(cl);
    if (client_unsent_bytes(cl) == 0 || is_following)
        timer_stop(&cl->stall);
    else if (progress || !cl->stalling)
        timer_set(&cl->stall, clock_now().mono_ms + CLIENT_STALL_MS);
    cl->stalling = client_unsent_bytes(cl) > 0 && !is_following;
    client_wake(cl);
    update_watch(cl);
}

static void on_stall(struct timer *t)
{
    struct client *cl = t->owner;

    log_warning("a client (uid %u, pid %d) took nothing of its answer for %d s and was dropped",
                (unsigned)cl->peer.uid, (int)cl->peer.pid, CLIENT_STALL_MS / 1000);
    set_dropped(cl);
}

void client_replied(struct client *cl, size_t before, bool lines)
{
    if (cl->out.failed || client_unsent_bytes(cl) <= CLIENT_OUT_MAX_BYTES)
        return;
    cl->out.len_bytes = before;
    message_error(&cl->out, lines, "io.reeve.Manager.TooLarge", "message",
                  "The answer would be larger than 4 MiB; ask for fewer units at a time.", NULL);
}

/* ---- in ---- */

/* Whether the other end is closed altogether, not only for writing. */
static bool peer_has_closed(int fd)
{
    struct pollfd p = {fd, 0, 0};

    return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP);
}

/* It has said all it wanted and listens still: `printf ... | socat` ends its message like this. */
static void end_input(struct client *cl)
{
    cl->has_input = cl->has_input || frame_held_bytes(&cl->in);
    if (frame_end(&cl->in) < 0) {
        log_warning("out of memory: a client was dropped");
        set_dropped(cl);
    }
}

static void receive(struct client *cl)
{
    static char buffer[RECEIVE_BYTES];
    ssize_t n = sys_recv(cl->fd, buffer, sizeof buffer);

    if (n == -EAGAIN)
        return;
    if (n <= 0) {
        cl->eof = true;
        if (n < 0 || peer_has_closed(cl->fd))
            set_gone(cl); /* and a message it did not end is none */
        else
            end_input(cl);
    } else if (frame_put(&cl->in, buffer, (size_t)n) < 0) {
        log_warning("out of memory: a client was dropped");
        set_dropped(cl);
    } else {
        cl->has_input = true;
    }
    client_wake(cl);
}

static void on_event(struct watch *w, int events)
{
    struct client *cl = w->owner;

    if (events & LOOP_HANGUP)
        set_gone(cl);
    if (events & LOOP_READ && wants_input(cl))
        receive(cl);
    if (events & LOOP_WRITE)
        client_flush(cl);
    update_watch(cl);
}

/* ---- work ---- */

static void take_message(struct client *cl)
{
    size_t before = cl->out.len_bytes;
    struct frame frame;
    int r = 0;

    switch (frame_next(&cl->in, &frame)) {
    case FRAME_NONE:
        cl->has_input = false;
        return;
    case FRAME_TOO_LARGE:
        message_error(&cl->out, frame.lines, "io.reeve.Manager.TooLarge", "message",
                      "The message is larger than 1 MiB.", NULL);
        break;
    case FRAME_MESSAGE:
        r = service_take(&cl->control->service, &frame, &cl->out, cl);
        client_replied(cl, before, frame.lines);
        break;
    }
    if (r < 0)
        cl->out.failed = true;
}

/* What nobody is there to hear. */
static void give_up_answers(struct client *cl)
{
    if (cl->pending) {
        struct pending *p = cl->pending;

        cl->pending = NULL;
        pending_detach(p);
    }
    if (cl->listing.active)
        listing_finish(&cl->listing);
    event_stream_finish(&cl->events);
    list_remove(&cl->stream_link);
    list_remove(&cl->check_link);
}

static void answer_on(struct client *cl)
{
    struct supervisor *s = cl->control->supervisor;

    if (cl->listing.active)
        listing_step(&cl->listing, s, &cl->out, CLIENT_OUT_LOW_BYTES);
    else if (cl->events.active)
        event_stream_step(&cl->events, s, &cl->out, CLIENT_OUT_LOW_BYTES);
    else if (cl->pending && pending_has_news(cl->pending))
        pending_write(cl->pending);
}

void client_end_events(struct client *cl)
{
    struct supervisor *s = cl->control->supervisor;

    while (cl->events.active && event_stream_has_news(&cl->events, s) &&
           client_unsent_bytes(cl) < CLIENT_OUT_LOW_BYTES) {
        event_stream_step(&cl->events, s, &cl->out, CLIENT_OUT_LOW_BYTES);
        client_flush(cl);
    }
    if (cl->events.active)
        event_stream_end(&cl->events, s, &cl->out, CLIENT_OUT_LOW_BYTES);
}

bool client_work(struct client *cl)
{
    bool has_room = client_unsent_bytes(cl) < CLIENT_OUT_LOW_BYTES;

    if (cl->gone && !is_asking(cl))
        give_up_answers(cl);
    if (cl->request)
        request_go_on(cl);
    else if (has_room && is_answering(cl))
        answer_on(cl);
    else if (has_room && cl->has_input)
        take_message(cl);
    if (cl->out.failed) {
        log_warning("out of memory: a client was dropped");
        client_destroy(cl);
        return false;
    }
    client_flush(cl);
    if (is_over(cl)) {
        client_destroy(cl);
        return false;
    }
    return can_work(cl);
}

/* ---- making ---- */

int client_create(struct control *c, int fd, const struct peer *peer, enum role role)
{
    struct client *cl = calloc(1, sizeof *cl);

    if (!cl) {
        sys_close(&fd);
        return -ENOMEM;
    }
    cl->control = c;
    cl->fd = fd;
    cl->peer = *peer;
    cl->role = role;
    list_init(&cl->run_link);
    list_init(&cl->check_link);
    list_init(&cl->stream_link);
    watch_init(&cl->watch, c->loop, on_event, cl);
    timer_init(&cl->stall, c->loop, on_stall, cl);
    frame_reader_init(&cl->in, FRAME_REQUEST_MAX_BYTES);
    list_append(&c->clients, &cl->link);
    c->n_clients++;
    update_watch(cl);
    return 0;
}

void client_destroy(struct client *cl)
{
    if (!cl)
        return;
    give_up_answers(cl);
    list_remove(&cl->link);
    list_remove(&cl->run_link);
    cl->control->n_clients--;
    watch_stop(&cl->watch);
    timer_stop(&cl->stall);
    request_destroy(cl->request);
    frame_reader_finish(&cl->in);
    strbuf_finish(&cl->out);
    sys_close(&cl->fd);
    listening_has_room(&cl->control->listening);
    free(cl);
}
