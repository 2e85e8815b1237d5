/*
 * What became of the units of a request, on its way out: results as they are decided, and (with
 * `more`) which units moved meanwhile, each as it is when that is written. What moves twice before
 * the client takes it is told once; results are never left out.
 */
#ifndef REEVE_CONTROL_RESULTS_H
#define REEVE_CONTROL_RESULTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/list.h"
#include "base/strbuf.h"
#include "core/order.h"
#include "core/unit.h"
#include "varlink/message.h"

struct results {
    bool more;
    bool lines;
    bool with_progress;  /* replies have the member */
    struct list decided; // result.link: to be told
    struct list moved;   // result.link: to be told
    bool begun;          /* a reply is half written */
    struct json_out out;
};

struct result {
    struct list link; // results.decided, results.moved, or none
    bool decided;
    bool ok;
    enum unit_state state; /* these three when decided; before that as told last */
    pid_t pid;
    uint64_t run;
    enum hook hook;             /* these two as told last */
    int64_t held_until_wall_ms; /* 0: it is not held */
    char *message;              /* owned; NULL: none */
    uint32_t unit;
    struct along along; /* with the unit that was asked for; with none: this one was */
};

void results_init(struct results *rs, bool more, bool lines, bool with_progress);
void result_init(struct result *r, const struct unit *u, struct along along);
void result_finish(struct result *r);

/* The unit changed and is not decided. */
void results_moved(struct results *rs, struct result *r, const struct unit *u);
/* Takes over what is in `message` (NULL: none). Without `more` the results are told in the order of
 * results_tell. */
void results_decide(struct results *rs, struct result *r, const struct unit *u, bool ok,
                    struct strbuf *message);
/* Without `more`: the next one to be told, once all are decided. */
void results_tell(struct results *rs, struct result *r);
/* Whether there is something to write. */
bool results_waiting(const struct results *rs);

struct supervisor;
/* Writes the next portion, until `out` has about until_bytes; `last`: all are decided. Returns
 * whether the last reply is complete. */
bool results_write(struct results *rs, const struct supervisor *s, bool last, struct strbuf *out,
                   size_t until_bytes);

#endif
