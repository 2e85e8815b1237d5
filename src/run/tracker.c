#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/log.h"
#include "os/clock.h"
#include "os/sys.h"
#include "run/tracker_inside.h"

enum { SCAN_BUDGET = 64, POLL_MS = 250, SCAN_RESERVE = 4096 };

/* ---- the scan of adopted children ---- */

static struct tree *ending_tree_bearing(struct tracker *k, pid_t number)
{
    struct tree *t = tree_bearing(k->procs, number);

    return t && t->ending ? t : NULL;
}

static struct tree *ending_tree_of(struct tracker *k, const struct proc_stat *p)
{
    struct tree *t = ending_tree_bearing(k, p->pgrp);
    struct member *parent;

    if (!t)
        t = ending_tree_bearing(k, p->session);
    if (t)
        return t->cgroup_fd < 0 ? t : NULL;
    parent = tracker_member(k, p->ppid);
    return parent && parent->tree->ending ? parent->tree : NULL;
}

/* Whose own end tells all. One that is main no more may outlive main. */
bool tracker_skips(pid_t pid, void *arg)
{
    struct tracker *k = arg;
    struct proc *proc = procs_find(k->procs, pid);

    if (!proc || proc->reaped)
        return false;
    return proc->role != PROC_FIRST || !tree_of_proc(proc)->ending;
}

static bool scan_visit(const struct proc_stat *p, void *arg)
{
    struct tracker *k = arg;
    struct tree *t = ending_tree_of(k, p);

    if (t && !p->ended)
        tracker_pin(k, t, p);
    return true;
}

static void tell(struct tracker *k, struct tree *t)
{
    bool empty = tracker_tree_empty(k, t);

    if (empty) {
        tracker_leave_ending(k, t);
        tree_nobody_left(t);
    }
    if (t->exit_pending)
        tree_post_exited(t, empty);
    else if (empty)
        tree_post_empty(t);
    else if (t->killing && t->cgroup_fd < 0)
        tree_kill(t); /* something was born between the kill and now */
}

/* Whether a tree is ending that no watch would tell about. */
static bool needs_look(const struct tracker *k)
{
    list_for_each (it, &k->ending) {
        const struct tree *t = container_of(it, struct tree, link);

        if (t->inotify_wd < 0 || t->unread)
            return true;
    }
    return false;
}

static void scan_done(struct tracker *k)
{
    k->scanning = false;
    list_for_each_safe (it, &k->ending) {
        struct tree *t = container_of(it, struct tree, link);

        if (t->joined_scan >= k->n_scans)
            continue;
        t->unread = t->unread || k->scan.starved;
        tell(k, t);
    }
    timer_set(&k->poll, needs_look(k) ? clock_now().mono_ms + POLL_MS : 0);
}

static bool scan_step(struct task *task)
{
    struct tracker *k = task->owner;

    if (tree_walk_step(&k->scan, SCAN_BUDGET, tracker_skips, scan_visit, k))
        return true;
    scan_done(k);
    if (!k->scan_again)
        return false;
    k->scan_again = false;
    tracker_look(k);
    return k->scanning;
}

void tracker_look(struct tracker *k)
{
    if (!needs_look(k))
        return;
    if (k->scanning) {
        k->scan_again = true;
        return;
    }
    k->scanning = true;
    k->n_scans++;
    list_for_each (it, &k->ending) {
        container_of(it, struct tree, link)->unread = false;
    }
    tree_walk_reset(&k->scan);
    tree_walk_add_children(&k->scan, getpid());
    if (scan_step(&k->scan_task))
        task_start(&k->scan_task);
}

static void on_poll(struct timer *t)
{
    tracker_look(t->owner);
}

/* ---- ending trees ---- */

void tracker_join_ending(struct tracker *k, struct tree *t)
{
    if (t->ending)
        return;
    t->ending = true;
    t->joined_scan = k->n_scans;
    list_append(&k->ending, &t->link);
}

void tracker_leave_ending(struct tracker *k, struct tree *t)
{
    if (!t->ending)
        return;
    t->ending = false;
    list_remove(&t->link);
    if (t->inotify_wd >= 0) {
        map_remove(&k->by_wd, (uint64_t)t->inotify_wd);
        (void)sys_inotify_rm_watch(k->inotify_fd, t->inotify_wd);
        t->inotify_wd = -1;
    }
}

static bool cgroup_is_empty(struct tree *t)
{
    int r = cgroup_populated(t->cgroup_fd);

    /* A cgroup that was removed has nobody in it. */
    if (r == -ENOENT || r == -ENODEV)
        r = 0;
    /* One that could not be read may have, and it may have told its last news. */
    t->unread = r < 0;
    return r == 0;
}

/* Whether the process group that bears the number has no member. The number is not given out again
 * while it has. */
