/*
 * Another process of a tree than the one that was spawned becomes its main one, because it said so
 * (MAINPID= of sd_notify). It is often not our child, or not yet: its pidfd tells of its end. Part
 * of struct tree; what others need of it is in run/tree.h.
 *
 * In best effort the number of the spawned process goes on naming what belongs to the run, as group
 * and session, for as long as that is certain: nobody else can have it while it was not reaped, or
 * while main or anybody of its group is in there. So does main's own.
 */
#ifndef REEVE_RUN_TAKEOVER_H
#define REEVE_RUN_TAKEOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "run/loop.h"
#include "run/procs.h"

struct tree;

struct takeover {
    bool done;          /* main is, or was, not the process that was spawned */
    struct proc first;  /* that one */
    int pidfd;          /* of main; -1: it was spawned */
    struct watch watch; /* on that, until it has ended */
    struct timer timer; /* main has ended, and nobody has said how */
    int64_t lost_ms;    /* monotonic: when that will not be known any more */
    /* Whether the numbers meant this run when main had ended. */
    bool first_kept, main_kept;
};

void takeover_init(struct tree *t);
/* Main is as it was spawned, or there is none. */
void takeover_forget(struct tree *t);
/* Main has ended and may be reaped next: the last look at whose its number and that of the first
 * process are. */
void takeover_main_ending(struct tree *t);
/* Main's end is known. */
void takeover_main_ended(struct tree *t);

#endif
