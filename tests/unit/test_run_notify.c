/* Notifications on their way from the socket to the owner. The calls that may fail are compiled in
 * with their faults, whatever the build. */
#ifndef REEVE_FAULTS
#define REEVE_FAULTS 1
#endif
#include "os/faults.c"
#include "os/sys.c"

#include "os_support.h"

#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/log.h"
#include "os/clock.h"
#include "os/notify_client.h"
#include "os/sys.h"
#include "run/notify.h"

enum { UNIT = 7, TOLD_MAX = 4096, PER_TURN_MAX = 64 };

static struct loop loop;
static struct notify notify;
static struct notify_client client;
static char told[TOLD_MAX]; /* "STATUS;" one after the other, or "READY;" */
static unsigned n_told;
static pid_t told_pid;
static bool known = true;
static struct fault_slot *faults;
static int log_fd = -1;
static char log_text[65536];
static size_t log_len;

static uint32_t unit_of(void *owner, pid_t pid, int pidfd)
{
    assert_ptr_equal(owner, &loop);
    assert_true(pid > 0);
    assert_true(pidfd < 0 || fcntl(pidfd, F_GETFD) >= 0);
    return known ? UNIT : MEMBERSHIP_NONE;
}

static const char *unit_name(void *owner, uint32_t unit)
{
    assert_ptr_equal(owner, &loop);
    assert_int_equal(unit, UNIT);
    return "web";
}

static void hear(void *owner, uint32_t unit, const struct notify_message *m, pid_t pid)
{
    size_t len = strlen(told);

    assert_ptr_equal(owner, &loop);
    assert_int_equal(unit, UNIT);
    assert_true(m->has != 0);
    told_pid = pid;
    n_told++;
    if (len < sizeof told - 64)
        snprintf(told + len, sizeof told - len, "%.40s;",
                 notify_has(m, NOTIFY_STATUS) ? m->status : "READY");
}

static const struct notify_receiver receiver = {unit_of, unit_name, hear};

/* The log goes into a pipe of its own, for the test to read. */
static int catch_log(void)
{
    int own = fcntl(2, F_DUPFD_CLOEXEC, 100);
    int fds[2];

    if (own < 0 || pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0 || dup2(fds[1], 2) != 2)
        return -1;
    log_init("test", LOG_LEVEL_INFO);
    dup2(own, 2);
    close(own);
    close(fds[1]);
    log_fd = fds[0];
    return 0;
}

static void read_log(void)
{
    ssize_t n;

    while ((n = read(log_fd, log_text + log_len, sizeof log_text - 1 - log_len)) > 0)
        log_len += (size_t)n;
    log_text[log_len] = '\0';
}

static unsigned n_lines_with(const char *text)
{
    unsigned n = 0;

    read_log();
    for (const char *line = log_text, *end; (end = strchr(line, '\n')); line = end + 1) {
        const char *at = strstr(line, text);

        n += at && at <= end;
    }
    return n;
}

static int open_world(void **state)
{
    int r = make_tmp_dir(state);

    if (r == 0)
        r = loop_init(&loop);
    if (r == 0)
        r = notify_open(&notify, &loop, tmp_dir, &receiver, &loop);
    if (r == 0)
        r = notify_client_open(&client, notify_name(&notify));
    told[0] = '\0';
    n_told = 0;
    told_pid = 0;
    known = true;
    read_log();
    log_len = 0;
    return r;
}

static int close_world(void **state)
{
    notify_client_close(&client);
    notify_close(&notify);
    loop_finish(&loop);
    return remove_tmp_dir(state);
}

/* Until nothing is left to be read. */
static void drain(void)
{
    while (notify_turn(&notify)) {}
}

static void say(const char *text)
{
    int r;

    while ((r = notify_client_send(&client, text)) == -EAGAIN)
        drain(); /* the kernel's queue is short */
    assert_int_equal(r, 0);
}

static void say_with(const char *text, int fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = ""};
    struct iovec part = {(void *)(uintptr_t)text, strlen(text)};
    struct msghdr message = {.msg_name = &client.place.address,
                             .msg_namelen = client.place.len_bytes,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    assert_int_equal(sendmsg(client.fd, &message, 0), (ssize_t)part.iov_len);
}

static bool hung_up(int read_fd)
{
    struct pollfd p = {.fd = read_fd, .events = POLLIN};

    return poll(&p, 1, 0) == 1 && p.revents & POLLHUP;
}

