/* The order, told in stories: units that start at once and end when the story says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/order.h"
#include "core/stop_plan.h"

enum { PLAYERS_MAX = 8, DEPENDENCIES_EACH = 8 };

/* Who is who in most stories. */
enum { DB, WEB, APP, CACHE, JOB };

struct player {
    struct unit_spec spec;
    struct unit unit;
    struct dependency dependencies[DEPENDENCIES_EACH];
    bool slow; /* does not execute by itself */
    bool main_there;
    bool killed;
    int64_t kill_by_ms; /* of its last stop */
    unsigned n_spawned;
};

struct story {
    struct player players[PLAYERS_MAX];
    struct order order;
    struct moment now;
    uint32_t n;
    uint32_t began[64], n_began; /* who was spawned, in order */
    uint32_t ended[64], n_ended; /* who was told to stop, in order */
};

static const struct requester alice = {.known = true, .uid = 1000, .pid = 77};
static struct story s;

/* ---- making ---- */

static void cast(uint32_t n)
{
    static const char *const names[] = {"db", "web", "app", "cache", "job", "x", "y", "z"};

    memset(&s, 0, sizeof s);
    s.now = (struct moment){1000, 1790000000000};
    s.n = n;
    for (uint32_t i = 0; i < n; i++) {
        struct unit_spec *spec = &s.players[i].spec;

        spec->name = names[i];
        spec->enabled = true;
        spec->stop_timeout_ms = 10000;
        spec->ready_timeout_ms = 30000;
        spec->restart = RESTART_ALWAYS;
        spec->restart_delay_ms = 100;
        spec->restart_delay_max_ms = 100;
        spec->restart_reset_ms = 10000;
        spec->success_exit.codes[0] = 1;
        spec->dependencies = s.players[i].dependencies;
    }
}

static void make_job(uint32_t i)
{
    s.players[i].spec.kind = UNIT_JOB;
}

static void depends(uint32_t from, enum dependency_kind kind, uint32_t to, enum condition condition)
{
    struct unit_spec *spec = &s.players[from].spec;

    assert_true(spec->n_dependencies < DEPENDENCIES_EACH);
    s.players[from].dependencies[spec->n_dependencies++] =
        (struct dependency){.unit = to, .kind = kind, .conditions = 1u << condition};
}

static void requires_ready(uint32_t from, uint32_t to)
{
    depends(from, DEPENDENCY_REQUIRES, to, CONDITION_READY);
}

static void curtain_up(void)
{
    struct unit *units[PLAYERS_MAX];

    for (uint32_t i = 0; i < s.n; i++) {
        assert_int_equal(unit_init(&s.players[i].unit, &s.players[i].spec, i), 0);
        units[i] = &s.players[i].unit;
    }
    assert_int_equal(order_init(&s.order, units, s.n), 0);
}

static int curtain_down(void **state)
{
    (void)state;
    order_finish(&s.order);
    for (uint32_t i = 0; i < s.n; i++)
        unit_finish(&s.players[i].unit);
    return 0;
}

/* ---- what happens ---- */

static void step(struct event ev);

static void happens(uint32_t i, enum event_type type)
{
    step((struct event){.type = type, .unit = i});
}

static void perform(uint32_t i, const struct actions *acts)
{
    struct player *p = &s.players[i];

    for (unsigned k = 0; k < acts->n; k++) {
        switch (acts->items[k].type) {
        case ACT_SPAWN:
            p->main_there = true;
            p->n_spawned++;
            s.began[s.n_began++ % 64] = i;
            step((struct event){.type = EV_SPAWNED, .unit = i, .u.spawned = {.pid = 42}});
            if (!p->slow)
                happens(i, EV_EXECED);
            break;
        case ACT_SIGNAL:
            s.ended[s.n_ended++ % 64] = i;
            happens(i, EV_SIGNALLED);
            break;
        case ACT_KILL:
            p->killed = true;
            break;
        default:
            break;
        }
    }
}

static void step(struct event ev)
{
    struct actions acts;

    if (ev.type == EV_STOP)
        s.players[ev.unit].kill_by_ms = ev.u.ask.kill_by_ms;
    unit_step(&s.players[ev.unit].unit, &ev, s.now, 0, &acts);
    order_changed(&s.order, ev.unit);
    perform(ev.unit, &acts);
}

static void go_on(void)
{
    struct event ev;
    int n = 0;

    while (order_next(&s.order, s.now, &ev)) {
        assert_true(++n < 1000);
        step(ev);
    }
    assert_true(order_idle(&s.order));
    assert_int_equal(order_done(&s.order), order_marked(&s.order));
}

static void exits(uint32_t i, int code, bool tree_empty)
{
    struct event ev = {.type = EV_EXITED, .unit = i};

    assert_true(s.players[i].main_there);
    s.players[i].main_there = false;
    ev.u.exited.at = s.now;
    ev.u.exited.status.exit_code = code;
    ev.u.exited.tree_empty = tree_empty;
    step(ev);
    go_on();
}

static void ends(uint32_t i, int code)
{
    exits(i, code, true);
}

/* Main ends, and others of its tree do not. */
static void leaves_some_behind(uint32_t i, int code)
{
    exits(i, code, false);
}

static void deadline(uint32_t i)
{
    int64_t at_ms = s.players[i].unit.deadline_ms;

    assert_true(at_ms >= s.now.mono_ms);
    s.now.wall_ms += at_ms - s.now.mono_ms;
    s.now.mono_ms = at_ms;
    happens(i, EV_DEADLINE);
    go_on();
}

static void start(uint32_t i)
{
    order_start(&s.order, i, alice);
    go_on();
}

static void stop(uint32_t i)
{
    order_stop(&s.order, i, alice);
    go_on();
}

static void restart(uint32_t i)
{
    order_restart(&s.order, i, alice);
    go_on();
}

static void shut_down(int64_t budget_ms)
{
    order_shutdown(&s.order, s.now.mono_ms, budget_ms, alice);
    go_on();
}

/* ---- what is so ---- */

#define IS(i, p) assert_string_equal(unit_phase_name(s.players[i].unit.phase), unit_phase_name(p))
#define UP(i) assert_true(s.players[i].unit.goal)
#define DOWN(i) assert_false(s.players[i].unit.goal)

static struct waiting_for waiting(uint32_t i)
{
    struct waiting_for w;

    order_waiting(&s.order, i, &w);
    return w;
}

