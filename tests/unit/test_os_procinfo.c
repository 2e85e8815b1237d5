/* What /proc tells of one process, and of who listens. */
#include "apart.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "os/listening.h"
#include "os/procinfo.h"
#include "os/proctree.h"

static bool has(uint64_t set, int sig)
{
    return set >> (sig - 1) & 1;
}

static void on_signal(int sig)
{
    (void)sig;
}

static void signals(void **state)
{
    struct proc_signals s;
    sigset_t set;

    (void)state;
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, on_signal);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGRTMAX);
    sigprocmask(SIG_BLOCK, &set, NULL);
    kill(getpid(), SIGTERM);
    assert_int_equal(proc_signals_read(getpid(), &s), 0);
    assert_true(has(s.ignored, SIGUSR1) && !has(s.ignored, SIGUSR2));
    assert_true(has(s.caught, SIGUSR2) && !has(s.caught, SIGUSR1));
    assert_true(has(s.blocked, SIGTERM) && has(s.blocked, SIGRTMAX) && !has(s.blocked, SIGUSR1));
    assert_true(has(s.pending, SIGTERM) && !has(s.pending, SIGUSR1));
    signal(SIGTERM, SIG_IGN); /* which takes it away */
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    signal(SIGTERM, SIG_DFL);
}

/* A child that executes the program, with these descriptor 0 and environment; once it does. */
static pid_t executing(const char *path, char *const *envp, int input)
{
    int fds[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        static char name[] = "sleep", time[] = "1000";
        char *const argv[] = {name, time, NULL};

        if (input >= 0)
            dup2(input, 0);
        execve(path, argv, envp);
        _exit(1);
    }
    close(fds[1]);
    assert_int_equal(read(fds[0], &byte, 1), 0);
    close(fds[0]);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void its_file(void **state)
{
    static char *none[] = {NULL};
    pid_t pid = executing("/bin/sleep", none, -1);
    char name[32];

    (void)state;
    proc_file_read(pid, name, sizeof name);
    assert_true(strcmp(name, "sleep") == 0 || strcmp(name, "busybox") == 0 ||
                strcmp(name, "coreutils") == 0);
    proc_file_read(pid, name, 3);
    assert_string_equal(name, "");
    end(pid);
    proc_file_read(pid, name, sizeof name);
    assert_string_equal(name, "");
}

static void its_input(void **state)
{
    static char *none[] = {NULL};
    int fds[2];
    pid_t pid;

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid = executing("/bin/sleep", none, fds[0]);
    assert_true(proc_reads_pipe(pid));
    end(pid);
    assert_false(proc_reads_pipe(pid));
    close(fds[0]);
    close(fds[1]);
    fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pid = executing("/bin/sleep", none, fds[0]);
    assert_false(proc_reads_pipe(pid));
    end(pid);
    close(fds[0]);
}

static void about_to_end(void **state)
{
    static char *none[] = {NULL};
    pid_t pid = executing("/bin/sleep", none, -1);
    siginfo_t info;

    (void)state;
    assert_false(proc_is_ending(pid));
    kill(pid, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_true(proc_is_ending(pid));
    end(pid);
    assert_true(proc_is_ending(pid));
}

static void its_environment(void **state)
{
    static char a[] = "A=1", empty[] = "EMPTY=", xa[] = "XREEVE_UNIT=no", ab[] = "REEVE_UNITS=no",
                unit[] = "REEVE_UNIT=web@2", again[] = "REEVE_UNIT=other";
    static char *envp[] = {a, empty, xa, ab, unit, again, NULL};
    pid_t pid = executing("/bin/sleep", envp, -1);
    char value[16];

    (void)state;
    assert_int_equal(proc_environ_get(pid, "REEVE_UNIT", value, sizeof value), 0);
    assert_string_equal(value, "web@2");
    assert_int_equal(proc_environ_get(pid, "A", value, sizeof value), 0);
    assert_string_equal(value, "1");
    assert_int_equal(proc_environ_get(pid, "EMPTY", value, sizeof value), 0);
    assert_string_equal(value, "");
    assert_int_equal(proc_environ_get(pid, "REEVE", value, sizeof value), -ENOENT);
    assert_int_equal(proc_environ_get(pid, "REEVE_UNIT", value, 5), -ENAMETOOLONG);
    assert_int_equal(proc_environ_get(pid, "REEVE_UNIT", value, 6), 0);
    end(pid);
    assert_true(proc_environ_get(pid, "A", value, sizeof value) < 0);
}

static void its_time(void **state)
{
    static char *none[] = {NULL};
    uint64_t before = proc_ticks_now();
    pid_t pid = executing("/bin/sleep", none, -1);
    uint64_t after = proc_ticks_now();
    struct proc_stat p;

    (void)state;
    assert_int_equal(proc_stat_read(pid, &p), 0);
    assert_true(before <= p.start_ticks && p.start_ticks <= after);
    end(pid);
    assert_int_equal(proc_ticks_ms(proc_ms_ticks(5000)), 5000);
}

/* ---- who listens ---- */

static void lines(void **state)
{
    struct listening l;

    (void)state;
    assert_true(listening_parse("   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 "
                                "00:00000000 00000000  1000        0 12345 1 0000000000000000 100",
                                false, &l));
    assert_int_equal(l.address.port, 8080);
    assert_int_equal(l.inode, 12345);
    assert_false(l.address.ipv6);
    assert_memory_equal(l.address.bytes, "\x7f\0\0\x01", 4);
    assert_true(listening_parse(
        "  12: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A "
        "00000000:00000000 00:00000000 00000000     0        0 7 1 0000000000000000 100 0 0 10 0",
        true, &l));
    assert_int_equal(l.address.port, 80);
    assert_int_equal(l.address.bytes[15], 1);
    assert_true(l.address.ipv6);
    /* a connection, the heading, something else */
    assert_false(listening_parse("   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 "
                                 "00:00000000 00000000  1000        0 12346 1",
                                 false, &l));
    assert_false(
        listening_parse("  sl  local_address rem_address   st tx_queue rx_queue", false, &l));
    assert_false(listening_parse("", false, &l));
    assert_false(listening_parse("   0: 0100007F:1F90", true, &l));
}

struct looking {
    uint16_t port;
    struct listening found;
    bool has_socket;
};

static void take(const struct listening *l, void *arg)
{
    struct looking *k = arg;

    if (l->address.port == k->port)
        k->found = *l;
}

static void take_socket(uint64_t inode, void *arg)
{
    struct looking *k = arg;

    k->has_socket = k->has_socket || inode == k->found.inode;
}

static void a_real_one(void **state)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof to;
    struct looking k = {0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&to, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&to, &len), 0);
    k.port = ntohs(to.sin_port);
    assert_int_equal(listening_each(take, &k), 0);
    assert_int_equal(k.found.inode, 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(listening_each(take, &k), 0);
    assert_true(k.found.inode != 0);
    assert_memory_equal(k.found.address.bytes, &to.sin_addr, 4);
    assert_int_equal(listening_each_socket_of(getpid(), take_socket, &k), 0);
    assert_true(k.has_socket);
    k.has_socket = false;
    close(fd);
    assert_int_equal(listening_each_socket_of(getpid(), take_socket, &k), 0);
    assert_false(k.has_socket);
    assert_int_equal(listening_each_socket_of(0x3fffffff, take_socket, &k), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals),      cmocka_unit_test(its_file),
        cmocka_unit_test(its_input),    cmocka_unit_test(its_environment),
        cmocka_unit_test(about_to_end), cmocka_unit_test(its_time),
        cmocka_unit_test(lines),        cmocka_unit_test(a_real_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
