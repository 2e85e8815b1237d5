#include "reeved/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os/reap.h"
#include "os/signals.h"
#include "os/sys.h"

/* Descriptors 0-2 must be taken, or the first socket would become somebody's standard error. */
static int fill_standard_fds(void)
{
    int fd;

    do {
        fd = sys_open("/dev/null", O_RDWR, 0);
        if (fd < 0)
            return fd;
    } while (fd <= 2);
    sys_close(&fd);
    return 0;
}

/* What we inherited beyond 0-2 is not for our children. */
static void keep_inherited_fds_private(void)
{
    if (syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    for (int fd = 3; fd < 1024; fd++)
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void raise_nofile(struct boot *b)
{
    struct rlimit all;

    if (getrlimit(RLIMIT_NOFILE, &b->nofile) < 0)
        return;
    b->have_nofile = true;
    all = b->nofile;
    all.rlim_cur = all.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &all);
}

int boot_prepare(struct boot *b, const char **ret_step)
{
    int r;

    b->is_init = getpid() == 1;
    *ret_step = "signals";
    b->signal_fd = -1;
    r = fill_standard_fds();
    if (r < 0) {
        *ret_step = "/dev/null";
        return r;
    }
    b->signal_fd = signals_init();
    if (b->signal_fd < 0)
        return b->signal_fd;
    keep_inherited_fds_private();
    raise_nofile(b);
    *ret_step = "subreaper";
    if (!b->is_init && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return -errno;
    return 0;
}

/* Kills what is left of the namespace and reaps it for up to a quarter of a second; what cannot
 * die by then is the kernel's to end with the namespace. */
static void end_namespace(void)
{
    struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};
    struct reaped reaped;

    for (int i = 0; i < 50; i++) {
        pid_t pid;

        (void)sys_kill(-1, SIGKILL);
        while ((pid = reap_peek()) > 0)
            if (reap_pid(pid, &reaped) != 1)
                break;
        if (pid == -ECHILD)
            return;
        (void)nanosleep(&pause, NULL);
    }
}

void boot_finish(struct boot *b)
{
    if (b->is_init)
        end_namespace();
    sys_close(&b->signal_fd);
}

long boot_default_shutdown_ms(const struct boot *b)
{
    return b->is_init ? 9000 : 30000;
}
