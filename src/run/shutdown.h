/*
 * The end of reeved: stops every unit inside one budget, then lets the loop go. Whoever asks first
 * begins it; the exit code is decided here.
 */
#ifndef REEVE_RUN_SHUTDOWN_H
#define REEVE_RUN_SHUTDOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ends.h"
#include "core/outcome.h"
#include "run/loop.h"

struct supervisor;

struct shutdown {
    bool begun;
    bool hurried; /* asked again: no deadline counts any more */
    bool over;
    int64_t begun_ms;       /* monotonic */
    int64_t timeout_ms;     /* T */
    struct timer last_kill; /* at T - R: SIGKILL for what remains, however it was missed */
    struct timer last;      /* at T: reeved goes, whatever is left */
    uint32_t n_down;        /* so many of the first units are down */
    enum end_cause because; /* END_NONE: somebody asked for it */
};

void shutdown_init(struct supervisor *s, int64_t timeout_ms);
void shutdown_finish(struct supervisor *s);
/* Stops all: a peer asked for it, or a signal (0: none). Harmless when begun already. */
void shutdown_begin(struct supervisor *s, struct requester who, int signal);
/* The same, when what has happened to the units is a reason. */
void shutdown_when_due(struct supervisor *s);
/* Skips to the kill. */
void shutdown_hurry(struct supervisor *s);
/* Ends the loop when nothing is left to wait for. */
void shutdown_check(struct supervisor *s);
/* The exit code of reeved, once the loop has ended. */
int shutdown_exit_code(const struct supervisor *s);

#endif
