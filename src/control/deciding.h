/*
 * What a request came to, unit by unit: found out by looking at a unit that may have changed, and
 * handed to the results. A pending request from inside, for pending.c and deciding.c only;
 * everybody else uses control/pending.h. It neither asks nor writes.
 */
#ifndef REEVE_CONTROL_DECIDING_H
#define REEVE_CONTROL_DECIDING_H

#include "base/list.h"
#include "base/strbuf.h"
#include "control/pending.h"
#include "control/results.h"
#include "core/verdict.h"
#include "run/loop.h"

struct item {
    struct result result;
    uint64_t asked; /* it has reached the unit when supervisor_done() has come this far */
    struct operation_mark mark;
};

struct pending {
    struct list link; // control.pendings
    struct control *control;
    struct client *client; /* NULL: it has been destroyed */
    struct asking_request request;
    struct timer timer;
    struct results results;
    struct item *items; /* ascending by unit; owned */
    uint32_t n_items;
    uint32_t n_asked;
    uint32_t n_in_portion; /* of those, in the portion under way */
    uint32_t n_looked;     /* since all were reached, and again since the time was up */
    uint32_t n_decided;
    uint64_t asked; /* all of it has reached the units when supervisor_done() has come this far */
    bool putting;   /* counted in control.n_putting */
    bool held;      /* between supervisor_asks_begin() and supervisor_asks_end() */
    bool reached;   /* all were asked, and that has reached the units */
    bool settled;   /* all were decided */
    bool expired;
    bool lets_go; /* waits for units that are only not needed any more */
};

const struct unit *item_unit(const struct pending *p, const struct item *it);
/* Of those that were asked for so far, and what they take along; NULL: none of these. */
struct item *pending_item(const struct pending *p, uint32_t unit);

/* Takes over what is in `message` (NULL: nothing to say). */
void item_decide(struct pending *p, struct item *it, bool ok, struct strbuf *message);
/* It failed, for the reason that `text` gives. */
void item_decide_text(struct pending *p, struct item *it, const char *text);

/* Decides it if its unit has come to an end of what was asked; otherwise nothing happens. */
void item_look(struct pending *p, struct item *it);
/* The same, and at those left behind. */
void item_look_around(struct pending *p, struct item *it);
/* Looks at the next ones, until end_ms at the latest: what was so before the requests had reached
 * the units is told by no change. When the time of the request is up, they are decided by that. */
void pending_look_portion(struct pending *p, int64_t end_ms);

#endif
