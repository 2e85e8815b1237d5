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
#include "os/signals.h"
#include "os/sys.h"
#include "run/procs.h"
#include "run/tracker.h"

/* Processes looked at in one turn of the loop: about a millisecond of reading /proc. */
enum { WALK_BUDGET = 64, PIN_PASSES_MAX = 8, KILL_AGAIN_MS = 500 };

static bool by_cgroup(const struct tree *t)
{
    return t->cgroup_fd >= 0;
}

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

static void post_killed(struct tree *t, bool main_was_alive, uint32_t leftovers)
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

/* One that is not our child may have been reaped by its parent. */
static int signal_main(const struct tree *t, int sig)
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
static int signal_group(const struct tree *t, int sig)
{
    pid_t group = group_of_main(t);
    int r = group ? sys_kill(-group, sig) : -ESRCH;

    return r == -ESRCH ? signal_main(t, sig) : r;
}

/* ---- best effort ---- */

static bool signal_member(const struct member *m, int sig)
{
    struct proc_stat now;

    if (m->pidfd >= 0)
        return sys_pidfd_send_signal(m->pidfd, sig, 0) == 0;
    return proc_stat_read(m->pid, &now) == 0 && now.start_ticks == m->start_ticks &&
           sys_kill(m->pid, sig) == 0;
}

/* Returns how many it reached that were not killed before. */
static uint32_t signal_members(struct tree *t, int sig)
{
    uint32_t n_new = 0;

    list_for_each (it, &t->members) {
        struct member *m = container_of(it, struct member, link);

        if (!signal_member(m, sig))
            continue;
        n_new += !m->killed;
        m->killed = m->killed || sig == SIGKILL;
    }
    return n_new;
}

/* The group after main was reaped: by its pidfd, which cannot mean anybody else. Older kernels
 * (before 6.9) leave the members, one by one. */
static int signal_group_of(int pidfd, int sig)
{
    return pidfd >= 0 ? sys_pidfd_send_signal(pidfd, sig, PIDFD_SIGNAL_PROCESS_GROUP) : -ESRCH;
}

/* A pidfd of main, once it was reaped. */
static int dead_main(const struct tree *t)
{
    return t->takeover.done ? t->takeover.pidfd : t->pidfd;
}

/* That of the process that was main before. Who is in both groups may get it twice. */
static void signal_first_group(const struct tree *t, int sig)
{
    const struct proc *first = &t->takeover.first;

    if (!t->takeover.done)
        return;
    if (first->pid && !first->reaped)
        (void)sys_kill(-first->pid, sig);
    else
        (void)signal_group_of(t->pidfd, sig);
}

static void signal_orphaned_groups(const struct tree *t, int sig)
{
    (void)signal_group_of(dead_main(t), sig);
    signal_first_group(t, sig);
}

/* To whom kill_mode says, but for the others of a cgroup. 0 when main was reached. */
static int signal_by_mode(struct tree *t, int sig)
{
    if (t->spec->kill_mode == KILL_MAIN)
        return signal_main(t, sig);
    if (t->spec->kill_mode == KILL_GROUP)
        return signal_group(t, sig);
    /* Members may be in main's group as well; each process is signalled once. */
    if (!by_cgroup(t))
        (void)signal_members(t, sig);
    return signal_main(t, sig);
}

static void do_signal(struct tree *t)
{
    t->signal_wanted = false;
    if (!tree_main_alive(t) || signal_by_mode(t, t->spec->stop_signal) < 0)
        return;
    post_signalled(t);
    /* Whoever was stopped (SIGSTOP, a terminal) acts on a signal only once it goes on. */
    (void)signal_by_mode(t, SIGCONT);
    if (by_cgroup(t) && t->spec->kill_mode == KILL_TREE)
        t->crowd_wish = CROWD_STOP;
}

/* ---- by cgroup ---- */

static void kill_crowd(struct tree *t)
{
    bool alive = tree_main_alive(t);

    t->kill_wanted = false;
    t->crowd_wish = CROWD_NOTHING;
    t->sends_wanted = 0;
    t->crowd_now = CROWD_KILL;
    t->count_leftovers = !alive && !t->killing;
    /* Main first: should it end because the others do, it would seem to have ended by itself. And
     * it may be in no cgroup yet, or moved out of it. */
    if (alive && signal_main(t, SIGKILL) == 0) {
        t->killing = true;
        post_killed(t, true, 0);
    }
    crowd_signal(&t->crowd, t->cgroup_fd, SIGKILL, 0, t->main.pid);
}

/* Says how many leftovers were killed, once. */
static void tell_leftovers(struct tree *t, uint32_t n)
{
    if (t->count_leftovers && n)
        post_killed(t, false, n);
    t->count_leftovers = false;
}

