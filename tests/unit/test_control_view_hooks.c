/* The JSON of holds, hooks and mistakes, in units, records and events. */
#include "core_unit_support.h"

#include <string.h>

#include "control/notice_view.h"
#include "control/view.h"
#include "fake_supervisor.h"
#include "varlink/json.h"

static struct hook_command commands[] = {{.text = "/srv/x --token=abc"}, {.text = "/srv/y"}};

static struct strbuf text;
static struct json_out out;

static struct json_out *begin(void)
{
    strbuf_finish(&text);
    out = (struct json_out){&text, false};
    return &out;
}

static void expect_part(const char *expected)
{
    assert_false(text.failed);
    assert_null(json_check(strbuf_text(&text), text.len_bytes, SIZE_MAX));
    if (!strstr(strbuf_text(&text), expected))
        assert_string_equal(strbuf_text(&text), expected);
}

static struct supervisor fake;

static int setup(void **state)
{
    struct story *s;
    static const char *const names[] = {"web", "db", "cache"};
    int r = story_begin(state);

    fake_init(&fake, names, 3);
    s = *state;
    s->spec.hook_timeout_ms = 10000;
    for (enum hook hook = 0; hook < HOOK_COUNT; hook++)
        s->spec.hooks[hook] = (struct hook_list){commands, 2};
    fake.specs[1].hooks[HOOK_POST_START] = (struct hook_list){commands, 2};
    return r;
}

static int end(void **state)
{
    strbuf_finish(&text);
    fake_finish(&fake);
    return story_end(state);
}

/* ---- units ---- */

static void every_shape(struct story *s, const char *expected)
{
    struct view v = {&fake, s->now, 5000};

    view_health(begin(), NULL, &v, &s->unit);
    expect_part(expected);
    view_unit(begin(), NULL, &v, &s->unit);
    expect_part(expected);
    view_graph_begin(begin(), &v, &s->unit);
    view_graph_end(&out);
    expect_part(expected);
    view_details(begin(), NULL, &v, &s->unit);
    expect_part(expected);
}

static void hold(struct story *s, int64_t ms)
{
    s->unit.held_until_ms = s->now.mono_ms + ms;
    s->unit.held_until_wall_ms = s->now.wall_ms + ms;
    s->unit.held_by = alice;
}

static void a_held_unit_tells_until_when(void **state)
{
    struct story *s = *state;

    every_shape(s, ",\"held_until\":null,\"hook\":null,");
    expect_part(",\"held_by\":null,");
    hold(s, 60000);
    every_shape(s, ",\"waiting\":null,\"held_until\":\"2026-09-21T14:14:20.000Z\",\"hook\":null,");
    expect_part(",\"held_by\":{\"uid\":1000,\"pid\":77,\"unit\":null},");
}

/* Whoever clears it may come a little later. */
static void a_hold_that_is_over_is_not_told(void **state)
{
    struct story *s = *state;

    hold(s, 60000);
    pass(s, 60000);
    every_shape(s, ",\"held_until\":null,");
    expect_part(",\"held_by\":null,");
}

static void the_hook_at_work_is_told(void **state)
{
    struct story *s = *state;

    s->unit.hook = HOOK_STOP;
    s->unit.hook_by_ms = s->now.mono_ms + 5000;
    every_shape(s, ",\"hook\":\"stop_command\",");
    expect_part(",\"kill_at\":\"2026-09-21T14:13:25.000Z\",");
}

static void what_is_told_to_end_is_killed_in_the_end(void **state)
{
    struct story *s = *state;

    s->spec.hooks[HOOK_PRE_START].n = s->spec.hooks[HOOK_POST_START].n = 0;
    start_until_running(s);
    every_shape(s, ",\"state\":\"running\",");
    expect_part(",\"kill_at\":null,");
    s->unit.phase = PHASE_STOPPING;
    s->unit.deadline_ms = s->now.mono_ms + 10000;
    every_shape(s, ",\"state\":\"stopping\",");
    expect_part(",\"kill_at\":\"2026-09-21T14:13:30.000Z\",");
}

static void details_tell_the_mistake(void **state)
{
    struct mistake m = {
        .kind = MISTAKE_PORT_TAKEN, .run = 3, .pid = 12, .program = "nginx", .port = 80, .unit = 2};
    struct story *s = *state;
    struct view v = {&fake, s->now, 5000};

    fake.mistake = &m;
    view_details(begin(), NULL, &v, &s->unit);
    expect_part(",\"mistake\":{\"kind\":\"port_taken\",\"run\":3,\"pid\":12,"
                "\"program\":\"nginx\",\"port\":80,\"other\":\"db\","
                "\"message\":\"port 80 is held by 12 (nginx) of unit db\"},");
    m = (struct mistake){.kind = MISTAKE_SWALLOWED, .run = 3};
    view_details(begin(), NULL, &v, &s->unit);
    expect_part(",\"mistake\":{\"kind\":\"signal_swallowed\",\"run\":3,\"pid\":null,"
                "\"program\":null,\"port\":null,\"other\":null,\"message\":\"");
    m.kind = MISTAKE_NONE;
    view_details(begin(), NULL, &v, &s->unit);
    expect_part(",\"mistake\":null,");
}

