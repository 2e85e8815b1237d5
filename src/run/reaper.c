#include "run/reaper.h"

#include "base/list.h"
#include "base/log.h"
#include "os/cgroup.h"
#include "os/reap.h"
#include "run/errand.h"
#include "run/procs.h"
#include "run/tracker.h"
#include "run/tree.h"

/* Deaths handled in one turn of the loop, so that a storm of them leaves the control socket its
 * turns. */
enum { REAPS_PER_TURN = 64 };

/* Whether the OOM killer struck in the run's cgroup; only a cgroup can tell. */
static int8_t oom_killed(const struct tree *t)
{
    int64_t kills = t->cgroup_fd >= 0 ? cgroup_oom_kills(t->cgroup_fd) : -1;

    return kills < 0 ? -1 : kills > 0;
}

static void main_died(struct proc *proc)
{
    struct tree *t = container_of(proc, struct tree, main);
    struct reaped reaped;

    tree_before_reap(t);
    if (reap_pid(proc->pid, &reaped) != 1)
        return;
    proc->reaped = true;
    reaped.status.oom_kill = oom_killed(t);
    tree_main_ended(t, &reaped.status);
}

bool reaper_turn(struct procs *procs, struct tracker *k)
{
    int n = 0;

    for (; n < REAPS_PER_TURN; n++) {
        pid_t pid = reap_peek();
        struct proc *proc;
        struct reaped reaped;

        if (pid <= 0)
            break;
        proc = procs_find(procs, pid);
        if (proc && !proc->reaped && proc->role == PROC_MAIN) {
            main_died(proc);
            continue;
        }
        if (reap_pid(pid, &reaped) != 1)
            break;
        if (proc && !proc->reaped)
            errand_ended(container_of(proc, struct errand, proc), &reaped.status);
        else
            log_debug("reaped adopted process %d", (int)pid);
    }
    if (n && k)
        tracker_look(k);
    return n == REAPS_PER_TURN;
}
