/* What a pidfd tells of a process that has ended. */
#include "os_support.h"

#include "os/pidfd.h"
#include "os/reap.h"
#include "os/sys.h"

/* A child that waits for the word; *ret_pidfd is its. */
static pid_t waiting_child(int code, int signal, int *ret_pidfd, int *ret_hold)
{
    int fds[2];
    char c;
    pid_t pid;

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fds[1]);
        (void)!read(fds[0], &c, 1);
        if (signal)
            kill(getpid(), signal);
        _exit(code);
    }
    close(fds[0]);
    *ret_hold = fds[1];
    *ret_pidfd = sys_pidfd_open(pid);
    assert_true(*ret_pidfd >= 0);
    return pid;
}

static void ends(int code, int signal, int want_code, int want_signal)
{
    struct exit_status status = {.exit_code = 77};
    int pidfd, hold;
    pid_t pid = waiting_child(code, signal, &pidfd, &hold);

    assert_true(reap_is_ours(pid));
    assert_true(pidfd_alive(pidfd));
    assert_false(pidfd_ended(pidfd));
    assert_int_equal(pidfd_exit_status(pidfd, &status), -EAGAIN);
    close(hold);
    assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
    assert_true(reap_is_ours(pid));
    assert_true(pidfd_alive(pidfd)); /* a zombie */
    assert_true(pidfd_ended(pidfd));
    assert_int_equal(pidfd_exit_status(pidfd, &status), -EAGAIN);
    assert_int_equal(status.exit_code, 77);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_false(reap_is_ours(pid));
    assert_false(pidfd_alive(pidfd));
    assert_true(pidfd_ended(pidfd));
    if (pidfd_exit_status(pidfd, &status) == 0) { /* Linux 6.15 */
        assert_int_equal(status.exit_code, want_code);
        assert_int_equal(status.signal, want_signal);
        assert_int_equal(status.oom_kill, -1);
        assert_false(status.lost);
    } else {
        assert_int_not_equal(pidfd_exit_status(pidfd, &status), -EAGAIN);
    }
    close(pidfd);
}

static void test_ends(void **state)
{
    (void)state;
    ends(0, 0, 0, 0);
    ends(255, 0, 255, 0);
    ends(0, SIGKILL, -1, SIGKILL);
    ends(0, SIGUSR1, -1, SIGUSR1);
}

static void test_not_a_pidfd(void **state)
{
    struct exit_status status;
    int fds[2];

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_true(pidfd_exit_status(fds[0], &status) < 0);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_not_a_pidfd),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
