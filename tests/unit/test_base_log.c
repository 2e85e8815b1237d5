#include "apart.h"
#include "base/log.h"

#include <grp.h>
#include <sys/socket.h>

#define ELLIPSIS "\xE2\x80\xA6"

/* Puts fd in the place of standard error and begins to log to it. */
static void log_to(int fd)
{
    CHECK(dup2(fd, 2) == 2);
    log_init("reeved", LOG_LEVEL_INFO);
}

/* Reads what is there now. */
static const char *read_some(int fd)
{
    static char text[100000];
    size_t len = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};

    while (len < sizeof text - 1 && poll(&p, 1, 0) == 1) {
        ssize_t n = read(fd, text + len, sizeof text - 1 - len);

        if (n <= 0)
            break;
        len += (size_t)n;
    }
    text[len] = '\0';
    return text;
}

static void format(void)
{
    char long_text[10000];
    const char *line;
    int fds[2];

    CHECK(pipe2(fds, O_CLOEXEC) == 0);
    log_to(fds[1]);
    log_info("%s %d", "hello", 7);
    CHECK(strcmp(read_some(fds[0]), "reeved: hello 7\n") == 0);
    log_warning("careful");
    CHECK(strcmp(read_some(fds[0]), "reeved: warning: careful\n") == 0);
    errno = ENOTTY;
    log_error("bad");
    CHECK(errno == ENOTTY);
    CHECK(strcmp(read_some(fds[0]), "reeved: error: bad\n") == 0);
    log_debug("not wanted");
    CHECK(strcmp(read_some(fds[0]), "") == 0);
    log_init("other", LOG_LEVEL_DEBUG);
    log_debug("wanted");
    CHECK(strcmp(read_some(fds[0]), "other: wanted\n") == 0);

    /* Nothing that could disturb a terminal or is not UTF-8. */
    log_info("%s", "a\tb\nc\rd\x1b[1m\x7f|\xC2\x9B|\xC2\xA0|\xC3\xA4|\xE2\x82\xAC|\xF0\x9F\x98\x80|"
                   "\xC3|\xFF|\xC0\x80|\xED\xA0\x80|");
    CHECK(
        strcmp(read_some(fds[0]),
               "other: a\tb?c?d?[1m?|?|\xC2\xA0|\xC3\xA4|\xE2\x82\xAC|\xF0\x9F\x98\x80|?|?|??|???|"
               "\n") == 0);

    /* Long lines are cut between characters. */
    for (int shift = 0; shift < 3; shift++) {
        memset(long_text, 'x', 3);
        for (int i = shift; i + 3 < 9999; i += 3)
            memcpy(long_text + i, "\xE2\x82\xAC", 3);
        long_text[9990] = '\0';
        log_info("%s", long_text);
        line = read_some(fds[0]);
        CHECK(strlen(line) > 4096 - 4 && strlen(line) <= 4096);
        CHECK(strcmp(line + strlen(line) - 7, "\xE2\x82\xAC" ELLIPSIS "\n") == 0);
    }
    /* The longest that fits, and one byte more. */
    memset(long_text, 'y', sizeof long_text);
    log_info("%.*s", 4096 - 8, long_text);
    line = read_some(fds[0]);
    CHECK(strlen(line) == 4096 && strcmp(line + 4094, "y\n") == 0);
    log_info("%.*s", 4096 - 7, long_text);
    line = read_some(fds[0]);
    CHECK(strlen(line) == 4096 && strcmp(line + 4092, ELLIPSIS "\n") == 0);
    CHECK(log_dropped() == 0);
}

static void test_format(void **state)
{
    (void)state;
    run_apart(format);
}

