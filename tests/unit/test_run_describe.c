/* What is said of a run, in the log as in answers. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/describe.h"

static struct hook_command commands[] = {
    {.text = "/srv/x --migrate"},
    {.text = "/srv/x --password=hunter2 postgres://me:secret@db/x"},
};
static const struct unit_spec spec = {
    .name = "web",
    .directory = "/srv",
    .hooks[HOOK_PRE_START] = {commands, 2},
    .hooks[HOOK_STOP] = {commands, 1},
    .hook_timeout_ms = 5000,
    .stop_timeout_ms = 90000,
    .stop_signal = SIGTERM,
};

static void expect_failure(enum hook hook, struct hook_failure failure, const char *expected)
{
    struct strbuf b = STRBUF_INIT;

    describe_hook_failure(&b, &spec, hook, failure);
    assert_false(b.failed);
    assert_string_equal(strbuf_text(&b), expected);
    strbuf_finish(&b);
}

static void a_hook_that_failed(void **state)
{
    (void)state;
    expect_failure(HOOK_PRE_START,
                   (struct hook_failure){.command = 0, .how = PROBE_EXITED, .code = 3}, "");
    expect_failure(HOOK_PRE_START,
                   (struct hook_failure){.command = 1, .how = PROBE_EXITED, .code = 3},
                   "command 1 (/srv/x --migrate) exited with code 3");
    expect_failure(HOOK_PRE_START,
                   (struct hook_failure){.command = 1, .how = PROBE_SIGNALLED, .code = SIGSEGV},
                   "command 1 (/srv/x --migrate) was ended by SIGSEGV");
    expect_failure(HOOK_PRE_START,
                   (struct hook_failure){.command = 1, .how = PROBE_ERROR, .code = ENOENT},
                   "command 1 (/srv/x --migrate) could not be run: No such file or directory");
    expect_failure(HOOK_PRE_START, (struct hook_failure){1, PROBE_ERROR, EACCES, STAGE_CHDIR},
                   "command 1 (/srv/x --migrate) could not be run: chdir /srv: Permission denied");
    expect_failure(HOOK_PRE_START, (struct hook_failure){1, PROBE_ERROR, EPERM, STAGE_USER},
                   "command 1 (/srv/x --migrate) could not be run: user: Operation not permitted");
    expect_failure(
        HOOK_PRE_START, (struct hook_failure){.command = 1, .how = PROBE_SKIPPED, .code = 0},
        "command 1 (/srv/x --migrate) could not be run: reeved lacked memory or descriptors");
}

static void a_hook_that_was_late_tells_the_key(void **state)
{
    (void)state;
    expect_failure(HOOK_PRE_START,
                   (struct hook_failure){.command = 1, .how = PROBE_LATE, .code = 0},
                   "command 1 (/srv/x --migrate) did not end in time (hook_timeout = 5s)");
    expect_failure(HOOK_PRE_START,
                   (struct hook_failure){.command = 1, .how = PROBE_LATE, .code = 1},
                   "command 1 (/srv/x --migrate) did not end in the time that the shutdown left");
    expect_failure(HOOK_STOP, (struct hook_failure){.command = 1, .how = PROBE_LATE, .code = 0},
                   "command 1 (/srv/x --migrate) did not end in time (stop_timeout = 1m30s)");
}

static void secrets_of_a_hook_are_not_told(void **state)
{
    (void)state;
    expect_failure(HOOK_PRE_START,
                   (struct hook_failure){.command = 2, .how = PROBE_EXITED, .code = 1},
                   "command 2 (/srv/x --password=*** postgres://me:***@db/x) exited with code 1");
}

static void a_hook_of_an_older_definition(void **state)
{
    (void)state;
    expect_failure(HOOK_STOP, (struct hook_failure){.command = 2, .how = PROBE_EXITED, .code = 1},
                   "command 2 exited with code 1");
    expect_failure(HOOK_RELOAD, (struct hook_failure){.command = 1, .how = PROBE_EXITED, .code = 1},
                   "command 1 exited with code 1");
}

static void a_pre_start_that_failed(void **state)
{
    const struct unit u = {.spec = &spec};
    struct exit_record r = {.error_stage = STAGE_PRE_START};
    struct strbuf b = STRBUF_INIT;

    (void)state;
    describe_start_error(&b, &u, &r);
    assert_string_equal(strbuf_text(&b), "pre_start: a command failed");
    strbuf_finish(&b);
    r.failed[HOOK_PRE_START] = (struct hook_failure){.command = 1, .how = PROBE_EXITED, .code = 3};
    describe_start_error(&b, &u, &r);
    assert_string_equal(strbuf_text(&b),
                        "pre_start: command 1 (/srv/x --migrate) exited with code 3");
    strbuf_finish(&b);
}

static void secrets_of_a_probe_are_not_told(void **state)
{
    const struct probe_spec probe = {.kind = PROBE_EXEC,
                                     .text = "exec:env PGPASSWORD=x pg_isready"};
    struct strbuf b = STRBUF_INIT;

    (void)state;
    describe_probe(&b, &probe, (struct probe_result){PROBE_EXITED, 2});
    assert_string_equal(strbuf_text(&b), "exec:env PGPASSWORD=*** pg_isready: exit code 2");
    strbuf_finish(&b);
}

static void expect_mistake(struct mistake m, const char *other, const char *expected)
{
    struct strbuf b = STRBUF_INIT;

    describe_mistake(&b, &spec, &m, other);
    assert_string_equal(strbuf_text(&b), expected);
    strbuf_finish(&b);
}

static void mistakes(void **state)
{
    (void)state;
    expect_mistake((struct mistake){.kind = MISTAKE_NONE}, NULL, "");
    expect_mistake((struct mistake){.kind = MISTAKE_DAEMONIZED, .pid = 1234, .program = "nginx"},
                   NULL,
                   "the command put itself into the background: it ended and left 1234 (nginx)");
    expect_mistake((struct mistake){.kind = MISTAKE_DAEMONIZED}, NULL,
                   "the command put itself into the background: it ended and left others behind");
    expect_mistake((struct mistake){.kind = MISTAKE_SWALLOWED, .pid = 12, .program = "node"}, NULL,
                   "its main process kept SIGTERM to itself and did not tell 12 (node)");
    expect_mistake((struct mistake){.kind = MISTAKE_SWALLOWED, .pid = 12}, NULL,
                   "its main process kept SIGTERM to itself and did not tell process 12");
    expect_mistake(
        (struct mistake){.kind = MISTAKE_PORT_TAKEN, .pid = 7, .program = "nginx", .port = 8080},
        "web@2", "port 8080 is held by 7 (nginx) of unit web@2");
    expect_mistake((struct mistake){.kind = MISTAKE_PORT_TAKEN, .port = 8080}, NULL,
                   "port 8080 is held by another process");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hook_that_failed),
        cmocka_unit_test(a_hook_that_was_late_tells_the_key),
        cmocka_unit_test(secrets_of_a_hook_are_not_told),
        cmocka_unit_test(a_hook_of_an_older_definition),
        cmocka_unit_test(a_pre_start_that_failed),
        cmocka_unit_test(secrets_of_a_probe_are_not_told),
        cmocka_unit_test(mistakes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
