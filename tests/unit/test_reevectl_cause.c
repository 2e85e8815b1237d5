/* Why a unit is as it is: a table of situations, each with the words for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "reevectl/cause.h"
#include "reevectl/endings.h"
#include "reevectl/words.h"

/* Sat 2026-11-21 12:00:00 UTC */
static const int64_t now_wall_ms = 1795262400000;

#define SINCE " since Sat 2026-11-21 11:58:00 UTC, 2m ago"

/* Parts of units: in its state for two minutes, the definition in a.ini. */
#define UNIT(state, goal)                                                                          \
    "\"name\":\"web\",\"kind\":\"service\",\"state\":\"" state "\",\"goal\":\"" goal               \
    "\",\"ready\":false,\"since_ms\":120000,\"enabled\":true,\"autostart\":true,"                  \
    "\"file\":\"/a.ini\",\"line\":2,"
#define SERVICE                                                                                    \
    "\"effective\":{\"directory\":\"/srv/x\",\"ready_timeout_ms\":30000,\"stop_signal\":\"INT\","  \
    "\"stop_timeout_ms\":600000,\"restart\":\"always\",\"restart_limit\":0,"                       \
    "\"restart_window_ms\":60000,\"essential\":false,\"success_exit\":[\"0\",\"TERM\"]}"
#define LIMITED                                                                                    \
    "\"effective\":{\"restart\":\"always\",\"restart_limit\":5,\"restart_window_ms\":60000,"       \
    "\"essential\":false,\"success_exit\":[\"0\"]}"
#define JOB                                                                                        \
    "\"effective\":{\"restart\":null,\"retries\":2,\"timeout_ms\":5000,\"success_exit\":[\"0\"]}"
#define LAST(members)                                                                              \
    "\"run\":7,\"last_exit\":{" RECORD(members) "},\"records\":[{" RECORD(members) "}],"
#define RECORD(members)                                                                            \
    "\"run\":7,\"duration_ms\":3000,\"ended_at\":\"2026-11-21T11:57:55.000Z\"," members
#define EXIT_1 "\"reason\":\"runtime_error\",\"exit_code\":1"
#define EXIT_1_WORDS "run 7 lasted 3s, until 2m ago: ended by itself with exit code 1"
#define ROOT "\"requester\":{\"uid\":0,\"pid\":12,\"unit\":null}"
#define ROOT_WORDS "root (uid 0, pid 12)"
#define EVENT(members) "{\"unit\":\"web\",\"at\":\"2026-11-21T11:57:59.500Z\"," members "}"

struct situation {
    const char *unit;  /* members of UnitDetails */
    const char *event; /* or NULL */
    const char *state, *reason, *last_run, *advice;
};

