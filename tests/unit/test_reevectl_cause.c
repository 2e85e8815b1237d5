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
#define OTHER "\"requester\":{\"uid\":4000000000,\"pid\":9,\"unit\":null}"
#define STOPPED LAST("\"reason\":\"signal\",\"signal\":\"TERM\",\"requested_by\":\"user\"," ROOT)
#define STOPPED_WORDS "run 7 lasted 3s, until 2m ago: ended by SIGTERM (terminated)"
#define EVENT(members) "{\"unit\":\"web\"," members "}"
#define REQUESTED(kind, members)                                                                   \
    EVENT("\"type\":\"unit.requested\",\"request\":\"" kind "\"," members)
#define MOVED(previous, state, run)                                                                \
    EVENT("\"type\":\"unit.state\",\"previous\":\"" previous "\",\"state\":\"" state               \
          "\",\"run\":" run ",\"requested_by\":null")
#define TAKEN_DOWN(by, members)                                                                    \
    EVENT("\"type\":\"unit.state\",\"previous\":\"running\",\"state\":\"stopping\",\"run\":7,"     \
          "\"requested_by\":\"" by "\"," members)
#define BEGUN(run) "," MOVED("stopped", "starting", run) "," MOVED("starting", "running", run)

struct situation {
    const char *unit;   /* members of UnitDetails */
    const char *events; /* or NULL */
    const char *state, *reason, *last_run, *advice;
};

