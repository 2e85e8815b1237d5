/* Looks at a unit: real commands, and real sockets that accept, refuse or say nothing. */
#include "run_support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "run/probe.h"

enum { LONG_MS = 60000, SHORT_MS = 150 };

static struct prober prober;
static struct probe_result result;
static int64_t took_ms;
static unsigned n_done;

static void on_done(struct prober *p, struct probe_result r, int64_t ms)
{
    assert_ptr_equal(p, &prober);
    assert_false(probe_busy(p)); /* another look may begin from here */
    result = r;
    took_ms = ms;
    n_done++;
}

static bool is_done(void)
{
    return n_done > 0;
}

static bool never(void)
{
    return false;
}

static void make_prober(void)
{
    prober_init(&prober, &place, on_done, NULL);
}

static void begin(const struct probe_spec *probe, int64_t timeout_ms)
{
    n_done = 0;
    probe_begin(&prober, probe, timeout_ms);
    assert_int_equal(n_done, 0); /* never from there */
    assert_true(probe_busy(&prober));
}

static void look(const struct probe_spec *probe, int64_t timeout_ms)
{
    begin(probe, timeout_ms);
    WAIT_FOR(is_done);
    assert_int_equal(n_done, 1);
    assert_int_equal(prober.n_open, 0);
}

static void assert_result(enum probe_how how, int code)
{
    assert_int_equal(result.how, how);
    assert_int_equal(result.code, code);
}

static struct probe_spec exec_probe(char **argv)
{
    return (struct probe_spec){.kind = PROBE_EXEC, .argv = argv};
}

/* ---- commands ---- */

static void test_exec(void **state)
{
    char *nothing[] = {(char *)(uintptr_t) "/no/such/program", NULL};
    char *none[] = {NULL};
    struct probe_spec good = exec_probe(SHELL("sleep 0.1"));
    struct probe_spec bad = exec_probe(SHELL("exit 3"));
    struct probe_spec killed = exec_probe(SHELL("kill -SEGV $$"));
    struct probe_spec absent = exec_probe(nothing);
    struct probe_spec empty = exec_probe(none);
    struct probe_spec slow = exec_probe(SHELL("sleep 1000"));

    (void)state;
    make_prober();
    look(&good, LONG_MS);
    assert_result(PROBE_GOOD, 0);
    assert_in_range(took_ms, 100, LIMIT_MS);
    look(&bad, LONG_MS);
    assert_result(PROBE_EXITED, 3);
    look(&killed, LONG_MS);
    assert_result(PROBE_SIGNALLED, SIGSEGV);
    look(&absent, LONG_MS);
    assert_result(PROBE_ERROR, ENOENT);
    look(&empty, LONG_MS);
    assert_result(PROBE_ERROR, EINVAL);
    look(&slow, SHORT_MS);
    assert_result(PROBE_LATE, 0);
    assert_in_range(took_ms, SHORT_MS, LIMIT_MS);
    look(&good, LONG_MS);
    assert_result(PROBE_GOOD, 0);
    prober_finish(&prober);
}

static bool has_begun(void)
{
    return number_in("main") != 0;
}

static void test_exec_abandoned(void **state)
{
    struct probe_spec slow = exec_probe(SHELL("echo $$ >main; exec sleep 1000"));
    struct probe_spec after =
        exec_probe(SHELL("grep -q '^State:.[^Z]' /proc/$(cat main)/status && exit 9; exit 0"));

    (void)state;
    make_prober();
    probe_abandon(&prober); /* nothing is under way */
    begin(&slow, LONG_MS);
    WAIT_FOR(has_begun);
    probe_abandon(&prober);
    assert_false(probe_busy(&prober));
    look(&after, LONG_MS);
    assert_result(PROBE_GOOD, 0);
    /* When its result is there and was not told yet. */
    begin(&(struct probe_spec){.kind = PROBE_NONE}, LONG_MS);
    probe_abandon(&prober);
    assert_false(comes_true(never, 50));
    assert_int_equal(n_done, 0);
    forget("main");
    prober_finish(&prober);
}

/* ---- TCP ---- */

