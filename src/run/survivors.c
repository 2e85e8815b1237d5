#include "run/survivors.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "os/clock.h"
#include "os/proctree.h"
#include "os/slots.h"
#include "os/sys.h"

enum { ROUND_MS = 10, GIVE_UP_MS = 2000, TREE_MAX = 65536 };

static void end_cgroup(const char *name, int cgroup_fd, void *arg)
{
    struct survivors *v = arg;
    int n = cgroup_count(cgroup_fd, 0);

    if (n > 0) {
        v->n_left += (uint32_t)n;
        if (!v->said)
            log_warning("%s: an earlier reeved left %d processes running, ending them", name, n);
        (void)cgroup_kill(cgroup_fd);
        return;
    }
    (void)cgroup_remove(&v->cgroups, name);
}

/* Kills exactly this process: the pidfd is opened first, then the identity looked at again. */
static void kill_exactly(pid_t pid, uint64_t start_ticks)
{
    int pidfd = sys_pidfd_open(pid);
    struct proc_stat now;

    if (pidfd < 0)
        return;
    if (proc_stat_read(pid, &now) == 0 && now.start_ticks == start_ticks)
        (void)sys_pidfd_send_signal(pidfd, SIGKILL, 0);
    sys_close(&pidfd);
}

static bool kill_visit(const struct proc_stat *p, void *arg)
{
    (void)arg;
    kill_exactly(p->pid, p->start_ticks);
    return true;
}

static void end_slot(const struct run_slot *slot, void *arg)
{
    struct survivors *v = arg;
    struct tree_walk walk;

    v->n_left++;
    if (!v->said)
        log_warning("%s: an earlier reeved left run %llu running (pid %d), ending it", slot->unit,
                    (unsigned long long)slot->run, (int)slot->pid);
    /* Descendants first: once the parent is gone nothing leads to them. */
    tree_walk_init(&walk);
    tree_walk_add_children(&walk, slot->pid);
    (void)tree_walk_step(&walk, TREE_MAX, NULL, kill_visit, NULL);
    tree_walk_finish(&walk);
    kill_exactly(slot->pid, slot->start_ticks);
}

static void round_of(struct survivors *v)
{
    v->n_left = 0;
    if (v->cgroups.dir_fd >= 0)
        cgroup_each_own(&v->cgroups, end_cgroup, v);
    if (v->slots_path)
        (void)slots_each_survivor(v->slots_path, end_slot, v);
    v->said = true;
    if (v->n_left == 0) {
        v->done(v);
    } else if (clock_now().mono_ms >= v->give_up_ms) {
        log_error("%u processes of an earlier reeved do not end; going on beside them", v->n_left);
        v->done(v);
    } else {
        timer_set(&v->again, clock_now().mono_ms + ROUND_MS);
    }
}

static void on_again(struct timer *t)
{
    round_of(t->owner);
}

void survivors_end(struct survivors *v, struct loop *loop, const char *runtime_dir,
                   survivors_done_fn *done, void *owner)
{
    memset(v, 0, sizeof *v);
    v->cgroups.dir_fd = -1;
    v->done = done;
    v->owner = owner;
    v->give_up_ms = clock_now().mono_ms + GIVE_UP_MS;
    timer_init(&v->again, loop, on_again, v);
    if (runtime_dir) {
        (void)cgroup_root_open(&v->cgroups, runtime_dir);
        if (asprintf(&v->slots_path, "%s/runs", runtime_dir) < 0)
            v->slots_path = NULL;
    }
    round_of(v);
}

void survivors_finish(struct survivors *v)
{
    if (!v->done)
        return;
    timer_stop(&v->again);
    cgroup_root_close(&v->cgroups);
    free(v->slots_path);
    v->slots_path = NULL;
}
