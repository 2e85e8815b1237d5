/*
 * Connections that are only to show whether somebody accepts them: begun without waiting, looked
 * at when the descriptor becomes writable, and closed. Nothing is sent.
 */
#ifndef REEVE_OS_CONNECT_H
#define REEVE_OS_CONNECT_H

#include "core/unit_spec.h"

/* 0: it was accepted at once. -EINPROGRESS: *ret_fd, which is the caller's to close, becomes
 * writable when it is known. Another negative errno: it was not accepted. *ret_fd is -1 but for
 * -EINPROGRESS. */
int connect_tcp(const struct probe_address *address, int *ret_fd);
/* What became of one in progress: 0 accepted, -EINPROGRESS not known yet, or another negative
 * errno. */
int connect_result(int fd);
/* A Unix socket (stream, or packets in sequence) answers at once: 0 accepted, -EAGAIN its queue is
 * full just now, or another negative errno. A path that begins with @ is an abstract name. */
int connect_unix(const char *path);

#endif
