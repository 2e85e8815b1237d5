#include "os/proctree.h"
#include "os_support.h"

#include <sys/prctl.h>

static void test_stat(void **state)
{
    struct proc_stat stat;

    (void)state;
    assert_int_equal(proc_stat_read(getpid(), &stat), 0);
    assert_int_equal(stat.pid, getpid());
    assert_int_equal(stat.ppid, getppid());
    assert_int_equal(stat.pgrp, getpgrp());
    assert_int_equal(stat.session, getsid(0));
    assert_int_equal(stat.state, 'R');
    assert_int_equal(stat.start_ticks, proc_own_start_ticks());
    assert_true(stat.start_ticks > 0);
}

/* A name made to mislead whoever splits the line at blanks. */
static void odd_name(void)
{
    char name[PROC_NAME_BYTES];
    struct proc_stat stat;

    CHECK(prctl(PR_SET_NAME, ") Z 1 (a) b\n 7") == 0);
    CHECK(proc_stat_read(getpid(), &stat) == 0);
    CHECK(stat.ppid == getppid() && stat.state == 'R' && stat.session == getsid(0));
    proc_name_read(getpid(), name);
    CHECK(strcmp(name, ") Z 1 (a) b") == 0); /* one line */
    CHECK(prctl(PR_SET_NAME, "\x1b[31m\xc3\xa9 long name") == 0);
    proc_name_read(getpid(), name);
    CHECK(strcmp(name, "?[31m?? long na") == 0);
    CHECK(stat.start_ticks == proc_own_start_ticks() && stat.start_ticks > 0);
}

static void test_odd_name(void **state)
{
    (void)state;
    run_apart(odd_name);
}

static void test_gone_and_zombie(void **state)
{
    struct proc_stat stat;
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        _exit(0);
    assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
    assert_int_equal(proc_stat_read(pid, &stat), 0);
    assert_int_equal(stat.state, 'Z');
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(proc_stat_read(pid, &stat), -ESRCH);
}

/* ---- walks ---- */

enum { WIDTH = 10, DEPTH_3 = WIDTH + WIDTH * WIDTH + 2 * WIDTH * WIDTH };

/* Each process tells that it is there, then stays until the writer of `hold` is gone. */
static void tell_and_stay(int tell, int hold)
{
    if (write(tell, "x", 1) == 1)
        while (read(hold, &(char){0}, 1) < 0 && errno == EINTR)
            ;
    _exit(0);
}

/* A tree of WIDTH children, each with WIDTH, each of these with 2; some in their own sessions. */
static void grow(int level, int tell, int hold)
{
    static const int width[] = {WIDTH, WIDTH, 2};

    for (int i = 0; level < 3 && i < width[level]; i++) {
        pid_t pid = fork();

        CHECK(pid >= 0);
        if (pid == 0) {
            if (i % 3 == 1)
                CHECK(setsid() > 0);
            grow(level + 1, tell, hold);
            tell_and_stay(tell, hold);
        }
    }
}

struct walk_log {
    pid_t seen[1000];
    size_t n;
    size_t since_step;
    pid_t not_below; /* not descended into */
    bool parents_first;
};

static bool was_seen(const struct walk_log *log, pid_t pid)
{
    for (size_t i = 0; i < log->n; i++)
        if (log->seen[i] == pid)
            return true;
    return false;
}

static bool note(const struct proc_stat *p, void *arg)
{
    struct walk_log *log = arg;

    if (p->ppid != getpid() && !was_seen(log, p->ppid))
        log->parents_first = false;
    CHECK(!was_seen(log, p->pid));
    CHECK(log->n < 1000);
    log->seen[log->n++] = p->pid;
    log->since_step++;
    return p->pid != log->not_below;
}

static bool skip_pid(pid_t pid, void *arg)
{
    const struct walk_log *log = arg;

    return pid == log->not_below;
}