#define WAITS_FOR(i, other, what)                                                                  \
    do {                                                                                           \
        assert_int_equal(waiting(i).unit, other);                                                  \
        assert_string_equal(waited_for_name(waiting(i).until), waited_for_name(what));             \
    } while (0)

/* ---- starting ---- */

static void a_start_raises_the_goals_of_all_it_requires(void **state)
{
    (void)state;
    cast(3);
    requires_ready(WEB, APP);
    requires_ready(APP, DB);
    s.players[DB].slow = true;
    curtain_up();
    start(WEB);
    UP(WEB);
    UP(APP);
    UP(DB);
    assert_false(s.players[DB].unit.wanted);
    IS(DB, PHASE_SPAWNING);
    IS(APP, PHASE_WAITING);
    WAITS_FOR(APP, DB, WAITED_READY);
    WAITS_FOR(WEB, APP, WAITED_READY);
    happens(DB, EV_EXECED);
    go_on();
    IS(WEB, PHASE_RUNNING);
    assert_int_equal(s.began[0], DB);
    assert_int_equal(s.began[1], APP);
    assert_int_equal(s.began[2], WEB);
    assert_int_equal(waiting(WEB).unit, WAITING_NO_UNIT);
}

static void starts_are_as_parallel_as_the_graph_allows(void **state)
{
    (void)state;
    cast(3);
    requires_ready(WEB, DB);
    requires_ready(WEB, APP);
    s.players[DB].slow = s.players[APP].slow = true;
    curtain_up();
    start(WEB);
    IS(DB, PHASE_SPAWNING);
    IS(APP, PHASE_SPAWNING);
    assert_int_equal(waiting(WEB).others, 1);
    happens(APP, EV_EXECED);
    go_on();
    IS(WEB, PHASE_WAITING);
    assert_int_equal(waiting(WEB).others, 0);
    happens(DB, EV_EXECED);
    go_on();
    IS(WEB, PHASE_RUNNING);
}

static void a_job_must_have_completed(void **state)
{
    (void)state;
    cast(5);
    make_job(JOB);
    depends(WEB, DEPENDENCY_REQUIRES, JOB, CONDITION_COMPLETED);
    curtain_up();
    start(WEB);
    IS(JOB, PHASE_RUNNING);
    WAITS_FOR(WEB, JOB, WAITED_COMPLETED);
    ends(JOB, 0);
    IS(WEB, PHASE_RUNNING);
    /* And not again with each restart. */
    restart(WEB);
    ends(WEB, 0);
    IS(WEB, PHASE_RUNNING);
    assert_int_equal(s.players[JOB].n_spawned, 1);
    /* Stopping what has completed changes nothing. */
    stop(JOB);
    IS(JOB, PHASE_COMPLETED);
    IS(WEB, PHASE_RUNNING);
    UP(WEB);
}

static void a_start_that_a_retry_has_overtaken_is_not_one_for_later(void **state)
{
    (void)state;
    cast(5);
    make_job(JOB);
    s.players[JOB].spec.retries = 1;
    s.players[JOB].spec.retry_delay_ms = s.players[JOB].spec.retry_delay_max_ms = 100;
    curtain_up();
    start(JOB);
    ends(JOB, 1);
    IS(JOB, PHASE_BACKOFF);
    order_start(&s.order, JOB, alice);
    s.now.mono_ms += 100;
    happens(JOB, EV_DEADLINE);
    IS(JOB, PHASE_RUNNING);
    ends(JOB, 0); /* before the order goes on */
    IS(JOB, PHASE_COMPLETED);
    assert_int_equal(s.players[JOB].n_spawned, 2);
}

static void what_comes_after_a_reset_is_not_done_before(void **state)
{
    struct event ev;
    uint64_t marked;

    (void)state;
    cast(1);
    s.players[DB].spec.restart = RESTART_NEVER;
    curtain_up();
    start(DB);
    stop(DB);
    order_reset(&s.order, DB, alice);
    order_start(&s.order, DB, alice);
    marked = order_marked(&s.order);
    assert_true(order_next(&s.order, s.now, &ev));
    assert_int_equal(ev.type, EV_RESET);
    step(ev);
    assert_true(order_done(&s.order) < marked);
    assert_true(order_next(&s.order, s.now, &ev));
    assert_int_equal(ev.type, EV_START);
    step(ev);
    go_on();
}

static void a_start_of_what_is_up_is_not_one_for_later(void **state)
{
    (void)state;
    cast(5);
    make_job(JOB);
    curtain_up();
    start(JOB);
    order_start(&s.order, JOB, alice);
    ends(JOB, 0); /* before the order goes on */
    IS(JOB, PHASE_COMPLETED);
    assert_int_equal(s.players[JOB].n_spawned, 1);
    start(JOB);
    IS(JOB, PHASE_RUNNING);
}

static void after_orders_only_what_is_up(void **state)
{
    (void)state;
    cast(2);
    depends(WEB, DEPENDENCY_AFTER, DB, CONDITION_READY);
    s.players[DB].slow = true;
    curtain_up();
    start(WEB);
    IS(WEB, PHASE_RUNNING);
    DOWN(DB);
    stop(WEB);
    ends(WEB, 0);
    /* Both asked for at once. */
    order_start(&s.order, WEB, alice);
    order_start(&s.order, DB, alice);
    go_on();
    IS(WEB, PHASE_WAITING);
    happens(DB, EV_EXECED);
    go_on();
    IS(WEB, PHASE_RUNNING);
}

static void wants_is_passed_over_once_the_first_attempt_fails(void **state)
{
    (void)state;
    cast(2);
    depends(WEB, DEPENDENCY_WANTS, DB, CONDITION_READY);
    s.players[DB].slow = true;
    curtain_up();
    start(WEB);
    UP(DB);
    WAITS_FOR(WEB, DB, WAITED_READY);
    ends(DB, 1);
    IS(DB, PHASE_BACKOFF);
    IS(WEB, PHASE_RUNNING);
}

static void wants_does_not_wait_behind_what_is_late(void **state)
{
    (void)state;
    cast(3);
    depends(WEB, DEPENDENCY_WANTS, APP, CONDITION_READY);
    requires_ready(APP, DB);
    s.players[DB].slow = true;
    curtain_up();
    start(WEB);
    IS(WEB, PHASE_WAITING);
    ends(DB, 1);
    IS(APP, PHASE_WAITING);
    IS(WEB, PHASE_RUNNING);
}

