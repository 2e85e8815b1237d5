/*
 * The thin seam over the system calls that reeved depends on. Every call that a test may want to
 * fail goes through here; each returns its result or a negative errno. In the ordinary build they
 * are the plain calls. Built with REEVE_FAULTS, each first asks a small shared table (the file
 * named by REEVE_FAULT_FILE) whether it should fail, cut short or be interrupted this time.
 */
#ifndef REEVE_OS_SYS_H
#define REEVE_OS_SYS_H

#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>

/* Linux 6.9; older headers lack it. */
#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP (1u << 2)
#endif

/* clone3(2), with fork's semantics in the child; -ENOSYS where the kernel or a filter lacks it. */
pid_t sys_clone3(struct clone_args *args);
pid_t sys_fork(void);
int sys_pipe2(int ret_fds[2], int flags);
int sys_open(const char *path, int flags, mode_t mode);
int sys_openat(int dir_fd, const char *path, int flags, mode_t mode);
int sys_mkdirat(int dir_fd, const char *path, mode_t mode);
int sys_unlinkat(int dir_fd, const char *path, int flags);
int sys_lstat(const char *path, struct stat *ret);
/* read(2), write(2): repeated on EINTR; may be short. */
ssize_t sys_read(int fd, void *buf, size_t size_bytes);
ssize_t sys_write(int fd, const void *buf, size_t size_bytes);
/* Writes all bytes. 0 or negative errno. */
int sys_write_all(int fd, const void *bytes, size_t len_bytes);
/* send(2) with MSG_NOSIGNAL | MSG_DONTWAIT, recv(2) with MSG_DONTWAIT; repeated on EINTR. */
ssize_t sys_send(int fd, const void *buf, size_t size_bytes);
ssize_t sys_recv(int fd, void *buf, size_t size_bytes);
int sys_accept4(int fd, int flags);
int sys_socket(int domain, int type, int protocol);
/* connect(2), for sockets that do not block: never repeated. */
int sys_connect(int fd, const struct sockaddr *address, socklen_t len_bytes);
int sys_bind(int fd, const struct sockaddr *address, socklen_t address_bytes);
/* sendto(2) with MSG_NOSIGNAL | MSG_DONTWAIT, recvmsg(2) into one buffer with MSG_DONTWAIT |
 * MSG_CMSG_CLOEXEC; repeated on EINTR. */
ssize_t sys_sendto(int fd, const void *buf, size_t size_bytes, const struct sockaddr *address,
                   socklen_t address_bytes);
ssize_t sys_recvmsg(int fd, struct msghdr *message);
int sys_kill(pid_t pid, int sig);
int sys_pidfd_open(pid_t pid);
/* flags: 0, or PIDFD_SIGNAL_PROCESS_GROUP (Linux 6.9). */
int sys_pidfd_send_signal(int pidfd, int sig, unsigned flags);
int sys_inotify_init1(int flags);
/* The watch, or negative errno. */
int sys_inotify_add_watch(int fd, const char *path, uint32_t mask);
int sys_inotify_rm_watch(int fd, int wd);
/* The raw waitid(2) of the kernel, with the resource usage that libc's wrapper leaves out. */
int sys_waitid(idtype_t type, id_t id, siginfo_t *ret_info, int options, struct rusage *ret_usage);
/* close_range(2): closes the descriptors first..last. Async-signal-safe. */
int sys_close_range(unsigned first, unsigned last);
/* Closes and forgets: *fd becomes -1. A negative *fd is left alone. */
void sys_close(int *fd);
/* For a descriptor that is of use but not needed: closes it and returns -1 when it is one of the
 * last few that this process may have, without which nothing could be read any more; else returns
 * it. A negative errno becomes -1. */
int sys_unless_last(int fd);

#endif
