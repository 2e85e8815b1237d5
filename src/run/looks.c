#include "run/looks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"
#include "os/spawn.h"
#include "os/sys.h"
#include "run/hearing.h"
#include "run/live.h"
#include "run/state.h"

/* One look for readiness takes no longer, so that one that hangs is not the last. */
enum { READY_LOOK_MAX_MS = 5000 };
/* Of a watchdog: so late, reeved itself was held up, and so long the unit has to be heard then. */
enum { HELD_UP_MS = 100, WAIT_MS = 200 };

static void post(struct looks *k, struct event *ev)
{
    ev->unit = k->live->unit.index;
    ev->run = k->live->unit.run;
    supervisor_post(k->live->supervisor, ev);
}

/* What reeved lacks says nothing of the unit. */
static bool is_ours(struct probe_result result)
{
    return result.how == PROBE_ERROR &&
           (result.code == EMFILE || result.code == ENFILE || result.code == ENOMEM ||
            result.code == ENOBUFS || result.code == EAGAIN); /* no room for one more process */
}

static void on_done(struct prober *p, struct probe_result result, int64_t took_ms)
{
    struct event ev = {.type = EV_LOOKED, .u.looked = {.result = result, .took_ms = took_ms}};

    if (is_ours(result))
        ev.u.looked.result.how = PROBE_SKIPPED;
    post(p->owner, &ev);
}

/* A shutdown may be waiting for that. */
static void on_gone(struct prober *p)
{
    struct looks *k = p->owner;

    task_start(&k->live->supervisor->drain);
}

bool looks_linger(const struct looks *k)
{
    return k && prober_has_processes(&k->prober);
}

bool looks_run_commands(const struct looks *k)
{
    const struct unit_spec *spec = k ? k->live->unit.spec : NULL;

    return spec && (spec->health.kind == PROBE_EXEC || spec->ready_probe.kind == PROBE_EXEC);
}

void looks_set_slot(struct looks *k, struct run_slot *slot)
{
    k->prober.command.place.slot = slot;
}

void looks_begin(struct looks *k)
{
    const struct unit *u = &k->live->unit;
    const struct unit_spec *spec = u->spec;
    int64_t left_ms = u->deadline_ms - clock_now().mono_ms;

    if (u->phase != PHASE_PROBING) {
        probe_begin(&k->prober, &spec->health, spec->health_timeout_ms);
        return;
    }
    if (left_ms > READY_LOOK_MAX_MS)
        left_ms = READY_LOOK_MAX_MS;
    probe_begin(&k->prober, &spec->ready_probe, left_ms > 0 ? left_ms : 1);
}

void looks_away(struct looks *k)
{
    if (k)
        probe_abandon(&k->prober);
}

/* ---- by what it says on a descriptor ---- */

static void forget_ready_fd(struct looks *k)
{
    watch_stop(&k->ready);
    sys_close(&k->ready_fd);
}

/* It is ready with the first newline, whatever comes before or after. */
static void on_ready_fd(struct watch *w, int events)
{
    struct looks *k = w->owner;
    struct event ev = {.type = EV_READY};
    char text[512];
    ssize_t n = sys_read(k->ready_fd, text, sizeof text);

    (void)events;
    if (n == -EAGAIN || n == -EINTR)
        return;
    if (n > 0 && !memchr(text, '\n', (size_t)n))
        return;
    forget_ready_fd(k);
    if (n > 0)
        post(k, &ev);
}

/* It may be reeved that is late: who spoke in time is heard first. */
void looks_catch_up(struct looks *k)
{
    if (!k)
        return;
    if (k->ready_fd >= 0)
        on_ready_fd(&k->ready, LOOP_READ);
    hearing_catch_up(k->live->supervisor, k->live->unit.index);
}

static int open_ready_fd(struct looks *k, struct spawn_request *request)
{
    int fds[2];
    int r;

    forget_ready_fd(k);
    r = sys_pipe2(fds, O_CLOEXEC);
    if (r < 0)
        return r;
    k->ready_fd = fds[0];
    k->ready_fd_far = fds[1];
    if (fcntl(k->ready_fd, F_SETFL, O_NONBLOCK) < 0)
        return -errno;
    request->pass_as = k->live->unit.spec->ready_fd;
    request->pass_fd = k->ready_fd_far;
    return 0;
}

