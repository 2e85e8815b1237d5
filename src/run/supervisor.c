#include "run/supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "os/clock.h"
#include "os/random.h"
#include "run/identities.h"
#include "run/notices.h"
#include "run/reaper.h"
#include "run/report.h"
#include "run/state.h"

/* What one turn of the loop may do for the units before sockets and timers get theirs: for what has
 * happened, and for what is to happen. Either may cost a clone, so the time is bounded too. */
enum { FACTS_PER_TURN = 64, WISHES_PER_TURN = 16, PORTION_MS = 3 };
/* After so long no request holds up what was asked for, until that is done or had as long. */
enum { HELD_MS = 50 };

/* ---- the queue and its draining: the only caller of the machine ---- */

void supervisor_post(struct supervisor *s, const struct event *ev)
{
    /* Room is set aside for all that units cause, and growing was tried: what is refused here is an
     * event that no accounting foresaw. Saying so is all that is left. */
    if (!queue_post(&s->queue, ev))
        log_error("out of memory: event %s of unit %u was lost", event_name(ev->type), ev->unit);
    task_start(&s->drain);
}

void supervisor_tell(struct supervisor *s, uint32_t index)
{
    list_for_each_safe (it, &s->listeners) {
        struct listener *l = container_of(it, struct listener, link);

        l->fn(l, index);
    }
}

void supervisor_note(struct supervisor *s, const struct notice *notice)
{
    event_ring_push(&s->events, notice);
}

static void note_ready(struct supervisor *s)
{
    s->ready_told = true;
    notice_session(s, NOTICE_SESSION_READY);
    supervisor_tell(s, UINT32_MAX);
}

static void take(struct supervisor *s, const struct event *ev)
{
    if (live_step(&s->lives[ev->unit], ev))
        supervisor_tell(s, ev->unit);
    if (!s->ready_told && order_all_tried(&s->order))
        note_ready(s);
}

/* Whether what is asked for may be done: not while more of the same is still being asked for. */
static bool may_go_on(const struct supervisor *s)
{
    return !s->n_asking || s->shutdown.begun;
}

static void take_facts(struct supervisor *s)
{
    int64_t end_ms = clock_now().mono_ms + PORTION_MS;
    struct event ev;

    for (int n = 0; n < FACTS_PER_TURN && queue_take(&s->queue, &ev); n++) {
        take(s, &ev);
        if (clock_now().mono_ms > end_ms)
            break;
    }
}

static void take_wishes(struct supervisor *s)
{
    struct moment now = clock_now();
    int64_t end_ms = now.mono_ms + PORTION_MS;
    struct event ev;

    for (int n = 0; n < WISHES_PER_TURN && order_next(&s->order, now, &ev); n++) {
        take(s, &ev);
        now = clock_now();
        if (now.mono_ms > end_ms)
            break;
    }
}

static bool drain(struct task *task)
{
    struct supervisor *s = task->owner;

    take_facts(s);
    shutdown_when_due(s);
    if (may_go_on(s))
        take_wishes(s);
    shutdown_when_due(s);
    shutdown_check(s);
    return !queue_empty(&s->queue) || (may_go_on(s) && !order_idle(&s->order));
}

/* ---- making ---- */

static int add_name(struct supervisor *s, uint32_t index)
{
    const char *name = s->set->units[index].name;
    bool added;
    struct strtab_entry *e = strtab_put(&s->by_name, name, strlen(name), &added);

    if (!e)
        return -ENOMEM;
    e->value = index;
    return 0;
}

static int make_order(struct supervisor *s)
{
    struct unit **units = calloc(s->n_lives ? s->n_lives : 1, sizeof(struct unit *));
    int r;

    if (!units)
        return -ENOMEM;
    for (uint32_t i = 0; i < s->n_lives; i++)
        units[i] = &s->lives[i].unit;
    r = order_init(&s->order, units, s->n_lives);
    free(units);
    return r;
}

static int make_lives(struct supervisor *s)
{
    int r;

    s->lives = calloc(s->set->n_units ? s->set->n_units : 1, sizeof *s->lives);
    if (!s->lives)
        return -ENOMEM;
    for (uint32_t i = 0; i < s->set->n_units; i++) {
        const struct unit_spec *spec = &s->set->units[i];

        r = live_init(&s->lives[i], s, spec, i);
        if (r < 0)
            return r;
        s->n_lives++;
        r = add_name(s, i);
        if (r < 0)
            return r;
    }
    r = queue_init(&s->queue, s->n_lives);
    if (r == 0)
        r = make_order(s);
    return r < 0 ? r : ends_init(&s->ends, &s->set->daemon, s->n_lives);
}

