/* The one reap path: waitid(P_ALL) until empty. */
#ifndef REEVE_OS_REAP_H
#define REEVE_OS_REAP_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/event.h"

struct reaped {
    pid_t pid;
    struct exit_status status; /* oom_kill is -1: the caller may know better */
};

/* The next pid that waits to be reaped, without reaping it (so that its exec pipe can be drained
 * and its tree looked at first): pid > 0, 0 when there is none, or negative errno (-ECHILD: no
 * children at all). */
pid_t reap_peek(void);
/* Reaps exactly this pid. 1 reaped, 0 not dead yet, or negative errno. */
int reap_pid(pid_t pid, struct reaped *ret);
/* Whether this process is a child of ours, dead or alive. */
bool reap_is_ours(pid_t pid);
/* Whether this child of ours has already ended (a zombie), without reaping it. */
bool reap_is_dead(pid_t pid);

#endif
