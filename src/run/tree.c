#include "run/tree.h"

#include <errno.h>
#include <linux/types.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "os/cgroup.h"
#include "os/clock.h"
#include "os/pidfd.h"
#include "os/sys.h"
#include "run/procs.h"
#include "run/tracker.h"
#include "run/tree_inside.h"

enum { KILL_AGAIN_MS = 500 };

static void post(struct tree *t, struct event *ev)
{
    ev->run = t->run;
    t->calls->post(t, ev);
}

static void post_signalled(struct tree *t)
{
    struct event ev = {.type = EV_SIGNALLED};

    post(t, &ev);
}

void tree_post_killed(struct tree *t, bool main_was_alive, uint32_t leftovers)
{
    struct event ev = {.type = EV_KILLED};

    ev.u.killed.main_alive = main_was_alive;
    ev.u.killed.leftovers = leftovers;
    post(t, &ev);
}

void tree_post_exited(struct tree *t, bool empty)
{
    struct event ev = {.type = EV_EXITED};

    ev.u.exited.status = t->exit_status;
    ev.u.exited.at = t->exited_at;
    ev.u.exited.tree_empty = empty;
    t->exit_pending = false;
    post(t, &ev);
}

void tree_post_empty(struct tree *t)
{
    struct event ev = {.type = EV_TREE_EMPTY};

    post(t, &ev);
}

/* ---- to main and its groups ---- */

/* One that is not our child may have been reaped by its parent. */
int tree_signal_main(const struct tree *t, int sig)
{
    if (t->takeover.done)
        return sys_pidfd_send_signal(t->takeover.pidfd, sig, 0);
    return sys_kill(t->main.pid, sig);
}

/* The group that main is in; 0: that is not to be known, or it is ours. */
static pid_t group_of_main(const struct tree *t)
{
    pid_t group;

    if (!t->takeover.done)
        return t->main.pid;
    group = getpgid(t->main.pid);
    return group > 1 && group != getpgrp() && pidfd_alive(t->takeover.pidfd) ? group : 0;
}

/* The group that main is in, as long as main was not reaped. Before its setsid the child is in our
 * group still, so then only the child itself is meant. */
int tree_signal_group(const struct tree *t, int sig)
{
    pid_t group = group_of_main(t);
    int r = group ? sys_kill(-group, sig) : -ESRCH;

    return r == -ESRCH ? tree_signal_main(t, sig) : r;
}

/* The group after main was reaped: by its pidfd, which cannot mean anybody else. Older kernels
 * (before 6.9) leave the members, one by one. */
int tree_signal_group_of(int pidfd, int sig)
{
    return pidfd >= 0 ? sys_pidfd_send_signal(pidfd, sig, PIDFD_SIGNAL_PROCESS_GROUP) : -ESRCH;
}

/* A pidfd of main, once it was reaped. */
static int dead_main(const struct tree *t)
{
    return t->takeover.done ? t->takeover.pidfd : t->pidfd;
}

/* That of the process that was main before. Who is in both groups may get it twice. */
void tree_signal_first_group(const struct tree *t, int sig)
{
    const struct proc *first = &t->takeover.first;

    if (!t->takeover.done)
        return;
    if (first->pid && !first->reaped)
        (void)sys_kill(-first->pid, sig);
    else
        (void)tree_signal_group_of(t->pidfd, sig);
}

void tree_signal_orphaned_groups(const struct tree *t, int sig)
{
    (void)tree_signal_group_of(dead_main(t), sig);
    tree_signal_first_group(t, sig);
}

/* To whom kill_mode says, but for the others of a cgroup. 0 when main was reached. */
static int signal_as_mode_says(struct tree *t, int sig)
{
    if (t->spec->kill_mode == KILL_MAIN)
        return tree_signal_main(t, sig);
    if (t->spec->kill_mode == KILL_GROUP)
        return tree_signal_group(t, sig);
    /* Members may be in main's group as well; each process is signalled once. */
    if (!tree_by_cgroup(t))
        (void)tree_pins_signal(t, sig);
    return tree_signal_main(t, sig);
}

void tree_signal_by_mode(struct tree *t)
{
    t->signal_wanted = false;
    if (!tree_main_alive(t) || signal_as_mode_says(t, t->spec->stop_signal) < 0)
        return;
    post_signalled(t);
    /* Whoever was stopped (SIGSTOP, a terminal) acts on a signal only once it goes on. */
    (void)signal_as_mode_says(t, SIGCONT);
    if (tree_by_cgroup(t) && t->spec->kill_mode == KILL_TREE)
        t->crowd_wish = CROWD_STOP;
}

/* ---- verbs ---- */

static void on_kill_again(struct timer *timer)
{
    tree_kill(timer->owner);
}

void tree_kill_again(struct tree *t)
{
    timer_set(&t->kill_again, clock_now().mono_ms + KILL_AGAIN_MS);
}

void tree_init(struct tree *t, struct tracker *tracker, const struct unit_spec *spec,
               const char *part, const struct tree_calls *calls)
{
    memset(t, 0, sizeof *t);
    t->tracker = tracker;
    t->spec = spec;
    t->part = part;
    t->calls = calls;
    t->cgroup_fd = -1;
    t->inotify_wd = -1;
    t->pidfd = -1;
    takeover_init(t);
    list_init(&t->members);
    list_init(&t->link);
    timer_init(&t->kill_again, tracker->loop, on_kill_again, t);
    tree_pins_init(t);
    tree_crowd_init(t);
}

/* Said once, until there is a cgroup again. */
static void tell_lacking(struct tree *t, const char *what, const char *why)
{
    if (!t->lacking_told)
        log_warning("%s%s: %s%s, tracking is best effort", t->spec->name, t->part, what, why);
    t->lacking_told = true;
}

