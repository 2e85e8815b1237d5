/* The fault table: each call fails on request, and what stands on it gives the error back. The
 * sources that know of faults are compiled in here with REEVE_FAULTS, whatever the library was
 * built with. */
#ifndef REEVE_FAULTS
#define REEVE_FAULTS 1
#endif
#include "os/clock.c"
#include "os/faults.c"
#include "os/proctree.c"
#include "os/sys.c"

#include "os/cgroup.h"
#include "os/dirs.h"
#include "os/file.h"
#include "os/memfd.h"
#include "os/notify_client.h"
#include "os/notify_socket.h"
#include "os/slots.h"
#include "os/socket.h"
#include "os_support.h"

static struct fault_slot *faults;

static int make_table(void **state)
{
    char path[256];
    int fd, r;

    r = make_tmp_dir(state);
    if (r < 0)
        return r;
    fd = open(in_tmp(path, "faults"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, FAULT_SLOTS * sizeof *faults) < 0)
        return -1;
    faults = mmap(NULL, FAULT_SLOTS * sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return faults == MAP_FAILED ? -1 : setenv("REEVE_FAULT_FILE", path, 1);
}

static void arm(int i, const char *name, int err, int times, int skip)
{
    faults[i] = (struct fault_slot){.err = err, .remaining = times, .skip = skip};
    snprintf(faults[i].name, sizeof faults[i].name, "%s", name);
}

static int clear_table(void **state)
{
    (void)state;
    memset(faults, 0, FAULT_SLOTS * sizeof *faults);
    return 0;
}

static void test_counting(void **state)
{
    (void)state;
    assert_int_equal(sys_kill(getpid(), 0), 0);
    arm(5, "kill", EPERM, 2, 1);
    assert_int_equal(sys_kill(getpid(), 0), 0);
    assert_int_equal(sys_kill(getpid(), 0), -EPERM);
    assert_int_equal(sys_kill(getpid(), 0), -EPERM);
    assert_int_equal(sys_kill(getpid(), 0), 0);
    assert_int_equal(faults[5].hits, 2);
    arm(5, "kill", ESRCH, -1, 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(sys_kill(getpid(), 0), -ESRCH);
    assert_int_equal(faults[5].hits, 10);
}

static void test_every_call(void **state)
{
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    struct clone_args args = {0};
    siginfo_t info;
    int fds[2];
    char byte;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    (void)state;
#define FAILS(name, call)                                                                          \
    do {                                                                                           \
        arm(0, name, EXDEV, 1, 0);                                                                 \
        assert_int_equal(call, -EXDEV);                                                            \
        assert_int_equal(faults[0].hits, 1);                                                       \
    } while (0)
    FAILS("clone3", sys_clone3(&args));
    FAILS("fork", sys_fork());
    FAILS("pipe2", sys_pipe2(fds, 0));
    FAILS("open", sys_open("/", O_RDONLY, 0));
    FAILS("openat", sys_openat(AT_FDCWD, "/", O_RDONLY, 0));
    FAILS("mkdirat", sys_mkdirat(AT_FDCWD, "/", 0));
    FAILS("unlinkat", sys_unlinkat(AT_FDCWD, "/", 0));
    FAILS("read", sys_read(-1, &byte, 1));
    FAILS("write", sys_write(-1, &byte, 1));
    FAILS("send", sys_send(-1, &byte, 1));
    FAILS("recv", sys_recv(-1, &byte, 1));
    FAILS("accept4", sys_accept4(-1, 0));
    FAILS("socket", sys_socket(AF_UNIX, SOCK_STREAM, 0));
    FAILS("connect", sys_connect(-1, &nowhere, sizeof nowhere));
    FAILS("bind", sys_bind(-1, NULL, 0));
    FAILS("sendto", sys_sendto(-1, &byte, 1, NULL, 0));
    FAILS("recvmsg", sys_recvmsg(-1, &message));
    FAILS("kill", sys_kill(1, 0));
    FAILS("pidfd_open", sys_pidfd_open(1));
    FAILS("pidfd_send_signal", sys_pidfd_send_signal(-1, 0, 0));
    FAILS("waitid", sys_waitid(P_ALL, 0, &info, WEXITED | WNOHANG, NULL));
    FAILS("close_range", sys_close_range(10000, 10001));
#undef FAILS
}

static void test_interrupted(void **state)
{
    char text[8] = "";
    int fds[2];

    (void)state;
    assert_int_equal(sys_pipe2(fds, O_CLOEXEC), 0);
    arm(0, "write", EINTR, 3, 0);
    arm(1, "read", EINTR, 3, 0);
    arm(2, "waitid", EINTR, 3, 0);
    arm(3, "open", EINTR, 3, 0);
    assert_int_equal(sys_write(fds[1], "abc", 3), 3);
    assert_int_equal(sys_read(fds[0], text, sizeof text), 3);
    assert_int_equal(reap_peek(), -ECHILD);
    close(sys_open("/", O_RDONLY | O_CLOEXEC, 0));
    for (int i = 0; i < 4; i++)
        assert_int_equal(faults[i].hits, 3);
    close(fds[0]);
    close(fds[1]);
}

static void test_files_and_their_watches(void **state)
{
    struct socket_file file;
    struct stat st;
    int fd, wd;

    (void)state;
    assert_int_equal(socket_file(tmp_dir, &file), 0);
    arm(0, "lstat", EIO, 1, 0);
    assert_int_equal(sys_lstat(tmp_dir, &st), -EIO);
    assert_int_equal(sys_lstat(tmp_dir, &st), 0);
    arm(0, "lstat", ENOMEM, 1, 0);
    assert_int_equal(socket_is_there(tmp_dir, &file), -ENOMEM);
    assert_int_equal(socket_is_there(tmp_dir, &file), 1);
    arm(0, "inotify_init1", EMFILE, 1, 0);
    arm(1, "inotify_add_watch", ENOSPC, 1, 0);
    arm(2, "inotify_rm_watch", EINVAL, 1, 0);
    assert_int_equal(sys_inotify_init1(IN_CLOEXEC), -EMFILE);
    fd = sys_inotify_init1(IN_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(sys_inotify_add_watch(fd, tmp_dir, IN_ATTRIB), -ENOSPC);
    assert_int_equal(sys_inotify_add_watch(fd, "/no/such/file", IN_ATTRIB), -ENOENT);
    wd = sys_inotify_add_watch(fd, tmp_dir, IN_ATTRIB);
    assert_true(wd >= 0);
    assert_int_equal(sys_inotify_rm_watch(fd, wd), -EINVAL);
    assert_int_equal(sys_inotify_rm_watch(fd, wd), 0);
    close(fd);
}

static void test_short_transfers(void **state)
{
    struct proc_stat stat;
    char text[8] = "";
    size_t size;
    void *map;
    int fd;

    (void)state;
    arm(0, "write", 0, -1, 0);
    arm(1, "read", 0, -1, 0);
    fd = memfd_make("short");
    assert_int_equal(sys_write(fd, "abc", 3), 1);
    assert_int_equal(sys_write_all(fd, "bcdef", 6), 0);
    assert_int_equal(faults[0].hits, 7);
    assert_int_equal(memfd_seal(fd), 0);
    assert_int_equal(memfd_map(fd, &map, &size), 0);
    assert_string_equal(map, "abcdef");
    munmap(map, size);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(sys_read(fd, text, sizeof text), 1);
    close(fd);
    assert_int_equal(proc_stat_read(getpid(), &stat), 0);
    assert_int_equal(stat.start_ticks, proc_own_start_ticks());
}

/* What the children do is told apart by their output, as in the tests of spawn. */
static void test_spawn(void **state)
{
    char *argv[] = {(char *)(uintptr_t) "/bin/sh", (char *)(uintptr_t) "-c",
                    (char *)(uintptr_t) "echo /proc/self/fd/*", NULL};
    struct spawn_request request = plain_request(argv);
    char plain_output[sizeof(struct life)];
    struct spawned spawned;
    enum start_stage stage;
    struct life life;

    (void)state;
    strcpy(plain_output, live(request).output);

    arm(0, "clone3", EAGAIN, 1, 0);
    assert_int_equal(spawn_process(&request, &spawned, &stage), -EAGAIN);
    assert_int_equal(stage, STAGE_CLONE);
    assert_int_equal(spawned.exec_fd, -1);
    arm(0, "clone3", ENOMEM, 1, 0);
    assert_int_equal(spawn_process(&request, &spawned, &stage), -ENOMEM);
    arm(0, "pipe2", EMFILE, 1, 0);
    assert_int_equal(spawn_process(&request, &spawned, &stage), -EMFILE);
    assert_int_equal(stage, STAGE_PREPARE);

    /* A filter that refuses clone3: fork. */
    for (int err = ENOSYS; err; err = err == ENOSYS ? EPERM : 0) {
        arm(0, "clone3", err, -1, 0);
        assert_int_equal(spawn_process(&request, &spawned, &stage), 0);
        assert_int_equal(waitpid(spawned.pid, NULL, 0), spawned.pid);
        close(spawned.exec_fd);
    }
    clear_table(NULL);
    arm(0, "read", 0, -1, 0); /* cut short, the message is read on */
    request.directory = "/no/such/directory";
    life = live(request);
    assert_int_equal(life.news, EXEC_FAILED);
    assert_int_equal(life.stage, STAGE_CHDIR);
    assert_int_equal(life.errnum, ENOENT);
    request.directory = "/";
    assert_int_equal(live(request).news, EXEC_DONE);
    assert_true(faults[0].hits > 8);

    arm(0, "clone3", ENOSYS, -1, 0);
    arm(1, "fork", EAGAIN, 1, 0);
    assert_int_equal(spawn_process(&request, &spawned, &stage), -EAGAIN);
    assert_int_equal(stage, STAGE_CLONE);

    /* A kernel or a filter without close_range: the same descriptors by hand. */
    clear_table(NULL);
    for (int i = 0; i < 100; i++)
        assert_true(dup(2) >= 0);
    arm(0, "close_range", ENOSYS, -1, 0);
    life = live(request);
    assert_int_equal(life.news, EXEC_DONE);
    assert_string_equal(life.output, plain_output);
    assert_true(faults[0].hits > 0);
}

static void test_cgroup_refused(void **state)
{
    char *argv[] = {(char *)(uintptr_t) "/bin/true", NULL};
    static const int refusals[] = {EACCES, EPERM, EOPNOTSUPP, EBUSY, EINVAL, E2BIG, ENOENT, ENODEV};
    struct spawn_request request = plain_request(argv);

    (void)state;
    request.cgroup_fd = 0; /* never used: the first call fails by the table */
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct life life;

        arm(0, "clone3", refusals[i], 1, 0);
        life = live(request);
        assert_int_equal(life.result, 0);
        assert_int_equal(life.news, EXEC_DONE);
        assert_false(life.in_cgroup);
        assert_int_equal(faults[0].hits, 1);
    }
    arm(0, "clone3", EAGAIN, 1, 0);
    assert_int_equal(live(request).result, -EAGAIN);
}

/* Before Linux 5.14 there is no cgroup.kill. */
static void test_cgroup_kill_by_hand(void **state)
{
    char *argv[] = {(char *)(uintptr_t) "/bin/sleep", (char *)(uintptr_t) "1000", NULL};
    struct spawn_request request = plain_request(argv);
    struct cgroup_root root;
    struct spawned spawned;
    enum start_stage stage;
    struct reaped reaped;
    char unit[32], name[256];
    int fd;

    (void)state;
    if (cgroup_root_open(&root, tmp_dir) < 0)
        skip();
    snprintf(unit, sizeof unit, "testfaults%d", (int)getpid());
    fd = cgroup_create(&root, unit, name, sizeof name);
    assert_true(fd >= 0);
    request.cgroup_fd = fd;
    assert_int_equal(spawn_process(&request, &spawned, &stage), 0);
    arm(0, "openat", ENOENT, 1, 0);
    assert_int_equal(cgroup_kill(fd), 0);
    assert_int_equal(faults[0].hits, 1);
    assert_int_equal(wait_reaped(spawned.pid, &reaped), 1);
    close(spawned.exec_fd); /* not before: what it still says into it would be its end */
    assert_int_equal(reaped.status.signal, SIGKILL);

    /* What cannot be read or written is told, and nothing is left half done. */
    arm(0, "openat", EMFILE, 1, 0);
    assert_int_equal(cgroup_populated(fd), -EMFILE);
    arm(0, "openat", EMFILE, 1, 0);
    assert_int_equal(cgroup_kill(fd), -EMFILE);
    arm(0, "unlinkat", EACCES, 1, 0);
    assert_int_equal(cgroup_remove(&root, name), -EACCES);
    assert_int_equal(cgroup_remove(&root, name), 0);
    close(fd);
    arm(0, "mkdirat", ENOSPC, 1, 0);
    assert_int_equal(cgroup_create(&root, unit, name, sizeof name), -ENOSPC);
    arm(0, "openat", EMFILE, 1, 0);
    assert_int_equal(cgroup_create(&root, unit, name, sizeof name), -EMFILE);
    assert_int_equal(faccessat(root.dir_fd, name, F_OK, 0), -1);
    cgroup_root_close(&root);
}

static void keep_seen(const struct run_slot *slot, void *arg)
{
    (void)slot;
    (*(int *)arg)++;
}

static void test_files(void **state)
{
    struct slots slots;
    char path[256], cgroup[SLOTS_CGROUP_MAX];
    int n = 0;

    (void)state;
    arm(0, "write", ENOSPC, 1, 1);
    assert_int_equal(slots_open(&slots, in_tmp(path, "slots"), 4, NULL), -ENOSPC);
    assert_null(slots_get(&slots, 0));
    assert_int_equal(access(path, F_OK), -1);
    arm(0, "open", EMFILE, 1, 0);
    assert_int_equal(slots_open(&slots, path, 4, NULL), -EMFILE);
    arm(0, "open", EROFS, 1, 0);
    assert_int_equal(slots_each_left(path, cgroup, keep_seen, &n), -EROFS);
    arm(0, "mkdirat", EROFS, 1, 0);
    assert_int_equal(runtime_dir_take(in_tmp(path, "run")), -EROFS);
    arm(0, "openat", EMFILE, 1, 0);
    assert_int_equal(runtime_dir_take(path), -EMFILE);
    arm(0, "unlinkat", EACCES, 1, 0);
    n = socket_listen(in_tmp(path, "s"), 0600);
    assert_true(n >= 0);
    close(n);
    assert_int_equal(socket_listen(path, 0600), -EACCES);
}

static void test_notifications(void **state)
{
    struct notify_socket s = {.fd = -1};
    struct notify_client client;
    struct notify_datagram d;
    char path[256], text[64];
    struct stat st;

    (void)state;
    in_tmp(path, "notify");
    arm(0, "socket", EMFILE, 1, 0);
    assert_int_equal(notify_socket_open(&s, path), -EMFILE);
    assert_int_equal(s.fd, -1);
    arm(0, "bind", EADDRINUSE, 1, 0);
    assert_int_equal(notify_socket_open(&s, path), -EADDRINUSE);
    assert_int_equal(s.fd, -1);
    assert_int_equal(lstat(path, &st), -1);
    assert_int_equal(notify_socket_open(&s, path), 0);
    arm(0, "unlinkat", EACCES, 1, 0);
    assert_int_equal(notify_socket_open(&(struct notify_socket){.fd = -1}, path), -EACCES);

    arm(0, "socket", ENFILE, 1, 0);
    assert_int_equal(notify_client_open(&client, path), -ENFILE);
    assert_int_equal(client.fd, -1);
    assert_int_equal(notify_client_open(&client, path), 0);
    arm(0, "sendto", EAGAIN, 1, 0);
    arm(1, "sendto", EINTR, 1, 0);
    assert_int_equal(notify_client_send(&client, "lost"), -EAGAIN);
    assert_int_equal(notify_client_send(&client, "READY=1"), 0);

    arm(0, "recvmsg", ENOBUFS, 1, 0);
    assert_int_equal(notify_socket_receive(&s, text, sizeof text, &d), -ENOBUFS);
    arm(0, "recvmsg", EINTR, 3, 0);
    assert_int_equal(notify_socket_receive(&s, text, sizeof text, &d), 1);
    assert_int_equal(faults[0].hits, 3);
    assert_int_equal(d.len_bytes, 7);
    assert_int_equal(d.pid, getpid());
    sys_close(&d.pidfd);
    assert_int_equal(notify_client_send(&client, "READY=1"), 0);
    arm(0, "recvmsg", 0, 1, 0);
    assert_int_equal(notify_socket_receive(&s, text, sizeof text, &d), 1);
    assert_true(d.truncated);
    sys_close(&d.pidfd);
    /* Ready to be read, and then there is nothing. */
    arm(0, "recvmsg", EAGAIN, 1, 0);
    assert_int_equal(notify_client_send(&client, "READY=1"), 0);
    assert_int_equal(notify_socket_receive(&s, text, sizeof text, &d), 0);
    notify_client_close(&client);
    notify_socket_close(&s);
    assert_int_equal(lstat(path, &st), -1);
}

static bool count_visits(const struct proc_stat *p, void *arg)
{
    (void)p;
    (*(int *)arg)++;
    return true;
}

/* Without the children files all of /proc is read. */
static void walk_by_scan(void)
{
    struct tree_walk walk;
    int hold[2], tell[2], visits = 0;
    pid_t pid;

    CHECK(pipe2(hold, O_CLOEXEC) == 0 && pipe2(tell, O_CLOEXEC) == 0);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        CHECK(fork() >= 0);
        close(hold[1]);
        CHECK(write(tell[1], "x", 1) == 1);
        _exit((int)read(hold[0], &(char){0}, 1));
    }
    CHECK(read(tell[0], &(char){0}, 1) == 1 && read(tell[0], &(char){0}, 1) == 1);
    arm(0, "proc_children", ENOENT, -1, 0);
    tree_walk_init(&walk);
    tree_walk_add_children(&walk, getpid());
    CHECK(walk.n_todo == 1);
    CHECK(tree_walk_step(&walk, 100, NULL, count_visits, &visits) && visits == 1);
    CHECK(!tree_walk_step(&walk, 100, NULL, count_visits, &visits) && visits == 2);
    CHECK(!walk.incomplete);

    /* What could not be read is told. */
    arm(0, "proc_children", ENOENT, 0, 0);
    tree_walk_add_children(&walk, getpid());
    arm(1, "openat", EMFILE, 1, 0);
    CHECK(!tree_walk_step(&walk, 100, NULL, count_visits, &visits) && visits == 2);
    CHECK(walk.incomplete);
    tree_walk_finish(&walk);
    close(hold[1]);
    CHECK(waitpid(pid, NULL, 0) == pid);
}

static void test_walk(void **state)
{
    (void)state;
    run_apart(walk_by_scan);
}

static void test_wall_clock(void **state)
{
    struct moment now = clock_now();
    struct moment later;

    (void)state;
    arm(0, "wall_clock", 3600, 0, 0);
    later = clock_now();
    assert_true(later.wall_ms - now.wall_ms >= 3600 * 1000);
    assert_true(later.mono_ms - now.mono_ms < 60 * 1000 && later.mono_ms >= now.mono_ms);
    faults[0].err = 0;
    assert_int_equal(setenv("REEVE_WALL_OFFSET_MS", "-86400000", 1), 0);
    later = clock_now();
    assert_true(later.wall_ms < now.wall_ms - 86000000);
    unsetenv("REEVE_WALL_OFFSET_MS");
    assert_true(now.mono_ms > 0);
}

#define FAULT_TEST(test) cmocka_unit_test_teardown(test, clear_table)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULT_TEST(test_counting),
        FAULT_TEST(test_every_call),
        FAULT_TEST(test_interrupted),
        FAULT_TEST(test_files_and_their_watches),
        FAULT_TEST(test_short_transfers),
        FAULT_TEST(test_spawn),
        FAULT_TEST(test_cgroup_refused),
        FAULT_TEST(test_cgroup_kill_by_hand),
        FAULT_TEST(test_files),
        FAULT_TEST(test_notifications),
        FAULT_TEST(test_walk),
        FAULT_TEST(test_wall_clock),
    };

    return cmocka_run_group_tests(tests, make_table, remove_tmp_dir);
}
