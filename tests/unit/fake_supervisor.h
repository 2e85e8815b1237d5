/* A supervisor for tests of control/: units with names, and nothing that moves them but the test.
 * It counts what it is asked for. It stands in for run/supervisor.c, so a program that includes it
 * must not need the real one. */
#ifndef REEVE_TEST_FAKE_SUPERVISOR_H
#define REEVE_TEST_FAKE_SUPERVISOR_H

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/strtab.h"
#include "core/event_ring.h"
#include "core/order.h"
#include "run/supervisor.h"

enum { FAKE_EVENTS_KEPT = 16 };

struct supervisor {
    struct unit *units;
    struct unit_spec *specs;
    const struct told *told;       /* what the first unit tells about itself, or NULL */
    const struct mistake *mistake; /* what it got wrong, or NULL */
    struct waiting_for *waiting;   /* by index; at first they wait for nothing */
    int64_t waiting_takes_us;      /* how long it takes to find that out */
    struct along
        *along; /* by index: what a stop or restart of others takes along, as order_along() */
    struct strtab by_name; /* to the index */
    uint32_t n_units;
    struct daemon_spec daemon;
    uint64_t asked;
    uint64_t done_at_most; /* requests beyond do not reach their units; 0: all do */
    bool held_enough;      /* no more asks are begun */
    unsigned n_holding;    /* asks that were begun and not ended: nothing reaches any unit */
    uint64_t done_before;  /* what had reached them when the first of these began */
    bool shutting_down;
    struct listener *listener;
    struct event_ring events;
    /* the last signal sent, and what sending gives */
    int signal;
    enum signal_to signal_to;
    int signal_error;
    int reload_error; /* what a reload gives */
    /* the last hold */
    uint32_t held;
    int64_t held_for_ms;
};

/* `names` must outlive the fake. */
static inline void fake_init(struct supervisor *s, const char *const *names, uint32_t n)
{
    bool added;

    memset(s, 0, sizeof *s);
    s->units = calloc(n ? n : 1, sizeof *s->units);
    s->specs = calloc(n ? n : 1, sizeof *s->specs);
    s->n_units = n;
    s->waiting = calloc(n ? n : 1, sizeof *s->waiting);
    s->along = calloc(n ? n : 1, sizeof *s->along);
    if (!s->units || !s->specs || !s->waiting || !s->along ||
        event_ring_init(&s->events, FAKE_EVENTS_KEPT) < 0)
        abort();
    strtab_init(&s->by_name);
    for (uint32_t i = 0; i < n; i++) {
        struct strtab_entry *e = strtab_put(&s->by_name, names[i], strlen(names[i]), &added);

        if (!e)
            abort();
        e->value = i;
        s->specs[i].name = names[i];
        s->units[i].spec = &s->specs[i];
        s->units[i].index = i;
        s->units[i].hook = HOOK_NONE;
        s->waiting[i].unit = WAITING_NO_UNIT;
    }
}

static inline void fake_finish(struct supervisor *s)
{
    free(s->units);
    free(s->specs);
    free(s->waiting);
    free(s->along);
    event_ring_finish(&s->events);
    strtab_finish(&s->by_name);
}

/* Something happened to this unit (NOTICE_NO_UNIT: to the session); listeners are not told. */
static inline void fake_happens(struct supervisor *s, enum notice_type type, uint32_t unit)
{
    struct notice n = {.type = type, .unit = unit, .wall_ms = 1790000000000};

    if (type == NOTICE_UNIT_REFUSED)
        n.u.refused.what = "FDSTORE";
    if (type == NOTICE_UNIT_HOOK)
        n.u.hook.failure = (struct hook_failure){.command = 1, .how = PROBE_EXITED, .code = 3};
    if (type == NOTICE_UNIT_MISTAKE)
        n.u.mistake.kind = MISTAKE_DAEMONIZED;
    event_ring_push(&s->events, &n);
}

/* The unit is in another phase, and listeners are told. */
static inline void fake_move(struct supervisor *s, uint32_t index, enum unit_phase phase)
{
    s->units[index].phase = phase;
    fake_happens(s, NOTICE_UNIT_STATE, index);
    s->listener->fn(s->listener, index);
}

uint32_t supervisor_n_units(const struct supervisor *s)
{
    return s->n_units;
}

const struct unit *supervisor_unit(const struct supervisor *s, uint32_t index)
{
    return &s->units[index];
}

const struct unit *supervisor_find(const struct supervisor *s, const char *name)
{
    const struct strtab_entry *e = strtab_find(&s->by_name, name, strlen(name));

    return e ? &s->units[e->value] : NULL;
}

const struct daemon_spec *supervisor_daemon_spec(const struct supervisor *s)
{
    return &s->daemon;
}

enum tracking supervisor_tracking(const struct supervisor *s, uint32_t index)
{
    (void)s;
    (void)index;
    return TRACKING_BEST_EFFORT;
}