/* The same among others. */
struct company {
    struct situation s;
    const char *other, *above, *session, *health; /* what is told of them, or NULL */
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
     "to try again: reevectl reset-failed web"},
    {UNIT("failed", "up")
         LAST(EXIT_1) "\"effective\":{\"restart\":\"never\",\"restart_limit\":5,\"essential\":true,"
                      "\"success_exit\":[\"0\"]}",
     NULL, "failed" SINCE,
     "restart = never (the default of an essential unit), so it is not tried again", EXIT_1_WORDS,
     "to try again: reevectl reset-failed web"},
    {UNIT("failed", "up") LAST(EXIT_1) "\"effective\":{\"restart\":\"never\",\"essential\":true,"
                                       "\"success_exit\":[\"0\"]},"
                                       "\"config\":[{\"key\":\"restart\",\"text\":\"never\"}]",
     NULL, "failed" SINCE, "restart = never, so it is not tried again", EXIT_1_WORDS,
     "to try again: reevectl reset-failed web"},
    {UNIT("failed", "up")
         LAST("\"reason\":\"start_failed\",\"error\":{\"stage\":\"chdir\",\"errno\":\"ENOENT\","
              "\"message\":\"No such file or directory\"}") SERVICE
     ",\"config\":[{\"key\":\"directory\",\"text\":\"${X}\",\"file\":\"/a.ini\",\"line\":5}]",
     NULL, "failed" SINCE, "given up, so it is not tried again",
     "run 7, 2m ago: start failed: chdir /srv/x: No such file or directory",
     "create it, then: reevectl reset-failed web; after changing /a.ini:5, restart reeved"},
    /* there, but no good */
    {UNIT("failed", "up")
         LAST("\"reason\":\"start_failed\",\"error\":{\"stage\":\"exec\",\"errno\":\"EACCES\","
              "\"message\":\"Permission denied\"}") SERVICE
     ",\"config\":[{\"key\":\"command\",\"text\":\"/bin/x\",\"file\":\"/a.ini\",\"line\":4}]",
     NULL, "failed" SINCE, "given up, so it is not tried again",
     "run 7, 2m ago: start failed: exec /bin/x: Permission denied",
     "put it right, then: reevectl reset-failed web; after changing /a.ini:4, restart reeved"},
    {UNIT("failed", "up")
         LAST("\"reason\":\"start_failed\",\"signal\":\"KILL\",\"error\":{\"stage\":\"ready\","
              "\"errno\":\"ETIMEDOUT\",\"message\":\"x\"}") SERVICE
     ",\"config\":[{\"key\":\"ready_timeout\",\"text\":\"30s\",\"file\":\"/a.ini\",\"line\":6}]",
     NULL, "failed" SINCE, "given up, so it is not tried again",
     "run 7, 2m ago: start failed: not ready within 30s",
     "to try again: reevectl reset-failed web; after changing /a.ini:6, restart reeved"},
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
     REQUESTED("stop", ROOT) "," MOVED("backoff", "stopped", "7"), "stopped" SINCE,
     ROOT_WORDS " asked for it", EXIT_1_WORDS, "to start it: reevectl start web"},
    {UNIT("stopped", "down") LAST(EXIT_1) SERVICE,
     MOVED("backoff", "failed", "7") "," REQUESTED("reset_failed", ROOT) "," MOVED("failed",
                                                                                   "stopped", "7"),
     "stopped" SINCE, ROOT_WORDS " asked for a reset of its failure", EXIT_1_WORDS,
     "to start it: reevectl start web"},
    /* the stop that led to it, and not one before that, nor what came to nothing after it */
    {UNIT("stopped", "down") STOPPED SERVICE,
     REQUESTED("stop", OTHER) BEGUN("7") "," MOVED("stopping", "stopped", "7"), "stopped" SINCE,
     ROOT_WORDS " asked for it", STOPPED_WORDS, "to start it: reevectl start web"},
    {UNIT("stopped", "down") STOPPED SERVICE,
     MOVED("stopping", "stopped", "7") "," REQUESTED("reset_failed", OTHER) "," REQUESTED("stop",
                                                                                          OTHER),
     "stopped" SINCE, ROOT_WORDS " asked for it", STOPPED_WORDS, "to start it: reevectl start web"},
    /* the record is of a run before the one that did not come to be */
    {UNIT("stopped", "down") STOPPED SERVICE,
     MOVED("stopped", "waiting", "7") "," REQUESTED("stop", OTHER) "," MOVED("waiting", "stopped",
                                                                             "7"),
     "stopped" SINCE, "uid 4000000000, pid 9 asked for it", STOPPED_WORDS,
     "to start it: reevectl start web"},
    {UNIT("stopped", "down") STOPPED SERVICE,
     REQUESTED("stop", OTHER)
         BEGUN("7") "," MOVED("running", "waiting", "7") "," MOVED("waiting", "stopped", "7"),
     "stopped" SINCE, "", STOPPED_WORDS, "to start it: reevectl start web"},
    {UNIT("stopped", "down") LAST(EXIT_1) SERVICE,
     "{\"unit\":\"other\",\"type\":\"unit.requested\",\"request\":\"stop\"," ROOT
     "}," MOVED("backoff", "stopped", "7"),
     "stopped" SINCE, "", EXIT_1_WORDS, "to start it: reevectl start web"},
    /* it has moved on since it was asked about */
    {UNIT("stopped", "down") LAST(EXIT_1) SERVICE,
     REQUESTED("stop", ROOT) "," MOVED("backoff", "stopped", "7") BEGUN("8"), "stopped" SINCE, "",
     EXIT_1_WORDS, "to start it: reevectl start web"},
    {UNIT("stopped", "up")
         LAST("\"reason\":\"signal\",\"exit_code\":0,\"requested_by\":\"shutdown\"") SERVICE,
     NULL, "stopped" SINCE, "reeved shuts down",
     "run 7 lasted 3s, until 2m ago: stopped with exit code 0", "to start it: reevectl start web"},
    /* never up */
    {UNIT("stopped", "down") SERVICE ",\"run\":0,\"autostart\":true", NULL, "never started", "", "",
     "to start it: reevectl start web"},
    {UNIT("stopped", "down") SERVICE ",\"run\":0",
     REQUESTED("stop", ROOT) "," MOVED("waiting", "stopped", "0"), "never started",
     ROOT_WORDS " asked for it", "", "to start it: reevectl start web"},
    /* on its way down */
    {UNIT("stopping", "down") SERVICE ",\"run\":7,\"pid\":5", TAKEN_DOWN("user", ROOT),
     "stopping" SINCE, ROOT_WORDS " asked for it; what does not stop is killed in 8m at the latest",
     "", "to end it now: reevectl signal --to tree KILL web"},
    {UNIT("stopping", "up") SERVICE ",\"run\":7,\"pid\":5", TAKEN_DOWN("restart", ROOT),
     "stopping" SINCE,
     ROOT_WORDS " asked for a restart; what does not stop is killed in 8m at the latest", "",
     "to end it now: reevectl signal --to tree KILL web"},
    {UNIT("stopping", "down") SERVICE ",\"run\":7,\"pid\":5", TAKEN_DOWN("shutdown", ROOT),
     "stopping" SINCE,
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

/* Of what stands between the brackets. */
static cJSON *parse_list(const char *items)
{
    char *text = NULL;
    cJSON *list;

    if (!items)
        return NULL;
    assert_true(asprintf(&text, "[%s]", items) > 0);
    list = cJSON_Parse(text);
    if (!list)
        fail_msg("not JSON: %s", text);
    free(text);
    return list;
}

static void check_among(const struct company *company)
{
    const struct situation *s = &company->s;
    cJSON *unit = parse(s->unit), *other = parse(company->other);
    cJSON *events = parse_list(s->events);
    cJSON *above = company->above ? cJSON_Parse(company->above) : NULL;
    cJSON *session = parse(company->session), *health = parse(company->health);
    const struct cause_facts facts = {.unit = unit,
                                      .events = events,
                                      .other = other,
                                      .above = above,
                                      .session = session,
                                      .health = health};
    struct cause c = {0};

    cause_find(&c, &facts, now_wall_ms);
    assert_string_equal(strbuf_text(&c.state), s->state);
    assert_string_equal(strbuf_text(&c.reason), s->reason);
    assert_string_equal(strbuf_text(&c.last_run), s->last_run ? s->last_run : "");
    assert_string_equal(strbuf_text(&c.advice), s->advice ? s->advice : "");
    assert_false(c.state.failed || c.reason.failed || c.last_run.failed || c.advice.failed);
    cause_finish(&c);
    cJSON_Delete(unit);
    cJSON_Delete(events);
    cJSON_Delete(other);
    cJSON_Delete(above);
    cJSON_Delete(session);
    cJSON_Delete(health);
}

static void check(const struct situation *s)
{
    check_among(&(struct company){.s = *s});
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
    cause_find(&c, &(struct cause_facts){.unit = unit}, now_wall_ms);
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
        "{\"state\":\"waiting\",\"waiting\":7}",
        "{\"state\":\"waiting\",\"waiting\":{\"failed\":true,\"cause\":[]},\"since_ms\":\"x\"}",
        "{\"state\":\"waiting\",\"waiting\":{\"unit\":null,\"until\":4,\"others\":-3}}",
        "{\"state\":\"running\",\"waiting\":{\"until\":\"stopped\"},\"goal\":\"down\"}",
        "{\"state\":\"running\",\"goal\":\"up\",\"dependents\":[1,{\"unit\":5}],\"run\":{}}",
        ("{\"state\":\"stopped\",\"enabled\":true,\"run\":1,\"dependencies\":{\"a\":1},"
         "\"last_exit\":{\"requested_by\":\"dependency\",\"requester\":{\"unit\":3}}}"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        cJSON *unit = cJSON_Parse(odd[i]);
        struct cause c = {0};

        assert_non_null(unit);
        cause_find(&c, &(struct cause_facts){unit, unit, unit, unit, unit, unit}, now_wall_ms);
        cause_finish(&c);
        cJSON_Delete(unit);
    }
}

/* ---- what others have to do with it ---- */

#define WAITING(members) "\"waiting\":{" members ",\"others\":0},"
#define FOR_DB WAITING("\"unit\":\"db\",\"until\":\"ready\",\"failed\":false,\"cause\":null")
#define DB_FAILED WAITING("\"unit\":\"db\",\"until\":\"ready\",\"failed\":true,\"cause\":\"db\"")
#define DB(state) "\"name\":\"db\",\"kind\":\"service\",\"state\":\"" state "\",\"since_ms\":9000,"
#define GOAL_UP "\"goal\":\"up\","
#define REQUIRES_DB                                                                                \
    "\"dependencies\":[{\"unit\":\"db\",\"kind\":\"requires\",\"conditions\":[\"ready\"],"         \
    "\"met\":false}],"
#define NEEDED_BY(kind)                                                                            \
    "\"dependents\":[{\"unit\":\"lb\",\"kind\":\"" kind "\"},{\"unit\":\"app\",\"kind\":"          \
    "\"wants\"},{\"unit\":\"log\",\"kind\":\"after\"}],"
#define ALONG(members) "\"reason\":\"signal\",\"signal\":\"TERM\",\"requested_by\":" members
#define ALONG_DB ALONG("\"dependency\",\"requester\":{\"uid\":0,\"pid\":12,\"unit\":\"db\"}")
#define TERM_WORDS "run 7 lasted 3s, until 2m ago: ended by SIGTERM (terminated)"
#define RUN_7 "\"run\":7,\"pid\":5,\"restarts\":0"
#define RUN_8 "\"pid\":5,\"restarts\":0"
/* Now in the run after that. */
#define BEFORE(members) "\"run\":8,\"last_exit\":{" RECORD(members) "},"

static const struct company together[] = {
    /* waiting for what may come */
    {.s = {UNIT("waiting", "up") FOR_DB SERVICE, NULL, "waiting" SINCE, "for db to be ready", "",
           ""}},
    {.s.unit = UNIT("waiting", "up") FOR_DB SERVICE,
     .s.state = "waiting" SINCE,
     .s.reason = "for db to be ready; db has been starting for 9s",
     .other = DB("starting") SERVICE},
    {.s.unit = UNIT("waiting", "up") "\"waiting\":{\"unit\":\"migrate\",\"until\":\"completed\","
                                     "\"others\":2}," SERVICE,
     .s.state = "waiting" SINCE,
     .s.reason = "for migrate to complete, and 2 more"},
    {.s.unit = UNIT("waiting", "up") FOR_DB SERVICE,
     .s.state = "waiting" SINCE,
     .s.reason = "for db to be ready; db is in backoff, next try in 9s, restarted 6 times already",
     .s.last_run = "db: " EXIT_1_WORDS,
     .other = DB("backoff") LAST(EXIT_1) SERVICE
     ",\"restarts\":6,\"next_start_at\":\"2026-11-21T12:00:09.000Z\""},
    {.s.unit = UNIT("waiting", "up") FOR_DB SERVICE,
     .s.state = "waiting" SINCE,
     .s.reason = "for db to be ready; db waits for vault to start",
     .other = DB("waiting") WAITING("\"unit\":\"vault\",\"until\":\"started\"") SERVICE},
    /* for what will not come */
    {.s.unit = UNIT("waiting", "up") DB_FAILED SERVICE,
     .s.state = "waiting" SINCE,
     .s.reason = "for db, which has failed"},
    {.s.unit = UNIT("waiting", "up") DB_FAILED SERVICE,
     .s.state = "waiting" SINCE,
     .s.reason =
         "for db, which has failed: restart_limit = 5 in 1m was reached, so it is not tried "
         "again",
     .s.last_run = "db: " EXIT_1_WORDS,
     .s.advice = "to try again: reevectl reset-failed db",
     .other = DB("failed") GOAL_UP LAST(EXIT_1) LIMITED},
    {.s.unit =
         UNIT("waiting", "up") WAITING("\"unit\":\"app\",\"failed\":true,\"cause\":\"db\"") SERVICE,
     .s.state = "waiting" SINCE,
     .s.reason = "for app, since db has failed: given up, so it is not tried again",
     .s.last_run = "db: run 7, 2m ago: start failed: exec /bin/no: No such file or directory",
     .s.advice = "install it, then: reevectl reset-failed db; after changing /a.ini:4, restart "
                 "reeved",
     .other = DB("failed") GOAL_UP LAST(
         "\"reason\":\"start_failed\",\"error\":{\"stage\":\"exec\",\"errno\":\"ENOENT\","
         "\"message\":\"No such file or directory\"}") SERVICE
     ",\"config\":[{\"key\":\"command\",\"text\":\"/bin/no\",\"file\":\"/a.ini\",\"line\":4}]"},
    {.s.unit = UNIT("waiting", "up") DB_FAILED SERVICE,
     .s.state = "waiting" SINCE,
     .s.reason = "for db, which has completed and does not start again by itself",
     .s.advice = "to start it: reevectl start db",
     .other = DB("completed") SERVICE},
    /* its stop waits */
    {.s.unit =
         UNIT("running", "down") WAITING("\"unit\":\"db\",\"until\":\"stopped\"") SERVICE "," RUN_7,
     .s.events = REQUESTED("stop", OTHER) BEGUN("7") "," REQUESTED("stop", ROOT),
     .s.state = "running" SINCE " (run 7, pid 5)",
     .s.reason =
         ROOT_WORDS " asked for its stop; it waits for db to stop; db has been stopping for "
                    "9s",
     .other = DB("stopping") SERVICE},
    {.s.unit =
         UNIT("running", "down") WAITING("\"unit\":\"db\",\"until\":\"stopped\"") SERVICE "," RUN_7,
     .s.state = "running" SINCE " (run 7, pid 5)",
     .s.reason = "it waits for db to stop"},
    /* stopped along with others */
    {.s = {UNIT("stopped", "down") REQUIRES_DB LAST(ALONG(
               "\"dependency\",\"requester\":{\"uid\":0,\"pid\":12,\"unit\":\"db\"}")) SERVICE,
           NULL, "stopped" SINCE,
           "stopped along with db, which it requires: " ROOT_WORDS " asked for that", TERM_WORDS,
           "to start it: reevectl start web"}},
    {.s = {UNIT("stopped", "down") NEEDED_BY("requires") LAST(ALONG(
               "\"dependency\",\"requester\":{\"uid\":null,\"pid\":null,\"unit\":\"lb\"}")) SERVICE,
           NULL, "stopped" SINCE, "stopped along with lb, for whose sake it was up", TERM_WORDS,
           "to start it: reevectl start web"}},
    {.s = {UNIT("stopping", "up") REQUIRES_DB SERVICE ",\"run\":7,\"pid\":5",
           TAKEN_DOWN("dependency", "\"requester\":{\"unit\":\"db\"}"), "stopping" SINCE,
           "being stopped along with db, which it requires; what does not stop is killed in 8m at "
           "the "
           "latest",
           "", "to end it now: reevectl signal --to tree KILL web"}},
    /* restarted, along with others and by itself */
    {.s = {UNIT("running", "up") REQUIRES_DB BEFORE(ALONG_DB) SERVICE "," RUN_8 ",\"wanted\":true",
           TAKEN_DOWN("dependency", ROOT) "," MOVED("stopping", "waiting", "7") "," MOVED(
               "waiting", "starting", "8") "," MOVED("starting", "running", "8"),
           "running" SINCE " (run 8, pid 5)",
           "restarted along with db, which it requires: " ROOT_WORDS " asked for that", "", ""}},
    {.s = {UNIT("running", "up") BEFORE(ALONG("\"restart\"," ROOT)) SERVICE "," RUN_8
                                                                            ",\"wanted\":true",
           NULL, "running" SINCE " (run 8, pid 5)", ROOT_WORDS " asked for a restart", "", ""}},
    {.s = {UNIT("running", "up") BEFORE(ALONG("\"restart\"," ROOT)) SERVICE "," RUN_8
                                                                            ",\"wanted\":true",
           REQUESTED("restart", OTHER) "," TAKEN_DOWN("restart", OTHER) "," MOVED(
               "stopping", "starting", "8") "," MOVED("starting", "running", "8"),
           "running" SINCE " (run 8, pid 5)", "uid 4000000000, pid 9 asked for a restart", "", ""}},
    /* stopped along with it, and started for another: that is no restart */
    {.s = {UNIT("running", "up") REQUIRES_DB NEEDED_BY("requires") BEFORE(ALONG_DB) SERVICE
           "," RUN_8 ",\"wanted\":false",
           TAKEN_DOWN("dependency", ROOT) "," MOVED("stopping", "stopped", "7") BEGUN("8"),
           "running" SINCE " (run 8, pid 5)", "lb requires it", "", ""},
     .above = "[{\"name\":\"lb\",\"goal\":\"up\"}]"},
    /* nobody knows which of the two, when the events are lost */
    {.s = {UNIT("running", "up") REQUIRES_DB BEFORE(ALONG_DB) SERVICE "," RUN_8 ",\"wanted\":true",
           NULL, "running" SINCE " (run 8, pid 5)", "", "", ""}},
    /* started by hand after that */
    {.s = {UNIT("running", "up") BEFORE(ALONG_DB) SERVICE "," RUN_8 ",\"wanted\":true",
           TAKEN_DOWN("dependency", ROOT) "," MOVED("stopping", "stopped",
                                                    "7") "," REQUESTED("start", OTHER) BEGUN("8"),
           "running" SINCE " (run 8, pid 5)", "uid 4000000000, pid 9 asked for it", "", ""}},
    /* and again by itself since */
    {.s = {UNIT("running", "up") LAST(EXIT_1) SERVICE ",\"pid\":5,\"restarts\":1,\"wanted\":true",
           REQUESTED("start", ROOT) BEGUN("6") "," MOVED("running", "backoff", "6") "," MOVED(
               "backoff", "starting", "7") "," MOVED("starting", "running", "7"),
           "running" SINCE " (run 7, pid 5)", ROOT_WORDS " asked for it, restarted once",
           EXIT_1_WORDS, ""}},
    /* by a unit that failed */
    {.s = {UNIT("running", "up") SERVICE "," RUN_7 ",\"wanted\":true",
           REQUESTED("start", "\"requester\":{\"unit\":\"db\"}") BEGUN("7"),
           "running" SINCE " (run 7, pid 5)", "db failed and starts it (on_failed)", "", ""}},
    /* by a reset, as it was wanted */
    {.s = {UNIT("running", "up") SERVICE "," RUN_7 ",\"wanted\":true",
           MOVED("backoff", "failed", "6") "," REQUESTED("reset_failed", ROOT) "," MOVED(
               "failed", "starting", "7") "," MOVED("starting", "running", "7"),
           "running" SINCE " (run 7, pid 5)", ROOT_WORDS " asked for a reset of its failure", "",
           ""}},
    /* what was asked for before that, or later, did not bring it up */
    {.s = {UNIT("running", "up") BEFORE(ALONG("\"restart\",\"requester\":null")) SERVICE
           "," RUN_8 ",\"wanted\":true",
           REQUESTED("start", ROOT) BEGUN("7") "," REQUESTED("stop", ROOT) "," MOVED(
               "stopping", "stopped", "7") BEGUN("8"),
           "running" SINCE " (run 8, pid 5)", "", "", ""}},
    {.s = {UNIT("running", "up") SERVICE "," RUN_7 ",\"wanted\":true",
           MOVED("stopped", "starting", "7") "," MOVED("starting", "running",
                                                       "7") "," REQUESTED("start", ROOT),
           "running" SINCE " (run 7, pid 5)", "starts with reeved", "", ""}},
    /* up for the sake of others */
    {.s.unit = UNIT("running", "up") NEEDED_BY("requires") SERVICE "," RUN_7 ",\"wanted\":false",
     .s.state = "running" SINCE " (run 7, pid 5)",
     .s.reason = "lb requires it",
     .above = "[{\"name\":\"lb\",\"goal\":\"up\"},{\"name\":\"app\",\"goal\":\"down\"},"
              "{\"name\":\"log\",\"goal\":\"up\"}]"},
    {.s.unit = UNIT("starting", "up") NEEDED_BY("requires") SERVICE ",\"wanted\":false",
     .s.state = "starting" SINCE,
     .s.reason = "not ready yet, ready_timeout = 30s; lb and 1 more need it",
     .above = "[{\"name\":\"lb\",\"goal\":\"up\"},{\"name\":\"app\",\"goal\":\"up\"}]"},
    /* of whom some have ended */
    {.s.unit = UNIT("running", "up") NEEDED_BY("requires") SERVICE "," RUN_7 ",\"wanted\":false",
     .s.state = "running" SINCE " (run 7, pid 5)",
     .s.reason = "app wants it",
     .above = "[{\"name\":\"lb\",\"goal\":\"up\",\"state\":\"completed\"},"
              "{\"name\":\"app\",\"goal\":\"up\",\"state\":\"waiting\"}]"},
    {.s.unit = UNIT("running", "up") NEEDED_BY("requires") SERVICE "," RUN_7 ",\"wanted\":false",
     .s.state = "running" SINCE " (run 7, pid 5)",
     .s.reason = "kept up for lb, which has completed",
     .above = "[{\"name\":\"lb\",\"goal\":\"up\",\"state\":\"completed\"},"
              "{\"name\":\"app\",\"goal\":\"down\",\"state\":\"running\"}]"},
    {.s.unit = UNIT("running", "up") NEEDED_BY("requires") SERVICE "," RUN_7 ",\"wanted\":false",
     .s.state = "running" SINCE " (run 7, pid 5)",
     .s.reason = "kept up for lb and 1 more, which have ended",
     .above = "[{\"name\":\"lb\",\"goal\":\"up\",\"state\":\"completed\"},"
              "{\"name\":\"app\",\"goal\":\"up\",\"state\":\"failed\"}]"},
    /* the shutdown, by itself */
    {.s.unit = UNIT("stopped", "up")
         LAST("\"reason\":\"signal\",\"exit_code\":0,\"requested_by\":\"shutdown\"") SERVICE,
     .s.state = "stopped" SINCE,
     .s.reason = "reeved shuts down, since db, which is essential, has ended",
     .s.last_run = "run 7 lasted 3s, until 2m ago: stopped with exit code 0",
     .s.advice = "to start it: reevectl start web",
     .session = "\"because\":\"essential\",\"unit\":\"db\""},
};

static void test_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(together) / sizeof(together[0]); i++)
        check_among(&together[i]);
}

