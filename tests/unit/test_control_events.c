/* A stream of events: what is told, what is lost, and that nothing is told twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/events.h"
#include "fake_supervisor.h"
#include "varlink/json.h"

enum { ALL_TYPES = (1 << NOTICE_COUNT) - 1, PLENTY_BYTES = 1 << 20 };

static struct supervisor supervisor;
static struct event_stream stream;
static struct strbuf out;
static cJSON *reply; /* the last one taken from `out` */

static int begin(void **state)
{
    static const char *const names[] = {"a", "b"};

    (void)state;
    fake_init(&supervisor, names, 2);
    return 0;
}

static int end(void **state)
{
    (void)state;
    event_stream_finish(&stream);
    strbuf_finish(&out);
    cJSON_Delete(reply);
    reply = NULL;
    fake_finish(&supervisor);
    return 0;
}

static void happen(unsigned n)
{
    while (n--)
        fake_happens(&supervisor, NOTICE_UNIT_STATE, 0);
}

static struct event_request from_the_beginning(void)
{
    return (struct event_request){
        .more = true, .since = -1, .last = EVENTS_LAST_ALL, .types = ALL_TYPES};
}

static void follow(const struct event_request *request)
{
    assert_int_equal(event_stream_begin(&stream, &supervisor, request, NULL), 0);
}

static void step_within(size_t bytes)
{
    event_stream_step(&stream, &supervisor, &out, bytes);
}

static void step(void)
{
    step_within(PLENTY_BYTES);
}

/* Takes the next reply; false when there is none. */
static bool take(void)
{
    size_t len = out.len_bytes ? strlen(out.data) : 0;
    const char *why;

    cJSON_Delete(reply);
    reply = NULL;
    if (!out.len_bytes)
        return false;
    assert_int_equal(json_parse(out.data, len, SIZE_MAX, &reply, &why), 0);
    strbuf_consume(&out, len + 1);
    return true;
}

static const cJSON *told(const char *name)
{
    const cJSON *parameters = cJSON_GetObjectItem(reply, "parameters");

    return cJSON_GetObjectItem(parameters, name);
}

static int n_told(void)
{
    return cJSON_GetArraySize(told("events"));
}

static int seq_of(int i)
{
    return cJSON_GetObjectItem(cJSON_GetArrayItem(told("events"), i), "seq")->valueint;
}

static bool continues(void)
{
    return cJSON_IsTrue(cJSON_GetObjectItem(reply, "continues"));
}

static void the_first_reply_comes_at_once(void **state)
{
    struct event_request all = from_the_beginning();

    (void)state;
    follow(&all);
    assert_true(event_stream_has_news(&stream, &supervisor));
    step();
    assert_true(take());
    assert_int_equal(n_told(), 0);
    assert_int_equal(told("lost")->valueint, 0);
    assert_string_equal(told("epoch")->valuestring, "0123456789abcdef");
    assert_true(continues());
    assert_false(event_stream_has_news(&stream, &supervisor));
}

static void what_happens_next_is_told_once(void **state)
{
    struct event_request all = from_the_beginning();

    (void)state;
    happen(2);
    follow(&all);
    step();
    assert_true(take());
    assert_int_equal(n_told(), 2);
    happen(3);
    assert_true(event_stream_has_news(&stream, &supervisor));
    step();
    assert_true(take());
    assert_int_equal(n_told(), 3);
    assert_int_equal(seq_of(0), 3);
    assert_int_equal(told("seq")->valueint, 5);
    step();
    assert_false(take());
}

static void a_small_bound_makes_more_replies(void **state)
{
    struct event_request all = from_the_beginning();
    int next = 1, replies = 0;

    (void)state;
    happen(10);
    follow(&all);
    while (event_stream_has_news(&stream, &supervisor)) {
        step_within(600);
        assert_true(take());
        replies++;
        for (int i = 0; i < n_told(); i++)
            assert_int_equal(seq_of(i), next++);
    }
    assert_int_equal(next, 11);
    assert_true(replies > 3);
}

static void who_is_too_slow_is_told_how_many_are_lost(void **state)
{
    struct event_request all = from_the_beginning();

    (void)state;
    happen(5);
    follow(&all);
    step();
    assert_true(take());
    happen(FAKE_EVENTS_KEPT + 7);
    step();
    assert_true(take());
    assert_int_equal(told("lost")->valueint, 7);
    assert_int_equal(n_told(), FAKE_EVENTS_KEPT);
    assert_int_equal(seq_of(0), 5 + 7 + 1);
    happen(1);
    step();
    assert_true(take());
    assert_int_equal(told("lost")->valueint, 0); /* told once */
}

static void a_gap_is_told_even_when_nothing_else_is(void **state)
{
    struct event_request sessions = from_the_beginning();

    (void)state;
    sessions.types = 1 << NOTICE_SESSION_READY;
    follow(&sessions);
    step();
    assert_true(take());
    happen(3);
    step();
    assert_false(take());
    happen(FAKE_EVENTS_KEPT + 2);
    step();
    assert_true(take());
    assert_int_equal(n_told(), 0);
    assert_int_equal(told("lost")->valueint, 2);
}