static void wants_of_a_disabled_unit_is_passed_over(void **state)
{
    (void)state;
    cast(2);
    depends(WEB, DEPENDENCY_WANTS, DB, CONDITION_READY);
    s.players[DB].spec.enabled = false;
    curtain_up();
    start(WEB);
    IS(WEB, PHASE_RUNNING);
    DOWN(DB);
}

static void a_retry_waits_for_its_conditions_too(void **state)
{
    (void)state;
    cast(2);
    requires_ready(WEB, DB);
    curtain_up();
    start(WEB);
    s.players[DB].slow = true;
    ends(DB, 1);
    IS(WEB, PHASE_RUNNING); /* ignore: requirers stay */
    ends(WEB, 1);
    deadline(DB);
    IS(DB, PHASE_SPAWNING);
    deadline(WEB);
    IS(WEB, PHASE_WAITING);
    happens(DB, EV_EXECED);
    go_on();
    IS(WEB, PHASE_RUNNING);
}

static void a_service_that_completed_is_started_for_who_needs_it(void **state)
{
    (void)state;
    cast(2);
    requires_ready(WEB, DB);
    s.players[DB].spec.restart = RESTART_NEVER;
    curtain_up();
    start(DB);
    ends(DB, 0);
    IS(DB, PHASE_COMPLETED);
    start(WEB);
    IS(DB, PHASE_RUNNING);
    IS(WEB, PHASE_RUNNING);
}

/* ---- stopping ---- */

/* WEB requires APP and CACHE, and they DB; CACHE wants JOB. */
static void what_is_not_needed_then_goes_along(void **state)
{
    const bool app[PLAYERS_MAX] = {[APP] = true}, web[PLAYERS_MAX] = {[WEB] = true};
    struct along along[PLAYERS_MAX];

    (void)state;
    cast(5);
    requires_ready(WEB, APP);
    requires_ready(WEB, CACHE);
    requires_ready(APP, DB);
    requires_ready(CACHE, DB);
    depends(CACHE, DEPENDENCY_WANTS, JOB, CONDITION_READY);
    curtain_up();
    start(WEB);
    order_along(&s.order, false, app, along);
    assert_int_equal(along[APP].with, 0);
    assert_int_equal(along[WEB].with, APP + 1);
    assert_int_equal(along[WEB].because, ALONG_REQUIRES_IT);
    for (uint32_t unit = 0; unit < 5; unit++) {
        if (unit == APP || unit == WEB)
            continue;
        assert_int_equal(along[unit].with, APP + 1);
        assert_int_equal(along[unit].because, ALONG_NOT_NEEDED);
    }
    order_along(&s.order, true, app, along);
    assert_int_equal(along[DB].with, 0);
    start(CACHE);
    order_along(&s.order, false, web, along);
    assert_int_equal(along[APP].with, WEB + 1);
    assert_int_equal(along[APP].because, ALONG_NOT_NEEDED);
    assert_int_equal(along[CACHE].with, 0);
    assert_int_equal(along[DB].with, 0);
    assert_int_equal(along[JOB].with, 0);
    stop(WEB);
    ends(WEB, 0);
    DOWN(APP);
    IS(CACHE, PHASE_RUNNING);
    IS(DB, PHASE_RUNNING);
}

static void what_a_failed_job_was_up_for_goes_along(void **state)
{
    const bool asked[PLAYERS_MAX] = {[JOB] = true, [WEB] = true};
    struct along along[PLAYERS_MAX];

    (void)state;
    cast(5);
    make_job(JOB);
    requires_ready(JOB, DB);
    requires_ready(JOB, CACHE);
    curtain_up();
    start(JOB);
    ends(JOB, 1);
    IS(JOB, PHASE_FAILED);
    s.players[CACHE].unit.phase = PHASE_COMPLETED;
    order_along(&s.order, false, asked, along);
    assert_int_equal(along[DB].with, JOB + 1);
    assert_int_equal(along[DB].because, ALONG_NOT_NEEDED);
    assert_int_equal(along[CACHE].with, 0);
    assert_int_equal(along[JOB].with, 0);
}

static void requirers_stop_first_and_are_no_longer_wanted(void **state)
{
    bool asked[PLAYERS_MAX] = {[DB] = true};
    struct along along[PLAYERS_MAX];

    (void)state;
    cast(3);
    requires_ready(WEB, APP);
    requires_ready(APP, DB);
    curtain_up();
    start(WEB);
    asked[APP] = true;
    order_along(&s.order, false, asked, along); /* the stop of DB comes first */
    assert_int_equal(along[WEB].with, DB + 1);
    assert_int_equal(along[APP].with, 0);
    asked[APP] = false;
    order_along(&s.order, false, asked, along);
    assert_int_equal(along[WEB].with, DB + 1);
    assert_int_equal(along[APP].with, DB + 1);
    assert_int_equal(along[DB].with, 0);
    stop(DB);
    assert_int_equal(s.n_ended, 1);
    IS(WEB, PHASE_STOPPING);
    IS(DB, PHASE_RUNNING);
    WAITS_FOR(DB, APP, WAITED_STOPPED);
    assert_int_equal(s.players[WEB].unit.current.requested_by, BY_DEPENDENCY);
    assert_int_equal(s.players[WEB].unit.current.requester.unit, DB + 1);
    ends(WEB, 0);
    ends(APP, 0);
    assert_int_equal(s.players[DB].unit.current.requested_by, BY_USER);
    ends(DB, 0);
    IS(DB, PHASE_STOPPED);
    start(DB);
    IS(DB, PHASE_RUNNING);
    IS(WEB, PHASE_STOPPED);
    DOWN(WEB);
}

static void what_was_up_for_its_sake_only_stops_after_it(void **state)
{
    (void)state;
    cast(4);
    requires_ready(WEB, DB);
    requires_ready(WEB, CACHE);
    curtain_up();
    start(CACHE);
    start(WEB);
    stop(WEB);
    IS(DB, PHASE_RUNNING);
    WAITS_FOR(DB, WEB, WAITED_STOPPED);
    ends(WEB, 0);
    IS(DB, PHASE_STOPPING);
    assert_int_equal(s.players[DB].unit.current.requested_by, BY_DEPENDENCY);
    assert_int_equal(s.players[DB].unit.current.requester.unit, WEB + 1);
    ends(DB, 0);
    IS(DB, PHASE_STOPPED);
    IS(CACHE, PHASE_RUNNING);
}

