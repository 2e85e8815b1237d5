/* A follower of events among the clients of the service. */
#include "control_service.h"

static int begin(void **state)
{
    static const char *const names[] = {"a", "b"};

    (void)state;
    service_begin(names, 2, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    return service_end();
}

static void turn(int n)
{
    while (n--)
        ev_run(loop.ev, EVRUN_NOWAIT);
}

static void happen(unsigned n)
{
    while (n--) {
        fake_happens(&supervisor, NOTICE_UNIT_STATE, 0);
        supervisor.listener->fn(supervisor.listener, UINT32_MAX);
    }
}

/* A connection that follows, and has its first reply. */
static int follow(struct heard *h)
{
    int fd = connect_client();

    memset(h, 0, sizeof *h);
    say(fd, MORE("Events", ""));
    TURN_UNTIL(listen_to(fd, h)->len && !h->text[h->len - 1]);
    h->len = 0;
    return fd;
}

/* Reads all there is; counts what was told. */
static void count(int fd, unsigned *ret_events, unsigned *ret_replies, unsigned *ret_lost)
{
    static char text[16 << 20];
    size_t len = 0;
    ssize_t n;

    while ((n = recv(fd, text + len, sizeof text - 1 - len, MSG_DONTWAIT)) > 0) {
        len += (size_t)n;
        turn(20);
    }
    text[len] = '\0';
    for (size_t at = 0; at < len; at += strlen(text + at) + 1) {
        const char *lost = strstr(text + at, "\"lost\":");

        *ret_replies += 1;
        *ret_lost += lost ? (unsigned)atoi(lost + 7) : 0;
        for (const char *e = text + at; (e = strstr(e, "unit.state")) != NULL; e++)
            *ret_events += 1;
    }
}

static void what_happens_in_one_turn_is_one_reply(void **state)
{
    static struct heard h;
    unsigned events = 0, replies = 0, lost = 0;
    int fd = follow(&h);

    (void)state;
    happen(10);
    turn(10);
    count(fd, &events, &replies, &lost);
    assert_int_equal(events, 10);
    assert_int_equal(replies, 1);
    close(fd);
}

static void who_does_not_read_stays_and_is_told_what_it_lost(void **state)
{
    enum { HAPPENED = 20000 };
    static struct heard h;
    unsigned events = 0, replies = 0, lost = 0;
    int fd = follow(&h);

    (void)state;
    for (int i = 0; i < HAPPENED / 10; i++) {
        happen(10);
        turn(3);
    }
    assert_true(client_unsent_bytes(only_client()) > 0);
    assert_true(client_unsent_bytes(only_client()) < 2 * CLIENT_OUT_LOW_BYTES + 4096);
    assert_false(ev_is_active(&only_client()->stall.ev)); /* nor will it be dropped for that */
    count(fd, &events, &replies, &lost);
    assert_true(lost > 0);
    assert_int_equal(events + lost, HAPPENED);
    close(fd);
}

static void only_followers_are_woken(void **state)
{
    int fd = connect_client();

    (void)state;
    (void)answer_to(fd, CALL("Health", ""));
    turn(5);
    happen(1);
    assert_false(control->has_news);
    assert_false(ev_is_active(&control->work.ev));
    close(fd);
}

static void its_next_request_waits_and_a_hang_up_is_seen_at_once(void **state)
{
    static struct heard h;
    int fd = follow(&h);

    (void)state;
    say(fd, CALL("Health", ""));
    turn(10);
    assert_int_equal(listen_to(fd, &h)->len, 0);
    happen(1);
    TURN_UNTIL(listen_to(fd, &h)->len);
    assert_non_null(strstr(h.text, "unit.state"));
    close(fd);
    TURN_UNTIL(control->n_clients == 0);
    assert_true(list_empty(&control->streams));
    happen(1);
    assert_false(control->has_news);
}

/* Who can say nothing more may still listen. */
static void a_half_closed_follower_goes_on(void **state)
{
    static struct heard h;
    int fd = follow(&h);

    (void)state;
    shutdown(fd, SHUT_WR);
    TURN_UNTIL(only_client()->eof);
    happen(1);
    TURN_UNTIL(listen_to(fd, &h)->len);
    close(fd);
    TURN_UNTIL(control->n_clients == 0);
}

static void the_end_of_reeved_is_the_end_of_the_stream(void **state)
{
    static struct heard h;
    const char *last;
    int fd = follow(&h);

    (void)state;
    happen(3);
    fake_happens(&supervisor, NOTICE_SESSION_STOPPED, NOTICE_NO_UNIT);
    control_destroy(control);
    control = NULL;
    assert_true(listen_to(fd, &h)->closed);
    assert_non_null(strstr(h.text, "\"continues\":true"));
    last = h.text + strlen(h.text) + 1;
    assert_true(last < h.text + h.len);
    assert_null(strstr(last, "continues"));
    assert_int_equal(last + strlen(last) + 1 - h.text, h.len);
    assert_true(strstr(h.text, "session.stopped") || strstr(last, "session.stopped"));
    close(fd);
}

static void refused(const char *call, const char *parameter)
{
    char expected[160];
    int fd = connect_client();

    snprintf(expected, sizeof expected,
             "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":"
             "{\"parameter\":\"%s\"}}",
             parameter);
    assert_string_equal(answer_to(fd, call), expected);
    close(fd);
}

static void where_to_begin(void **state)
{
    int fd = connect_client();

    (void)state;
    happen(3);
    assert_non_null(strstr(answer_to(fd, CALL("Events", "\"since\":3")), "\"events\":[]"));
    assert_non_null(strstr(answer_to(fd, CALL("Events", "\"since\":9,\"epoch\":\"another\"")),
                           "\"lost\":null"));
    close(fd);
    refused(CALL("Events", "\"since\":4"), "since");
    refused(CALL("Events", "\"since\":4,\"epoch\":\"0123456789abcdef\""), "since");
    refused(CALL("Events", "\"since\":-1"), "since");
    refused(CALL("Events", "\"since\":1,\"last\":1"), "last");
    refused(CALL("Events", "\"types\":[\"unit.state\",\"unit.born\"]"), "types");
    refused(CALL("Events", "\"types\":\"unit.state\""), "types");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_happens_in_one_turn_is_one_reply),
        TEST(who_does_not_read_stays_and_is_told_what_it_lost),
        TEST(only_followers_are_woken),
        TEST(its_next_request_waits_and_a_hang_up_is_seen_at_once),
        TEST(a_half_closed_follower_goes_on),
        TEST(the_end_of_reeved_is_the_end_of_the_stream),
        TEST(where_to_begin),
    };

    log_init("reeved", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, make_tmp_dir, remove_tmp_dir);
}