int supervisor_create(struct supervisor **ret, struct loop *loop, struct spec_set *set,
                      const struct supervisor_options *options)
{
    struct supervisor *s = calloc(1, sizeof *s);
    int r;

    if (!s) {
        spec_set_unref(set);
        return -ENOMEM;
    }
    s->loop = loop;
    s->procs = options->procs;
    s->set = set;
    s->begun_ms = clock_now().mono_ms;
    s->random = (uint32_t)random_number();
    snprintf(s->epoch, sizeof s->epoch, "%016" PRIx64, random_number());
    if (options->nofile) {
        s->nofile = *options->nofile;
        s->have_nofile = true;
    }
    list_init(&s->listeners);
    strtab_init(&s->by_name);
    r = event_ring_init(&s->events,
                        set->daemon.events_kept ? set->daemon.events_kept : EVENTS_KEPT_DEFAULT);
    task_init(&s->drain, loop, drain, s);
    shutdown_init(s, set->daemon.shutdown_timeout_ms ? set->daemon.shutdown_timeout_ms
                                                     : options->shutdown_timeout_ms);
    s->slots.fd = -1;
    mistakes_init(s);
    tracker_init(&s->tracker, loop, s->procs, options->owner_mark);
    if (r == 0)
        r = make_lives(s);
    if (r < 0) {
        supervisor_destroy(s);
        return r;
    }
    identities_open(s);
    r = hearing_open(s);
    if (r < 0) {
        supervisor_destroy(s);
        return r;
    }
    *ret = s;
    return 0;
}

void supervisor_begin(struct supervisor *s)
{
    notice_session(s, NOTICE_SESSION_STARTED);
    order_begin(&s->order);
    for (uint32_t i = 0; i < s->n_lives; i++)
        ends_look(&s->ends, &s->lives[i].unit);
    if (order_all_tried(&s->order))
        note_ready(s);
    task_start(&s->drain);
}

void supervisor_destroy(struct supervisor *s)
{
    if (!s)
        return;
    task_stop(&s->drain);
    shutdown_finish(s);
    mistakes_finish(s);
    hearing_close(s);
    for (uint32_t i = 0; i < s->n_lives; i++)
        live_finish(&s->lives[i]);
    free(s->lives);
    strtab_finish(&s->by_name);
    tracker_finish(&s->tracker);
    queue_finish(&s->queue);
    order_finish(&s->order);
    ends_finish(&s->ends);
    event_ring_finish(&s->events);
    identities_close(s);
    spec_set_unref(s->set);
    free(s);
}

bool supervisor_reap(struct supervisor *s)
{
    bool more = hearing_turn(s);

    return reaper_turn(s->procs, &s->tracker) || more;
}

void supervisor_hurry(struct supervisor *s)
{
    shutdown_hurry(s);
}

bool supervisor_over(const struct supervisor *s)
{
    return s->shutdown.over;
}

int supervisor_exit_code(const struct supervisor *s)
{
    return shutdown_exit_code(s);
}

void supervisor_log_states(const struct supervisor *s)
{
    for (uint32_t i = 0; i < s->n_lives; i++)
        report_state(&s->lives[i].unit);
}

/* ---- looking ---- */

uint32_t supervisor_n_units(const struct supervisor *s)
{
    return s->n_lives;
}

const struct unit *supervisor_unit(const struct supervisor *s, uint32_t index)
{
    return &s->lives[index].unit;
}

const struct unit *supervisor_find(const struct supervisor *s, const char *name)
{
    const struct strtab_entry *e = strtab_find(&s->by_name, name, strlen(name));

    return e ? &s->lives[e->value].unit : NULL;
}

enum tracking supervisor_tracking(const struct supervisor *s, uint32_t index)
{
    const struct live *l = &s->lives[index];

    /* What a run has; without a run, what the next one would get. */
    if (unit_has_run(&l->unit))
        return l->tree.cgroup_fd >= 0 ? TRACKING_CGROUP : TRACKING_BEST_EFFORT;
    return tracker_has_cgroups(&s->tracker) ? TRACKING_CGROUP : TRACKING_BEST_EFFORT;
}

bool supervisor_tracks_by_cgroup(const struct supervisor *s)
{
    return tracker_has_cgroups(&s->tracker);
}

const struct daemon_spec *supervisor_daemon_spec(const struct supervisor *s)
{
    return &s->set->daemon;
}

uint32_t supervisor_orphans(struct supervisor *s)
{
    return tracker_find_orphans(&s->tracker, NULL, 0);
}

bool supervisor_shutting_down(const struct supervisor *s)
{
    return s->shutdown.begun;
}

bool supervisor_started(const struct supervisor *s)
{
    return order_all_tried(&s->order);
}

int64_t supervisor_uptime_ms(const struct supervisor *s)
{
    return clock_now().mono_ms - s->begun_ms;
}

void supervisor_waiting(const struct supervisor *s, uint32_t index, struct waiting_for *ret)
{
    order_waiting(&s->order, index, ret);
}

const struct order *supervisor_order(const struct supervisor *s)
{
    return &s->order;
}

const struct told *supervisor_told(const struct supervisor *s, uint32_t index)
{
    const struct looks *k = s->lives[index].looks;

    return k && k->envp ? &k->told : NULL;
}

