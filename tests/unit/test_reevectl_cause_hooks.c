/* Why a unit is as it is, where holds, hooks and mistakes have to do with it. */
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
#define UNIT(name, state)                                                                          \
    "{\"name\":\"" name "\",\"kind\":\"service\",\"state\":\"" state                               \
    "\",\"goal\":\"up\",\"wanted\":true,\"autostart\":true,\"enabled\":true,\"since_ms\":120000,"  \
    "\"run\":7,\"effective\":{\"restart\":\"always\",\"stop_timeout_ms\":10000,"                   \
    "\"ready_timeout_ms\":30000,\"success_exit\":[\"0\"],\"kill_mode\":\"main\"},"                 \
    "\"config\":[{\"key\":\"command\",\"text\":\"x\",\"file\":\"/a.ini\",\"line\":4},"             \
    "{\"key\":\"pre_start\",\"text\":\"y\",\"file\":\"/a.ini\",\"line\":5}],"
#define HELD                                                                                       \
    "\"held_until\":\"2026-11-21T12:30:05.000Z\","                                                 \
    "\"held_by\":{\"uid\":0,\"pid\":12,\"unit\":null},"
#define HELD_WORDS "held until 12:30:05, in 30m: root (uid 0, pid 12) asked for it"
#define RECORD(members)                                                                            \
    "\"last_exit\":{\"run\":7,\"duration_ms\":3000,\"ended_at\":\"2026-11-21T11:57:55."            \
    "000Z\"," members
#define MISTAKE(members) "\"mistake\":{\"run\":7," members "}"
#define END "\"restarts\":0}"

