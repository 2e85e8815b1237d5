#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "config/loader.h"

enum { RUNTIME_DIR_LEVELS = 2 }; /* itself and its parent: what os/dirs makes */

/* Whether this is in a file system of the kernel's own: modes let root write there, yet nobody can
 * make files. */
static bool is_of_the_kernel(const char *path)
{
    struct statfs fs;

    if (statfs(path, &fs) < 0)
        return false;
    switch ((unsigned long)fs.f_type) {
    case PROC_SUPER_MAGIC:
    case SYSFS_MAGIC:
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC:
    case DEBUGFS_MAGIC:
    case TRACEFS_MAGIC:
    case SECURITYFS_MAGIC:
    case DEVPTS_SUPER_MAGIC:
        return true;
    default:
        return false;
    }
}

/* Where reeved would make something: the directory, or the nearest one above that exists; at most
 * `levels` may be missing. 0, or errno with the obstacle in `path`, which is cut to it; EOPNOTSUPP:
 * it is the kernel's. */
static int may_make_in(char *path, unsigned levels)
{
    struct stat st;

    while (stat(path, &st) < 0) {
        char *slash = strrchr(path, '/');

        if (errno != ENOENT || levels-- == 0 || !slash)
            return errno;
        slash[slash == path] = '\0'; /* "/x" leaves "/" */
    }
    if (!S_ISDIR(st.st_mode))
        return ENOTDIR;
    if (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) < 0)
        return errno;
    return is_of_the_kernel(path) ? EOPNOTSUPP : 0;
}

static const char *reason(int rc)
{
    return rc == EOPNOTSUPP ? "nobody can make files in this file system of the kernel"
                            : strerror(rc);
}

/* Whether making a directory would help. */
static bool can_be_created(int rc)
{
    return rc != EOPNOTSUPP && rc != EROFS;
}

/* A copy without slashes at the end; NULL after noting that memory ran out. */
static char *without_slashes(struct loader *l, const char *path)
{
    size_t len = strlen(path);
    char *copy;

    while (len > 1 && path[len - 1] == '/')
        len--;
    copy = arena_copy(&l->arena, path, len);
    if (!copy)
        report_out_of_memory(&l->report);
    return copy;
}

/* Whether reeved could take it. As os/dirs.h says: its own, and nobody else may write to it. */
static bool check_runtime_dir(struct loader *l, const struct daemon_draft *d)
{
    struct place where = draft_place(&d->base, "runtime_dir");
    char *path = without_slashes(l, d->spec.runtime_dir), text[SHOWN_BYTES], at[SHOWN_BYTES];
    struct stat st;
    int rc;

    if (!path)
        return false;
    shown(text, path);
    if (lstat(path, &st) == 0 &&
        (!S_ISDIR(st.st_mode) || st.st_uid != l->options->uid || (st.st_mode & 022))) {
        report_add(&l->report, where,
                   "'%s' is not a directory of user number %u that nobody else may write to; make "
                   "it one, or name another",
                   text, (unsigned)l->options->uid);
        return false;
    }
    rc = may_make_in(path, RUNTIME_DIR_LEVELS);
    if (rc == 0)
        return true;
    shown(at, path);
    /* Without the key reeved supervises without such a directory, so that a read-only container
     * works: nothing to refuse. */
    if (draft_text(&d->base, "runtime_dir"))
        report_add(&l->report, where, "'%s' cannot be used: '%s': %s; %sname another", text, at,
                   reason(rc), can_be_created(rc) ? "create it or " : "");
    else
        report_warn(&l->report, where,
                    "'%s' cannot be used: '%s': %s; without such a directory there is no control "
                    "socket, name another",
                    text, at, reason(rc));
    return false;
}

/* `levels`: how many missing directories reeved makes on the way. */
static void check_socket(struct loader *l, const struct daemon_draft *d, unsigned levels)
{
    struct place where = draft_place(&d->base, "socket");
    char *path = without_slashes(l, d->spec.socket), text[SHOWN_BYTES], at[SHOWN_BYTES], *slash;
    struct stat st;
    int rc;

    if (!path)
        return;
    shown(text, path);
    if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
        report_add(&l->report, where,
                   "'%s' is there and is no socket; remove it or name another path", text);
        return;
    }
    slash = strrchr(path, '/');
    slash[slash == path] = '\0';
    rc = may_make_in(path, levels);
    if (rc)
        report_add(&l->report, where, "'%s' cannot be made: '%s': %s; %sname another", text,
                   shown(at, path), reason(rc),
                   can_be_created(rc) ? "create the directory or " : "");
}

/* Whether the file is to lie in that directory, which reeved will have made by then. */
static bool lies_in(const char *file, const char *dir)
{
    size_t len = strlen(dir);

    while (len > 1 && dir[len - 1] == '/')
        len--;
    return strncmp(file, dir, len) == 0 && file[len] == '/' && strrchr(file, '/') == file + len;
}

void check_daemon_places(struct loader *l, const struct daemon_draft *d)
{
    bool together = lies_in(d->spec.socket, d->spec.runtime_dir);
    bool good = check_runtime_dir(l, d);

    /* Where both are in one place, one complaint is enough. */
    if (!together)
        check_socket(l, d, 1);
    else if (good)
        check_socket(l, d, RUNTIME_DIR_LEVELS);
}
