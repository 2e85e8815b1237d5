#include "os_support.h"

static void test_every_exit_code(void **state)
{
    (void)state;
    for (int code = 0; code < 256; code++) {
        char script[32];
        struct life life;

        snprintf(script, sizeof script, "exit %d", code);
        life = live_shell(script);
        assert_int_equal(life.result, 0);
        assert_int_equal(life.news, EXEC_DONE);
        assert_int_equal(life.status.exit_code, code);
        assert_int_equal(life.status.signal, 0);
        assert_false(life.status.core_dumped);
        assert_int_equal(life.status.oom_kill, -1);
    }
}

/* Ends a process by default: everything but these. */
static bool is_fatal(int sig)
{
    static const int others[] = {SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP,
                                 SIGTTIN, SIGTTOU, SIGURG,  SIGWINCH};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i] == sig)
            return false;
    return true;
}

static void test_every_fatal_signal(void **state)
{
    (void)state;
    for (int sig = 1; sig <= 64; sig++) {
        char script[64];
        struct life life;

        if (!is_fatal(sig))
            continue;
        snprintf(script, sizeof script, "ulimit -c 0; kill -%d $$; exit 9", sig);
        life = live_shell(script);
        assert_int_equal(life.status.signal, sig);
        assert_int_equal(life.status.exit_code, -1);
        assert_false(life.status.core_dumped);
    }
}

static void test_core_dumped(void **state)
{
    char pattern[256] = "", path[256], script[320];
    FILE *f = fopen("/proc/sys/kernel/core_pattern", "re");
    struct life life;

    (void)state;
    if (f) {
        if (!fgets(pattern, sizeof pattern, f))
            pattern[0] = '\0';
        fclose(f);
    }
    snprintf(script, sizeof script, "cd %s; ulimit -c unlimited && kill -QUIT $$", tmp_dir);
    life = live_shell(script);
    assert_int_equal(life.status.signal, SIGQUIT);
    if (strcmp(pattern, "core\n") == 0)
        assert_int_equal(life.status.core_dumped, access(in_tmp(path, "core"), F_OK) == 0);
}

static void test_usage(void **state)
{
    struct life life = live_shell("i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done");

    (void)state;
    assert_true(life.status.cpu_user_ms + life.status.cpu_system_ms > 0);
    assert_true(life.status.max_rss_bytes > 100 * 1024);
}

/* Code for a process without other children. */
static void peek_and_reap(void)
{
    struct reaped reaped;
    int fds[2];
    pid_t a;

    CHECK(reap_peek() == -ECHILD);
    CHECK(pipe2(fds, O_CLOEXEC) == 0);
    a = fork();
    CHECK(a >= 0);
    if (a == 0) {
        close(fds[1]);
        _exit(read(fds[0], &(char){0}, 1) == 0 ? 11 : 12);
    }
    CHECK(reap_peek() == 0);
    CHECK(reap_pid(a, &reaped) == 0);
    CHECK(!reap_is_dead(a));

    /* Stopped and continued are no ends. */
    CHECK(kill(a, SIGSTOP) == 0);
    CHECK(waitid(P_PID, (id_t)a, &(siginfo_t){0}, WSTOPPED | WNOWAIT) == 0);
    CHECK(reap_peek() == 0 && reap_pid(a, &reaped) == 0 && !reap_is_dead(a));
    CHECK(kill(a, SIGCONT) == 0);
    CHECK(waitid(P_PID, (id_t)a, &(siginfo_t){0}, WCONTINUED | WNOWAIT) == 0);
    CHECK(reap_peek() == 0 && reap_pid(a, &reaped) == 0 && !reap_is_dead(a));

    close(fds[1]);
    CHECK(waitid(P_PID, (id_t)a, &(siginfo_t){0}, WEXITED | WNOWAIT) == 0);
    CHECK(kill(a, 0) == 0); /* a zombie looks alive to kill, not to us */
    CHECK(reap_is_dead(a));
    CHECK(reap_peek() == a);
    CHECK(reap_peek() == a);
    CHECK(reap_pid(a, &reaped) == 1);
    CHECK(reaped.pid == a && reaped.status.exit_code == 11);
    CHECK(reap_peek() == -ECHILD);
    CHECK(reap_pid(a, &reaped) == -ECHILD);
    CHECK(!reap_is_dead(a));
}

static void test_peek(void **state)
{
    (void)state;
    run_apart(peek_and_reap);
}

/* A thousand at once: SIGCHLD coalesces, reaping does not. */
static void many_at_once(void)
{
    int fds[2], n = 0;
    pid_t pid;

    CHECK(pipe2(fds, O_CLOEXEC) == 0);
    for (int i = 0; i < 500; i++) {
        pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            close(fds[1]);
            _exit(read(fds[0], &(char){0}, 1) == 0 ? i % 256 : 99);
        }
    }
    close(fds[1]);
    while (waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOWAIT) == 0) {
        while ((pid = reap_peek()) > 0) {
            struct reaped reaped;

            CHECK(reap_pid(pid, &reaped) == 1 && reaped.status.signal == 0);
            n++;
        }
    }
    CHECK(n == 500);
}

static void test_many(void **state)
{
    (void)state;
    run_apart(many_at_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_exit_code),
        cmocka_unit_test(test_every_fatal_signal),
        cmocka_unit_test(test_core_dumped),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_peek),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, make_tmp_dir, remove_tmp_dir);
}