/* A socket bound to a port of the loopback address: `port`, or 0 for a free one. -1: refused. */
static int bound(bool ipv6, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 to6 = {
        .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = htons(port)};
    int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1, r;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    r = ipv6 ? bind(fd, (struct sockaddr *)&to6, sizeof to6)
             : bind(fd, (struct sockaddr *)&to, sizeof to);
    if (r < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    uint16_t port;

    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    /* The port is at the same place in both families. */
    memcpy(&port, (const char *)&address + offsetof(struct sockaddr_in, sin_port), sizeof port);
    return ntohs(port);
}

static struct probe_spec tcp_probe(uint16_t port, bool both)
{
    struct probe_spec probe = {.kind = PROBE_TCP, .n_addresses = both ? 2 : 1};
    const struct in6_addr loopback6 = IN6ADDR_LOOPBACK_INIT;
    const uint8_t loopback[] = {127, 0, 0, 1};

    probe.addresses[0].port = probe.addresses[1].port = port;
    memcpy(probe.addresses[0].bytes, loopback, sizeof loopback);
    memcpy(probe.addresses[1].bytes, &loopback6, sizeof loopback6);
    probe.addresses[1].ipv6 = true;
    return probe;
}

static void test_tcp(void **state)
{
    int fd = bound(false, 0);
    struct probe_spec probe = tcp_probe(port_of(fd), false);

    (void)state;
    make_prober();
    look(&probe, LONG_MS);
    assert_result(PROBE_ERROR, ECONNREFUSED);
    assert_int_equal(listen(fd, 8), 0);
    for (int i = 0; i < 3; i++) {
        look(&probe, LONG_MS);
        assert_result(PROBE_GOOD, 0);
        close(accept(fd, NULL, NULL));
    }
    close(fd);
    look(&probe, LONG_MS);
    assert_result(PROBE_ERROR, ECONNREFUSED);
    prober_finish(&prober);
}

/* Neither the connection nor the time was looked at before both had come. */
static void test_tcp_in_time_though_nobody_looked(void **state)
{
    const struct timespec longer = {.tv_nsec = 2 * SHORT_MS * 1000000};
    int fd = bound(false, 0);
    struct probe_spec probe = tcp_probe(port_of(fd), false);

    (void)state;
    make_prober();
    assert_int_equal(listen(fd, 8), 0);
    begin(&probe, SHORT_MS);
    nanosleep(&longer, NULL);
    WAIT_FOR(is_done);
    assert_result(PROBE_GOOD, 0);
    close(fd);
    prober_finish(&prober);
}

/* localhost is two addresses, and any of them will do. */
static void check_localhost(bool ipv6)
{
    int fd = bound(ipv6, 0);
    struct probe_spec probe;

    if (fd < 0)
        skip(); /* no IPv6 here */
    probe = tcp_probe(port_of(fd), true);
    make_prober();
    look(&probe, LONG_MS);
    assert_result(PROBE_ERROR, ECONNREFUSED);
    assert_int_equal(listen(fd, 8), 0);
    look(&probe, LONG_MS);
    assert_result(PROBE_GOOD, 0);
    close(fd);
    prober_finish(&prober);
}

static void test_localhost(void **state)
{
    (void)state;
    check_localhost(false);
    check_localhost(true);
}

/* An address that this machine does not have says nothing about the unit. */
static void test_an_address_that_is_not_here(void **state)
{
    int fd = bound(false, 0);
    struct probe_spec probe = tcp_probe(port_of(fd), true);

    (void)state;
    make_prober();
    memset(probe.addresses[1].bytes, 0xff, 16); /* a group: nobody can connect to it */
    look(&probe, LONG_MS);
    assert_result(PROBE_ERROR, ECONNREFUSED);
    assert_int_equal(listen(fd, 8), 0);
    look(&probe, LONG_MS);
    assert_result(PROBE_GOOD, 0);
    /* Alone it is the only thing to be said. */
    probe.addresses[0] = probe.addresses[1];
    look(&probe, LONG_MS);
    assert_int_equal(result.how, PROBE_ERROR);
    assert_true(result.code == ENETUNREACH || result.code == EADDRNOTAVAIL ||
                result.code == EAFNOSUPPORT);
    /* Whichever fails first: a link-local address without its link is refused on the spot. */
    memset(probe.addresses[0].bytes, 0, 16);
    probe.addresses[0].bytes[0] = 0xfe;
    probe.addresses[0].bytes[1] = 0x80;
    probe.addresses[0].bytes[15] = 1;
    look(&probe, LONG_MS);
    assert_result(PROBE_ERROR, result.code == EAFNOSUPPORT ? EAFNOSUPPORT : EINVAL);
    close(fd);
    prober_finish(&prober);
}

/* A listener whose queue is full lets callers wait, as a filter does. */
static int silent_listener(int *fds, int n_fds)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = bound(false, 0);

    assert_int_equal(listen(fd, 0), 0);
    to.sin_port = htons(port_of(fd));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < n_fds; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fds[i], (struct sockaddr *)&to, sizeof to);
    }
    return fd;
}