/* ---- records ---- */

static void a_record_tells_which_hooks_failed(void **state)
{
    struct exit_record r = {
        .reason = REASON_START_FAILED,
        .error_stage = STAGE_PRE_START,
        .failed = {[HOOK_PRE_START] = {.command = 2, .how = PROBE_EXITED, .code = 3},
                   [HOOK_POST_STOP] = {.command = 1, .how = PROBE_LATE, .code = 0}}};
    struct story *s = *state;

    view_record(begin(), NULL, &fake, &s->unit, &r);
    expect_part(",\"error\":{\"stage\":\"pre_start\",\"errno\":null,"
                "\"message\":\"command 2 (/srv/y) exited with code 3\"},"
                "\"failed_hooks\":["
                "{\"hook\":\"pre_start\",\"command\":2,"
                "\"message\":\"command 2 (/srv/y) exited with code 3\"},"
                "{\"hook\":\"post_stop\",\"command\":1,"
                "\"message\":\"command 1 (/srv/x --token=***) did not end in time "
                "(hook_timeout = 10s)\"}],\"attempt\":");
    r = (struct exit_record){.reason = REASON_NATURAL};
    view_record(begin(), NULL, &fake, &s->unit, &r);
    expect_part(",\"error\":null,\"failed_hooks\":[],");
}

/* ---- events ---- */

static void event(const struct notice *n, const char *expected)
{
    notice_view(begin(), n, &fake);
    expect_part(expected);
}

static void a_hook_that_failed_is_an_event(void **state)
{
    struct notice n = {.seq = 1,
                       .type = NOTICE_UNIT_HOOK,
                       .unit = 1,
                       .run = 4,
                       .u.hook = {HOOK_POST_START, {.command = 1, .how = PROBE_EXITED, .code = 3}}};

    (void)state;
    event(&n, "\"type\":\"unit.hook\",\"unit\":\"db\",\"run\":4,");
    event(&n, ",\"health\":null,\"hook\":\"post_start\",\"mistake\":null,"
              "\"error\":\"command 1 (/srv/x --token=***) exited with code 3\",\"exit\":null,");
}

static void a_mistake_is_an_event(void **state)
{
    struct notice n = {.seq = 1,
                       .type = NOTICE_UNIT_MISTAKE,
                       .unit = 1,
                       .run = 4,
                       .u.mistake = {.kind = MISTAKE_DAEMONIZED, .pid = 99, .program = "nginx"}};

    (void)state;
    event(&n, "\"type\":\"unit.mistake\",\"unit\":\"db\",\"run\":4,\"previous\":null,"
              "\"state\":null,\"pid\":99,");
    event(&n, ",\"hook\":null,\"mistake\":\"daemonized\",\"error\":\"the command put itself into "
              "the background: it ended and left 99 (nginx)\",");
}

static void events_tell_of_holds(void **state)
{
    struct notice asked = {.type = NOTICE_UNIT_REQUESTED,
                           .unit = 1,
                           .u.request = {.kind = REQUEST_HOLD,
                                         .held_until_wall_ms = 1790000060000,
                                         .requester = alice}};
    struct notice waits = {.type = NOTICE_UNIT_STATE,
                           .unit = 1,
                           .u.state = {.from = STATE_STOPPED,
                                       .to = STATE_WAITING,
                                       .held_until_wall_ms = 1790000060000,
                                       .waiting = {.unit = WAITING_NO_UNIT}}};

    (void)state;
    event(&asked, ",\"request\":\"hold\",\"signal\":null,\"requested_by\":null,"
                  "\"requester\":{\"uid\":1000,\"pid\":77,\"unit\":null},\"next_start_at\":null,"
                  "\"waiting\":null,\"held_until\":\"2026-09-21T14:14:20.000Z\",");
    event(&waits, ",\"state\":\"waiting\",");
    expect_part(",\"waiting\":null,\"held_until\":\"2026-09-21T14:14:20.000Z\",");
    asked.u.request.kind = REQUEST_RELEASE;
    asked.u.request.held_until_wall_ms = 0;
    event(&asked, ",\"request\":\"release\",");
    expect_part(",\"held_until\":null,");
    asked.u.request.kind = REQUEST_RELOAD;
    event(&asked, ",\"request\":\"reload\",");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_held_unit_tells_until_when),   TEST(a_hold_that_is_over_is_not_told),
        TEST(the_hook_at_work_is_told),       TEST(what_is_told_to_end_is_killed_in_the_end),
        TEST(details_tell_the_mistake),       TEST(a_record_tells_which_hooks_failed),
        TEST(a_hook_that_failed_is_an_event), TEST(a_mistake_is_an_event),
        TEST(events_tell_of_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