static const struct situation situations[] = {
    /* up */
    {UNIT("running", "up") SERVICE ",\"run\":1,\"pid\":5,\"restarts\":0", NULL,
     "running" SINCE " (run 1, pid 5)", "", "", ""},
    {UNIT("running", "up") LAST(EXIT_1) SERVICE ",\"pid\":5,\"restarts\":1", NULL,
     "running" SINCE " (run 7, pid 5)", "restarted once", EXIT_1_WORDS, ""},
    {UNIT("starting", "up") LAST(EXIT_1) SERVICE ",\"restarts\":3", NULL, "starting" SINCE,
     "not ready yet, ready_timeout = 30s", EXIT_1_WORDS, ""},
    /* between two tries */
    {UNIT("backoff", "up") LAST(EXIT_1) SERVICE
     ",\"restarts\":6,\"next_start_at\":\"2026-11-21T12:00:09.000Z\"",
     NULL, "backoff" SINCE, "next try in 9s, restarted 6 times already", EXIT_1_WORDS,
     "to try now: reevectl start web"},
    {UNIT("backoff", "up") SERVICE ",\"next_start_at\":\"2026-11-21T12:00:00.300Z\"", NULL,
     "backoff" SINCE, "next try in 300ms", "", "to try now: reevectl start web"},
    {UNIT("backoff", "up") SERVICE ",\"next_start_at\":\"2026-11-21T11:59:59.900Z\"", NULL,
     "backoff" SINCE, "next try at any moment", "", "to try now: reevectl start web"},
    {UNIT("backoff", "up")
         LAST("\"reason\":\"start_failed\",\"error\":{\"stage\":\"exec\",\"errno\":\"ENOENT\","
              "\"message\":\"No such file or directory\"}") SERVICE
     ",\"config\":[{\"key\":\"command\",\"text\":\"'/bin/no pe' -x\",\"file\":\"/a.ini\","
     "\"line\":4}],\"next_start_at\":\"2026-11-21T12:00:09.000Z\"",
     NULL, "backoff" SINCE, "next try in 9s",
     "run 7, 2m ago: start failed: exec /bin/no pe: No such file or directory",
     "install it, then: reevectl start web; after changing /a.ini:4, restart reeved"},
    /* failed for good */
    {UNIT("failed", "up") LAST(EXIT_1) LIMITED, NULL, "failed" SINCE,
     "restart_limit = 5 in 1m was reached, so it is not tried again", EXIT_1_WORDS,
     "to try again: reevectl start web"},
    {UNIT("failed", "up")
         LAST(EXIT_1) "\"effective\":{\"restart\":\"never\",\"restart_limit\":5,\"essential\":true,"
                      "\"success_exit\":[\"0\"]}",
     NULL, "failed" SINCE,
     "restart = never (the default of an essential unit), so it is not tried again", EXIT_1_WORDS,
     "to try again: reevectl start web"},
    {UNIT("failed", "up") LAST(EXIT_1) "\"effective\":{\"restart\":\"never\",\"essential\":true,"
                                       "\"success_exit\":[\"0\"]},"
                                       "\"config\":[{\"key\":\"restart\",\"text\":\"never\"}]",
     NULL, "failed" SINCE, "restart = never, so it is not tried again", EXIT_1_WORDS,
     "to try again: reevectl start web"},
    {UNIT("failed", "up")
         LAST("\"reason\":\"start_failed\",\"error\":{\"stage\":\"chdir\",\"errno\":\"ENOENT\","
              "\"message\":\"No such file or directory\"}") SERVICE
     ",\"config\":[{\"key\":\"directory\",\"text\":\"${X}\",\"file\":\"/a.ini\",\"line\":5}]",
     NULL, "failed" SINCE, "given up, so it is not tried again",
     "run 7, 2m ago: start failed: chdir /srv/x: No such file or directory",
     "create it, then: reevectl start web; after changing /a.ini:5, restart reeved"},
    /* there, but no good */
    {UNIT("failed", "up")
         LAST("\"reason\":\"start_failed\",\"error\":{\"stage\":\"exec\",\"errno\":\"EACCES\","
              "\"message\":\"Permission denied\"}") SERVICE
     ",\"config\":[{\"key\":\"command\",\"text\":\"/bin/x\",\"file\":\"/a.ini\",\"line\":4}]",
     NULL, "failed" SINCE, "given up, so it is not tried again",
     "run 7, 2m ago: start failed: exec /bin/x: Permission denied",
     "put it right, then: reevectl start web; after changing /a.ini:4, restart reeved"},
    {UNIT("failed", "up")
         LAST("\"reason\":\"start_failed\",\"signal\":\"KILL\",\"error\":{\"stage\":\"ready\","
              "\"errno\":\"ETIMEDOUT\",\"message\":\"x\"}") SERVICE
     ",\"config\":[{\"key\":\"ready_timeout\",\"text\":\"30s\",\"file\":\"/a.ini\",\"line\":6}]",
     NULL, "failed" SINCE, "given up, so it is not tried again",
     "run 7, 2m ago: start failed: not ready within 30s",
     "to try again: reevectl start web; after changing /a.ini:6, restart reeved"},
    /* completed */
    {UNIT("completed", "up")
         LAST("\"reason\":\"natural\",\"exit_code\":0") "\"effective\":{\"restart\":\"on-failure\","
                                                        "\"success_exit\":[\"0\"]}",
     NULL, "completed" SINCE, "it ended well, and restart = on-failure",
     "run 7 lasted 3s, until 2m ago: ended by itself with exit code 0",
     "to start it again: reevectl start web"},
    /* stopped, by a record and by an event */
    {UNIT("stopped", "down")
         LAST("\"reason\":\"signal\",\"signal\":\"TERM\",\"requested_by\":\"user\"," ROOT) SERVICE,
     NULL, "stopped" SINCE, ROOT_WORDS " asked for it",
     "run 7 lasted 3s, until 2m ago: ended by SIGTERM (terminated)",
     "to start it: reevectl start web"},
    {UNIT("stopped", "down")
         LAST("\"reason\":\"forced_kill\",\"signal\":\"KILL\",\"requested_by\":\"user\","
              "\"requester\":{\"uid\":4000000000,\"pid\":9},\"leftovers_killed\":2,"
              "\"stop_signal_at\":\"2026-11-21T11:57:45.000Z\","
              "\"kill_at\":\"2026-11-21T11:57:54.998Z\"") SERVICE,
     NULL, "stopped" SINCE, "uid 4000000000, pid 9 asked for it",
     "run 7 lasted 3s, until 2m ago: killed by SIGKILL, since it did not stop within 10s of "
     "SIGINT; 2 leftover processes had to be killed",
     "to start it: reevectl start web"},
    {UNIT("stopped", "down") LAST(EXIT_1) SERVICE,
     EVENT("\"type\":\"unit.requested\",\"request\":\"stop\"," ROOT), "stopped" SINCE,
     ROOT_WORDS " asked for it", EXIT_1_WORDS, "to start it: reevectl start web"},
    {UNIT("stopped", "down") LAST(EXIT_1) SERVICE,
     EVENT("\"type\":\"unit.requested\",\"request\":\"reset_failed\"," ROOT), "stopped" SINCE,
     ROOT_WORDS " asked for a reset of its failure", EXIT_1_WORDS,
     "to start it: reevectl start web"},
    {UNIT("stopped", "down") LAST(EXIT_1) SERVICE,
     "{\"unit\":\"web\",\"at\":\"2026-11-21T11:30:00.000Z\",\"request\":\"stop\"," ROOT "}",
     "stopped" SINCE, "", EXIT_1_WORDS, "to start it: reevectl start web"},
    {UNIT("stopped", "down") LAST(EXIT_1) SERVICE,
     "{\"unit\":\"other\",\"at\":\"2026-11-21T11:58:00.000Z\",\"request\":\"stop\"," ROOT "}",
     "stopped" SINCE, "", EXIT_1_WORDS, "to start it: reevectl start web"},
    {UNIT("stopped", "up")
         LAST("\"reason\":\"signal\",\"exit_code\":0,\"requested_by\":\"shutdown\"") SERVICE,
     NULL, "stopped" SINCE, "reeved shuts down",
     "run 7 lasted 3s, until 2m ago: stopped with exit code 0", "to start it: reevectl start web"},
    /* never up */
    {UNIT("stopped", "down") SERVICE ",\"run\":0,\"autostart\":true", NULL, "never started", "", "",
     "to start it: reevectl start web"},
    {UNIT("stopped", "down") SERVICE ",\"run\":0", EVENT("\"request\":\"stop\"," ROOT),
     "never started", ROOT_WORDS " asked for it", "", "to start it: reevectl start web"},
    /* on its way down */
    {UNIT("stopping", "down") SERVICE ",\"run\":7,\"pid\":5",
     EVENT("\"type\":\"unit.state\",\"requested_by\":\"user\"," ROOT), "stopping" SINCE,
     ROOT_WORDS " asked for it; what does not stop is killed in 8m at the latest", "",
     "to end it now: reevectl signal --to tree KILL web"},
    {UNIT("stopping", "up") SERVICE ",\"run\":7,\"pid\":5",
     EVENT("\"requested_by\":\"restart\"," ROOT), "stopping" SINCE,
     ROOT_WORDS " asked for a restart; what does not stop is killed in 8m at the latest", "",
     "to end it now: reevectl signal --to tree KILL web"},
    {UNIT("stopping", "down") SERVICE ",\"run\":7,\"pid\":5",
     EVENT("\"requested_by\":\"shutdown\"," ROOT), "stopping" SINCE,
     "reeved shuts down, asked for by " ROOT_WORDS
     "; what does not stop is killed in 8m at the latest",
     "", "to end it now: reevectl signal --to tree KILL web"},
    {UNIT("stopping", "up") SERVICE ",\"run\":7,\"pid\":null", NULL, "stopping" SINCE,
     "its main process has ended, and what is left of the run has to; what does not stop is "
     "killed in 8m at the latest",
     "", "to end it now: reevectl signal --to tree KILL web"},
    {UNIT("killing", "down") SERVICE ",\"pid\":5", NULL, "killing" SINCE,
     "unkillable, it outlives SIGKILL: the kernel holds on to it, often for a disk or a network "
     "file system",
     "", "to see where it hangs: ps -o pid,stat,wchan:32,args -p 5"},
    /* from a reeved that knows more */
    {UNIT("waiting", "up") SERVICE, NULL, "waiting" SINCE, "", "", ""},
    {UNIT("pausing", "up") LAST(EXIT_1) SERVICE, NULL, "pausing" SINCE, "", EXIT_1_WORDS, ""},
};

