/* Why a run ended: each row of the table, their precedence, success, and the shell's code. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/outcome.h"

static const struct exit_set zero = {.codes = {1}};
static const struct exit_set zero_and_term = {.codes = {1}, .signals = UINT64_C(1) << 14};

/* A run that became ready and exited by itself with this code. */
static struct exit_record exited(int code)
{
    return (struct exit_record){
        .run = 1, .pid = 42, .ready_after_ms = 3, .has_status = true, .exit_code = code};
}

static struct exit_record died_of(int signal)
{
    struct exit_record r = exited(-1);

    r.signal = signal;
    return r;
}

/* ---- the rows ---- */

static void never_ready_and_nobody_asked_is_start_failed(void **state)
{
    struct exit_record r = exited(0);

    (void)state;
    r.ready_after_ms = -1;
    assert_int_equal(outcome_reason(&r, &zero), REASON_START_FAILED);
    r.ready_after_ms = 0;
    assert_int_equal(outcome_reason(&r, &zero), REASON_NATURAL);
}

static void no_process_at_all_is_start_failed(void **state)
{
    struct exit_record r = {.ready_after_ms = -1, .exit_code = -1, .error_stage = STAGE_CLONE};

    (void)state;
    assert_int_equal(outcome_reason(&r, &zero), REASON_START_FAILED);
}

static void our_sigkill_is_forced_kill(void **state)
{
    struct exit_record r = died_of(9);

    (void)state;
    r.requested_by = BY_USER;
    r.stop_signal_wall_ms = 1000;
    r.kill_wall_ms = 2000;
    assert_int_equal(outcome_reason(&r, &zero), REASON_FORCED_KILL);
}

static void someone_elses_sigkill_is_signal(void **state)
{
    struct exit_record r = died_of(9);

    (void)state;
    assert_int_equal(outcome_reason(&r, &zero), REASON_SIGNAL);
}

static void a_stop_answered_by_exit_0_is_signal(void **state)
{
    struct exit_record r = exited(0);

    (void)state;
    r.requested_by = BY_USER;
    r.stop_signal_wall_ms = 1000;
    assert_int_equal(outcome_reason(&r, &zero), REASON_SIGNAL);
}

static void an_exit_on_its_way_when_sigkill_came_is_signal(void **state)
{
    struct exit_record r = exited(3);

    (void)state;
    r.requested_by = BY_USER;
    r.kill_wall_ms = 1000;
    assert_int_equal(outcome_reason(&r, &zero), REASON_SIGNAL);
}

static void a_crash_is_signal(void **state)
{
    struct exit_record r = died_of(11);

    (void)state;
    assert_int_equal(outcome_reason(&r, &zero), REASON_SIGNAL);
}

static void every_code_is_natural_or_runtime_error(void **state)
{
    (void)state;
    for (int code = 0; code < 256; code++) {
        struct exit_record r = exited(code);
        struct exit_set only = {.codes = {0}};

        only.codes[code / 64] = UINT64_C(1) << (code % 64);
        assert_int_equal(outcome_reason(&r, &only), REASON_NATURAL);
        assert_true(outcome_success(&r, &only));
        assert_int_equal(outcome_reason(&r, &zero), code ? REASON_RUNTIME_ERROR : REASON_NATURAL);
        assert_int_equal(outcome_success(&r, &zero), code == 0);
    }
}

static void a_lost_status_is_unknown(void **state)
{
    struct exit_record r = exited(-1);

    (void)state;
    r.has_status = false;
    assert_int_equal(outcome_reason(&r, &zero), REASON_UNKNOWN);
    assert_false(outcome_success(&r, &zero));
}

/* ---- which row comes first ---- */

static void never_ready_goes_before_how_it_died(void **state)
{
    struct exit_record r = died_of(9);

    (void)state;
    r.ready_after_ms = -1;
    r.error_stage = STAGE_READY;
    r.stop_signal_wall_ms = 1000;
    r.kill_wall_ms = 2000;
    assert_int_equal(outcome_reason(&r, &zero), REASON_START_FAILED);
    r.requested_by = BY_TIMEOUT;
    assert_int_equal(outcome_reason(&r, &zero), REASON_FORCED_KILL);
}

static void a_stop_while_starting_is_not_a_failed_start(void **state)
{
    struct exit_record r = died_of(15);

    (void)state;
    r.ready_after_ms = -1;
    r.requested_by = BY_SHUTDOWN;
    r.stop_signal_wall_ms = 1000;
    assert_int_equal(outcome_reason(&r, &zero), REASON_SIGNAL);
}

