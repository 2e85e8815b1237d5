#include "run/probe.h"

#include <errno.h>
#include <string.h>

#include "os/clock.h"
#include "os/connect.h"
#include "os/sys.h"
#include "run/tracker.h"

/* A Unix socket whose queue is full tells nobody when there is room. */
enum { TRY_AGAIN_MS = 20 };

/* ---- the result ---- */

static void drop_attempt(struct prober *p, struct attempt *a)
{
    if (a->fd < 0)
        return;
    watch_stop(&a->watch);
    sys_close(&a->fd);
    p->n_open--;
}

static void drop_attempts(struct prober *p)
{
    timer_stop(&p->timer);
    for (int i = 0; i < PROBE_ADDRESSES_MAX; i++)
        drop_attempt(p, &p->attempts[i]);
}

static void settle(struct prober *p, enum probe_how how, int code)
{
    drop_attempts(p);
    p->result = (struct probe_result){.how = how, .code = code};
    p->took_ms = clock_now().mono_ms - p->begun_ms;
    task_start(&p->tell);
}

static bool on_tell(struct task *task)
{
    struct prober *p = task->owner;

    /* First all that is to be done here: `done` may begin another look, or end it all. */
    task_stop(&p->tell);
    p->probe = NULL;
    p->done(p, p->result, p->took_ms);
    return true;
}

/* ---- a command ---- */

static void on_command_done(struct command *c, const struct command_end *end)
{
    struct prober *p = c->owner;
    struct probe_result result = command_result(end);

    settle(p, result.how, result.code);
}

static void on_command_gone(struct command *c)
{
    struct prober *p = c->owner;

    if (p->gone)
        p->gone(p);
}

static void begin_command(struct prober *p, int64_t timeout_ms)
{
    enum start_stage stage;
    int r = command_run(&p->command, p->probe->argv, timeout_ms, &stage);

    if (r < 0)
        settle(p, PROBE_ERROR, -r);
}

/* ---- connections ---- */

/* "No such address here" says less of localhost than what the other address answered. */
static bool says_little(int error)
{
    return error == EADDRNOTAVAIL || error == EAFNOSUPPORT || error == ENETUNREACH;
}

static void note_error(struct prober *p, int error)
{
    if (p->error == 0 || says_little(p->error) || !says_little(error))
        p->error = error;
}

/* What an attempt has come to; without a descriptor it is over. */
static void attempt_went(struct prober *p, struct attempt *a, int r)
{
    if (r == 0) {
        settle(p, PROBE_GOOD, 0);
        return;
    }
    note_error(p, -r);
    drop_attempt(p, a);
}

static void on_attempt(struct watch *w, int events)
{
    struct attempt *a = w->owner;
    struct prober *p = a->prober;
    int r = connect_result(a->fd);

    (void)events;
    if (r == -EINPROGRESS)
        return;
    attempt_went(p, a, r);
    if (r < 0 && p->n_open == 0)
        settle(p, PROBE_ERROR, p->error);
}

/* Returns whether that settled it. */
static bool try_address(struct prober *p, struct attempt *a, const struct probe_address *address)
{
    int r = connect_tcp(address, &a->fd);

    if (r == -EINPROGRESS) {
        p->n_open++;
        r = watch_set(&a->watch, a->fd, LOOP_WRITE);
        if (r == 0)
            return false;
    }
    attempt_went(p, a, r);
    return r == 0;
}

static void begin_tcp(struct prober *p)
{
    for (uint32_t i = 0; i < p->probe->n_addresses; i++)
        if (try_address(p, &p->attempts[i], &p->probe->addresses[i]))
            return;
    if (p->n_open == 0)
        settle(p, PROBE_ERROR, p->error);
    else
        timer_set(&p->timer, p->deadline_ms);
}

static void try_unix(struct prober *p)
{
    int r = connect_unix(p->probe->path);
    int64_t again_ms = clock_now().mono_ms + TRY_AGAIN_MS;

    if (r == 0)
        settle(p, PROBE_GOOD, 0);
    else if (r == -EAGAIN)
        timer_set(&p->timer, again_ms < p->deadline_ms ? again_ms : p->deadline_ms);
    else
        settle(p, PROBE_ERROR, -r);
}

/* Who has accepted by now was in time, though nobody has looked yet. */
static bool any_accepted(const struct prober *p)
{
    for (size_t i = 0; i < sizeof p->attempts / sizeof *p->attempts; i++)
        if (p->attempts[i].fd >= 0 && connect_result(p->attempts[i].fd) == 0)
            return true;
    return false;
}

static void on_timer(struct timer *t)
{
    struct prober *p = t->owner;

    if (clock_now().mono_ms < p->deadline_ms)
        try_unix(p);
    else
        settle(p, any_accepted(p) ? PROBE_GOOD : PROBE_LATE, 0);
}

/* ---- verbs ---- */

void prober_init(struct prober *p, const struct command_place *place, probe_done_fn *done,
                 void *owner)
{
    memset(p, 0, sizeof *p);
    p->loop = place->tracker->loop;
    p->done = done;
    p->owner = owner;
    command_init(&p->command, place, on_command_done, p);
    p->command.gone = on_command_gone;
    timer_init(&p->timer, p->loop, on_timer, p);
    task_init(&p->tell, p->loop, on_tell, p);
    for (int i = 0; i < PROBE_ADDRESSES_MAX; i++) {
        struct attempt *a = &p->attempts[i];

        a->prober = p;
        a->fd = -1;
        watch_init(&a->watch, p->loop, on_attempt, a);
    }
}

void probe_begin(struct prober *p, const struct probe_spec *probe, int64_t timeout_ms)
{
    p->probe = probe;
    p->begun_ms = clock_now().mono_ms;
    p->deadline_ms = p->begun_ms + timeout_ms;
    p->error = 0;
    switch (probe->kind) {
    case PROBE_EXEC:
        begin_command(p, timeout_ms);
        return;
    case PROBE_TCP:
        begin_tcp(p);
        return;
    case PROBE_UNIX:
        try_unix(p);
        return;
    case PROBE_NONE:
    case PROBE_NOTIFY:
        break;
    }
    settle(p, PROBE_ERROR, EINVAL); /* there is nothing to look at */
}

void probe_abandon(struct prober *p)
{
    p->probe = NULL;
    task_stop(&p->tell);
    drop_attempts(p);
    command_abandon(&p->command);
}

void prober_finish(struct prober *p)
{
    probe_abandon(p);
    command_finish(&p->command);
}