static cJSON *parse(const char *members)
{
    char *text = NULL;
    cJSON *object;

    if (!members)
        return NULL;
    assert_true(asprintf(&text, *members == '{' ? "%s" : "{%s}", members) > 0);
    object = cJSON_Parse(text);
    if (!object)
        fail_msg("not JSON: %s", text);
    free(text);
    return object;
}

static void check(const struct situation *s)
{
    cJSON *unit = parse(s->unit), *event = parse(s->event);
    struct cause c = {0};

    cause_find(&c, unit, event, now_wall_ms);
    assert_string_equal(strbuf_text(&c.state), s->state);
    assert_string_equal(strbuf_text(&c.reason), s->reason);
    assert_string_equal(strbuf_text(&c.last_run), s->last_run);
    assert_string_equal(strbuf_text(&c.advice), s->advice);
    assert_false(c.state.failed || c.reason.failed || c.last_run.failed || c.advice.failed);
    cause_finish(&c);
    cJSON_Delete(unit);
    cJSON_Delete(event);
}

static void test_situations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(situations) / sizeof(situations[0]); i++)
        check(&situations[i]);
}

/* A job says "kind", which comes first in a unit. */
#define A_JOB(state)                                                                               \
    "\"name\":\"web\",\"kind\":\"job\",\"state\":\"" state                                         \
    "\",\"goal\":\"down\",\"since_ms\":120000,\"enabled\":true,\"autostart\":false,"