static void make_cgroup(struct tree *t)
{
    char name[sizeof t->cgroup_name], why[128];
    int fd = -ENAMETOOLONG;

    if (snprintf(name, sizeof name, "%s%s", t->spec->name, t->part) < (int)sizeof name)
        fd = cgroup_create(&t->tracker->cgroups, name, t->cgroup_name, sizeof t->cgroup_name);
    if (fd >= 0) {
        t->cgroup_fd = fd;
        return;
    }
    snprintf(why, sizeof why, "(%s)", strerror(-fd));
    tell_lacking(t, "no cgroup ", why);
}

int tree_begin(struct tree *t, uint64_t run)
{
    t->run = run;
    t->killing = false;
    t->signal_wanted = false;
    t->kill_wanted = false;
    t->sends_wanted = 0;
    t->crowd_wish = CROWD_NOTHING;
    t->exit_pending = false;
    t->unread = false;
    if (tracker_has_cgroups(t->tracker))
        make_cgroup(t);
    return t->cgroup_fd;
}

static void drop_cgroup(struct tree *t)
{
    if (!tree_by_cgroup(t))
        return;
    sys_close(&t->cgroup_fd);
    int r = cgroup_remove(&t->tracker->cgroups, t->cgroup_name);
    if (r < 0 && r != -ENOENT)
        log_warning("%s%s: cgroup %s stays: %s", t->spec->name, t->part, t->cgroup_name,
                    strerror(-r));
}

void tree_spawned(struct tree *t, pid_t pid, bool in_cgroup)
{
    procs_add(t->tracker->procs, &t->main, PROC_MAIN, pid);
    if (!tree_by_cgroup(t))
        return;
    if (in_cgroup) {
        t->lacking_told = false;
        return;
    }
    tell_lacking(t, "the kernel refused the cgroup", "");
    drop_cgroup(t);
}

/* Of a process that is dead and not reaped yet. */
static void keep_group(struct tree *t, pid_t pid)
{
    if (!tree_by_cgroup(t) && t->pidfd < 0)
        t->pidfd = sys_unless_last(sys_pidfd_open(pid));
}

void tree_before_reap(struct tree *t)
{
    pid_t pid = t->main.pid;

    t->calls->drain(t);
    if (t->main.pid != pid)
        return;
    takeover_main_ending(t);
    if (!t->takeover.done)
        keep_group(t, pid);
}

void tree_before_reap_first(struct tree *t)
{
    t->calls->drain(t);
    keep_group(t, t->takeover.first.pid);
}

/* What is wanted of all, some of whom are not known yet. */
static void serve(struct tree *t)
{
    if (tree_by_cgroup(t))
        tree_crowd_serve(t);
    else
        tree_pins_serve(t);
}

void tree_signal(struct tree *t)
{
    t->signal_wanted = true;
    serve(t);
}

int tree_send(struct tree *t, int sig, enum signal_to to)
{
    switch (to) {
    case SIGNAL_TO_MAIN:
        return tree_main_alive(t) ? tree_signal_main(t, sig) : -ESRCH;
    case SIGNAL_TO_GROUP:
        if (tree_main_alive(t))
            return tree_signal_group(t, sig);
        return tree_signal_group_of(dead_main(t), sig);
    case SIGNAL_TO_TREE:
        break;
    }
    if (tree_by_cgroup(t))
        return tree_crowd_send(t, sig);
    if (!tree_main_alive(t))
        return tree_pins_send(t, sig);
    t->sends_wanted |= UINT64_C(1) << (sig - 1);
    serve(t);
    return 0;
}

/* Each member once: one that is in the group is not signalled through it as well. */
static void signal_left(struct tree *t, int sig)
{
    if (t->n_members)
        (void)tree_pins_signal(t, sig);
    else
        tree_signal_orphaned_groups(t, sig);
}

void tree_signal_survivors(struct tree *t)
{
    if (tree_by_cgroup(t)) {
        t->crowd_wish = CROWD_SURVIVORS;
        tree_crowd_serve(t);
        return;
    }
    signal_left(t, t->spec->stop_signal);
    signal_left(t, SIGCONT); /* as after any stop signal */
}

void tree_kill(struct tree *t)
{
    t->kill_wanted = true;
    serve(t);
}

/* Whether the OOM killer struck in the run's cgroup; only a cgroup can tell. */
static int8_t oom_killed(const struct tree *t)
{
    int64_t kills = tree_by_cgroup(t) ? cgroup_oom_kills(t->cgroup_fd) : -1;

    return kills < 0 ? -1 : kills > 0;
}

void tree_main_ended(struct tree *t, const struct exit_status *status)
{
    takeover_main_ended(t);
    t->exit_status = *status;
    t->exit_status.oom_kill = oom_killed(t);
    t->exited_at = clock_now();
    tree_pins_cut_short(t);
    if (tree_by_cgroup(t)) {
        if (tracker_tree_empty(t->tracker, t)) {
            tree_nobody_left(t);
            tree_post_exited(t, true);
            return;
        }
        tree_post_exited(t, false);
        tracker_join_ending(t->tracker, t);
        tracker_watch_cgroup(t->tracker, t);
        return;
    }
    t->exit_pending = true;
    tracker_join_ending(t->tracker, t);
}

void tree_release(struct tree *t)
{
    tracker_leave_ending(t->tracker, t);
    timer_stop(&t->kill_again);
    tree_pins_end(t);
    tracker_unpin_all(t->tracker, t);
    tree_crowd_end(t);
    drop_cgroup(t);
    sys_close(&t->pidfd);
    takeover_forget(t);
    procs_remove(t->tracker->procs, &t->main);
}
