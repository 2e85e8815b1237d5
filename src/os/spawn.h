/*
 * Makes a process: clone3 (or fork where a filter refuses it) without CLONE_VM or CLONE_VFORK, then
 * os/child.c prepares the child and executes. How far the child came is told over a close-on-exec
 * pipe, so that nobody waits. All data the child needs is prepared before the clone.
 */
#ifndef REEVE_OS_SPAWN_H
#define REEVE_OS_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "core/outcome.h"

struct run_slot; /* os/slots.h */

/* Where a program is searched when the environment has no PATH. */
#define SPAWN_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct spawn_request {
    char *const *argv; /* argv[0] without a slash is searched in PATH of envp */
    char *const *envp;
    const char *directory;
    bool change_user;
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    size_t n_groups;
    mode_t umask;
    const char *stdin_path; /* opened by the child, as whom it becomes; NULL: /dev/null */
    int stdout_fd;          /* -1: /dev/null */
    int stderr_fd;          /* -1: /dev/null */
    int pass_as;            /* the number under which the child has pass_fd; 0: nothing more */
    int pass_fd;
    int cgroup_fd;               /* directory of the cgroup to be born in; -1: none */
    const struct rlimit *nofile; /* to restore before exec; NULL: leave as is */
    struct run_slot *slot;       /* shared memory the child marks before exec; NULL: none */
    uint64_t run;
};

struct spawned {
    pid_t pid;
    int exec_fd;    /* read end of the exec pipe, non-blocking */
    bool in_cgroup; /* false: the kernel refused CLONE_INTO_CGROUP and the child is elsewhere */
};

/* 0, or a negative errno with *ret_stage saying where; then nothing was made. The caller owns the
 * descriptors in `ret`. */
int spawn_process(const struct spawn_request *request, struct spawned *ret,
                  enum start_stage *ret_stage);

enum exec_news {
    EXEC_PENDING,
    EXEC_DONE,
    EXEC_FAILED, /* the child said why it could not */
    EXEC_DIED    /* it ended before it could execute, without a word */
};
/* Reads the exec pipe without waiting. *about_to_exec is false at first and belongs to this pipe;
 * EXEC_FAILED fills stage and errno. */
enum exec_news spawn_exec_news(int exec_fd, bool *about_to_exec, enum start_stage *ret_stage,
                               int *ret_errno);

#endif
