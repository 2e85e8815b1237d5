#include "os/proctree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/faults.h"
#include "os/file.h"
#include "os/sys.h"

/* ---- /proc/PID/stat ---- */

/* Reads a decimal number at *at and steps over it and the blanks after it. By hand, because the
 * child between clone and exec comes here too. */
static bool next_number(const char **at, int64_t *ret)
{
    const char *p = *at;
    bool negative = *p == '-';
    uint64_t n = 0;

    if (negative)
        p++;
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++)
        n = n * 10 + (uint64_t)(*p - '0');
    while (*p == ' ' || *p == '\n')
        p++;
    *at = p;
    *ret = negative ? -(int64_t)n : (int64_t)n;
    return true;
}

/* "pid (comm) state ppid pgrp session ..."; comm may hold anything, so it ends at the last ')'. */
static bool parse_stat(const char *text, struct proc_stat *ret, int64_t *ret_threads)
{
    enum { PPID = 4, PGRP = 5, SESSION = 6, THREADS = 20, STARTTIME = 22 };
    const char *at = text;
    const char *end = NULL;
    int64_t n;

    if (!next_number(&at, &n))
        return false;
    ret->pid = (pid_t)n;
    for (const char *p = at; *p; p++)
        if (*p == ')')
            end = p;
    if (!end || end[1] != ' ' || end[2] == '\0' || end[3] != ' ')
        return false;
    ret->state = end[2];
    at = end + 4;
    for (int field = PPID; field <= STARTTIME; field++) {
        if (!next_number(&at, &n))
            return false;
        if (field == PPID)
            ret->ppid = (pid_t)n;
        else if (field == PGRP)
            ret->pgrp = (pid_t)n;
        else if (field == SESSION)
            ret->session = (pid_t)n;
        else if (field == THREADS)
            *ret_threads = n;
        else if (field == STARTTIME)
            ret->start_ticks = (uint64_t)n;
    }
    ret->ended = ret->state == 'X' || (ret->state == 'Z' && *ret_threads <= 1);
    return true;
}

bool proc_usable(void)
{
    static int known = -1;
    char text[32];
    ssize_t n;

    if (known < 0) {
        n = readlink("/proc/self", text, sizeof text - 1);
        text[n > 0 ? n : 0] = '\0';
        known = n > 0 && atol(text) == getpid();
    }
    return known == 1;
}

static int read_stat(pid_t pid, struct proc_stat *ret, int64_t *ret_threads)
{
    char path[sizeof "/proc//stat" + 12];
    char text[1024];
    ssize_t n;

    if (!proc_usable())
        return -ENOENT;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    n = file_read(AT_FDCWD, path, text, sizeof text);
    if (n == -ENOENT || n == 0)
        return -ESRCH;
    if (n < 0)
        return (int)n;
    return parse_stat(text, ret, ret_threads) ? 0 : -EBADMSG;
}

int proc_stat_read(pid_t pid, struct proc_stat *ret)
{
    int64_t threads;

    return read_stat(pid, ret, &threads);
}

void proc_name_read(pid_t pid, char ret_name[PROC_NAME_BYTES])
{
    char path[sizeof "/proc//comm" + 12];
    char text[64] = "";

    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    if (!proc_usable() || file_read(AT_FDCWD, path, text, sizeof text) <= 0)
        strcpy(text, "?");
    text[strcspn(text, "\n")] = '\0';
    for (char *p = text; *p; p++)
        if (*p < ' ' || *p > '~')
            *p = '?';
    snprintf(ret_name, PROC_NAME_BYTES, "%.*s", PROC_NAME_BYTES - 1, text);
}

uint64_t proc_own_start_ticks(void)
{
    struct proc_stat stat = {0};
    int64_t threads;
    char text[1024];
    ssize_t n;
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return 0;
    do
        n = read(fd, text, sizeof text - 1);
    while (n < 0 && errno == EINTR);
    close(fd);
    if (n <= 0)
        return 0;
    text[n] = '\0';
    return parse_stat(text, &stat, &threads) ? stat.start_ticks : 0;
}

/* ---- all of them ---- */

/* Calls fn for each entry of a directory whose name is a number. 0 or negative errno. */
static int each_numbered_entry(const char *path, void (*fn)(pid_t number, void *arg), void *arg)
{
    int fd = sys_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    const struct dirent *entry;
    DIR *dir;

    if (fd < 0)
        return fd;
    dir = fdopendir(fd);
    if (!dir) {
        sys_close(&fd);
        return -ENOMEM;
    }
    while ((entry = readdir(dir))) {
        const char *at = entry->d_name;
        int64_t n;

        if (next_number(&at, &n) && *at == '\0')
            fn((pid_t)n, arg);
    }
    closedir(dir);
    return 0;
}

struct each {
    void (*visit)(const struct proc_stat *p, void *arg);
    void *arg;
};

static void visit_one(pid_t pid, void *arg)
{
    const struct each *each = arg;
    struct proc_stat stat;

    if (proc_stat_read(pid, &stat) == 0)
        each->visit(&stat, each->arg);
}

