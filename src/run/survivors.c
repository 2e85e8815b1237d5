#include "run/survivors.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "os/clock.h"
#include "os/proctree.h"
#include "os/sys.h"

enum { ROUND_MS = 10, GIVE_UP_MS = 2000 };

/* ---- cgroups ---- */

struct cgroup_round {
    struct survivors *v;
    const struct cgroup_root *root;
};

/* Whether the processes of this cgroup's unit were told of already, as those of a slot. What comes
 * after a ~ names a part of the unit. */
static bool was_named(const struct survivors *v, const char *cgroup)
{
    const char *unit = cgroup + strlen("reeve.");
    size_t len = strcspn(unit, "~");

    for (uint32_t i = 0; i < v->n_slots; i++)
        if (strlen(v->slots[i].unit) == len && memcmp(unit, v->slots[i].unit, len) == 0)
            return true;
    return false;
}

static void end_cgroup(const char *name, int cgroup_fd, void *arg)
{
    const struct cgroup_round *round = arg;
    int n = cgroup_count(cgroup_fd, 0);

    if (n <= 0) {
        (void)cgroup_remove(round->root, name);
        return;
    }
    round->v->n_left += (uint32_t)n;
    if (!round->v->said && !was_named(round->v, name))
        log_warning("%s: an earlier reeved left %d process%s running, ending %s", name, n,
                    n == 1 ? "" : "es", n == 1 ? "it" : "them");
    (void)cgroup_kill(cgroup_fd);
}

static void end_cgroups(struct survivors *v, const struct cgroup_root *root)
{
    struct cgroup_round round = {v, root};

    if (root->dir_fd >= 0)
        cgroup_each_own(root, end_cgroup, &round);
}

/* ---- processes ---- */

/* All processes there are, and to which slot each belongs (-1: none). */
struct census {
    struct proc_stat *procs; /* owned */
    int64_t *slot_of;        /* owned */
    size_t n, cap;
    bool failed; /* memory ran out */
};

static void count_in(const struct proc_stat *p, void *arg)
{
    struct census *c = arg;

    if (p->ended || p->pid == getpid() || c->failed)
        return;
    if (c->n == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 512;
        struct proc_stat *procs = realloc(c->procs, cap * sizeof *procs);

        if (!procs) {
            c->failed = true;
            return;
        }
        c->procs = procs;
        c->cap = cap;
    }
    c->procs[c->n++] = *p;
}

/* The process itself; or of its group or session, which bear its number for as long as one of them
 * lives. Once all are gone the number may come again, so its environment, too, must say whose it
 * is. */
static bool belongs_to(pid_t pid, uint64_t start_ticks, const char *unit, const struct proc_stat *p)
{
    char variable[sizeof "REEVE_UNIT=" + sizeof((struct run_slot *)0)->unit];

    if (p->pid == pid && p->start_ticks == start_ticks)
        return true;
    if (p->pid == pid || (p->pgrp != pid && p->session != pid) || p->start_ticks < start_ticks)
        return false;
    snprintf(variable, sizeof variable, "REEVE_UNIT=%s", unit);
    return proc_environ_has(p->pid, variable);
}

static bool belongs(const struct run_slot *slot, const struct proc_stat *p)
{
    return belongs_to(slot->pid, slot->start_ticks, slot->unit, p) ||
           (slot->main_pid > 0 && belongs_to(slot->main_pid, slot->main_ticks, slot->unit, p));
}

static int64_t slot_of_parent(const struct census *c, pid_t ppid)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->procs[i].pid == ppid)
            return c->slot_of[i];
    return -1;
}

static void assign(const struct survivors *v, struct census *c)
{
    bool more = true;

    for (size_t i = 0; i < c->n; i++) {
        c->slot_of[i] = -1;
        for (uint32_t k = 0; k < v->n_slots && c->slot_of[i] < 0; k++)
            if (belongs(&v->slots[k], &c->procs[i]))
                c->slot_of[i] = k;
    }
    /* And all below them, until no more appear. */
    while (more) {
        more = false;
        for (size_t i = 0; i < c->n; i++) {
            if (c->slot_of[i] >= 0)
                continue;
            c->slot_of[i] = slot_of_parent(c, c->procs[i].ppid);
            more = more || c->slot_of[i] >= 0;
        }
    }
}

