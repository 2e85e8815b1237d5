#include <errno.h>
#include <stdlib.h>

#include "os/sys.h"
#include "run/tracker_inside.h"

static void member_free(struct tracker *k, struct member *m)
{
    watch_stop(&m->watch);
    sys_close(&m->pidfd);
    map_remove(&k->members, (uint64_t)m->pid);
    list_remove(&m->link);
    m->tree->n_members--;
    free(m);
}

static void on_member_gone(struct watch *w, int events)
{
    struct member *m = w->owner;
    struct tracker *k = m->tree->tracker;

    (void)events;
    member_free(k, m);
    tracker_look(k);
}

struct member *tracker_member(struct tracker *k, pid_t pid)
{
    struct map_node *node = map_find(&k->members, (uint64_t)pid);

    return node ? container_of(node, struct member, by_pid) : NULL;
}

void tracker_pin(struct tracker *k, struct tree *t, const struct proc_stat *p)
{
    struct member *m = tracker_member(k, p->pid);

    if (m) {
        if (m->start_ticks == p->start_ticks)
            return;
        member_free(k, m); /* an older process that had the number */
    }
    m = calloc(1, sizeof *m);
    if (!m) { /* the group's signal may still reach it, and the next scan sees it again */
        t->unread = true;
        return;
    }
    m->tree = t;
    m->pid = p->pid;
    m->start_ticks = p->start_ticks;
    m->pidfd = sys_unless_last(sys_pidfd_open(p->pid));
    watch_init(&m->watch, k->loop, on_member_gone, m);
    if (m->pidfd >= 0)
        (void)watch_set(&m->watch, m->pidfd, LOOP_READ); /* unwatched, the poll finds it gone */
    map_add(&k->members, &m->by_pid, (uint64_t)m->pid);
    list_append(&t->members, &m->link);
    t->n_members++;
}

void tracker_unpin(struct tracker *k, struct tree *t, pid_t pid)
{
    struct member *m = tracker_member(k, pid);

    if (m && m->tree == t)
        member_free(k, m);
}

void tracker_unpin_all(struct tracker *k, struct tree *t)
{
    list_for_each_safe (it, &t->members) {
        member_free(k, container_of(it, struct member, link));
    }
}

/* Drops the members that are no more and that no pidfd tells about. */
void tracker_refresh_members(struct tracker *k, struct tree *t)
{
    /* The analyzer does not see that freeing a member unlinks it, so that the next is another.
     * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    list_for_each_safe (it, &t->members) {
        struct member *m = container_of(it, struct member, link);
        struct proc_stat now;
        int r = proc_stat_read(m->pid, &now);

        if (r == -ESRCH || (r == 0 && (now.start_ticks != m->start_ticks || now.ended)))
            member_free(k, m);
    }
}