/* ---- what its probes have to do with it ---- */

#define PROBED(action)                                                                             \
    "\"effective\":{\"ready\":\"tcp:db:1\",\"ready_timeout_ms\":30000,\"restart\":\"always\","     \
    "\"health\":\"exec:check\",\"health_retries\":3,\"health_action\":\"" action "\","             \
    "\"success_exit\":[\"0\"],\"restart_limit\":5,\"restart_window_ms\":60000}"
#define FAILURES(n) ",\"last_error\":\"exec:check: exit code 2\",\"consecutive_failures\":" #n
#define UNHEALTHY ",\"health\":\"unhealthy\"" FAILURES(9) "," RUN_7
#define RUNNING "running" SINCE " (run 7, pid 5)"
#define BECAME(run, health)                                                                        \
    "\"unit\":\"web\",\"run\":" #run ",\"health\":\"" health                                       \
    "\",\"at\":\"2026-11-21T11:59:00.000Z\""
#define BY_ITS_HEALTH "\"reason\":\"signal\",\"signal\":\"TERM\",\"requested_by\":\"health\""
#define FOR_HEALTHY_DB                                                                             \
    WAITING("\"unit\":\"db\",\"until\":\"healthy\",\"failed\":false,\"cause\":null")
#define ILL_WORDS "run 7 lasted 3s, until 2m ago: its health check failed"
#define KILL_ADVICE "to end it now: reevectl signal --to tree KILL web"

