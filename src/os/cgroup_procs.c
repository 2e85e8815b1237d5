/* The processes in a cgroup and below: who they are, and signals to all of them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/cgroup.h"
#include "os/cgroup_walk.h"
#include "os/file.h"
#include "os/sys.h"

enum { PORTION = 128, KILL_PASSES = 8 };

/* The number after "key " at the beginning of a line; -ENODATA when there is no such line. */
static int64_t read_keyed(int dir_fd, const char *file, const char *key)
{
    char text[1024];
    size_t len = strlen(key);
    ssize_t n = file_read(dir_fd, file, text, sizeof text);

    if (n < 0)
        return n;
    for (const char *line = text; *line;) {
        const char *end = strchrnul(line, '\n');

        if (strncmp(line, key, len) == 0 && line[len] == ' ')
            return strtoll(line + len + 1, NULL, 10);
        line = *end ? end + 1 : end;
    }
    return -ENODATA;
}

int cgroup_populated(int cgroup_fd)
{
    int64_t n = read_keyed(cgroup_fd, "cgroup.events", "populated");

    return n < 0 ? (int)n : n > 0;
}

int64_t cgroup_oom_kills(int cgroup_fd)
{
    return read_keyed(cgroup_fd, "memory.events", "oom_kill");
}

/* Calls fn for each process of the cgroup and of those below it. 0 or negative errno. */
static int each_process(int cgroup_fd, void (*fn)(pid_t pid, void *arg), void *arg)
{
    struct cgroup_walk *walk;
    int r = cgroup_walk_begin(&walk, cgroup_fd);

    if (r < 0)
        return r;
    while (cgroup_walk_step(walk, PORTION, fn, arg)) {}
    r = cgroup_walk_error(walk);
    cgroup_walk_end(walk);
    return r;
}

int cgroup_path_of(pid_t pid, char *ret_path, size_t path_bytes)
{
    char path[48], text[4096];
    const char *at;
    size_t len;
    ssize_t n;

    snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
    n = file_read(AT_FDCWD, path, text, sizeof text);
    if (n < 0)
        return n == -ENOENT ? -ESRCH : (int)n;
    at = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
    if (!at)
        return -ENODATA;
    at = strchr(at, '/');
    if (!at)
        return -ENODATA;
    len = strcspn(at, "\n");
    if (len >= path_bytes)
        return -ENAMETOOLONG;
    memcpy(ret_path, at, len);
    ret_path[len] = '\0';
    return 0;
}

int cgroup_holds(const char *name, pid_t pid)
{
    size_t len = strlen(name);
    char path[4096];
    const char *at = path;
    int r = cgroup_path_of(pid, path, sizeof path);

    if (r < 0)
        return r == -ESRCH ? 0 : r;
    for (; (at = strstr(at, name)) != NULL; at++)
        if (at > path && at[-1] == '/' && (at[len] == '/' || at[len] == '\0'))
            return 1;
    return 0;
}

struct signalling {
    int sig;
    pid_t except;
    pid_t self;
    int sent;
};

/* Processes of another pid namespace are listed as 0, which to kill(2) would be our own group. */
static void signal_one(pid_t pid, void *arg)
{
    struct signalling *s = arg;

    if (pid <= 1 || pid == s->except || pid == s->self)
        return;
    if (sys_kill(pid, s->sig) == 0)
        s->sent++;
}

int cgroup_signal(int cgroup_fd, int sig, pid_t except)
{
    struct signalling s = {sig, except, getpid(), 0};
    int r = each_process(cgroup_fd, signal_one, &s);

    return r < 0 && s.sent == 0 ? r : s.sent;
}

struct counting {
    pid_t except;
    int n;
};

static void count_one(pid_t pid, void *arg)
{
    struct counting *c = arg;

    if (pid != c->except)
        c->n++;
}

int cgroup_count(int cgroup_fd, pid_t except)
{
    struct counting c = {except, 0};
    int r = each_process(cgroup_fd, count_one, &c);

    return r < 0 ? r : c.n;
}

int cgroup_kill(int cgroup_fd)
{
    int r = file_write(cgroup_fd, "cgroup.kill", "1");

    if (r != -ENOENT && r != -EOPNOTSUPP)
        return r;
    /* Before Linux 5.14, or in a threaded cgroup. Again, since who is killed may just have forked;
     * the rest is for the next call. */
    for (int pass = 0; pass < KILL_PASSES; pass++) {
        r = cgroup_signal(cgroup_fd, SIGKILL, 0);
        if (r <= 0)
            return r;
    }
    return 0;
}