/* Exactly this process: the pidfd is opened first, then the identity looked at again. */
static void kill_exactly(const struct proc_stat *p)
{
    int pidfd = sys_pidfd_open(p->pid);
    struct proc_stat now;

    if (proc_stat_read(p->pid, &now) == 0 && now.start_ticks == p->start_ticks) {
        if (pidfd >= 0)
            (void)sys_pidfd_send_signal(pidfd, SIGKILL, 0);
        else
            (void)sys_kill(p->pid, SIGKILL);
    }
    sys_close(&pidfd);
}

static void say(const struct survivors *v, const struct census *c)
{
    for (uint32_t k = 0; k < v->n_slots; k++) {
        unsigned n = 0;

        for (size_t i = 0; i < c->n; i++)
            n += c->slot_of[i] == (int64_t)k;
        if (n && !v->slots[k].run)
            log_warning("%s: an earlier reeved left %u process%s of a command beside it running, "
                        "ending %s",
                        v->slots[k].unit, n, n == 1 ? "" : "es", n == 1 ? "it" : "them");
        else if (n)
            log_warning("%s: an earlier reeved left %u process%s of run %llu running, ending %s",
                        v->slots[k].unit, n, n == 1 ? "" : "es",
                        (unsigned long long)v->slots[k].run, n == 1 ? "it" : "them");
    }
}

static void end_processes(struct survivors *v)
{
    struct census c = {0};

    (void)proc_each(count_in, &c);
    c.slot_of = c.n ? calloc(c.n, sizeof *c.slot_of) : NULL;
    if (c.failed || (c.n && !c.slot_of)) {
        v->n_left++; /* another round */
    } else {
        assign(v, &c);
        if (!v->said)
            say(v, &c);
        for (size_t i = 0; i < c.n; i++) {
            if (c.slot_of[i] < 0)
                continue;
            v->n_left++;
            kill_exactly(&c.procs[i]);
        }
    }
    free(c.procs);
    free(c.slot_of);
}

/* ---- rounds ---- */

static void round_of(struct survivors *v)
{
    v->n_left = 0;
    /* Processes first, while their parents still lead to them. */
    if (v->n_slots)
        end_processes(v);
    end_cgroups(v, &v->own);
    end_cgroups(v, &v->earlier);
    v->said = true;
    if (v->n_left == 0) {
        v->done(v);
    } else if (clock_now().mono_ms >= v->give_up_ms) {
        log_error("not all that an earlier reeved left has ended, SIGKILL or not; going on beside "
                  "it");
        v->done(v);
    } else {
        timer_set(&v->again, clock_now().mono_ms + ROUND_MS);
    }
}

static void on_again(struct timer *t)
{
    round_of(t->owner);
}

static void keep_slot(const struct run_slot *slot, void *arg)
{
    struct survivors *v = arg;
    struct run_slot *slots = realloc(v->slots, (v->n_slots + 1) * sizeof *slots);

    if (!slots) {
        log_error("out of memory: whether %s still runs from before is not known", slot->unit);
        return;
    }
    v->slots = slots;
    v->slots[v->n_slots++] = *slot;
}

static void read_slots(struct survivors *v, const char *runtime_dir, const char *mark)
{
    char cgroup[SLOTS_CGROUP_MAX];
    char *path;

    if (asprintf(&path, "%s/runs", runtime_dir) < 0)
        return;
    if (slots_each_left(path, cgroup, keep_slot, v) == 0 && cgroup[0] &&
        (!v->own.path || strcmp(cgroup, v->own.path) != 0))
        (void)cgroup_root_open_at(&v->earlier, cgroup, mark);
    free(path);
}

void survivors_end(struct survivors *v, struct loop *loop, const char *runtime_dir,
                   const char *mark, survivors_done_fn *done, void *owner)
{
    memset(v, 0, sizeof *v);
    v->own.dir_fd = -1;
    v->earlier.dir_fd = -1;
    v->done = done;
    v->owner = owner;
    v->give_up_ms = clock_now().mono_ms + GIVE_UP_MS;
    timer_init(&v->again, loop, on_again, v);
    if (runtime_dir) {
        (void)cgroup_root_open(&v->own, mark);
        read_slots(v, runtime_dir, mark);
    }
    round_of(v);
}

void survivors_finish(struct survivors *v)
{
    if (!v->done)
        return;
    timer_stop(&v->again);
    cgroup_root_close(&v->own);
    cgroup_root_close(&v->earlier);
    free(v->slots);
    v->slots = NULL;
    v->n_slots = 0;
}
