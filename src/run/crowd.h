/*
 * Signals to everybody in a cgroup, portion by portion. A thousand processes that are killed in one
 * turn of the loop take the processor to die, and whoever asks reeved something waits for all of
 * them; a few at a time leave room in between. Belongs to one tree.
 */
#ifndef REEVE_RUN_CROWD_H
#define REEVE_RUN_CROWD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/cgroup_walk.h"
#include "run/loop.h"

struct crowd;
typedef void crowd_fn(struct crowd *c);
struct crowd {
    struct task task;
    struct cgroup_walk *walk; /* NULL: nothing is under way; owned */
    int signals[2];           /* each gets the first and at once the second (0: none) */
    const char *cgroup_name;  /* not owned */
    pid_t except;
    pid_t self;
    int cgroup_fd; /* not owned */
    uint32_t n_portions;
    uint32_t n_reached;
    uint32_t n_refused;   /* those that we may not signal */
    uint32_t n_unreached; /* those that a round of SIGKILL gave up on */
    /* whether a round of SIGKILL makes them fewer: as it was when that was last looked at */
    int n_before;
    uint32_t n_reached_before;
    int64_t measure_at_ms; /* when to look again, monotonic */
    int error;             /* of the last round: why the cgroup could not be read, else 0 */
    crowd_fn *done;
    void *owner;
};

/* `cgroup_name`, as cgroup_create tells it, must stay and be filled in before a round. */
void crowd_init(struct crowd *c, struct loop *loop, const char *cgroup_name, crowd_fn *done,
                void *owner);
/* Begins a round; one that is under way is dropped. The first portion is done at once, and `done`
 * is called before this returns when it was the last. `except` (0: nobody) is left out. A round
 * ends at the latest after some ten thousand processes, however many are born meanwhile; one of
 * SIGKILL gives up sooner, when it makes them no fewer: who forks as fast as it is killed has to be
 * killed in one go, by the caller. */
void crowd_signal(struct crowd *c, int cgroup_fd, int signal, int then, pid_t except);
bool crowd_busy(const struct crowd *c);
/* Ends a round without calling `done`. */
void crowd_drop(struct crowd *c);

#endif
