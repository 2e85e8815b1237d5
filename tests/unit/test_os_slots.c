#include "os/slots.h"
#include "os_support.h"

struct seen {
    int n;
    struct run_slot last;
};

static char cgroup[SLOTS_CGROUP_MAX];

static void note(const struct run_slot *slot, void *arg)
{
    struct seen *seen = arg;

    seen->n++;
    seen->last = *slot;
}

/* A file whose slot 1 was marked by a child that lives until *ret_hold is closed. */
static pid_t leave_behind(const char *path, int *ret_hold)
{
    int hold[2], marked[2];
    struct slots slots;
    pid_t pid;

    assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
    assert_int_equal(pipe2(marked, O_CLOEXEC), 0);
    assert_int_equal(slots_open(&slots, path, 3, "/sys/fs/cgroup/x"), 0);
    strcpy(slots_get(&slots, 1)->unit, "web");
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(hold[1]);
        slots_mark_self(slots_get(&slots, 1), 7);
        if (write(marked[1], "x", 1) == 1)
            (void)!read(hold[0], &(char){0}, 1);
        _exit(0);
    }
    assert_int_equal(read(marked[0], &(char){0}, 1), 1);
    close(hold[0]);
    close(marked[0]);
    close(marked[1]);
    *ret_hold = hold[1];
    slots_close(&slots, NULL);
    return pid;
}

/* Changes slot 1 in the file. */
static void patch(const char *path, void (*change)(struct run_slot *slot))
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct run_slot slot;
    off_t at;

    assert_true(fd >= 0);
    at = lseek(fd, 0, SEEK_END) - 2 * (off_t)sizeof slot;
    assert_int_equal(pread(fd, &slot, sizeof slot, at), sizeof slot);
    change(&slot);
    assert_int_equal(pwrite(fd, &slot, sizeof slot, at), sizeof slot);
    close(fd);
}

static void other_boot(struct run_slot *slot)
{
    slot->boot_hash++;
}

static void other_start(struct run_slot *slot)
{
    slot->start_ticks++;
}

static void no_start(struct run_slot *slot)
{
    slot->start_ticks = 0;
}

static void endless_name(struct run_slot *slot)
{
    memset(slot->unit, 'x', sizeof slot->unit);
}

static void negative_pid(struct run_slot *slot)
{
    slot->pid = -1;
}

static void test_survivors(void **state)
{
    static void (*const changes[])(struct run_slot *) = {other_boot, no_start, endless_name,
                                                         negative_pid};
    struct seen seen;
    char path[256];
    pid_t pid;
    int hold;

    (void)state;
    in_tmp(path, "slots");
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        pid = leave_behind(path, &hold);
        seen.n = 0;
        assert_int_equal(slots_each_left(path, cgroup, note, &seen), 0);
        assert_int_equal(seen.n, 1);
        assert_int_equal(seen.last.pid, pid);
        assert_int_equal(seen.last.run, 7);
        assert_string_equal(seen.last.unit, "web");
        assert_string_equal(cgroup, "/sys/fs/cgroup/x");
        assert_true(slots_main_lives(&seen.last));

        patch(path, changes[i]);
        assert_int_equal(slots_each_left(path, cgroup, note, &seen), 0);
        assert_int_equal(seen.n, 1);
        close(hold);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
    }
}

