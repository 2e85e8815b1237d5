#include "run/crowd.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "os/cgroup.h"
#include "os/clock.h"
#include "os/sys.h"

/* A portion is a few milliseconds on a machine that the dying keep busy. */
enum { PORTION = 32, PORTIONS_MAX = 512, MEASURE_EVERY_MS = 500 };

/* Without a descriptor for it, by number: a moment after it was looked at. */
static int signal_to(int pidfd, pid_t pid, int signal)
{
    return pidfd >= 0 ? sys_pidfd_send_signal(pidfd, signal, 0) : sys_kill(pid, signal);
}

static void visit(pid_t pid, void *arg)
{
    struct crowd *c = arg;
    int pidfd, r;

    /* 0 to kill(2) would be our own group. */
    if (pid <= 1 || pid == c->except || pid == c->self)
        return;
    /* The kernel listed it some turns ago: by now the number may be a stranger's. */
    pidfd = sys_pidfd_open(pid);
    if (pidfd == -ESRCH || cgroup_holds(c->cgroup_name, pid) == 0) {
        sys_close(&pidfd);
        return;
    }
    r = signal_to(pidfd, pid, c->signals[0]);
    c->n_reached += r == 0;
    c->n_refused += r == -EPERM;
    if (r == 0 && c->signals[1])
        (void)signal_to(pidfd, pid, c->signals[1]);
    sys_close(&pidfd);
}

void crowd_drop(struct crowd *c)
{
    task_stop(&c->task);
    cgroup_walk_end(c->walk);
    c->walk = NULL;
}

static void count(pid_t pid, void *arg)
{
    struct crowd *c = arg;

    c->n_unreached += pid > 1 && pid != c->except && pid != c->self;
}

static void begin_measure(struct crowd *c, int n_now)
{
    c->n_before = n_now;
    c->n_reached_before = c->n_reached;
    c->measure_at_ms = clock_now().mono_ms + MEASURE_EVERY_MS;
}

/* Whether killing them makes them no fewer: they fork as fast. Who was killed may take a moment to
 * be gone, hence the quarter. */
static bool is_hopeless(struct crowd *c)
{
    int n_before = c->n_before, n_killed = (int)(c->n_reached - c->n_reached_before);

    if (c->signals[0] != SIGKILL || clock_now().mono_ms < c->measure_at_ms)
        return false;
    begin_measure(c, cgroup_count(c->cgroup_fd, 0));
    return c->n_before > n_before - n_killed / 4;
}

/* Returns whether more remains. */
static bool portion(struct crowd *c)
{
    if (is_hopeless(c))
        (void)cgroup_walk_step(c->walk, (PORTIONS_MAX - c->n_portions) * PORTION, count, c);
    else if (cgroup_walk_step(c->walk, PORTION, visit, c) && ++c->n_portions < PORTIONS_MAX)
        return true;
    c->error = cgroup_walk_error(c->walk);
    crowd_drop(c);
    c->done(c);
    return false;
}

static bool on_task(struct task *task)
{
    struct crowd *c = task->owner;

    (void)portion(c);
    return crowd_busy(c); /* `done` may have begun another round */
}

void crowd_signal(struct crowd *c, int cgroup_fd, int signal, int then, pid_t except)
{
    crowd_drop(c);
    c->signals[0] = signal;
    c->signals[1] = then;
    c->except = except;
    c->cgroup_fd = cgroup_fd;
    c->n_portions = 0;
    c->n_reached = 0;
    c->n_refused = 0;
    c->n_unreached = 0;
    if (signal == SIGKILL)
        begin_measure(c, cgroup_count(cgroup_fd, 0));
    c->error = cgroup_walk_begin(&c->walk, cgroup_fd);
    if (c->error < 0) {
        c->walk = NULL;
        c->done(c);
    } else if (portion(c)) {
        task_start(&c->task);
    }
}

bool crowd_busy(const struct crowd *c)
{
    return c->walk != NULL;
}

void crowd_init(struct crowd *c, struct loop *loop, const char *cgroup_name, crowd_fn *done,
                void *owner)
{
    *c = (struct crowd){.cgroup_name = cgroup_name, .self = getpid(), .done = done, .owner = owner};
    task_init(&c->task, loop, on_task, c);
}