static void what_was_up_for_the_sake_of_who_is_taken_along_goes_down_on_its_account(void **state)
{
    (void)state;
    cast(5);
    make_job(JOB);
    requires_ready(APP, DB);
    requires_ready(JOB, APP);
    requires_ready(JOB, CACHE);
    curtain_up();
    order_start(&s.order, JOB, (struct requester){.known = true, .uid = 7, .pid = 8});
    go_on();
    ends(JOB, 0);
    stop(APP);
    ends(APP, 0);
    IS(JOB, PHASE_COMPLETED);
    assert_int_equal(s.players[APP].unit.current.requested_by, BY_USER);
    assert_int_equal(s.players[DB].unit.current.requester.unit, APP + 1);
    /* The job completed long ago; that it is no longer wanted has to do with alice alone. */
    assert_int_equal(s.players[CACHE].unit.current.requester.unit, JOB + 1);
    assert_int_equal(s.players[CACHE].unit.current.requester.pid, alice.pid);
}

static void who_was_asked_to_stop_by_a_user_is_told_so(void **state)
{
    (void)state;
    cast(3);
    requires_ready(WEB, APP);
    requires_ready(APP, DB);
    curtain_up();
    start(WEB);
    order_stop(&s.order, WEB, alice);
    order_stop(&s.order, APP, alice);
    order_stop(&s.order, DB, alice);
    go_on();
    ends(WEB, 0);
    ends(APP, 0);
    ends(DB, 0);
    for (uint32_t i = DB; i <= APP; i++)
        assert_int_equal(s.players[i].unit.current.requested_by, BY_USER);
}

static void along_a_chain_it_is_the_top_that_was_stopped(void **state)
{
    (void)state;
    cast(3);
    requires_ready(WEB, APP);
    requires_ready(APP, DB);
    curtain_up();
    start(WEB);
    stop(WEB);
    ends(WEB, 0);
    ends(APP, 0);
    assert_int_equal(s.players[APP].unit.current.requester.unit, WEB + 1);
    assert_int_equal(s.players[DB].unit.current.requester.unit, WEB + 1);
}

static void a_stop_by_hand_holds_although_another_wants_it(void **state)
{
    (void)state;
    cast(2);
    depends(WEB, DEPENDENCY_WANTS, DB, CONDITION_READY);
    curtain_up();
    start(WEB);
    stop(DB);
    ends(DB, 0);
    IS(DB, PHASE_STOPPED);
    IS(WEB, PHASE_RUNNING);
    restart(WEB);
    ends(WEB, 0);
    IS(DB, PHASE_STOPPED);
    IS(WEB, PHASE_RUNNING);
    start(WEB);
    IS(DB, PHASE_RUNNING);
}

static void a_start_during_the_stop_follows_it(void **state)
{
    (void)state;
    cast(2);
    requires_ready(WEB, DB);
    curtain_up();
    start(WEB);
    stop(DB);
    start(WEB); /* which is stopping, and pulls up db, which is still to stop */
    UP(DB);
    ends(WEB, 0);
    IS(WEB, PHASE_WAITING);
    IS(DB, PHASE_STOPPING);
    ends(DB, 0);
    IS(DB, PHASE_RUNNING);
    IS(WEB, PHASE_RUNNING);
    assert_int_equal(s.players[WEB].n_spawned, 2);
    assert_int_equal(s.players[DB].n_spawned, 2);
}

static void a_unit_that_was_to_follow_its_requirer_down_stays_when_needed_again(void **state)
{
    (void)state;
    cast(2);
    requires_ready(WEB, DB);
    curtain_up();
    start(WEB);
    stop(WEB);
    DOWN(DB);
    start(WEB);
    ends(WEB, 0);
    IS(WEB, PHASE_RUNNING);
    IS(DB, PHASE_RUNNING);
    assert_int_equal(s.players[DB].n_spawned, 1);
}

static void the_unkillable_does_not_hold_up_the_rest(void **state)
{
    (void)state;
    cast(2);
    requires_ready(WEB, DB);
    curtain_up();
    start(WEB);
    stop(DB);
    deadline(WEB);
    IS(WEB, PHASE_KILLING);
    IS(DB, PHASE_RUNNING);
    deadline(WEB);
    IS(WEB, PHASE_UNKILLABLE);
    IS(DB, PHASE_STOPPING);
}

static void the_order_reaches_through_the_unkillable(void **state)
{
    struct event ev = {.type = EV_EXITED, .unit = APP};

    (void)state;
    cast(3);
    requires_ready(APP, DB);
    requires_ready(WEB, APP);
    curtain_up();
    start(WEB);
    ev.u.exited.at = s.now;
    step(ev); /* main, but not all of the tree */
    go_on();
    deadline(APP);
    deadline(APP);
    IS(APP, PHASE_UNKILLABLE);
    stop(DB);
    IS(WEB, PHASE_STOPPING);
    IS(DB, PHASE_RUNNING);
    WAITS_FOR(DB, WEB, WAITED_STOPPED);
    ends(WEB, 0);
    IS(DB, PHASE_STOPPING);
}

/* The way from web to db leads through a job that is done. */
static void the_order_reaches_through_what_is_down(void **state)
{
    (void)state;
    cast(5);
    make_job(JOB);
    depends(WEB, DEPENDENCY_REQUIRES, JOB, CONDITION_COMPLETED);
    requires_ready(JOB, DB);
    curtain_up();
    start(WEB);
    ends(JOB, 0);
    IS(WEB, PHASE_RUNNING);
    stop(DB);
    IS(WEB, PHASE_STOPPING);
    IS(DB, PHASE_RUNNING);
    WAITS_FOR(DB, WEB, WAITED_STOPPED);
    ends(WEB, 0);
    IS(DB, PHASE_STOPPING);
    IS(JOB, PHASE_COMPLETED);
}

/* ---- restarting and failing ---- */

static void requirers_stay_when_a_unit_restarts(void **state)
{
    (void)state;
    cast(2);
    requires_ready(WEB, DB);
    curtain_up();
    start(WEB);
    restart(DB);
    ends(DB, 0);
    IS(DB, PHASE_RUNNING);
    assert_int_equal(s.players[WEB].n_spawned, 1);
    assert_false(s.players[DB].unit.wanted);
}