static unsigned open_descriptors(void)
{
    unsigned n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static bool one_is_open(void)
{
    return prober.n_open == 1;
}

static void test_tcp_without_an_answer(void **state)
{
    int fds[4];
    int fd = silent_listener(fds, 4);
    struct probe_spec probe = tcp_probe(port_of(fd), true);
    unsigned before = open_descriptors();

    (void)state;
    make_prober();
    look(&probe, SHORT_MS);
    assert_result(PROBE_LATE, 0);
    assert_in_range(took_ms, SHORT_MS, LIMIT_MS);

    begin(&probe, LONG_MS);
    WAIT_FOR(one_is_open); /* ::1 refused, or is not there */
    probe_abandon(&prober);
    assert_int_equal(prober.n_open, 0);
    assert_false(comes_true(is_done, SHORT_MS));
    assert_int_equal(open_descriptors(), before);

    /* When it answers after all. The kernel asks again after a second. */
    begin(&probe, LONG_MS);
    assert_false(comes_true(is_done, 20));
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    for (int peer; !comes_true(is_done, 50);)
        while ((peer = accept(fd, NULL, NULL)) >= 0)
            close(peer);
    assert_result(PROBE_GOOD, 0);
    close(fd);
    prober_finish(&prober);
    assert_int_equal(open_descriptors(), before - 5);
}

/* ---- Unix sockets ---- */

static int listen_at(struct sockaddr_un *address, socklen_t len, int backlog)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address->sun_family = AF_UNIX;
    assert_int_equal(bind(fd, (struct sockaddr *)address, len), 0);
    assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static void test_unix(void **state)
{
    struct sockaddr_un address = {.sun_path = ""};
    char path[256];
    struct probe_spec probe = {.kind = PROBE_UNIX, .path = path};
    int fd;

    (void)state;
    make_prober();
    in_tmp(path, "s");
    look(&probe, LONG_MS);
    assert_result(PROBE_ERROR, ENOENT);
    memcpy(address.sun_path, path, strlen(path));
    fd = listen_at(&address, sizeof address, 8);
    look(&probe, LONG_MS);
    assert_result(PROBE_GOOD, 0);
    close(fd);
    look(&probe, LONG_MS);
    assert_result(PROBE_ERROR, ECONNREFUSED);
    forget("s");
    prober_finish(&prober);
}

static void test_abstract(void **state)
{
    struct sockaddr_un address = {.sun_path = ""};
    char path[64];
    struct probe_spec probe = {.kind = PROBE_UNIX, .path = path};
    int fd;

    (void)state;
    make_prober();
    snprintf(path, sizeof path, "@reeve-probe-%d", (int)getpid());
    look(&probe, LONG_MS);
    assert_result(PROBE_ERROR, ECONNREFUSED);
    memcpy(address.sun_path + 1, path + 1, strlen(path + 1));
    fd = listen_at(&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)), 8);
    look(&probe, LONG_MS);
    assert_result(PROBE_GOOD, 0);
    close(fd);
    prober_finish(&prober);
}

/* Busy is not refused: it is tried again until the deadline. */
static void test_a_full_queue(void **state)
{
    struct sockaddr_un address = {.sun_path = ""};
    char path[256];
    struct probe_spec probe = {.kind = PROBE_UNIX, .path = path};
    int fd;

    (void)state;
    make_prober();
    in_tmp(path, "full");
    memcpy(address.sun_path, path, strlen(path));
    fd = listen_at(&address, sizeof address, 0);
    do {
        look(&probe, SHORT_MS);
    } while (result.how == PROBE_GOOD);
    assert_result(PROBE_LATE, 0);
    assert_in_range(took_ms, SHORT_MS, LIMIT_MS);

    begin(&probe, LONG_MS);
    assert_false(comes_true(is_done, 50));
    close(accept(fd, NULL, NULL));
    WAIT_FOR(is_done);
    assert_result(PROBE_GOOD, 0);

    begin(&probe, SHORT_MS);
    probe_abandon(&prober);
    assert_false(comes_true(is_done, SHORT_MS * 2));
    close(fd);
    forget("full");
    prober_finish(&prober);
}

/* ---- what is lacking ---- */

static void test_no_descriptor(void **state)
{
    int fd = bound(false, 0);
    struct probe_spec tcp = tcp_probe(port_of(fd), true);
    struct probe_spec path = {.kind = PROBE_UNIX, .path = "/x"};
    struct probe_spec exec = exec_probe(SHELL("exit 0"));
    struct rlimit before, none;

    (void)state;
    make_prober();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    look(&tcp, LONG_MS);
    assert_result(PROBE_ERROR, EMFILE);
    look(&path, LONG_MS);
    assert_result(PROBE_ERROR, EMFILE);
    look(&exec, LONG_MS);
    assert_result(PROBE_ERROR, EMFILE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    look(&exec, LONG_MS);
    assert_result(PROBE_GOOD, 0);
    close(fd);
    prober_finish(&prober);
}

/* A unit that tells by itself is not looked at. */
static void test_nothing_to_look_at(void **state)
{
    struct probe_spec probe = {.kind = PROBE_NOTIFY};

    (void)state;
    make_prober();
    look(&probe, LONG_MS);
    assert_result(PROBE_ERROR, EINVAL);
    prober_finish(&prober);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_exec),
        BOTH(test_exec_abandoned),
        BEST_EFFORT(test_tcp),
        BEST_EFFORT(test_tcp_in_time_though_nobody_looked),
        BEST_EFFORT(test_localhost),
        BEST_EFFORT(test_an_address_that_is_not_here),
        BEST_EFFORT(test_tcp_without_an_answer),
        BEST_EFFORT(test_unix),
        BEST_EFFORT(test_abstract),
        BEST_EFFORT(test_a_full_queue),
        BOTH(test_no_descriptor),
        BEST_EFFORT(test_nothing_to_look_at),
    };

    return cmocka_run_group_tests(tests, make_tmp_dir, remove_tmp_dir);
}
