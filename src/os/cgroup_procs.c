/* The processes in a cgroup and below: who they are, and signals to all of them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/cgroup.h"
#include "os/file.h"
#include "os/sys.h"

enum { MAX_DEPTH = 32, KILL_PASSES = 8 };

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

/* Calls fn for each process of the cgroup and of those below it. The first error is returned when
 * the cgroup itself cannot be read; what vanishes or is threaded below it is passed over. */
static int each_process(int cgroup_fd, int depth, void (*fn)(pid_t pid, void *arg), void *arg)
{
    const struct dirent *entry;
    DIR *dir;
    int fd, r;

    r = file_each_number(cgroup_fd, "cgroup.procs", fn, arg);
    if (depth >= MAX_DEPTH)
        return r;
    fd = sys_openat(cgroup_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        return r < 0 ? r : fd;
    dir = fdopendir(fd);
    if (!dir) {
        sys_close(&fd);
        return -ENOMEM;
    }
    while ((entry = readdir(dir))) {
        if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
            strcmp(entry->d_name, "..") == 0)
            continue;
        fd = sys_openat(cgroup_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                        0);
        if (fd >= 0)
            each_process(fd, depth + 1, fn, arg);
        sys_close(&fd);
    }
    closedir(dir);
    return r;
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
    int r = each_process(cgroup_fd, 0, signal_one, &s);

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
    int r = each_process(cgroup_fd, 0, count_one, &c);

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
