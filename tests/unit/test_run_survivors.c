/* What a reeved that was killed left of commands beside a unit's main process: the next one finds
 * and ends it. Here the same process is both. */
#include "run_support.h"

#include "run/survivors.h"

static struct command command;
static struct slots slots;
static struct survivors survivors;
static unsigned n_done;
static char mark[64], path[256];

static void not_called(struct command *c, const struct command_end *end)
{
    (void)c;
    (void)end;
    fail();
}

static void on_survivors_done(struct survivors *v)
{
    (void)v;
    n_done++;
}

static bool is_done(void)
{
    return n_done > 0;
}

static bool family_is_there(void)
{
    return number_in("main") && number_in("child");
}

static void leave_behind(void)
{
    enum start_stage stage;

    n_done = 0;
    forget("main");
    forget("child");
    snprintf(mark, sizeof mark, "/run/reeve-test-%d", (int)getpid());
    /* The slot of a main process and that of a command name the same unit. */
    assert_int_equal(slots_open(&slots, in_tmp(path, "runs"), 2, tracker.cgroups.path), 0);
    for (uint32_t i = 0; i < 2; i++)
        snprintf(slots_get(&slots, i)->unit, sizeof slots.slots->unit, "web");
    place.slot = slots_get(&slots, 1);
    command_init(&command, &place, not_called, NULL);
    assert_int_equal(command_run(&command,
                                 SHELL("sleep 1000 & echo $! >child; echo $$ >main; wait"), 60000,
                                 &stage),
                     0);
    WAIT_FOR(family_is_there);
    reap_nobody = true;
}

static void end_survivors(void)
{
    survivors_end(&survivors, &loop, tmp_dir, mark, on_survivors_done, NULL);
    WAIT_FOR(is_done);
    assert_int_equal(survivors.n_left, 0);
    assert_false(lives(number_in("main")));
    assert_false(lives(number_in("child")));
    survivors_finish(&survivors);
    command_finish(&command);
    slots_close(&slots, path);
    unlink(path);
}

static void test_by_slot(void **state)
{
    (void)state;
    leave_behind();
    end_survivors();
}

/* Main is gone, and what it left bears its number. */
static void test_by_session(void **state)
{
    (void)state;
    leave_behind();
    kill(number_in("main"), SIGKILL);
    waitpid(number_in("main"), NULL, 0);
    assert_true(lives(number_in("child")));
    end_survivors();
}

static void test_by_cgroup(void **state)
{
    char name[96];

    (void)state;
    NEEDS_CGROUPS();
    leave_behind();
    slots_clear(slots_get(&slots, 1));
    snprintf(name, sizeof name, "%s", command.tree.cgroup_name);
    assert_int_equal(faccessat(tracker.cgroups.dir_fd, name, F_OK, 0), 0);
    end_survivors();
    assert_int_equal(faccessat(tracker.cgroups.dir_fd, name, F_OK, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BEST_EFFORT(test_by_slot),
        BEST_EFFORT(test_by_session),
        BY_CGROUP(test_by_cgroup),
    };

    return cmocka_run_group_tests(tests, make_tmp_dir, remove_tmp_dir);
}