static void a_stream_is_resumed_where_it_was(void **state)
{
    struct event_request r = from_the_beginning();

    (void)state;
    happen(8);
    r.since = 5;
    follow(&r);
    step();
    assert_true(take());
    assert_int_equal(n_told(), 3);
    assert_int_equal(seq_of(0), 6);
    assert_int_equal(told("lost")->valueint, 0);
}

static void another_life_is_told_whole_and_as_a_gap(void **state)
{
    struct event_request r = from_the_beginning();

    (void)state;
    happen(8);
    r.since = 5;
    r.other_epoch = true;
    follow(&r);
    step();
    assert_true(take());
    assert_int_equal(n_told(), 8);
    assert_true(cJSON_IsNull(told("lost")));
    happen(1);
    step();
    assert_true(take());
    assert_int_equal(told("lost")->valueint, 0);
}

static void the_last_so_many_are_counted_after_the_filter(void **state)
{
    struct event_request r = from_the_beginning();

    (void)state;
    fake_happens(&supervisor, NOTICE_SESSION_STARTED, NOTICE_NO_UNIT);
    fake_happens(&supervisor, NOTICE_UNIT_EXITED, 1);
    happen(3);
    fake_happens(&supervisor, NOTICE_UNIT_EXITED, 1);
    happen(2);
    r.types = 1 << NOTICE_UNIT_EXITED;
    r.last = 2;
    follow(&r);
    step();
    assert_true(take());
    assert_int_equal(n_told(), 2);
    assert_int_equal(seq_of(0), 2);
    event_stream_finish(&stream);
    r.last = 1;
    follow(&r);
    step();
    assert_true(take());
    assert_int_equal(n_told(), 1);
    assert_int_equal(seq_of(0), 6);
    event_stream_finish(&stream);
    r.last = 0;
    follow(&r);
    step();
    assert_true(take());
    assert_int_equal(n_told(), 0);
    assert_int_equal(told("lost")->valueint, 0);
}

static void only_the_units_asked_for_are_told(void **state)
{
    struct event_request r = from_the_beginning();
    uint32_t b = 1;
    struct selection units = {&b, 1};

    (void)state;
    fake_happens(&supervisor, NOTICE_SESSION_STARTED, NOTICE_NO_UNIT);
    happen(2);
    fake_happens(&supervisor, NOTICE_UNIT_STATE, b);
    fake_happens(&supervisor, NOTICE_SESSION_STOPPING, b); /* because of it */
    assert_int_equal(event_stream_begin(&stream, &supervisor, &r, &units), 0);
    step();
    assert_true(take());
    assert_int_equal(n_told(), 1);
    assert_int_equal(seq_of(0), 4);
}

static void without_more_there_is_one_reply_of_what_there_was(void **state)
{
    struct event_request r = from_the_beginning();

    (void)state;
    r.more = false;
    happen(10);
    follow(&r);
    step_within(600);
    happen(1);
    while (stream.active)
        step_within(600);
    assert_true(take());
    assert_int_equal(n_told(), 10);
    assert_int_equal(told("seq")->valueint, 10);
    assert_false(continues());
    assert_false(take());
}

static void the_end_of_reeved_ends_the_stream(void **state)
{
    struct event_request all = from_the_beginning();

    (void)state;
    follow(&all);
    step();
    assert_true(take());
    fake_happens(&supervisor, NOTICE_SESSION_STOPPED, NOTICE_NO_UNIT);
    event_stream_end(&stream, &supervisor, &out, PLENTY_BYTES);
    assert_true(take());
    assert_int_equal(n_told(), 1);
    assert_false(continues());
    assert_false(stream.active);
}

static void the_end_of_reeved_ends_the_one_reply(void **state)
{
    struct event_request r = from_the_beginning();

    (void)state;
    r.more = false;
    happen(10);
    follow(&r);
    step_within(600);
    assert_true(stream.active); /* its reader is slow */
    happen(3);
    event_stream_end(&stream, &supervisor, &out, PLENTY_BYTES);
    assert_true(take());
    assert_int_equal(n_told(), 10);
    assert_int_equal(told("seq")->valueint, 10);
    assert_int_equal(told("lost")->valueint, 0);
    assert_false(continues());
    assert_false(stream.active);
}

