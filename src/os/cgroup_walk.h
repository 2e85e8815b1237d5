/*
 * The processes in a cgroup and below, portion by portion: whoever has thousands of them to signal
 * can do other things in between. What is born meanwhile in a directory not yet left behind is
 * seen, and nobody is seen twice, but for who moves.
 */
#ifndef REEVE_OS_CGROUP_WALK_H
#define REEVE_OS_CGROUP_WALK_H

#include <stdbool.h>
#include <sys/types.h>

struct cgroup_walk;

/* 0 or negative errno. */
int cgroup_walk_begin(struct cgroup_walk **ret, int cgroup_fd);
/* Calls `visit` for about `budget` processes; `pid` is 0 for one of another pid namespace or that
 * has just ended. Returns whether more remain. What vanishes or is threaded below is passed over.
 */
bool cgroup_walk_step(struct cgroup_walk *w, unsigned budget, void (*visit)(pid_t pid, void *arg),
                      void *arg);
/* What kept the cgroup itself from being read, as negative errno; 0: nothing so far. */
int cgroup_walk_error(const struct cgroup_walk *w);
/* NULL is allowed. */
void cgroup_walk_end(struct cgroup_walk *w);

#endif
