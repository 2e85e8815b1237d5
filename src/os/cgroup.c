/* The directories: finding our own, making, marking and removing those of units. What is done to
 * the processes in them is in cgroup_procs.c. */
#include "os/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "os/cgroup_find.h"
#include "os/file.h"
#include "os/sys.h"

#define PREFIX "reeve."
#define OWNER_XATTR "user.reeve"

enum { MAX_DEPTH = 32 };

static int open_dir(int dir_fd, const char *name)
{
    return sys_openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
}

/* ---- marks ---- */

/* An owner longer than the mark keeps its beginning, and a hash of the whole. */
static void make_mark(char *mark, size_t size_bytes, const char *owner)
{
    uint64_t hash = 0xcbf29ce484222325u;

    if (strlen(owner) < size_bytes) {
        memcpy(mark, owner, strlen(owner) + 1);
        return;
    }
    for (const char *p = owner; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
    snprintf(mark, size_bytes, "%.*s~%016llx", (int)size_bytes - 18, owner,
             (unsigned long long)hash);
}

static int mark(const struct cgroup_root *root, int fd)
{
    return fsetxattr(fd, OWNER_XATTR, root->owner, strlen(root->owner), 0) < 0 ? -errno : 0;
}

static bool is_ours(const struct cgroup_root *root, int fd)
{
    char text[sizeof root->owner];
    ssize_t n = fgetxattr(fd, OWNER_XATTR, text, sizeof text);

    return n >= 0 && (size_t)n == strlen(root->owner) && memcmp(text, root->owner, (size_t)n) == 0;
}

/* ---- removal ---- */

static int remove_entry(int dir_fd, const char *name, int depth);

static int remove_below(int dir_fd, int depth)
{
    int copy = open_dir(dir_fd, ".");
    const struct dirent *entry;
    int first_error = 0;
    DIR *dir;

    if (copy < 0)
        return copy;
    dir = fdopendir(copy);
    if (!dir) {
        sys_close(&copy);
        return -ENOMEM;
    }
    while ((entry = readdir(dir))) {
        int r;

        if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
            strcmp(entry->d_name, "..") == 0)
            continue;
        r = remove_entry(dir_fd, entry->d_name, depth);
        if (r < 0 && first_error == 0)
            first_error = r;
    }
    closedir(dir);
    return first_error;
}

/* A leaf goes at the first call; only a cgroup with others below refuses (EBUSY), as one with
 * processes does. */
static int remove_entry(int dir_fd, const char *name, int depth)
{
    int r = sys_unlinkat(dir_fd, name, AT_REMOVEDIR);
    int fd;

    if (r == 0 || r == -ENOENT)
        return 0;
    if (r != -EBUSY && r != -ENOTEMPTY)
        return r;
    if (depth >= MAX_DEPTH)
        return -ELOOP;
    fd = open_dir(dir_fd, name);
    if (fd < 0)
        return fd == -ENOENT ? 0 : fd;
    remove_below(fd, depth + 1); /* what it could not remove shows in the next call */
    sys_close(&fd);
    r = sys_unlinkat(dir_fd, name, AT_REMOVEDIR);
    if (r == -ENOENT)
        return 0;
    return r == -ENOTEMPTY ? -EBUSY : r;
}

int cgroup_remove(const struct cgroup_root *root, const char *name)
{
    if (root->dir_fd < 0)
        return -ENODEV;
    if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 || strchr(name, '/'))
        return -EINVAL;
    return remove_entry(root->dir_fd, name, 0);
}

/* ---- making ---- */

/* Makes and marks the directory; its descriptor or negative errno. */
static int make_marked(const struct cgroup_root *root, const char *name)
{
    int fd, r;

    r = sys_mkdirat(root->dir_fd, name, 0755);
    if (r < 0)
        return r;
    fd = open_dir(root->dir_fd, name);
    r = fd < 0 ? fd : mark(root, fd);
    if (r < 0) {
        sys_close(&fd);
        sys_unlinkat(root->dir_fd, name, AT_REMOVEDIR);
        return r;
    }
    return fd;
}

/* -EEXIST: the name belongs to somebody else; -EBUSY: ours, and populated. An empty one of ours is
 * made anew, so that its counters begin at 0. */
static int make_or_replace(const struct cgroup_root *root, const char *name)
{
    int fd = make_marked(root, name);
    bool ours;
    int r;

    if (fd != -EEXIST)
        return fd;
    fd = open_dir(root->dir_fd, name);
    if (fd == -ENOENT)
        return make_marked(root, name);
    if (fd < 0)
        return fd;
    ours = is_ours(root, fd);
    r = ours ? cgroup_populated(fd) : 0;
    sys_close(&fd);
    if (!ours)
        return -EEXIST;
    if (r != 0)
        return r > 0 ? -EBUSY : r;
    r = remove_entry(root->dir_fd, name, 0);
    return r < 0 ? r : make_marked(root, name);
}

