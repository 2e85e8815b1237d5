#include "run/membership.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/pidfd.h"
#include "os/sys.h"
#include "run/state.h"

enum { ANCESTORS_MAX = 64 };

/* The trees of runs. Those of others (commands that belong to a unit) are nobody's: they do not
 * speak for it. */
static struct tree *of_a_unit(struct tree *t)
{
    return t && t->part[0] == '\0' ? t : NULL;
}

/* The entry of a dead main process stays, since its group may still bear the number; only for a
 * sender that is as dead or alive as that one does the number mean the same process. */
static struct tree *by_main(const struct supervisor *s, pid_t pid, int pidfd)
{
    struct proc *proc = procs_find(s->procs, pid);
    struct tree *t = of_a_unit(tree_of_proc(proc));

    if (!t)
        return NULL;
    if (pidfd >= 0)
        return pidfd_alive(pidfd) != proc->reaped ? t : NULL;
    return !proc->reaped || sys_kill(pid, 0) == -ESRCH ? t : NULL;
}

/* ---- by cgroup ---- */

static struct tree *by_cgroup_name(const struct supervisor *s, pid_t pid)
{
    char name[sizeof s->lives->tree.cgroup_name];

    if (tracker_unit_cgroup(&s->tracker, pid, name, sizeof name) < 0)
        return NULL;
    for (uint32_t i = 0; i < s->n_lives; i++) {
        struct tree *t = &s->lives[i].tree;

        if (t->cgroup_fd >= 0 && strcmp(t->cgroup_name, name) == 0)
            return t;
    }
    return NULL;
}

static struct tree *by_cgroup_id(const struct supervisor *s, int pidfd)
{
    uint64_t id;

    if (!tracker_has_cgroups(&s->tracker) || pidfd_cgroup_id(pidfd, &id) < 0)
        return NULL;
    for (uint32_t i = 0; i < s->n_lives; i++) {
        struct tree *t = &s->lives[i].tree;
        struct stat st;

        if (t->cgroup_fd >= 0 && fstat(t->cgroup_fd, &st) == 0 && st.st_ino == id)
            return t;
    }
    return NULL;
}

/* ---- best effort ---- */

static struct tree *tracked_loosely(struct tree *t)
{
    return of_a_unit(t) && t->cgroup_fd < 0 ? t : NULL;
}

static struct tree *by_pin(const struct supervisor *s, const struct proc_stat *p)
{
    struct map_node *node = map_find(&s->tracker.members, (uint64_t)p->pid);
    const struct member *m = node ? container_of(node, struct member, by_pid) : NULL;

    if (!m || m->start_ticks != p->start_ticks || m->tree->part[0])
        return NULL;
    return m->tree;
}

/* Its own group, session or pin, or that of the nearest ancestor who is in a tree. */
static struct tree *by_family(const struct supervisor *s, pid_t pid)
{
    for (int n = 0; n < ANCESTORS_MAX && pid > 1 && pid != getpid(); n++) {
        struct tree *t;
        struct proc_stat p;

        if (proc_stat_read(pid, &p) < 0)
            return NULL;
        t = tracked_loosely(tree_bearing(s->procs, p.pgrp));
        if (!t)
            t = tracked_loosely(tree_bearing(s->procs, p.session));
        if (!t)
            t = by_pin(s, &p);
        if (!t)
            t = tracked_loosely(by_main(s, pid, -1));
        if (t)
            return t;
        pid = p.ppid;
    }
    return NULL;
}

/* ---- all of it ---- */

static struct tree *find(const struct supervisor *s, pid_t pid, int pidfd)
{
    struct tree *t = by_main(s, pid, pidfd);

    if (t)
        return t;
    if (pidfd < 0 || pidfd_alive(pidfd)) {
        t = by_cgroup_name(s, pid);
        if (!t)
            t = by_family(s, pid);
        /* Had it died meanwhile, all this may have been read of another one. */
        if (t && (pidfd < 0 || pidfd_alive(pidfd)))
            return t;
    }
    return pidfd >= 0 ? by_cgroup_id(s, pidfd) : NULL;
}

uint32_t membership_find(struct supervisor *s, pid_t pid, int pidfd)
{
    struct tree *t = pid > 0 ? find(s, pid, pidfd) : NULL;

    return t ? container_of(t, struct live, tree)->unit.index : MEMBERSHIP_NONE;
}