static const struct situation jobs[] = {
    {A_JOB("failed") LAST(EXIT_1) JOB, NULL, "failed" SINCE,
     "retries = 2, all used, so it is not tried again", EXIT_1_WORDS,
     "to try again: reevectl start web"},
    {A_JOB("failed") LAST("\"reason\":\"signal\",\"signal\":\"TERM\",\"requested_by\":"
                          "\"timeout\"") "\"effective\":{\"retries\":0,\"timeout_ms\":5000,"
                                         "\"success_exit\":[\"0\",\"TERM\"]}",
     NULL, "failed" SINCE, "retries = 0, so it is not tried again",
     "run 7 lasted 3s, until 2m ago: took longer than its timeout of 5s: ended by SIGTERM "
     "(terminated)",
     "to try again: reevectl start web"},
    {A_JOB("completed") LAST("\"reason\":\"natural\",\"exit_code\":0") JOB, NULL, "completed" SINCE,
     "", "run 7 lasted 3s, until 2m ago: ended by itself with exit code 0",
     "to run it again: reevectl start web"},
    {A_JOB("stopped") JOB ",\"run\":0", NULL, "never started",
     "autostart = no (the default of a job), and nobody asked for it", "",
     "to start it: reevectl start web"},
    {A_JOB("stopped") JOB ",\"run\":0,\"config\":[{\"key\":\"autostart\",\"text\":\"no\","
                          "\"file\":\"/a.ini\",\"line\":9}]",
     NULL, "never started", "autostart = no (/a.ini:9), and nobody asked for it", "",
     "to start it: reevectl start web"},
    {"\"name\":\"web\",\"state\":\"stopped\",\"since_ms\":120000,\"enabled\":false,\"run\":0,"
     "\"config\":[{\"key\":\"enabled\",\"text\":\"no\",\"file\":\"/a.ini\",\"line\":3}]",
     NULL, "disabled", "enabled = no (/a.ini:3)", "", "after changing that, restart reeved"},
};

