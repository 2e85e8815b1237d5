/* Whose process is that? With trees of real processes, by cgroup and in best effort. */
#include "os_support.h"

#include <sys/prctl.h>

#include "os/pidfd.h"
#include "os/sys.h"
#include "run/membership.h"
#include "run/state.h"

enum { N_UNITS = 3 };

static struct loop loop;
static struct procs procs;
static struct unit_spec specs[N_UNITS];
static char unit_names[N_UNITS][32];
static struct live lives[N_UNITS];
static struct supervisor s;

static int open_world(bool cgroups)
{
    char mark[64];

    snprintf(mark, sizeof mark, "/run/reeve-test-%d", (int)getpid());
    if (loop_init(&loop) < 0)
        return -1;
    procs_init(&procs);
    memset(&s, 0, sizeof s);
    s.loop = &loop;
    s.procs = &procs;
    s.lives = lives;
    s.n_lives = N_UNITS;
    tracker_init(&s.tracker, &loop, &procs, mark);
    if (!cgroups)
        cgroup_root_close(&s.tracker.cgroups);
    for (uint32_t i = 0; i < N_UNITS; i++) {
        snprintf(unit_names[i], sizeof unit_names[i], "testmember%u.%d", i, (int)getpid());
        memset(&lives[i], 0, sizeof lives[i]);
        specs[i].name = unit_names[i];
        lives[i].unit.index = i;
        tree_init(&lives[i].tree, &s.tracker, &specs[i], "", NULL);
    }
    return 0;
}

static int open_cgroups(void **state)
{
    int r = make_tmp_dir(state);

    return r < 0 ? r : open_world(true);
}

static int open_best_effort(void **state)
{
    int r = make_tmp_dir(state);

    return r < 0 ? r : open_world(false);
}

static void end_run(struct tree *t)
{
    pid_t pid = t->main.pid;

    if (pid <= 0)
        return;
    if (!t->main.reaped) {
        if (t->cgroup_fd >= 0)
            (void)cgroup_kill(t->cgroup_fd);
        kill(-pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    while (t->cgroup_fd >= 0 && cgroup_populated(t->cgroup_fd) == 1)
        poll(NULL, 0, 10);
    tree_release(t);
}

static int close_world(void **state)
{
    for (uint32_t i = 0; i < N_UNITS; i++)
        end_run(&lives[i].tree);
    tracker_finish(&s.tracker);
    procs_finish(&procs);
    loop_finish(&loop);
    return remove_tmp_dir(state);
}

/* Runs a script as the unit; returns the number that it prints first. */
static pid_t begin_run(uint32_t unit, const char *script)
{
    char *argv[] = {(char *)(uintptr_t) "/bin/sh", (char *)(uintptr_t) "-c",
                    (char *)(uintptr_t)script, NULL};
    struct spawn_request request = plain_request(argv);
    struct tree *t = &lives[unit].tree;
    struct spawned spawned;
    enum start_stage stage;
    char text[32] = "";
    int fds[2];

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    request.stdout_fd = fds[1];
    request.directory = tmp_dir;
    request.cgroup_fd = tree_begin(t, 1);
    assert_int_equal(spawn_process(&request, &spawned, &stage), 0);
    close(fds[1]);
    tree_spawned(t, spawned.pid, spawned.in_cgroup);
    assert_true(read(fds[0], text, sizeof text - 1) > 0);
    close(fds[0]);
    close(spawned.exec_fd); /* not before: what it says into it would be its end */
    return (pid_t)atol(text);
}

/* By number alone, and with a pidfd. */
static uint32_t unit_of(pid_t pid)
{
    int pidfd = sys_pidfd_open(pid);
    uint32_t with, without = membership_find(&s, pid, -1);

    assert_true(pidfd >= 0);
    with = membership_find(&s, pid, pidfd);
    close(pidfd);
    assert_int_equal(with, without);
    return with;
}

static pid_t stranger(void)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* should the test fail */
        for (;;)
            pause();
    }
    return pid;
}

