#include "os/reap.h"

#include <string.h>
#include <sys/wait.h>

#include "os/sys.h"

static int64_t timeval_ms(const struct timeval *t)
{
    return (int64_t)t->tv_sec * 1000 + t->tv_usec / 1000;
}

static void fill(struct reaped *ret, const siginfo_t *info, const struct rusage *usage)
{
    bool exited = info->si_code == CLD_EXITED;

    ret->pid = info->si_pid;
    ret->status = (struct exit_status){
        .exit_code = exited ? info->si_status : -1,
        .signal = exited ? 0 : info->si_status,
        .core_dumped = info->si_code == CLD_DUMPED,
        .cpu_user_ms = timeval_ms(&usage->ru_utime),
        .cpu_system_ms = timeval_ms(&usage->ru_stime),
        .max_rss_bytes = (int64_t)usage->ru_maxrss * 1024,
        .oom_kill = -1,
    };
}

pid_t reap_peek(void)
{
    siginfo_t info;
    int r;

    memset(&info, 0, sizeof info);
    r = sys_waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL, NULL);
    return r < 0 ? r : info.si_pid;
}

int reap_pid(pid_t pid, struct reaped *ret)
{
    struct rusage usage;
    siginfo_t info;
    int r;

    memset(&info, 0, sizeof info);
    memset(&usage, 0, sizeof usage);
    r = sys_waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | __WALL, &usage);
    if (r < 0)
        return r;
    if (info.si_pid == 0)
        return 0;
    fill(ret, &info, &usage);
    return 1;
}

bool reap_is_ours(pid_t pid)
{
    siginfo_t info;

    memset(&info, 0, sizeof info);
    return sys_waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL, NULL) == 0;
}

bool reap_is_dead(pid_t pid)
{
    siginfo_t info;

    memset(&info, 0, sizeof info);
    return sys_waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL, NULL) == 0 &&
           info.si_pid == pid;
}