static void term_before_our_sigkill_is_signal(void **state)
{
    struct exit_record r = died_of(15);

    (void)state;
    r.requested_by = BY_USER;
    r.stop_signal_wall_ms = 1000;
    r.kill_wall_ms = 2000;
    assert_int_equal(outcome_reason(&r, &zero), REASON_SIGNAL);
}

/* ---- success ---- */

static void a_listed_signal_is_success(void **state)
{
    struct exit_record r = died_of(15);

    (void)state;
    r.reason = outcome_reason(&r, &zero_and_term);
    assert_int_equal(r.reason, REASON_SIGNAL);
    assert_true(outcome_success(&r, &zero_and_term));
    assert_false(outcome_success(&r, &zero));
}

static void success_is_the_status_whatever_the_reason(void **state)
{
    struct exit_record r = exited(0);

    (void)state;
    r.requested_by = BY_RESTART;
    r.stop_signal_wall_ms = 1000;
    r.reason = REASON_SIGNAL;
    assert_true(outcome_success(&r, &zero));
}

static void health_and_timeout_are_failures_whatever_the_status(void **state)
{
    struct exit_record r = exited(0);

    (void)state;
    r.reason = REASON_SIGNAL;
    r.requested_by = BY_HEALTH;
    assert_false(outcome_success(&r, &zero));
    r.requested_by = BY_TIMEOUT;
    assert_false(outcome_success(&r, &zero));
}

static void a_failed_start_is_no_success(void **state)
{
    struct exit_record r = exited(0);

    (void)state;
    r.ready_after_ms = -1;
    r.reason = outcome_reason(&r, &zero);
    assert_false(outcome_success(&r, &zero));
}

/* ---- the shell's code ---- */

static void the_shells_code(void **state)
{
    struct exit_record r = exited(17);

    (void)state;
    assert_int_equal(outcome_shell_code(&r), 17);
    r = died_of(9);
    assert_int_equal(outcome_shell_code(&r), 137);
    r = exited(-1);
    r.has_status = false;
    assert_int_equal(outcome_shell_code(&r), 1);
}

static void the_shells_code_of_what_never_executed(void **state)
{
    struct exit_record r = exited(42);

    (void)state;
    r.error_stage = STAGE_EXEC;
    r.error_errno = ENOENT;
    assert_int_equal(outcome_shell_code(&r), 127);
    r.error_errno = EACCES;
    assert_int_equal(outcome_shell_code(&r), 126);
    r.error_errno = ENOEXEC;
    assert_int_equal(outcome_shell_code(&r), 1);
    r.error_stage = STAGE_READY; /* it did execute */
    r.error_errno = ETIMEDOUT;
    assert_int_equal(outcome_shell_code(&r), 42);
}

static void every_value_has_a_word(void **state)
{
    (void)state;
    for (int i = 0; i < REASON_COUNT; i++)
        assert_non_null(reason_name((enum reason)i));
    for (int i = 0; i < BY_COUNT; i++)
        assert_non_null(requested_by_name((enum requested_by)i));
    for (int i = 0; i < STAGE_COUNT; i++)
        assert_non_null(start_stage_name((enum start_stage)i));
    assert_string_equal(reason_name(REASON_START_FAILED), "start_failed");
    assert_string_equal(reason_name(REASON_FORCED_KILL), "forced_kill");
    assert_string_equal(requested_by_name(BY_SHUTDOWN), "shutdown");
    assert_string_equal(start_stage_name(STAGE_CHDIR), "chdir");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_ready_and_nobody_asked_is_start_failed),
        cmocka_unit_test(no_process_at_all_is_start_failed),
        cmocka_unit_test(our_sigkill_is_forced_kill),
        cmocka_unit_test(someone_elses_sigkill_is_signal),
        cmocka_unit_test(a_stop_answered_by_exit_0_is_signal),
        cmocka_unit_test(an_exit_on_its_way_when_sigkill_came_is_signal),
        cmocka_unit_test(a_crash_is_signal),
        cmocka_unit_test(every_code_is_natural_or_runtime_error),
        cmocka_unit_test(a_lost_status_is_unknown),
        cmocka_unit_test(never_ready_goes_before_how_it_died),
        cmocka_unit_test(a_stop_while_starting_is_not_a_failed_start),
        cmocka_unit_test(term_before_our_sigkill_is_signal),
        cmocka_unit_test(a_listed_signal_is_success),
        cmocka_unit_test(success_is_the_status_whatever_the_reason),
        cmocka_unit_test(health_and_timeout_are_failures_whatever_the_status),
        cmocka_unit_test(a_failed_start_is_no_success),
        cmocka_unit_test(the_shells_code),
        cmocka_unit_test(the_shells_code_of_what_never_executed),
        cmocka_unit_test(every_value_has_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
