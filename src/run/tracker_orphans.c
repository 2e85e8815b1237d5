#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "run/tracker_inside.h"

enum { ORPHANS_READ_MAX = 256, CGROUP_PATH_BYTES = 4096, UNIT_CGROUP_BYTES = 256 };

struct orphan_count {
    struct tracker *k;
    uint32_t n;
    pid_t *first;
    uint32_t n_first;
};

int tracker_unit_cgroup(const struct tracker *k, pid_t pid, char *ret_name, size_t name_bytes)
{
    char own[CGROUP_PATH_BYTES], its[CGROUP_PATH_BYTES];
    size_t len, name_len;
    int r;

    if (!tracker_has_cgroups(k))
        return -ENOENT;
    r = cgroup_path_of(getpid(), own, sizeof own);
    if (r == 0)
        r = cgroup_path_of(pid, its, sizeof its);
    if (r < 0)
        return r;
    len = strlen(own);
    if (own[len - 1] == '/') /* the root */
        len--;
    if (strncmp(its, own, len) != 0 || its[len] != '/')
        return -ENOENT;
    name_len = strcspn(its + len + 1, "/");
    if (name_len == 0 || name_len >= name_bytes)
        return -ENOENT;
    memcpy(ret_name, its + len + 1, name_len);
    ret_name[name_len] = '\0';
    return 0;
}

/* Below our own cgroup, in one of a unit. */
static bool in_a_unit_cgroup(const struct tracker *k, pid_t pid)
{
    char name[UNIT_CGROUP_BYTES];

    return tracker_unit_cgroup(k, pid, name, sizeof name) == 0 && strncmp(name, "reeve.", 6) == 0;
}

static void count_in(struct orphan_count *count, const struct proc_stat *p)
{
    if (count->n < count->n_first)
        count->first[count->n] = p->pid;
    count->n++;
}

static bool count_visit(const struct proc_stat *p, void *arg)
{
    struct orphan_count *count = arg;
    const struct procs *procs = count->k->procs;

    if (!p->ended && !procs_find(procs, p->pgrp) && !procs_find(procs, p->session) &&
        !tracker_member(count->k, p->pid) && !in_a_unit_cgroup(count->k, p->pid))
        count_in(count, p);
    return false;
}

uint32_t tracker_find_orphans(struct tracker *k, pid_t *ret_first, uint32_t n_first)
{
    struct orphan_count count = {k, 0, ret_first, n_first};
    struct tree_walk walk;

    tree_walk_init(&walk);
    tree_walk_add_children(&walk, getpid());
    for (size_t i = 0; i < walk.n_todo;) {
        if (tracker_skips(walk.todo[i], k))
            walk.todo[i] = walk.todo[--walk.n_todo];
        else
            i++;
    }
    (void)tree_walk_step(&walk, ORPHANS_READ_MAX, NULL, count_visit, &count);
    /* More than that are not read one by one, but they are many and they are counted. */
    count.n += (uint32_t)walk.n_todo;
    tree_walk_finish(&walk);
    return count.n;
}