static const struct {
    const char *unit, *other, *events; /* the last two may be NULL */
    const char *state, *reason, *last_run, *advice;
} situations[] = {
    /* held */
    {UNIT("web", "waiting") HELD END, NULL, NULL, "waiting" SINCE, HELD_WORDS, "",
     "to let it start now: reevectl hold --release web"},
    {UNIT("web", "waiting") "\"waiting\":{\"unit\":\"db\",\"until\":\"ready\"}," END,
     UNIT("db", "waiting") HELD END, NULL, "waiting" SINCE, "for db to be ready; db is " HELD_WORDS,
     "", "to let it start now: reevectl hold --release db"},
    {UNIT("web", "running") HELD "\"pid\":5," END, NULL, NULL, "running" SINCE " (run 7, pid 5)",
     "starts with reeved; " HELD_WORDS, "", ""},
    {UNIT("web", "waiting") HELD "\"waiting\":{\"unit\":\"db\",\"until\":\"ready\"}," END, NULL,
     NULL, "waiting" SINCE, "for db to be ready; " HELD_WORDS, "", ""},
    {UNIT("web", "stopped") HELD END, NULL, NULL, "stopped" SINCE, HELD_WORDS, "",
     "to start it: reevectl start web"},
    {UNIT("web", "waiting") "\"held_until\":\"2026-11-22T12:30:05.000Z\"," END, NULL, NULL,
     "waiting" SINCE, "held until 2026-11-22 12:30:05, in 1d", "",
     "to let it start now: reevectl hold --release web"},
    /* hooks at work */
    {UNIT("web", "starting") "\"hook\":\"pre_start\",\"kill_at\":\"2026-11-21T12:00:08.000Z\"," END,
     NULL, NULL, "starting" SINCE,
     "in pre_start for 2m, which is killed in 8s at the latest; starts with reeved", "", ""},
    {UNIT("web", "running") "\"pid\":5,\"hook\":\"reload_command\"," END, NULL, NULL,
     "running" SINCE " (run 7, pid 5)", "starts with reeved; reload_command is at work", "", ""},
    {UNIT("web", "stopping") "\"pid\":5,\"hook\":\"pre_stop\","
                             "\"kill_at\":\"2026-11-21T11:59:59.000Z\"," END,
     NULL, NULL, "stopping" SINCE,
     "in pre_stop for 2m, which is killed at any moment; then it is told to stop", "",
     "to end it now: reevectl signal --to tree KILL web"},
    {UNIT("web", "stopping") "\"pid\":5,\"hook\":\"stop_command\","
                             "\"kill_at\":\"2026-11-21T12:00:04.000Z\"," END,
     NULL, NULL, "stopping" SINCE, "in stop_command, which is killed in 4s at the latest", "",
     "to end it now: reevectl signal --to tree KILL web"},
    {UNIT("web", "stopping") "\"hook\":\"post_stop\",\"kill_at\":\"2026-11-21T12:00:04.000Z\"," END,
     NULL, NULL, "stopping" SINCE,
     "nothing of the run is left; in post_stop, which is killed in 4s at the latest", "", ""},
    {UNIT("web", "stopping") "\"pid\":5,\"kill_at\":\"2026-11-21T12:00:04.000Z\"," END, NULL, NULL,
     "stopping" SINCE, "what does not stop is killed in 4s at the latest", "",
     "to end it now: reevectl signal --to tree KILL web"},
    /* hooks that failed */
    {UNIT("web", "failed")
         RECORD("\"reason\":\"start_failed\",\"error\":{\"stage\":\"pre_start\","
                "\"errno\":null,\"message\":\"command 1 (y) exited with code 3\"},"
                "\"failed_hooks\":[{\"hook\":\"pre_start\",\"command\":1,\"message\":\"z\"},"
                "{\"hook\":\"post_stop\",\"command\":2,\"message\":\"command 2 failed\"}]},") END,
     NULL, NULL, "failed" SINCE, "given up, so it is not tried again",
     "run 7, 2m ago: start failed: pre_start: command 1 (y) exited with code 3; post_stop failed: "
     "command 2 failed",
     "put it right, then: reevectl reset-failed web; after changing /a.ini:5, restart reeved"},
    {UNIT("web", "running") "\"pid\":5," END, NULL,
     "[{\"type\":\"unit.hook\",\"unit\":\"web\",\"run\":6,\"hook\":\"post_start\",\"error\":\"a\"},"
     "{\"type\":\"unit.hook\",\"unit\":\"web\",\"run\":7,\"hook\":\"post_start\","
     "\"error\":\"command 1 (/x) exited with code 3\"}]",
     "running" SINCE " (run 7, pid 5)",
     "starts with reeved; post_start failed: command 1 (/x) exited with code 3", "", ""},
    /* mistakes */
    {UNIT("web", "completed") MISTAKE("\"kind\":\"daemonized\",\"pid\":1234,\"program\":\"nginx\","
                                      "\"message\":\"it left 1234 (nginx)\"") "," END,
     NULL, NULL, "completed" SINCE, "it ended well, and restart = always; it left 1234 (nginx)", "",
     "run it in the foreground, e.g. nginx -g 'daemon off;' (/a.ini:4), and restart reeved"},
    {UNIT("web", "running") "\"pid\":5," MISTAKE("\"kind\":\"daemonized\",\"program\":\"myd\","
                                                 "\"message\":\"it left others\"") "," END,
     NULL, NULL, "running" SINCE " (run 7, pid 5)", "starts with reeved; it left others", "",
     "run it in the foreground (/a.ini:4), and restart reeved"},
    {UNIT("web", "running") "\"pid\":5,\"mistake\":{\"kind\":\"signal_swallowed\",\"run\":6,"
                            "\"message\":\"its main process kept SIGTERM\"}," END,
     NULL, NULL, "running" SINCE " (run 7, pid 5)",
     "starts with reeved; in run 6 its main process kept SIGTERM", "",
     "write exec before the last command of the shell, or kill_mode = group (/a.ini:4), and "
     "restart reeved"},
    {UNIT("web", "running") "\"pid\":5," MISTAKE("\"kind\":\"port_taken\",\"pid\":9,"
                                                 "\"other\":\"db\",\"message\":\"taken\"") "," END,
     NULL, NULL, "running" SINCE " (run 7, pid 5)", "starts with reeved; taken", "",
     "give one of web and db another port, or stop that one: reevectl stop db"},
    {UNIT("web", "running") "\"pid\":5," MISTAKE("\"kind\":\"port_taken\",\"pid\":9,"
                                                 "\"other\":null,\"message\":\"taken\"") "," END,
     NULL, NULL, "running" SINCE " (run 7, pid 5)", "starts with reeved; taken", "",
     "end that one, or use another port; to see what it is: ps -fp 9"},
    /* of a later reeved: what was advised otherwise stays */
    {UNIT("web", "stopped") MISTAKE("\"kind\":\"new\",\"message\":\"odd\"") "," END, NULL, NULL,
     "stopped" SINCE, "odd", "", "to start it: reevectl start web"},
};

