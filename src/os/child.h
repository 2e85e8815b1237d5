/*
 * What a new process does between clone and exec. Only spawn.c calls it. It is async-signal-safe
 * throughout, writes only to its own stack (and its run slot), and never returns.
 */
#ifndef REEVE_OS_CHILD_H
#define REEVE_OS_CHILD_H

#include <stdint.h>

#include "os/spawn.h"

/* All that the child needs, prepared before the clone. */
struct child_plan {
    const struct spawn_request *request;
    const char *search_path; /* PATH of the request's environment, or the default */
    int exec_fd;             /* write end of the exec pipe, close-on-exec */
    pid_t parent;            /* who made it, in the pid namespace of both */
};

/* What the child writes to the exec pipe: STAGE_NONE right before it executes, then only if that or
 * anything before it fails, where and why. */
struct exec_message {
    int32_t stage; /* enum start_stage */
    int32_t errnum;
};

_Noreturn void child_run(const struct child_plan *plan);

#endif
