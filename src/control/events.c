#include "control/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/notice_view.h"
#include "core/event_ring.h"

/* Events looked at in one step: well below a millisecond. */
enum { LOOKED_PER_STEP = 1024 };

static bool is_wanted(const struct event_stream *es, const struct notice *n)
{
    if (!(es->types >> (unsigned)n->type & 1))
        return false;
    if (!es->units)
        return true;
    /* Those of the session belong to no unit, though one may be the cause. */
    return n->type > NOTICE_SESSION_STOPPED && es->units[n->unit];
}

/* The event before the last `n` that are wanted. */
static uint64_t before_last(const struct event_stream *es, const struct event_ring *ring, int64_t n)
{
    uint64_t before_all = event_ring_first_seq(ring) - 1;
    uint64_t seq = ring->last_seq;

    for (; seq > before_all && n > 0; seq--)
        n -= is_wanted(es, event_ring_after(ring, seq - 1));
    return seq;
}

static int choose_units(struct event_stream *es, const struct supervisor *s,
                        const struct selection *units)
{
    uint32_t n = supervisor_n_units(s);

    es->units = calloc(n ? n : 1, sizeof *es->units);
    if (!es->units)
        return -ENOMEM;
    for (uint32_t i = 0; i < units->n; i++)
        es->units[units->indexes[i]] = true;
    return 0;
}

int event_stream_begin(struct event_stream *es, struct supervisor *s,
                       const struct event_request *request, const struct selection *units)
{
    const struct event_ring *ring = supervisor_events(s);

    *es = (struct event_stream){
        .more = request->more,
        .lines = request->lines,
        .other_epoch = request->other_epoch,
        .types = request->types,
        .until_seq = request->more ? UINT64_MAX : ring->last_seq,
    };
    if (units && choose_units(es, s, units) < 0)
        return -ENOMEM;
    if (request->since >= 0 && !request->other_epoch)
        es->seq = (uint64_t)request->since;
    else if (request->since < 0 && request->last != EVENTS_LAST_ALL)
        es->seq = before_last(es, ring, request->last);
    else
        es->seq = event_ring_first_seq(ring) - 1;
    es->active = true;
    return 0;
}

void event_stream_finish(struct event_stream *es)
{
    free(es->units);
    memset(es, 0, sizeof *es);
}

bool event_stream_has_news(const struct event_stream *es, const struct supervisor *s)
{
    return es->active && (!es->begun || es->seq < supervisor_events(s)->last_seq);
}

static void begin_reply(struct event_stream *es, struct strbuf *out)
{
    message_begin(&es->out, out);
    json_begin_array(&es->out, "events");
    es->open = true;
}

static void end_reply(struct event_stream *es, const struct supervisor *s, bool continues)
{
    json_end_array(&es->out);
    json_string(&es->out, "epoch", supervisor_epoch(s));
    json_int(&es->out, "seq", (int64_t)es->seq);
    if (es->other_epoch)
        json_null(&es->out, "lost");
    else
        json_int(&es->out, "lost", (int64_t)es->n_lost);
    message_end(&es->out, continues, es->lines);
    es->n_lost = 0;
    es->other_epoch = false;
    es->open = false;
    es->begun = true;
}

/* Passes what is no longer kept. */
static void skip_lost(struct event_stream *es, const struct event_ring *ring)
{
    uint64_t first_seq = event_ring_first_seq(ring);

    if (es->seq + 1 >= first_seq)
        return;
    es->n_lost += first_seq - 1 - es->seq;
    es->seq = first_seq - 1;
}

/* Writes wanted events; returns how many. */
static unsigned write_events(struct event_stream *es, const struct supervisor *s,
                             size_t until_bytes)
{
    const struct event_ring *ring = supervisor_events(s);
    const struct notice *n;
    unsigned written = 0;

    for (int looked = 0; looked < LOOKED_PER_STEP; looked++) {
        if (es->seq >= es->until_seq || es->out.b->len_bytes >= until_bytes)
            break;
        n = event_ring_after(ring, es->seq);
        if (!n)
            break;
        es->seq = n->seq;
        if (!is_wanted(es, n))
            continue;
        notice_view(&es->out, n, s);
        written++;
    }
    return written;
}

/* One reply of a stream, unless it would tell nothing. */
static void step_stream(struct event_stream *es, struct supervisor *s, struct strbuf *out,
                        size_t until_bytes)
{
    size_t before = out->len_bytes;

    skip_lost(es, supervisor_events(s));
    begin_reply(es, out);
    if (write_events(es, s, until_bytes) || es->n_lost || !es->begun) {
        end_reply(es, s, true);
    } else {
        out->len_bytes = before;
        es->open = false;
    }
}

/* The one reply without `more`: events that are lost while it is being written are not in it. */
static void step_single(struct event_stream *es, struct supervisor *s, struct strbuf *out,
                        size_t until_bytes)
{
    skip_lost(es, supervisor_events(s));
    if (!es->open)
        begin_reply(es, out);
    (void)write_events(es, s, until_bytes);
    if (es->seq < es->until_seq)
        return;
    end_reply(es, s, false);
    event_stream_finish(es);
}

void event_stream_step(struct event_stream *es, struct supervisor *s, struct strbuf *out,
                       size_t bytes)
{
    size_t until_bytes = out->len_bytes + bytes;

    if (es->more)
        step_stream(es, s, out, until_bytes);
    else
        step_single(es, s, out, until_bytes);
}

void event_stream_end(struct event_stream *es, struct supervisor *s, struct strbuf *out,
                      size_t bytes)
{
    size_t until_bytes = out->len_bytes + bytes;
    uint64_t last_seq = supervisor_events(s)->last_seq;

    if (last_seq > es->until_seq)
        last_seq = es->until_seq;
    skip_lost(es, supervisor_events(s));
    if (!es->open)
        begin_reply(es, out);
    while (es->seq < last_seq && out->len_bytes < until_bytes)
        (void)write_events(es, s, until_bytes);
    end_reply(es, s, false);
    event_stream_finish(es);
}
