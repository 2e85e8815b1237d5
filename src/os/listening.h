/*
 * Who listens on which TCP port, as /proc tells: the sockets, and the processes that hold them.
 * Both may take long where there are many connections or processes, and reading what others have
 * open may be refused: not for the loop.
 */
#ifndef REEVE_OS_LISTENING_H
#define REEVE_OS_LISTENING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/unit_spec.h"

struct listening {
    struct probe_address address; /* the port, too; no scope */
    uint64_t inode;               /* of the socket */
};

/* One line of /proc/net/tcp, or (ipv6) tcp6. False: it is not that of a socket that listens. */
bool listening_parse(const char *line, bool ipv6, struct listening *ret);
/* Calls `visit` for each socket of our network namespace that listens. 0 or negative errno. */
int listening_each(void (*visit)(const struct listening *l, void *arg), void *arg);
/* Calls `visit` for each socket that the process has open. 0 or negative errno (-EACCES: that may
 * not be seen). */
int listening_each_socket_of(pid_t pid, void (*visit)(uint64_t inode, void *arg), void *arg);

#endif