static void expect(const char *what, const struct strbuf *got, const char *expected, size_t i)
{
    assert_false(got->failed);
    if (strcmp(strbuf_text(got), expected) != 0)
        fail_msg("%zu: the %s of %s\n  is   %s\n  not  %s", i, what, situations[i].unit,
                 strbuf_text(got), expected);
}

static cJSON *parse(const char *text)
{
    cJSON *tree = text ? cJSON_Parse(text) : NULL;

    if (text && !tree)
        fail_msg("no JSON: %s", text);
    return tree;
}

static void every_situation_has_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(situations) / sizeof(situations[0]); i++) {
        cJSON *unit = parse(situations[i].unit), *other = parse(situations[i].other);
        cJSON *events = parse(situations[i].events);
        const struct cause_facts facts = {.unit = unit, .other = other, .events = events};
        struct cause c = {0};

        cause_find(&c, &facts, now_wall_ms);
        expect("state", &c.state, situations[i].state, i);
        expect("reason", &c.reason, situations[i].reason, i);
        expect("last run", &c.last_run, situations[i].last_run, i);
        expect("advice", &c.advice, situations[i].advice, i);
        cause_finish(&c);
        cJSON_Delete(unit);
        cJSON_Delete(other);
        cJSON_Delete(events);
    }
}

static void events_of_hooks_are_asked_for_of_what_runs(void **state)
{
    cJSON *running = parse(UNIT("web", "running") END), *failed = parse(UNIT("web", "failed") END);

    (void)state;
    assert_true(cause_needs_events(running, NOTICE_UNIT_HOOK));
    assert_false(cause_needs_events(failed, NOTICE_UNIT_HOOK));
    cJSON_Delete(running);
    cJSON_Delete(failed);
}

static void a_pre_start_in_a_table(void **state)
{
    cJSON *record = parse("{\"reason\":\"start_failed\",\"error\":{\"stage\":\"pre_start\","
                          "\"errno\":null,\"message\":\"command 1 (y) exited with code 3\"}}");
    struct strbuf b = STRBUF_INIT;

    (void)state;
    endings_add_brief(&b, record);
    assert_string_equal(strbuf_text(&b), "start failed (pre_start)");
    strbuf_finish(&b);
    cJSON_Delete(record);
}

static void a_time_of_another_day_has_its_date(void **state)
{
    struct strbuf b = STRBUF_INIT;

    (void)state;
    words_add_clock(&b, now_wall_ms + 11 * 3600000, now_wall_ms);
    strbuf_add(&b, " ");
    words_add_clock(&b, now_wall_ms + 12 * 3600000, now_wall_ms);
    strbuf_add(&b, " ");
    words_add_clock(&b, now_wall_ms + INT64_C(365) * 24 * 3600000, now_wall_ms);
    assert_string_equal(strbuf_text(&b), "23:00:00 2026-11-22 00:00:00 2027-11-21 12:00:00");
    strbuf_finish(&b);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_situation_has_its_words),
        cmocka_unit_test(events_of_hooks_are_asked_for_of_what_runs),
        cmocka_unit_test(a_pre_start_in_a_table),
        cmocka_unit_test(a_time_of_another_day_has_its_date),
    };

    return cmocka_run_group_tests(tests, use_utc, NULL);
}
