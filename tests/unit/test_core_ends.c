/* When reeved ends by itself, and what it exits with: each sentence of the definition, by name. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/ends.h"

enum { UNITS = 5, NO_UNIT = 99 };

/* Units as the machine would leave them: jobs, except `db` and `web`. */
enum { FIRST, SECOND, THIRD, DB, WEB };

struct world {
    struct daemon_spec daemon;
    struct unit_spec specs[UNITS];
    struct unit units[UNITS];
    struct unit *pointers[UNITS];
    struct ends ends;
    int64_t now_ms;
};

static int begin(void **state)
{
    static const char *const names[UNITS] = {"first", "second", "third", "db", "web"};
    static struct world w;

    memset(&w, 0, sizeof w);
    for (uint32_t i = 0; i < UNITS; i++) {
        w.specs[i].name = names[i];
        w.specs[i].kind = i >= DB ? UNIT_SERVICE : UNIT_JOB;
        w.specs[i].enabled = true;
        w.pointers[i] = &w.units[i];
        if (unit_init(&w.units[i], &w.specs[i], i) < 0)
            return -1;
    }
    *state = &w;
    return ends_init(&w.ends, &w.daemon, UNITS);
}

static int finish(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < UNITS; i++)
        unit_finish(&w->units[i]);
    ends_finish(&w->ends);
    return 0;
}

/* ---- what happens ---- */

static void look_at_all(struct world *w)
{
    for (int i = 0; i < UNITS; i++)
        ends_look(&w->ends, &w->units[i]);
}

/* The beginning, with these units wanted (bit I: unit I). */
static void want(struct world *w, unsigned units)
{
    for (int i = 0; i < UNITS; i++)
        w->units[i].wanted = units >> i & 1;
    look_at_all(w);
}

static void becomes(struct world *w, int unit, enum unit_phase phase)
{
    w->units[unit].phase = phase;
    w->units[unit].since_ms = ++w->now_ms;
    ends_look(&w->ends, &w->units[unit]);
}

static void leaves(struct world *w, int unit, struct exit_record record)
{
    records_reserve(&w->units[unit].records);
    records_push(&w->units[unit].records, &record);
}

static void ran(struct world *w, int unit, int code)
{
    leaves(w, unit, (struct exit_record){.run = 1, .has_status = true, .exit_code = code});
}

static void died(struct world *w, int unit, int signal)
{
    leaves(w, unit,
           (struct exit_record){.run = 1, .has_status = true, .exit_code = -1, .signal = signal});
}

static void never_executed(struct world *w, int unit, int errnum)
{
    leaves(w, unit,
           (struct exit_record){.run = 1,
                                .has_status = true,
                                .exit_code = 127,
                                .reason = REASON_START_FAILED,
                                .error_stage = STAGE_EXEC,
                                .error_errno = errnum});
}

static void fails(struct world *w, int unit, int code)
{
    ran(w, unit, code);
    becomes(w, unit, PHASE_FAILED);
}

static void completes(struct world *w, int unit)
{
    ran(w, unit, 0);
    becomes(w, unit, PHASE_COMPLETED);
}

/* ---- what is asked ---- */

static void assert_goes_on(const struct world *w)
{
    uint32_t unit = NO_UNIT;

    assert_string_equal(end_cause_name(ends_due(&w->ends, &unit)), "none");
    assert_int_equal(unit, NO_UNIT);
}

static void assert_ends(const struct world *w, const char *cause, uint32_t by)
{
    uint32_t unit = NO_UNIT;

    assert_string_equal(end_cause_name(ends_due(&w->ends, &unit)), cause);
    assert_int_equal(unit, by);
}

static int code(const struct world *w)
{
    return ends_exit_code(&w->ends, w->pointers, false);
}

static int code_if_requested(const struct world *w)
{
    return ends_exit_code(&w->ends, w->pointers, true);
}

static void is_held(struct world *w, int unit, bool held)
{
    struct event ev = {.type = EV_HOLD, .unit = (uint32_t)unit};
    struct actions acts;

    ev.u.hold.until_ms = held ? w->now_ms + 60000 : 0;
    unit_step(&w->units[unit], &ev, (struct moment){w->now_ms, 1}, 0, &acts);
    ends_look(&w->ends, &w->units[unit]);
}

/* ---- exit_when ---- */

static void never_goes_on_whatever_happens(void **state)
{
    struct world *w = *state;

    want(w, 0x1f);
    for (int i = 0; i < UNITS; i++)
        fails(w, i, 1);
    assert_goes_on(w);
}