static const struct company probed[] = {
    {.s.unit = UNIT("running", "up") PROBED("none") UNHEALTHY ",\"wanted\":true",
     .s.state = RUNNING,
     .s.reason = "unhealthy since Sat 2026-11-21 11:59:00 UTC, 1m ago: exec:check: exit code 2 (9 "
                 "times in a row); health_action = none, so it is left running; starts with reeved",
     .s.advice = "to restart it: reevectl restart web",
     .health = BECAME(7, "unhealthy")},
    /* since when is not known any more: of another run, of another change, or of no one */
    {.s.unit = UNIT("running", "up") PROBED("restart") UNHEALTHY,
     .s.state = RUNNING,
     .s.reason = "unhealthy: exec:check: exit code 2 (9 times in a row); health_action = restart, "
                 "so it is restarted",
     .s.advice = "to restart it: reevectl restart web",
     .health = BECAME(6, "unhealthy")},
    {.s.unit = UNIT("running", "up") PROBED("none") ",\"health\":\"unhealthy\"," RUN_7,
     .s.state = RUNNING,
     .s.reason = "unhealthy; health_action = none, so it is left running",
     .s.advice = "to restart it: reevectl restart web",
     .health = BECAME(7, "healthy")},
    /* on the way there */
    {.s.unit = UNIT("running", "up") PROBED("none") ",\"health\":\"healthy\"" FAILURES(1) "," RUN_7,
     .s.state = RUNNING,
     .s.reason = "its last probe failed: exec:check: exit code 2; with 3 it is unhealthy"},
    {.s.unit = UNIT("running", "up") PROBED("none") ",\"health\":\"healthy\"" FAILURES(2) "," RUN_7,
     .s.state = RUNNING,
     .s.reason = "its last 2 probes failed: exec:check: exit code 2; with 3 it is unhealthy"},
    /* well, or not known */
    {.s.unit = UNIT("running", "up") PROBED("none") ",\"health\":\"healthy\"" FAILURES(0) "," RUN_7,
     .s.state = RUNNING,
     .s.reason = ""},
    {.s.unit = "\"name\":\"web\",\"state\":\"running\",\"ready\":true,\"since_ms\":120000," PROBED(
         "none") "," RUN_7,
     .s.state = RUNNING,
     .s.reason = "its health is not known yet"},
    {.s.unit = "\"name\":\"web\",\"state\":\"running\",\"ready\":true,\"since_ms\":120000," PROBED(
         "none") "," RUN_7 FAILURES(2),
     .s.state = RUNNING,
     .s.reason = "not healthy yet: exec:check: exit code 2"},
    /* not ready yet */
    {.s.unit = UNIT("starting", "up") PROBED("none"),
     .s.state = "starting" SINCE,
     .s.reason = "not ready yet, ready = tcp:db:1, ready_timeout = 30s"},
    {.s.unit = UNIT("starting", "up") "\"effective\":{\"ready\":\"notify\",\"ready_timeout_ms\":"
                                      "30000},\"told\":{\"status\":\"Loading, 40%\","
                                      "\"stopping\":true,\"errno\":\"EIO\"}",
     .s.state = "starting" SINCE,
     .s.reason = "not ready yet, ready = notify, ready_timeout = 30s; it says: Loading, 40%; "
                 "stopping; error EIO"},
    {.s.unit = UNIT("starting", "up") "\"effective\":{\"ready\":\"notify\"},\"told\":{"
                                      "\"status\":null,\"stopping\":false,\"errno\":null}",
     .s.state = "starting" SINCE,
     .s.reason = "not ready yet, ready = notify"},
    {.s.unit = UNIT("failed", "up")
         LAST("\"reason\":\"start_failed\",\"signal\":\"TERM\",\"error\":{\"stage\":\"ready\","
              "\"errno\":null,\"message\":\"not ready within 9s (tcp:db:1: no answer in time)\"}")
             PROBED("none"),
     .s.state = "failed" SINCE,
     .s.reason = "restart_limit = 5 in 1m was reached, so it is not tried again",
     .s.last_run = "run 7, 2m ago: start failed: not ready within 9s (tcp:db:1: no answer in time)",
     .s.advice = "to try again: reevectl reset-failed web"},
    /* ended for it: what its probes found is known until the next run begins */
    {.s.unit = UNIT("stopping", "up") PROBED("restart") ",\"pid\":5,\"run\":7" FAILURES(3),
     .s.events = EVENT("\"type\":\"unit.state\",\"previous\":\"running\",\"state\":\"stopping\","
                       "\"run\":7,\"requested_by\":\"health\""),
     .s.state = "stopping" SINCE,
     .s.reason = "its health check failed: exec:check: exit code 2; what does not stop is killed "
                 "at any moment",
     .s.advice = KILL_ADVICE},
    {.s.unit = UNIT("backoff", "up") LAST(BY_ITS_HEALTH) PROBED("restart") FAILURES(3),
     .s.state = "backoff" SINCE,
     .s.reason = "next try to come",
     .s.last_run = ILL_WORDS " (exec:check: exit code 2): ended by SIGTERM (terminated)",
     .s.advice = "to try now: reevectl start web"},
    {.s.unit = UNIT("running", "up") BEFORE(BY_ITS_HEALTH) PROBED("restart")
         FAILURES(0) ",\"health\":\"healthy\",\"pid\":5,\"restarts\":1",
     .s.state = "running" SINCE " (run 8, pid 5)",
     .s.reason = "restarted once",
     .s.last_run = ILL_WORDS ": ended by SIGTERM (terminated)"},
    /* restart = never says nothing of what ended for its health */
    {.s.unit = UNIT("failed", "up")
         LAST(BY_ITS_HEALTH) "\"effective\":{\"restart\":\"never\",\"restart_limit\":5,"
                             "\"restart_window_ms\":60000,\"success_exit\":[\"0\"]}",
     .s.state = "failed" SINCE,
     .s.reason = "restart_limit = 5 in 1m was reached, so it is not tried again",
     .s.last_run = ILL_WORDS ": ended by SIGTERM (terminated)",
     .s.advice = "to try again: reevectl reset-failed web"},
    /* waiting for one that is not healthy */
    {.s.unit = UNIT("waiting", "up") FOR_HEALTHY_DB SERVICE,
     .s.state = "waiting" SINCE,
     .s.reason = "for db to be healthy; db has been running for 9s, not healthy: exec:check: exit "
                 "code 2 (9 times in a row)",
     .other = DB("running") PROBED("none") UNHEALTHY},
    {.s.unit = UNIT("waiting", "up") FOR_HEALTHY_DB SERVICE,
     .s.state = "waiting" SINCE,
     .s.reason = "for db to be healthy; db has been running for 9s, not healthy yet",
     .other = DB("running") PROBED("none")},
    {.s.unit = UNIT("waiting", "up") FOR_HEALTHY_DB SERVICE,
     .s.state = "waiting" SINCE,
     .s.reason = "for db to be healthy; db has been starting for 9s",
     .other = DB("starting") PROBED("none")},
};