/* It was to go down on another account, and that was taken back. */
static void a_follower_does_follow_though_its_goal_falls_and_rises(void **state)
{
    (void)state;
    cast(3);
    requires_ready(APP, DB);
    requires_ready(WEB, APP);
    s.players[APP].spec.on_dependency_restart = DEPENDENCY_RESTART_FOLLOW;
    curtain_up();
    start(DB);
    start(WEB);
    stop(WEB);
    DOWN(APP);
    IS(APP, PHASE_RUNNING); /* after web */
    restart(DB);
    IS(DB, PHASE_RUNNING); /* after app */
    start(WEB);
    ends(WEB, 0);
    IS(APP, PHASE_STOPPING);
    ends(APP, 0);
    IS(DB, PHASE_STOPPING);
    ends(DB, 0);
    IS(WEB, PHASE_RUNNING);
    assert_int_equal(s.players[APP].n_spawned, 2);
}

static void what_goes_down_by_itself_is_waited_for_too(void **state)
{
    struct event ev = {.type = EV_EXITED, .unit = WEB};

    (void)state;
    cast(2);
    requires_ready(WEB, DB);
    curtain_up();
    start(WEB);
    ev.u.exited.at = s.now;
    step(ev); /* main, but not all of the tree */
    restart(DB);
    IS(WEB, PHASE_DRAINING);
    IS(DB, PHASE_RUNNING);
    WAITS_FOR(DB, WEB, WAITED_STOPPED);
    happens(WEB, EV_TREE_EMPTY);
    go_on();
    IS(DB, PHASE_STOPPING);
}

static void a_start_is_not_lost_in_a_bounce(void **state)
{
    struct event ev;

    (void)state;
    cast(2);
    requires_ready(WEB, DB);
    s.players[WEB].spec.on_dependency_restart = DEPENDENCY_RESTART_FOLLOW;
    curtain_up();
    start(DB);
    start(WEB);
    stop(WEB);
    order_start(&s.order, WEB, alice);
    order_restart(&s.order, DB, alice);
    while (order_next(&s.order, s.now, &ev) && ev.unit != WEB)
        step(ev);
    assert_int_equal(ev.unit, WEB);
    assert_int_equal(ev.type, EV_START);
    step(ev);
    go_on();
}

static void a_restart_of_what_is_down_is_one_start(void **state)
{
    (void)state;
    cast(1);
    s.players[DB].spec.restart = RESTART_NEVER;
    curtain_up();
    start(DB);
    ends(DB, 3);
    order_restart(&s.order, DB, alice);
    order_reset(&s.order, DB, alice);
    go_on();
    IS(DB, PHASE_RUNNING);
    assert_int_equal(s.players[DB].n_spawned, 2);
    order_stop(&s.order, DB, alice);
    ends(DB, 3);
    order_stop(&s.order, DB, alice);
    order_start(&s.order, DB, alice);
    order_reset(&s.order, DB, alice);
    go_on();
    IS(DB, PHASE_RUNNING);
    assert_int_equal(s.players[DB].n_spawned, 3);
}

static void followers_stop_before_and_start_after(void **state)
{
    const bool asked[PLAYERS_MAX] = {[DB] = true};
    struct along along[PLAYERS_MAX];

    (void)state;
    cast(3);
    requires_ready(WEB, DB);
    requires_ready(APP, DB);
    s.players[WEB].spec.on_dependency_restart = DEPENDENCY_RESTART_FOLLOW;
    curtain_up();
    start(WEB);
    start(APP);
    order_along(&s.order, true, asked, along);
    assert_int_equal(along[WEB].with, DB + 1);
    assert_int_equal(along[APP].with, 0);
    restart(DB);
    IS(WEB, PHASE_STOPPING);
    IS(DB, PHASE_RUNNING);
    IS(APP, PHASE_RUNNING);
    ends(WEB, 0);
    IS(WEB, PHASE_WAITING);
    IS(DB, PHASE_STOPPING);
    s.players[DB].slow = true;
    ends(DB, 0);
    IS(WEB, PHASE_WAITING);
    happens(DB, EV_EXECED);
    go_on();
    IS(WEB, PHASE_RUNNING);
    assert_int_equal(s.players[APP].n_spawned, 1);
}

static void followers_wait_out_the_backoff(void **state)
{
    (void)state;
    cast(2);
    requires_ready(WEB, DB);
    s.players[WEB].spec.on_dependency_restart = DEPENDENCY_RESTART_FOLLOW;
    curtain_up();
    start(WEB);
    ends(DB, 1);
    IS(DB, PHASE_BACKOFF);
    IS(WEB, PHASE_STOPPING);
    assert_int_equal(s.players[WEB].unit.current.requested_by, BY_DEPENDENCY);
    ends(WEB, 0);
    IS(WEB, PHASE_WAITING);
    deadline(DB);
    IS(WEB, PHASE_RUNNING);
}

static void requirers_of_what_failed_stop_and_keep_their_goal(void **state)
{
    (void)state;
    cast(3);
    requires_ready(APP, DB);
    requires_ready(WEB, APP);
    s.players[DB].spec.restart = RESTART_NEVER;
    curtain_up();
    start(WEB);
    ends(DB, 3);
    IS(DB, PHASE_FAILED);
    IS(WEB, PHASE_STOPPING);
    IS(APP, PHASE_RUNNING);
    ends(WEB, 0);
    ends(APP, 0);
    IS(APP, PHASE_STUCK);
    IS(WEB, PHASE_STUCK);
    UP(WEB);
    assert_true(s.players[WEB].unit.wanted);
    assert_int_equal(waiting(WEB).unit, APP);
    assert_int_equal(waiting(WEB).cause, DB);
    assert_true(waiting(WEB).failed);
    /* To start it does not help; to have db try again does. */
    start(WEB);
    IS(WEB, PHASE_STUCK);
    IS(DB, PHASE_FAILED);
    order_reset(&s.order, DB, alice);
    go_on();
    IS(WEB, PHASE_RUNNING);
}

static void who_must_fall_with_what_failed_does_so_though_its_goal_falls_and_rises(void **state)
{
    (void)state;
    cast(3);
    requires_ready(APP, DB);
    requires_ready(WEB, APP);
    s.players[DB].spec.restart = RESTART_NEVER;
    curtain_up();
    start(WEB);
    ends(DB, 3);
    IS(APP, PHASE_RUNNING); /* after web */
    stop(WEB);
    DOWN(APP);
    start(WEB);
    UP(APP);
    ends(WEB, 0);
    IS(APP, PHASE_STOPPING);
    ends(APP, 0);
    IS(APP, PHASE_STUCK);
    IS(WEB, PHASE_STUCK);
}