static void all_done_when_each_is_completed_or_failed(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ALL_DONE;
    want(w, 1 << FIRST | 1 << SECOND);
    becomes(w, FIRST, PHASE_SPAWNING);
    completes(w, FIRST);
    assert_goes_on(w);
    fails(w, SECOND, 3);
    assert_ends(w, "all_done", SECOND);
}

static void all_done_with_one_that_waits_on_a_failed_one(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ALL_DONE;
    want(w, 1 << FIRST | 1 << SECOND);
    becomes(w, SECOND, PHASE_WAITING);
    fails(w, FIRST, 3);
    assert_goes_on(w);
    becomes(w, SECOND, PHASE_STUCK);
    assert_ends(w, "all_done", SECOND);
}

static void all_done_does_not_ask_who_was_never_wanted(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ALL_DONE;
    want(w, 1 << FIRST);
    w->units[DB].goal = true;
    becomes(w, DB, PHASE_RUNNING);
    completes(w, FIRST);
    assert_ends(w, "all_done", FIRST);
    becomes(w, DB, PHASE_COMPLETED); /* not the last straw any more */
    assert_ends(w, "all_done", FIRST);
}

static void all_done_waits_for_what_is_held(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ALL_DONE;
    want(w, 1 << FIRST | 1 << SECOND);
    is_held(w, FIRST, true);
    completes(w, FIRST);
    fails(w, SECOND, 3);
    assert_goes_on(w);
    is_held(w, FIRST, false);
    assert_ends(w, "all_done", FIRST);
}

static void all_done_does_not_wait_for_what_is_held_and_was_never_wanted(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ALL_DONE;
    want(w, 1 << FIRST);
    is_held(w, DB, true);
    completes(w, FIRST);
    assert_ends(w, "all_done", FIRST);
}

static void all_done_waits_for_a_service_that_is_wanted(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ALL_DONE;
    want(w, 1 << FIRST | 1 << DB);
    becomes(w, DB, PHASE_RUNNING);
    completes(w, FIRST);
    assert_goes_on(w);
}

static void none_of_all_done_is_stopped_by_hand(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ALL_DONE;
    want(w, 1 << FIRST | 1 << SECOND);
    completes(w, SECOND);
    becomes(w, FIRST, PHASE_RUNNING);
    w->units[FIRST].wanted = false;
    becomes(w, FIRST, PHASE_STOPPING);
    becomes(w, FIRST, PHASE_STOPPED);
    assert_goes_on(w);
    w->units[FIRST].wanted = true;
    becomes(w, FIRST, PHASE_SPAWNING);
    completes(w, FIRST);
    assert_ends(w, "all_done", FIRST);
}

static void none_of_all_done_is_in_backoff(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ALL_DONE;
    want(w, 1 << FIRST);
    becomes(w, FIRST, PHASE_BACKOFF);
    assert_goes_on(w);
}

static void nothing_ever_wanted_is_not_all_done(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ALL_DONE;
    want(w, 0);
    assert_goes_on(w);
    becomes(w, FIRST, PHASE_COMPLETED);
    assert_goes_on(w);
}

static void nothing_is_done_before_all_were_looked_at(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ALL_DONE;
    w->units[FIRST].wanted = w->units[WEB].wanted = true;
    completes(w, FIRST);
    assert_goes_on(w);
    for (int i = 0; i < WEB; i++)
        ends_look(&w->ends, &w->units[i]);
    assert_goes_on(w);
    ends_look(&w->ends, &w->units[WEB]);
    assert_goes_on(w);
    completes(w, WEB);
    assert_ends(w, "all_done", WEB);
}

static void one_that_becomes_wanted_while_it_runs_is_waited_for(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ALL_DONE;
    want(w, 1 << FIRST);
    becomes(w, DB, PHASE_RUNNING);
    w->units[DB].wanted = true;
    ends_look(&w->ends, &w->units[DB]);
    completes(w, FIRST);
    assert_goes_on(w);
}

static void a_failed_one_that_is_reset_is_not_done(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ALL_DONE;
    want(w, 1 << FIRST | 1 << SECOND);
    becomes(w, SECOND, PHASE_RUNNING);
    fails(w, FIRST, 1);
    becomes(w, FIRST, PHASE_STOPPED);
    completes(w, SECOND);
    assert_goes_on(w);
}

