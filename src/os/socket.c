#include "os/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/place.h"
#include "os/sys.h"

enum { BACKLOG = 256, CONNECT_SECONDS = 5 };

static int new_socket(int flags)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

    return fd < 0 ? -errno : fd;
}

/* Whether somebody listens there: 0 nobody, or negative errno. */
static int nobody_listens(const struct place *p)
{
    int fd = new_socket(SOCK_NONBLOCK);
    int r = 0;

    if (fd < 0)
        return fd;
    if (connect(fd, (const struct sockaddr *)&p->address, sizeof p->address) == 0)
        r = -EADDRINUSE;
    else if (errno == EAGAIN || errno == EPROTOTYPE) /* its queue is full; another kind of socket */
        r = -EADDRINUSE;
    else if (errno != ECONNREFUSED && errno != ENOENT)
        r = -errno;
    sys_close(&fd);
    return r;
}

int socket_probe(const char *path)
{
    struct place place;
    int r = place_init(&place, path);

    if (r < 0)
        return r == -ENOENT ? 0 : r;
    r = nobody_listens(&place);
    place_finish(&place);
    return r;
}

/* Removes a socket that nobody listens on. */
static int clear_stale(const struct place *p)
{
    struct stat st;
    int r;

    r = sys_lstat(p->address.sun_path, &st);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    if (!S_ISSOCK(st.st_mode))
        return -EEXIST;
    r = nobody_listens(p);
    if (r < 0)
        return r;
    r = sys_unlinkat(AT_FDCWD, p->address.sun_path, 0);
    return r == -ENOENT ? 0 : r;
}

/* bind makes the file with mode 0777 less the umask, so the mode is right from its first moment. */
static int bind_with_mode(int fd, const struct place *p, mode_t mode)
{
    mode_t old = umask(0777 & ~mode);
    int r = 0;

    if (bind(fd, (const struct sockaddr *)&p->address, sizeof p->address) < 0)
        r = -errno;
    umask(old);
    return r;
}

static int listen_at(const struct place *p, mode_t mode)
{
    int fd, r;

    r = clear_stale(p);
    if (r < 0)
        return r;
    fd = new_socket(SOCK_NONBLOCK);
    if (fd < 0)
        return fd;
    r = bind_with_mode(fd, p, mode);
    if (r == 0 && listen(fd, BACKLOG) < 0) {
        r = -errno;
        unlink(p->address.sun_path);
    }
    if (r < 0) {
        sys_close(&fd);
        return r;
    }
    return fd;
}

/* Gives the file just made to the group, then its mode. By a descriptor: whoever may write to the
 * directory could put something else in its place meanwhile. */
static int give_to_group(const struct place *p, mode_t mode, gid_t gid)
{
    int fd = sys_open(p->address.sun_path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    char link[sizeof "/proc/self/fd/" + 12];
    struct stat st;
    int r = 0;

    if (fd < 0)
        return fd;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (fstat(fd, &st) < 0)
        r = -errno;
    else if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
        r = -EEXIST;
    else if (fchownat(fd, "", (uid_t)-1, gid, AT_EMPTY_PATH) < 0 || chmod(link, mode) < 0)
        r = -errno;
    sys_close(&fd);
    return r;
}

static int listen_for(const char *path, mode_t mode, const gid_t *gid, int *ret_group)
{
    mode_t first_mode = gid ? mode & ~(mode_t)S_IRWXG : mode;
    struct place place;
    int r = place_init(&place, path);

    if (r < 0)
        return r;
    r = listen_at(&place, first_mode);
    if (r >= 0 && gid)
        *ret_group = give_to_group(&place, mode, *gid);
    place_finish(&place);
    return r;
}

int socket_listen(const char *path, mode_t mode)
{
    return listen_for(path, mode, NULL, NULL);
}

int socket_listen_for_group(const char *path, mode_t mode, gid_t gid, int *ret_group)
{
    *ret_group = 0;
    return listen_for(path, mode, &gid, ret_group);
}

int socket_file(const char *path, struct socket_file *ret)
{
    struct stat st;
    int r = sys_lstat(path, &st);

    if (r < 0)
        return r;
    *ret = (struct socket_file){.device = st.st_dev, .inode = st.st_ino};
    return 0;
}

int socket_is_there(const char *path, const struct socket_file *file)
{
    struct socket_file now;
    int r = socket_file(path, &now);

    if (r == -ENOENT || r == -ENOTDIR)
        return 0;
    if (r < 0)
        return r;
    return now.device == file->device && now.inode == file->inode;
}

static int connect_to(const struct place *p)
{
    const struct timeval a_moment = {CONNECT_SECONDS, 0};
    const struct timeval for_ever = {0, 0};
    int fd = new_socket(0);
    int r;

    if (fd < 0)
        return fd;
    /* A connect waits only while the listener's queue is full, and then as long as a send may. */
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &a_moment, sizeof a_moment);
    do
        r = connect(fd, (const struct sockaddr *)&p->address, sizeof p->address);
    while (r < 0 && errno == EINTR);
    if (r < 0) {
        r = errno == EAGAIN ? -ETIMEDOUT : -errno;
        sys_close(&fd);
        return r;
    }
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &for_ever, sizeof for_ever);
    return fd;
}

int socket_connect(const char *path)
{
    struct place place;
    int r = place_init(&place, path);

    if (r < 0)
        return r;
    r = connect_to(&place);
    place_finish(&place);
    return r;
}

int socket_peer(int fd, struct peer *ret)
{
    struct ucred cred;
    socklen_t len = sizeof cred;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
        return -errno;
    *ret = (struct peer){.pid = cred.pid, .uid = cred.uid, .gid = cred.gid};
    return 0;
}

/* The supplementary groups of the peer: how many, with *ret for free(); or negative errno. */
static int peer_groups(int fd, gid_t **ret)
{
    socklen_t bytes = 0;

    *ret = NULL;
    while (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, *ret, &bytes) < 0) {
        gid_t *room;

        if (errno != ERANGE) {
            int r = errno == ENOPROTOOPT ? 0 : -errno;

            free(*ret);
            *ret = NULL;
            return r;
        }
        room = realloc(*ret, bytes);
        if (!room) {
            free(*ret);
            *ret = NULL;
            return -ENOMEM;
        }
        *ret = room;
    }
    return (int)(bytes / sizeof **ret);
}

int socket_peer_in_group(int fd, const struct peer *peer, gid_t gid)
{
    gid_t *groups;
    int in_it = 0;
    int n;

    if (peer->gid == gid)
        return 1;
    n = peer_groups(fd, &groups);
    for (int i = 0; groups && i < n && !in_it; i++)
        in_it = groups[i] == gid;
    free(groups);
    return n < 0 ? n : in_it;
}
