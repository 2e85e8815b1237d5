/*
 * What an earlier reeved of the same runtime directory left running when it was killed: found by
 * its cgroups, and by the slots its runs marked (main, its process group and session, and all below
 * them), ended with SIGKILL, and said. Done once at start, before any unit starts, without waiting
 * in place.
 */
#ifndef REEVE_RUN_SURVIVORS_H
#define REEVE_RUN_SURVIVORS_H

#include <stdbool.h>
#include <stdint.h>

#include "os/cgroup.h"
#include "os/slots.h"
#include "run/loop.h"

struct survivors;
/* Called once: nothing of them is left, or what is left does not die. */
typedef void survivors_done_fn(struct survivors *v);

struct survivors {
    struct cgroup_root own;     /* our cgroup */
    struct cgroup_root earlier; /* that of the earlier reeved, when it was another */
    struct run_slot *slots;     /* what its file said; owned */
    uint32_t n_slots;
    struct timer again;
    int64_t give_up_ms;
    uint32_t n_left; /* counted in the current round */
    bool said;       /* each is named once */
    survivors_done_fn *done;
    void *owner;
};

/* `runtime_dir` may be NULL: then nothing can be known of an earlier life, and `done` is called at
 * once. `mark` is the mark on its cgroups, the same as ours. */
void survivors_end(struct survivors *v, struct loop *loop, const char *runtime_dir,
                   const char *mark, survivors_done_fn *done, void *owner);
/* Harmless when it never began, or twice. */
void survivors_finish(struct survivors *v);

#endif