static void what_is_lost_at_the_end_is_told(void **state)
{
    struct event_request r = from_the_beginning();
    int n_before;

    (void)state;
    r.more = false;
    happen(10);
    follow(&r);
    step_within(600);
    n_before = (int)stream.seq;
    happen(FAKE_EVENTS_KEPT + 1);
    event_stream_end(&stream, &supervisor, &out, PLENTY_BYTES);
    assert_true(take());
    assert_int_equal(n_told(), n_before);
    assert_int_equal(told("seq")->valueint, 11);
    assert_int_equal(told("lost")->valueint, 11 - n_before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static void what_a_unit_waits_for_is_told(void **state)
{
    struct event_request all = from_the_beginning();
    struct notice n = {.type = NOTICE_UNIT_STATE,
                       .unit = 0,
                       .u.state = {.from = STATE_STOPPED,
                                   .to = STATE_WAITING,
                                   .waiting = {.unit = 1, .until = WAITED_READY, .others = 2},
                                   .requester = {.unit = 2}}};
    const cJSON *event, *waiting;

    (void)state;
    event_ring_push(&supervisor.events, &n);
    n.u.state.to = STATE_STARTING;
    event_ring_push(&supervisor.events, &n);
    n.u.state.to = STATE_WAITING;
    n.u.state.waiting.unit = WAITING_NO_UNIT;
    event_ring_push(&supervisor.events, &n);
    follow(&all);
    step();
    assert_true(take());
    event = cJSON_GetArrayItem(told("events"), 0);
    waiting = cJSON_GetObjectItem(event, "waiting");
    assert_string_equal(cJSON_GetObjectItem(waiting, "unit")->valuestring, "b");
    assert_string_equal(cJSON_GetObjectItem(waiting, "until")->valuestring, "ready");
    assert_int_equal(cJSON_GetObjectItem(waiting, "others")->valueint, 2);
    event = cJSON_GetObjectItem(event, "requester");
    assert_string_equal(cJSON_GetObjectItem(event, "unit")->valuestring, "b");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(event, "uid")));
    for (int i = 1; i < 3; i++)
        assert_true(
            cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetArrayItem(told("events"), i), "waiting")));
}

static void why_reeved_ends_is_told(void **state)
{
    struct event_request all = from_the_beginning();
    struct notice n = {.type = NOTICE_SESSION_STOPPING,
                       .unit = 1,
                       .u.session = {.because = END_ON_FAILED, .exit_code = -1}};
    const cJSON *event;

    (void)state;
    event_ring_push(&supervisor.events, &n);
    n.u.session.because = END_NONE;
    event_ring_push(&supervisor.events, &n);
    follow(&all);
    step();
    assert_true(take());
    event = cJSON_GetArrayItem(told("events"), 0);
    assert_string_equal(cJSON_GetObjectItem(event, "because")->valuestring, "on_failed");
    assert_string_equal(cJSON_GetObjectItem(event, "unit")->valuestring, "b");
    event = cJSON_GetArrayItem(told("events"), 1);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(event, "because")));
}

static const char *text_of(const cJSON *event, const char *member)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(event, member));
}

static void what_is_refused_is_told(void **state)
{
    struct event_request all = from_the_beginning();
    struct notice n = {.type = NOTICE_UNIT_REFUSED, .unit = 0, .u.refused.what = "FDSTORE"};
    const cJSON *event;

    (void)state;
    event_ring_push(&supervisor.events, &n);
    follow(&all);
    step();
    assert_true(take());
    event = cJSON_GetArrayItem(told("events"), 0);
    assert_string_equal(text_of(event, "type"), "unit.refused");
    assert_string_equal(text_of(event, "error"), "FDSTORE: reeve keeps no descriptors for units");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(event, "health")));
}

static void health_is_told(void **state)
{
    struct event_request all = from_the_beginning();
    struct notice n = {.type = NOTICE_UNIT_HEALTH,
                       .unit = 1,
                       .run = 3,
                       .u.health = {HEALTHINESS_UNHEALTHY, {PROBE_EXITED, 2}}};
    const cJSON *event;

    (void)state;
    supervisor.specs[1].health = (struct probe_spec){.text = "exec:env TOKEN=xyzzy check"};
    event_ring_push(&supervisor.events, &n);
    n.u.health.is = HEALTHINESS_HEALTHY;
    event_ring_push(&supervisor.events, &n);
    happen(1);
    follow(&all);
    step();
    assert_true(take());
    event = cJSON_GetArrayItem(told("events"), 0);
    assert_string_equal(text_of(event, "type"), "unit.health");
    assert_string_equal(text_of(event, "health"), "unhealthy");
    assert_string_equal(text_of(event, "error"), "exec:env TOKEN=*** check: exit code 2");
    event = cJSON_GetArrayItem(told("events"), 1);
    assert_string_equal(text_of(event, "health"), "healthy");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(event, "error")));
    event = cJSON_GetArrayItem(told("events"), 2);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(event, "health")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(event, "error")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_reply_comes_at_once),
        TEST(what_happens_next_is_told_once),
        TEST(what_a_unit_waits_for_is_told),
        TEST(why_reeved_ends_is_told),
        TEST(health_is_told),
        TEST(what_is_refused_is_told),
        TEST(a_small_bound_makes_more_replies),
        TEST(who_is_too_slow_is_told_how_many_are_lost),
        TEST(a_gap_is_told_even_when_nothing_else_is),
        TEST(a_stream_is_resumed_where_it_was),
        TEST(another_life_is_told_whole_and_as_a_gap),
        TEST(the_last_so_many_are_counted_after_the_filter),
        TEST(only_the_units_asked_for_are_told),
        TEST(without_more_there_is_one_reply_of_what_there_was),
        TEST(the_end_of_reeved_ends_the_stream),
        TEST(the_end_of_reeved_ends_the_one_reply),
        TEST(what_is_lost_at_the_end_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