uint32_t supervisor_orphans(struct supervisor *s)
{
    (void)s;
    return 0;
}

bool supervisor_shutting_down(const struct supervisor *s)
{
    return s->shutting_down;
}

bool supervisor_started(const struct supervisor *s)
{
    (void)s;
    return true;
}

int64_t supervisor_uptime_ms(const struct supervisor *s)
{
    (void)s;
    return 1000;
}

void supervisor_waiting(const struct supervisor *s, uint32_t index, struct waiting_for *ret)
{
    clock_t began = clock();

    while (s->waiting_takes_us &&
           (clock() - began) * 1000000 / CLOCKS_PER_SEC < s->waiting_takes_us)
        ;
    *ret = s->waiting[index];
}

const struct told *supervisor_told(const struct supervisor *s, uint32_t index)
{
    return index == 0 ? s->told : NULL;
}

const struct mistake *supervisor_mistake(const struct supervisor *s, uint32_t index)
{
    return index == 0 ? s->mistake : NULL;
}

/* ---- order: the dependencies are those of the specs, met when that unit is ready ---- */

const struct order *supervisor_order(const struct supervisor *s)
{
    return (const struct order *)s; /* for the two below only */
}

bool order_met(const struct order *o, uint32_t unit, uint32_t nth)
{
    const struct supervisor *s = (const struct supervisor *)o;

    return s->units[s->specs[unit].dependencies[nth].unit].ready;
}

bool order_dependent(const struct order *o, uint32_t unit, uint32_t nth, uint32_t *ret_unit,
                     uint32_t *ret_dependency)
{
    const struct supervisor *s = (const struct supervisor *)o;

    for (uint32_t i = 0; i < s->n_units; i++) {
        for (uint32_t d = 0; d < s->specs[i].n_dependencies; d++) {
            if (s->specs[i].dependencies[d].unit != unit || nth--)
                continue;
            *ret_unit = i;
            *ret_dependency = d;
            return true;
        }
    }
    return false;
}

void supervisor_along(struct supervisor *s, bool restart, const bool *asked, struct along *along)
{
    (void)restart;
    for (uint32_t i = 0; i < s->n_units; i++)
        along[i] = asked[i] ? (struct along){0} : s->along[i];
}

/* ---- asking ---- */

bool supervisor_asks_begin(struct supervisor *s)
{
    if (s->held_enough)
        return false;
    if (s->n_holding++ == 0)
        s->done_before = s->asked;
    return true;
}

void supervisor_asks_end(struct supervisor *s)
{
    if (s->n_holding-- == 0)
        abort();
}

static inline int fake_ask(struct supervisor *s)
{
    s->asked++;
    return 0;
}

int supervisor_start(struct supervisor *s, uint32_t index, struct requester who)
{
    (void)index;
    (void)who;
    return fake_ask(s);
}

int supervisor_stop(struct supervisor *s, uint32_t index, struct requester who)
{
    (void)index;
    (void)who;
    return fake_ask(s);
}

int supervisor_restart(struct supervisor *s, uint32_t index, struct requester who)
{
    (void)index;
    (void)who;
    return fake_ask(s);
}

int supervisor_reset_failed(struct supervisor *s, uint32_t index, struct requester who)
{
    (void)index;
    (void)who;
    return fake_ask(s);
}

int supervisor_reload(struct supervisor *s, uint32_t index, struct requester who)
{
    (void)who;
    if (s->reload_error)
        return s->reload_error;
    s->units[index].n_reloads++;
    return fake_ask(s);
}

int supervisor_hold(struct supervisor *s, uint32_t index, int64_t for_ms, struct requester who)
{
    (void)who;
    s->held = index;
    s->held_for_ms = for_ms;
    return fake_ask(s);
}

int supervisor_signal(struct supervisor *s, uint32_t index, int signal, enum signal_to to,
                      struct requester who)
{
    (void)index;
    (void)who;
    s->signal = signal;
    s->signal_to = to;
    return s->signal_error;
}

const struct event_ring *supervisor_events(const struct supervisor *s)
{
    return &s->events;
}

const char *supervisor_epoch(const struct supervisor *s)
{
    (void)s;
    return "0123456789abcdef";
}

void supervisor_shutdown(struct supervisor *s, struct requester who, int signal)
{
    (void)signal;
    (void)s;
    (void)who;
}

uint64_t supervisor_asked(const struct supervisor *s)
{
    return s->asked;
}

uint64_t supervisor_done(const struct supervisor *s)
{
    uint64_t done = s->n_holding ? s->done_before : s->asked;

    return s->done_at_most && s->done_at_most < done ? s->done_at_most : done;
}

void supervisor_listen(struct supervisor *s, struct listener *l)
{
    s->listener = l;
}

void supervisor_unlisten(struct listener *l)
{
    (void)l;
}

#endif
