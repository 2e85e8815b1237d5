#include "control/listening.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>

#include "base/log.h"
#include "control/access.h"
#include "control/client.h"
#include "control/state.h"
#include "os/clock.h"
#include "os/dirs.h"
#include "os/sys.h"
#include "varlink/message.h"

enum { ACCEPTS_PER_TURN = 16, PAUSE_MS = 200 };
enum { TELL_EVERY_MS = 60000 }; /* what comes and goes all the time is told once so often */
enum { AGAIN_FIRST_MS = 100, AGAIN_MAX_MS = 30000, BLIND_LOOK_MS = 2000 };

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

static bool may_tell(int64_t *told_ms)
{
    int64_t now_ms = clock_now().mono_ms;

    if (*told_ms && now_ms - *told_ms < TELL_EVERY_MS)
        return false;
    *told_ms = now_ms;
    return true;
}

/* What cannot be told counts as a stranger. */
static enum role role_of(const struct listening *l, int fd, const struct peer *peer)
{
    bool in_group =
        l->spec->has_socket_group && socket_peer_in_group(fd, peer, l->spec->socket_gid) == 1;

    return access_role(peer->uid, l->control->own_uid, in_group);
}

static void take(struct listening *l, int fd)
{
    struct control *c = l->control;
    struct peer peer;
    enum role role;

    if (socket_peer(fd, &peer) < 0) {
        sys_close(&fd);
        return;
    }
    role = role_of(l, fd, &peer);
    if (!access_has_place(c->n_clients, role)) {
        if (may_tell(&l->told_full_ms))
            log_warning("%u clients are connected to %s: more are refused", c->n_clients, l->path);
        refuse(fd, "Too many clients are connected to reeved; try again later.");
    } else if (client_create(c, fd, &peer, role) < 0) {
        log_warning("out of memory: a client was refused");
    }
}

