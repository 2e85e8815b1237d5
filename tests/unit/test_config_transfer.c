/* A configuration on its way through a sealed memfd. */
#include <sys/mman.h>
#include <unistd.h>

#include "config/transfer.h"
#include "config_fixture.h"
#include "os/memfd.h"
#include "os/sys.h"

static const char good[] = "[reeve]\nsocket = /s\n[service:web]\ncommand = x 'a b'\nuser = nobody\n"
                           "[job:mail]\ncommand = y\nenvironment = K=v\n";

/* Writes the configuration text to a file, loads it into a memfd as the child does. */
static int transfer(const char *text, char *ret_path)
{
    struct config_options options = {.environ = fixture_environ, .uid = 0};
    int fd, memfd = memfd_make("test");

    strcpy(ret_path, "/tmp/reeve-test-XXXXXX");
    fd = mkstemp(ret_path);
    assert_true(fd >= 0 && memfd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    assert_int_equal(config_transfer_write(ret_path, &options, memfd), 0);
    unlink(ret_path);
    return memfd;
}

static void test_specs(void **state)
{
    char path[64];
    int memfd = transfer(good, path);
    struct config_errors errors = {0};
    struct spec_set *set = NULL;

    (void)state;
    assert_int_equal(config_transfer_read(memfd, &set, &errors), 0);
    close(memfd); /* the set does not need it */
    assert_int_equal(errors.n_lines, 0);
    assert_int_equal(set->refs, 1);
    assert_string_equal(set->daemon.socket, "/s");
    assert_int_equal(set->n_units, 2);
    assert_string_equal(set->units[0].argv[1], "a b");
    assert_string_equal(set->units[0].file, path);
    assert_string_equal(variable(&set->units[0], "USER"), "nobody");
    assert_string_equal(variable(&set->units[1], "K"), "v");
    spec_set_ref(set);
    spec_set_unref(set);
    assert_int_equal(set->refs, 1);
    assert_string_equal(set->units[1].name, "mail");
    spec_set_unref(set);
    config_errors_finish(&errors);
}

static void test_errors(void **state)
{
    char path[64], expected[128];
    int memfd = transfer("[service:web]\numask = 9\ncommand = x\njunk\n", path);
    struct config_errors errors = {0};
    struct spec_set *set = NULL;

    (void)state;
    assert_int_equal(config_transfer_read(memfd, &set, &errors), -EINVAL);
    assert_null(set);
    assert_int_equal(errors.n_lines, 2);
    snprintf(expected, sizeof expected, "%s:2: [service:web] umask: '9' is not a mode", path);
    assert_memory_equal(errors.lines[0], expected, strlen(expected));
    snprintf(expected, sizeof expected, "%s:4: [service:web] there is no '='", path);
    assert_memory_equal(errors.lines[1], expected, strlen(expected));
    config_errors_finish(&errors);
    close(memfd);
}

static void test_missing_file(void **state)
{
    struct config_options options = {.environ = fixture_environ, .uid = 0};
    struct config_errors errors = {0};
    struct spec_set *set = NULL;
    int memfd = memfd_make("test");

    (void)state;
    assert_int_equal(config_transfer_write("/nowhere/x.ini", &options, memfd), 0);
    assert_int_equal(config_transfer_read(memfd, &set, &errors), -EINVAL);
    assert_int_equal(errors.n_lines, 1);
    assert_string_equal(errors.lines[0], "/nowhere/x.ini: No such file or directory");
    config_errors_finish(&errors);
    close(memfd);
}

/* A sealed memfd with these bytes; what the reader says to it. */
static int read_bytes(const void *bytes, size_t len_bytes)
{
    struct config_errors errors = {0};
    struct spec_set *set = NULL;
    int memfd = memfd_make("test"), rc;

    assert_int_equal(sys_write_all(memfd, bytes, len_bytes), 0);
    assert_int_equal(memfd_seal(memfd), 0);
    rc = config_transfer_read(memfd, &set, &errors);
    if (rc != 0)
        assert_null(set);
    spec_set_unref(set);
    config_errors_finish(&errors);
    close(memfd);
    return rc;
}

static void test_rubbish(void **state)
{
    static const char too_many[] = "reevecfg\5\0\0\0\0\0\0\0one\0two\0";
    static const char too_few[] = "reevecfg\1\0\0\0\0\0\0\0one\0two\0";
    static const char open_end[] = "reevecfg\1\0\0\0\0\0\0\0one";
    static const char absurd[] = "reevecfg\xff\xff\xff\xff\xff\xff\xff\xffone\0";
    static const char no_specs[] = "reevecfg\0\0\0\0\0\0\0\0rubbish";

    (void)state;
    assert_int_equal(read_bytes("reevecfg", 8), -EBADMSG);
    assert_int_equal(read_bytes("something else, but long enough", 31), -EBADMSG);
    assert_int_equal(read_bytes(too_many, sizeof too_many - 1), -EBADMSG);
    assert_int_equal(read_bytes(too_few, sizeof too_few - 1), -EBADMSG);
    assert_int_equal(read_bytes(open_end, sizeof open_end - 1), -EBADMSG);
    assert_int_equal(read_bytes(absurd, sizeof absurd - 1), -EBADMSG);
    assert_int_equal(read_bytes(no_specs, sizeof no_specs - 1), -EBADMSG);
}

/* A child that died before it sealed anything. */
static void test_unsealed(void **state)
{
    struct config_errors errors = {0};
    struct spec_set *set = NULL;
    int memfd = memfd_make("test"), rc;

    (void)state;
    rc = config_transfer_read(memfd, &set, &errors);
    assert_true(rc < 0 && rc != -EINVAL);
    assert_int_equal(sys_write_all(memfd, "reevecfg", 8), 0);
    rc = config_transfer_read(memfd, &set, &errors);
    assert_true(rc < 0 && rc != -EINVAL);
    assert_null(set);
    close(memfd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_specs),        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_missing_file), cmocka_unit_test(test_rubbish),
        cmocka_unit_test(test_unsealed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
