#include "cgroup_support.h"
#include "os_support.h"

#include "run/crowd.h"

enum { N_PROCESSES = 300, PER_TURN_MAX = 64 };

static struct loop loop;
static unsigned n_done, n_turns;

static int open_root(void **state)
{
    (void)state;
    open_own_cgroup();
    return loop_init(&loop);
}

static int close_root(void **state)
{
    (void)state;
    close_own_cgroup();
    loop_finish(&loop);
    return 0;
}

static void on_done(struct crowd *c)
{
    (void)c;
    n_done++;
    loop_stop(&loop);
}

/* What else the loop has to do; and how much the crowd did meanwhile. */
static bool other_work(struct task *task)
{
    static uint32_t before;
    const struct crowd *c = task->owner;

    if (n_turns++)
        assert_true(c->n_reached - before <= PER_TURN_MAX);
    before = c->n_reached;
    return true;
}

static pid_t fill(int cgroup_fd, int *ret_hold)
{
    char script[] = "n=0; while [ $n -lt 300 ]; do sleep 1000 & n=$((n+1)); done; echo; wait";
    char *argv[] = {(char *)(uintptr_t) "/bin/sh", (char *)(uintptr_t) "-c", script, NULL};
    struct spawn_request request = plain_request(argv);
    struct spawned spawned;
    enum start_stage stage;
    char newline;
    int fds[2];

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    request.cgroup_fd = cgroup_fd;
    request.stdout_fd = fds[1];
    assert_int_equal(spawn_process(&request, &spawned, &stage), 0);
    close(fds[1]);
    assert_int_equal(read(fds[0], &newline, 1), 1);
    close(spawned.exec_fd);
    *ret_hold = fds[0];
    return spawned.pid;
}

static void test_a_crowd_is_signalled_in_portions(void **state)
{
    char unit[32], name[256];
    struct reaped reaped;
    struct crowd crowd;
    struct task other;
    int fd, hold;
    pid_t main;

    (void)state;
    if (root.dir_fd < 0)
        skip();
    snprintf(unit, sizeof unit, "testcrowd%d", (int)getpid());
    fd = cgroup_create(&root, unit, name, sizeof name);
    assert_true(fd >= 0);
    main = fill(fd, &hold);
    crowd_init(&crowd, &loop, name, on_done, NULL);

    crowd_signal(&crowd, fd, SIGCONT, SIGCONT, 0);
    assert_true(crowd_busy(&crowd));
    crowd_drop(&crowd);
    assert_false(crowd_busy(&crowd));
    assert_int_equal(n_done, 0);

    task_init(&other, &loop, other_work, &crowd);
    task_start(&other);
    crowd_signal(&crowd, fd, SIGKILL, 0, main);
    assert_true(crowd_busy(&crowd));
    assert_in_range(crowd.n_reached, 1, PER_TURN_MAX);
    loop_run(&loop);
    task_stop(&other);
    assert_int_equal(n_done, 1);
    assert_false(crowd_busy(&crowd));
    assert_int_equal(crowd.n_reached, N_PROCESSES);
    assert_true(n_turns >= N_PROCESSES / PER_TURN_MAX);

    /* The one that was left out. */
    assert_int_equal(kill(main, 0), 0);
    crowd_signal(&crowd, fd, SIGKILL, 0, 0);
    if (crowd_busy(&crowd))
        loop_run(&loop);
    assert_int_equal(n_done, 2);
    assert_int_equal(wait_reaped(main, &reaped), 1);
    close(hold);
    while (cgroup_remove(&root, name) == -EBUSY)
        poll(NULL, 0, 10);
    close(fd);
}

/* What stands in a list may by now be the number of somebody else: who is not in that cgroup is
 * spared, whatever the list says. */
static void test_strangers_are_spared(void **state)
{
    char unit[32], name[256];
    struct reaped reaped;
    struct crowd crowd;
    int fd, hold;
    pid_t main;

    (void)state;
    if (root.dir_fd < 0)
        skip();
    snprintf(unit, sizeof unit, "teststrangers%d", (int)getpid());
    fd = cgroup_create(&root, unit, name, sizeof name);
    assert_true(fd >= 0);
    main = fill(fd, &hold);
    assert_int_equal(cgroup_holds(name, main), 1);
    assert_int_equal(cgroup_holds(name, getpid()), 0);
    name[strlen(name) - 1] = '\0';
    assert_int_equal(cgroup_holds(name, main), 0);
    crowd_init(&crowd, &loop, name, on_done, NULL);
    crowd_signal(&crowd, fd, SIGKILL, 0, 0);
    if (crowd_busy(&crowd))
        loop_run(&loop);
    assert_int_equal(crowd.n_reached, 0);
    assert_int_equal(kill(main, 0), 0);
    cgroup_kill(fd);
    assert_int_equal(wait_reaped(main, &reaped), 1);
    close(hold);
    snprintf(name, sizeof name, "reeve.%s", unit);
    while (cgroup_remove(&root, name) == -EBUSY)
        poll(NULL, 0, 10);
    close(fd);
}

static void test_what_cannot_be_read_is_told(void **state)
{
    struct crowd crowd;
    unsigned before = n_done;

    (void)state;
    crowd_init(&crowd, &loop, "", on_done, NULL);
    crowd_signal(&crowd, -1, SIGTERM, 0, 0);
    assert_false(crowd_busy(&crowd));
    assert_int_equal(n_done, before + 1);
    assert_int_equal(crowd.error, -EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_crowd_is_signalled_in_portions),
        cmocka_unit_test(test_strangers_are_spared),
        cmocka_unit_test(test_what_cannot_be_read_is_told),
    };

    return cmocka_run_group_tests(tests, open_root, close_root);
}