/* The rest in one go, so that nobody escapes by forking. */
static void crowd_killed(struct tree *t)
{
    bool alive = tree_main_alive(t);
    bool sent = cgroup_kill(t->cgroup_fd) >= 0;

    /* We may have been refused where the kernel's own kill is not. */
    if (sent && alive && !t->killing)
        post_killed(t, true, 0);
    tell_leftovers(t, t->crowd.n_reached + (sent ? t->crowd.n_refused : 0));
    t->killing = t->killing || sent || t->crowd.n_reached;
    /* It may have been refused, or there was no descriptor for it. */
    timer_set(&t->kill_again, clock_now().mono_ms + KILL_AGAIN_MS);
}

static int lowest_signal(uint64_t set)
{
    return __builtin_ctzll(set) + 1;
}

/* What is wanted of those in the cgroup, one round after the other; a kill overtakes. */
static void serve_crowd(struct tree *t)
{
    if (t->kill_wanted) {
        if (!crowd_busy(&t->crowd) || t->crowd_now != CROWD_KILL)
            kill_crowd(t);
        t->kill_wanted = false;
        return;
    }
    if (t->signal_wanted)
        do_signal(t);
    if (crowd_busy(&t->crowd))
        return;
    t->crowd_now = t->crowd_wish;
    t->crowd_wish = CROWD_NOTHING;
    if (t->crowd_now == CROWD_STOP) {
        crowd_signal(&t->crowd, t->cgroup_fd, t->spec->stop_signal, SIGCONT, t->main.pid);
    } else if (t->crowd_now == CROWD_SURVIVORS) {
        crowd_signal(&t->crowd, t->cgroup_fd, t->spec->stop_signal, 0, 0);
    } else if (t->sends_wanted) {
        int sig = lowest_signal(t->sends_wanted);

        t->sends_wanted &= t->sends_wanted - 1;
        t->crowd_now = CROWD_SEND;
        crowd_signal(&t->crowd, t->cgroup_fd, sig, 0, t->main.pid);
    }
}

static void on_crowd_done(struct crowd *c)
{
    struct tree *t = c->owner;

    if (t->crowd_now == CROWD_KILL)
        crowd_killed(t);
    serve_crowd(t);
}

void tree_nobody_left(struct tree *t)
{
    if (!crowd_busy(&t->crowd))
        return;
    if (t->crowd_now == CROWD_KILL)
        tell_leftovers(t, t->crowd.n_reached);
    crowd_drop(&t->crowd);
}

static int send_to_crowd(struct tree *t, int sig)
{
    int r = tree_main_alive(t) ? signal_main(t, sig) : -ESRCH;

    t->sends_wanted |= UINT64_C(1) << (sig - 1);
    serve_crowd(t);
    if (r == 0 || crowd_busy(&t->crowd) || t->crowd.n_reached)
        return 0;
    return r == -ESRCH && t->crowd.error < 0 ? t->crowd.error : r;
}

/* ---- best effort, all of it ---- */

static bool kill_best_effort(struct tree *t, bool main_is_alive, uint32_t *leftovers)
{
    uint32_t n;

    if (!t->main.reaped) {
        (void)signal_group(t, SIGKILL);
        signal_first_group(t, SIGKILL);
    } else {
        signal_orphaned_groups(t, SIGKILL);
    }
    n = signal_members(t, SIGKILL);
    *leftovers = main_is_alive ? 0 : n;
    return n > 0;
}

static void do_kill(struct tree *t)
{
    bool alive = tree_main_alive(t);
    uint32_t leftovers;
    bool sent = kill_best_effort(t, alive, &leftovers);

    t->kill_wanted = false;
    if (alive && signal_main(t, SIGKILL) == 0)
        sent = true;
    t->killing = t->killing || sent;
    if (sent && (alive || leftovers))
        post_killed(t, alive, leftovers);
    /* It may have been refused, or there was no descriptor for it. */
    timer_set(&t->kill_again, clock_now().mono_ms + KILL_AGAIN_MS);
}

static void on_kill_again(struct timer *timer)
{
    tree_kill(timer->owner);
}

static bool pin_visit(const struct proc_stat *p, void *arg)
{
    struct tree *t = arg;

    if (!p->ended && p->pid != t->main.pid)
        tracker_pin(t->tracker, t, p);
    return true;
}

/* One look at all descendants: from main, and from the members, some of which may have lost the
 * parent that led to them. */
static void begin_pin_pass(struct tree *t)
{
    t->pin_passes++;
    t->pin_members = t->n_members;
    tree_walk_reset(&t->pin);
    tree_walk_add_children(&t->pin, t->main.pid);
    list_for_each (it, &t->members) {
        tree_walk_add(&t->pin, container_of(it, struct member, link)->pid);
    }
}

/* Everybody gets it once: main may be in no list, the others are. */
static int send_to_all(struct tree *t, int sig)
{
    bool some = t->n_members > 0;

    (void)signal_members(t, sig);
    if (tree_main_alive(t))
        return signal_main(t, sig);
    return some ? 0 : -ESRCH;
}

static void do_sends(struct tree *t)
{
    uint64_t wanted = t->sends_wanted;

    t->sends_wanted = 0;
    for (int sig = 1; sig <= 64; sig++)
        if (wanted >> (sig - 1) & 1)
            (void)send_to_all(t, sig);
}

