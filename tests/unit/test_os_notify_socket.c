#include "os/notify_client.h"
#include "os/notify_socket.h"
#include "os/pidfd.h"
#include "os/sys.h"
#include "os_support.h"

#include <sys/resource.h>
#include <sys/socket.h>

static struct notify_socket server;
static char name[256];

static int open_server(void **state)
{
    int r = make_tmp_dir(state);

    return r < 0 ? r : notify_socket_open(&server, in_tmp(name, "notify"));
}

static int close_server(void **state)
{
    notify_socket_close(&server);
    return remove_tmp_dir(state);
}

/* Sends with descriptors. */
static void send_with(const char *text, const int *fds, size_t n_fds)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(64 * sizeof(int))];
    } control = {.bytes = ""};
    struct iovec part = {(void *)(uintptr_t)text, strlen(text)};
    struct place place;
    struct msghdr message = {.msg_name = &place.address, .msg_iov = &part, .msg_iovlen = 1};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_int_equal(notify_place(server.name, &place), 0);
    message.msg_namelen = place.len_bytes;
    if (n_fds) {
        struct cmsghdr *c;

        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
    }
    assert_int_equal(sendmsg(fd, &message, 0), (ssize_t)strlen(text));
    close(fd);
}

static int n_open_fds(void)
{
    int n = 0;

    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* Whether the other end of this pipe is closed everywhere. */
static bool hung_up(int read_fd)
{
    struct pollfd p = {.fd = read_fd, .events = POLLIN};

    return poll(&p, 1, 0) == 1 && p.revents & POLLHUP;
}

static void test_places(void **state)
{
    struct notify_socket s, again;
    struct notify_client client;
    char path[256], long_name[NOTIFY_NAME_BYTES + 1];
    mode_t old = umask(077);
    struct stat st;
    int fd;

    (void)state;
    assert_int_equal(notify_socket_open(&s, in_tmp(path, "n")), 0);
    assert_int_equal(umask(old), 077); /* put back */
    assert_string_equal(s.name, path);
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0666);
    assert_true(fcntl(s.fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(s.fd, F_GETFD) & FD_CLOEXEC);

    /* One that is there is replaced, and then not removed by whom it belonged to. */
    assert_int_equal(notify_socket_open(&again, path), 0);
    notify_socket_close(&s);
    assert_int_equal(s.fd, -1);
    assert_int_equal(lstat(path, &st), 0);
    notify_socket_close(&again);
    assert_int_equal(lstat(path, &st), -1);

    /* Another file is not. */
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(fd);
    assert_int_equal(notify_socket_open(&s, path), -EEXIST);
    assert_int_equal(s.fd, -1);
    notify_socket_close(&s);
    assert_int_equal(lstat(path, &st), 0);

    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    long_name[0] = '/';
    assert_int_equal(notify_socket_open(&s, long_name), -ENAMETOOLONG);
    assert_int_equal(notify_socket_open(&s, "relative"), -EINVAL);
    assert_int_equal(notify_socket_open(&s, "@"), -EINVAL);
    assert_int_equal(notify_socket_open(&s, ""), -EINVAL);
    assert_int_equal(notify_client_open(&client, "vsock:2:1234"), -EINVAL);
    assert_int_equal(client.fd, -1);
    assert_int_equal(notify_socket_open(&s, in_tmp(path, "no/such/directory")), -ENOENT);
}

static void test_abstract(void **state)
{
    struct notify_client client;
    struct notify_datagram d;
    struct notify_socket s;
    char text[64], at[64];

    (void)state;
    snprintf(at, sizeof at, "@reeve-test-%d", (int)getpid());
    assert_int_equal(notify_socket_open(&s, at), 0);
    assert_string_equal(s.name, at);
    assert_int_equal(notify_client_open(&client, at), 0);
    assert_int_equal(notify_client_send(&client, "READY=1"), 0);
    assert_int_equal(notify_socket_receive(&s, text, sizeof text, &d), 1);
    assert_int_equal(d.len_bytes, 7);
    sys_close(&d.pidfd);
    notify_client_close(&client);
    notify_socket_close(&s);
    assert_int_equal(notify_socket_open(&s, at), 0); /* the name is free again */
    notify_socket_close(&s);
}

static void test_a_message(void **state)
{
    struct notify_client client;
    struct notify_datagram d;
    char text[64];

    (void)state;
    assert_int_equal(notify_socket_receive(&server, text, sizeof text, &d), 0);
    assert_int_equal(notify_client_open(&client, server.name), 0);
    assert_int_equal(notify_client_send(&client, "READY=1"), 0);
    assert_int_equal(notify_client_send(&client, ""), 0);
    assert_int_equal(notify_client_send(&client, "STATUS=second"), 0);
    assert_int_equal(notify_socket_receive(&server, text, sizeof text, &d), 1);
    assert_int_equal(d.len_bytes, 7);
    assert_memory_equal(text, "READY=1", 7);
    assert_int_equal(d.pid, getpid());
    assert_int_equal(d.uid, geteuid());
    assert_int_equal(d.gid, getegid());
    assert_int_equal(d.fd, -1);
    assert_int_equal(d.n_refused, 0);
    assert_false(d.truncated);
    if (d.pidfd >= 0) { /* Linux 6.5 */
        assert_true(fcntl(d.pidfd, F_GETFD) & FD_CLOEXEC);
        assert_true(pidfd_alive(d.pidfd));
    }
    sys_close(&d.pidfd);
    assert_int_equal(notify_socket_receive(&server, text, sizeof text, &d), 1);
    assert_int_equal(d.len_bytes, 0);
    sys_close(&d.pidfd);
    assert_int_equal(notify_socket_receive(&server, text, sizeof text, &d), 1);
    assert_memory_equal(text, "STATUS=second", 13);
    sys_close(&d.pidfd);
    assert_int_equal(notify_socket_receive(&server, text, sizeof text, &d), 0);
    notify_client_close(&client);
}

static void test_one_that_is_too_long(void **state)
{
    struct notify_datagram d;
    char text[8] = "";

    (void)state;
    send_with("READY=1\n", NULL, 0);
    send_with("READY=1\nx", NULL, 0);
    send_with("next", NULL, 0);
    assert_int_equal(notify_socket_receive(&server, text, sizeof text, &d), 1);
    assert_false(d.truncated);
    sys_close(&d.pidfd);
    assert_int_equal(notify_socket_receive(&server, text, sizeof text, &d), 1);
    assert_true(d.truncated);
    sys_close(&d.pidfd);
    assert_int_equal(notify_socket_receive(&server, text, sizeof text, &d), 1);
    assert_false(d.truncated);
    assert_memory_equal(text, "next", 4);
    sys_close(&d.pidfd);
}

static void test_descriptors(void **state)
{
    int before, ends[2], many[64];
    struct notify_datagram d;
    char text[64];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    before = n_open_fds();

    /* One is handed over. */
    send_with("BARRIER=1", &ends[1], 1);
    sys_close(&ends[1]);
    assert_int_equal(notify_socket_receive(&server, text, sizeof text, &d), 1);
    sys_close(&d.pidfd);
    assert_true(d.fd >= 0);
    assert_int_equal(d.n_refused, 0);
    assert_true(fcntl(d.fd, F_GETFD) & FD_CLOEXEC);
    assert_false(hung_up(ends[0]));
    sys_close(&d.fd);
    assert_true(hung_up(ends[0]));
    close(ends[0]);

    /* Several are not, few or more than there is room for. */
    for (size_t n = 2; n <= 64; n += 31) {
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        for (size_t i = 0; i < n; i++)
            many[i] = ends[1];
        send_with("FDSTORE=1", many, n);
        close(ends[1]);
        assert_int_equal(notify_socket_receive(&server, text, sizeof text, &d), 1);
        sys_close(&d.pidfd);
        assert_int_equal(d.fd, -1);
        assert_true(d.n_refused >= 2);
        assert_true(hung_up(ends[0]));
        close(ends[0]);
    }
    assert_int_equal(n_open_fds(), before - 2);
}

/* Without a descriptor to be had the message comes all the same. */
static void with_a_full_table(void)
{
    struct rlimit limit;
    struct notify_datagram d;
    int ends[2];
    char text[64];

    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    send_with("READY=1", &ends[1], 1);
    close(ends[1]);
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = 3;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    for (int i = 0; i < 3; i++)
        CHECK(fcntl(i, F_GETFD) >= 0 || open("/dev/null", O_RDONLY) == i); /* none is free */
    CHECK(notify_socket_receive(&server, text, sizeof text, &d) == 1);
    CHECK(d.len_bytes == 7 && memcmp(text, "READY=1", 7) == 0);
    CHECK(d.pid == getpid());
    CHECK(d.fd == -1 && d.pidfd == -1);
    CHECK(d.n_refused > 0);
    CHECK(hung_up(ends[0]));
}

static void test_no_descriptor_left(void **state)
{
    (void)state;
    run_apart(with_a_full_table);
}

/* Who is dead and reaped is known all the same, and by its pidfd, where the kernel keeps that, not
 * taken for somebody else. */
static void test_a_dead_sender(void **state)
{
    struct notify_datagram d;
    uint64_t own_id, id;
    int own, status;
    char text[64];
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0) {
        send_with("READY=1", NULL, 0);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(notify_socket_receive(&server, text, sizeof text, &d), 1);
    assert_int_equal(d.pid, pid);
    assert_int_equal(d.uid, geteuid());
    if (d.pidfd >= 0) { /* Linux 6.17 */
        assert_false(pidfd_alive(d.pidfd));
        own = sys_pidfd_open(getpid());
        assert_int_equal(pidfd_cgroup_id(own, &own_id), 0);
        assert_int_equal(pidfd_cgroup_id(d.pidfd, &id), 0);
        assert_int_equal(id, own_id);
        close(own);
    }
    sys_close(&d.pidfd);
    assert_true(pidfd_cgroup_id(server.fd, &id) < 0);
}

/* As root: what others send, and what they may. */
static void as_another(void)
{
    struct notify_datagram d;
    char text[64];
    pid_t pid;
    int status;

    CHECK(chmod(tmp_dir, 0755) == 0);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        struct notify_client client;

        CHECK(setgid(65534) == 0 && setuid(65533) == 0);
        CHECK(notify_client_open(&client, server.name) == 0);
        CHECK(notify_client_send(&client, "READY=1") == 0);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(notify_socket_receive(&server, text, sizeof text, &d) == 1);
    CHECK(d.pid == pid && d.uid == 65533 && d.gid == 65534);
}

static void test_root_another_user(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    run_apart(as_another);
}

static void test_the_client_never_waits(void **state)
{
    struct notify_client client;
    struct notify_datagram d;
    char text[64];
    int r, n = 0;

    (void)state;
    assert_int_equal(notify_client_open(&client, server.name), 0);
    while ((r = notify_client_send(&client, "STATUS=flood")) == 0)
        n++;
    assert_int_equal(r, -EAGAIN);
    assert_true(n > 0);
    while (notify_socket_receive(&server, text, sizeof text, &d) == 1) {
        sys_close(&d.pidfd);
        n--;
    }
    assert_int_equal(n, 0);

    /* Its supervisor goes and comes again. */
    notify_socket_close(&server);
    r = notify_client_send(&client, "STATUS=lost");
    assert_true(r == -ENOENT || r == -ECONNREFUSED);
    assert_int_equal(notify_socket_open(&server, name), 0);
    assert_int_equal(notify_client_send(&client, "STATUS=found"), 0);
    assert_int_equal(notify_socket_receive(&server, text, sizeof text, &d), 1);
    sys_close(&d.pidfd);
    notify_client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_abstract),
        cmocka_unit_test(test_a_message),
        cmocka_unit_test(test_one_that_is_too_long),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_no_descriptor_left),
        cmocka_unit_test(test_a_dead_sender),
        cmocka_unit_test(test_root_another_user),
        cmocka_unit_test(test_the_client_never_waits),
    };

    return cmocka_run_group_tests(tests, open_server, close_server);
}
