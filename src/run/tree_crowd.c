#include <errno.h>
#include <signal.h>

#include "os/cgroup.h"
#include "run/tracker.h"
#include "run/tree_inside.h"

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
    if (alive && tree_signal_main(t, SIGKILL) == 0) {
        t->killing = true;
        tree_post_killed(t, true, 0);
    }
    crowd_signal(&t->crowd, t->cgroup_fd, SIGKILL, 0, t->main.pid);
}

/* Says how many leftovers were killed, once. */
static void tell_leftovers(struct tree *t, uint32_t n)
{
    if (t->count_leftovers && n)
        tree_post_killed(t, false, n);
    t->count_leftovers = false;
}

/* The rest in one go, so that nobody escapes by forking. */
static void crowd_killed(struct tree *t)
{
    bool alive = tree_main_alive(t);
    bool sent = cgroup_kill(t->cgroup_fd) >= 0;

    /* We may have been refused where the kernel's own kill is not. */
    if (sent && alive && !t->killing)
        tree_post_killed(t, true, 0);
    tell_leftovers(t, t->crowd.n_reached + (sent ? t->crowd.n_refused + t->crowd.n_unreached : 0));
    t->killing = t->killing || sent || t->crowd.n_reached;
    tree_kill_again(t);
}

static int lowest_signal(uint64_t set)
{
    return __builtin_ctzll(set) + 1;
}

void tree_crowd_serve(struct tree *t)
{
    if (t->kill_wanted) {
        if (!crowd_busy(&t->crowd) || t->crowd_now != CROWD_KILL)
            kill_crowd(t);
        t->kill_wanted = false;
        return;
    }
    if (t->signal_wanted)
        tree_signal_by_mode(t);
    if (crowd_busy(&t->crowd))
        return;
    t->crowd_now = t->crowd_wish;
    t->crowd_wish = CROWD_NOTHING;
    if (t->crowd_now == CROWD_STOP) {
        crowd_signal(&t->crowd, t->cgroup_fd, t->spec->stop_signal, SIGCONT, t->main.pid);
    } else if (t->crowd_now == CROWD_SURVIVORS) {
        crowd_signal(&t->crowd, t->cgroup_fd, t->spec->stop_signal, SIGCONT, 0);
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
    else if (t->crowd_now == CROWD_SEND && c->signals[0] == SIGKILL)
        (void)cgroup_kill(t->cgroup_fd); /* somebody's kill spares nobody either */
    tree_crowd_serve(t);
}

void tree_nobody_left(struct tree *t)
{
    timer_stop(&t->kill_again);
    if (!crowd_busy(&t->crowd))
        return;
    if (t->crowd_now == CROWD_KILL)
        tell_leftovers(t, t->crowd.n_reached);
    crowd_drop(&t->crowd);
}

int tree_crowd_send(struct tree *t, int sig)
{
    int r = tree_main_alive(t) ? tree_signal_main(t, sig) : -ESRCH;

    t->sends_wanted |= UINT64_C(1) << (sig - 1);
    tree_crowd_serve(t);
    if (r == 0 || crowd_busy(&t->crowd) || t->crowd.n_reached)
        return 0;
    return r == -ESRCH && t->crowd.error < 0 ? t->crowd.error : r;
}

void tree_crowd_end(struct tree *t)
{
    if (crowd_busy(&t->crowd) && t->crowd_now == CROWD_KILL)
        (void)cgroup_kill(t->cgroup_fd);
    crowd_drop(&t->crowd);
}

void tree_crowd_init(struct tree *t)
{
    crowd_init(&t->crowd, t->tracker->loop, t->cgroup_name, on_crowd_done, t);
}