const struct mistake *supervisor_mistake(const struct supervisor *s, uint32_t index)
{
    return mistakes_of(&s->lives[index]);
}

void supervisor_along(struct supervisor *s, bool restart, const bool *asked, struct along *along)
{
    order_along(&s->order, restart, asked, along);
}

/* ---- asking ---- */

typedef void wish_fn(struct order *o, uint32_t unit, struct requester who);

static int ask(struct supervisor *s, uint32_t index, enum request_kind kind, struct requester who)
{
    static wish_fn *const wishes[REQUEST_COUNT] = {
        [REQUEST_START] = order_start,     [REQUEST_STOP] = order_stop,
        [REQUEST_RESTART] = order_restart, [REQUEST_RESET_FAILED] = order_reset,
        [REQUEST_RELOAD] = order_reload,
    };

    if (s->shutdown.begun)
        return -ESHUTDOWN;
    if ((kind == REQUEST_START || kind == REQUEST_RESTART) && !s->set->units[index].enabled)
        return -EACCES;
    notice_requested(s, &s->lives[index].unit, kind, 0, who);
    wishes[kind](&s->order, index, who);
    ends_look(&s->ends, &s->lives[index].unit); /* who is up already hears no more of it */
    task_start(&s->drain);
    supervisor_tell(s, UINT32_MAX);
    return 0;
}

bool supervisor_asks_begin(struct supervisor *s)
{
    int64_t now_ms = clock_now().mono_ms;
    int64_t held_ms;

    if (!s->n_asking && (order_idle(&s->order) || now_ms - s->free_since_ms >= HELD_MS))
        s->held_ms = 0;
    held_ms = s->held_ms + (s->n_asking ? now_ms - s->held_since_ms : 0);
    if (held_ms >= HELD_MS)
        return false;
    if (s->n_asking++ == 0)
        s->held_since_ms = now_ms;
    return true;
}

void supervisor_asks_end(struct supervisor *s)
{
    if (--s->n_asking)
        return;
    s->free_since_ms = clock_now().mono_ms;
    s->held_ms += s->free_since_ms - s->held_since_ms;
    task_start(&s->drain);
}

int supervisor_start(struct supervisor *s, uint32_t index, struct requester who)
{
    return ask(s, index, REQUEST_START, who);
}

int supervisor_stop(struct supervisor *s, uint32_t index, struct requester who)
{
    return ask(s, index, REQUEST_STOP, who);
}

int supervisor_restart(struct supervisor *s, uint32_t index, struct requester who)
{
    return ask(s, index, REQUEST_RESTART, who);
}

int supervisor_reload(struct supervisor *s, uint32_t index, struct requester who)
{
    const struct unit *u = &s->lives[index].unit;

    if (!u->spec->reload_signal && !u->spec->hooks[HOOK_RELOAD].n)
        return -ENOTSUP;
    if (!s->shutdown.begun && u->phase != PHASE_RUNNING)
        return -ESRCH;
    return ask(s, index, REQUEST_RELOAD, who);
}

int supervisor_hold(struct supervisor *s, uint32_t index, int64_t for_ms, struct requester who)
{
    struct moment now = clock_now();
    int64_t until_wall_ms = for_ms ? now.wall_ms + for_ms : 0;

    if (s->shutdown.begun)
        return -ESHUTDOWN;
    notice_held(s, &s->lives[index].unit, until_wall_ms, who);
    order_hold(&s->order, index, for_ms ? now.mono_ms + for_ms : 0, until_wall_ms, who);
    task_start(&s->drain);
    supervisor_tell(s, UINT32_MAX);
    return 0;
}

uint64_t supervisor_asked(const struct supervisor *s)
{
    return order_marked(&s->order);
}

uint64_t supervisor_done(const struct supervisor *s)
{
    return order_done(&s->order);
}

int supervisor_reset_failed(struct supervisor *s, uint32_t index, struct requester who)
{
    return ask(s, index, REQUEST_RESET_FAILED, who);
}

int supervisor_signal(struct supervisor *s, uint32_t index, int signal, enum signal_to to,
                      struct requester who)
{
    struct live *l = &s->lives[index];
    int r = tree_send(&l->tree, signal, to);

    if (r < 0)
        return r;
    notice_requested(s, &l->unit, REQUEST_SIGNAL, signal, who);
    supervisor_tell(s, UINT32_MAX);
    return 0;
}

void supervisor_shutdown(struct supervisor *s, struct requester who, int signal)
{
    shutdown_begin(s, who, signal);
}

/* ---- being told ---- */

const struct event_ring *supervisor_events(const struct supervisor *s)
{
    return &s->events;
}

const char *supervisor_epoch(const struct supervisor *s)
{
    return s->epoch;
}

void supervisor_listen(struct supervisor *s, struct listener *l)
{
    list_append(&s->listeners, &l->link);
}

void supervisor_unlisten(struct listener *l)
{
    list_remove(&l->link);
}
