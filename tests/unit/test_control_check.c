/* Checks of the configuration: one at a time, and what is said when one cannot be had. */
#include "control_service.h"

#include <sys/syscall.h>

#include "run/errand.h"

/* ---- fork that fails on demand: stands in for libc's ---- */

static int fork_error;
static unsigned n_forks;

pid_t fork(void)
{
    n_forks++;
    if (fork_error) {
        errno = fork_error;
        return -1;
    }
    return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

/* ---- a service, and its child ---- */

static void configure(const char *text)
{
    FILE *f = fopen(in_tmp(config_path, "reeve.ini"), "we");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int begin(void **state)
{
    static const char *const names[] = {"a", "b"};

    (void)state;
    fork_error = 0;
    n_forks = 0;
    service_begin(names, 2, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    return service_end();
}

static const char *const good = "[service:x]\ncommand = true\n";

/* What the reaper does. */
static bool reap(void)
{
    struct exit_status status = {.exit_code = -1};
    struct proc *proc;
    int how;
    pid_t pid = waitpid(-1, &how, WNOHANG);

    if (pid <= 0)
        return false;
    proc = procs_find(&procs, pid);
    if (!proc)
        return true;
    if (WIFSIGNALED(how))
        status.signal = WTERMSIG(how);
    else
        status.exit_code = WEXITSTATUS(how);
    errand_ended(container_of(proc, struct errand, proc), &status);
    return true;
}

static int ask(void)
{
    int fd = connect_client();

    say(fd, CALL("Check", ""));
    return fd;
}

static bool is_running(void)
{
    return control->check.running;
}

static const char *heard_by(int fd)
{
    static struct heard h;

    memset(&h, 0, sizeof h);
    TURN_UNTIL(reap() || (listen_to(fd, &h)->len && !h.text[h.len - 1]));
    TURN_UNTIL(listen_to(fd, &h)->len && !h.text[h.len - 1]);
    close(fd);
    return h.text;
}

/* No check, and why. */
static void expect_sentence(const char *text, const char *sentence)
{
    char expected[1024];

    snprintf(expected, sizeof expected,
             "{\"parameters\":{\"file\":\"%s\",\"units\":0,\"errors\":[\"%s: %s\"],"
             "\"warnings\":[]}}",
             config_path, config_path, sentence);
    assert_string_equal(text, expected);
}

static void good_and_bad(void **state)
{
    (void)state;
    configure(good);
    assert_non_null(
        strstr(heard_by(ask()), "reeve.ini\",\"units\":1,\"errors\":[],\"warnings\":[]}}"));
    configure("[service:x]\ncommand = true\n[service:x]\n");
    assert_non_null(strstr(heard_by(ask()), "\"units\":0,\"errors\":[\""));
    assert_int_equal(n_forks, 2);
}

static void who_asks_meanwhile_shares_the_next(void **state)
{
    int first, second, third, gone;

    (void)state;
    configure(good);
    first = ask();
    TURN_UNTIL(is_running());
    second = ask();
    third = ask();
    gone = ask();
    TURN_UNTIL(control->n_clients == 4);
    for (int i = 0; i < 5; i++)
        ev_run(loop.ev, EVRUN_NOWAIT);
    close(gone);
    TURN_UNTIL(control->n_clients == 3);
    configure("[service:x]\ncommand = true\n[service:y]\ncommand = true\n");
    (void)heard_by(first); /* one or the other: it began before */
    assert_non_null(strstr(heard_by(second), "\"units\":2"));
    assert_non_null(strstr(heard_by(third), "\"units\":2"));
    assert_int_equal(n_forks, 2);
}

static void without_a_child_there_is_a_sentence(void **state)
{
    (void)state;
    fork_error = EAGAIN;
    expect_sentence(heard_by(ask()), "cannot be checked: Resource temporarily unavailable");
    assert_false(is_running());
    fork_error = 0;
    configure(good);
    assert_non_null(strstr(heard_by(ask()), "\"units\":1"));
}

static void a_child_that_dies_or_is_late(void **state)
{
    pid_t late;
    int fd;

    (void)state;
    unlink(config_path);
    assert_int_equal(mkfifo(config_path, 0600), 0); /* it hangs */
    fd = ask();
    TURN_UNTIL(is_running());
    assert_int_equal(kill(control->check.errand.proc.pid, SIGKILL), 0);
    expect_sentence(heard_by(fd), "the child that reads it died of SIGKILL");
    fd = ask();
    TURN_UNTIL(is_running());
    assert_true(control->check.errand.deadline.deadline_ms > clock_now().mono_ms + 50000);
    late = control->check.errand.proc.pid;
    timer_set(&control->check.errand.deadline, clock_now().mono_ms);
    expect_sentence(heard_by(fd), "reading it took longer than 60 s; a name service may hang");
    TURN_UNTIL(reap() || kill(late, 0) < 0); /* it was killed */
    unlink(config_path);
    configure(good);
    assert_non_null(strstr(heard_by(ask()), "\"units\":1"));
}

static void oneway_checks_nothing(void **state)
{
    int fd = connect_client();

    (void)state;
    say(fd, ONEWAY("Check", ""));
    assert_non_null(strstr(answer_to(fd, CALL("Health", "")), "\"total\":2"));
    assert_int_equal(n_forks, 0);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(good_and_bad),
        TEST(who_asks_meanwhile_shares_the_next),
        TEST(without_a_child_there_is_a_sentence),
        TEST(a_child_that_dies_or_is_late),
        TEST(oneway_checks_nothing),
    };

    log_init("reeved", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, make_tmp_dir, remove_tmp_dir);
}
