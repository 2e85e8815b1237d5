/* Commands beside the main process of a unit: real processes, by cgroup and without. */
#include "run_support.h"

enum { LONG_MS = 60000 };

static struct command command;
static struct command_end end;
static unsigned n_done;

static void on_done(struct command *c, const struct command_end *e)
{
    assert_ptr_equal(c, &command);
    end = *e;
    n_done++;
}

static bool is_done(void)
{
    return n_done > 0;
}

static bool is_gone(void)
{
    return !command.running;
}

static bool never(void)
{
    return false;
}

static void make_command(void)
{
    command_init(&command, &place, on_done, NULL);
}

static void run(char *const *argv, int64_t timeout_ms)
{
    enum start_stage stage;

    n_done = 0;
    assert_int_equal(command_run(&command, argv, timeout_ms, &stage), 0);
    assert_int_equal(n_done, 0);
}

static struct command_end run_to_end(char *const *argv, int64_t timeout_ms)
{
    run(argv, timeout_ms);
    WAIT_FOR(is_done);
    assert_int_equal(n_done, 1);
    assert_false(command.running);
    assert_int_equal(command.exec_fd, -1);
    return end;
}

static void assert_ended(struct command_end e, int exit_code, int signal)
{
    assert_false(e.late);
    assert_int_equal(e.error, 0);
    assert_int_equal(e.status.exit_code, exit_code);
    assert_int_equal(e.status.signal, signal);
}

static void test_how_it_ended(void **state)
{
    (void)state;
    make_command();
    assert_ended(run_to_end(SHELL("exit 0"), LONG_MS), 0, 0);
    assert_ended(run_to_end(SHELL("exit 7"), LONG_MS), 7, 0);
    assert_ended(run_to_end(SHELL("kill -9 $$"), LONG_MS), -1, SIGKILL);
    assert_ended(run_to_end(SHELL("exit 0"), LONG_MS), 0, 0);
    command_finish(&command);
}

static void test_not_executed(void **state)
{
    char *nothing[] = {(char *)(uintptr_t) "/no/such/program", NULL};
    char *none[] = {NULL};
    enum start_stage stage = STAGE_NONE;
    struct command_end e;

    (void)state;
    make_command();
    e = run_to_end(nothing, LONG_MS);
    assert_false(e.late);
    assert_int_equal(e.error, ENOENT);
    assert_int_equal(e.stage, STAGE_EXEC);
    /* Also when there was no memory to watch its pipe. */
    run(nothing, LONG_MS);
    watch_stop(&command.exec);
    WAIT_FOR(is_done);
    assert_int_equal(end.error, ENOENT);
    spec.directory = "/no/such/directory";
    e = run_to_end(SHELL("exit 0"), LONG_MS);
    assert_int_equal(e.error, ENOENT);
    assert_int_equal(e.stage, STAGE_CHDIR);

    /* Nothing was begun. */
    n_done = 0;
    assert_int_equal(command_run(&command, none, LONG_MS, &stage), -EINVAL);
    assert_int_equal(stage, STAGE_PREPARE);
    assert_false(command.running);
    assert_false(comes_true(is_done, 100));
    /* And the next one does not mind. */
    spec.directory = "/";
    assert_ended(run_to_end(SHELL("exit 0"), LONG_MS), 0, 0);
    command_finish(&command);
}

static void test_surroundings(void **state)
{
    struct rlimit nofile = {77, 77};

    (void)state;
    place.nofile = &nofile;
    spec.umask = 027;
    make_command();
    assert_ended(run_to_end(SHELL("[ $REEVE_UNIT = web ] || exit 1\n"
                                  "[ $(umask) = 0027 ] || exit 2\n"
                                  "[ $(ulimit -n) = 77 ] || exit 3\n"
                                  "[ $(cut -d' ' -f6 /proc/$$/stat) = $$ ] || exit 4\n"
                                  "echo 5 >here"),
                            LONG_MS),
                 0, 0);
    assert_int_equal(number_in("here"), 5);
    command_finish(&command);
}

/* Only one at a time. */
static void test_busy(void **state)
{
    enum start_stage stage;

    (void)state;
    make_command();
    run(SHELL("sleep 1000"), LONG_MS);
    assert_int_equal(command_run(&command, SHELL("exit 0"), LONG_MS, &stage), -EBUSY);
    command_abandon(&command);
    WAIT_FOR(is_gone);
    assert_int_equal(n_done, 0);
    command_finish(&command);
}

/* ---- the deadline ---- */

static void test_late(void **state)
{
    int64_t begun_ms = clock_now().mono_ms;

    (void)state;
    make_command();
    assert_true(run_to_end(SHELL("sleep 1000"), 150).late);
    assert_true(clock_now().mono_ms - begun_ms >= 150);
    assert_ended(run_to_end(SHELL("exit 0"), LONG_MS), 0, 0);
    command_finish(&command);
}