int cgroup_create(const struct cgroup_root *root, const char *unit, char *ret_name,
                  size_t name_bytes)
{
    int n, r;

    if (root->dir_fd < 0)
        return -ENODEV;
    if (unit[0] == '\0' || strchr(unit, '/'))
        return -EINVAL;
    n = snprintf(ret_name, name_bytes, PREFIX "%s", unit);
    if (n < 0 || (size_t)n >= name_bytes)
        return -ENAMETOOLONG;
    r = make_or_replace(root, ret_name);
    if (r != -EEXIST)
        return r;
    n = snprintf(ret_name, name_bytes, PREFIX "%s.%d", unit, (int)getpid());
    if (n < 0 || (size_t)n >= name_bytes)
        return -ENAMETOOLONG;
    return make_or_replace(root, ret_name);
}

/* ---- the own cgroup ---- */

/* A cgroup below a threaded one cannot hold processes. */
static int can_hold_processes(int fd)
{
    char type[64];
    ssize_t n = file_read(fd, "cgroup.type", type, sizeof type);

    if (n < 0)
        return (int)n;
    if (strcmp(type, "domain\n") != 0 && strcmp(type, "domain threaded\n") != 0)
        return -EOPNOTSUPP;
    return faccessat(fd, "cgroup.procs", W_OK, AT_EACCESS) < 0 ? -errno : 0;
}

static int probe(const struct cgroup_root *root)
{
    char name[sizeof PREFIX "probe." + 12];
    int fd, r;

    /* To be born below, a process needs the right to move within the common ancestor. */
    if (faccessat(root->dir_fd, "cgroup.procs", W_OK, AT_EACCESS) < 0)
        return -errno;
    snprintf(name, sizeof name, PREFIX "probe.%d", (int)getpid());
    fd = make_or_replace(root, name);
    if (fd < 0)
        return fd;
    r = can_hold_processes(fd);
    sys_close(&fd);
    sys_unlinkat(root->dir_fd, name, AT_REMOVEDIR);
    return r;
}

static int open_root(struct cgroup_root *root)
{
    struct statfs fs;

    root->dir_fd = open_dir(AT_FDCWD, root->path);
    if (root->dir_fd < 0)
        return root->dir_fd;
    if (fstatfs(root->dir_fd, &fs) < 0)
        return -errno;
    /* Another mount may hide this one. */
    return fs.f_type == CGROUP2_SUPER_MAGIC ? 0 : -ENODEV;
}

int cgroup_root_open(struct cgroup_root *root, const char *owner)
{
    int r;

    *root = (struct cgroup_root){.dir_fd = -1, .path = NULL};
    make_mark(root->owner, sizeof root->owner, owner);
    r = cgroup_find_own(&root->path);
    if (r == 0)
        r = open_root(root);
    if (r == 0)
        r = probe(root);
    if (r < 0)
        cgroup_root_close(root);
    return r;
}

int cgroup_root_open_at(struct cgroup_root *root, const char *path, const char *owner)
{
    int r;

    *root = (struct cgroup_root){.dir_fd = -1, .path = strdup(path)};
    make_mark(root->owner, sizeof root->owner, owner);
    r = root->path ? open_root(root) : -ENOMEM;
    if (r < 0)
        cgroup_root_close(root);
    return r;
}

void cgroup_root_close(struct cgroup_root *root)
{
    sys_close(&root->dir_fd);
    root->dir_fd = -1;
    free(root->path);
    root->path = NULL;
}

void cgroup_each_own(const struct cgroup_root *root,
                     void (*visit)(const char *name, int cgroup_fd, void *arg), void *arg)
{
    int copy = root->dir_fd < 0 ? -1 : open_dir(root->dir_fd, ".");
    const struct dirent *entry;
    DIR *dir;

    if (copy < 0)
        return;
    dir = fdopendir(copy);
    if (!dir) {
        sys_close(&copy);
        return;
    }
    while ((entry = readdir(dir))) {
        int fd;

        if (entry->d_type != DT_DIR || strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
            continue;
        fd = open_dir(root->dir_fd, entry->d_name);
        if (fd >= 0 && is_ours(root, fd))
            visit(entry->d_name, fd, arg);
        sys_close(&fd);
    }
    closedir(dir);
}
