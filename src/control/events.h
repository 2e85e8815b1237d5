/*
 * The events on their way to one client: what it asked for, read from the ring at its own pace. A
 * reader that is too slow loses events, is told how many, and costs no memory.
 */
#ifndef REEVE_CONTROL_EVENTS_H
#define REEVE_CONTROL_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "control/select.h"
#include "core/notice.h"
#include "run/supervisor.h"
#include "varlink/message.h"

enum { EVENTS_LAST_ALL = -1 };

struct event_stream {
    bool active;
    bool more; /* goes on with what happens next */
    bool lines;
    bool begun;   /* the first reply was written */
    bool open;    /* a reply was begun and has no end yet */
    uint64_t seq; /* the last event looked at */
    uint64_t
        until_seq;    /* the last event to be told; without `more` the last there was when asked */
    uint64_t n_lost;  /* to be told by the next reply */
    bool other_epoch; /* the same, but nobody knows how many */
    uint32_t types;   /* bit N: enum notice_type N is wanted */
    bool *units;      /* by index: wanted; NULL: all, and the session's; owned */
    struct json_out out;
};

/* What was asked for. */
struct event_request {
    bool more;
    bool lines;
    int64_t since; /* -1: not given */
    bool other_epoch;
    int64_t last; /* EVENTS_LAST_ALL, or so many; without `since` */
    uint32_t types;
};

/* Begins. `units` NULL: all; else it stays the caller's. 0 or -ENOMEM. */
int event_stream_begin(struct event_stream *es, struct supervisor *s,
                       const struct event_request *request, const struct selection *units);
void event_stream_finish(struct event_stream *es);
/* Whether a step would do something. */
bool event_stream_has_news(const struct event_stream *es, const struct supervisor *s);
/* Looks at some events and writes a reply of up to about `bytes`, if there is something to tell.
 * Without `more` it is no longer active once the reply is whole. */
void event_stream_step(struct event_stream *es, struct supervisor *s, struct strbuf *out,
                       size_t bytes);
/* reeved ends: what was not told yet, up to `bytes`, and the end of the stream. */
void event_stream_end(struct event_stream *es, struct supervisor *s, struct strbuf *out,
                      size_t bytes);

#endif
