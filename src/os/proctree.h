/*
 * Process trees read from /proc, for tracking without a cgroup. A walk is resumable: each step does
 * a bounded number of processes, so that no turn of the loop takes long.
 */
#ifndef REEVE_OS_PROCTREE_H
#define REEVE_OS_PROCTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_stat {
    pid_t pid;
    pid_t ppid;
    pid_t pgrp;
    pid_t session;
    char state;           /* 'R', 'S', 'D', 'Z', ... of its first thread */
    bool ended;           /* all of it is dead: 'Z' alone is also shown while other threads live */
    uint64_t start_ticks; /* since boot; with the pid it names one process for ever */
};

/* Whether /proc is there and shows our own pid namespace. Asked once. */
bool proc_usable(void);
/* 0, -ESRCH (gone), or another negative errno (-ENOENT: no usable /proc). */
int proc_stat_read(pid_t pid, struct proc_stat *ret);
enum { PROC_NAME_BYTES = 16 };
/* What the kernel calls it, with ? for what does not belong into a line; "?" when it is gone. */
void proc_name_read(pid_t pid, char ret_name[PROC_NAME_BYTES]);
/* Calls `visit` for every process there is. 0 or negative errno. */
int proc_each(void (*visit)(const struct proc_stat *p, void *arg), void *arg);
/* Whether the environment that the process was started with has exactly this NAME=value. */
bool proc_environ_has(pid_t pid, const char *variable);
/* The start time of the calling process; 0 when there is no /proc. Async-signal-safe. */
uint64_t proc_own_start_ticks(void);

/* Visits the descendants of a set of roots, parents first; children are read from
 * /proc/PID/task/TID/children. The visitor returns whether to descend. */
struct tree_walk {
    pid_t *todo; /* owned */
    size_t n_todo, cap_todo;
    bool incomplete; /* memory ran out or /proc is missing: some were not seen */
    bool starved;    /* it was memory or descriptors: another walk may see more */
};
typedef bool tree_visit_fn(const struct proc_stat *p, void *arg);

void tree_walk_init(struct tree_walk *w);
/* Sets room aside for this many processes still to visit. Without memory for it, nothing. */
void tree_walk_reserve(struct tree_walk *w, size_t n_processes);
/* Empties it for another walk; the room stays. */
void tree_walk_reset(struct tree_walk *w);
/* Adds `pid` itself to what is still to visit. */
void tree_walk_add(struct tree_walk *w, pid_t pid);
/* Adds the direct children of `pid`. */
void tree_walk_add_children(struct tree_walk *w, pid_t pid);
/* Visits up to `budget` processes. `skip` (may be NULL) is asked before /proc is read for a pid:
 * true leaves it and all below it out. Returns whether more remain. A tree that changes meanwhile
 * may be seen in part: walk again until nothing new appears. Where the kernel has no children files
 * all of /proc is read for each process that is descended into, one of them a step. */
bool tree_walk_step(struct tree_walk *w, unsigned budget, bool (*skip)(pid_t pid, void *arg),
                    tree_visit_fn *visit, void *arg);
void tree_walk_finish(struct tree_walk *w);

#endif
