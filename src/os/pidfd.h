/* What a pidfd tells about its process, beyond letting it be signalled. */
#ifndef REEVE_OS_PIDFD_H
#define REEVE_OS_PIDFD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"

/* Whether its process was not reaped yet. */
bool pidfd_alive(int pidfd);
/* Whether its process has ended, reaped or not. */
bool pidfd_ended(int pidfd);
/* How a process that need not be our child ended: known once its parent has reaped it. Resource
 * usage is not told; oom_kill is -1. 0 or negative errno (-EAGAIN: not reaped yet; others: it will
 * not be known, as before Linux 6.15). */
int pidfd_exit_status(int pidfd, struct exit_status *ret);
/* The id of the cgroup (v2) of its process, which is the inode number of the cgroup's directory; of
 * one that was reaped the last it had. 0 or negative errno (-ENOTTY: before Linux 6.13; -ESRCH: it
 * was reaped and nothing is known any more, always so before Linux 6.15). */
int pidfd_cgroup_id(int pidfd, uint64_t *ret);

#endif
