/* Short words for telling a unit's story: a unit on a clock that stands until it is moved. */
#ifndef REEVE_TEST_CORE_UNIT_SUPPORT_H
#define REEVE_TEST_CORE_UNIT_SUPPORT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/unit.h"

struct story {
    struct unit_spec spec;
    struct unit unit;
    struct moment now;
    uint32_t random;
    struct actions acts; /* of the last step */
};

static const struct requester alice = {.known = true, .uid = 1000, .pid = 77};

static inline int story_begin(void **state)
{
    static struct story s;

    s = (struct story){.now = {1000, 1790000000000}};
    s.spec.name = "web";
    s.spec.kind = UNIT_SERVICE;
    s.spec.ready = READY_STARTED;
    s.spec.ready_timeout_ms = 30000;
    s.spec.stop_signal = 15;
    s.spec.stop_timeout_ms = 10000;
    s.spec.restart = RESTART_ALWAYS;
    s.spec.restart_delay_ms = 100;
    s.spec.restart_delay_max_ms = 30000;
    s.spec.restart_reset_ms = 10000;
    s.spec.restart_window_ms = 60000;
    s.spec.retry_delay_ms = 1000;
    s.spec.retry_delay_max_ms = 300000;
    s.spec.success_exit.codes[0] = 1;
    *state = &s;
    return unit_init(&s.unit, &s.spec, 0);
}

static inline int story_end(void **state)
{
    struct story *s = *state;

    unit_finish(&s->unit);
    return 0;
}

/* ---- what happens ---- */

static inline void pass(struct story *s, int64_t ms)
{
    s->now.mono_ms += ms;
    s->now.wall_ms += ms;
}

/* With nobody else in the story, the goal is what was asked for last. */
static inline void take(struct story *s, struct event ev)
{
    if (ev.type == EV_START || ev.type == EV_STOP)
        s->unit.goal = s->unit.wanted = ev.type == EV_START;
    else if (ev.type == EV_RESTART && !unit_has_run(&s->unit))
        s->unit.goal = s->unit.wanted = true;
    unit_step(&s->unit, &ev, s->now, s->random, &s->acts);
}

static inline void plain(struct story *s, enum event_type type)
{
    take(s, (struct event){.type = type});
}

static inline void ask_until(struct story *s, enum event_type type, int64_t kill_by_ms)
{
    take(s, (struct event){.type = type,
                           .u.ask = {.by = type == EV_RESTART ? BY_RESTART : BY_USER,
                                     .requester = alice,
                                     .kill_by_ms = kill_by_ms}});
}

static inline void ask(struct story *s, enum event_type type)
{
    ask_until(s, type, 0);
}

static inline void fails(struct story *s, enum event_type type, enum start_stage stage, int errnum)
{
    take(s, (struct event){.type = type, .u.error = {.stage = stage, .errnum = errnum}});
}

static inline void spawned(struct story *s)
{
    take(s, (struct event){.type = EV_SPAWNED, .u.spawned = {.pid = 42, .cgroup = true}});
}

static inline void main_ends(struct story *s, int code, int signal, bool tree_empty)
{
    struct event ev = {.type = EV_EXITED};

    ev.u.exited.at = s->now;
    ev.u.exited.status.exit_code = code;
    ev.u.exited.status.signal = signal;
    ev.u.exited.tree_empty = tree_empty;
    take(s, ev);
}

static inline void exits(struct story *s, int code)
{
    main_ends(s, code, 0, true);
}

static inline void dies(struct story *s, int signal)
{
    main_ends(s, -1, signal, true);
}

static inline void killed(struct story *s, bool main_alive, uint32_t leftovers)
{
    take(s, (struct event){.type = EV_KILLED,
                           .u.killed = {.main_alive = main_alive, .leftovers = leftovers}});
}

/* Moves the clock to the unit's deadline and lets it pass. */
static inline void deadline(struct story *s)
{
    assert_true(s->unit.deadline_ms >= s->now.mono_ms);
    pass(s, s->unit.deadline_ms - s->now.mono_ms);
    plain(s, EV_DEADLINE);
}

static inline void start_until_running(struct story *s)
{
    ask(s, EV_START);
    spawned(s);
    plain(s, EV_EXECED);
    assert_int_equal(s->unit.phase, PHASE_RUNNING);
}

/* ---- what is asked of the story ---- */

static inline unsigned count(const struct story *s, enum action_type type)
{
    unsigned n = 0;

    for (unsigned i = 0; i < s->acts.n; i++)
        n += s->acts.items[i].type == type;
    return n;
}

static inline enum unit_state state_of(const struct story *s)
{
    return unit_state_of(s->unit.phase);
}

static inline const struct exit_record *last(const struct story *s)
{
    const struct exit_record *r = unit_last_record(&s->unit);

    assert_non_null(r);
    return r;
}

#endif
