/*
 * Units in cgroups of the v2 hierarchy, below reeved's own: `<own>/reeve.UNIT`. Each carries the
 * runtime directory of its owner as an extended attribute (user.reeve), so that two daemons in one
 * cgroup never touch each other's units. Works beside v1 hierarchies too; needs no controllers.
 */
#ifndef REEVE_OS_CGROUP_H
#define REEVE_OS_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup_root {
    int dir_fd;      /* reeved's own cgroup; -1: no tracking by cgroup here */
    char *path;      /* e.g. "/sys/fs/cgroup/user.slice/..."; owned */
    char owner[256]; /* the mark this daemon leaves: its runtime directory, or "pid:N" */
};

/* Finds the own cgroup from /proc/self/cgroup and mountinfo and tries, by making and removing a
 * directory, whether it can be used. 0, or negative errno with dir_fd -1 (not an error: best
 * effort). `owner` is copied. */
int cgroup_root_open(struct cgroup_root *root, const char *owner);
/* The same for another cgroup by its path, without the trial: to look at what is left in it. */
int cgroup_root_open_at(struct cgroup_root *root, const char *path, const char *owner);
void cgroup_root_close(struct cgroup_root *root);

/* Makes `reeve.NAME` (an empty left-over of ours is reused; if the name belongs to another live
 * owner, "reeve.NAME.PID" is made). Writes the directory's name into ret_name and returns its
 * descriptor, or negative errno. */
int cgroup_create(const struct cgroup_root *root, const char *unit, char *ret_name,
                  size_t name_bytes);
/* Removes the directory and all below it, deepest first. 0 or negative errno (-EBUSY: still
 * populated). */
int cgroup_remove(const struct cgroup_root *root, const char *name);

/* 1 populated, 0 empty, negative errno. Reads cgroup.events. */
int cgroup_populated(int cgroup_fd);
/* SIGKILL to all below: cgroup.kill, or (before Linux 5.14) process by process. */
int cgroup_kill(int cgroup_fd);
/* Writes the path of the process's cgroup, from the root of the hierarchy as we see it: "/a/b". 0;
 * -ESRCH: no such process; -ENAMETOOLONG; other negative errno. Reads /proc. */
int cgroup_path_of(pid_t pid, char *ret_path, size_t path_bytes);
/* Whether the process is in the cgroup of this name (as cgroup_create tells it) or below: 1, 0, or
 * negative errno when that cannot be told. Reads /proc. */
int cgroup_holds(const char *name, pid_t pid);
/* Signals every process in the cgroup and below, but `except` (0: nobody). Returns how many. */
int cgroup_signal(int cgroup_fd, int sig, pid_t except);
/* How many processes are in the cgroup and below, without `except`; negative errno. */
int cgroup_count(int cgroup_fd, pid_t except);
/* How often the OOM killer struck in it (memory.events); negative errno when unknowable. */
int64_t cgroup_oom_kills(int cgroup_fd);

/* Calls `visit` for each `reeve.*` cgroup below the root that carries our owner mark. */
void cgroup_each_own(const struct cgroup_root *root,
                     void (*visit)(const char *name, int cgroup_fd, void *arg), void *arg);

#endif
