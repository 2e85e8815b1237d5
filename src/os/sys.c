#include "os/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/faults.h"

/* The kernel gives out the lowest free number, so a high one tells that few are left. */
enum { LAST_FDS = 8 };

/* Runs `call`, a libc call that returns -1 and sets errno, into `ret` as result or -errno, unless
 * the fault table wants this one to fail. */
#define CALL(ret, name, call)                                                                      \
    do {                                                                                           \
        int fault_err = 0;                                                                         \
        if (fault_hit(name, &fault_err)) {                                                         \
            (ret) = -fault_err;                                                                    \
        } else {                                                                                   \
            (ret) = (call);                                                                        \
            if ((ret) < 0)                                                                         \
                (ret) = -errno;                                                                    \
        }                                                                                          \
    } while (0)

#define CALL_AGAIN(ret, name, call)                                                                \
    do {                                                                                           \
        CALL(ret, name, call);                                                                     \
    } while ((ret) == -EINTR)

/* The same for calls that move bytes: a fault with errno 0 shortens the transfer to one byte. */
#define TRANSFER(ret, name, size_bytes, call)                                                      \
    do {                                                                                           \
        int fault_err = 0;                                                                         \
        if (fault_hit(name, &fault_err)) {                                                         \
            if (fault_err) {                                                                       \
                (ret) = -fault_err;                                                                \
                continue;                                                                          \
            }                                                                                      \
            if ((size_bytes) > 1)                                                                  \
                (size_bytes) = 1;                                                                  \
        }                                                                                          \
        (ret) = (call);                                                                            \
        if ((ret) < 0)                                                                             \
            (ret) = -errno;                                                                        \
    } while ((ret) == -EINTR)

pid_t sys_clone3(struct clone_args *args)
{
    long r;

    CALL(r, "clone3", syscall(SYS_clone3, args, sizeof *args));
    return (pid_t)r;
}

pid_t sys_fork(void)
{
    pid_t r;

    CALL(r, "fork", fork());
    return r;
}

int sys_pipe2(int ret_fds[2], int flags)
{
    int r;

    CALL(r, "pipe2", pipe2(ret_fds, flags));
    return r;
}

int sys_open(const char *path, int flags, mode_t mode)
{
    int r;

    CALL_AGAIN(r, "open", open(path, flags, mode));
    return r;
}

int sys_openat(int dir_fd, const char *path, int flags, mode_t mode)
{
    int r;

    CALL_AGAIN(r, "openat", openat(dir_fd, path, flags, mode));
    return r;
}

int sys_mkdirat(int dir_fd, const char *path, mode_t mode)
{
    int r;

    CALL(r, "mkdirat", mkdirat(dir_fd, path, mode));
    return r;
}

int sys_unlinkat(int dir_fd, const char *path, int flags)
{
    int r;

    CALL(r, "unlinkat", unlinkat(dir_fd, path, flags));
    return r;
}

int sys_lstat(const char *path, struct stat *ret)
{
    int r;

    CALL(r, "lstat", lstat(path, ret));
    return r;
}

ssize_t sys_read(int fd, void *buf, size_t size_bytes)
{
    ssize_t r;

    TRANSFER(r, "read", size_bytes, read(fd, buf, size_bytes));
    return r;
}

ssize_t sys_write(int fd, const void *buf, size_t size_bytes)
{
    ssize_t r;

    TRANSFER(r, "write", size_bytes, write(fd, buf, size_bytes));
    return r;
}

int sys_write_all(int fd, const void *bytes, size_t len_bytes)
{
    const char *at = bytes;

    while (len_bytes > 0) {
        ssize_t n = sys_write(fd, at, len_bytes);

        if (n < 0)
            return (int)n;
        if (n == 0)
            return -EIO;
        at += n;
        len_bytes -= (size_t)n;
    }
    return 0;
}

ssize_t sys_send(int fd, const void *buf, size_t size_bytes)
{
    ssize_t r;

    TRANSFER(r, "send", size_bytes, send(fd, buf, size_bytes, MSG_NOSIGNAL | MSG_DONTWAIT));
    return r;
}

ssize_t sys_recv(int fd, void *buf, size_t size_bytes)
{
    ssize_t r;

    TRANSFER(r, "recv", size_bytes, recv(fd, buf, size_bytes, MSG_DONTWAIT));
    return r;
}

int sys_accept4(int fd, int flags)
{
    int r;

    CALL_AGAIN(r, "accept4", accept4(fd, NULL, NULL, flags));
    return r;
}

int sys_socket(int domain, int type, int protocol)
{
    int r;

    CALL(r, "socket", socket(domain, type, protocol));
    return r;
}

int sys_connect(int fd, const struct sockaddr *address, socklen_t len_bytes)
{
    int r;

    CALL(r, "connect", connect(fd, address, len_bytes));
    return r;
}

int sys_bind(int fd, const struct sockaddr *address, socklen_t address_bytes)
{
    int r;

    CALL(r, "bind", bind(fd, address, address_bytes));
    return r;
}

ssize_t sys_sendto(int fd, const void *buf, size_t size_bytes, const struct sockaddr *address,
                   socklen_t address_bytes)
{
    ssize_t r;

    CALL_AGAIN(r, "sendto",
               sendto(fd, buf, size_bytes, MSG_NOSIGNAL | MSG_DONTWAIT, address, address_bytes));
    return r;
}

ssize_t sys_recvmsg(int fd, struct msghdr *message)
{
    ssize_t r;

    TRANSFER(r, "recvmsg", message->msg_iov->iov_len,
             recvmsg(fd, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
    return r;
}

int sys_kill(pid_t pid, int sig)
{
    int r;

    CALL(r, "kill", kill(pid, sig));
    return r;
}

int sys_pidfd_open(pid_t pid)
{
    long r;

    CALL(r, "pidfd_open", syscall(SYS_pidfd_open, pid, 0));
    return (int)r;
}

int sys_pidfd_send_signal(int pidfd, int sig, unsigned flags)
{
    long r;

    CALL(r, "pidfd_send_signal", syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, flags));
    return (int)r;
}

int sys_inotify_init1(int flags)
{
    int r;

    CALL(r, "inotify_init1", inotify_init1(flags));
    return r;
}

int sys_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
    int r;

    CALL(r, "inotify_add_watch", inotify_add_watch(fd, path, mask));
    return r;
}

int sys_inotify_rm_watch(int fd, int wd)
{
    int r;

    CALL(r, "inotify_rm_watch", inotify_rm_watch(fd, wd));
    return r;
}

int sys_waitid(idtype_t type, id_t id, siginfo_t *ret_info, int options, struct rusage *ret_usage)
{
    long r;

    CALL_AGAIN(r, "waitid", syscall(SYS_waitid, type, id, ret_info, options, ret_usage));
    return (int)r;
}

int sys_close_range(unsigned first, unsigned last)
{
    long r;

    CALL(r, "close_range", syscall(SYS_close_range, first, last, 0));
    return (int)r;
}

void sys_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

int sys_unless_last(int fd)
{
    struct rlimit limit;

    if (fd < 0)
        return -1;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && (rlim_t)fd + LAST_FDS >= limit.rlim_cur)
        sys_close(&fd);
    return fd;
}
