/*
 * The socket that units send their notifications to (sd_notify(3), $NOTIFY_SOCKET), and one message
 * of it at a time, with who sent it as the kernel says. Never waits. Anybody may send, so nothing
 * but the sender's identity is to be relied upon.
 */
#ifndef REEVE_OS_NOTIFY_SOCKET_H
#define REEVE_OS_NOTIFY_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/place.h"
#include "os/socket.h"

enum { NOTIFY_NAME_BYTES = 108 }; /* of a name, with its NUL: as a socket address holds it */

struct notify_socket {
    int fd;                       /* -1: none */
    char name[NOTIFY_NAME_BYTES]; /* what $NOTIFY_SOCKET is to say */
    bool has_file;
    struct socket_file file;
};

struct notify_datagram {
    pid_t pid; /* 0: unknown, or in no pid namespace that we see */
    uid_t uid; /* (uid_t)-1 when unknown, as gid */
    gid_t gid;
    int pidfd; /* of the sender, which may be dead; -1: none (before Linux 6.5). The caller's */
    size_t len_bytes;
    bool truncated; /* it was longer than the buffer */
    /* The only descriptor that came along, which is what a BARRIER brings: the caller closes it
     * once all messages before were processed. -1: none, or there were several, which are closed.
     */
    int fd;
    uint32_t n_refused; /* descriptors that came along and were closed; 1 stands for many more */
};

/* Where a $NOTIFY_SOCKET is: an absolute path, or @ and an abstract name. 0; -EINVAL: another kind
 * of name; or another negative errno. */
int notify_place(const char *name, struct place *ret);

/*
 * Binds at the path `name`, or, when it begins with @, at an abstract one; non-blocking. All may
 * send to it whom the directory lets through (0666). The directory must be the caller's alone: a
 * socket that is there is replaced, another file is not (-EEXIST). -ENAMETOOLONG: those who are to
 * send to it could not name it, since they have no way around the length of a socket address. 0, or
 * negative errno and s->fd is -1.
 */
int notify_socket_open(struct notify_socket *s, const char *name);
/* Removes the file, when it is the one made here. */
void notify_socket_close(struct notify_socket *s);
/* Takes the next message. 1, 0 when there is none, or negative errno. Where descriptors cannot be
 * had for what came along, the message comes without. */
int notify_socket_receive(struct notify_socket *s, void *buf, size_t size_bytes,
                          struct notify_datagram *ret);

#endif
