/*
 * A short-lived child of reeved's own that does what may block (parsing configuration, asking NSS),
 * with a deadline after which it is killed. It hands its result home in a descriptor it was given.
 */
#ifndef REEVE_RUN_ERRAND_H
#define REEVE_RUN_ERRAND_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"
#include "run/loop.h"
#include "run/procs.h"

struct errand;
/* Runs in the child, may block and allocate; its result is the child's exit code. */
typedef int errand_work_fn(void *arg);
/* Called once in reeved. Without a status it was late, and killed for that. */
typedef void errand_done_fn(struct errand *e, const struct exit_status *status);

struct errand {
    struct proc proc;
    struct procs *procs;
    struct timer deadline;
    errand_done_fn *done;
    void *owner;
};

/* 0, or negative errno and nothing happens. `e` stays the caller's and must live until `done`. */
int errand_start(struct errand *e, struct procs *procs, struct loop *loop, errand_work_fn *work,
                 void *arg, int64_t timeout_ms, errand_done_fn *done, void *owner);
/* For the reaper: its process has ended. */
void errand_ended(struct errand *e, const struct exit_status *status);
/* Kills it without a word; `done` is not called. */
void errand_abandon(struct errand *e);
/* The same when reeved ends: waits, for a second at most, until it is gone. */
void errand_end(struct errand *e);

#endif
