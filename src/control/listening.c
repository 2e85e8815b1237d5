#include "control/listening.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "control/access.h"
#include "control/client.h"
#include "control/state.h"
#include "os/clock.h"
#include "os/sys.h"
#include "varlink/message.h"

enum { ACCEPTS_PER_TURN = 16, PAUSE_MS = 200, AGAIN_FIRST_MS = 100, AGAIN_MAX_MS = 30000 };

/* ---- taking clients ---- */

/* A client that cannot be served hears why, as far as its socket takes it at once. */
static void refuse(int fd, const char *why)
{
    struct strbuf text = STRBUF_INIT;

    message_error(&text, false, "io.reeve.Manager.TooManyClients", "message", why, NULL);
    if (!text.failed)
        (void)sys_send(fd, text.data, text.len_bytes);
    strbuf_finish(&text);
    sys_close(&fd);
}

static void take(struct listening *l, int fd)
{
    struct control *c = l->control;
    struct peer peer;

    if (socket_peer(fd, &peer) < 0) {
        sys_close(&fd);
        return;
    }
    if (!access_has_place(c->n_clients, peer.uid, c->own_uid)) {
        if (!l->told_full)
            log_warning("%u clients are connected to %s: more are refused", c->n_clients, l->path);
        l->told_full = true;
        refuse(fd, "Too many clients are connected to reeved; try again later.");
        return;
    }
    if (client_create(c, fd, &peer) < 0)
        log_warning("out of memory: a client was refused");
}

static void take_reserve(struct listening *l)
{
    if (l->reserve_fd < 0) {
        l->reserve_fd = sys_open("/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        if (l->reserve_fd < 0)
            l->reserve_fd = -1;
    }
}

/* Without descriptors the reserve is given up for one client, so that somebody can look and act. */
static int accept_one(struct listening *l)
{
    int fd = sys_accept4(l->fd, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if ((fd == -EMFILE || fd == -ENFILE) && l->reserve_fd >= 0) {
        sys_close(&l->reserve_fd);
        fd = sys_accept4(l->fd, SOCK_NONBLOCK | SOCK_CLOEXEC);
    }
    return fd;
}

static void on_pause_over(struct timer *t)
{
    struct listening *l = t->owner;

    take_reserve(l);
    watch_set(&l->watch, l->fd, LOOP_READ);
}

static void on_accept(struct watch *w, int events)
{
    struct listening *l = w->owner;
    int fd = -EAGAIN;

    (void)events;
    for (int n = 0; n < ACCEPTS_PER_TURN; n++) {
        fd = accept_one(l);
        if (fd == -ECONNABORTED)
            continue;
        if (fd < 0)
            break;
        take(l, fd);
    }
    if (fd >= 0 || fd == -EAGAIN || fd == -ECONNABORTED)
        return;
    /* The waiting connection keeps the socket readable: look away for a while. */
    log_warning("cannot accept clients: %s; trying again", strerror(-fd));
    watch_stop(&l->watch);
    timer_set(&l->pause, clock_now().mono_ms + PAUSE_MS);
}

void listening_has_room(struct listening *l)
{
    l->told_full = false;
    if (l->fd >= 0)
        take_reserve(l);
}

/* ---- being there ---- */

static bool is_ours(const struct listening *l)
{
    struct stat st;

    return lstat(l->path, &st) == 0 && st.st_dev == l->device && st.st_ino == l->inode;
}

static int listen_there(struct listening *l)
{
    struct stat st;
    int fd = socket_listen(l->path, l->mode);

    if (fd < 0)
        return fd;
    watch_stop(&l->watch);
    sys_close(&l->fd);
    l->fd = fd;
    if (lstat(l->path, &st) == 0) {
        l->device = st.st_dev;
        l->inode = st.st_ino;
    }
    watch_set(&l->watch, l->fd, LOOP_READ);
    /* Removal shows as a change of the link count; the file lives on as long as we listen. */
    if (l->inotify_fd >= 0 &&
        inotify_add_watch(l->inotify_fd, l->path,
                          IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF | IN_DONT_FOLLOW) < 0)
        log_warning("%s: cannot be watched (%s); should it be removed, it stays away", l->path,
                    strerror(errno));
    return 0;
}

/* The directory may have gone with the socket; one level is made anew. */
static void make_directory(const struct listening *l)
{
    const char *slash = strrchr(l->path, '/');
    char dir[4096];

    if (!slash || slash == l->path || (size_t)(slash - l->path) >= sizeof dir)
        return;
    memcpy(dir, l->path, (size_t)(slash - l->path));
    dir[slash - l->path] = '\0';
    (void)sys_mkdirat(AT_FDCWD, dir, l->control->own_uid == 0 ? 0755 : 0700);
}

static void on_again(struct timer *t)
{
    struct listening *l = t->owner;
    int r;

    if (is_ours(l))
        return;
    r = listen_there(l);
    if (r == -ENOENT) {
        make_directory(l);
        r = listen_there(l);
    }
    if (r == 0) {
        log_info("%s: somebody removed it; listening there again", l->path);
        l->delay_ms = AGAIN_FIRST_MS;
        return;
    }
    if (r == -EADDRINUSE || r == -EEXIST) {
        log_error("%s: somebody replaced it; reeved cannot be reached there any more", l->path);
        return;
    }
    if (l->delay_ms == AGAIN_FIRST_MS)
        log_error("%s: somebody removed it, and it cannot be made again: %s; trying again", l->path,
                  strerror(-r));
    l->delay_ms = l->delay_ms * 2 < AGAIN_MAX_MS ? l->delay_ms * 2 : AGAIN_MAX_MS;
    timer_set(&l->again, clock_now().mono_ms + l->delay_ms);
}

static void on_inotify(struct watch *w, int events)
{
    struct listening *l = w->owner;
    char buffer[4096];

    (void)events;
    while (sys_read(l->inotify_fd, buffer, sizeof buffer) > 0)
        ;
    /* Not at once: who removes a directory should find it empty. */
    if (!is_ours(l))
        timer_set(&l->again, clock_now().mono_ms + l->delay_ms);
}

static void watch_over(struct listening *l)
{
    l->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (l->inotify_fd >= 0)
        watch_set(&l->inotify, l->inotify_fd, LOOP_READ);
    else
        log_warning("no inotify (%s); should the socket be removed, it stays away",
                    strerror(errno));
}

int listening_start(struct listening *l, struct control *c, const char *path, mode_t mode)
{
    int r;

    *l = (struct listening){
        .control = c,
        .path = path,
        .mode = mode,
        .fd = -1,
        .reserve_fd = -1,
        .inotify_fd = -1,
        .delay_ms = AGAIN_FIRST_MS,
    };
    watch_init(&l->watch, c->loop, on_accept, l);
    watch_init(&l->inotify, c->loop, on_inotify, l);
    timer_init(&l->pause, c->loop, on_pause_over, l);
    timer_init(&l->again, c->loop, on_again, l);
    watch_over(l);
    r = listen_there(l);
    if (r < 0) {
        listening_stop(l);
        return r;
    }
    take_reserve(l);
    return 0;
}

void listening_stop(struct listening *l)
{
    if (l->fd >= 0 && is_ours(l))
        (void)sys_unlinkat(AT_FDCWD, l->path, 0);
    watch_stop(&l->watch);
    watch_stop(&l->inotify);
    timer_stop(&l->pause);
    timer_stop(&l->again);
    sys_close(&l->fd);
    sys_close(&l->reserve_fd);
    sys_close(&l->inotify_fd);
}
