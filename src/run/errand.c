#include "run/errand.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/sys.h"

enum { LAST_MOMENT_MS = 1000 };

static void on_late(struct timer *t)
{
    struct errand *e = t->owner;

    /* It may hang where even SIGKILL does not reach it; its corpse is reaped like any stranger's.
     */
    errand_abandon(e);
    e->done(e, NULL);
}

static void become_ordinary(void)
{
    sigset_t none;

    /* Nobody waits for the result once reeved is gone. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int sig = 1; sig < NSIG; sig++)
        (void)signal(sig, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

int errand_start(struct errand *e, struct procs *procs, struct loop *loop, errand_work_fn *work,
                 void *arg, int64_t timeout_ms, errand_done_fn *done, void *owner)
{
    pid_t pid = sys_fork();

    if (pid < 0)
        return (int)pid;
    if (pid == 0) {
        become_ordinary();
        _exit(work(arg));
    }
    e->procs = procs;
    e->done = done;
    e->owner = owner;
    procs_add(procs, &e->proc, PROC_ERRAND, pid);
    timer_init(&e->deadline, loop, on_late, e);
    timer_set(&e->deadline, clock_now().mono_ms + timeout_ms);
    return 0;
}

void errand_ended(struct errand *e, const struct exit_status *status)
{
    timer_stop(&e->deadline);
    procs_remove(e->procs, &e->proc);
    e->done(e, status);
}

void errand_abandon(struct errand *e)
{
    if (!e->proc.pid)
        return;
    timer_stop(&e->deadline);
    (void)sys_kill(e->proc.pid, SIGKILL);
    procs_remove(e->procs, &e->proc);
}

void errand_end(struct errand *e)
{
    pid_t pid = e->proc.pid;
    siginfo_t info = {0};

    if (!pid)
        return;
    errand_abandon(e);
    for (int waited_ms = 0; waited_ms < LAST_MOMENT_MS; waited_ms++) {
        if (sys_waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG, NULL) < 0 || info.si_pid)
            return;
        (void)poll(NULL, 0, 1);
    }
}
