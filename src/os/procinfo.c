#include "os/procinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "os/file.h"
#include "os/sys.h"

/* ---- signals ---- */

static bool find_mask(const char *text, const char *key, uint64_t *ret)
{
    const char *at = strstr(text, key);

    return at && sscanf(at + strlen(key), "%" SCNx64, ret) == 1;
}

int proc_signals_read(pid_t pid, struct proc_signals *ret)
{
    char path[64], text[4096];
    uint64_t shared;
    ssize_t n;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    n = file_read(AT_FDCWD, path, text, sizeof text);
    if (n < 0)
        return (int)n;
    if (!find_mask(text, "\nSigPnd:", &ret->pending) || !find_mask(text, "\nShdPnd:", &shared) ||
        !find_mask(text, "\nSigBlk:", &ret->blocked) ||
        !find_mask(text, "\nSigIgn:", &ret->ignored) || !find_mask(text, "\nSigCgt:", &ret->caught))
        return -EBADMSG;
    ret->pending |= shared;
    return 0;
}

/* ---- its file ---- */

void proc_file_read(pid_t pid, char *ret_name, size_t name_bytes)
{
    static const char deleted[] = " (deleted)";
    char path[64], file[4096];
    const char *slash;
    size_t len;
    ssize_t n;

    ret_name[0] = '\0';
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    n = readlink(path, file, sizeof file - 1);
    if (n <= 0)
        return;
    file[n] = '\0';
    len = (size_t)n;
    if (len > strlen(deleted) && strcmp(file + len - strlen(deleted), deleted) == 0)
        file[len - strlen(deleted)] = '\0';
    slash = strrchr(file, '/');
    slash = slash ? slash + 1 : file;
    if (strlen(slash) < name_bytes)
        memcpy(ret_name, slash, strlen(slash) + 1);
}

bool proc_reads_pipe(pid_t pid)
{
    char path[64], text[64];
    ssize_t n;

    snprintf(path, sizeof path, "/proc/%d/fd/0", (int)pid);
    n = readlink(path, text, sizeof text);
    return n > 5 && memcmp(text, "pipe:", 5) == 0;
}

bool proc_is_ending(pid_t pid)
{
    char path[64], text[128];

    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    return file_read(AT_FDCWD, path, text, sizeof text) <= 0 || strncmp(text, "0 ", 2) == 0;
}

/* ---- its environment ---- */

/* A variable of it, byte by byte. */
struct reading {
    const char *name;
    size_t matched; /* of "NAME=" */
    bool other;     /* the rest of a variable that is another */
    bool found;     /* the value follows */
    char *value;
    size_t len, cap;
};

/* Returns whether that was the last byte of the value. */
static bool take(struct reading *r, char c)
{
    size_t name_len = strlen(r->name);

    if (r->found) {
        if (r->len < r->cap)
            r->value[r->len] = c;
        r->len++;
        return c == '\0';
    }
    if (c == '\0') {
        r->matched = 0;
        r->other = false;
    } else if (!r->other) {
        r->other = c != (r->matched < name_len ? r->name[r->matched] : '=');
        r->found = !r->other && r->matched++ == name_len;
    }
    return false;
}

int proc_environ_get(pid_t pid, const char *name, char *ret_value, size_t value_bytes)
{
    struct reading r = {.name = name, .value = ret_value, .cap = value_bytes};
    char text[4096];
    bool over = false;
    ssize_t n = 0;
    int fd;

    snprintf(text, sizeof text, "/proc/%d/environ", (int)pid);
    fd = sys_open(text, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    while (!over && (n = sys_read(fd, text, sizeof text)) > 0)
        for (ssize_t i = 0; i < n && !over; i++)
            over = take(&r, text[i]);
    sys_close(&fd);
    if (n < 0)
        return (int)n;
    if (!over)
        return -ENOENT;
    return r.len <= r.cap ? 0 : -ENAMETOOLONG;
}

/* ---- its time ---- */

static int64_t ticks_per_second(void)
{
    long n = sysconf(_SC_CLK_TCK);

    return n > 0 ? n : 100;
}

uint64_t proc_ticks_now(void)
{
    struct timespec t = {0, 0};

    clock_gettime(CLOCK_BOOTTIME, &t);
    return (uint64_t)(t.tv_sec * ticks_per_second() + t.tv_nsec * ticks_per_second() / 1000000000);
}

int64_t proc_ticks_ms(uint64_t ticks)
{
    return (int64_t)ticks * 1000 / ticks_per_second();
}

uint64_t proc_ms_ticks(int64_t ms)
{
    return (uint64_t)(ms * ticks_per_second() / 1000);
}
