/*
 * Every child that reeved made and has not forgotten, by pid, each with its role. What is not here
 * and turns up as our child was adopted: it is reaped, and belongs to a run or is an orphan.
 */
#ifndef REEVE_RUN_PROCS_H
#define REEVE_RUN_PROCS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/map.h"

enum proc_role {
    PROC_MAIN,  /* the main process of a process tree: part of a struct tree */
    PROC_FIRST, /* the process that was spawned as such, once another is: part of a struct tree */
    PROC_ERRAND /* a short-lived child of reeved's own: part of a struct errand */
};

struct proc {
    struct map_node by_pid; // procs.map
    enum proc_role role;
    pid_t pid;   /* 0: none */
    bool reaped; /* its exit is known; kept because its group or session bears the number */
};

struct procs {
    struct map map;
};

void procs_init(struct procs *p);
void procs_finish(struct procs *p);
void procs_add(struct procs *p, struct proc *proc, enum proc_role role, pid_t pid);
/* Forgets it; harmless when it is not in the table. */
void procs_remove(struct procs *p, struct proc *proc);
/* NULL when unknown. */
struct proc *procs_find(const struct procs *p, pid_t pid);

#endif