static void a_requirer_in_backoff_waits_for_what_failed(void **state)
{
    (void)state;
    cast(2);
    requires_ready(WEB, DB);
    s.players[DB].spec.restart = RESTART_NEVER;
    curtain_up();
    start(WEB);
    ends(WEB, 1);
    IS(WEB, PHASE_BACKOFF);
    ends(DB, 1);
    IS(WEB, PHASE_STUCK);
}

/* Its main process has ended well, and what that left behind is being ended. */
static void what_waits_knows_who_has_failed_at_the_bottom(void **state)
{
    (void)state;
    cast(4);
    requires_ready(WEB, APP);
    requires_ready(APP, DB);
    requires_ready(APP, CACHE);
    s.players[DB].spec.restart = s.players[CACHE].spec.restart = RESTART_NEVER;
    s.players[DB].slow = s.players[CACHE].slow = true;
    curtain_up();
    start(WEB);
    ends(CACHE, 1);
    assert_int_equal(waiting(WEB).cause, CACHE);
    ends(DB, 1);
    assert_int_equal(waiting(WEB).unit, APP);
    assert_int_equal(waiting(WEB).cause, DB); /* the first that is named */
    order_reset(&s.order, DB, alice);
    go_on();
    assert_int_equal(waiting(WEB).cause, CACHE);
    order_reset(&s.order, CACHE, alice);
    go_on();
    assert_false(waiting(WEB).failed);
    IS(WEB, PHASE_WAITING);
    happens(DB, EV_EXECED);
    go_on();
    ends(CACHE, 1);
    IS(WEB, PHASE_STUCK);
    assert_int_equal(waiting(WEB).cause, CACHE);
}

static void a_job_that_is_done_does_not_run_again_for_what_failed(void **state)
{
    (void)state;
    cast(5);
    make_job(JOB);
    requires_ready(JOB, DB);
    s.players[DB].spec.restart = RESTART_NEVER;
    curtain_up();
    start(JOB);
    leaves_some_behind(JOB, 0);
    IS(JOB, PHASE_DRAINING);
    ends(DB, 1);
    happens(JOB, EV_TREE_EMPTY);
    go_on();
    IS(JOB, PHASE_COMPLETED);
    start(DB);
    IS(JOB, PHASE_COMPLETED);
    assert_int_equal(s.players[JOB].n_spawned, 1);
}

static void a_job_that_is_done_does_not_run_again_with_a_restart(void **state)
{
    bool asked[5] = {[DB] = true};
    struct along along[5];

    (void)state;
    cast(5);
    make_job(JOB);
    requires_ready(JOB, DB);
    s.players[JOB].spec.on_dependency_restart = DEPENDENCY_RESTART_FOLLOW;
    curtain_up();
    start(JOB);
    leaves_some_behind(JOB, 0);
    order_along(&s.order, true, asked, along);
    assert_int_equal(along[JOB].with, 0); /* nobody is to wait for its next run */
    restart(DB);
    IS(DB, PHASE_RUNNING); /* until what is above it has ended */
    happens(JOB, EV_TREE_EMPTY);
    go_on();
    IS(JOB, PHASE_COMPLETED);
    IS(DB, PHASE_STOPPING);
    ends(DB, 0);
    IS(DB, PHASE_RUNNING);
    assert_int_equal(s.players[JOB].n_spawned, 1);
}

static void a_failed_job_stops_nobody(void **state)
{
    (void)state;
    cast(5);
    make_job(JOB);
    depends(WEB, DEPENDENCY_REQUIRES, JOB, CONDITION_COMPLETED);
    curtain_up();
    start(WEB);
    ends(JOB, 0);
    start(JOB);
    ends(JOB, 1);
    IS(JOB, PHASE_FAILED);
    IS(WEB, PHASE_RUNNING);
    ends(WEB, 1);
    deadline(WEB);
    IS(WEB, PHASE_STUCK);
}

static void failing_starts_who_is_named(void **state)
{
    static uint32_t who[] = {JOB};

    (void)state;
    cast(5);
    make_job(JOB);
    s.players[DB].spec.restart = RESTART_NEVER;
    s.players[DB].spec.on_failed = ON_FAILED_START;
    s.players[DB].spec.on_failed_start = who;
    s.players[DB].spec.n_on_failed_start = 1;
    curtain_up();
    start(DB);
    ends(DB, 1);
    IS(JOB, PHASE_RUNNING);
    assert_true(s.players[JOB].unit.wanted);
    ends(JOB, 0);
    /* Each time anew. */
    start(DB);
    ends(DB, 1);
    IS(JOB, PHASE_RUNNING);
}

static void all_were_tried_when_the_rest_waits_for_what_failed(void **state)
{
    (void)state;
    cast(2);
    requires_ready(WEB, DB);
    s.players[DB].spec.autostart = s.players[WEB].spec.autostart = true;
    s.players[DB].slow = true;
    curtain_up();
    order_begin(&s.order);
    go_on();
    assert_false(order_all_tried(&s.order));
    ends(DB, 1);
    IS(DB, PHASE_BACKOFF);
    assert_true(order_all_tried(&s.order));
}

static void who_was_stopped_before_its_turn_is_not_waited_for(void **state)
{
    (void)state;
    cast(2);
    requires_ready(WEB, DB);
    s.players[WEB].spec.autostart = true;
    s.players[DB].slow = true;
    curtain_up();
    order_begin(&s.order);
    go_on();
    IS(WEB, PHASE_WAITING);
    assert_false(order_all_tried(&s.order));
    stop(WEB);
    assert_true(order_all_tried(&s.order));
}

static void a_shutdown_makes_nobody_tried(void **state)
{
    (void)state;
    cast(2);
    s.players[DB].spec.autostart = true;
    s.players[DB].slow = true;
    curtain_up();
    order_begin(&s.order);
    go_on();
    shut_down(10000);
    ends(DB, 0);
    IS(DB, PHASE_STOPPED);
    assert_false(order_all_tried(&s.order));
}

/* ---- the end ---- */

static void a_shutdown_shares_its_time_along_the_chain(void **state)
{
    int64_t begun_ms;

    (void)state;
    cast(4);
    requires_ready(WEB, APP);
    requires_ready(APP, DB);
    curtain_up();
    start(WEB);
    start(CACHE);
    begun_ms = s.now.mono_ms;
    shut_down(10000);
    /* R is a second: nine are for the chain of three, all of them for who is alone. */
    assert_int_equal(s.players[WEB].kill_by_ms, begun_ms + 3000);
    assert_int_equal(s.players[CACHE].kill_by_ms, begun_ms + 9000);
    IS(APP, PHASE_RUNNING);
    deadline(WEB);
    assert_true(s.players[WEB].killed);
    s.now.mono_ms += 100;
    ends(WEB, 0);
    assert_int_equal(s.players[APP].kill_by_ms, begun_ms + 3100 + (9000 - 3100) / 2);
    ends(APP, 0);
    assert_int_equal(s.players[DB].kill_by_ms, begun_ms + 9000);
    ends(DB, 0);
    ends(CACHE, 0);
    for (uint32_t i = 0; i < s.n; i++)
        IS(i, PHASE_STOPPED);
}