int proc_each(void (*visit)(const struct proc_stat *p, void *arg), void *arg)
{
    struct each each = {visit, arg};

    return proc_usable() ? each_numbered_entry("/proc", visit_one, &each) : -ENOENT;
}

bool proc_environ_has(pid_t pid, const char *variable)
{
    char path[sizeof "/proc//environ" + 12];
    size_t want = strlen(variable) + 1; /* with the NUL that ends each variable */
    size_t matched = 0;
    bool skipping = false; /* the rest of a variable that is another */
    bool found = false;
    char text[4096];
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
    while (fd >= 0 && !found && (n = sys_read(fd, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < n && !found; i++) {
            matched = !skipping && text[i] == variable[matched] ? matched + 1 : 0;
            found = matched == want;
            skipping = matched == 0 && text[i] != '\0';
        }
    }
    sys_close(&fd);
    return found;
}

/* ---- the walk ---- */

void tree_walk_init(struct tree_walk *w)
{
    *w = (struct tree_walk){.todo = NULL, .n_todo = 0, .cap_todo = 0};
}

void tree_walk_finish(struct tree_walk *w)
{
    free(w->todo);
    tree_walk_init(w);
}

void tree_walk_reserve(struct tree_walk *w, size_t n_processes)
{
    pid_t *todo;

    if (n_processes <= w->cap_todo)
        return;
    todo = realloc(w->todo, n_processes * sizeof *todo);
    if (!todo)
        return;
    w->todo = todo;
    w->cap_todo = n_processes;
}

void tree_walk_reset(struct tree_walk *w)
{
    w->n_todo = 0;
    w->incomplete = false;
    w->starved = false;
}

/* Something could not be read. */
static void miss(struct tree_walk *w, int error)
{
    w->incomplete = true;
    if (error == -ENOMEM || error == -EMFILE || error == -ENFILE)
        w->starved = true;
}

static void push(pid_t pid, void *arg)
{
    struct tree_walk *w = arg;

    if (pid <= 0)
        return;
    if (w->n_todo == w->cap_todo) {
        size_t cap = w->cap_todo ? w->cap_todo * 2 : 64;
        pid_t *todo = realloc(w->todo, cap * sizeof *todo);

        if (!todo) {
            miss(w, -ENOMEM);
            return;
        }
        w->todo = todo;
        w->cap_todo = cap;
    }
    w->todo[w->n_todo++] = pid;
}

/* Whether this kernel has the children files (CONFIG_PROC_CHILDREN). */
static bool have_children_files(void)
{
    static int known = -1;
    int err;

    if (fault_hit("proc_children", &err))
        return false;
    if (known < 0)
        known = access("/proc/thread-self/children", R_OK) == 0;
    return known == 1;
}

struct family {
    struct tree_walk *walk;
    pid_t parent;
};

static void add_children_of_thread(pid_t tid, void *arg)
{
    const struct family *f = arg;
    char path[sizeof "/proc//task//children" + 24];
    int r;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)f->parent, (int)tid);
    r = file_each_number(AT_FDCWD, path, push, f->walk);
    if (r < 0 && r != -ENOENT && r != -ESRCH)
        miss(f->walk, r);
}

static void add_if_child(pid_t candidate, void *arg)
{
    const struct family *f = arg;
    struct proc_stat stat;

    if (proc_stat_read(candidate, &stat) == 0 && stat.ppid == f->parent)
        push(candidate, f->walk);
}

/* Returns whether the whole of /proc had to be read for it. */
static bool add_children(struct tree_walk *w, pid_t pid, bool many_threads)
{
    char path[sizeof "/proc//task" + 12];
    struct family f = {w, pid};
    int r;

    if (!proc_usable()) {
        w->incomplete = true;
        return false;
    }
    if (!have_children_files()) {
        r = each_numbered_entry("/proc", add_if_child, &f);
        if (r < 0)
            miss(w, r);
        return true;
    }
    if (!many_threads) {
        add_children_of_thread(pid, &f);
        return false;
    }
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    r = each_numbered_entry(path, add_children_of_thread, &f);
    if (r < 0 && r != -ENOENT && r != -ESRCH)
        miss(w, r);
    return false;
}

void tree_walk_add(struct tree_walk *w, pid_t pid)
{
    push(pid, w);
}

void tree_walk_add_children(struct tree_walk *w, pid_t pid)
{
    add_children(w, pid, true);
}

bool tree_walk_step(struct tree_walk *w, unsigned budget, bool (*skip)(pid_t pid, void *arg),
                    tree_visit_fn *visit, void *arg)
{
    while (budget > 0 && w->n_todo > 0) {
        pid_t pid = w->todo[--w->n_todo];
        struct proc_stat stat;
        int64_t threads = 1;
        int r;

        if (skip && skip(pid, arg))
            continue; /* costs next to nothing */
        budget--;
        r = read_stat(pid, &stat, &threads);
        if (r < 0) {
            if (r != -ESRCH)
                miss(w, r);
            continue;
        }
        if (visit(&stat, arg) && add_children(w, pid, threads > 1))
            break; /* one scan of all of /proc is enough for a turn */
    }
    return w->n_todo > 0;
}