static void a_failed_one_that_starts_another_is_not_the_last(void **state)
{
    struct world *w = *state;
    uint32_t unit;

    w->daemon.exit_when = EXIT_ALL_DONE;
    want(w, 1 << FIRST);
    fails(w, FIRST, 1);
    w->units[SECOND].wanted = true; /* on_failed = start:second, before anybody asks */
    ends_look(&w->ends, &w->units[SECOND]);
    assert_int_equal(ends_due(&w->ends, &unit), END_NONE);
    completes(w, SECOND);
    assert_ends(w, "all_done", SECOND);
}

static void any_failed_ends_with_the_first_failed(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ANY_FAILED;
    want(w, 1 << FIRST | 1 << DB);
    becomes(w, DB, PHASE_RUNNING);
    becomes(w, FIRST, PHASE_BACKOFF);
    assert_goes_on(w);
    fails(w, FIRST, 4);
    assert_ends(w, "any_failed", FIRST);
}

static void any_failed_counts_one_that_nobody_wanted(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ANY_FAILED;
    want(w, 1 << FIRST);
    fails(w, DB, 1);
    assert_ends(w, "any_failed", DB);
}

static void any_failed_includes_all_done(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ANY_FAILED;
    want(w, 1 << FIRST | 1 << SECOND);
    completes(w, FIRST);
    assert_goes_on(w);
    completes(w, SECOND);
    assert_ends(w, "all_done", SECOND);
}

static void any_failed_and_reset_at_once_goes_on(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ANY_FAILED;
    want(w, 1 << FIRST);
    fails(w, FIRST, 1);
    becomes(w, FIRST, PHASE_SPAWNING);
    assert_goes_on(w);
}

/* ---- essential, on_failed ---- */

static void ends_when_the_essential_one_is(struct world *w, enum unit_phase phase)
{
    w->specs[WEB].essential = true;
    want(w, 1 << WEB);
    becomes(w, WEB, PHASE_RUNNING);
    assert_goes_on(w);
    becomes(w, WEB, phase);
    assert_ends(w, "essential", WEB);
}

static void an_essential_one_that_completed_ends_all(void **state)
{
    ends_when_the_essential_one_is(*state, PHASE_COMPLETED);
}

static void an_essential_one_that_failed_ends_all(void **state)
{
    ends_when_the_essential_one_is(*state, PHASE_FAILED);
}

static void an_essential_one_that_was_stopped_ends_nothing(void **state)
{
    struct world *w = *state;

    w->specs[WEB].essential = true;
    want(w, 1 << WEB);
    becomes(w, WEB, PHASE_RUNNING);
    becomes(w, WEB, PHASE_STOPPING);
    becomes(w, WEB, PHASE_STOPPED);
    assert_goes_on(w);
}

static void an_essential_one_that_waits_on_a_failed_one_ends_nothing(void **state)
{
    struct world *w = *state;

    w->specs[WEB].essential = true;
    want(w, 1 << WEB);
    becomes(w, WEB, PHASE_STUCK);
    assert_goes_on(w);
}

static void on_failed_shutdown_ends_all(void **state)
{
    struct world *w = *state;

    w->specs[DB].on_failed = ON_FAILED_SHUTDOWN;
    want(w, 1 << DB | 1 << WEB);
    becomes(w, DB, PHASE_BACKOFF);
    assert_goes_on(w);
    fails(w, DB, 3);
    assert_ends(w, "on_failed", DB);
}

static void on_failed_shutdown_of_a_completed_one_ends_nothing(void **state)
{
    struct world *w = *state;

    w->specs[DB].on_failed = ON_FAILED_SHUTDOWN;
    want(w, 1 << DB);
    completes(w, DB);
    assert_goes_on(w);
}

static void other_words_of_on_failed_end_nothing(void **state)
{
    struct world *w = *state;

    w->specs[DB].on_failed = ON_FAILED_START;
    want(w, 1 << DB | 1 << WEB);
    fails(w, DB, 3);
    fails(w, WEB, 3);
    assert_goes_on(w);
}

static void the_first_cause_stays(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ANY_FAILED;
    w->specs[DB].on_failed = ON_FAILED_SHUTDOWN;
    w->specs[WEB].essential = true;
    want(w, 0x1f);
    fails(w, DB, 3);
    fails(w, FIRST, 1);
    becomes(w, WEB, PHASE_COMPLETED);
    becomes(w, DB, PHASE_STOPPED);
    assert_ends(w, "on_failed", DB);
}

