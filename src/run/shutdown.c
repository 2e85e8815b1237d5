#include "run/shutdown.h"

#include "base/log.h"
#include "base/strbuf.h"
#include "core/stop_plan.h"
#include "os/clock.h"
#include "os/proctree.h"
#include "os/signals.h"
#include "run/notices.h"
#include "run/report.h"
#include "run/state.h"

static void on_last_kill(struct timer *t)
{
    struct supervisor *s = t->owner;

    order_hurry(&s->order);
    task_start(&s->drain);
}

/* Who escaped from a run (without cgroups that can be done) goes on without us. */
static void say_orphans(struct supervisor *s)
{
    enum { NAMED = 5 };
    pid_t first[NAMED] = {0};
    struct strbuf text = STRBUF_INIT;
    uint32_t n = tracker_find_orphans(&s->tracker, first, NAMED);

    if (!n)
        return;
    for (int i = 0; i < NAMED && first[i]; i++) {
        char name[PROC_NAME_BYTES];

        proc_name_read(first[i], name);
        strbuf_addf(&text, "%s%d (%s)", i ? ", " : ": ", (int)first[i], name);
    }
    log_warning("shutdown: %u orphan%s left running%s%s", n, n == 1 ? " is" : "s are",
                strbuf_text(&text), n > NAMED ? ", ..." : "");
    strbuf_finish(&text);
}

static void be_over(struct supervisor *s)
{
    s->shutdown.over = true;
    say_orphans(s);
    shutdown_finish(s);
    notice_session_stopped(s, shutdown_exit_code(s));
    supervisor_tell(s, UINT32_MAX);
    loop_stop(s->loop);
}

static void on_last(struct timer *t)
{
    struct supervisor *s = t->owner;

    for (uint32_t i = 0; i < s->n_lives; i++)
        if (unit_has_run(&s->lives[i].unit))
            report_unkillable(&s->lives[i].unit);
        else if (looks_linger(s->lives[i].looks))
            report_look_unkillable(&s->lives[i].unit);
    log_error("shutdown: the time is up");
    be_over(s);
}

void shutdown_init(struct supervisor *s, int64_t timeout_ms)
{
    s->shutdown.timeout_ms = timeout_ms;
    timer_init(&s->shutdown.last_kill, s->loop, on_last_kill, s);
    timer_init(&s->shutdown.last, s->loop, on_last, s);
}

void shutdown_finish(struct supervisor *s)
{
    timer_stop(&s->shutdown.last_kill);
    timer_stop(&s->shutdown.last);
}

static void say_asked(struct requester who, int signal)
{
    if (signal)
        log_info("shutting down: asked by SIG%s", signal_name(signal));
    else if (who.known)
        log_info("shutting down: asked by uid %u, pid %d", (unsigned)who.uid, (int)who.pid);
    else
        log_info("shutting down");
}

static void say_because(enum end_cause because, const char *unit)
{
    switch (because) {
    case END_ESSENTIAL:
        log_info("shutting down: %s is essential and has ended for good", unit);
        break;
    case END_ON_FAILED:
        log_info("shutting down: %s has failed (on_failed = shutdown)", unit);
        break;
    case END_ANY_FAILED:
        log_info("shutting down: %s has failed (exit_when = any-failed)", unit);
        break;
    case END_ALL_DONE:
        log_info("shutting down: all units are done");
        break;
    case END_NONE:
    case END_COUNT:
        break;
    }
}

static void begin(struct supervisor *s, struct requester who)
{
    struct shutdown *d = &s->shutdown;

    d->begun = true;
    d->begun_ms = clock_now().mono_ms;
    timer_set(&d->last_kill, shutdown_last_kill_ms(d->timeout_ms, d->begun_ms));
    timer_set(&d->last, shutdown_end_ms(d->timeout_ms, d->begun_ms));
    order_shutdown(&s->order, d->begun_ms, d->timeout_ms, who);
    task_start(&s->drain);
    supervisor_tell(s, UINT32_MAX);
}

void shutdown_begin(struct supervisor *s, struct requester who, int signal)
{
    if (s->shutdown.begun)
        return;
    say_asked(who, signal);
    notice_session_stopping(s, who, signal, END_NONE, NOTICE_NO_UNIT);
    begin(s, who);
}

void shutdown_when_due(struct supervisor *s)
{
    struct shutdown *d = &s->shutdown;
    uint32_t unit;
    enum end_cause because = ends_due(&s->ends, &unit);

    /* All may be done but for what somebody has asked for meanwhile. */
    if (d->begun || because == END_NONE || (because == END_ALL_DONE && !order_idle(&s->order)))
        return;
    d->because = because;
    say_because(because, s->set->units[unit].name);
    notice_session_stopping(s, (struct requester){0}, 0, because, unit);
    begin(s, (struct requester){0});
}

void shutdown_hurry(struct supervisor *s)
{
    if (!s->shutdown.begun)
        return;
    s->shutdown.hurried = true;
    log_info("shutdown: asked again, killing what is left");
    order_hurry(&s->order);
    task_start(&s->drain);
}

static bool is_down(const struct live *l)
{
    return !unit_has_run(&l->unit) && !looks_linger(l->looks);
}

void shutdown_check(struct supervisor *s)
{
    struct shutdown *d = &s->shutdown;

    if (!d->begun || d->over || !queue_empty(&s->queue) || !order_idle(&s->order))
        return;
    /* What is down stays down: it is not looked at again. */
    while (d->n_down < s->n_lives && is_down(&s->lives[d->n_down]))
        d->n_down++;
    if (d->n_down == s->n_lives)
        be_over(s);
}

int shutdown_exit_code(const struct supervisor *s)
{
    return ends_exit_code(&s->ends, s->order.units, s->shutdown.because == END_NONE);
}