static bool family_is_there(void)
{
    return number_in("main") && number_in("child") && number_in("session");
}

static void forget_family(void)
{
    forget("main");
    forget("child");
    forget("session");
}

static const char family[] = "trap '' TERM INT HUP\n"
                             "sleep 1000 & echo $! >child\n"
                             "setsid sh -c 'echo $$ >session; exec sleep 1000' &\n"
                             "echo $$ >main\n"
                             "wait";

static void assert_family_is_dead(void)
{
    assert_false(lives(number_in("main")));
    assert_false(lives(number_in("child")));
    assert_false(lives(number_in("session")));
    forget_family();
}

/* A child that ignores all it can, and one in a session of its own. */
static void test_late_as_a_tree(void **state)
{
    (void)state;
    forget_family();
    make_command();
    run(SHELL(family), LONG_MS);
    WAIT_FOR(family_is_there);
    assert_true(lives(number_in("session")));
    timer_set(&command.deadline, clock_now().mono_ms);
    WAIT_FOR(is_done);
    assert_true(end.late);
    assert_false(command.running);
    assert_family_is_dead();
    command_finish(&command);
}

static bool main_is_dead(void)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)command.tree.main.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid;
}

/* Who is dead before the deadline was in time, though its death is seen only later. */
static void test_in_time_though_unseen(void **state)
{
    (void)state;
    make_command();
    reap_nobody = true;
    run(SHELL("exit 3"), LONG_MS);
    WAIT_FOR(main_is_dead);
    timer_set(&command.deadline, clock_now().mono_ms);
    assert_false(comes_true(is_done, 100));
    reap_again();
    WAIT_FOR(is_done);
    assert_ended(end, 3, 0);
    command_finish(&command);
}

/* What does not die is told as late, once, and keeps the next one from beginning. */
static void test_unkillable(void **state)
{
    int64_t begun_ms = clock_now().mono_ms;

    (void)state;
    make_command();
    reap_nobody = true;
    run(SHELL("sleep 1000"), 50);
    WAIT_FOR(is_done);
    assert_true(end.late);
    assert_true(command.running);
    assert_in_range(clock_now().mono_ms - begun_ms, 2050, 10000);

    run(SHELL("echo 1 >begun"), 100);
    WAIT_FOR(is_done);
    assert_true(end.late);
    assert_true(command.running);
    assert_int_equal(number_in("begun"), 0);

    run(SHELL("echo 1 >begun"), LONG_MS);
    assert_false(comes_true(is_done, 100));
    reap_again();
    WAIT_FOR(is_done);
    assert_ended(end, 0, 0);
    assert_int_equal(n_done, 1);
    assert_int_equal(number_in("begun"), 1);
    forget("begun");
    assert_false(comes_true(never, 50));
    assert_int_equal(n_done, 1);
    command_finish(&command);
}

/* What waits for the end of another is not late because that one does not die. */
static void test_patience_of_another(void **state)
{
    (void)state;
    make_command();
    reap_nobody = true;
    run(SHELL("sleep 1000"), LONG_MS);
    command_abandon(&command);
    run(SHELL("exit 5"), LONG_MS);
    assert_false(comes_true(is_done, 2300));
    reap_again();
    WAIT_FOR(is_done);
    assert_ended(end, 5, 0);
    command_finish(&command);
}

/* ---- leftovers ---- */

static void test_leftovers(void **state)
{
    (void)state;
    make_command();
    assert_ended(run_to_end(SHELL("trap '' TERM; sleep 1000 & echo $! >child; exit 3"), LONG_MS), 3,
                 0);
    assert_false(lives(number_in("child")));
    forget("child");
    command_finish(&command);
}

/* Only a cgroup finds those. */
static void test_leftovers_that_hide(void **state)
{
    (void)state;
    NEEDS_CGROUPS();
    make_command();
    assert_ended(run_to_end(SHELL("setsid sh -c 'echo $$ >session; exec sleep 1000' &\n"
                                  "while ! [ -s session ]; do :; done; exit 0"),
                            LONG_MS),
                 0, 0);
    assert_false(lives(number_in("session")));
    forget("session");
    command_finish(&command);
}

/* The result of a main that ended is known, and is told though something stays. */
static void test_leftovers_that_stay(void **state)
{
    (void)state;
    NEEDS_CGROUPS();
    make_command();
    watch_stop(&tracker.inotify); /* nobody hears that it is gone */
    run(SHELL("sleep 1000 & exit 4"), 1000);
    WAIT_FOR(is_done);
    assert_ended(end, 4, 0);
    assert_true(command.running);
    assert_int_equal(watch_set(&tracker.inotify, tracker.inotify_fd, LOOP_READ), 0);
    WAIT_FOR(is_gone);
    assert_int_equal(n_done, 1);
    command_finish(&command);
}

