#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "os/child.h"
#include "os/sys.h"

static const char *search_path(char *const *envp)
{
    for (; envp && *envp; envp++)
        if (strncmp(*envp, "PATH=", 5) == 0)
            return *envp + 5;
    return SPAWN_DEFAULT_PATH;
}

/* Errors of clone3 that may come from CLONE_INTO_CGROUP: no permission, a threaded or inner cgroup,
 * a kernel before 5.7, a cgroup that is gone. */
static bool cgroup_may_be_why(pid_t err)
{
    return err == -EACCES || err == -EPERM || err == -EOPNOTSUPP || err == -EBUSY ||
           err == -EINVAL || err == -E2BIG || err == -ENOENT || err == -ENODEV;
}

static pid_t clone_child(const struct spawn_request *request, struct spawned *ret)
{
    struct clone_args args;
    pid_t pid;

    memset(&args, 0, sizeof args);
    args.exit_signal = SIGCHLD;
    if (request->cgroup_fd >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (unsigned)request->cgroup_fd;
    }
    pid = sys_clone3(&args);
    ret->in_cgroup = request->cgroup_fd >= 0;
    if (pid < 0 && ret->in_cgroup && cgroup_may_be_why(pid)) {
        ret->in_cgroup = false;
        args.flags &= ~(uint64_t)CLONE_INTO_CGROUP;
        args.cgroup = 0;
        pid = sys_clone3(&args);
    }
    if (pid != -ENOSYS && pid != -EPERM)
        return pid;
    ret->in_cgroup = false;
    return sys_fork();
}

/* A pipe that took the number of an output shows that the output was closed all along. */
static bool is_output(const struct spawn_request *request, int fd)
{
    return fd == request->stdout_fd || fd == request->stderr_fd;
}

int spawn_process(const struct spawn_request *request, struct spawned *ret,
                  enum start_stage *ret_stage)
{
    struct child_plan plan = {
        .request = request, .search_path = search_path(request->envp), .parent = getpid()};
    sigset_t all, old;
    int fds[2];
    int r;

    *ret = (struct spawned){.pid = 0, .exec_fd = -1, .in_cgroup = false};
    *ret_stage = STAGE_PREPARE;
    if (!request->argv || !request->argv[0])
        return -EINVAL;
    r = sys_pipe2(fds, O_CLOEXEC | O_NONBLOCK);
    if (r < 0)
        return r;
    plan.exec_fd = fds[1];
    if (is_output(request, fds[0]) || is_output(request, fds[1])) {
        sys_close(&fds[0]);
        sys_close(&fds[1]);
        *ret_stage = STAGE_STDIO;
        return -EBADF;
    }

    /* No handler of the parent may run in the child. */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    ret->pid = clone_child(request, ret);
    if (ret->pid == 0)
        child_run(&plan);
    sigprocmask(SIG_SETMASK, &old, NULL);

    sys_close(&fds[1]);
    if (ret->pid < 0) {
        r = ret->pid;
        sys_close(&fds[0]);
        *ret = (struct spawned){.pid = 0, .exec_fd = -1, .in_cgroup = false};
        *ret_stage = STAGE_CLONE;
        return r;
    }
    ret->exec_fd = fds[0];
    *ret_stage = STAGE_NONE;
    return 0;
}

/* The next message whole: its size, 0 at the end, or negative errno (-EAGAIN: none yet). */
static ssize_t read_message(int exec_fd, struct exec_message *ret)
{
    size_t have = 0;

    /* The child writes a message at once, so when a part is here the rest is. */
    while (have < sizeof *ret) {
        ssize_t n = sys_read(exec_fd, (char *)ret + have, sizeof *ret - have);

        if (n <= 0)
            return have == 0 ? n : -EIO;
        have += (size_t)n;
    }
    return (ssize_t)have;
}

enum exec_news spawn_exec_news(int exec_fd, bool *about_to_exec, enum start_stage *ret_stage,
                               int *ret_errno)
{
    struct exec_message message;

    for (;;) {
        ssize_t n = read_message(exec_fd, &message);

        if (n == 0)
            return *about_to_exec ? EXEC_DONE : EXEC_DIED;
        if (n == -EAGAIN)
            return EXEC_PENDING;
        if (n > 0 && message.stage == STAGE_NONE) {
            *about_to_exec = true;
            continue;
        }
        *ret_stage = n > 0 ? (enum start_stage)message.stage : STAGE_SETUP;
        *ret_errno = n > 0 ? message.errnum : (int)-n;
        return EXEC_FAILED;
    }
}