static void pin_done(struct tree *t)
{
    tree_walk_finish(&t->pin);
    t->pinning = false;
    do_sends(t);
    if (t->kill_wanted) {
        t->signal_wanted = false;
        do_kill(t);
    } else if (t->signal_wanted) {
        do_signal(t);
    }
}

/* Until a pass finds nobody new: who forks while it is looked at is seen by the next. */
static bool pin_step(struct task *task)
{
    struct tree *t = task->owner;

    if (tree_walk_step(&t->pin, WALK_BUDGET, NULL, pin_visit, t))
        return true;
    if (t->n_members > t->pin_members && t->pin_passes < PIN_PASSES_MAX) {
        begin_pin_pass(t);
        return true;
    }
    pin_done(t);
    return false;
}

/* Without a cgroup sees all descendants before a signal, since the signal may set them free. A kill
 * looks again: much may have been born since the stop signal, and by it. */
static void serve(struct tree *t)
{
    if (by_cgroup(t)) {
        serve_crowd(t);
        return;
    }
    if (t->pinning)
        return;
    if (!tree_main_alive(t)) {
        do_sends(t);
        if (t->kill_wanted)
            do_kill(t);
        else if (t->signal_wanted)
            do_signal(t);
        return;
    }
    t->pinning = true;
    t->pin_passes = 0;
    tree_walk_init(&t->pin);
    begin_pin_pass(t);
    task_start(&t->pin_task);
    if (!pin_step(&t->pin_task))
        task_stop(&t->pin_task);
}

/* ---- verbs ---- */

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
    task_init(&t->pin_task, tracker->loop, pin_step, t);
    timer_init(&t->kill_again, tracker->loop, on_kill_again, t);
    crowd_init(&t->crowd, tracker->loop, t->cgroup_name, on_crowd_done, t);
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
    if (!by_cgroup(t))
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
    if (!by_cgroup(t))
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
    if (!by_cgroup(t) && t->pidfd < 0)
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

void tree_signal(struct tree *t)
{
    t->signal_wanted = true;
    serve(t);
}

int tree_send(struct tree *t, int sig, enum signal_to to)
{
    switch (to) {
    case SIGNAL_TO_MAIN:
        return tree_main_alive(t) ? signal_main(t, sig) : -ESRCH;
    case SIGNAL_TO_GROUP:
        if (tree_main_alive(t))
            return signal_group(t, sig);
        return signal_group_of(dead_main(t), sig);
    case SIGNAL_TO_TREE:
        break;
    }
    if (by_cgroup(t))
        return send_to_crowd(t, sig);
    if (!tree_main_alive(t))
        return send_to_all(t, sig);
    t->sends_wanted |= UINT64_C(1) << (sig - 1);
    serve(t);
    return 0;
}

void tree_signal_survivors(struct tree *t)
{
    if (by_cgroup(t)) {
        t->crowd_wish = CROWD_SURVIVORS;
        serve_crowd(t);
        return;
    }
    /* Each member once: one that is in the group is not signalled through it as well. */
    if (t->n_members)
        (void)signal_members(t, t->spec->stop_signal);
    else
        signal_orphaned_groups(t, t->spec->stop_signal);
}

void tree_kill(struct tree *t)
{
    t->kill_wanted = true;
    serve(t);
}

/* Whether the OOM killer struck in the run's cgroup; only a cgroup can tell. */
static int8_t oom_killed(const struct tree *t)
{
    int64_t kills = by_cgroup(t) ? cgroup_oom_kills(t->cgroup_fd) : -1;

    return kills < 0 ? -1 : kills > 0;
}

void tree_main_ended(struct tree *t, const struct exit_status *status)
{
    takeover_main_ended(t);
    t->exit_status = *status;
    t->exit_status.oom_kill = oom_killed(t);
    t->exited_at = clock_now();
    if (t->pinning) {
        task_stop(&t->pin_task);
        pin_done(t); /* what it had seen stays pinned; the rest is ours now and will be scanned */
    }
    if (by_cgroup(t)) {
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

/* Nobody is spared because the time was up before a kill had come to all of them. */
static void end_crowd(struct tree *t)
{
    if (crowd_busy(&t->crowd) && t->crowd_now == CROWD_KILL)
        (void)cgroup_kill(t->cgroup_fd);
    crowd_drop(&t->crowd);
}

static void end_pinning(struct tree *t)
{
    uint32_t leftovers;

    if (!t->pinning)
        return;
    if (t->kill_wanted)
        (void)kill_best_effort(t, true, &leftovers);
    task_stop(&t->pin_task);
    tree_walk_finish(&t->pin);
    t->pinning = false;
}

void tree_release(struct tree *t)
{
    tracker_leave_ending(t->tracker, t);
    timer_stop(&t->kill_again);
    end_pinning(t);
    tracker_unpin_all(t->tracker, t);
    end_crowd(t);
    drop_cgroup(t);
    sys_close(&t->pidfd);
    takeover_forget(t);
    procs_remove(t->tracker->procs, &t->main);
}