/* ---- by the clock ---- */

/* The watchdog: reeved was held up, and the kernel keeps a few messages only, so whoever has more
 * to say than that is held up as well, and gets a moment for it. */
static bool is_to_wait(struct looks *k)
{
    int64_t now_ms = clock_now().mono_ms;
    int64_t due_ms = k->live->unit.look_at_ms;

    if (now_ms - due_ms <= HELD_UP_MS || k->waited_for_ms == due_ms)
        return false;
    k->waited_for_ms = due_ms;
    timer_set(&k->timer, now_ms + WAIT_MS);
    return true;
}

static void on_time(struct timer *t)
{
    struct event ev = {.type = EV_LOOK};
    struct looks *k = t->owner;

    if (k->live->unit.spec->health.kind == PROBE_NOTIFY) {
        if (is_to_wait(k))
            return;
        looks_catch_up(k);
    }
    post(k, &ev);
}

/* ---- a main process ---- */

int looks_prepare(struct looks *k, struct spawn_request *request)
{
    if (!k)
        return 0;
    memset(&k->told, 0, sizeof k->told);
    if (k->envp)
        request->envp = k->envp;
    return k->live->unit.spec->ready == READY_FD ? open_ready_fd(k, request) : 0;
}

int looks_set_socket(struct looks *k, const char *name)
{
    const struct unit_spec *spec = k->live->unit.spec;
    uint32_t n = 0;

    k->envp = calloc((size_t)spec->envc + 3, sizeof *k->envp);
    if (!k->envp || asprintf(&k->notify_env, "NOTIFY_SOCKET=%s", name) < 0) {
        k->notify_env = NULL;
        return -ENOMEM;
    }
    for (; n < spec->envc; n++)
        k->envp[n] = spec->envp[n];
    k->envp[n++] = k->notify_env;
    if (spec->health.kind != PROBE_NOTIFY)
        return 0;
    if (asprintf(&k->watchdog_env, "WATCHDOG_USEC=%" PRId64, spec->health_interval_ms * 1000) < 0) {
        k->watchdog_env = NULL;
        return -ENOMEM;
    }
    k->envp[n] = k->watchdog_env;
    return 0;
}

void looks_spawned(struct looks *k)
{
    if (!k || k->ready_fd_far < 0)
        return;
    sys_close(&k->ready_fd_far);
    (void)watch_set(&k->ready, k->ready_fd, LOOP_READ);
}

/* ---- holding ---- */

void looks_mirror(struct looks *k)
{
    const struct unit *u;

    if (!k)
        return;
    u = &k->live->unit;
    timer_set(&k->timer, u->look_at_ms);
    /* Ready, or not to become so: who listens on costs something. */
    if (k->ready_fd >= 0 && u->phase != PHASE_SPAWNING && u->phase != PHASE_PROBING)
        forget_ready_fd(k);
}

int looks_create(struct looks **ret, struct live *l)
{
    const struct unit_spec *spec = l->unit.spec;
    struct supervisor *s = l->supervisor;
    struct looks *k;

    *ret = NULL;
    if (spec->ready == READY_STARTED && spec->health.kind == PROBE_NONE)
        return 0;
    k = calloc(1, sizeof *k);
    if (!k)
        return -ENOMEM;
    k->live = l;
    k->ready_fd = k->ready_fd_far = -1;
    k->place = (struct command_place){
        .tracker = &s->tracker,
        .spec = spec,
        .nofile = s->have_nofile ? &s->nofile : NULL,
        .part = "~probe",
    };
    timer_init(&k->timer, s->loop, on_time, k);
    watch_init(&k->ready, s->loop, on_ready_fd, k);
    prober_init(&k->prober, &k->place, on_done, k);
    k->prober.gone = on_gone;
    *ret = k;
    return 0;
}

void looks_destroy(struct looks *k)
{
    if (!k)
        return;
    timer_stop(&k->timer);
    forget_ready_fd(k);
    sys_close(&k->ready_fd_far);
    prober_finish(&k->prober);
    free(k->envp);
    free(k->notify_env);
    free(k->watchdog_env);
    free(k);
}