static void a_chain_is_shorter_when_what_is_below_is_down(void **state)
{
    int64_t begun_ms;

    (void)state;
    cast(3);
    requires_ready(WEB, APP);
    requires_ready(APP, DB);
    curtain_up();
    start(WEB);
    begun_ms = s.now.mono_ms;
    shut_down(10000);
    ends(DB, 1); /* by itself */
    IS(DB, PHASE_STOPPED);
    s.now.mono_ms += 1000;
    ends(WEB, 0);
    assert_int_equal(s.players[APP].kill_by_ms, begun_ms + 9000);
    ends(APP, 0);
}

/* Its tree is gone at last, and its post_stop is part of the chain again. */
static void what_was_unkillable_and_goes_on_has_its_share(void **state)
{
    (void)state;
    cast(3);
    requires_ready(WEB, DB);
    requires_ready(APP, WEB);
    s.players[DB].spec.hooks[HOOK_POST_STOP].n = 1;
    for (uint32_t i = 0; i < s.n; i++)
        s.players[i].spec.stop_timeout_ms = 60000;
    curtain_up();
    start(APP);
    leaves_some_behind(DB, 1);
    deadline(DB);
    deadline(DB);
    IS(DB, PHASE_UNKILLABLE);
    shut_down(20000);
    IS(APP, PHASE_STOPPING);
    assert_int_equal(s.players[APP].kill_by_ms, s.now.mono_ms + 9000);
    happens(DB, EV_TREE_EMPTY);
    IS(DB, PHASE_POST_STOP);
    ends(APP, 0);
    IS(WEB, PHASE_STOPPING);
    assert_int_equal(s.players[WEB].kill_by_ms, s.now.mono_ms + 9000);
}

static void so_it_does_at_the_top_of_a_chain(void **state)
{
    struct event ev;

    (void)state;
    cast(2);
    requires_ready(WEB, DB);
    s.players[WEB].spec.hooks[HOOK_POST_STOP].n = 1;
    s.players[DB].spec.stop_timeout_ms = 60000;
    curtain_up();
    start(WEB);
    leaves_some_behind(WEB, 1);
    deadline(WEB);
    deadline(WEB);
    IS(WEB, PHASE_UNKILLABLE);
    order_shutdown(&s.order, s.now.mono_ms, 20000, alice);
    assert_true(order_next(&s.order, s.now, &ev));
    assert_int_equal(ev.unit, DB);
    step(ev);
    happens(WEB, EV_TREE_EMPTY);
    go_on();
    assert_int_equal(s.players[WEB].kill_by_ms, s.now.mono_ms + 9000);
}

/* ---- hold and reload ---- */

static void hold(uint32_t i, int64_t for_ms)
{
    order_hold(&s.order, i, for_ms ? s.now.mono_ms + for_ms : 0, 99, alice);
    go_on();
}

static void what_is_held_is_waited_for_by_what_requires_it(void **state)
{
    (void)state;
    cast(2);
    requires_ready(WEB, DB);
    curtain_up();
    hold(DB, 60000);
    start(WEB);
    IS(DB, PHASE_HELD);
    IS(WEB, PHASE_WAITING);
    WAITS_FOR(WEB, DB, WAITED_READY);
    deadline(DB);
    IS(DB, PHASE_RUNNING);
    IS(WEB, PHASE_RUNNING);
}

static void what_is_held_is_passed_over_by_what_wants_it(void **state)
{
    (void)state;
    cast(2);
    depends(WEB, DEPENDENCY_WANTS, DB, CONDITION_READY);
    curtain_up();
    hold(DB, 60000);
    start(WEB);
    IS(DB, PHASE_HELD);
    IS(WEB, PHASE_RUNNING);
    hold(DB, 0);
    IS(DB, PHASE_RUNNING);
}

/* What is held is not stuck; nor is, from that wish on, who waits for it. */
static void a_hold_frees_what_is_stuck_behind_it(void **state)
{
    (void)state;
    cast(3);
    s.players[DB].spec.restart = RESTART_NEVER;
    requires_ready(WEB, DB);
    requires_ready(APP, WEB);
    curtain_up();
    start(APP);
    ends(DB, 1);
    ends(APP, 0);
    ends(WEB, 0);
    IS(WEB, PHASE_STUCK);
    IS(APP, PHASE_STUCK);
    order_hold(&s.order, WEB, s.now.mono_ms + 1000, 99, alice);
    assert_int_equal(s.players[APP].unit.n_dead, 0);
    go_on();
    IS(WEB, PHASE_HELD);
    IS(APP, PHASE_WAITING);
    deadline(WEB);
    IS(WEB, PHASE_STUCK);
    IS(APP, PHASE_STUCK);
}

static void a_stop_ends_the_waiting_of_what_is_held(void **state)
{
    (void)state;
    cast(2);
    requires_ready(WEB, DB);
    curtain_up();
    hold(DB, 60000);
    start(WEB);
    stop(WEB);
    IS(WEB, PHASE_STOPPED);
    IS(DB, PHASE_STOPPED);
}

static void a_restart_of_what_is_held_waits_after_the_stop(void **state)
{
    (void)state;
    cast(2);
    requires_ready(WEB, DB);
    s.players[WEB].spec.on_dependency_restart = DEPENDENCY_RESTART_FOLLOW;
    curtain_up();
    start(WEB);
    hold(DB, 60000);
    IS(DB, PHASE_RUNNING);
    restart(DB);
    ends(WEB, 0);
    IS(DB, PHASE_STOPPING);
    ends(DB, 0);
    IS(DB, PHASE_HELD);
    IS(WEB, PHASE_WAITING);
    hold(DB, 0);
    IS(WEB, PHASE_RUNNING);
}

