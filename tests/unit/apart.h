/* What tests of base/ and os/ share: a temporary directory, and code that needs a process of its
 * own. */
#ifndef REEVE_TESTS_APART_H
#define REEVE_TESTS_APART_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define UNUSED __attribute__((unused))

UNUSED static char tmp_dir[64];

UNUSED static int make_tmp_dir(void **state)
{
    const char *base = getenv("TMPDIR");

    (void)state;
    /* Short, since sockets live in it. */
    snprintf(tmp_dir, sizeof tmp_dir, "%s/reeve-test-XXXXXX",
             base && base[0] == '/' && strlen(base) < 32 ? base : "/tmp");
    return mkdtemp(tmp_dir) ? 0 : -1;
}

UNUSED static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

UNUSED static int remove_tmp_dir(void **state)
{
    (void)state;
    return nftw(tmp_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* tmp_dir/name; valid until the next call with the same buffer. */
UNUSED static const char *in_tmp(char buf[256], const char *name)
{
    snprintf(buf, 256, "%s/%s", tmp_dir, name);
    return buf;
}

/* In code of run_apart: ends the process with a message when the condition does not hold. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            dprintf(check_fd, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno);    \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

UNUSED static int check_fd = 2;

/* Runs fn in a process of its own, which may change what it likes, and expects it to succeed. */
UNUSED static void run_apart(void (*fn)(void))
{
    pid_t pid;
    int status;

    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        check_fd = fcntl(2, F_DUPFD_CLOEXEC, 100);
        fn();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

#endif