/* Logs into fd until lines are lost, then reads and sees it told. */
static void fill_and_recover(int fd, int reader)
{
    unsigned long lines = 0, lost;
    char expected[100];
    const char *text;

    log_to(fd);
    alarm(20); /* a log that blocks ends here */
    while (log_dropped() == 0) {
        log_info("line %lu", lines++);
        CHECK(lines < 1000000);
    }
    for (int i = 0; i < 10; i++)
        log_info("lost");
    lost = log_dropped();
    CHECK(lost == 11);
    CHECK(!(fcntl(2, F_GETFL) & O_NONBLOCK)); /* shared with others */
    do
        text = read_some(reader);
    while (*text);
    log_info("again");
    text = read_some(reader);
    snprintf(expected, sizeof expected, "reeved: warning: %lu log lines were dropped\n", lost);
    CHECK(strstr(text, expected));
    CHECK(strstr(text, "\nreeved: again\n"));
    CHECK(log_dropped() == lost);
    log_info("and on");
    CHECK(strcmp(read_some(reader), "reeved: and on\n") == 0);
}

static void full_pipe(void)
{
    int fds[2];

    CHECK(pipe2(fds, O_CLOEXEC) == 0);
    fill_and_recover(fds[1], fds[0]);
}

static void full_socket(void)
{
    int fds[2];

    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    fill_and_recover(fds[1], fds[0]);
}

static void full_terminal(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    unsigned long before;
    int slave;

    CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(slave >= 0);
    log_to(slave);
    alarm(20);
    for (int i = 0; i < 100000 && log_dropped() == 0; i++)
        log_info("line");
    before = log_dropped();
    CHECK(before == 1);
    CHECK(!(fcntl(2, F_GETFL) & O_NONBLOCK));
}

/* A pipe that belongs to another user cannot be opened again. */
static void full_foreign_pipe(void)
{
    int fds[2];

    CHECK(pipe2(fds, O_CLOEXEC) == 0);
    if (geteuid() == 0) {
        CHECK(fchmod(fds[1], 0600) == 0);
        CHECK(setgroups(0, NULL) == 0 && setresgid(65534, 65534, 65534) == 0);
        CHECK(setresuid(65534, 65534, 65534) == 0);
    }
    fill_and_recover(fds[1], fds[0]);
}

static void test_never_blocks(void **state)
{
    (void)state;
    run_apart(full_pipe);
    run_apart(full_socket);
    run_apart(full_terminal);
    run_apart(full_foreign_pipe);
}

/* SIGPIPE has its deadly default here. */
static void nobody_reads(void)
{
    int fds[2];

    CHECK(pipe2(fds, O_CLOEXEC) == 0);
    log_to(fds[1]);
    log_info("one");
    close(fds[0]);
    log_info("two");
    CHECK(log_dropped() == 1);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    log_to(fds[1]);
    close(fds[0]);
    log_info("three");
    CHECK(log_dropped() == 2);
}

static void closed(void)
{
    char path[] = "/tmp/reeve-test-log-XXXXXX";
    struct stat st;
    int fd;

    close(2);
    log_init("reeved", LOG_LEVEL_INFO);
    log_error("nobody hears");
    CHECK(log_dropped() == 1);
    /* Whoever gets the number 2 later gets no log lines. */
    fd = mkostemp(path, O_CLOEXEC);
    CHECK(fd == 2 && unlink(path) == 0);
    log_error("still nobody");
    CHECK(fstat(fd, &st) == 0 && st.st_size == 0);
    CHECK(log_dropped() == 2);
}

static void to_a_file(void)
{
    char path[] = "/tmp/reeve-test-log-XXXXXX", text[100] = "";
    int fd = mkostemp(path, O_CLOEXEC);

    CHECK(fd >= 0 && unlink(path) == 0);
    log_to(fd);
    log_info("one");
    dprintf(2, "between\n"); /* others share the offset */
    log_info("two");
    CHECK(pread(fd, text, sizeof text - 1, 0) > 0);
    CHECK(strcmp(text, "reeved: one\nbetween\nreeved: two\n") == 0);
}

static void test_places(void **state)
{
    (void)state;
    run_apart(nobody_reads);
    run_apart(closed);
    run_apart(to_a_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_never_blocks),
        cmocka_unit_test(test_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