static void walk_a_tree(void)
{
    struct walk_log log = {.parents_first = true};
    struct tree_walk walk;
    int tell[2], hold[2], steps = 0;
    pid_t first;

    CHECK(pipe2(tell, O_CLOEXEC) == 0 && pipe2(hold, O_CLOEXEC) == 0);
    {
        /* Only the root keeps the end whose closing lets all go. */
        pid_t pid = fork();

        CHECK(pid >= 0);
        if (pid == 0) {
            close(hold[1]);
            grow(1, tell[1], hold[0]);
            tell_and_stay(tell[1], hold[0]);
        }
        first = pid;
    }
    for (int i = 1; i < WIDTH; i++) {
        pid_t pid = fork();

        CHECK(pid >= 0);
        if (pid == 0) {
            close(hold[1]);
            CHECK(i % 2 == 0 || setsid() > 0);
            grow(1, tell[1], hold[0]);
            tell_and_stay(tell[1], hold[0]);
        }
    }
    for (int i = 0; i < DEPTH_3; i++)
        CHECK(read(tell[0], &(char){0}, 1) == 1);

    tree_walk_init(&walk);
    tree_walk_add_children(&walk, getpid());
    CHECK(walk.n_todo == WIDTH);
    do {
        log.since_step = 0;
        steps++;
        CHECK(steps < 100);
    } while (tree_walk_step(&walk, 7, NULL, note, &log) && log.since_step <= 7);
    CHECK(log.since_step <= 7);
    CHECK(log.n == DEPTH_3 && log.parents_first && !walk.incomplete);
    CHECK(steps == (DEPTH_3 + 6) / 7);
    tree_walk_finish(&walk);

    /* Visited but not entered; and left out altogether. */
    log = (struct walk_log){.not_below = first};
    tree_walk_add_children(&walk, getpid());
    while (tree_walk_step(&walk, 1000, NULL, note, &log))
        ;
    CHECK(log.n == DEPTH_3 - (WIDTH + 2 * WIDTH));
    tree_walk_finish(&walk);
    log = (struct walk_log){.not_below = first};
    tree_walk_add_children(&walk, getpid());
    while (tree_walk_step(&walk, 1000, skip_pid, note, &log))
        ;
    CHECK(log.n == DEPTH_3 - (1 + WIDTH + 2 * WIDTH));
    tree_walk_finish(&walk);

    /* With room set aside a walk allocates nothing more, and can begin again in it. */
    tree_walk_reserve(&walk, 2 * DEPTH_3);
    CHECK(walk.cap_todo == 2 * DEPTH_3);
    tree_walk_reserve(&walk, 1);
    log = (struct walk_log){.n = 0};
    tree_walk_add_children(&walk, getpid());
    tree_walk_step(&walk, 3, NULL, note, &log);
    walk.incomplete = true;
    tree_walk_reset(&walk);
    CHECK(walk.n_todo == 0 && !walk.incomplete && walk.cap_todo == 2 * DEPTH_3);
    log = (struct walk_log){.n = 0};
    tree_walk_add_children(&walk, getpid());
    while (tree_walk_step(&walk, 1000, NULL, note, &log))
        ;
    CHECK(log.n == DEPTH_3 && walk.cap_todo == 2 * DEPTH_3);
    tree_walk_finish(&walk);

    close(hold[1]);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    tree_walk_add_children(&walk, getpid());
    CHECK(walk.n_todo == 0 && !tree_walk_step(&walk, 10, NULL, note, &log));
    tree_walk_finish(&walk);
}

static void test_walk(void **state)
{
    (void)state;
    run_apart(walk_a_tree);
}

static void test_walk_of_nobody(void **state)
{
    struct walk_log log = {.n = 0};
    struct tree_walk walk;
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        _exit(0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    tree_walk_init(&walk);
    tree_walk_add_children(&walk, pid);
    assert_false(tree_walk_step(&walk, 10, NULL, note, &log));
    assert_false(walk.incomplete);
    assert_int_equal(log.n, 0);
    tree_walk_finish(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stat),
        cmocka_unit_test(test_odd_name),
        cmocka_unit_test(test_gone_and_zombie),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_walk_of_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
