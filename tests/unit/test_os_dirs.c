#include "os/dirs.h"
#include "os_support.h"

static mode_t mode_of(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

/* As another process: 0 or the error. */
static int take_elsewhere(const char *path)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        int fd = runtime_dir_take(path);

        _exit(fd < 0 ? -fd : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return -WEXITSTATUS(status);
}

/* A child that is not executing yet when its parent is killed must not keep the next one away. */
static void test_lock_is_not_inherited(void **state)
{
    int hold[2], taken[2];
    char path[256];
    pid_t pid;

    (void)state;
    in_tmp(path, "inherit");
    assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
    assert_int_equal(pipe2(taken, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        CHECK(runtime_dir_take(path) >= 0);
        if (fork() == 0) { /* holds the descriptor until `hold` is closed */
            close(hold[1]);
            (void)!write(taken[1], "x", 1);
            (void)!read(hold[0], &(char){0}, 1);
            _exit(0);
        }
        CHECK(kill(getpid(), SIGKILL) == 0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(read(taken[0], &(char){0}, 1), 1);
    assert_int_equal(take_elsewhere(path), 0);
    for (int i = 0; i < 2; i++) {
        close(hold[i]);
        close(taken[i]);
    }
}

static void test_take(void **state)
{
    mode_t wanted = geteuid() == 0 ? 0755 : 0700;
    mode_t old = umask(0177); /* must not matter */
    char path[256], lock[256];
    int fd;

    (void)state;
    fd = runtime_dir_take(in_tmp(path, "run"));
    umask(old);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(mode_of(path), wanted);
    assert_int_equal(mode_of(in_tmp(lock, "run/lock")) & 077, 0);

    /* Taken until the holder is gone; the lock file stays. A process may take its own again. */
    assert_int_equal(take_elsewhere(path), -EBUSY);
    close(fd);
    assert_int_equal(take_elsewhere(path), 0);
    fd = runtime_dir_take(path);
    assert_true(fd >= 0);
    close(fd);
}

static void hold_and_die(void)
{
    char path[256];

    CHECK(runtime_dir_take(in_tmp(path, "dies")) >= 0);
    CHECK(kill(getpid(), SIGKILL) == 0);
}

static void test_lock_ends_with_the_process(void **state)
{
    char path[256];
    pid_t pid = fork();
    int fd, status;

    (void)state;
    if (pid == 0) {
        hold_and_die();
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    fd = runtime_dir_take(in_tmp(path, "dies"));
    assert_true(fd >= 0);
    close(fd);
}

static void test_parents(void **state)
{
    char path[256];
    int fd;

    (void)state;
    fd = runtime_dir_take(in_tmp(path, "parent/run//"));
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(runtime_dir_take(in_tmp(path, "a/b/c")), -ENOENT);
    assert_int_equal(access(in_tmp(path, "a"), F_OK), -1);
    assert_int_equal(runtime_dir_take(""), -ENOENT);
}

static void test_refused(void **state)
{
    char path[256], link[256];
    int fd;

    (void)state;
    assert_int_equal(mkdir(in_tmp(path, "open"), 0700), 0);
    assert_int_equal(chmod(path, 01777), 0);
    assert_int_equal(runtime_dir_take(path), -EPERM);
    assert_int_equal(chmod(path, 0770), 0);
    assert_int_equal(runtime_dir_take(path), -EPERM);
    assert_int_equal(chmod(path, 0700), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 65534, 65534), 0);
        assert_int_equal(runtime_dir_take(path), -EPERM);
        assert_int_equal(chown(path, 0, 0), 0);
    }

    /* A link, with and without a slash at its end, is nobody's directory. */
    assert_int_equal(symlink(path, in_tmp(link, "link")), 0);
    assert_int_equal(runtime_dir_take(link), -ENOTDIR);
    assert_int_equal(runtime_dir_take(in_tmp(link, "link/")), -ENOTDIR);
    fd = open(in_tmp(path, "file"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    close(fd);
    assert_int_equal(runtime_dir_take(path), -ENOTDIR);

    /* Nor is the lock followed. */
    assert_int_equal(symlink(path, in_tmp(link, "open/lock")), 0);
    assert_int_equal(runtime_dir_take(in_tmp(path, "open")), -ELOOP);
}

static void test_directory_of_a_file(void **state)
{
    mode_t wanted = geteuid() == 0 ? 0755 : 0700;
    char dir[256], path[300];

    (void)state;
    snprintf(path, sizeof path, "%s/socket", in_tmp(dir, "gone"));
    assert_int_equal(dir_of_file_make(path), 0);
    assert_int_equal(mode_of(dir), wanted);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(dir_of_file_make(path), 0); /* it is there */
    snprintf(path, sizeof path, "%s/two/levels/socket", dir);
    assert_int_equal(dir_of_file_make(path), -ENOENT);
    assert_int_equal(dir_of_file_make("socket"), 0);
    assert_int_equal(dir_of_file_make("/socket"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_lock_is_not_inherited),
        cmocka_unit_test(test_lock_ends_with_the_process),
        cmocka_unit_test(test_parents),
        cmocka_unit_test(test_directory_of_a_file),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, make_tmp_dir, remove_tmp_dir);
}
