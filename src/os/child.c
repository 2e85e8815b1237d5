/* Between clone and exec. Async-signal-safe calls only: no malloc, no stdio, no locks, no logging;
 * credentials by raw system calls, since libc's wrappers want to stop other threads. */
#include "os/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/descriptors.h"
#include "os/slots.h"
#include "os/sys.h"

enum { FIRST_OTHER_FD = 3 };

/* Where the 16-bit calls still exist, the wide ones have names of their own. */
#ifdef SYS_setgroups32
#define SETGROUPS SYS_setgroups32
#define SETRESGID SYS_setresgid32
#define SETRESUID SYS_setresuid32
#else
#define SETGROUPS SYS_setgroups
#define SETRESGID SYS_setresgid
#define SETRESUID SYS_setresuid
#endif

static void tell(int exec_fd, enum start_stage stage, int errnum)
{
    struct exec_message message = {(int32_t)stage, errnum};

    while (write(exec_fd, &message, sizeof message) < 0 && errno == EINTR)
        ;
}

static _Noreturn void fail(int exec_fd, enum start_stage stage, int errnum)
{
    sigset_t pipe_only;

    /* If nobody listens any more, the exit code still tells. */
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    sigprocmask(SIG_BLOCK, &pipe_only, NULL);
    tell(exec_fd, stage, errnum);
    if (stage == STAGE_EXEC && errnum == ENOENT)
        _exit(127);
    if (stage == STAGE_EXEC && errnum == EACCES)
        _exit(126);
    _exit(1);
}

/* ---- signals ---- */

static void reset_signals(void)
{
    /* All zero is the kernel's struct sigaction for SIG_DFL. The raw call also reaches the two
     * signals that libc keeps for itself; it refuses KILL and STOP, which need nothing. */
    static const unsigned long all_default[16];
    sigset_t none;

    for (int sig = 1; sig < _NSIG; sig++)
        syscall(SYS_rt_sigaction, sig, all_default, NULL, (size_t)(_NSIG / 8));
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* ---- descriptors ---- */

/* The descriptor itself, or a copy of it beyond 0-2, so that putting others there cannot hit it. */
static int out_of_the_way(int fd)
{
    return fd >= FIRST_OTHER_FD ? fd : fcntl(fd, F_DUPFD_CLOEXEC, FIRST_OTHER_FD);
}

static bool put(int fd, int at)
{
    int r;

    do
        r = dup2(fd, at);
    while (r < 0 && errno == EINTR);
    return r >= 0;
}

/* An output on its way to 1 or 2: a copy out of the way, or /dev/null. */
static int move_output(int fd, int null_fd, int exec_fd)
{
    int moved_fd = fd < 0 ? null_fd : out_of_the_way(fd);

    if (moved_fd < 0)
        fail(exec_fd, STAGE_STDIO, errno);
    return moved_fd;
}

/* Gives the child what it is passed, under its number, which nothing else may have then. Returns
 * the exec pipe, out of the way. */
static int put_passed(const struct spawn_request *request, int exec_fd)
{
    int moved_fd = exec_fd;

    if (!request->pass_as)
        return exec_fd;
    if (exec_fd == request->pass_as)
        moved_fd = fcntl(exec_fd, F_DUPFD_CLOEXEC, request->pass_as + 1);
    if (moved_fd < 0)
        fail(exec_fd, STAGE_STDIO, errno);
    if (request->pass_fd == request->pass_as) {
        if (fcntl(request->pass_as, F_SETFD, 0) < 0)
            fail(moved_fd, STAGE_STDIO, errno);
    } else if (!put(request->pass_fd, request->pass_as)) {
        fail(moved_fd, STAGE_STDIO, errno);
    }
    return moved_fd;
}

/* Makes 0-2 and what is passed, and leaves nothing else open but the exec pipe, whose descriptor it
 * returns. */
static int set_descriptors(const struct spawn_request *request, int exec_fd)
{
    const int needed[] = {exec_fd, request->stdout_fd, request->stderr_fd,
                          request->pass_as ? request->pass_fd : -1};
    int null_fd, out_fd, err_fd, moved_fd;

    /* First of all: what is opened below may take the number of an output that is closed. */
    if ((request->stdout_fd >= 0 && fcntl(request->stdout_fd, F_GETFD) < 0) ||
        (request->stderr_fd >= 0 && fcntl(request->stderr_fd, F_GETFD) < 0))
        fail(exec_fd, STAGE_STDIO, errno);
    /* Then what the parent leaked, which may fill the table. */
    descriptors_close_but(needed, 4);
    moved_fd = out_of_the_way(exec_fd);
    if (moved_fd < 0)
        fail(exec_fd, STAGE_STDIO, errno);
    exec_fd = moved_fd;
    null_fd = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (null_fd >= 0)
        null_fd = out_of_the_way(null_fd);
    if (null_fd < 0)
        fail(exec_fd, STAGE_STDIO, errno);
    out_fd = move_output(request->stdout_fd, null_fd, exec_fd);
    err_fd = move_output(request->stderr_fd, null_fd, exec_fd);
    if (!put(null_fd, 0) || !put(out_fd, 1) || !put(err_fd, 2))
        fail(exec_fd, STAGE_STDIO, errno);
    exec_fd = put_passed(request, exec_fd);
    descriptors_close_but((const int[]){exec_fd, request->pass_as}, 2);
    return exec_fd;
}

/* ---- credentials ---- */

/* Groups before the user, who may not change them any more; all three ids of each kind, so that
 * none can be taken back. */
static void drop_credentials(const struct spawn_request *request, int exec_fd)
{
    if (!request->change_user)
        return;
    if (syscall(SETGROUPS, request->n_groups, request->groups) < 0 ||
        syscall(SETRESGID, request->gid, request->gid, request->gid) < 0)
        fail(exec_fd, STAGE_GROUPS, errno);
    /* Ambient capabilities outlive a change between two ordinary users. Kernels before 4.3 have
     * none and refuse the call. */
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0UL, 0UL, 0UL);
    if (syscall(SETRESUID, request->uid, request->uid, request->uid) < 0)
        fail(exec_fd, STAGE_USER, errno);
}

