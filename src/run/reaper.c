#include "run/reaper.h"

#include "base/list.h"
#include "base/log.h"
#include "os/reap.h"
#include "run/errand.h"
#include "run/procs.h"
#include "run/tracker.h"
#include "run/tree.h"

/* Deaths handled in one turn of the loop, so that a storm of them leaves the control socket its
 * turns. */
enum { REAPS_PER_TURN = 64 };

/* Says goodbye. Returns what it is then: with its last words it may have made another one main. */
static struct proc *last_look(struct procs *procs, pid_t pid)
{
    struct proc *proc = procs_find(procs, pid);

    if (!proc || proc->reaped)
        return NULL;
    if (proc->role == PROC_MAIN) {
        tree_before_reap(tree_of_proc(proc));
        proc = procs_find(procs, pid);
    }
    if (proc && proc->role == PROC_FIRST)
        tree_before_reap_first(tree_of_proc(proc));
    return proc;
}

static void died(struct proc *proc, const struct reaped *reaped)
{
    if (!proc) {
        log_debug("reaped adopted process %d", (int)reaped->pid);
    } else if (proc->role == PROC_ERRAND) {
        errand_ended(container_of(proc, struct errand, proc), &reaped->status);
    } else {
        proc->reaped = true;
        if (proc->role == PROC_MAIN)
            tree_main_ended(tree_of_proc(proc), &reaped->status);
    }
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
        proc = last_look(procs, pid);
        if (reap_pid(pid, &reaped) != 1) {
            if (proc && proc->role == PROC_MAIN)
                continue; /* a unit waits for it */
            break;
        }
        died(proc, &reaped);
    }
    if (n && k)
        tracker_look(k);
    return n == REAPS_PER_TURN;
}