static void test_jobs_and_disabled(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
        check(&jobs[i]);
}

/* Three ends of the same kind in a row are told as such, one of another kind ends the row. */
static void test_runs_alike(void **state)
{
    cJSON *unit = parse(UNIT(
        "failed", "up") "\"last_exit\":{" EXIT_1 "},\"records\":[{" EXIT_1 "},{" EXIT_1 "},{" EXIT_1
                        "},{\"reason\":\"runtime_error\",\"exit_code\":2},{" EXIT_1 "}]," LIMITED);
    struct strbuf alike = STRBUF_INIT;
    struct cause c = {0};

    (void)state;
    cause_add_alike(&alike, unit);
    assert_string_equal(strbuf_text(&alike), "; the 2 before it did the same");
    strbuf_finish(&alike);
    cause_find(&c, unit, NULL, now_wall_ms);
    assert_non_null(strstr(strbuf_text(&c.last_run), "exit code 1; the 2 before it did the same"));
    cause_finish(&c);
    cJSON_Delete(unit);
}

/* Whatever the shape, no crash. */
static void test_odd_shapes(void **state)
{
    static const char *const odd[] = {
        "{}",
        "[]",
        "{\"state\":\"failed\"}",
        "{\"state\":7,\"last_exit\":[],\"records\":5}",
        "{\"state\":\"backoff\",\"records\":[1,null],\"last_exit\":\"x\",\"config\":[3]}",
        "{\"state\":\"stopped\",\"enabled\":true,\"run\":3,\"effective\":[]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        cJSON *unit = cJSON_Parse(odd[i]);
        struct cause c = {0};

        assert_non_null(unit);
        cause_find(&c, unit, unit, now_wall_ms);
        cause_finish(&c);
        cJSON_Delete(unit);
    }
}

static void test_event_types(void **state)
{
    cJSON *unit = parse("\"state\":\"stopped\"");

    (void)state;
    assert_string_equal(cause_event_type(unit), "unit.requested");
    cJSON_Delete(unit);
    unit = parse("\"state\":\"stopping\"");
    assert_string_equal(cause_event_type(unit), "unit.state");
    cJSON_Delete(unit);
    unit = parse("\"state\":\"failed\"");
    assert_null(cause_event_type(unit));
    cJSON_Delete(unit);
}

struct failure_case {
    const char *record;
    bool failure;
};

static void test_failures(void **state)
{
    static const struct failure_case cases[] = {
        {EXIT_1, true},
        {"\"reason\":\"natural\",\"exit_code\":0", false},
        {"\"reason\":\"signal\",\"signal\":\"TERM\"", false}, /* in success_exit */
        {"\"reason\":\"signal\",\"signal\":\"SEGV\"", true},
        {"\"reason\":\"signal\",\"signal\":\"SEGV\",\"requested_by\":\"user\"", false},
        {"\"reason\":\"forced_kill\",\"signal\":\"KILL\",\"requested_by\":\"restart\"", false},
        {"\"reason\":\"signal\",\"signal\":\"TERM\",\"requested_by\":\"timeout\"", true},
        {"\"reason\":\"signal\",\"exit_code\":0,\"requested_by\":\"health\"", true},
        {"\"reason\":\"start_failed\",\"exit_code\":0", true},
        {"\"reason\":\"unknown\"", true},
    };
    cJSON *unit = parse(SERVICE);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cJSON *record = parse(cases[i].record);

        if (endings_is_failure(record, unit) != cases[i].failure)
            fail_msg("%s", cases[i].record);
        cJSON_Delete(record);
    }
    cJSON_Delete(unit);
}

static int use_utc(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_situations),  cmocka_unit_test(test_jobs_and_disabled),
        cmocka_unit_test(test_runs_alike),  cmocka_unit_test(test_odd_shapes),
        cmocka_unit_test(test_event_types), cmocka_unit_test(test_failures),
    };

    return cmocka_run_group_tests(tests, use_utc, NULL);
}