static int n_open_fds(void)
{
    int n = 0;

    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void test_messages_arrive_in_order(void **state)
{
    int before = n_open_fds();

    (void)state;
    say("STATUS=one");
    say("READY=1");
    say("");
    say("X_OWN=unknown");
    say("STATUS=two\nMAINPID=5");
    drain();
    assert_string_equal(told, "one;READY;two;");
    assert_int_equal(told_pid, getpid());
    assert_int_equal(n_lines_with(""), 0);
    assert_int_equal(n_open_fds(), before);
}

static void stop_when_told(struct timer *t)
{
    (void)t;
    loop_stop(&loop);
}

/* By the loop, and again after the socket could not be read, which is told and does not spin. */
static void test_the_loop_reads_it(void **state)
{
    int64_t began_ms = clock_now().mono_ms;
    struct timer end;

    (void)state;
    timer_init(&end, &loop, stop_when_told, NULL);
    say("STATUS=one");
    timer_set(&end, clock_now().mono_ms + 50);
    loop_run(&loop);
    assert_string_equal(told, "one;");

    *faults = (struct fault_slot){.name = "recvmsg", .err = ENOBUFS, .remaining = 1};
    say("STATUS=two");
    while (n_told < 2) {
        timer_set(&end, clock_now().mono_ms + 50);
        loop_run(&loop);
        assert_true(clock_now().mono_ms < began_ms + 30000);
    }
    assert_int_equal(faults->hits, 1);
    assert_int_equal(n_lines_with("cannot read notifications: No buffer space"), 1);
    assert_true(clock_now().mono_ms >= began_ms + 1000);
    assert_string_equal(told, "one;two;");

    /* Ready to be read, and then it is not. */
    *faults = (struct fault_slot){.name = "recvmsg", .err = EAGAIN, .remaining = 1};
    say("STATUS=three");
    assert_false(notify_turn(&notify));
    assert_int_equal(n_told, 2);
    drain();
    assert_string_equal(told, "one;two;three;");
    assert_int_equal(n_lines_with(""), 1);
}

static void test_strangers_are_dropped(void **state)
{
    char text[128];

    (void)state;
    known = false;
    for (int i = 0; i < 500; i++)
        say("READY=1");
    drain();
    assert_int_equal(n_told, 0);
    snprintf(text, sizeof text, "process %d of user %u, is in no unit", (int)getpid(),
             (unsigned)geteuid());
    assert_int_equal(n_lines_with(text), 1);
    assert_int_equal(n_lines_with(""), 1);
    notify.strangers.next_ms = 0; /* later */
    say("READY=1");
    drain();
    assert_int_equal(n_lines_with("499 more"), 1);
    assert_int_equal(n_lines_with(""), 2);
    known = true;
    say("READY=1");
    drain();
    assert_int_equal(n_told, 1);
}

static void test_what_makes_no_sense_is_told(void **state)
{
    static const struct {
        const char *message;
        const char *line;
        unsigned told;
    } cases[] = {
        {"STATUS=a\nMAINPID=x", "web: MAINPID of its notification makes no sense", 1},
        {"MAINPID=0", "web: MAINPID of its notification makes no sense", 0},
        {"FDSTORE=1\nFDNAME=x", "web: descriptors are not kept", 1},
        {"FDSTORE=1\nSTATUS=a", "web: descriptors are not kept", 1},
        {"BARRIER=1\nSTATUS=a", "a BARRIER is to come alone", 0},
        {"BARRIER=1", "a BARRIER is to come alone", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned before = n_told, lines;

        notify.units.next_ms = 0;
        lines = n_lines_with(cases[i].line);
        say(cases[i].message);
        drain();
        assert_int_equal(n_told - before, cases[i].told);
        assert_int_equal(n_lines_with(cases[i].line), lines + 1);
    }
}

static void test_one_that_is_too_long(void **state)
{
    char *text = malloc(NOTIFY_BYTES_MAX + 2);

    (void)state;
    assert_non_null(text);
    memset(text, 'x', NOTIFY_BYTES_MAX + 1);
    memcpy(text, "READY=1\n", 8);
    text[NOTIFY_BYTES_MAX] = '\0';
    say(text);
    drain();
    assert_int_equal(n_told, 1);
    text[NOTIFY_BYTES_MAX] = 'x';
    text[NOTIFY_BYTES_MAX + 1] = '\0';
    say(text);
    drain();
    assert_int_equal(n_told, 1);
    assert_int_equal(n_lines_with("longer than 64 KiB"), 1);
    free(text);
}

/* Its end is seen only once all before was handed over. */
static void test_a_barrier(void **state)
{
    int before = n_open_fds();
    int fds[2];

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    say("STATUS=one");
    say_with("BARRIER=1", fds[1]);
    say("STATUS=two");
    sys_close(&fds[1]);
    assert_false(hung_up(fds[0]));
    assert_int_equal(n_told, 0);
    drain();
    assert_true(hung_up(fds[0]));
    assert_string_equal(told, "one;two;");
    assert_int_equal(n_lines_with(""), 0);
    close(fds[0]);

    /* Of a stranger, too: it waits all the same. */
    known = false;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    say_with("BARRIER=1", fds[1]);
    sys_close(&fds[1]);
    drain();
    assert_true(hung_up(fds[0]));
    assert_int_equal(n_lines_with(""), 0);
    close(fds[0]);
    assert_int_equal(n_open_fds(), before);
}

static void test_descriptors_are_closed(void **state)
{
    int before = n_open_fds();
    int fds[2];

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    say_with("STATUS=a", fds[1]);
    sys_close(&fds[1]);
    drain();
    assert_true(hung_up(fds[0]));
    assert_string_equal(told, "a;");
    assert_int_equal(n_lines_with("descriptors are not kept"), 1);
    close(fds[0]);
    assert_int_equal(n_open_fds(), before);
}

struct flood {
    struct task other; /* what else the loop has to do */
    unsigned n_turns, before, most;
};

static bool count_turn(struct task *t)
{
    struct flood *f = t->owner;

    if (f->n_turns++ && n_told - f->before > f->most)
        f->most = n_told - f->before;
    f->before = n_told;
    if (n_told >= 3000)
        loop_stop(&loop);
    return true;
}

/* However fast they come: a turn takes a portion. */
static void test_a_flood(void **state)
{
    enum { FLOODERS = 3 };
    struct flood f = {.n_turns = 0};
    pid_t pids[FLOODERS];

    (void)state;
    for (int i = 0; i < FLOODERS; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* should the test fail */
            (void)fcntl(client.fd, F_SETFL, 0);
            for (;;)
                (void)sendto(client.fd, "WATCHDOG=1", 10, 0,
                             (const struct sockaddr *)&client.place.address,
                             client.place.len_bytes);
        }
    }
    task_init(&f.other, &loop, count_turn, &f);
    task_start(&f.other);
    loop_run(&loop);
    task_stop(&f.other);
    for (int i = 0; i < FLOODERS; i++) {
        kill(pids[i], SIGKILL);
        assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
    }
    assert_true(f.n_turns > 3000 / PER_TURN_MAX);
    assert_in_range(f.most, 1, PER_TURN_MAX);
}

static void test_places(void **state)
{
    static struct notify other, closed;
    char path[256], deep[256];

    (void)state;
    assert_string_equal(notify_name(&notify), in_tmp(path, "notify"));
    assert_int_equal(notify_open(&other, &loop, NULL, &receiver, &loop), 0);
    assert_int_equal(notify_name(&other)[0], '@');
    notify_close(&other);
    memset(deep, 'x', sizeof deep - 1);
    deep[0] = '/';
    deep[150] = '\0';
    assert_int_equal(notify_open(&other, &loop, deep, &receiver, &loop), 0);
    assert_int_equal(notify_name(&other)[0], '@');
    notify_close(&other);
    notify_close(&other);
    assert_int_equal(notify_open(&other, &loop, "/no/such/directory", &receiver, &loop), -ENOENT);
    notify_close(&closed);
    assert_false(notify_turn(&other));
    notify_close(&notify);
    assert_int_equal(access(path, F_OK), -1);
}

#define NOTIFY_TEST(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NOTIFY_TEST(test_messages_arrive_in_order),
        NOTIFY_TEST(test_the_loop_reads_it),
        NOTIFY_TEST(test_strangers_are_dropped),
        NOTIFY_TEST(test_what_makes_no_sense_is_told),
        NOTIFY_TEST(test_one_that_is_too_long),
        NOTIFY_TEST(test_a_barrier),
        NOTIFY_TEST(test_descriptors_are_closed),
        NOTIFY_TEST(test_a_flood),
        NOTIFY_TEST(test_places),
    };

    faults = mmap(NULL, FAULT_SLOTS * sizeof *faults, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (faults == MAP_FAILED || catch_log() < 0)
        return 1;
    table = faults;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
