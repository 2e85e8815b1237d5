/*
 * One connection: bytes in, one request after the other, bytes out. A request is taken only when
 * the answers before it are nearly out, so a client's memory is bounded; one that does not read is
 * dropped, but a follower of events only loses some. A client is destroyed in client_work only (and
 * when the service ends): all else marks it.
 */
#ifndef REEVE_CONTROL_CLIENT_H
#define REEVE_CONTROL_CLIENT_H

#include <stdbool.h>

#include "base/list.h"
#include "base/strbuf.h"
#include "control/access.h"
#include "control/events.h"
#include "control/listing.h"
#include "os/socket.h"
#include "run/loop.h"
#include "varlink/frame.h"

struct control;
struct pending;
struct request;

enum {
    CLIENT_OUT_MAX_BYTES = 4 << 20,  /* unsent answers */
    CLIENT_OUT_LOW_BYTES = 64 << 10, /* with less than this unsent, more is made */
    CLIENT_STALL_MS = 10000          /* without taking a byte of what waits for it */
};

struct client {
    struct list link;     // control.clients
    struct list run_link; // control.runnable
    struct control *control;
    int fd;
    struct peer peer;
    enum role role;
    struct watch watch;
    struct timer stall; /* runs while something is unsent */
    bool stalling;
    struct frame_reader in;
    struct strbuf out;
    size_t out_at;           /* sent so far */
    struct request *request; /* a call whose units are being chosen; NULL: none; owned */
    struct listing listing;
    struct event_stream events;
    struct list stream_link; // control.streams: it follows events
    struct pending *pending; /* NULL: no operation is waited for */
    struct list check_link;  // check.asking, check.later, or none
    bool check_lines;
    bool has_input; /* received bytes may hold a whole message */
    bool eof;       /* nothing more will be received */
    bool gone;      /* nothing more can be sent */
};

/* Takes over `fd`, also on failure. 0 or -ENOMEM. */
int client_create(struct control *c, int fd, const struct peer *peer, enum role role);
/* NULL is allowed. */
void client_destroy(struct client *cl);
/* Does one thing: takes one request or makes one portion of an answer. Returns whether more can be
 * done without waiting; false, too, when the client was destroyed. */
bool client_work(struct client *cl);
/* There may be something to do for it. */
void client_wake(struct client *cl);
size_t client_unsent_bytes(const struct client *cl);
/* reeved ends: the last events of a follower, as far as its socket takes them at once. */
void client_end_events(struct client *cl);
/* Sends what the socket takes at once. */
void client_flush(struct client *cl);
/* To be called when a reply was written into cl->out, which had `before` bytes: keeps the bound. */
void client_replied(struct client *cl, size_t before, bool lines);

#endif
