/* What a person reads when an operation did not succeed. */
#include "core_unit_support.h"

#include <signal.h>

#include "control/asking.h"
#include "control/explain.h"
#include "fake_supervisor.h"
#include "run/describe.h"

static struct supervisor fake;

static void expect_verdict(struct story *s, enum verdict verdict, const char *expected)
{
    struct strbuf b = STRBUF_INIT;

    explain_verdict(&b, &fake, &s->unit, verdict,
                    verdict == VERDICT_ENDED ? unit_last_record(&s->unit) : NULL, s->now);
    assert_string_equal(strbuf_text(&b), expected);
    strbuf_finish(&b);
}

static int setup(void **state)
{
    static char program[] = "/usr/bin/nope";
    static char *argv[] = {program, NULL};
    static const char *const names[] = {"web", "app", "db"};
    struct story *s;
    int r = story_begin(state);

    fake_init(&fake, names, 3);
    s = *state;
    s->spec.argv = argv;
    s->spec.argc = 1;
    s->spec.directory = "/srv/x";
    return r;
}

static int end(void **state)
{
    fake_finish(&fake);
    return story_end(state);
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

static void is_probed(struct story *s)
{
    s->spec.ready = READY_PROBED;
    s->spec.ready_probe = (struct probe_spec){
        .kind = PROBE_EXEC,
        .text = "exec:env PGPASSWORD=xyzzy pg_isready",
    };
    ask(s, EV_START);
    spawned(s);
    plain(s, EV_EXECED);
}

static void not_ready_in_time_tells_what_the_last_look_found(void **state)
{
    struct story *s = *state;

    is_probed(s);
    s->unit.current.look = (struct probe_result){PROBE_EXITED, 2};
    deadline(s);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    expect_verdict(s, VERDICT_ENDED,
                   "start_failed: not ready within 30s (exec:env PGPASSWORD=*** pg_isready: exit "
                   "code 2); next try in 100ms");
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
    expect_verdict(s, VERDICT_NO_HEALTH,
                   "it has no health key, so nobody knows whether it is healthy; wait until it is "
                   "ready");
    expect_verdict(s, VERDICT_UNKILLABLE,
                   "unkillable: processes of its run outlive SIGKILL; nothing is started until "
                   "they are gone");
}

/* The story's unit, as the unit `index` of the fake. */
static void becomes(const struct story *s, uint32_t index)
{
    struct unit *u = &fake.units[index];

    *u = s->unit;
    u->spec = &fake.specs[index];
    u->index = index;
}

static void stuck_tells_what_failed_and_what_to_do(void **state)
{
    struct story *s = *state;

    s->spec.restart = RESTART_NEVER;
    start_until_running(s);
    exits(s, 3);
    becomes(s, 2);
    fake.waiting[0] =
        (struct waiting_for){.unit = 2, .until = WAITED_READY, .failed = true, .cause = 2};
    expect_verdict(s, VERDICT_STUCK,
                   "db has failed: ended with exit code 3; 'reevectl reset-failed db' lets it try "
                   "again; web starts then, unless stopped");
    fake.waiting[0].unit = 1;
    expect_verdict(s, VERDICT_STUCK,
                   "app waits for db, which has failed: ended with exit code 3; "
                   "'reevectl reset-failed db' lets it try again; web starts then, "
                   "unless stopped");
}

static void stuck_for_what_ended_well(void **state)
{
    struct story *s = *state;

    s->spec.restart = RESTART_NEVER;
    start_until_running(s);
    exits(s, 0);
    becomes(s, 2);
    assert_int_equal(fake.units[2].phase, PHASE_COMPLETED);
    fake.waiting[0] = (struct waiting_for){
        .unit = 2, .until = WAITED_READY, .failed = true, .cause = 2, .completed = true};
    expect_verdict(
        s, VERDICT_STUCK,
        "db does not run any more: ended with exit code 0; 'reevectl start db' starts it again; "
        "web starts then, unless stopped");
}

static void stuck_a_moment_ago(void **state)
{
    expect_verdict(*state, VERDICT_STUCK, "what it requires had failed");
    fake.waiting[0] = (struct waiting_for){.unit = 2, .until = WAITED_READY};
    expect_verdict(*state, VERDICT_STUCK, "what it requires had failed");
}

static void ended_along_with_another_tells_which(void **state)
{
    struct story *s = *state;
    struct event stop = {.type = EV_STOP,
                         .u.ask = {.by = BY_DEPENDENCY,
                                   .requester = {.known = true, .uid = 5, .pid = 6, .unit = 3}}};

    ask(s, EV_START);
    spawned(s);
    take(s, stop);
    plain(s, EV_SIGNALLED);
    dies(s, 15);
    expect_verdict(s, VERDICT_ENDED,
                   "ended by signal TERM, asked for by dependency db (uid 5, pid 6)");
}

static void expect_timeout(const struct story *s, const char *expected)
{
    struct strbuf b = STRBUF_INIT;

    explain_timeout(&b, &fake, &s->unit, OPERATION_START, 5000, s->now);
    assert_string_equal(strbuf_text(&b), expected);
    strbuf_finish(&b);
}

static void timeout_tells_what_is_waited_for(void **state)
{
    struct story *s = *state;

    s->unit.phase = PHASE_WAITING;
    fake.waiting[0] = (struct waiting_for){.unit = 2, .until = WAITED_READY};
    expect_timeout(s, "still waiting after 5s, for db to be ready");
    fake.waiting[0].others = 1;
    expect_timeout(s, "still waiting after 5s, for db to be ready and for 1 other");
    fake.waiting[0] = (struct waiting_for){.unit = 1, .until = WAITED_STARTED, .others = 2};
    expect_timeout(s, "still waiting after 5s, for app to start and for 2 others");
    fake.waiting[0] = (struct waiting_for){.unit = 2, .until = WAITED_HEALTHY};
    expect_timeout(s, "still waiting after 5s, for db to be healthy");
    fake.waiting[0] = (struct waiting_for){.unit = 1, .until = WAITED_COMPLETED};
    expect_timeout(s, "still waiting after 5s, for app to complete");
    s->unit.phase = PHASE_RUNNING;
    fake.waiting[0] = (struct waiting_for){.unit = 1, .until = WAITED_STOPPED};
    expect_timeout(s, "still running after 5s, waiting for app to stop");
}

static void timeout_tells_the_state(void **state)
{
    struct story *s = *state;
    struct strbuf b = STRBUF_INIT;

    ask(s, EV_START);
    explain_timeout(&b, &fake, &s->unit, OPERATION_START, 1500, s->now);
    assert_string_equal(strbuf_text(&b), "still starting after 1s500ms");
    strbuf_finish(&b);
}

static void expect_timed_out(struct story *s, enum operation operation, const char *expected)
{
    struct strbuf b = STRBUF_INIT;

    explain_timeout(&b, &fake, &s->unit, operation, 5000, s->now);
    assert_string_equal(strbuf_text(&b), expected);
    strbuf_finish(&b);
}

static void timeout_tells_what_the_last_look_found(void **state)
{
    struct story *s = *state;

    is_probed(s);
    expect_timed_out(s, OPERATION_START, "still starting after 5s");
    s->unit.current.look = (struct probe_result){PROBE_EXITED, 2};
    expect_timed_out(s, OPERATION_START,
                     "still starting after 5s, not ready: exec:env PGPASSWORD=*** pg_isready: exit "
                     "code 2");
}

static void timeout_tells_why_it_is_not_healthy(void **state)
{
    struct story *s = *state;

    s->spec.health = (struct probe_spec){.kind = PROBE_TCP, .text = "tcp:localhost:80"};
    s->spec.health_retries = 3;
    start_until_running(s);
    expect_timed_out(s, OPERATION_AWAIT_HEALTHY, "still running after 5s, not healthy yet");
    (void)health_take(&s->unit.health, &s->spec, (struct probe_result){PROBE_ERROR, ECONNREFUSED},
                      1, 0, s->now);
    expect_timed_out(s, OPERATION_AWAIT_HEALTHY,
                     "still running after 5s, not healthy: tcp:localhost:80: Connection refused");
    expect_timed_out(s, OPERATION_AWAIT_COMPLETED, "still running after 5s");
}

/* ---- reloads, holds, hooks ---- */

static struct hook_command hook_commands[] = {{.text = "/srv/x --check"},
                                              {.text = "/srv/x --token=abc"}};

static void a_reload_that_failed(void **state)
{
    struct story *s = *state;

    start_until_running(s);
    s->spec.reload_signal = SIGHUP;
    s->unit.reload_result = (struct probe_result){PROBE_ERROR, EPERM};
    s->unit.current.failed[HOOK_RELOAD] =
        (struct hook_failure){.command = 1, .how = PROBE_ERROR, .code = EPERM};
    expect_verdict(s, VERDICT_NOT_RELOADED, "SIGHUP could not be sent: Operation not permitted");
    s->spec.reload_signal = 0;
    s->spec.hooks[HOOK_RELOAD] = (struct hook_list){hook_commands, 2};
    s->unit.reload_result = (struct probe_result){PROBE_EXITED, 2};
    s->unit.current.failed[HOOK_RELOAD] =
        (struct hook_failure){.command = 2, .how = PROBE_EXITED, .code = 2};
    expect_verdict(s, VERDICT_NOT_RELOADED,
                   "reload_command: command 2 (/srv/x --token=***) exited with code 2");
}

static void a_reload_whose_run_ended(void **state)
{
    struct story *s = *state;

    expect_verdict(s, VERDICT_NOT_RUNNING, "its run ended before the reload was over");
    s->unit.phase = PHASE_RUNNING; /* a later run */
    expect_verdict(s, VERDICT_NOT_RUNNING, "its run ended before the reload was over");
}

static void a_reload_is_refused(void **state)
{
    const struct asking_request q = {.asking = ASK_RELOAD};
    struct story *s = *state;
    struct strbuf b = STRBUF_INIT;

    asking_explain(&q, &s->unit, -ENOTSUP, &b);
    assert_string_equal(strbuf_text(&b), "it has neither reload_signal nor reload_command; to send "
                                         "it a signal: 'reevectl signal HUP web'");
    strbuf_finish(&b);
    asking_explain(&q, &s->unit, -ESRCH, &b);
    assert_string_equal(strbuf_text(&b), "stopped, not running; nothing was reloaded");
    strbuf_finish(&b);
}

static void timeout_tells_the_hook_at_work(void **state)
{
    struct story *s = *state;

    s->unit.phase = PHASE_PRE_START;
    s->unit.hook = HOOK_PRE_START;
    expect_timeout(s, "still starting after 5s, in pre_start: command 1");
    s->spec.hooks[HOOK_PRE_START] = (struct hook_list){hook_commands, 2};
    s->unit.hook_at = 1;
    expect_timeout(s, "still starting after 5s, in pre_start: command 2 (/srv/x --token=***)");
    s->unit.phase = PHASE_RUNNING;
    s->unit.hook = HOOK_RELOAD;
    s->unit.hook_at = 0;
    expect_timed_out(s, OPERATION_RELOAD, "still reloading after 5s, in reload_command: command 1");
}

static void is_held(struct unit *u, const struct story *s, int64_t ms)
{
    u->phase = PHASE_HELD;
    u->held_until_ms = s->now.mono_ms + ms;
    u->held_until_wall_ms = s->now.wall_ms + ms;
}

static void timeout_tells_how_long_it_is_held(void **state)
{
    struct story *s = *state;

    is_held(&s->unit, s, 595900);
    expect_timeout(s, "still waiting after 5s, held for another 9m55s; 'reevectl hold --release "
                      "web' lets it start");
    s->unit.phase = PHASE_WAITING;
    fake.waiting[0] = (struct waiting_for){.unit = 2, .until = WAITED_READY, .others = 1};
    is_held(&fake.units[2], s, 500);
    expect_timeout(s, "still waiting after 5s, for db to be ready, which is held for another "
                      "500ms and for 1 other");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(failed_exec_names_the_program_and_the_next_try),
        TEST(failed_chdir_names_the_directory),
        TEST(failed_clone),
        TEST(not_ready_in_time),
        TEST(not_ready_in_time_tells_what_the_last_look_found),
        TEST(stopped_while_starting_tells_by_whom),
        TEST(other_verdicts),
        TEST(stuck_tells_what_failed_and_what_to_do),
        TEST(stuck_for_what_ended_well),
        TEST(stuck_a_moment_ago),
        TEST(ended_along_with_another_tells_which),
        TEST(timeout_tells_the_state),
        TEST(timeout_tells_what_is_waited_for),
        TEST(timeout_tells_what_the_last_look_found),
        TEST(timeout_tells_why_it_is_not_healthy),
        TEST(a_reload_that_failed),
        TEST(a_reload_whose_run_ended),
        TEST(a_reload_is_refused),
        TEST(timeout_tells_the_hook_at_work),
        TEST(timeout_tells_how_long_it_is_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
