/*
 * A command that looks at a unit, for the tests of readiness and health. It adds to the file
 * journal in DIRECTORY as actor.c does, WHAT being one of
 *
 *   look      it begins              overlap  it begins, and so has another one of the unit
 *   looked    it ends by itself      escaped  a grandchild of it that nothing but SIGKILL ends
 *
 *   look DIRECTORY [take=MS|never] [code=N|file] [escape[=session]]
 *
 * take: how long it takes; TERM does not end it. code: what it ends with; file: the number in the
 * file UNIT.look, 1 without it. escape: it leaves a child; session: one in a session of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *unit;
static int journal;

static void say(const char *what)
{
    struct timespec t;
    char line[128];
    int n;

    clock_gettime(CLOCK_MONOTONIC, &t);
    n = snprintf(line, sizeof line, "%lld %s %d %s\n",
                 (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000, unit, getpid(), what);
    if (write(journal, line, (size_t)n) != n)
        _exit(99);
}

/* One of a unit holds it, for as long as it looks. Not inherited by an escaped child. */
static int alone(void)
{
    char path[128];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd;

    snprintf(path, sizeof path, "%s.look.lock", unit);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        _exit(99);
    return fcntl(fd, F_SETLK, &lock) == 0;
}

static int code_of(const char *text)
{
    char path[128], number[16] = "1";
    int fd;

    if (strcmp(text, "file") != 0)
        return atoi(text);
    snprintf(path, sizeof path, "%s.look", unit);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, number, sizeof number - 1) < 0)
        _exit(99);
    return atoi(number);
}

/* Returns when it has. */
static void escape(int own_session)
{
    int done[2];
    char nothing;

    if (pipe2(done, O_CLOEXEC) < 0)
        _exit(99);
    if (fork() != 0) {
        close(done[1]);
        if (read(done[0], &nothing, 1) != 0)
            _exit(99);
        close(done[0]);
        return;
    }
    if (own_session)
        setsid();
    say("escaped");
    close(done[1]);
    for (;;)
        pause();
}

static void sleep_ms(int64_t ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        ;
}

int main(int argc, char **argv)
{
    const char *code = "0";
    int64_t take_ms = 0;

    signal(SIGTERM, SIG_IGN);
    unit = getenv("REEVE_UNIT");
    if (argc < 2 || !unit || chdir(argv[1]) < 0)
        return 99;
    journal = open("journal", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (journal < 0)
        return 99;
    say(alone() ? "look" : "overlap");
    for (int i = 2; i < argc; i++) {
        if (strncmp(argv[i], "take=", 5) == 0)
            take_ms = strcmp(argv[i] + 5, "never") == 0 ? -1 : atoll(argv[i] + 5);
        else if (strncmp(argv[i], "code=", 5) == 0)
            code = argv[i] + 5;
        else if (strncmp(argv[i], "escape", 6) == 0)
            escape(strcmp(argv[i], "escape=session") == 0);
        else
            return 99;
    }
    while (take_ms < 0)
        pause();
    sleep_ms(take_ms);
    say("looked");
    return code_of(code);
}