static void an_essential_one_with_on_failed_is_essential(void **state)
{
    struct world *w = *state;

    w->daemon.exit_when = EXIT_ANY_FAILED;
    w->specs[WEB].on_failed = ON_FAILED_SHUTDOWN;
    w->specs[WEB].essential = true;
    want(w, 1 << WEB);
    fails(w, WEB, 3);
    assert_ends(w, "essential", WEB);
}

/* As the machine marks it. */
static void what_ends_while_it_is_held_ends_nothing(void **state)
{
    struct world *w = *state;

    w->specs[WEB].essential = true;
    w->specs[DB].on_failed = ON_FAILED_SHUTDOWN;
    want(w, 1 << WEB | 1 << DB);
    w->units[WEB].spared = w->units[DB].spared = true;
    completes(w, WEB);
    fails(w, DB, 1);
    assert_goes_on(w);
    is_held(w, WEB, false);
    assert_goes_on(w);
    w->units[WEB].spared = false;
    becomes(w, WEB, PHASE_SPAWNING);
    completes(w, WEB);
    assert_ends(w, "essential", WEB);
}

/* ---- the exit code ---- */

static void requested_is_0(void **state)
{
    struct world *w = *state;

    want(w, 1 << FIRST | 1 << DB);
    fails(w, FIRST, 3);
    fails(w, DB, 4);
    assert_int_equal(code_if_requested(w), 0);
}

static void all_completed_is_0(void **state)
{
    struct world *w = *state;

    want(w, 1 << FIRST);
    ran(w, FIRST, 3); /* in its success_exit */
    becomes(w, FIRST, PHASE_COMPLETED);
    assert_int_equal(code(w), 0);
}

static void else_the_first_failed_job(void **state)
{
    struct world *w = *state;

    want(w, 0x1f);
    fails(w, DB, 5);
    fails(w, THIRD, 7);
    fails(w, FIRST, 6);
    assert_int_equal(code(w), 7);
    w->units[FIRST].since_ms = w->units[THIRD].since_ms;
    assert_int_equal(code(w), 6);
}

static void else_the_first_failed_service(void **state)
{
    struct world *w = *state;

    want(w, 0x1f);
    completes(w, FIRST);
    died(w, WEB, 9);
    becomes(w, WEB, PHASE_FAILED);
    fails(w, DB, 5);
    assert_int_equal(code(w), 137);
}

static void one_that_failed_with_0_is_1(void **state)
{
    struct world *w = *state;

    want(w, 1 << FIRST);
    fails(w, FIRST, 0);
    assert_int_equal(code(w), 1);
}

static void only_what_is_failed_now_counts(void **state)
{
    struct world *w = *state;

    want(w, 1 << FIRST | 1 << SECOND);
    fails(w, FIRST, 3);
    becomes(w, FIRST, PHASE_STOPPED);
    fails(w, SECOND, 4);
    assert_int_equal(code(w), 4);
}

static void the_essential_one_even_if_requested(void **state)
{
    struct world *w = *state;

    w->specs[WEB].essential = true;
    want(w, 1 << FIRST | 1 << WEB);
    fails(w, FIRST, 3);
    died(w, WEB, 15);
    becomes(w, WEB, PHASE_STOPPED);
    assert_int_equal(code_if_requested(w), 143);
    assert_int_equal(code(w), 143);
}

static void an_essential_one_keeps_its_0(void **state)
{
    struct world *w = *state;

    w->specs[WEB].essential = true;
    want(w, 1 << FIRST | 1 << WEB);
    fails(w, FIRST, 3);
    completes(w, WEB);
    assert_int_equal(code(w), 0);
}

static void an_essential_one_that_never_ran_is_passed_over(void **state)
{
    struct world *w = *state;

    w->specs[WEB].essential = true;
    want(w, 1 << FIRST | 1 << WEB);
    fails(w, FIRST, 3);
    assert_int_equal(code(w), 3);
    assert_int_equal(code_if_requested(w), 0);
}

static void of_several_essential_ones_whose_end_began_it(void **state)
{
    struct world *w = *state;

    w->specs[FIRST].essential = w->specs[DB].essential = w->specs[WEB].essential = true;
    want(w, 0x1f);
    ran(w, DB, 4);
    fails(w, WEB, 5);
    becomes(w, DB, PHASE_STOPPED);
    assert_int_equal(code(w), 5);
}

