/*
 * What all trees share: the cgroup root, one inotify descriptor for emptiness, and the scan of our
 * adopted children, which tells for every best-effort tree at once what outlived its main. The scan
 * is resumable and done only after a death, never by the clock alone while nothing ends.
 */
#ifndef REEVE_RUN_TRACKER_H
#define REEVE_RUN_TRACKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "os/cgroup.h"
#include "os/proctree.h"
#include "run/loop.h"
#include "run/procs.h"
#include "run/tree.h"

/* A pinned process of a best-effort tree. */
struct member {
    struct list link;       // tree.members
    struct map_node by_pid; // tracker.members
    struct tree *tree;
    pid_t pid;
    uint64_t start_ticks; /* with the pid, who it is, where there is no pidfd */
    int pidfd;            /* -1: none to be had */
    bool killed;          /* SIGKILL was sent to it: counted as a leftover once */
    struct watch watch;
};

struct tracker {
    struct loop *loop;
    struct procs *procs;
    struct cgroup_root cgroups;

    int inotify_fd; /* -1: emptiness of cgroups is asked for by the clock */
    struct watch inotify;
    struct map by_wd;   // tree.by_wd
    struct map members; // member.by_pid
    struct list ending; // tree.link

    struct tree_walk scan;
    bool scanning, scan_again;
    uint64_t n_scans; /* begun so far */
    struct task scan_task;
    struct timer poll; /* only while a tree is ending that nothing would tell about */
};

/* `owner_mark` names this daemon on its cgroups. Never fails: without cgroups all is best effort.
 */
void tracker_init(struct tracker *k, struct loop *loop, struct procs *procs,
                  const char *owner_mark);
void tracker_finish(struct tracker *k);
bool tracker_has_cgroups(const struct tracker *k);

/* For the reaper, after a batch: looks at what is left of ending best-effort trees. */
void tracker_look(struct tracker *k);
/* How many adopted children of ours belong to no run; the first of them are written to ret_first
 * (may be NULL with n_first 0), the rest of which is left as it is. Reads /proc. */
uint32_t tracker_find_orphans(struct tracker *k, pid_t *ret_first, uint32_t n_first);

/* Writes the name of the cgroup directly below our own that the process is in, or below. 0;
 * -ENOENT: it is in none of them; -ESRCH: no such process; other negative errno. Reads /proc. */
int tracker_unit_cgroup(const struct tracker *k, pid_t pid, char *ret_name, size_t name_bytes);

/* For the trees */
void tracker_join_ending(struct tracker *k, struct tree *t);
void tracker_leave_ending(struct tracker *k, struct tree *t);
/* Pins `p` as a member of `t` (once). */
void tracker_pin(struct tracker *k, struct tree *t, const struct proc_stat *p);
/* Unpins the process when it is a member of `t`. */
void tracker_unpin(struct tracker *k, struct tree *t, pid_t pid);
void tracker_unpin_all(struct tracker *k, struct tree *t);
/* Whether nothing of an ending tree is left, as far as can be seen now. */
bool tracker_tree_empty(struct tracker *k, struct tree *t);
/* Watches the cgroup's emptiness; asks by the clock where that cannot be watched. */
void tracker_watch_cgroup(struct tracker *k, struct tree *t);

#endif
