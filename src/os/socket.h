/* Unix sockets for the control service. Paths too long for sun_path work through /proc/self/fd. */
#ifndef REEVE_OS_SOCKET_H
#define REEVE_OS_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

struct peer {
    pid_t pid;
    uid_t uid;
    gid_t gid;
};

/* Listens at `path` with this mode: a stale socket is replaced, a live one refused (-EADDRINUSE),
 * any other kind of file refused (-EEXIST). Non-blocking, close-on-exec. fd or negative errno. */
int socket_listen(const char *path, mode_t mode);
/* The same, and gives the file to `gid`. It is closed to every group until it belongs to this one;
 * when it cannot be given it stays so, and *ret_group is the negative errno, else 0. */
int socket_listen_for_group(const char *path, mode_t mode, gid_t gid, int *ret_group);
/* Whether somebody listens there: -EADDRINUSE, 0 nobody, or another negative errno. */
int socket_probe(const char *path);
/* Which file a socket is, so that another one at the same path is told apart. */
struct socket_file {
    dev_t device;
    ino_t inode;
};
/* 0 or negative errno. */
int socket_file(const char *path, struct socket_file *ret);
/* Whether that file still is at `path`: 1, 0, or negative errno when it cannot be told. */
int socket_is_there(const char *path, const struct socket_file *file);
/* Connects, waiting for at most a moment (a Unix socket answers at once or not at all). Blocking fd
 * for reevectl, or negative errno. */
int socket_connect(const char *path);
/* SO_PEERCRED. 0 or negative errno. */
int socket_peer(int fd, struct peer *ret);
/* Whether the peer was in this group, as its primary or a supplementary one, when it connected: 1,
 * 0 or negative errno. Where the kernel does not tell the supplementary ones (before Linux 4.13)
 * only the primary counts. */
int socket_peer_in_group(int fd, const struct peer *peer, gid_t gid);

#endif
