#include "os/cgroup_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/sys.h"

/* A number and its newline take eight bytes at most of what is read for one process; opening a
 * directory and its file costs as much as some processes. */
enum { MAX_DEPTH = 32, BYTES_PER_PROCESS = 8, DIRECTORY_COST = 8 };

struct cgroup_walk {
    DIR *dirs[MAX_DEPTH]; /* from the cgroup down to the directory being read; owned */
    unsigned depth;
    int procs_fd; /* cgroup.procs of the deepest; -1: read to its end */
    int error;
    bool in_number; /* a portion may end inside a number */
    pid_t number;
};

/* Takes over `dir_fd`. 0 or negative errno: it cannot be read, or not what is below it. */
static int descend(struct cgroup_walk *w, int dir_fd)
{
    DIR *dir;
    int r = 0;

    w->procs_fd = sys_openat(dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
    if (w->procs_fd < 0) {
        r = w->procs_fd;
        w->procs_fd = -1;
    }
    dir = w->depth < MAX_DEPTH ? fdopendir(dir_fd) : NULL;
    if (dir) {
        w->dirs[w->depth++] = dir;
        return r;
    }
    sys_close(&dir_fd);
    return w->depth < MAX_DEPTH ? -ENOMEM : r;
}

int cgroup_walk_begin(struct cgroup_walk **ret, int cgroup_fd)
{
    struct cgroup_walk *w = calloc(1, sizeof *w);
    int fd;

    if (!w)
        return -ENOMEM;
    fd = sys_openat(cgroup_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) {
        free(w);
        return fd;
    }
    w->error = descend(w, fd);
    *ret = w;
    return 0;
}

void cgroup_walk_end(struct cgroup_walk *w)
{
    if (!w)
        return;
    sys_close(&w->procs_fd);
    while (w->depth > 0)
        closedir(w->dirs[--w->depth]);
    free(w);
}

int cgroup_walk_error(const struct cgroup_walk *w)
{
    return w->error;
}

/* Visits who stands in what was read. Returns how many. */
static unsigned take_text(struct cgroup_walk *w, const char *text, ssize_t len_bytes,
                          void (*visit)(pid_t pid, void *arg), void *arg)
{
    unsigned n = 0;

    for (ssize_t i = 0; i < len_bytes; i++) {
        if (text[i] >= '0' && text[i] <= '9') {
            if (w->number > (INT_MAX - 9) / 10)
                w->number = 0;
            w->number = w->number * 10 + (text[i] - '0');
            w->in_number = true;
        } else if (w->in_number) {
            visit(w->number, arg);
            w->number = 0;
            w->in_number = false;
            n++;
        }
    }
    return n;
}

/* One read of the file at hand. Returns how many were visited. */
static unsigned read_portion(struct cgroup_walk *w, unsigned budget,
                             void (*visit)(pid_t pid, void *arg), void *arg)
{
    char text[1024];
    size_t want = (size_t)budget * BYTES_PER_PROCESS;
    ssize_t n = sys_read(w->procs_fd, text, want < sizeof text ? want : sizeof text);

    if (n > 0)
        return take_text(w, text, n, visit, arg);
    if (n < 0 && w->depth == 1 && !w->error)
        w->error = (int)n;
    sys_close(&w->procs_fd);
    w->in_number = false;
    w->number = 0;
    return 0;
}

/* Goes to the next directory below the deepest, or back up. */
static void next_directory(struct cgroup_walk *w)
{
    const struct dirent *entry = readdir(w->dirs[w->depth - 1]);
    int fd;

    if (!entry) {
        closedir(w->dirs[--w->depth]);
        return;
    }
    if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
        strcmp(entry->d_name, "..") == 0)
        return;
    fd = sys_openat(dirfd(w->dirs[w->depth - 1]), entry->d_name,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd >= 0)
        (void)descend(w, fd);
}

bool cgroup_walk_step(struct cgroup_walk *w, unsigned budget, void (*visit)(pid_t pid, void *arg),
                      void *arg)
{
    while (budget > 0 && (w->procs_fd >= 0 || w->depth > 0)) {
        unsigned done = 0;

        if (w->procs_fd >= 0) {
            done = read_portion(w, budget, visit, arg);
        } else {
            unsigned depth = w->depth;

            next_directory(w);
            done = w->depth > depth || w->procs_fd >= 0 ? DIRECTORY_COST : 0;
        }
        budget -= done < budget ? done : budget;
    }
    return w->procs_fd >= 0 || w->depth > 0;
}
