/*
 * A unit that writes down what happens to it, for the tests of order. Each line of the file journal
 * in DIRECTORY is "MICROSECONDS UNIT PID WHAT", the time monotonic, WHAT one of
 *
 *   start   it runs            twice   it runs, and so does another copy of it
 *   term    it was told to end  end    it ends by itself (a copy that is killed has none)
 *
 *   actor DIRECTORY [term=MS|gate|never] [after=MS|gate] [code=N]
 *
 * term: how long it takes to end once told to; or until the file UNIT.term appears; or it does not.
 * after: it ends by itself after that time, with code; or as soon as the file UNIT.gate appears,
 * with the code in there. Either file is used up; all.term and all.gate are for all units and stay.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { AT_A_GATE = -1, NEVER = -2 };
enum { LOOK_AGAIN_MS = 5 };

static const char *unit;
static int journal;

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void say(const char *what)
{
    char line[128];
    int n =
        snprintf(line, sizeof line, "%lld %s %d %s\n", (long long)now_us(), unit, getpid(), what);

    if (write(journal, line, (size_t)n) != n)
        _exit(99);
}

/* One copy holds it, for as long as it lives. */
static bool alone(void)
{
    char path[128];
    int fd;

    snprintf(path, sizeof path, "%s.lock", unit);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        _exit(99);
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* The number in the file, which is removed; -1: there is none. */
static int read_gate(const char *name, const char *suffix, bool remove)
{
    char path[128], text[16] = "";
    int fd;

    snprintf(path, sizeof path, "%s.%s", name, suffix);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (remove)
        unlink(path);
    if (read(fd, text, sizeof text - 1) < 0)
        _exit(99);
    close(fd);
    return atoi(text);
}

static int gate(const char *suffix)
{
    int code = read_gate(unit, suffix, true);

    return code >= 0 ? code : read_gate("all", suffix, false);
}

static void sleep_ms(int64_t ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        ;
}

static int64_t time_of(const char *text)
{
    return strcmp(text, "gate") == 0 ? AT_A_GATE : strcmp(text, "never") == 0 ? NEVER : atoll(text);
}

static void end_as_told(int64_t term_ms)
{
    if (term_ms == NEVER)
        return;
    if (term_ms == AT_A_GATE) {
        while (gate("term") < 0)
            sleep_ms(LOOK_AGAIN_MS);
    } else {
        sleep_ms(term_ms);
    }
    say("end");
    _exit(0);
}

/* Whether TERM came within the time. */
static bool told(const sigset_t *term, int64_t wait_ms)
{
    struct timespec t = {wait_ms / 1000, wait_ms % 1000 * 1000000};

    if (wait_ms == NEVER)
        return sigwaitinfo(term, NULL) == SIGTERM;
    return sigtimedwait(term, NULL, &t) == SIGTERM;
}

struct part {
    int64_t term_ms, after_ms;
    int code;
};

static bool read_part(struct part *p, char **words)
{
    *p = (struct part){.after_ms = NEVER};
    for (; *words; words++) {
        if (strncmp(*words, "term=", 5) == 0)
            p->term_ms = time_of(*words + 5);
        else if (strncmp(*words, "after=", 6) == 0)
            p->after_ms = time_of(*words + 6);
        else if (strncmp(*words, "code=", 5) == 0)
            p->code = atoi(*words + 5);
        else
            return false;
    }
    return true;
}

/* Returns the exit code. */
static int play(struct part *p, const sigset_t *term)
{
    int64_t end_us = now_us() + p->after_ms * 1000;

    for (;;) {
        int64_t left_us = end_us - now_us();
        int64_t wait_ms = p->after_ms == NEVER       ? NEVER
                          : p->after_ms == AT_A_GATE ? LOOK_AGAIN_MS
                          : left_us > 0              ? left_us / 1000 + 1
                                                     : 0;

        if (told(term, wait_ms)) {
            say("term");
            end_as_told(p->term_ms);
        } else if (p->after_ms == AT_A_GATE) {
            p->code = gate("gate");
            if (p->code >= 0)
                return p->code;
        } else if (p->after_ms != NEVER && now_us() >= end_us) {
            return p->code;
        }
    }
}

int main(int argc, char **argv)
{
    struct part part;
    sigset_t term;
    int code;

    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    unit = getenv("REEVE_UNIT");
    if (argc < 2 || !unit || chdir(argv[1]) < 0 || !read_part(&part, argv + 2))
        return 99;
    journal = open("journal", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (journal < 0)
        return 99;
    say(alone() ? "start" : "twice");
    code = play(&part, &term);
    say("end");
    return code;
}