static void test_probed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(probed) / sizeof(probed[0]); i++)
        check_among(&probed[i]);
}

/* Since when it is unhealthy is asked for only when it is. */
static void test_asks_for_health(void **state)
{
    cJSON *ill = parse(UNIT("running", "up") "\"health\":\"unhealthy\"");
    cJSON *well = parse(UNIT("running", "up") "\"health\":\"healthy\"");
    cJSON *plain = parse(UNIT("running", "up") "\"health\":null");

    (void)state;
    assert_true(cause_needs_health(ill));
    assert_false(cause_needs_health(well) || cause_needs_health(plain));
    cJSON_Delete(ill);
    cJSON_Delete(well);
    cJSON_Delete(plain);
}

struct question {
    const char *unit;
    bool requests, states; /* needs events of these types */
    const char *other;
    bool above;
};

static void test_questions(void **state)
{
    static const struct question questions[] = {
        {UNIT("stopped", "down") "\"wanted\":false", true, true, NULL, false},
        {UNIT("stopping", "down") "\"wanted\":false", false, true, NULL, false},
        {UNIT("running", "up") "\"wanted\":true", true, true, NULL, false},
        {UNIT("running", "up") "\"wanted\":false", true, true, NULL, true},
        {UNIT("failed", "up") "\"wanted\":false", false, false, NULL, false},
        {UNIT("waiting", "up") FOR_DB "\"wanted\":false", false, false, "db", false},
        {UNIT("waiting", "up")
             WAITING("\"unit\":\"app\",\"failed\":true,\"cause\":\"db\"") "\"wanted\":true",
         false, false, "db", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        const struct question *q = &questions[i];
        cJSON *unit = parse(q->unit);

        assert_int_equal(cause_needs_events(unit, NOTICE_UNIT_REQUESTED), q->requests);
        assert_int_equal(cause_needs_events(unit, NOTICE_UNIT_STATE), q->states);
        assert_false(cause_needs_events(unit, NOTICE_UNIT_EXITED));
        assert_int_equal(cause_needs_above(unit), q->above);
        if (q->other)
            assert_string_equal(cause_other(unit), q->other);
        else
            assert_null(cause_other(unit));
        cJSON_Delete(unit);
    }
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
        cmocka_unit_test(test_situations),      cmocka_unit_test(test_jobs_and_disabled),
        cmocka_unit_test(test_runs_alike),      cmocka_unit_test(test_odd_shapes),
        cmocka_unit_test(test_questions),       cmocka_unit_test(test_together),
        cmocka_unit_test(test_failures),        cmocka_unit_test(test_probed),
        cmocka_unit_test(test_asks_for_health),
    };

    return cmocka_run_group_tests(tests, use_utc, NULL);
}