/* A run whose main is dead was not over all the same; a later process of its number is not main. */
static void test_a_later_process_is_not_main(void **state)
{
    struct seen seen = {0};
    char path[256];
    pid_t pid;
    int hold;

    (void)state;
    pid = leave_behind(in_tmp(path, "slots"), &hold);
    patch(path, other_start);
    assert_int_equal(slots_each_left(path, cgroup, note, &seen), 0);
    assert_int_equal(seen.n, 1);
    assert_false(slots_main_lives(&seen.last));
    close(hold);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Beside the first process, until the run is over or the next one begins. */
static void test_another_main(void **state)
{
    struct run_slot slot = {.pid = 0};

    (void)state;
    slots_mark_self(&slot, 1);
    assert_int_equal(slot.main_pid, 0);
    slots_name_main(&slot, 4711, 12345);
    assert_int_equal(slot.pid, getpid());
    assert_int_equal(slot.main_pid, 4711);
    assert_int_equal(slot.main_ticks, 12345);
    assert_true(slots_main_lives(&slot)); /* the first one */
    slots_clear(&slot);
    assert_int_equal(slot.main_pid, 0);
    slots_name_main(&slot, 4711, 12345);
    slots_mark_self(&slot, 2);
    assert_int_equal(slot.main_pid, 0);
}

static void test_the_dead_do_not_survive(void **state)
{
    struct seen seen = {0};
    char path[256];
    pid_t pid;
    int hold;

    (void)state;
    pid = leave_behind(in_tmp(path, "slots"), &hold);
    close(hold);
    assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
    assert_int_equal(slots_each_left(path, cgroup, note, &seen), 0);
    assert_int_equal(seen.n, 1);
    assert_false(slots_main_lives(&seen.last)); /* a zombie */
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_false(slots_main_lives(&seen.last));
}

static void test_file(void **state)
{
    struct seen seen = {0};
    struct slots slots, none;
    struct stat st, st2;
    char path[256];

    (void)state;
    in_tmp(path, "file");
    assert_int_equal(slots_each_left(path, cgroup, note, &seen), -ENOENT);
    assert_int_equal(slots_open(&slots, path, 2, NULL), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_true(fcntl(slots.fd, F_GETFD) & FD_CLOEXEC);
    assert_non_null(slots_get(&slots, 1));
    assert_null(slots_get(&slots, 2));

    strcpy(slots_get(&slots, 0)->unit, "a");
    slots_mark_self(slots_get(&slots, 0), 3);
    assert_int_equal(slots_each_left(path, cgroup, note, &seen), 0);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.last.boot_hash, slots.boot_hash);
    slots_clear(slots_get(&slots, 0));
    assert_int_equal(slots_each_left(path, cgroup, note, &seen), 0);
    assert_int_equal(seen.n, 1);
    assert_string_equal(slots_get(&slots, 0)->unit, "a");

    /* Opened again it is another file: who still holds the old one cannot disturb. */
    slots_close(&slots, NULL);
    assert_int_equal(slots_open(&slots, path, 0, NULL), 0);
    assert_int_equal(stat(path, &st2), 0);
    assert_null(slots_get(&slots, 0));
    slots_close(&slots, path);
    assert_int_equal(access(path, F_OK), -1);

    /* What is still in use is left for the next reeved to see. */
    assert_int_equal(slots_open(&slots, path, 1, NULL), 0);
    slots_mark_self(slots_get(&slots, 0), 1);
    slots_close(&slots, path);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(unlink(path), 0);

    assert_int_equal(slots_open(&none, "/no/such/directory/slots", 1, NULL), -ENOENT);
    assert_null(slots_get(&none, 0));
    slots_close(&none, NULL);
}

static void test_bad_files(void **state)
{
    struct seen seen = {0};
    char path[256], target[256];
    int fd, hold;
    pid_t pid;

    (void)state;
    fd = open(in_tmp(path, "bad"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(slots_each_left(path, cgroup, note, &seen), -EBADMSG); /* empty */
    assert_int_equal(ftruncate(fd, 4096), 0);
    assert_int_equal(slots_each_left(path, cgroup, note, &seen), -EBADMSG); /* zeros */
    close(fd);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(in_tmp(target, "file"), path), 0);
    assert_int_equal(slots_each_left(path, cgroup, note, &seen), -ELOOP);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(slots_each_left(path, cgroup, note, &seen), -EPERM);

    /* Cut in the middle: what was read counts. */
    pid = leave_behind(path, &hold);
    assert_int_equal(truncate(path, 24 + SLOTS_CGROUP_MAX + 2 * (off_t)sizeof(struct run_slot) + 5),
                     0);
    assert_int_equal(slots_each_left(path, cgroup, note, &seen), -EBADMSG);
    assert_int_equal(seen.n, 1);
    close(hold);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_survivors),    cmocka_unit_test(test_a_later_process_is_not_main),
        cmocka_unit_test(test_another_main), cmocka_unit_test(test_the_dead_do_not_survive),
        cmocka_unit_test(test_file),         cmocka_unit_test(test_bad_files),
    };

    return cmocka_run_group_tests(tests, make_tmp_dir, remove_tmp_dir);
}