static void of_several_essential_ones_the_first_that_ran(void **state)
{
    struct world *w = *state;

    w->specs[FIRST].essential = w->specs[DB].essential = w->specs[WEB].essential = true;
    want(w, 0x1f);
    ran(w, DB, 4);
    ran(w, WEB, 5);
    assert_int_equal(code_if_requested(w), 4);
    assert_int_equal(code(w), 4);
}

static void never_executed_is_127_126_or_1(void **state)
{
    struct world *w = *state;

    w->specs[WEB].essential = true;
    want(w, 1 << WEB);
    never_executed(w, WEB, ENOENT);
    assert_int_equal(code_if_requested(w), 127);
    never_executed(w, WEB, EACCES);
    assert_int_equal(code_if_requested(w), 126);
    never_executed(w, WEB, ENOEXEC);
    assert_int_equal(code_if_requested(w), 1);
}

static void exit_code_from_comes_before_all(void **state)
{
    struct world *w = *state;

    w->daemon.has_exit_code_from = true;
    w->daemon.exit_code_from = SECOND;
    w->specs[WEB].essential = true;
    want(w, 0x1f);
    ran(w, SECOND, 2);
    fails(w, FIRST, 3);
    fails(w, WEB, 4);
    assert_int_equal(code(w), 2);
    assert_int_equal(code_if_requested(w), 2);
    ran(w, SECOND, 0);
    assert_int_equal(code(w), 0);
    died(w, SECOND, 6);
    assert_int_equal(code_if_requested(w), 134);
}

static void exit_code_from_one_that_never_ran_is_no_success(void **state)
{
    struct world *w = *state;

    w->daemon.has_exit_code_from = true;
    w->daemon.exit_code_from = SECOND;
    want(w, 1 << FIRST);
    fails(w, FIRST, 3);
    assert_int_equal(code(w), 3);
    assert_int_equal(code_if_requested(w), 1);
    becomes(w, FIRST, PHASE_COMPLETED);
    assert_int_equal(code(w), 1);
    w->specs[WEB].essential = true;
    fails(w, WEB, 4);
    assert_int_equal(code(w), 4);
}

static void without_exit_code_from_the_first_unit_means_nothing(void **state)
{
    struct world *w = *state;

    want(w, 1 << FIRST);
    ran(w, FIRST, 2);
    becomes(w, FIRST, PHASE_COMPLETED);
    assert_int_equal(code(w), 0);
}

/* At the end of the time some may still be there. */
static void a_run_that_is_not_over_counts_when_its_main_is(void **state)
{
    struct world *w = *state;
    struct unit *u = &w->units[WEB];

    u->wanted = true;
    w->specs[WEB].essential = true;
    look_at_all(w);
    ran(w, WEB, 5);
    becomes(w, WEB, PHASE_UNKILLABLE);
    assert_int_equal(code_if_requested(w), 137);
    u->current = (struct exit_record){
        .run = 2, .reason = REASON_RUNTIME_ERROR, .has_status = true, .exit_code = 7};
    assert_int_equal(code_if_requested(w), 7);
}

/* ---- the tally against a recount ---- */

struct recount {
    bool ever[UNITS], ended[UNITS], failed[UNITS];
    enum end_cause latched;
    uint32_t by;
};

/* The definition once more, from all units at each time. */
static enum end_cause recount(struct recount *r, const struct world *w)
{
    bool any_ever = false, any_open = false, any_failed = false;

    for (uint32_t i = 0; i < UNITS; i++) {
        const struct unit *u = &w->units[i];
        enum unit_state state = unit_state_of(u->phase);
        bool failed = state == STATE_FAILED;
        bool ended = failed || state == STATE_COMPLETED;
        bool straw =
            !r->latched && ((u->spec->essential && ended && !r->ended[i]) ||
                            (u->spec->on_failed == ON_FAILED_SHUTDOWN && failed && !r->failed[i]));

        if (straw) {
            r->latched = u->spec->essential ? END_ESSENTIAL : END_ON_FAILED;
            r->by = i;
        }
        r->ended[i] = ended;
        r->failed[i] = failed;
        r->ever[i] |= u->wanted;
        any_ever |= r->ever[i];
        any_failed |= failed;
        any_open |= r->ever[i] && !ended && u->phase != PHASE_STUCK;
    }
    if (r->latched)
        return r->latched;
    if (w->daemon.exit_when == EXIT_ANY_FAILED && any_failed)
        return END_ANY_FAILED;
    if (w->daemon.exit_when != EXIT_NEVER && any_ever && !any_open)
        return END_ALL_DONE;
    return END_NONE;
}

