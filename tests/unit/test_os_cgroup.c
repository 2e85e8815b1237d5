#include "cgroup_support.h"
#include "os_support.h"

#include <grp.h>
#include <sys/xattr.h>

#include "os/cgroup_find.h"

static char unit_name[64]; /* of this run of the test only */

static int open_root(void **state)
{
    (void)state;
    snprintf(unit_name, sizeof unit_name, "test%d", (int)getpid());
    open_own_cgroup();
    return make_tmp_dir(state);
}

static int close_root(void **state)
{
    close_own_cgroup();
    return remove_tmp_dir(state);
}

static void need_cgroups(void)
{
    if (root.dir_fd < 0)
        skip();
}

/* ---- finding ---- */

static void assert_found(const char *cgroup, const char *mounts, const char *expected)
{
    char *path;

    if (!expected) {
        assert_int_equal(cgroup_find_in(cgroup, mounts, &path), -ENOENT);
        assert_null(path);
        return;
    }
    assert_int_equal(cgroup_find_in(cgroup, mounts, &path), 0);
    assert_string_equal(path, expected);
    free(path);
}

static void test_find(void **state)
{
    static const char unified[] = "31 23 0:28 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n";
    static const char hybrid[] =
        "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
        "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
        "38 31 0:31 / /sys/fs/cgroup/unified rw,relatime shared:1 master:2 - cgroup2 cgroup2 rw\n";
    static const char bound[] = "9 1 0:28 /docker/abc /cg\\040root\\134x rw - cgroup2 cgroup rw";

    (void)state;
    assert_found("0::/\n", unified, "/sys/fs/cgroup");
    assert_found("0::/user.slice/a b\n", unified, "/sys/fs/cgroup/user.slice/a b");
    assert_found("3:cpu:/x\n1:name=systemd:/y\n0::/z\n", hybrid, "/sys/fs/cgroup/unified/z");
    assert_found("0::/docker/abc", bound, "/cg root\\x");
    assert_found("0::/docker/abc/d", bound, "/cg root\\x/d");
    assert_found("0::/docker/abcd", bound, NULL);
    assert_found("0::/docker", bound, NULL);
    assert_found("0::/../other", unified, NULL);
    assert_found("0::/..", unified, NULL);
    assert_found("0::/..x", unified, "/sys/fs/cgroup/..x");
    assert_found("3:cpu:/x\n", unified, NULL);
    assert_found("", unified, NULL);
    assert_found("0::/", "", NULL);
    assert_found("0::/", "31 23 0:28 / /sys/fs/cgroup rw\n31 23 - cgroup2\n - cgroup2\n\n", NULL);
}

/* ---- processes ---- */

/* A process in the cgroup that ends when `ret_hold` is closed. */
static pid_t start_in(int cgroup_fd, const char *script, int *ret_hold)
{
    char *argv[] = {(char *)(uintptr_t) "/bin/sh", (char *)(uintptr_t) "-c",
                    (char *)(uintptr_t)script, NULL};
    struct spawn_request request = plain_request(argv);
    struct spawned spawned;
    enum start_stage stage;
    char line[2];
    int fds[2], errnum;

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    request.cgroup_fd = cgroup_fd;
    request.stdout_fd = fds[1];
    assert_int_equal(spawn_process(&request, &spawned, &stage), 0);
    assert_true(spawned.in_cgroup);
    assert_int_equal(wait_exec(spawned.exec_fd, &stage, &errnum), EXEC_DONE);
    close(spawned.exec_fd);
    close(fds[1]);
    /* The script says "1" and a newline when it is ready. */
    assert_int_equal(read(fds[0], line, 2), 2);
    *ret_hold = fds[0];
    return spawned.pid;
}

static void end_of(pid_t pid, int hold, int sig)
{
    struct reaped reaped;

    assert_int_equal(wait_reaped(pid, &reaped), 1);
    assert_int_equal(reaped.status.signal, sig);
    close(hold);
}

