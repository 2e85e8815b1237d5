#include "os/memfd.h"
#include "os/sys.h"
#include "os_support.h"

#include <sys/mman.h>

static void test_round_trip(void **state)
{
    int fd = memfd_make("test");
    size_t size;
    void *map;

    (void)state;
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(sys_write_all(fd, "hello ", 6), 0);
    assert_int_equal(sys_write_all(fd, "world", 6), 0);

    /* Unsealed it is nothing to build on. */
    assert_int_equal(memfd_map(fd, &map, &size), -EPERM);
    assert_null(map);
    assert_int_equal(memfd_seal(fd), 0);
    assert_int_equal(sys_write_all(fd, "x", 1), -EPERM);
    assert_int_equal(ftruncate(fd, 1), -1);
    assert_int_equal(ftruncate(fd, 100), -1);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);

    assert_int_equal(memfd_map(fd, &map, &size), 0);
    assert_int_equal(size, 12);
    assert_string_equal(map, "hello world");
    ((char *)map)[0] = 'H'; /* a copy of our own */
    munmap(map, size);
    assert_int_equal(memfd_map(fd, &map, &size), 0);
    assert_string_equal(map, "hello world");
    munmap(map, size);
    close(fd);
}

static void test_partly_sealed(void **state)
{
    int fd = memfd_make("test");
    size_t size;
    void *map;

    (void)state;
    assert_int_equal(sys_write_all(fd, "x", 1), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
    assert_int_equal(memfd_map(fd, &map, &size), -EPERM);
    close(fd);
}

static void test_others(void **state)
{
    int fds[2], fd = memfd_make("test");
    size_t size;
    void *map;

    (void)state;
    assert_int_equal(memfd_seal(fd), 0);
    assert_int_equal(memfd_map(fd, &map, &size), -ENODATA);
    close(fd);
    assert_int_equal(memfd_map(fd, &map, &size), -EBADF);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(memfd_map(fds[0], &map, &size), -EPERM);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_partly_sealed),
        cmocka_unit_test(test_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
