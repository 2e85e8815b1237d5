#include "os/dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/sys.h"

static mode_t wanted_mode(void)
{
    return geteuid() == 0 ? 0755 : 0700;
}

/* Makes the directory, and its parent when that is what is missing. 1 made, 0 there already. */
static int make(char *path)
{
    char *slash = strrchr(path, '/');
    int r = sys_mkdirat(AT_FDCWD, path, wanted_mode());

    if (r == -ENOENT && slash && slash != path) {
        *slash = '\0';
        r = sys_mkdirat(AT_FDCWD, path, wanted_mode());
        *slash = '/';
        if (r < 0 && r != -EEXIST)
            return r;
        r = sys_mkdirat(AT_FDCWD, path, wanted_mode());
    }
    if (r == 0)
        return 1;
    return r == -EEXIST ? 0 : r;
}

/* That nobody else can put files there; a directory made just now also gets its exact mode,
 * whatever the umask was. */
static int check(int dir_fd, bool made)
{
    struct stat st;

    if (made && fchmod(dir_fd, wanted_mode()) < 0)
        return -errno;
    if (fstat(dir_fd, &st) < 0)
        return -errno;
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
        return -EPERM;
    return 0;
}

/* A record lock: unlike flock's it is not inherited, so a child that is not executing yet when
 * reeved is killed does not keep the next one away. */
static int lock_in(int dir_fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd =
        sys_openat(dir_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    int r;

    if (fd < 0)
        return fd;
    do
        r = fcntl(fd, F_SETLK, &whole) < 0 ? -errno : 0;
    while (r == -EINTR);
    if (r < 0) {
        sys_close(&fd);
        return r == -EACCES || r == -EAGAIN ? -EBUSY : r;
    }
    return fd;
}

int runtime_dir_take(const char *path)
{
    char copy[PATH_MAX];
    size_t len = strlen(path);
    int dir_fd, made, r;

    if (len == 0)
        return -ENOENT;
    if (len >= sizeof copy)
        return -ENAMETOOLONG;
    memcpy(copy, path, len + 1);
    while (len > 1 && copy[len - 1] == '/') /* "link/" would follow the link */
        copy[--len] = '\0';

    made = make(copy);
    if (made < 0)
        return made;
    dir_fd = sys_open(copy, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (dir_fd < 0)
        return dir_fd;
    r = check(dir_fd, made == 1);
    if (r == 0)
        r = lock_in(dir_fd);
    sys_close(&dir_fd);
    return r;
}

int dir_of_file_make(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    char dir[PATH_MAX];
    int r;

    if (len == 0)
        return 0;
    if (len >= sizeof dir)
        return -ENAMETOOLONG;
    memcpy(dir, path, len);
    dir[len] = '\0';
    r = sys_mkdirat(AT_FDCWD, dir, wanted_mode());
    return r == -EEXIST ? 0 : r;
}

void runtime_dir_mark(int lock_fd, const char *path, char *buf, size_t size_bytes)
{
    struct stat st = {0};

    (void)fstat(lock_fd, &st);
    snprintf(buf, size_bytes, "%llx:%llx:%s", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino, path);
}
