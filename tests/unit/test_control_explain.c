/* What a person reads when an operation did not succeed. */
#include "core_unit_support.h"

#include "control/explain.h"
#include "run/describe.h"

static void expect_verdict(struct story *s, enum verdict verdict, const char *expected)
{
    struct strbuf b = STRBUF_INIT;

    explain_verdict(&b, &s->unit, verdict,
                    verdict == VERDICT_ENDED ? unit_last_record(&s->unit) : NULL, s->now);
    assert_string_equal(strbuf_text(&b), expected);
    strbuf_finish(&b);
}

static int setup(void **state)
{
    static char program[] = "/usr/bin/nope";
    static char *argv[] = {program, NULL};
    struct story *s;
    int r = story_begin(state);

    s = *state;
    s->spec.argv = argv;
    s->spec.argc = 1;
    s->spec.directory = "/srv/x";
    return r;
}

static void failed_exec_names_the_program_and_the_next_try(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    spawned(s);
    fails(s, EV_EXEC_ERROR, STAGE_EXEC, ENOENT);
    exits(s, 1);
    expect_verdict(
        s, VERDICT_ENDED,
        "start_failed: exec /usr/bin/nope: No such file or directory; next try in 100ms");
}

static void failed_chdir_names_the_directory(void **state)
{
    struct story *s = *state;

    s->spec.restart = RESTART_NEVER;
    ask(s, EV_START);
    spawned(s);
    fails(s, EV_EXEC_ERROR, STAGE_CHDIR, EACCES);
    exits(s, 1);
    expect_verdict(s, VERDICT_ENDED,
                   "start_failed: chdir /srv/x: Permission denied; it is not tried again");
}

static void failed_clone(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    fails(s, EV_SPAWN_ERROR, STAGE_CLONE, EAGAIN);
    expect_verdict(s, VERDICT_ENDED,
                   "start_failed: clone: Resource temporarily unavailable; next try in 100ms");
}

static void not_ready_in_time(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    spawned(s);
    deadline(s);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    expect_verdict(s, VERDICT_ENDED, "start_failed: not ready within 30s; next try in 100ms");
    assert_string_equal(describe_start_errno(unit_last_record(&s->unit)), "not ready in time");
}

static void stopped_while_starting_tells_by_whom(void **state)
{
    struct story *s = *state;

    ask(s, EV_START);
    spawned(s);
    ask(s, EV_STOP);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    expect_verdict(s, VERDICT_ENDED, "ended by signal TERM, asked for by user (uid 1000, pid 77)");
}

static void other_verdicts(void **state)
{
    struct story *s = *state;

    expect_verdict(s, VERDICT_OK, "");
    expect_verdict(s, VERDICT_STOPPED, "stopped by another request before it was started");
    expect_verdict(s, VERDICT_UNKILLABLE,
                   "unkillable: processes of its run outlive SIGKILL; nothing is started until "
                   "they are gone");
}

static void timeout_tells_the_state(void **state)
{
    struct story *s = *state;
    struct strbuf b = STRBUF_INIT;

    ask(s, EV_START);
    explain_timeout(&b, &s->unit, 1500);
    assert_string_equal(strbuf_text(&b), "still starting after 1s500ms");
    strbuf_finish(&b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, story_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(failed_exec_names_the_program_and_the_next_try),
        TEST(failed_chdir_names_the_directory),
        TEST(failed_clone),
        TEST(not_ready_in_time),
        TEST(stopped_while_starting_tells_by_whom),
        TEST(other_verdicts),
        TEST(timeout_tells_the_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
