#include "os/socket.h"
#include "os_support.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/un.h>

static void assert_usable(int listen_fd, const char *path)
{
    struct peer peer;
    int client = socket_connect(path);
    int server;

    assert_true(client >= 0);
    assert_true(fcntl(client, F_GETFD) & FD_CLOEXEC);
    assert_false(fcntl(client, F_GETFL) & O_NONBLOCK);
    server = accept(listen_fd, NULL, NULL);
    assert_true(server >= 0);
    assert_int_equal(socket_peer(server, &peer), 0);
    assert_int_equal(peer.pid, getpid());
    assert_int_equal(peer.uid, geteuid());
    assert_int_equal(peer.gid, getegid());
    close(server);
    close(client);
}

static void assert_mode(const char *path, mode_t mode)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 07777, mode);
}

static void test_listen(void **state)
{
    mode_t old = umask(0);
    char path[256];
    int fd;

    (void)state;
    in_tmp(path, "s");
    fd = socket_listen(path, 0660);
    assert_true(fd >= 0);
    assert_mode(path, 0660);
    assert_int_equal(umask(old), 0); /* put back */
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_usable(fd, path);

    /* A live one is refused and stays. */
    assert_int_equal(socket_listen(path, 0600), -EADDRINUSE);
    assert_mode(path, 0660);
    close(accept(fd, NULL, NULL)); /* the call that looked whether it lives */
    assert_usable(fd, path);

    /* A stale one is replaced. */
    close(fd);
    assert_int_equal(socket_connect(path), -ECONNREFUSED);
    fd = socket_listen(path, 0600);
    assert_true(fd >= 0);
    assert_mode(path, 0600);
    assert_usable(fd, path);
    close(fd);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(socket_connect(path), -ENOENT);
}

static void test_full_house(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener, queued, n = 0;
    char path[256];

    (void)state;
    in_tmp(path, "full");
    listener = socket_listen(path, 0600);
    assert_true(listener >= 0);
    assert_int_equal(listen(listener, 0), 0);
    strcpy(address.sun_path, path);
    do { /* until its queue is full */
        queued = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(++n < 20);
    } while (connect(queued, (struct sockaddr *)&address, sizeof address) == 0);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(socket_listen(path, 0600), -EADDRINUSE);
    close(listener);
}

static void test_other_kinds_stay(void **state)
{
    char path[256], link[256];
    struct stat st;
    int fd;

    (void)state;
    fd = open(in_tmp(path, "file"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "data", 4), 4);
    close(fd);
    assert_int_equal(socket_listen(path, 0600), -EEXIST);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 4);
    assert_int_equal(symlink(path, in_tmp(link, "link")), 0);
    assert_int_equal(socket_listen(link, 0600), -EEXIST);
    assert_int_equal(socket_listen(tmp_dir, 0600), -EEXIST);
    assert_int_equal(socket_listen("", 0600), -EINVAL);
    assert_int_equal(socket_listen("/no/such/place/s", 0600), -ENOENT);
}

static void test_datagram_socket_is_alive(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char path[256];

    (void)state;
    strcpy(address.sun_path, in_tmp(path, "dgram"));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(socket_listen(path, 0600), -EADDRINUSE);
    close(fd);
}

/* Paths of 107 and 108 bytes (the last that fits, the first that does not), and of 200 and 400. */
static void test_long_paths(void **state)
{
    static const size_t lengths[] = {107, 108, 200, 400};
    char path[512], name[200];

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t dir_len = lengths[i] - 20;
        int fd, n = snprintf(path, sizeof path, "%s/", tmp_dir);

        for (size_t len = (size_t)n; len < dir_len; len++) {
            path[len] = len % 100 == 99 ? '/' : 'd';
            path[len + 1] = '\0';
            if (path[len] == '/')
                assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
        }
        assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
        strcat(path, "/socket");
        while (strlen(path) < lengths[i])
            strcat(path, "s");
        assert_int_equal(strlen(path), lengths[i]);
        fd = socket_listen(path, 0640);
        assert_true(fd >= 0);
        assert_mode(path, 0640);
        assert_usable(fd, path);
        assert_int_equal(socket_listen(path, 0640), -EADDRINUSE);
        close(fd);
        fd = socket_listen(path, 0600);
        assert_true(fd >= 0);
        assert_mode(path, 0600);
        close(fd);
    }
    /* A last part that /proc/self/fd cannot make short. */
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    snprintf(path, sizeof path, "%s/%s", tmp_dir, name);
    assert_int_equal(socket_listen(path, 0600), -ENAMETOOLONG);
    assert_int_equal(socket_connect(path), -ENAMETOOLONG);
}

static void test_no_descriptor_leaks(void **state)
{
    int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char path[512];
    int after;

    (void)state;
    close(before);
    snprintf(path, sizeof path, "%s/%0120d/s", tmp_dir, 0);
    assert_int_equal(socket_listen(path, 0600), -ENOENT);
    assert_int_equal(socket_connect(path), -ENOENT);
    assert_int_equal(socket_connect(tmp_dir), -ECONNREFUSED);
    after = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(before, after);
    close(after);
}

