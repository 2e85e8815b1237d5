#include "reevectl/interrupt.h"

#include <sys/signalfd.h>
#include <unistd.h>

void interrupt_init(struct interrupt *i)
{
    struct sigaction action;
    sigset_t set;

    i->fd = -1;
    if (sigaction(SIGINT, NULL, &action) < 0 || action.sa_handler == SIG_IGN)
        return;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, &i->before) < 0)
        return;
    i->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (i->fd < 0)
        sigprocmask(SIG_SETMASK, &i->before, NULL);
}

void interrupt_finish(struct interrupt *i)
{
    if (i->fd < 0)
        return;
    close(i->fd);
    i->fd = -1;
    sigprocmask(SIG_SETMASK, &i->before, NULL);
}

bool interrupt_came(const struct interrupt *i)
{
    struct signalfd_siginfo info;

    return i->fd >= 0 && read(i->fd, &info, sizeof(info)) == (ssize_t)sizeof(info);
}