/* ---- abandoning ---- */

static void test_abandoned(void **state)
{
    (void)state;
    forget_family();
    make_command();
    command_abandon(&command); /* nothing is under way */
    run(SHELL(family), LONG_MS);
    WAIT_FOR(family_is_there);
    command_abandon(&command);
    assert_true(command.running);
    /* The next one waits for the end of all of it. */
    assert_ended(run_to_end(SHELL("for n in main child session; do\n"
                                  "  grep -q '^State:.[^Z]' /proc/$(cat $n)/status && exit 9\n"
                                  "done; exit 0"),
                            LONG_MS),
                 0, 0);
    assert_family_is_dead();

    /* Its time runs while it waits and when it has begun. */
    run(SHELL("sleep 1000"), LONG_MS);
    command_abandon(&command);
    assert_true(run_to_end(SHELL("sleep 1000"), 300).late);

    /* Abandoned while it waits: it never begins. */
    run(SHELL("sleep 1000"), LONG_MS);
    command_abandon(&command);
    run(SHELL("echo 1 >begun"), 20);
    command_abandon(&command);
    WAIT_FOR(is_gone);
    assert_false(comes_true(never, 50));
    assert_int_equal(n_done, 0);
    assert_int_equal(number_in("begun"), 0);
    command_finish(&command);
}

static void test_the_next_cannot_begin(void **state)
{
    char *none[] = {NULL};

    (void)state;
    make_command();
    run(SHELL("sleep 1000"), LONG_MS);
    command_abandon(&command);
    run(none, LONG_MS);
    WAIT_FOR(is_done);
    assert_int_equal(end.error, EINVAL);
    assert_int_equal(end.stage, STAGE_PREPARE);
    assert_false(command.running);
    command_finish(&command);
}

static bool family_is_dead(void)
{
    return !lives(number_in("main")) && !lives(number_in("child")) && !lives(number_in("session"));
}

/* The end of reeved does not wait, and spares nobody. */
static void test_finish(void **state)
{
    (void)state;
    forget_family();
    make_command();
    run(SHELL(family), LONG_MS);
    WAIT_FOR(family_is_there);
    command_finish(&command);
    assert_false(command.running);
    WAIT_FOR(family_is_dead);
    forget_family();

    make_command();
    run(SHELL("exit 0"), LONG_MS);
    command_finish(&command);
    assert_int_equal(command.exec_fd, -1);
    assert_int_equal(command.exec.fd, -1);
}

/* ---- how the next reeved finds it ---- */

static struct slots slots;

static bool is_marked(void)
{
    return slots_get(&slots, 0)->pid != 0;
}

static void test_slot(void **state)
{
    char path[256];

    (void)state;
    assert_int_equal(slots_open(&slots, in_tmp(path, "slots"), 1, NULL), 0);
    place.slot = slots_get(&slots, 0);
    make_command();
    run(SHELL("sleep 1000"), LONG_MS);
    WAIT_FOR(is_marked);
    assert_int_equal(slots_get(&slots, 0)->pid, command.tree.main.pid);
    timer_set(&command.deadline, clock_now().mono_ms);
    WAIT_FOR(is_done);
    assert_false(is_marked());
    command_finish(&command);
    slots_close(&slots, path);
}

static void test_cgroup(void **state)
{
    char script[256], name[96];

    (void)state;
    NEEDS_CGROUPS();
    make_command();
    snprintf(name, sizeof name, "reeve.%s~probe", unit_name);
    snprintf(script, sizeof script, "grep -q '^0::.*/%s$' /proc/self/cgroup", name);
    assert_ended(run_to_end(SHELL(script), LONG_MS), 0, 0);
    assert_int_equal(faccessat(tracker.cgroups.dir_fd, name, F_OK, 0), -1);
    command_finish(&command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_how_it_ended),
        BOTH(test_not_executed),
        BOTH(test_surroundings),
        BOTH(test_busy),
        BOTH(test_late),
        BOTH(test_late_as_a_tree),
        BOTH(test_in_time_though_unseen),
        BOTH(test_unkillable),
        BEST_EFFORT(test_patience_of_another),
        BOTH(test_leftovers),
        BY_CGROUP(test_leftovers_that_hide),
        BY_CGROUP(test_leftovers_that_stay),
        BOTH(test_abandoned),
        BOTH(test_the_next_cannot_begin),
        BOTH(test_finish),
        BOTH(test_slot),
        BY_CGROUP(test_cgroup),
    };

    return cmocka_run_group_tests(tests, make_tmp_dir, remove_tmp_dir);
}
