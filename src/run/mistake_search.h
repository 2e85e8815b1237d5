/*
 * The part of looking for mistakes that reads what other processes have open and what environment
 * they have, of all processes there are: in a child of reeved's only (run/errand.h), on the copy of
 * the supervisor that it was born with.
 */
#ifndef REEVE_RUN_MISTAKE_SEARCH_H
#define REEVE_RUN_MISTAKE_SEARCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/mistake.h"

struct supervisor;

enum search_for {
    SEARCH_LEFT,    /* best effort: a process that the run left behind and that got away */
    SEARCH_PORT,    /* the run failed: who listens on a port of its own */
    SEARCH_ANSWERED /* it is ready, since somebody accepts connections: whether that is another */
};

struct mistake_case {
    enum search_for what;
    uint32_t unit;
    uint64_t run;
    uint64_t spawned_ticks, ended_ticks; /* of its main process; ended: or now */
    pid_t reeved;
};

/* Whether there is a mistake; then fills *ret in. May block. */
bool mistake_search(struct supervisor *s, const struct mistake_case *c, struct mistake *ret);

#endif
