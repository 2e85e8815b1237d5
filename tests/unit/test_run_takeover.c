/* Another process of a tree becomes its main one: real processes, by cgroup and in best effort. */
#include "run_support.h"

#include "os/pidfd.h"
#include "os/reap.h"
#include "os/spawn.h"
#include "os/sys.h"
#include "run/surroundings.h"
#include "run/tree.h"

static struct tree tree;
static int exec_fd;
static pid_t spawned_pid;
static bool exited, empty, with_last_words;
static struct exit_status ended_so;

static bool child_is_there(void)
{
    return number_in("child") > 0;
}

static void take_child(void)
{
    pid_t pid = number_in("child");
    int pidfd = sys_pidfd_open(pid);

    assert_true(pidfd >= 0);
    tree_take_main(&tree, pid, pidfd);
    assert_int_equal(tree.main.pid, pid);
}

static void on_post(struct tree *t, struct event *ev)
{
    assert_ptr_equal(t, &tree);
    if (ev->type == EV_EXITED) {
        assert_false(exited);
        exited = true;
        ended_so = ev->u.exited.status;
        empty = ev->u.exited.tree_empty;
    } else if (ev->type == EV_TREE_EMPTY) {
        empty = true;
    }
}

/* What a dying main process has sent is heard here. */
static void on_drain(struct tree *t)
{
    (void)t;
    if (with_last_words && child_is_there())
        take_child();
    with_last_words = false;
}

static const struct tree_calls calls = {.post = on_post, .drain = on_drain};

static bool is_over(void)
{
    return exited && empty;
}

static bool has_exited(void)
{
    return exited;
}

static bool first_is_reaped(void)
{
    return tree.takeover.first.reaped;
}

static void begin(char **argv)
{
    struct spawn_request request = {.argv = argv};
    struct spawned spawned;
    enum start_stage stage;

    exited = empty = with_last_words = false;
    forget("child");
    tree_init(&tree, &tracker, &spec, "", &calls);
    surroundings_fill(&request, &spec, NULL);
    request.cgroup_fd = tree_begin(&tree, 1);
    assert_int_equal(spawn_process(&request, &spawned, &stage), 0);
    tree_spawned(&tree, spawned.pid, spawned.in_cgroup);
    exec_fd = spawned.exec_fd;
    spawned_pid = spawned.pid;
}

static void finish(void)
{
    assert_false(ev_is_active(&tree.kill_again.ev)); /* nobody is left */
    tree_release(&tree);
    close(exec_fd);
    assert_null(procs_find(&procs, spawned_pid));
    assert_null(procs_find(&procs, number_in("child")));
    assert_int_equal(tree.takeover.pidfd, -1);
}

static void end_all(void)
{
    if (is_over())
        return;
    tree_kill(&tree);
    WAIT_FOR(is_over);
}

static void test_with_its_last_words(void **state)
{
    (void)state;
    begin(SHELL("sleep 1000 & echo $! >child; exit 3"));
    with_last_words = true;
    WAIT_FOR(first_is_reaped);
    assert_false(exited);
    assert_true(tree_main_alive(&tree));
    kill(tree.main.pid, SIGTERM);
    WAIT_FOR(is_over);
    assert_int_equal(ended_so.signal, SIGTERM);
    assert_false(ended_so.lost);
    finish();
}

/* Also when there was no memory to watch it. */
static void told_by_its_pidfd(bool watched)
{
    bool known;

    begin(SHELL("sleep 1000 & echo $! >child; wait; exec sleep 1000"));
    WAIT_FOR(child_is_there);
    take_child();
    if (!watched) {
        watch_stop(&tree.takeover.watch);
        timer_set(&tree.takeover.timer, clock_now().mono_ms);
    }
    assert_false(comes_true(has_exited, 100));
    kill(tree.main.pid, SIGTERM);
    WAIT_FOR(has_exited);
    known = pidfd_exit_status(tree.takeover.pidfd, &(struct exit_status){0}) == 0;
    assert_int_equal(ended_so.lost, !known);
    assert_int_equal(ended_so.signal, known ? SIGTERM : 0);
    assert_false(empty); /* the first one is left */
    assert_false(tree_main_alive(&tree));
    end_all();
    finish();
}

static void test_reaped_by_its_parent(void **state)
{
    (void)state;
    told_by_its_pidfd(true);
    told_by_its_pidfd(false);
}