/* Another file at the same path, or none, is not the one that was there. */
static void test_is_there(void **state)
{
    struct socket_file file;
    char path[256], other[256], link[256], below[300];
    int first, second;

    (void)state;
    first = socket_listen(in_tmp(path, "there"), 0600);
    assert_true(first >= 0);
    assert_int_equal(socket_file(path, &file), 0);
    assert_int_equal(socket_is_there(path, &file), 1);
    assert_int_equal(rename(path, in_tmp(other, "elsewhere")), 0);
    assert_int_equal(socket_is_there(path, &file), 0);
    assert_int_equal(socket_is_there(other, &file), 1);
    assert_int_equal(socket_file(path, &file), -ENOENT);
    second = socket_listen(path, 0600);
    assert_true(second >= 0);
    assert_int_equal(socket_is_there(path, &file), 0);
    assert_int_equal(symlink(other, in_tmp(link, "to-elsewhere")), 0);
    assert_int_equal(socket_is_there(link, &file), 0);
    snprintf(below, sizeof below, "%s/x", path); /* below what is no directory */
    assert_int_equal(socket_is_there(below, &file), 0);
    close(first);
    close(second);
}

/* ---- groups ---- */

enum { SOME_GROUP = 54321 };

static void for_a_group(void)
{
    struct stat st;
    char path[256];
    int given = 1;
    int fd;

    in_tmp(path, "group");
    umask(0777);
    fd = socket_listen_for_group(path, 0660, SOME_GROUP, &given);
    CHECK(fd >= 0);
    CHECK(given == 0);
    CHECK(lstat(path, &st) == 0 && st.st_gid == SOME_GROUP && (st.st_mode & 07777) == 0660);
    close(fd);
    fd = socket_listen_for_group(path, 0602, SOME_GROUP, &given); /* stale: replaced */
    CHECK(fd >= 0 && given == 0);
    CHECK(lstat(path, &st) == 0 && st.st_gid == SOME_GROUP && (st.st_mode & 07777) == 0602);
    close(fd);
    unlink(path);
    /* Who may not give it away keeps it closed to the group. */
    CHECK(chdir(tmp_dir) == 0 && chmod(tmp_dir, 0777) == 0);
    strcpy(path, "own"); /* whatever lies above the directory */
    CHECK(setgroups(0, NULL) == 0 && setgid(1) == 0 && setuid(65534) == 0);
    fd = socket_listen_for_group(path, 0664, SOME_GROUP, &given);
    CHECK(fd >= 0);
    CHECK(given == -EPERM);
    CHECK(lstat(path, &st) == 0 && st.st_gid == 1 && (st.st_mode & 07777) == 0604);
    close(fd);
    unlink(path);
    /* One's own group needs no privilege. */
    fd = socket_listen_for_group(path, 0660, 1, &given);
    CHECK(fd >= 0 && given == 0);
    CHECK(lstat(path, &st) == 0 && (st.st_mode & 07777) == 0660);
    close(fd);
    unlink(path);
}

/* Connects with these groups; whether the other side says that the peer is in SOME_GROUP. */
static int is_in_group(int listener, const char *path, gid_t primary, const gid_t *groups, size_t n)
{
    struct peer peer;
    int client, server, r;

    CHECK(setgroups(n, groups) == 0 && setegid(primary) == 0);
    client = socket_connect(path);
    CHECK(client >= 0);
    CHECK(setegid(0) == 0 && setgroups(0, NULL) == 0); /* what counts is what it was */
    server = accept(listener, NULL, NULL);
    CHECK(server >= 0);
    CHECK(socket_peer(server, &peer) == 0);
    r = socket_peer_in_group(server, &peer, SOME_GROUP);
    close(client);
    close(server);
    return r;
}

static void groups_of_a_peer(void)
{
    static gid_t many[65536]; /* as many as there can be */
    char path[256];
    int listener = socket_listen(in_tmp(path, "peers"), 0600);

    CHECK(listener >= 0);
    for (gid_t i = 0; i < sizeof many / sizeof *many; i++)
        many[i] = SOME_GROUP + 1 + i;
    CHECK(is_in_group(listener, path, 0, NULL, 0) == 0);
    CHECK(is_in_group(listener, path, SOME_GROUP, NULL, 0) == 1);
    CHECK(is_in_group(listener, path, 0, many, 1) == 0);
    CHECK(is_in_group(listener, path, 0, many, sizeof many / sizeof *many) == 0);
    many[0] = SOME_GROUP;
    CHECK(is_in_group(listener, path, 0, many, 1) == 1);
    CHECK(is_in_group(listener, path, 0, many, 33) == 1);
    many[0] = SOME_GROUP - 1;
    many[65535] = SOME_GROUP;
    CHECK(is_in_group(listener, path, 0, many, sizeof many / sizeof *many) == 1);
    close(listener);
}

static void test_given_to_a_group_as_root(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    run_apart(for_a_group);
}

static void test_groups_of_a_peer_as_root(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    run_apart(groups_of_a_peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listen),
        cmocka_unit_test(test_given_to_a_group_as_root),
        cmocka_unit_test(test_groups_of_a_peer_as_root),
        cmocka_unit_test(test_full_house),
        cmocka_unit_test(test_is_there),
        cmocka_unit_test(test_other_kinds_stay),
        cmocka_unit_test(test_datagram_socket_is_alive),
        cmocka_unit_test(test_long_paths),
        cmocka_unit_test(test_no_descriptor_leaks),
    };

    return cmocka_run_group_tests(tests, make_tmp_dir, remove_tmp_dir);
}