static void dismiss(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* What holds however runs are tracked. */
static void mains_and_their_families(void)
{
    pid_t child = begin_run(0, "sleep 1000 & echo $!; wait");
    pid_t apart = begin_run(1, "setsid sh -c 'echo $$; exec sleep 1000' & wait");
    pid_t other = stranger();

    assert_int_equal(unit_of(lives[0].tree.main.pid), 0);
    assert_int_equal(unit_of(lives[1].tree.main.pid), 1);
    assert_int_equal(unit_of(child), 0);
    assert_int_equal(unit_of(apart), 1); /* another session, but ours by cgroup or as a child */
    assert_int_equal(unit_of(other), MEMBERSHIP_NONE);
    assert_int_equal(unit_of(getpid()), MEMBERSHIP_NONE);
    assert_int_equal(unit_of(1), MEMBERSHIP_NONE);
    assert_int_equal(membership_find(&s, 0, -1), MEMBERSHIP_NONE);
    assert_int_equal(membership_find(&s, -1, -1), MEMBERSHIP_NONE);
    dismiss(other);
    kill(apart, SIGKILL);
}

static void test_by_cgroup(void **state)
{
    pid_t daemonized;

    (void)state;
    if (!tracker_has_cgroups(&s.tracker))
        skip();
    mains_and_their_families();
    /* Nobody above it is of the run any more. */
    daemonized = begin_run(2, "(setsid sh -c 'echo $$; exec sleep 1000' &); exec sleep 1000");
    assert_int_equal(unit_of(daemonized), 2);
}

static void test_in_best_effort(void **state)
{
    (void)state;
    mains_and_their_families();
}

static void test_pinned(void **state)
{
    pid_t other = stranger();
    struct proc_stat stat;

    (void)state;
    (void)begin_run(0, "echo 1; exec sleep 1000");
    assert_int_equal(proc_stat_read(other, &stat), 0);
    assert_int_equal(unit_of(other), MEMBERSHIP_NONE);
    tracker_pin(&s.tracker, &lives[0].tree, &stat);
    assert_int_equal(unit_of(other), 0);
    tracker_unpin_all(&s.tracker, &lives[0].tree);
    stat.start_ticks--; /* an earlier one had the number */
    tracker_pin(&s.tracker, &lives[0].tree, &stat);
    assert_int_equal(unit_of(other), MEMBERSHIP_NONE);
    dismiss(other);
}

/* The last words of a main process are its unit's, before it is reaped and after. */
static void test_a_dead_main(void **state)
{
    struct tree *t = &lives[0].tree;
    siginfo_t info;
    int pidfd;
    pid_t pid;

    (void)state;
    (void)begin_run(0, "echo 1");
    pid = t->main.pid;
    pidfd = sys_pidfd_open(pid);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(membership_find(&s, pid, pidfd), 0);
    assert_int_equal(membership_find(&s, pid, -1), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    t->main.reaped = true;
    assert_int_equal(membership_find(&s, pid, pidfd), 0);
    assert_int_equal(membership_find(&s, pid, -1), 0);
    close(pidfd);
}

/* A number that was given out again. */
static void test_another_with_the_number(void **state)
{
    struct tree *t = &lives[0].tree;
    pid_t other = stranger(), gone = stranger();
    int gone_pidfd = sys_pidfd_open(gone), pidfd = sys_pidfd_open(other);

    (void)state;
    dismiss(gone);
    /* The entry is of one that was reaped, and so is one sender; the other lives. */
    tree_spawned(t, other, true);
    t->main.reaped = true;
    assert_int_equal(membership_find(&s, other, gone_pidfd), 0);
    assert_int_equal(membership_find(&s, other, pidfd), MEMBERSHIP_NONE);
    assert_int_equal(membership_find(&s, other, -1), MEMBERSHIP_NONE);
    /* The entry is of one that lives, the sender is dead. */
    t->main.reaped = false;
    assert_int_equal(membership_find(&s, other, gone_pidfd), MEMBERSHIP_NONE);
    assert_int_equal(membership_find(&s, other, pidfd), 0);
    assert_int_equal(membership_find(&s, other, -1), 0);
    close(pidfd);
    close(gone_pidfd);
    procs_remove(&procs, &t->main);
    dismiss(other);
}

/* Commands beside the run do not speak for the unit. */
static void test_another_part(void **state)
{
    pid_t other = stranger();
    struct tree probe;

    (void)state;
    tree_init(&probe, &s.tracker, &specs[0], "~probe", NULL);
    tree_spawned(&probe, other, true);
    assert_int_equal(unit_of(other), MEMBERSHIP_NONE);
    procs_remove(&procs, &probe.main);
    dismiss(other);
}

/* One that has sent and is gone: its cgroup is still known by its pidfd, where the kernel keeps
 * that. */
static void test_a_dead_helper(void **state)
{
    char fifo[256];
    pid_t helper;
    uint64_t id;
    int pidfd, fd;

    (void)state;
    if (!tracker_has_cgroups(&s.tracker))
        skip();
    assert_int_equal(mkfifo(in_tmp(fifo, "fifo"), 0600), 0);
    helper = begin_run(1, "cat fifo & echo $!; wait; exec sleep 1000");
    pidfd = sys_pidfd_open(helper);
    assert_true(pidfd >= 0);
    fd = open(fifo, O_WRONLY | O_CLOEXEC);
    close(fd);
    while (pidfd_alive(pidfd))
        poll(NULL, 0, 10);
    if (pidfd_cgroup_id(pidfd, &id) == 0) /* Linux 6.15 */
        assert_int_equal(membership_find(&s, helper, pidfd), 1);
    else
        assert_int_equal(membership_find(&s, helper, pidfd), MEMBERSHIP_NONE);
    assert_int_equal(membership_find(&s, helper, -1), MEMBERSHIP_NONE);
    close(pidfd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_by_cgroup, open_cgroups, close_world),
        cmocka_unit_test_setup_teardown(test_a_dead_helper, open_cgroups, close_world),
        cmocka_unit_test_setup_teardown(test_in_best_effort, open_best_effort, close_world),
        cmocka_unit_test_setup_teardown(test_pinned, open_best_effort, close_world),
        cmocka_unit_test_setup_teardown(test_a_dead_main, open_best_effort, close_world),
        cmocka_unit_test_setup_teardown(test_another_with_the_number, open_best_effort,
                                        close_world),
        cmocka_unit_test_setup_teardown(test_another_part, open_best_effort, close_world),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
