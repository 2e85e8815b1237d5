#include "os/pidfd.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/types.h>

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
