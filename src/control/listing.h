/*
 * A reply of Health or List on its way out: written portion by portion as the client takes it, so
 * that neither ten thousand units nor a slow reader cost much memory or a long turn of the loop.
 * Each unit is shown as it is when its portion is written.
 */
#ifndef REEVE_CONTROL_LISTING_H
#define REEVE_CONTROL_LISTING_H

#include <stdbool.h>

#include "control/select.h"
#include "run/supervisor.h"
#include "varlink/message.h"

struct listing {
    bool active;
    bool health; /* Health, else List */
    bool more;   /* in pages: each portion is a reply of its own */
    bool lines;
    bool begun;
    const char *version;
    struct selection units; /* owned */
    uint32_t next;          /* in units */
    struct json_out out;
};

/* Begins; takes over `units`. */
void listing_begin(struct listing *l, bool health, bool more, bool lines, const char *version,
                   struct selection *units);
/* Writes the next portion, of about `bytes`. When nothing is left to write, it is no longer active.
 */
void listing_step(struct listing *l, struct supervisor *s, struct strbuf *out, size_t bytes);
void listing_finish(struct listing *l);

#endif
