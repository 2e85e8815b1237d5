/* What the tests of process trees in run/ share: a loop that reaps, with and without cgroups, and
 * the spec of a unit. */
#ifndef REEVE_TESTS_RUN_SUPPORT_H
#define REEVE_TESTS_RUN_SUPPORT_H

#include "apart.h"

#include <sys/prctl.h>
#include <sys/signalfd.h>

#include "core/unit_spec.h"
#include "os/clock.h"
#include "os/proctree.h"
#include "os/slots.h"
#include "run/command.h"
#include "run/loop.h"
#include "run/procs.h"
#include "run/reaper.h"
#include "run/tracker.h"

enum { LIMIT_MS = 30000, LOOK_MS = 5 };

static struct loop loop;
static struct procs procs;
static struct tracker tracker;
static char unit_name[32];
static struct unit_spec spec;
static struct command_place place;

static struct task reaping;
static struct watch deaths;
static int deaths_fd;
static bool reap_nobody; /* as if the dead did not die */

UNUSED static char *unit_env[] = {(char *)(uintptr_t) "PATH=/usr/bin:/bin",
                                  (char *)(uintptr_t) "REEVE_UNIT=web", NULL};

static bool on_reaping(struct task *task)
{
    (void)task;
    return !reap_nobody && reaper_turn(&procs, &tracker);
}

static void on_death(struct watch *w, int events)
{
    struct signalfd_siginfo info;

    (void)w;
    (void)events;
    while (read(deaths_fd, &info, sizeof info) > 0)
        ;
    task_start(&reaping);
}

UNUSED static void reap_again(void)
{
    reap_nobody = false;
    task_start(&reaping);
}

static int begin_loop(bool best_effort)
{
    char mark[64];
    sigset_t set;

    snprintf(unit_name, sizeof unit_name, "test%d", (int)getpid());
    snprintf(mark, sizeof mark, "/run/reeve-test-%d", (int)getpid());
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    deaths_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (deaths_fd < 0 || sigprocmask(SIG_BLOCK, &set, NULL) < 0 ||
        prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || loop_init(&loop) < 0)
        return -1;
    procs_init(&procs);
    tracker_init(&tracker, &loop, &procs, mark);
    if (best_effort)
        cgroup_root_close(&tracker.cgroups);
    task_init(&reaping, &loop, on_reaping, NULL);
    watch_init(&deaths, &loop, on_death, NULL);
    spec = (struct unit_spec){
        .name = unit_name, .envp = unit_env, .directory = tmp_dir, .umask = 022, .log = LOG_NULL};
    place = (struct command_place){.tracker = &tracker, .spec = &spec, .part = "~probe"};
    reap_nobody = false;
    return watch_set(&deaths, deaths_fd, LOOP_READ);
}

UNUSED static int begin_with_cgroups(void **state)
{
    (void)state;
    return begin_loop(false);
}

UNUSED static int begin_without(void **state)
{
    (void)state;
    return begin_loop(true);
}

static bool kill_one(const struct proc_stat *p, void *arg)
{
    (void)arg;
    kill(p->pid, SIGKILL);
    return true;
}

/* Also after a test that failed in the middle nothing stays: all that it made is below us. */
static void end_children(void)
{
    do {
        struct tree_walk walk;

        tree_walk_init(&walk);
        tree_walk_add_children(&walk, getpid());
        while (tree_walk_step(&walk, 1000, NULL, kill_one, NULL))
            ;
        tree_walk_finish(&walk);
    } while (waitpid(-1, NULL, 0) > 0);
}

static void remove_cgroup(const char *name, int cgroup_fd, void *arg)
{
    (void)cgroup_fd;
    (void)cgroup_remove(arg, name);
}

UNUSED static int end_loop(void **state)
{
    (void)state;
    watch_stop(&deaths);
    task_stop(&reaping);
    end_children();
    cgroup_each_own(&tracker.cgroups, remove_cgroup, &tracker.cgroups);
    tracker_finish(&tracker);
    procs_finish(&procs);
    loop_finish(&loop);
    close(deaths_fd);
    return 0;
}

/* A test that is about cgroups, or about both: with them it is skipped where there are none. */
#define NEEDS_CGROUPS()                                                                            \
    do {                                                                                           \
        if (!tracker_has_cgroups(&tracker))                                                        \
            skip();                                                                                \
    } while (0)

#define BY_CGROUP(test) cmocka_unit_test_setup_teardown(test, begin_with_cgroups, end_loop)
#define BEST_EFFORT(test) cmocka_unit_test_setup_teardown(test, begin_without, end_loop)
#define BOTH(test) BY_CGROUP(test), BEST_EFFORT(test)

/* ---- waiting ---- */

typedef bool condition_fn(void);

static condition_fn *awaited;
static int64_t limit_ms;
static bool in_time;

static void on_look(struct timer *t)
{
    in_time = awaited();
    if (in_time || clock_now().mono_ms >= limit_ms)
        loop_stop(t->loop);
    else
        timer_set(t, clock_now().mono_ms + LOOK_MS);
}

/* Runs the loop until it holds, or the time is up. */
static bool comes_true(condition_fn *condition, int64_t within_ms)
{
    struct timer look;

    awaited = condition;
    limit_ms = clock_now().mono_ms + within_ms;
    timer_init(&look, &loop, on_look, NULL);
    timer_set(&look, clock_now().mono_ms);
    loop_run(&loop);
    timer_stop(&look);
    return in_time;
}

#define WAIT_FOR(condition) assert_true(comes_true(condition, LIMIT_MS))

/* ---- what children leave in the directory ---- */

/* The number in tmp_dir/name, 0 when it is not there (whole) yet. */
UNUSED static int number_in(const char *name)
{
    char path[256], text[32] = "";
    int fd = open(in_tmp(path, name), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);

    if (fd >= 0)
        close(fd);
    return n > 0 && strchr(text, '\n') ? atoi(text) : 0;
}

UNUSED static void forget(const char *name)
{
    char path[256];

    unlink(in_tmp(path, name));
}

UNUSED static bool lives(pid_t pid)
{
    struct proc_stat p;

    assert_true(pid > 0);
    return proc_stat_read(pid, &p) == 0 && !p.ended;
}

#define SHELL(script)                                                                              \
    ((char *[]){(char *)(uintptr_t) "/bin/sh", (char *)(uintptr_t) "-c",                           \
                (char *)(uintptr_t)(script), NULL})

#endif
