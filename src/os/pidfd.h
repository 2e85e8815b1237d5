/* What a pidfd tells about its process, beyond letting it be signalled. */
#ifndef REEVE_OS_PIDFD_H
#define REEVE_OS_PIDFD_H

#include <stdbool.h>
#include <stdint.h>

/* Whether its process was not reaped yet. */
bool pidfd_alive(int pidfd);
/* The id of the cgroup (v2) of its process, which is the inode number of the cgroup's directory; of
 * one that was reaped the last it had. 0 or negative errno (-ENOTTY: before Linux 6.13; -ESRCH: it
 * was reaped and nothing is known any more, always so before Linux 6.15). */
int pidfd_cgroup_id(int pidfd, uint64_t *ret);

#endif