/* ---- standard input ---- */

/* What it is may keep us waiting, as a FIFO does: we are stopped by the deadline of the start. */
static void open_input(const struct spawn_request *request, int exec_fd)
{
    int fd;

    if (!request->stdin_path)
        return;
    do
        fd = open(request->stdin_path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    while (fd < 0 && errno == EINTR);
    if (fd < 0 || !put(fd, 0))
        fail(exec_fd, STAGE_STDIO, errno);
}

/* ---- exec ---- */

/* dir/name into buf; an empty dir is the working directory. False when it does not fit. */
static bool join(char *buf, size_t size_bytes, const char *dir, size_t dir_len, const char *name)
{
    size_t name_len = strlen(name);
    size_t at = 0;

    if (dir_len + 1 + name_len + 1 > size_bytes)
        return false;
    if (dir_len) {
        memcpy(buf, dir, dir_len);
        buf[dir_len] = '/';
        at = dir_len + 1;
    }
    memcpy(buf + at, name, name_len + 1);
    return true;
}

/* Whether a failed execve in one directory of PATH means to try the next. */
static bool try_next(int errnum)
{
    return errnum == ENOENT || errnum == ENOTDIR || errnum == EACCES || errnum == ENAMETOOLONG ||
           errnum == ESTALE || errnum == ENODEV || errnum == ETIMEDOUT;
}

/* Returns the errno that says best why nothing could be executed. */
static int execute(const struct child_plan *plan)
{
    char *const *argv = plan->request->argv;
    char *const *envp = plan->request->envp;
    const char *dir = plan->search_path;
    char path[PATH_MAX];
    int best = ENOENT;

    if (argv[0][0] == '\0')
        return ENOENT;
    if (strchr(argv[0], '/')) {
        execve(argv[0], argv, envp);
        return errno;
    }
    for (;;) {
        size_t len = strcspn(dir, ":");

        if (join(path, sizeof path, dir, len, argv[0])) {
            execve(path, argv, envp);
            if (!try_next(errno))
                return errno;
            if (errno == EACCES)
                best = EACCES;
        }
        if (dir[len] == '\0')
            return best;
        dir += len + 1;
    }
}

_Noreturn void child_run(const struct child_plan *plan)
{
    const struct spawn_request *request = plan->request;
    int exec_fd = plan->exec_fd;

    if (setsid() < 0)
        fail(exec_fd, STAGE_SETUP, errno);
    reset_signals();
    exec_fd = set_descriptors(request, exec_fd);
    if (request->slot) { /* before the limits: it needs a descriptor for a moment */
        slots_mark_self(request->slot, request->run);
        /* If reeved was killed meanwhile, the next one may have read the slots already. */
        if (getppid() != plan->parent)
            _exit(1);
    }
    if (request->nofile && setrlimit(RLIMIT_NOFILE, request->nofile) < 0)
        fail(exec_fd, STAGE_SETUP, errno);
    umask(request->umask);
    drop_credentials(request, exec_fd);
    if (request->directory && chdir(request->directory) < 0)
        fail(exec_fd, STAGE_CHDIR, errno);
    open_input(request, exec_fd);
    /* The pipe closes by exec and by death alike; this tells the two apart. If reeved is gone by
     * now, SIGPIPE ends us here and nothing starts unsupervised. */
    tell(exec_fd, STAGE_NONE, 0);
    fail(exec_fd, STAGE_EXEC, execute(plan));
}
