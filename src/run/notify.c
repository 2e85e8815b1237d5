#include "run/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "os/clock.h"
#include "os/random.h"
#include "os/sys.h"

enum { MESSAGES_PER_TURN = 64, PORTION_MS = 3 };
enum { COMPLAIN_EVERY_MS = 10000, READ_AGAIN_MS = 1000 };

/* ---- complaints ---- */

__attribute__((format(printf, 2, 0))) static void vcomplain(struct notify_complaints *c,
                                                            const char *format, va_list args)
{
    int64_t now_ms = clock_now().mono_ms;
    char more[64] = "";
    char text[256];

    if (now_ms < c->next_ms) {
        c->n_kept_back++;
        return;
    }
    vsnprintf(text, sizeof text, format, args);
    if (c->n_kept_back)
        snprintf(more, sizeof more, " (and %" PRIu32 " more such messages before)", c->n_kept_back);
    log_warning("%s%s", text, more);
    c->next_ms = now_ms + COMPLAIN_EVERY_MS;
    c->n_kept_back = 0;
}

__attribute__((format(printf, 2, 3))) static void complain(struct notify_complaints *c,
                                                           const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vcomplain(c, format, args);
    va_end(args);
}

void notify_complain(struct notify *n, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vcomplain(&n->units, format, args);
    va_end(args);
}

static void complain_of_stranger(struct notify *n, const struct notify_datagram *d)
{
    if (d->pid > 0)
        complain(&n->strangers,
                 "notification ignored: its sender, process %d of user %u, is in no unit",
                 (int)d->pid, (unsigned)d->uid);
    else
        complain(&n->strangers, "notification ignored: its sender cannot be seen from here");
}

static void complain_of_fields(struct notify *n, const char *unit, const struct notify_message *m)
{
    for (enum notify_field f = 0; f < NOTIFY_FIELD_COUNT; f++)
        if (m->malformed >> f & 1)
            complain(&n->units, "%s: %s of its notification makes no sense, ignored", unit,
                     notify_field_name(f));
}

/* ---- one message ---- */

/* Everything before was handed over, so whoever waits for that may go on. */
static void take_barrier(struct notify *n, const struct notify_message *m,
                         struct notify_datagram *d)
{
    bool right = d->fd >= 0 && !d->n_refused && !(m->malformed >> NOTIFY_BARRIER & 1);

    sys_close(&d->fd);
    if (!right)
        complain(&n->units,
                 "notification of process %d ignored: a BARRIER is to come alone, with one "
                 "descriptor",
                 (int)d->pid);
}

static void take_fields(struct notify *n, const struct notify_message *m,
                        const struct notify_datagram *d)
{
    uint32_t unit = n->receiver->unit_of(n->owner, d->pid, d->pidfd);
    const char *name;

    if (unit == MEMBERSHIP_NONE) {
        complain_of_stranger(n, d);
        return;
    }
    name = n->receiver->unit_name(n->owner, unit);
    complain_of_fields(n, name, m);
    if (d->n_refused || notify_has(m, NOTIFY_FDSTORE))
        complain(&n->units, "%s: descriptors are not kept for units (FDSTORE), refused", name);
    if (m->has)
        n->receiver->told(n->owner, unit, m, d->pid);
}

static void take(struct notify *n, struct notify_datagram *d)
{
    struct notify_message m;

    if (d->truncated || notify_parse(&m, n->bytes, d->len_bytes) < 0) {
        complain(&n->units, "notification of process %d ignored: it is longer than %d KiB",
                 (int)d->pid, NOTIFY_BYTES_MAX / 1024);
    } else if (notify_has(&m, NOTIFY_BARRIER)) {
        take_barrier(n, &m, d);
    } else {
        if (d->fd >= 0)
            d->n_refused++;
        sys_close(&d->fd);
        take_fields(n, &m, d);
    }
    sys_close(&d->fd);
    sys_close(&d->pidfd);
}

/* ---- the socket ---- */

/* Not at once: what keeps it from being read may last. */
static void read_failed(struct notify *n, int error)
{
    if (!n->failing)
        log_warning("cannot read notifications: %s", strerror(-error));
    n->failing = true;
    watch_stop(&n->watch);
    timer_set(&n->again, clock_now().mono_ms + READ_AGAIN_MS);
}

bool notify_turn(struct notify *n)
{
    int64_t end_ms = clock_now().mono_ms + PORTION_MS;

    for (int i = 0; n->socket.fd >= 0 && i < MESSAGES_PER_TURN; i++) {
        struct notify_datagram d;
        int r = notify_socket_receive(&n->socket, n->bytes, sizeof n->bytes, &d);

        if (r < 0)
            read_failed(n, r);
        if (r <= 0)
            return false;
        n->failing = false;
        take(n, &d);
        if (clock_now().mono_ms > end_ms)
            break;
    }
    return n->socket.fd >= 0;
}

static void on_readable(struct watch *w, int events)
{
    (void)events;
    (void)notify_turn(w->owner);
}

static void on_again(struct timer *t)
{
    struct notify *n = t->owner;
    int r;

    timer_stop(t);
    r = watch_set(&n->watch, n->socket.fd, LOOP_READ);
    if (r < 0)
        read_failed(n, r);
}

static int bind_somewhere(struct notify *n, const char *runtime_dir)
{
    char name[NOTIFY_NAME_BYTES];
    int len = 0;

    if (runtime_dir)
        len = snprintf(name, sizeof name, "%s/notify", runtime_dir);
    if (!runtime_dir || len >= (int)sizeof name)
        snprintf(name, sizeof name, "@reeve/%016" PRIx64 "/notify", random_number());
    return notify_socket_open(&n->socket, name);
}

int notify_open(struct notify *n, struct loop *loop, const char *runtime_dir,
                const struct notify_receiver *receiver, void *owner)
{
    int r;

    memset(n, 0, sizeof *n);
    n->loop = loop;
    n->receiver = receiver;
    n->owner = owner;
    watch_init(&n->watch, loop, on_readable, n);
    timer_init(&n->again, loop, on_again, n);
    r = bind_somewhere(n, runtime_dir);
    if (r == 0)
        r = watch_set(&n->watch, n->socket.fd, LOOP_READ);
    if (r < 0)
        notify_close(n);
    return r;
}

const char *notify_name(const struct notify *n)
{
    return n->socket.name;
}

void notify_close(struct notify *n)
{
    if (!n->loop)
        return;
    watch_stop(&n->watch);
    timer_stop(&n->again);
    notify_socket_close(&n->socket);
    n->loop = NULL;
}
