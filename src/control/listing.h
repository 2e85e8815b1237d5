/*
 * A reply of Health, List or Graph on its way out: written portion by portion as the client takes
 * it, so that neither ten thousand units nor a slow reader cost much memory or a long turn of the
 * loop. Each unit is shown as it is when its portion is written.
 */
#ifndef REEVE_CONTROL_LISTING_H
#define REEVE_CONTROL_LISTING_H

#include <stdbool.h>

#include "control/closure.h"
#include "control/select.h"
#include "run/supervisor.h"
#include "varlink/message.h"

enum listing_shape { LISTING_HEALTH, LISTING_UNITS, LISTING_GRAPH };

struct listing {
    bool active;
    enum listing_shape shape;
    bool more; /* in pages: each portion is a reply of its own */
    bool lines;
    bool begun;
    const char *version;
    struct closure *closure; /* what the units depend on is being found; NULL: it is not; owned */
    struct selection units;  /* owned */
    uint32_t next;           /* in units */
    bool in_unit;            /* Graph: that one is half written, up to this dependency */
    uint32_t next_dependency;
    struct json_out out;
};

/* Begins; takes over `units`. */
void listing_begin(struct listing *l, enum listing_shape shape, bool more, bool lines,
                   const char *version, struct selection *units);
/* Adds what the units depend on, directly or not; to be called before the first portion. 0 or
 * -ENOMEM. */
int listing_add_dependencies(struct listing *l, const struct supervisor *s);
/* Writes the next portion, of about `bytes`. When nothing is left to write, it is no longer active.
 */
void listing_step(struct listing *l, struct supervisor *s, struct strbuf *out, size_t bytes);
void listing_finish(struct listing *l);

#endif