/* Waits until the kernel says that the cgroup is empty. */
static void wait_empty(int cgroup_fd)
{
    int events = openat(cgroup_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
    struct pollfd p = {.fd = events, .events = POLLPRI};
    char text[256];

    assert_true(events >= 0);
    while (cgroup_populated(cgroup_fd) == 1) {
        assert_true(pread(events, text, sizeof text, 0) > 0);
        if (cgroup_populated(cgroup_fd) == 1)
            assert_true(poll(&p, 1, 30000) == 1);
    }
    close(events);
}

static void test_life_in_a_cgroup(void **state)
{
    struct cgroup_root other = root;
    char name[256], name2[256];
    int fd, fd2, hold;
    pid_t pid;

    (void)state;
    need_cgroups();
    fd = cgroup_create(&root, unit_name, name, sizeof name);
    assert_true(fd >= 0);
    assert_true(strncmp(name, "reeve.test", 10) == 0);
    assert_int_equal(cgroup_populated(fd), 0);
    assert_int_equal(cgroup_count(fd, 0), 0);

    /* The leader, a child, and one in a session of its own. */
    pid = start_in(fd, "setsid sleep 1000 & sleep 1000 & echo 1; exec sleep 1000", &hold);
    assert_int_equal(mkdirat(fd, "below", 0755), 0);
    assert_int_equal(mkdirat(fd, "below/deeper", 0755), 0);
    assert_int_equal(cgroup_populated(fd), 1);
    assert_int_equal(cgroup_count(fd, 0), 3);
    assert_int_equal(cgroup_count(fd, pid), 2);

    /* Busy: neither removed, nor made again, nor another owner's to take. */
    assert_int_equal(cgroup_remove(&root, name), -EBUSY);
    assert_int_equal(cgroup_create(&root, unit_name, name2, sizeof name2), -EBUSY);
    strcpy(other.owner, "another");
    fd2 = cgroup_create(&other, unit_name, name2, sizeof name2);
    assert_true(fd2 >= 0);
    assert_string_not_equal(name, name2);
    close(fd2);
    assert_int_equal(cgroup_remove(&other, name2), 0);

    /* A signal to all but one, then death to all. */
    assert_int_equal(cgroup_signal(fd, SIGCONT, pid), 2);
    assert_int_equal(cgroup_signal(fd, SIGTERM, pid), 2);
    assert_false(reap_is_dead(pid));
    assert_int_equal(cgroup_kill(fd), 0);
    end_of(pid, hold, SIGKILL);
    wait_empty(fd);
    assert_int_equal(cgroup_count(fd, 0), 0);
    assert_int_equal(cgroup_signal(fd, SIGTERM, 0), 0);

    /* Empty and ours: made anew; then removed with all below. */
    fd2 = cgroup_create(&root, unit_name, name2, sizeof name2);
    assert_true(fd2 >= 0);
    assert_string_equal(name, name2);
    assert_int_equal(mkdirat(fd2, "below", 0755), 0);
    assert_int_equal(mkdirat(fd2, "below/deeper", 0755), 0);
    assert_int_equal(cgroup_remove(&root, name), 0);
    assert_int_equal(faccessat(root.dir_fd, name, F_OK, 0), -1);
    assert_int_equal(cgroup_remove(&root, name), 0); /* gone already */
    assert_true(cgroup_populated(fd2) < 0);
    close(fd);
    close(fd2);
}

static void test_processes_below(void **state)
{
    char name[256];
    int fd, below, hold;
    pid_t pid;

    (void)state;
    need_cgroups();
    fd = cgroup_create(&root, unit_name, name, sizeof name);
    assert_true(fd >= 0);
    assert_int_equal(mkdirat(fd, "below", 0755), 0);
    below = openat(fd, "below", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    pid = start_in(below, "echo 1; exec sleep 1000", &hold);
    assert_int_equal(cgroup_populated(fd), 1);
    assert_int_equal(cgroup_count(fd, 0), 1);
    assert_int_equal(cgroup_remove(&root, name), -EBUSY);
    assert_int_equal(cgroup_signal(fd, SIGTERM, 0), 1);
    end_of(pid, hold, SIGTERM);
    wait_empty(fd);
    close(below);
    close(fd);
    assert_int_equal(cgroup_remove(&root, name), 0);
}

static void test_gone_cgroup_is_no_obstacle(void **state)
{
    char *argv[] = {(char *)(uintptr_t) "/bin/true", NULL};
    struct spawn_request request = plain_request(argv);
    struct life life;
    char name[256];
    int fd;

    (void)state;
    need_cgroups();
    fd = cgroup_create(&root, unit_name, name, sizeof name);
    assert_true(fd >= 0);
    assert_int_equal(cgroup_remove(&root, name), 0);
    request.cgroup_fd = fd;
    life = live(request);
    assert_int_equal(life.news, EXEC_DONE);
    assert_false(life.in_cgroup);
    close(fd);
}

struct seen {
    int n;
    char name[256];
};

static void note(const char *name, int cgroup_fd, void *arg)
{
    struct seen *seen = arg;

    assert_true(cgroup_fd >= 0);
    seen->n++;
    snprintf(seen->name, sizeof seen->name, "%s", name);
}

static void test_owner_marks(void **state)
{
    struct cgroup_root other = root;
    struct seen seen = {0};
    char name[256], unmarked[256];
    int fd, fd2;

    (void)state;
    need_cgroups();
    fd = cgroup_create(&root, unit_name, name, sizeof name);
    assert_true(fd >= 0);
    cgroup_each_own(&root, note, &seen);
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.name, name);
    strcpy(other.owner, "another");
    seen.n = 0;
    cgroup_each_own(&other, note, &seen);
    assert_int_equal(seen.n, 0);

    /* Without a mark it is not ours. */
    assert_int_equal(fremovexattr(fd, "user.reeve"), 0);
    cgroup_each_own(&root, note, &seen);
    assert_int_equal(seen.n, 0);
    fd2 = cgroup_create(&root, unit_name, unmarked, sizeof unmarked);
    assert_true(fd2 >= 0);
    assert_string_not_equal(unmarked, name);
    close(fd);
    close(fd2);
    assert_int_equal(cgroup_remove(&root, name), 0);
    assert_int_equal(cgroup_remove(&root, unmarked), 0);
}

static void test_refused_names(void **state)
{
    char name[16];

    (void)state;
    need_cgroups();
    assert_int_equal(cgroup_remove(&root, "user.slice"), -EINVAL);
    assert_int_equal(cgroup_remove(&root, "reeve.x/../../y"), -EINVAL);
    assert_int_equal(cgroup_create(&root, "a/b", name, sizeof name), -EINVAL);
    assert_int_equal(cgroup_create(&root, "", name, sizeof name), -EINVAL);
    assert_int_equal(cgroup_create(&root, "a-name-that-is-too-long", name, sizeof name),
                     -ENAMETOOLONG);
}

static void test_without_cgroups(void **state)
{
    const struct cgroup_root none = {.dir_fd = -1};
    char name[64];

    (void)state;
    assert_int_equal(cgroup_create(&none, "x", name, sizeof name), -ENODEV);
    assert_int_equal(cgroup_remove(&none, "reeve.x"), -ENODEV);
    cgroup_each_own(&none, note, NULL);
    assert_true(cgroup_populated(-1) < 0);
    assert_true(cgroup_count(-1, 0) < 0);
    assert_true(cgroup_signal(-1, SIGTERM, 0) < 0);
}

static void test_long_owner(void **state)
{
    struct cgroup_root a, b;
    char owner[600], other[600];

    (void)state;
    memset(owner, 'o', sizeof owner - 1);
    owner[sizeof owner - 1] = '\0';
    strcpy(other, owner);
    other[sizeof other - 2] = 'x';
    (void)cgroup_root_open(&a, owner);
    (void)cgroup_root_open(&b, other);
    assert_true(strlen(a.owner) < sizeof a.owner);
    assert_string_not_equal(a.owner, b.owner);
    cgroup_root_close(&a);
    cgroup_root_close(&b);
}

/* An ordinary user, inside a subtree that was given to it. */
static void delegated(void)
{
    static const char *const given[] = {".", "cgroup.procs", "cgroup.subtree_control"};
    char *argv[] = {(char *)(uintptr_t) "/bin/true", NULL};
    struct spawn_request request = plain_request(argv);
    struct cgroup_root own;
    struct life life;
    char name[256], number[16];
    int fd = cgroup_create(&root, unit_name, name, sizeof name);
    int procs;

    CHECK(fd >= 0);
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        CHECK(fchownat(fd, given[i], 65534, 65534, 0) == 0);
    procs = openat(fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    snprintf(number, sizeof number, "%d", (int)getpid());
    CHECK(write(procs, number, strlen(number)) > 0);
    CHECK(setgroups(0, NULL) == 0 && setresgid(65534, 65534, 65534) == 0);
    CHECK(setresuid(65534, 65534, 65534) == 0);

    CHECK(cgroup_root_open(&own, "delegated") == 0);
    CHECK(strstr(own.path, name) != NULL);
    fd = cgroup_create(&own, "unit", name, sizeof name);
    CHECK(fd >= 0);
    request.cgroup_fd = fd;
    life = live(request);
    CHECK(life.news == EXEC_DONE && life.in_cgroup);
    CHECK(cgroup_remove(&own, name) == 0);
    cgroup_root_close(&own);
}

static void test_delegated(void **state)
{
    char name[256];

    (void)state;
    need_cgroups();
    if (geteuid() != 0)
        skip();
    run_apart(delegated);
    snprintf(name, sizeof name, "reeve.%s", unit_name);
    assert_int_equal(cgroup_remove(&root, name), 0);
}

/* Outside of what was given to it, an ordinary user learns that it cannot. */
static void undelegated(void)
{
    struct cgroup_root own;

    CHECK(setgroups(0, NULL) == 0 && setresgid(65534, 65534, 65534) == 0);
    CHECK(setresuid(65534, 65534, 65534) == 0);
    CHECK(cgroup_root_open(&own, "undelegated") == -EACCES);
    CHECK(own.dir_fd == -1 && !own.path);
}

static void test_undelegated(void **state)
{
    (void)state;
    need_cgroups();
    if (geteuid() != 0)
        skip();
    run_apart(undelegated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_life_in_a_cgroup),
        cmocka_unit_test(test_processes_below),
        cmocka_unit_test(test_gone_cgroup_is_no_obstacle),
        cmocka_unit_test(test_owner_marks),
        cmocka_unit_test(test_refused_names),
        cmocka_unit_test(test_without_cgroups),
        cmocka_unit_test(test_long_owner),
        cmocka_unit_test(test_delegated),
        cmocka_unit_test(test_undelegated),
    };

    return cmocka_run_group_tests(tests, open_root, close_root);
}
