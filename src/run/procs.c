#include "run/procs.h"

#include "base/list.h"

void procs_init(struct procs *p)
{
    map_init(&p->map);
}

void procs_finish(struct procs *p)
{
    map_finish(&p->map);
}

void procs_add(struct procs *p, struct proc *proc, enum proc_role role, pid_t pid)
{
    struct proc *old = procs_find(p, pid);

    /* The kernel gives a number out again only when no group or session bears it any more, so the
     * reaped one that still has it is certainly over. */
    if (old)
        procs_remove(p, old);
    proc->role = role;
    proc->pid = pid;
    proc->reaped = false;
    map_add(&p->map, &proc->by_pid, (uint64_t)pid);
}

void procs_remove(struct procs *p, struct proc *proc)
{
    if (proc->pid && procs_find(p, proc->pid) == proc)
        map_remove(&p->map, (uint64_t)proc->pid);
    proc->pid = 0;
}

struct proc *procs_find(const struct procs *p, pid_t pid)
{
    struct map_node *node = map_find(&p->map, (uint64_t)pid);

    return node ? container_of(node, struct proc, by_pid) : NULL;
}
