/* A configuration on its way through a sealed memfd. */
#include <sys/mman.h>
#include <unistd.h>

#include "config/transfer.h"
#include "config_fixture.h"
#include "os/memfd.h"
#include "os/sys.h"

static const char good[] = "[reeve]\nsocket = /s\nsocket_group = daemon\nevents_kept = 77\n"
                           "[service:web]\ncommand = x 'a b'\nuser = nobody\ntags = a b\n"
                           "[job:mail]\ncommand = y\nenvironment = K=v\n";

typedef int transfer_fn(const char *path, const struct config_options *options, int memfd);

/* Writes the configuration text to a file, loads it into a memfd as the child does. */
static int transfer_by(transfer_fn *fn, const char *text, char *ret_path)
{
    struct config_options options = {.environ = fixture_environ, .uid = 0};
    int fd, memfd = memfd_make("test");

    strcpy(ret_path, "/tmp/reeve-test-XXXXXX");
    fd = mkstemp(ret_path);
    assert_true(fd >= 0 && memfd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    assert_int_equal(fn(ret_path, &options, memfd), 0);
    unlink(ret_path);
    return memfd;
}

static int transfer(const char *text, char *ret_path)
{
    return transfer_by(config_transfer_write, text, ret_path);
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
    assert_string_equal(set->daemon.socket_group, "daemon");
    assert_int_equal(set->daemon.events_kept, 77);
    assert_int_equal(set->n_units, 2);
    assert_int_equal(set->units[0].n_tags, 2);
    assert_string_equal(set->units[0].tags[1], "b");
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
    assert_string_equal(errors.lines[0],
                        "/nowhere/x.ini: there is no such file; create it or name another");
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

/* A header with these numbers, then the text. */
static int read_parts(uint64_t block, uint64_t n_errors, uint64_t n_warnings, const char *text,
                      size_t text_bytes)
{
    static const uint64_t no_units;
    struct strbuf b = STRBUF_INIT;
    int rc;

    strbuf_add_bytes(&b, "reevecfg", 8);
    strbuf_add_bytes(&b, &block, sizeof block);
    strbuf_add_bytes(&b, &n_errors, sizeof n_errors);
    strbuf_add_bytes(&b, &n_warnings, sizeof n_warnings);
    strbuf_add_bytes(&b, &no_units, sizeof no_units);
    strbuf_add_bytes(&b, &no_units, sizeof no_units); /* and what is unused */
    strbuf_add_bytes(&b, text, text_bytes);
    rc = read_bytes(b.data, b.len_bytes);
    strbuf_finish(&b);
    return rc;
}

static void test_rubbish(void **state)
{
    static const char two[] = "one\0two";

    (void)state;
    assert_int_equal(read_bytes("reevecfg", 8), -EBADMSG);
    assert_int_equal(read_bytes("something else, but long enough...", 34), -EBADMSG);
    assert_int_equal(read_parts(0, 2, 0, two, sizeof two), -EINVAL);
    assert_int_equal(read_parts(0, 1, 1, two, sizeof two), -EINVAL);
    assert_int_equal(read_parts(0, 0, 2, two, sizeof two), -EBADMSG); /* no error and no block */
    assert_int_equal(read_parts(0, 1, 0, two, sizeof two), -EBADMSG);
    assert_int_equal(read_parts(0, 3, 0, two, sizeof two), -EBADMSG);
    assert_int_equal(read_parts(0, 2, 1, two, sizeof two), -EBADMSG);
    assert_int_equal(read_parts(0, 1, UINT64_MAX, two, sizeof two), -EBADMSG);
    assert_int_equal(read_parts(0, UINT64_MAX, 0, two, sizeof two), -EBADMSG);
    assert_int_equal(read_parts(0, 2, 0, two, sizeof two - 1), -EBADMSG); /* an open end */
    assert_int_equal(read_parts(4, 1, 0, two, sizeof two), -EBADMSG);     /* errors and a block */
    assert_int_equal(read_parts(8, 0, 0, two, sizeof two), -EBADMSG);     /* that is no block */
    assert_int_equal(read_parts(9, 0, 0, two, sizeof two), -EBADMSG);
    assert_int_equal(read_parts(UINT64_MAX, 0, 0, two, sizeof two), -EBADMSG);
    assert_int_equal(read_parts(0, 0, 0, "", 0), -EBADMSG);
}

static void test_warnings(void **state)
{
    char path[64], expected[256];
    int memfd = transfer("[service:a]\ncommand = x | y\n[job:b]\ncommand = x &\n", path);
    struct config_errors errors = {0};
    struct spec_set *set = NULL;

    (void)state;
    /* Beside a set they are no reason to refuse it. */
    assert_int_equal(config_transfer_read(memfd, &set, &errors), 0);
    assert_int_equal(set->n_units, 2);
    assert_int_equal(errors.n_lines, 0);
    assert_int_equal(errors.n_warnings, 2);
    snprintf(expected, sizeof expected,
             "%s:2: [service:a] command: warning: '|' is passed as a word, since no shell is run; "
             "write sh -c '...' for a pipeline",
             path);
    assert_string_equal(errors.warnings[0], expected);
    assert_non_null(strstr(errors.warnings[1], ":4: [job:b] command: warning: '&' is passed"));
    spec_set_unref(set);
    config_errors_finish(&errors);
    close(memfd);
    /* And beside errors. */
    memfd = transfer("[service:a]\ncommand = x | y\numask = 9\n", path);
    assert_int_equal(config_transfer_read(memfd, &set, &errors), -EINVAL);
    assert_null(set);
    assert_int_equal(errors.n_lines, 1);
    assert_int_equal(errors.n_warnings, 1);
    config_errors_finish(&errors);
    close(memfd);
}

static uint32_t findings_of(int memfd, size_t n_errors, size_t n_warnings)
{
    struct config_errors errors = {0};
    uint32_t n_units = 77;

    assert_int_equal(config_transfer_read_findings(memfd, &n_units, &errors), 0);
    assert_int_equal(errors.n_lines, n_errors);
    assert_int_equal(errors.n_warnings, n_warnings);
    config_errors_finish(&errors);
    return n_units;
}

static void test_findings(void **state)
{
    static const char text[] = "[service:a]\ncommand = x | y\n[job:b]\ncommand = x\n";
    struct config_errors errors = {0};
    struct spec_set *set = NULL;
    char path[64];
    int memfd = transfer_by(config_transfer_write_findings, text, path);

    (void)state;
    assert_int_equal(findings_of(memfd, 0, 1), 2);
    assert_int_equal(config_transfer_read(memfd, &set, &errors), -EBADMSG); /* no specs */
    assert_null(set);
    config_errors_finish(&errors);
    close(memfd);
    memfd = transfer(text, path); /* but specs have findings */
    assert_int_equal(findings_of(memfd, 0, 1), 2);
    close(memfd);
    memfd = transfer_by(config_transfer_write_findings, "[service:a]\numask = 9\n", path);
    assert_int_equal(findings_of(memfd, 2, 0), 0);
    close(memfd);
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
        cmocka_unit_test(test_findings),     cmocka_unit_test(test_unsealed),
        cmocka_unit_test(test_warnings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