static void test_reaped_by_nobody(void **state)
{
    int64_t from_ms;

    (void)state;
    begin(SHELL("sleep 1000 & echo $! >child; exec sleep 1000"));
    WAIT_FOR(child_is_there);
    take_child();
    from_ms = clock_now().mono_ms;
    kill(tree.main.pid, SIGTERM);
    WAIT_FOR(has_exited);
    assert_true(clock_now().mono_ms - from_ms >= 1900);
    assert_true(ended_so.lost);
    assert_int_equal(ended_so.exit_code, -1);
    end_all();
    finish();
}

/* Its group, session and number: whose they are, as long as somebody has them. */
static void test_in_the_same_session(void **state)
{
    (void)state;
    begin(SHELL("sleep 1000 & echo $! >child; exec sleep 1000"));
    WAIT_FOR(child_is_there);
    take_child();
    assert_ptr_equal(tree_bearing(&procs, spawned_pid), &tree);
    assert_null(tree_bearing(&procs, tree.main.pid)); /* it leads nobody */
    kill(spawned_pid, SIGKILL);
    WAIT_FOR(first_is_reaped);
    assert_ptr_equal(tree_bearing(&procs, spawned_pid), &tree);
    assert_false(exited);
    kill(tree.main.pid, SIGKILL);
    WAIT_FOR(is_over);
    finish();
}

static void test_in_another_session(void **state)
{
    (void)state;
    begin(SHELL("setsid sh -c 'echo $$ >child; exec sleep 1000' & exec sleep 1000"));
    WAIT_FOR(child_is_there);
    take_child();
    assert_ptr_equal(tree_bearing(&procs, tree.main.pid), &tree);
    assert_ptr_equal(tree_bearing(&procs, spawned_pid), &tree);
    kill(spawned_pid, SIGKILL);
    WAIT_FOR(first_is_reaped);
    /* Nobody is left there: the next who gets the number is a stranger. */
    assert_null(tree_bearing(&procs, spawned_pid));
    assert_ptr_equal(tree_bearing(&procs, tree.main.pid), &tree);
    kill(tree.main.pid, SIGKILL);
    WAIT_FOR(is_over);
    finish();
}

static void test_and_back(void **state)
{
    (void)state;
    begin(SHELL("sleep 1000 & echo $! >child; exec sleep 1000"));
    WAIT_FOR(child_is_there);
    take_child();
    tree_take_main(&tree, spawned_pid, sys_pidfd_open(spawned_pid));
    assert_false(tree.takeover.done);
    assert_int_equal(tree.takeover.pidfd, -1);
    assert_int_equal(tree.main.pid, spawned_pid);
    assert_true(tree_main_alive(&tree));
    kill(number_in("child"), SIGKILL);
    assert_false(comes_true(has_exited, 100));
    kill(spawned_pid, SIGINT);
    WAIT_FOR(has_exited);
    assert_int_equal(ended_so.signal, SIGINT);
    end_all();
    finish();
}

/* In best effort one that is main no more is pinned, and main is not. */
static void test_members(void **state)
{
    (void)state;
    begin(SHELL("sleep 1000 & echo $! >child; exec sleep 1000"));
    WAIT_FOR(child_is_there);
    take_child();
    assert_int_equal(tree.n_members, 1);
    assert_int_equal(tree_send(&tree, SIGWINCH, SIGNAL_TO_TREE), 0); /* looks at all of them */
    assert_int_equal(tree.n_members, 1);
    assert_int_equal(container_of(tree.members.next, struct member, link)->pid, spawned_pid);
    tree_take_main(&tree, spawned_pid, sys_pidfd_open(spawned_pid));
    assert_int_equal(tree.n_members, 1);
    assert_int_equal(container_of(tree.members.next, struct member, link)->pid, number_in("child"));
    end_all();
    finish();
}

static bool sibling_is_there(void)
{
    return number_in("sibling") > 0 && child_is_there();
}

/* Also who is below the one that is main no more is seen as soon as main has ended. */
static void test_who_is_left(void **state)
{
    (void)state;
    forget("sibling");
    begin(SHELL("sleep 1000 & echo $! >child; sleep 1000 & echo $! >sibling; exec sleep 1000"));
    WAIT_FOR(sibling_is_there);
    take_child();
    kill(tree.main.pid, SIGKILL);
    WAIT_FOR(has_exited);
    assert_false(empty);
    assert_int_equal(tree.n_members, 2);
    end_all();
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_with_its_last_words), BOTH(test_reaped_by_its_parent),
        BOTH(test_reaped_by_nobody),    BOTH(test_in_the_same_session),
        BOTH(test_in_another_session),  BOTH(test_and_back),
        BEST_EFFORT(test_members),      BEST_EFFORT(test_who_is_left),
    };

    return cmocka_run_group_tests(tests, make_tmp_dir, remove_tmp_dir);
}
