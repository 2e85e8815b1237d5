#include <errno.h>
#include <signal.h>

#include "os/sys.h"
#include "run/tracker.h"
#include "run/tree_inside.h"

/* Processes looked at in one turn of the loop: about a millisecond of reading /proc. */
enum { WALK_BUDGET = 64, PIN_PASSES_MAX = 8 };

static bool signal_member(const struct member *m, int sig)
{
    struct proc_stat now;

    if (m->pidfd >= 0)
        return sys_pidfd_send_signal(m->pidfd, sig, 0) == 0;
    return proc_stat_read(m->pid, &now) == 0 && now.start_ticks == m->start_ticks &&
           sys_kill(m->pid, sig) == 0;
}

/* Returns how many it reached that were not killed before. */
uint32_t tree_pins_signal(struct tree *t, int sig)
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

static bool kill_best_effort(struct tree *t, bool main_is_alive, uint32_t *leftovers)
{
    uint32_t n;

    if (!t->main.reaped) {
        (void)tree_signal_group(t, SIGKILL);
        tree_signal_first_group(t, SIGKILL);
    } else {
        tree_signal_orphaned_groups(t, SIGKILL);
    }
    n = tree_pins_signal(t, SIGKILL);
    *leftovers = main_is_alive ? 0 : n;
    return n > 0;
}

static void do_kill(struct tree *t)
{
    bool alive = tree_main_alive(t);
    uint32_t leftovers;
    bool sent = kill_best_effort(t, alive, &leftovers);

    t->kill_wanted = false;
    if (alive && tree_signal_main(t, SIGKILL) == 0)
        sent = true;
    t->killing = t->killing || sent;
    if (sent && (alive || leftovers))
        tree_post_killed(t, alive, leftovers);
    tree_kill_again(t);
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
int tree_pins_send(struct tree *t, int sig)
{
    bool some = t->n_members > 0;
    /* Main first: should the others end before it, it may go on to the next one. */
    int r = tree_main_alive(t) ? tree_signal_main(t, sig) : some ? 0 : -ESRCH;

    (void)tree_pins_signal(t, sig);
    return r;
}

static void do_sends(struct tree *t)
{
    uint64_t wanted = t->sends_wanted;

    t->sends_wanted = 0;
    for (int sig = 1; sig <= 64; sig++)
        if (wanted >> (sig - 1) & 1)
            (void)tree_pins_send(t, sig);
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
        tree_signal_by_mode(t);
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

void tree_pins_cut_short(struct tree *t)
{
    if (!t->pinning)
        return;
    task_stop(&t->pin_task);
    pin_done(t); /* what it had seen stays pinned; the rest is ours now and will be scanned */
}

/* Without a cgroup sees all descendants before a signal, since the signal may set them free. A kill
 * looks again: much may have been born since the stop signal, and by it. */
void tree_pins_serve(struct tree *t)
{
    if (t->pinning)
        return;
    if (!tree_main_alive(t)) {
        do_sends(t);
        if (t->kill_wanted)
            do_kill(t);
        else if (t->signal_wanted)
            tree_signal_by_mode(t);
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

void tree_pins_end(struct tree *t)
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

void tree_pins_init(struct tree *t)
{
    task_init(&t->pin_task, t->tracker->loop, pin_step, t);
}
