#include "os/pidfd.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <sys/wait.h>

#include "os/sys.h"

/* Linux 6.13; older headers lack it. */
struct info {
    uint64_t mask;
    uint64_t cgroup_id;
    uint32_t ids[11];
    int32_t exit_code;
};
#define GET_INFO _IOWR(0xff, 11, struct info)
enum { INFO_CGROUP_ID = 1u << 2, INFO_EXIT = 1u << 3 };

bool pidfd_alive(int pidfd)
{
    return sys_pidfd_send_signal(pidfd, 0, 0) != -ESRCH;
}

bool pidfd_ended(int pidfd)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};

    return poll(&p, 1, 0) == 1 && p.revents & (POLLIN | POLLHUP);
}

int pidfd_exit_status(int pidfd, struct exit_status *ret)
{
    struct info info = {.mask = INFO_EXIT};
    bool reaped = !pidfd_alive(pidfd); /* asked first: what it says may change meanwhile */
    int status;

    if (ioctl(pidfd, GET_INFO, &info) < 0)
        return reaped ? -errno : -EAGAIN;
    if (!(info.mask & INFO_EXIT))
        return reaped ? -ENODATA : -EAGAIN;
    status = info.exit_code;
    *ret = (struct exit_status){
        .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .core_dumped = WIFSIGNALED(status) && WCOREDUMP(status),
        .oom_kill = -1,
    };
    return 0;
}

int pidfd_cgroup_id(int pidfd, uint64_t *ret)
{
    struct info info = {.mask = INFO_CGROUP_ID | INFO_EXIT};

    if (ioctl(pidfd, GET_INFO, &info) < 0)
        return -errno;
    if (!(info.mask & INFO_CGROUP_ID))
        return -ENODATA;
    *ret = info.cgroup_id;
    return 0;
}