static void tell_a_random_story(struct world *w, uint32_t *seen)
{
    struct recount r = {0};

    w->daemon.exit_when = (enum exit_when)(rand() % 3);
    w->specs[WEB].essential = rand() % 4 == 0;
    w->specs[DB].on_failed = rand() % 4 ? ON_FAILED_IGNORE : ON_FAILED_SHUTDOWN;
    want(w, (unsigned)rand() % (1 << UNITS));
    recount(&r, w);
    for (int step = 0; step < 60; step++) {
        struct unit *u = &w->units[rand() % UNITS];
        enum end_cause expected, cause;
        uint32_t by = NO_UNIT;

        if (rand() % 3)
            u->phase = (enum unit_phase)(rand() % PHASE_COUNT);
        else
            u->wanted = !u->wanted;
        ends_look(&w->ends, u);
        if (rand() % 2)
            ends_look(&w->ends, u);
        expected = recount(&r, w);
        cause = ends_due(&w->ends, &by);
        assert_int_equal(cause, expected);
        if (r.latched)
            assert_int_equal(by, r.by);
        seen[cause]++;
    }
}

static void the_tally_is_what_a_recount_says(void **state)
{
    uint32_t seen[END_COUNT] = {0};

    srand(20261121);
    for (int story = 0; story < 3000; story++) {
        tell_a_random_story(*state, seen);
        finish(state);
        assert_int_equal(begin(state), 0);
    }
    for (int cause = 0; cause < END_COUNT; cause++)
        assert_true(seen[cause] > 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(never_goes_on_whatever_happens),
        TEST(all_done_when_each_is_completed_or_failed),
        TEST(all_done_with_one_that_waits_on_a_failed_one),
        TEST(all_done_does_not_ask_who_was_never_wanted),
        TEST(all_done_waits_for_a_service_that_is_wanted),
        TEST(none_of_all_done_is_stopped_by_hand),
        TEST(none_of_all_done_is_in_backoff),
        TEST(nothing_ever_wanted_is_not_all_done),
        TEST(nothing_is_done_before_all_were_looked_at),
        TEST(one_that_becomes_wanted_while_it_runs_is_waited_for),
        TEST(a_failed_one_that_is_reset_is_not_done),
        TEST(a_failed_one_that_starts_another_is_not_the_last),
        TEST(any_failed_ends_with_the_first_failed),
        TEST(any_failed_counts_one_that_nobody_wanted),
        TEST(any_failed_includes_all_done),
        TEST(any_failed_and_reset_at_once_goes_on),
        TEST(an_essential_one_that_completed_ends_all),
        TEST(an_essential_one_that_failed_ends_all),
        TEST(an_essential_one_that_was_stopped_ends_nothing),
        TEST(an_essential_one_that_waits_on_a_failed_one_ends_nothing),
        TEST(on_failed_shutdown_ends_all),
        TEST(on_failed_shutdown_of_a_completed_one_ends_nothing),
        TEST(other_words_of_on_failed_end_nothing),
        TEST(the_first_cause_stays),
        TEST(an_essential_one_with_on_failed_is_essential),
        TEST(requested_is_0),
        TEST(all_completed_is_0),
        TEST(else_the_first_failed_job),
        TEST(else_the_first_failed_service),
        TEST(one_that_failed_with_0_is_1),
        TEST(only_what_is_failed_now_counts),
        TEST(the_essential_one_even_if_requested),
        TEST(an_essential_one_keeps_its_0),
        TEST(an_essential_one_that_never_ran_is_passed_over),
        TEST(of_several_essential_ones_whose_end_began_it),
        TEST(of_several_essential_ones_the_first_that_ran),
        TEST(never_executed_is_127_126_or_1),
        TEST(exit_code_from_comes_before_all),
        TEST(exit_code_from_one_that_never_ran_is_no_success),
        TEST(without_exit_code_from_the_first_unit_means_nothing),
        TEST(a_run_that_is_not_over_counts_when_its_main_is),
        TEST(all_done_waits_for_what_is_held),
        TEST(all_done_does_not_wait_for_what_is_held_and_was_never_wanted),
        TEST(what_ends_while_it_is_held_ends_nothing),
        TEST(the_tally_is_what_a_recount_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
