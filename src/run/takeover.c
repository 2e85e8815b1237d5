#include "run/takeover.h"

#include <errno.h>
#include <unistd.h>

#include "base/list.h"
#include "os/clock.h"
#include "os/pidfd.h"
#include "os/reap.h"
#include "os/sys.h"
#include "run/tracker.h"
#include "run/tree.h"

enum { ASK_AGAIN_MS = 20, LOST_AFTER_MS = 2000 };

/* ---- whose a number is ---- */

/* Main may have been reaped by its parent, and its number given to another one. */
static bool main_is_in(const struct tree *t, pid_t number)
{
    bool in = getpgid(t->main.pid) == number || getsid(t->main.pid) == number;

    return number > 0 && in && pidfd_alive(t->takeover.pidfd);
}

/* Whether the process group that this process led has a member (Linux 6.9 tells). */
static bool group_lives(int pidfd)
{
    int r = pidfd < 0 ? -ESRCH : sys_pidfd_send_signal(pidfd, 0, PIDFD_SIGNAL_PROCESS_GROUP);

    return r == 0 || r == -EPERM;
}

static bool first_bears(const struct tree *t)
{
    const struct takeover *o = &t->takeover;

    if (!o->first.reaped || group_lives(t->pidfd))
        return true;
    return t->main.reaped ? o->first_kept : main_is_in(t, o->first.pid);
}

static bool main_bears(const struct tree *t)
{
    const struct takeover *o = &t->takeover;

    if (!o->done || group_lives(o->pidfd))
        return true;
    return t->main.reaped ? o->main_kept : main_is_in(t, t->main.pid);
}

struct tree *tree_of_proc(struct proc *p)
{
    if (p && p->role == PROC_MAIN)
        return container_of(p, struct tree, main);
    return p && p->role == PROC_FIRST ? container_of(p, struct tree, takeover.first) : NULL;
}

struct tree *tree_bearing(const struct procs *procs, pid_t number)
{
    struct proc *p = number > 0 ? procs_find(procs, number) : NULL;
    struct tree *t = tree_of_proc(p);

    if (!t)
        return NULL;
    return (p == &t->main ? main_bears(t) : first_bears(t)) ? t : NULL;
}

/* ---- the end of one that need not be our child ---- */

static void ask_how_it_ended(struct tree *t)
{
    struct takeover *o = &t->takeover;
    int64_t now_ms = clock_now().mono_ms;
    struct exit_status status;
    int r;

    /* As our child it is reaped like any other: the reaper tells. */
    if (pidfd_alive(o->pidfd) && reap_is_ours(t->main.pid)) {
        timer_stop(&o->timer);
        return;
    }
    r = pidfd_exit_status(o->pidfd, &status);
    if (r == -EAGAIN && now_ms < o->lost_ms) {
        timer_set(&o->timer, now_ms + ASK_AGAIN_MS);
        return;
    }
    if (r < 0)
        status = (struct exit_status){.lost = true, .exit_code = -1, .oom_kill = -1};
    takeover_main_ending(t);
    t->main.reaped = true;
    tree_main_ended(t, &status);
    tracker_look(t->tracker);
}

static void look(struct tree *t)
{
    struct takeover *o = &t->takeover;

    if (!pidfd_ended(o->pidfd)) { /* there was no memory to watch it */
        timer_set(&o->timer, clock_now().mono_ms + ASK_AGAIN_MS);
        return;
    }
    watch_stop(&o->watch);
    if (!o->lost_ms)
        o->lost_ms = clock_now().mono_ms + LOST_AFTER_MS;
    ask_how_it_ended(t);
}

static void on_end(struct watch *w, int events)
{
    (void)events;
    look(w->owner);
}

static void on_time(struct timer *timer)
{
    look(timer->owner);
}

/* ---- taking over ---- */

static void forget_main(struct takeover *o)
{
    watch_stop(&o->watch);
    timer_stop(&o->timer);
    sys_close(&o->pidfd);
    o->lost_ms = 0;
}

/* It is one of the others now, who are known by their parents, or pinned. */
static void pin_old(struct tree *t, pid_t pid)
{
    struct proc_stat p;

    if (t->cgroup_fd < 0 && proc_stat_read(pid, &p) == 0 && !p.ended)
        tracker_pin(t->tracker, t, &p);
}

static void name_main(struct tree *t, pid_t pid)
{
    struct procs *procs = t->tracker->procs;
    struct takeover *o = &t->takeover;
    bool back = o->done && pid == o->first.pid && !o->first.reaped;
    pid_t before = t->main.pid;

    procs_remove(procs, &t->main);
    if (back)
        procs_remove(procs, &o->first);
    else if (!o->done)
        procs_add(procs, &o->first, PROC_FIRST, before);
    o->done = !back;
    procs_add(procs, &t->main, PROC_MAIN, pid);
}

void tree_take_main(struct tree *t, pid_t pid, int pidfd)
{
    struct takeover *o = &t->takeover;
    pid_t before = t->main.pid;

    tracker_unpin(t->tracker, t, pid);
    name_main(t, pid);
    pin_old(t, before);
    forget_main(o);
    if (!o->done) {
        sys_close(&pidfd);
        return;
    }
    o->pidfd = pidfd;
    if (watch_set(&o->watch, o->pidfd, LOOP_READ) < 0)
        timer_set(&o->timer, clock_now().mono_ms + ASK_AGAIN_MS);
}

bool tree_main_alive(const struct tree *t)
{
    if (!t->main.pid || t->main.reaped)
        return false;
    return t->takeover.done ? !pidfd_ended(t->takeover.pidfd) : !reap_is_dead(t->main.pid);
}

/* ---- from the tree ---- */

void takeover_init(struct tree *t)
{
    struct takeover *o = &t->takeover;

    o->pidfd = -1;
    watch_init(&o->watch, t->tracker->loop, on_end, t);
    timer_init(&o->timer, t->tracker->loop, on_time, t);
}

void takeover_forget(struct tree *t)
{
    struct takeover *o = &t->takeover;

    forget_main(o);
    procs_remove(t->tracker->procs, &o->first);
    o->done = false;
}

void takeover_main_ending(struct tree *t)
{
    if (!t->takeover.done)
        return;
    t->takeover.first_kept = first_bears(t);
    t->takeover.main_kept = main_bears(t);
}

void takeover_main_ended(struct tree *t)
{
    watch_stop(&t->takeover.watch);
    timer_stop(&t->takeover.timer);
}
