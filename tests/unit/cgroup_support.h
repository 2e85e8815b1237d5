/* What tests that make cgroups share: our own cgroup, and nothing left in it. */
#ifndef REEVE_TESTS_CGROUP_SUPPORT_H
#define REEVE_TESTS_CGROUP_SUPPORT_H

#include "apart.h"

#include "os/cgroup.h"

static struct cgroup_root root = {.dir_fd = -1};

/* Where it cannot be used, dir_fd stays -1 and the tests are skipped. */
static void open_own_cgroup(void)
{
    char owner[64];

    snprintf(owner, sizeof owner, "/run/reeve-test-%d", (int)getpid());
    (void)cgroup_root_open(&root, owner);
}

static void clear_away(const char *name, int cgroup_fd, void *arg)
{
    (void)arg;
    (void)cgroup_kill(cgroup_fd);
    for (int i = 0; i < 1000 && cgroup_populated(cgroup_fd) == 1; i++)
        poll(NULL, 0, 10);
    (void)cgroup_remove(&root, name);
}

/* Also after a test that failed in the middle nothing stays. */
static void close_own_cgroup(void)
{
    cgroup_each_own(&root, clear_away, NULL);
    cgroup_root_close(&root);
}

#endif