static bool is_group_empty(int pidfd, pid_t pid)
{
    int r = -EINVAL;

    if (pidfd >= 0)
        r = sys_pidfd_send_signal(pidfd, 0, PIDFD_SIGNAL_PROCESS_GROUP);
    if (r == -EINVAL && pid > 0) /* no pidfd, or Linux before 6.9 */
        r = sys_kill(-pid, 0);
    return r == -ESRCH;
}

static bool are_groups_empty(const struct tree *t)
{
    const struct takeover *o = &t->takeover;

    if (!o->done)
        return is_group_empty(t->pidfd, t->main.pid);
    return o->first.reaped && is_group_empty(t->pidfd, o->first.pid) &&
           is_group_empty(o->pidfd, t->main.pid);
}

static bool is_empty(struct tracker *k, struct tree *t)
{
    if (t->cgroup_fd >= 0)
        return cgroup_is_empty(t);
    tracker_refresh_members(k, t);
    if (!list_empty(&t->members) || t->unread)
        return false;
    /* Without /proc for a full look, its groups are at least asked. */
    if (k->scan.incomplete)
        return are_groups_empty(t);
    return true;
}

bool tracker_tree_empty(struct tracker *k, struct tree *t)
{
    bool empty = is_empty(k, t);

    if (t->unread)
        timer_set(&k->poll, clock_now().mono_ms + POLL_MS);
    return empty;
}

void tracker_watch_cgroup(struct tracker *k, struct tree *t)
{
    char path[64];

    if (k->inotify_fd >= 0 && t->inotify_wd < 0) {
        snprintf(path, sizeof path, "/proc/self/fd/%d/cgroup.events", t->cgroup_fd);
        t->inotify_wd = sys_inotify_add_watch(k->inotify_fd, path, IN_MODIFY);
        if (t->inotify_wd >= 0)
            map_add(&k->by_wd, &t->by_wd, (uint64_t)t->inotify_wd);
    }
    if (tracker_tree_empty(k, t)) {
        tell(k, t); /* it became empty before the watch was there */
        return;
    }
    if (t->inotify_wd < 0)
        timer_set(&k->poll, clock_now().mono_ms + POLL_MS);
}

/* News were lost: every ending tree is asked. */
static void ask_all_again(struct tracker *k)
{
    list_for_each (it, &k->ending) {
        container_of(it, struct tree, link)->unread = true;
    }
    timer_set(&k->poll, clock_now().mono_ms);
}

static void on_inotify(struct watch *w, int events)
{
    struct tracker *k = w->owner;
    _Alignas(struct inotify_event) char buf[4096];
    ssize_t n = sys_read(k->inotify_fd, buf, sizeof buf);

    (void)events;
    for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
        const struct inotify_event *ie = (const void *)(buf + at);
        struct map_node *node = map_find(&k->by_wd, (uint64_t)ie->wd);

        at += (ssize_t)(sizeof *ie + ie->len);
        if (ie->mask & IN_Q_OVERFLOW) {
            ask_all_again(k);
            continue;
        }
        if (!node)
            continue;
        struct tree *t = container_of(node, struct tree, by_wd);
        if (tracker_tree_empty(k, t))
            tell(k, t);
    }
}

/* ---- beginning and end ---- */

bool tracker_has_cgroups(const struct tracker *k)
{
    return k->cgroups.dir_fd >= 0;
}

void tracker_init(struct tracker *k, struct loop *loop, struct procs *procs, const char *owner_mark)
{
    memset(k, 0, sizeof *k);
    k->loop = loop;
    k->procs = procs;
    map_init(&k->by_wd);
    map_init(&k->members);
    list_init(&k->ending);
    /* Room for the ordinary case is set aside; without it a look would need memory. */
    tree_walk_init(&k->scan);
    tree_walk_reserve(&k->scan, SCAN_RESERVE);
    task_init(&k->scan_task, loop, scan_step, k);
    timer_init(&k->poll, loop, on_poll, k);
    watch_init(&k->inotify, loop, on_inotify, k);
    k->inotify_fd = -1;
    if (cgroup_root_open(&k->cgroups, owner_mark) < 0)
        return;
    k->inotify_fd = sys_inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (k->inotify_fd < 0) {
        log_warning("inotify is not to be had (%s): empty cgroups are looked for four times a "
                    "second while a unit ends",
                    strerror(-k->inotify_fd));
        k->inotify_fd = -1;
        return;
    }
    if (watch_set(&k->inotify, k->inotify_fd, LOOP_READ) < 0)
        sys_close(&k->inotify_fd);
}

void tracker_finish(struct tracker *k)
{
    watch_stop(&k->inotify);
    timer_stop(&k->poll);
    task_stop(&k->scan_task);
    tree_walk_finish(&k->scan);
    sys_close(&k->inotify_fd);
    cgroup_root_close(&k->cgroups);
    map_finish(&k->by_wd);
    map_finish(&k->members);
}
