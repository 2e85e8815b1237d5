#include "os/signals.h"
#include "os_support.h"

static void take_over(void)
{
    static const int handled[] = {SIGTERM, SIGINT,  SIGQUIT, SIGHUP,  SIGUSR1,   SIGUSR2, SIGPWR,
                                  SIGALRM, SIGPROF, SIGIO,   SIGTSTP, SIGVTALRM, SIGWINCH};
    sigset_t segv, now;
    pid_t child;
    int fd;

    /* As a careless parent may leave them. */
    for (int sig = 1; sig <= 64; sig++)
        signal(sig, SIG_IGN);
    sigemptyset(&segv);
    sigaddset(&segv, SIGSEGV);
    sigprocmask(SIG_BLOCK, &segv, NULL);

    fd = signals_init();
    CHECK(fd >= 0);
    CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
    CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    CHECK(signals_next(fd) == 0);
    CHECK(sigprocmask(SIG_SETMASK, NULL, &now) == 0);
    CHECK(sigismember(&now, SIGSEGV) == 0 && sigismember(&now, SIGPIPE) == 1);
    for (int sig = 1; sig <= 64; sig++) {
        struct sigaction action;

        CHECK(sigaction(sig, NULL, &action) < 0 || action.sa_handler == SIG_DFL);
    }
    for (size_t i = 0; i < sizeof handled / sizeof handled[0]; i++) {
        CHECK(kill(getpid(), handled[i]) == 0);
        CHECK(signals_next(fd) == handled[i]);
    }
    for (int sig = SIGRTMIN; sig <= SIGRTMAX; sig++) {
        CHECK(kill(getpid(), sig) == 0);
        CHECK(signals_next(fd) == sig);
    }
    CHECK(kill(getpid(), SIGPIPE) == 0);
    CHECK(signals_next(fd) == 0);

    /* SIGCHLD was ignored: its exit would have been lost. */
    child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(11);
    CHECK(waitid(P_PID, (id_t)child, &(siginfo_t){0}, WEXITED | WNOWAIT) == 0);
    CHECK(signals_next(fd) == SIGCHLD);
    CHECK(signals_next(fd) == 0);
    {
        struct reaped reaped;

        CHECK(reap_pid(child, &reaped) == 1 && reaped.status.exit_code == 11);
    }
}

static void test_take_over(void **state)
{
    (void)state;
    run_apart(take_over);
}

static void test_parse(void **state)
{
    static const char *const bad[] = {"",    "0",      "65",       "-1",         "TERMX",
                                      "SIG", "RTMIN+", "RTMIN-1",  "RTMAX+1",    "RTMIN+31",
                                      "9x",  " TERM",  "RTMAX-31", "4294967305", "SIGSIGTERM"};

    (void)state;
    assert_int_equal(signal_parse("TERM"), SIGTERM);
    assert_int_equal(signal_parse("SIGTERM"), SIGTERM);
    assert_int_equal(signal_parse("sigterm"), SIGTERM);
    assert_int_equal(signal_parse("term"), SIGTERM);
    assert_int_equal(signal_parse("15"), SIGTERM);
    assert_int_equal(signal_parse("64"), 64);
    assert_int_equal(signal_parse("IOT"), SIGABRT);
    assert_int_equal(signal_parse("POLL"), SIGIO);
    assert_int_equal(signal_parse("CLD"), SIGCHLD);
    assert_int_equal(signal_parse("RTMIN"), SIGRTMIN);
    assert_int_equal(signal_parse("RTMIN+1"), SIGRTMIN + 1);
    assert_int_equal(signal_parse("SIGRTMAX-2"), SIGRTMAX - 2);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(signal_parse(bad[i]), -EINVAL);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(signal_name(SIGTERM), "TERM");
    assert_string_equal(signal_name(SIGRTMIN), "RTMIN+0");
    assert_string_equal(signal_name(SIGRTMIN + 3), "RTMIN+3");
    assert_string_equal(signal_name(0), "unknown");
    assert_string_equal(signal_name(65), "unknown");
    assert_string_equal(signal_name(-1), "unknown");
    for (int sig = 1; sig <= 64; sig++)
        assert_int_equal(signal_parse(signal_name(sig)), sig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take_over),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