/* Whichever was asked for first. */
static void a_hold_comes_before_the_start_asked_for_with_it(void **state)
{
    (void)state;
    cast(1);
    curtain_up();
    order_start(&s.order, DB, alice);
    order_hold(&s.order, DB, s.now.mono_ms + 1000, 99, alice);
    go_on();
    IS(DB, PHASE_HELD);
    assert_int_equal(s.players[DB].n_spawned, 0);
}

static void a_shutdown_stops_what_is_held_and_holds_nothing_more(void **state)
{
    (void)state;
    cast(2);
    curtain_up();
    hold(DB, 60000);
    start(DB);
    shut_down(9000);
    IS(DB, PHASE_STOPPED);
    hold(WEB, 60000);
    assert_int_equal(s.players[WEB].unit.held_until_ms, 0);
}

static void what_is_held_was_tried(void **state)
{
    (void)state;
    cast(1);
    s.players[DB].spec.autostart = true;
    curtain_up();
    order_hold(&s.order, DB, s.now.mono_ms + 1000, 99, alice);
    order_begin(&s.order);
    assert_false(order_all_tried(&s.order));
    go_on();
    IS(DB, PHASE_HELD);
    assert_true(order_all_tried(&s.order));
}

static void a_reload_reaches_what_runs(void **state)
{
    (void)state;
    cast(1);
    s.players[DB].spec.reload_signal = 1;
    curtain_up();
    start(DB);
    order_reload(&s.order, DB, alice);
    go_on();
    assert_int_equal(s.players[DB].unit.hook, HOOK_RELOAD);
    shut_down(9000);
    order_reload(&s.order, DB, alice);
    assert_true(order_idle(&s.order));
}

/* ---- after the shutdown ---- */

static void nobody_starts_after_the_shutdown_began(void **state)
{
    (void)state;
    cast(3);
    requires_ready(WEB, DB);
    s.players[DB].slow = true;
    curtain_up();
    start(WEB);
    shut_down(10000);
    IS(WEB, PHASE_STOPPED);
    IS(DB, PHASE_STOPPING);
    start(APP);
    restart(APP);
    IS(APP, PHASE_STOPPED);
    ends(DB, 0);
    IS(DB, PHASE_STOPPED);
    assert_int_equal(s.players[WEB].n_spawned, 0);
}

static void who_hurries_does_not_ask_for_order(void **state)
{
    (void)state;
    cast(2);
    requires_ready(WEB, DB);
    curtain_up();
    start(WEB);
    shut_down(10000);
    IS(DB, PHASE_RUNNING);
    order_hurry(&s.order);
    go_on();
    IS(DB, PHASE_KILLING);
    IS(WEB, PHASE_KILLING);
    ends(DB, 0);
    ends(WEB, 0);
}

#define STORY(name) cmocka_unit_test_teardown(name, curtain_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_start_raises_the_goals_of_all_it_requires),
        STORY(starts_are_as_parallel_as_the_graph_allows),
        STORY(a_job_must_have_completed),
        STORY(a_start_that_a_retry_has_overtaken_is_not_one_for_later),
        STORY(what_comes_after_a_reset_is_not_done_before),
        STORY(a_start_of_what_is_up_is_not_one_for_later),
        STORY(after_orders_only_what_is_up),
        STORY(wants_is_passed_over_once_the_first_attempt_fails),
        STORY(wants_does_not_wait_behind_what_is_late),
        STORY(wants_of_a_disabled_unit_is_passed_over),
        STORY(a_retry_waits_for_its_conditions_too),
        STORY(a_service_that_completed_is_started_for_who_needs_it),
        STORY(what_is_not_needed_then_goes_along),
        STORY(what_a_failed_job_was_up_for_goes_along),
        STORY(requirers_stop_first_and_are_no_longer_wanted),
        STORY(what_was_up_for_its_sake_only_stops_after_it),
        STORY(what_was_up_for_the_sake_of_who_is_taken_along_goes_down_on_its_account),
        STORY(who_was_asked_to_stop_by_a_user_is_told_so),
        STORY(along_a_chain_it_is_the_top_that_was_stopped),
        STORY(a_stop_by_hand_holds_although_another_wants_it),
        STORY(a_start_during_the_stop_follows_it),
        STORY(a_unit_that_was_to_follow_its_requirer_down_stays_when_needed_again),
        STORY(the_unkillable_does_not_hold_up_the_rest),
        STORY(the_order_reaches_through_the_unkillable),
        STORY(the_order_reaches_through_what_is_down),
        STORY(requirers_stay_when_a_unit_restarts),
        STORY(a_follower_does_follow_though_its_goal_falls_and_rises),
        STORY(what_goes_down_by_itself_is_waited_for_too),
        STORY(a_start_is_not_lost_in_a_bounce),
        STORY(a_restart_of_what_is_down_is_one_start),
        STORY(followers_stop_before_and_start_after),
        STORY(followers_wait_out_the_backoff),
        STORY(requirers_of_what_failed_stop_and_keep_their_goal),
        STORY(who_must_fall_with_what_failed_does_so_though_its_goal_falls_and_rises),
        STORY(a_requirer_in_backoff_waits_for_what_failed),
        STORY(what_waits_knows_who_has_failed_at_the_bottom),
        STORY(a_job_that_is_done_does_not_run_again_for_what_failed),
        STORY(a_job_that_is_done_does_not_run_again_with_a_restart),
        STORY(a_failed_job_stops_nobody),
        STORY(failing_starts_who_is_named),
        STORY(all_were_tried_when_the_rest_waits_for_what_failed),
        STORY(who_was_stopped_before_its_turn_is_not_waited_for),
        STORY(a_shutdown_makes_nobody_tried),
        STORY(a_shutdown_shares_its_time_along_the_chain),
        STORY(a_chain_is_shorter_when_what_is_below_is_down),
        STORY(what_was_unkillable_and_goes_on_has_its_share),
        STORY(so_it_does_at_the_top_of_a_chain),
        STORY(what_is_held_is_waited_for_by_what_requires_it),
        STORY(what_is_held_is_passed_over_by_what_wants_it),
        STORY(a_hold_frees_what_is_stuck_behind_it),
        STORY(a_stop_ends_the_waiting_of_what_is_held),
        STORY(a_restart_of_what_is_held_waits_after_the_stop),
        STORY(a_hold_comes_before_the_start_asked_for_with_it),
        STORY(a_shutdown_stops_what_is_held_and_holds_nothing_more),
        STORY(what_is_held_was_tried),
        STORY(a_reload_reaches_what_runs),
        STORY(nobody_starts_after_the_shutdown_began),
        STORY(who_hurries_does_not_ask_for_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
