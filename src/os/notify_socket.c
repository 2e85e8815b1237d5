#include "os/notify_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "os/sys.h"

/* Linux 6.5; older headers lack them. */
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif

/* The queue of a Unix datagram socket is bounded by their number and by what each sender may have
 * under way; this bounds the rest. */
enum { RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024 };
/* Room for so many descriptors of one message: the kernel drops the others. */
enum { FDS_MAX = 4 };

int notify_place(const char *name, struct place *ret)
{
    if (name[0] == '/')
        return place_init(ret, name);
    return name[0] == '@' && name[1] ? place_init_abstract(ret, name + 1) : -EINVAL;
}

/* Whoever bound the one that is there has lost the directory to us. */
static int clear_away(const char *path)
{
    struct stat st;
    int r = sys_lstat(path, &st);

    if (r == 0 && !S_ISSOCK(st.st_mode))
        return -EEXIST;
    if (r == 0)
        r = sys_unlinkat(AT_FDCWD, path, 0);
    return r == -ENOENT ? 0 : r;
}

/* Before the first message can come, or it would come without credentials. */
static int ask_for_senders(int fd)
{
    const int on = 1;
    const int bytes = RECEIVE_BUFFER_BYTES;

    if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_PASSPIDFD, &on, sizeof on);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    return 0;
}

/* bind makes the file with mode 0777 less the umask: right from its first moment. */
static int bind_for_all(int fd, const struct place *place)
{
    mode_t old = umask(0111);
    int r = sys_bind(fd, (const struct sockaddr *)&place->address, place->len_bytes);

    umask(old);
    return r;
}

static int bind_to(struct notify_socket *s, const char *name)
{
    struct place place;
    int r;

    if (strlen(name) >= sizeof s->name)
        return -ENAMETOOLONG;
    r = notify_place(name, &place); /* so short that there is nothing to finish */
    if (r == 0 && name[0] == '/')
        r = clear_away(name);
    if (r < 0)
        return r;
    s->fd = sys_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0)
        return s->fd;
    r = ask_for_senders(s->fd);
    return r < 0 ? r : bind_for_all(s->fd, &place);
}

int notify_socket_open(struct notify_socket *s, const char *name)
{
    int r;

    memset(s, 0, sizeof *s);
    s->fd = -1;
    r = bind_to(s, name);
    if (r < 0) {
        sys_close(&s->fd);
        s->fd = -1;
        return r;
    }
    memcpy(s->name, name, strlen(name) + 1);
    s->has_file = name[0] == '/' && socket_file(name, &s->file) == 0;
    return 0;
}

void notify_socket_close(struct notify_socket *s)
{
    sys_close(&s->fd);
    if (s->has_file && socket_is_there(s->name, &s->file) == 1)
        (void)sys_unlinkat(AT_FDCWD, s->name, 0);
    s->has_file = false;
    s->name[0] = '\0';
}

/* ---- receiving ---- */

static void take_credentials(const struct cmsghdr *c, struct notify_datagram *ret)
{
    struct ucred cred;

    if (c->cmsg_len != CMSG_LEN(sizeof cred))
        return;
    memcpy(&cred, CMSG_DATA(c), sizeof cred);
    ret->pid = cred.pid;
    ret->uid = cred.uid;
    ret->gid = cred.gid;
}

/* Where the kernel could make none, its value is the errno. */
static void take_pidfd(const struct cmsghdr *c, struct notify_datagram *ret)
{
    int fd;

    if (c->cmsg_len != CMSG_LEN(sizeof fd))
        return;
    memcpy(&fd, CMSG_DATA(c), sizeof fd);
    sys_close(&ret->pidfd);
    ret->pidfd = fd >= 0 ? fd : -1;
}

static void take_fds(const struct cmsghdr *c, struct notify_datagram *ret)
{
    size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

    for (size_t i = 0; i < n; i++) {
        int fd;

        memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
        if (n == 1 && ret->fd < 0 && ret->n_refused == 0) {
            ret->fd = fd;
            continue;
        }
        sys_close(&fd);
        ret->n_refused++;
    }
}

static void take_control(struct msghdr *message, struct notify_datagram *ret)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if (c->cmsg_type == SCM_CREDENTIALS)
            take_credentials(c, ret);
        else if (c->cmsg_type == SCM_PIDFD)
            take_pidfd(c, ret);
        else if (c->cmsg_type == SCM_RIGHTS)
            take_fds(c, ret);
    }
    /* Not all of it could be had: a barrier may be among what was lost, so none of it is one. */
    if (message->msg_flags & MSG_CTRUNC) {
        ret->n_refused++;
        sys_close(&ret->fd);
    }
}

int notify_socket_receive(struct notify_socket *s, void *buf, size_t size_bytes,
                          struct notify_datagram *ret)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int)) +
                   CMSG_SPACE(FDS_MAX * sizeof(int))];
    } control;
    struct iovec room = {buf, size_bytes};
    struct msghdr message = {.msg_iov = &room,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t n = sys_recvmsg(s->fd, &message);

    *ret = (struct notify_datagram){.uid = (uid_t)-1, .gid = (gid_t)-1, .pidfd = -1, .fd = -1};
    if (n < 0)
        return n == -EAGAIN || n == -EWOULDBLOCK ? 0 : (int)n;
    take_control(&message, ret);
    ret->len_bytes = (size_t)n;
    ret->truncated = message.msg_flags & MSG_TRUNC;
    return 1;
}
