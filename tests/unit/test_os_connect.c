/* Connections that only show whether somebody accepts. */
#include "apart.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "os/connect.h"

enum { WAIT_MS = 10000 };

/* A TCP socket bound to a free port of 127.0.0.1 (or ::1). */
static int bound_tcp(bool ipv6, struct probe_address *ret)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t len = ipv6 ? sizeof to6 : sizeof to;
    struct sockaddr *any = ipv6 ? (struct sockaddr *)&to6 : (struct sockaddr *)&to;
    int fd = socket(any->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, any, len) < 0) {
        close(fd);
        return -1;
    }
    assert_int_equal(getsockname(fd, any, &len), 0);
    *ret = (struct probe_address){.ipv6 = ipv6, .port = ntohs(ipv6 ? to6.sin6_port : to.sin_port)};
    if (ipv6)
        memcpy(ret->bytes, &to6.sin6_addr, 16);
    else
        memcpy(ret->bytes, &to.sin_addr, 4);
    return fd;
}

static int try_tcp(const struct probe_address *address)
{
    struct pollfd p = {.events = POLLOUT};
    int r = connect_tcp(address, &p.fd);

    if (r != -EINPROGRESS) {
        assert_int_equal(p.fd, -1);
        return r;
    }
    assert_true(fcntl(p.fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(poll(&p, 1, WAIT_MS), 1);
    r = connect_result(p.fd);
    close(p.fd);
    return r;
}

static void check_tcp(bool ipv6)
{
    struct probe_address address;
    int fd = bound_tcp(ipv6, &address);

    if (fd < 0)
        skip(); /* no IPv6 here */
    assert_int_equal(try_tcp(&address), -ECONNREFUSED);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(try_tcp(&address), 0);
    close(fd);
    assert_int_equal(try_tcp(&address), -ECONNREFUSED);
}

static void test_ipv4(void **state)
{
    (void)state;
    check_tcp(false);
}

static void test_ipv6(void **state)
{
    (void)state;
    check_tcp(true);
}

/* Who accepts and resets at once has accepted, however late that is looked at. */
static void test_reset_at_once(void **state)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    struct probe_address address;
    struct pollfd p = {.events = 0};
    int fd = bound_tcp(false, &address);
    int r, peer;

    (void)state;
    assert_int_equal(listen(fd, 5), 0);
    r = connect_tcp(&address, &p.fd);
    if (r == 0)
        skip(); /* the loopback was that fast */
    assert_int_equal(r, -EINPROGRESS);
    peer = accept(fd, NULL, NULL);
    assert_true(peer >= 0);
    assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close(peer);
    assert_int_equal(poll(&p, 1, WAIT_MS), 1);
    assert_true(p.revents & POLLERR);
    assert_int_equal(connect_result(p.fd), 0);
    close(p.fd);
    close(fd);
}

/* Nobody listens, but TCP makes a connection of the socket with itself. */
static void test_with_itself(void **state)
{
    struct probe_address address;
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = bound_tcp(false, &address);

    (void)state;
    to.sin_port = htons(address.port);
    memcpy(&to.sin_addr, address.bytes, 4);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(connect_result(fd), -ECONNREFUSED);
    close(fd);
}

/* A listener whose queue is full leaves the caller without an answer. */
static void test_not_known_yet(void **state)
{
    struct probe_address address;
    int fd = bound_tcp(false, &address);
    int fds[16], n = 0, r = 0;

    (void)state;
    assert_int_equal(listen(fd, 0), 0);
    while (n < 16) {
        struct pollfd p = {.events = POLLOUT};

        r = connect_tcp(&address, &p.fd);
        if (r != -EINPROGRESS) /* accepted by the queue */
            continue;
        fds[n++] = p.fd;
        r = poll(&p, 1, 100) == 0 ? connect_result(p.fd) : 0;
        if (r == -EINPROGRESS)
            break;
    }
    assert_int_equal(r, -EINPROGRESS);
    while (n)
        close(fds[--n]);
    close(fd);
}

static int listen_unix(const struct sockaddr_un *address, socklen_t len, int type, int backlog)
{
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)address, len), 0);
    if (backlog >= 0)
        assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static int listen_path(const char *path, int type, int backlog)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    assert_true(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path));
    return listen_unix(&address, sizeof address, type, backlog);
}

static void test_unix(void **state)
{
    char path[256];
    int fd;

    (void)state;
    in_tmp(path, "a.sock");
    assert_int_equal(connect_unix(path), -ENOENT);
    fd = listen_path(path, SOCK_STREAM, -1);
    assert_int_equal(connect_unix(path), -ECONNREFUSED);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(connect_unix(path), 0);
    close(fd);
    assert_int_equal(connect_unix(path), -ECONNREFUSED);
    assert_int_equal(connect_unix(tmp_dir), -ECONNREFUSED);
    assert_int_equal(connect_unix(""), -EINVAL);

    in_tmp(path, "packets.sock");
    fd = listen_path(path, SOCK_SEQPACKET, 8);
    assert_int_equal(connect_unix(path), 0);
    close(fd);
    in_tmp(path, "letters.sock");
    fd = listen_path(path, SOCK_DGRAM, -1);
    assert_int_equal(connect_unix(path), -EPROTOTYPE);
    close(fd);
}

static void test_unix_with_a_full_queue(void **state)
{
    char path[256];
    int fd, r = 0;

    (void)state;
    in_tmp(path, "full.sock");
    fd = listen_path(path, SOCK_STREAM, 1);
    for (int i = 0; i < 8 && r == 0; i++)
        r = connect_unix(path);
    assert_int_equal(r, -EAGAIN);
    close(accept(fd, NULL, NULL));
    assert_int_equal(connect_unix(path), 0);
    close(fd);
}

static void test_a_long_path(void **state)
{
    char name[128], path[256], longer[512];
    int fd;

    (void)state;
    memset(name, 'd', 100);
    name[100] = '\0';
    assert_int_equal(mkdir(in_tmp(path, name), 0700), 0);
    snprintf(longer, sizeof longer, "%s/s", path);
    assert_true(strlen(longer) > sizeof((struct sockaddr_un *)0)->sun_path);
    assert_int_equal(connect_unix(longer), -ENOENT);
    assert_int_equal(chdir(path), 0);
    fd = listen_path("s", SOCK_STREAM, 8);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(connect_unix(longer), 0);
    close(fd);
}

static void test_abstract(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char name[200];
    int fd, n;

    (void)state;
    snprintf(name, sizeof name, "@reeve-test-%d", (int)getpid());
    assert_int_equal(connect_unix(name), -ECONNREFUSED);
    n = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "%s", name + 1);
    fd = listen_unix(&address,
                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1) + (socklen_t)n,
                     SOCK_STREAM, 8);
    assert_int_equal(connect_unix(name), 0);
    close(fd);
    assert_int_equal(connect_unix("@"), -EINVAL);
    memset(name + 1, 'x', 150);
    name[151] = '\0';
    assert_int_equal(connect_unix(name), -ENAMETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv4),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_reset_at_once),
        cmocka_unit_test(test_with_itself),
        cmocka_unit_test(test_not_known_yet),
        cmocka_unit_test(test_unix),
        cmocka_unit_test(test_unix_with_a_full_queue),
        cmocka_unit_test(test_a_long_path),
        cmocka_unit_test(test_abstract),
    };

    return cmocka_run_group_tests(tests, make_tmp_dir, remove_tmp_dir);
}