static void take_reserve(struct listening *l)
{
    if (l->reserve_fd < 0)
        l->reserve_fd = sys_unless_last(sys_open("/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
}

/* Whether there are descriptors beside the last few, which are for what units need. */
static bool has_descriptors(const struct listening *l)
{
    int probe = sys_unless_last(fcntl(l->fd, F_DUPFD_CLOEXEC, 0));
    bool has = probe >= 0;

    sys_close(&probe);
    return has;
}

/* Without descriptors the reserve is given up for one client, so that somebody can look and act. */
static int accept_one(struct listening *l)
{
    bool has_reserve = l->reserve_fd >= 0;
    int fd = -EMFILE;

    if (has_descriptors(l))
        fd = sys_accept4(l->fd, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if ((fd == -EMFILE || fd == -ENFILE) && has_reserve) {
        sys_close(&l->reserve_fd);
        fd = sys_accept4(l->fd, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            take_reserve(l); /* nobody was there to have it */
    }
    return fd;
}

/* A connection that cannot be taken keeps the socket readable: it is not looked at for a while. */
static void look_away(struct listening *l, int why)
{
    if (may_tell(&l->told_away_ms))
        log_warning("cannot accept clients: %s; trying again", strerror(-why));
    watch_stop(&l->watch);
    timer_set(&l->pause, clock_now().mono_ms + PAUSE_MS);
}

static void accept_from_now(struct listening *l)
{
    int r = watch_set(&l->watch, l->fd, LOOP_READ);

    if (r < 0)
        look_away(l, r);
}

static void on_pause_over(struct timer *t)
{
    struct listening *l = t->owner;

    take_reserve(l);
    accept_from_now(l);
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
    if (fd < 0 && fd != -EAGAIN && fd != -ECONNABORTED)
        look_away(l, fd);
}

void listening_has_room(struct listening *l)
{
    if (l->fd >= 0)
        take_reserve(l);
}

/* ---- being there ---- */

static void look_in(struct listening *l, int64_t delay_ms)
{
    timer_set(&l->again, clock_now().mono_ms + delay_ms);
}

static int try_to_watch(struct listening *l)
{
    int r;

    if (l->inotify_fd < 0)
        l->inotify_fd = sys_inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (l->inotify_fd < 0) {
        r = l->inotify_fd;
        l->inotify_fd = -1;
        return r;
    }
    r = watch_set(&l->inotify, l->inotify_fd, LOOP_READ);
    if (r < 0)
        return r;
    /* Removal shows as a change of the link count; the file lives on as long as we listen. */
    return sys_inotify_add_watch(l->inotify_fd, l->path,
                                 IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF | IN_DONT_FOLLOW);
}

/* To be told of the file's removal; where that is not to be had, the clock tells when to look. */
static void watch_over(struct listening *l)
{
    int r = try_to_watch(l);

    l->watched = r >= 0;
    if (l->watched) {
        l->told_blind = false;
        return;
    }
    if (!l->told_blind)
        log_warning("%s: cannot be watched (%s); looking every %d s whether it is still there",
                    l->path, strerror(-r), BLIND_LOOK_MS / 1000);
    l->told_blind = true;
    look_in(l, BLIND_LOOK_MS);
}

static int listen_for_group(struct listening *l)
{
    const struct daemon_spec *spec = l->spec;
    int given;
    int fd = socket_listen_for_group(l->path, spec->socket_mode, spec->socket_gid, &given);

    if (fd < 0)
        return fd;
    if (given < 0 && !l->told_group)
        log_error("%s: cannot be given to socket_group %s (%s): it stays closed to the group",
                  l->path, spec->socket_group, strerror(-given));
    l->told_group = given < 0;
    return fd;
}

static int listen_there(struct listening *l)
{
    int fd = l->spec->has_socket_group ? listen_for_group(l)
                                       : socket_listen(l->path, l->spec->socket_mode);
    int r;

    if (fd < 0)
        return fd;
    r = socket_file(l->path, &l->file);
    if (r < 0) {
        sys_close(&fd); /* stale now, to be replaced by the next try */
        return r;
    }
    watch_stop(&l->watch);
    timer_stop(&l->pause);
    sys_close(&l->fd);
    l->fd = fd;
    accept_from_now(l);
    watch_over(l);
    return 0;
}

/* 0 or negative errno. */
static int be_there_again(struct listening *l)
{
    int r = listen_there(l);

    /* The directory may have gone with the socket; one level is made anew. */
    if (r == -ENOENT && dir_of_file_make(l->path) == 0)
        r = listen_there(l);
    return r;
}

static void come_back(struct listening *l)
{
    int r = be_there_again(l);

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
    look_in(l, l->delay_ms);
}

static void on_again(struct timer *t)
{
    struct listening *l = t->owner;
    int there = socket_is_there(l->path, &l->file);

    if (there == 0)
        come_back(l);
    else if (there < 0)
        look_in(l, BLIND_LOOK_MS);
    else if (!l->watched)
        watch_over(l);
}

static void on_inotify(struct watch *w, int events)
{
    struct listening *l = w->owner;
    char buffer[4096];

    (void)events;
    while (sys_read(l->inotify_fd, buffer, sizeof buffer) > 0)
        ;
    /* Not at once: who removes a directory should find it empty. */
    if (socket_is_there(l->path, &l->file) != 1)
        look_in(l, l->delay_ms);
}

int listening_start(struct listening *l, struct control *c, const struct daemon_spec *spec)
{
    int r;

    *l = (struct listening){
        .control = c,
        .path = spec->socket,
        .spec = spec,
        .fd = -1,
        .reserve_fd = -1,
        .inotify_fd = -1,
        .delay_ms = AGAIN_FIRST_MS,
    };
    watch_init(&l->watch, c->loop, on_accept, l);
    watch_init(&l->inotify, c->loop, on_inotify, l);
    timer_init(&l->pause, c->loop, on_pause_over, l);
    timer_init(&l->again, c->loop, on_again, l);
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
    if (l->fd >= 0 && socket_is_there(l->path, &l->file) == 1)
        (void)sys_unlinkat(AT_FDCWD, l->path, 0);
    watch_stop(&l->watch);
    watch_stop(&l->inotify);
    timer_stop(&l->pause);
    timer_stop(&l->again);
    sys_close(&l->fd);
    sys_close(&l->reserve_fd);
    sys_close(&l->inotify_fd);
}
