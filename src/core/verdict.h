/*
 * How a start, stop or restart that somebody waits for went: not decided yet, well, or not and why.
 * Pure: looks at a unit after each of its changes.
 */
#ifndef REEVE_CORE_VERDICT_H
#define REEVE_CORE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/unit.h"

enum operation {
    OPERATION_START,
    OPERATION_STOP,
    OPERATION_RESTART,
    OPERATION_FOLLOW, /* a restart along with what it requires */
    OPERATION_RELOAD,
    OPERATION_LET_GO, /* a stop of what is not needed then, should nobody need it before */
    /* only waiting, whatever happens meanwhile */
    OPERATION_AWAIT_READY,
    OPERATION_AWAIT_HEALTHY,
    OPERATION_AWAIT_COMPLETED,
    OPERATION_AWAIT_STOPPED
};

enum verdict {
    VERDICT_OPEN, /* look again after the next change */
    VERDICT_OK,
    VERDICT_ENDED,     /* the run that was to become ready ended first, or the unit has ended for
                          good: see the record */
    VERDICT_STOPPED,   /* start and restart: it was stopped before that run began */
    VERDICT_CUT_SHORT, /* waiting for completed: it was stopped instead */
    VERDICT_IDLE,  /* waiting for ready, healthy or completed: it is stopped, and nobody wants it up
                    */
    VERDICT_NEVER, /* waiting for completed: its restart policy lets it never complete */
    VERDICT_NO_HEALTH,    /* waiting for healthy: nothing looks whether it is */
    VERDICT_STUCK,        /* what it requires has failed, and so it cannot start */
    VERDICT_NOT_RUNNING,  /* reload: it does not run, or that run has ended */
    VERDICT_NOT_RELOADED, /* reload: that failed: see unit.reload_result */
    VERDICT_UNKILLABLE    /* what should have ended outlives SIGKILL */
};

/* What is remembered of the unit as it was when the operation was asked for. */
struct operation_mark {
    enum operation operation;
    bool had_run;       /* stop: there was a run to end; awaiting completed: it was not stopped */
    uint64_t run;       /* start, restart, follow: the first run that counts; stop: the run to end;
                           reload: that run */
    uint64_t n_reloads; /* reload: as many had been taken up */
};

/* Call right before the supervisor is asked. */
void verdict_mark(struct operation_mark *mark, enum operation operation, const struct unit *u);
/* Call when the request has reached the unit, and after each change since. With VERDICT_ENDED,
 * *ret_record is the run's record (valid until the unit's next step); else NULL. */
enum verdict verdict_look(struct operation_mark *mark, const struct unit *u,
                          const struct exit_record **ret_record);

#endif
