/* What is put to units and waited for: what a client hears of it, when, and how much. */
#include "control/pending.h"
#include "control_service.h"

#include "varlink/json.h"

enum { MANY = 10000 };

/* What is stopped and not wanted would be decided at once. */
static void all_wait(void)
{
    for (uint32_t i = 1; i < supervisor.n_units; i++)
        supervisor.units[i].phase = PHASE_SPAWNING;
}

static int begin(void **state)
{
    static const char *const names[] = {"a", "b", "c"};

    (void)state;
    service_begin(names, 3, all_wait);
    return 0;
}

static int begin_many(void **state)
{
    static char texts[MANY][8];
    static const char *names[MANY];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "u%05d", i);
        names[i] = texts[i];
    }
    service_begin(names, MANY, all_wait);
    return 0;
}

static int end(void **state)
{
    (void)state;
    return service_end();
}

/* ---- a reader of replies ---- */

static struct {
    int fd;
    char *bytes;
    size_t len, cap;
    unsigned results, results_ok, moves, replies;
    unsigned told[MANY]; /* results of each unit, by the digits of its name */
    bool over;
} reader;

static void reader_open(const char *message)
{
    free(reader.bytes);
    memset(&reader, 0, sizeof reader);
    reader.fd = connect_client();
    say(reader.fd, message);
}

static int reader_close(void **state)
{
    free(reader.bytes);
    reader.bytes = NULL;
    if (reader.fd > 0)
        close(reader.fd);
    reader.fd = 0;
    return end(state);
}

static void take_results(const cJSON *results)
{
    const cJSON *r;

    cJSON_ArrayForEach(r, results)
    {
        const char *name = cJSON_GetObjectItem(r, "unit")->valuestring;

        reader.results++;
        reader.results_ok += cJSON_IsTrue(cJSON_GetObjectItem(r, "ok")) ? 1 : 0;
        if (name[1])
            reader.told[atoi(name + 1)]++;
    }
}

static void take_reply(char *text)
{
    cJSON *reply = cJSON_Parse(text);
    const cJSON *parameters = cJSON_GetObjectItem(reply, "parameters");

    assert_non_null(parameters);
    take_results(cJSON_GetObjectItem(parameters, "results"));
    assert_true(cJSON_IsArray(cJSON_GetObjectItem(parameters, "progress")));
    reader.moves += (unsigned)cJSON_GetArraySize(cJSON_GetObjectItem(parameters, "progress"));
    reader.replies++;
    reader.over = !cJSON_IsTrue(cJSON_GetObjectItem(reply, "continues"));
    cJSON_Delete(reply);
}

/* Takes what has come so far. */
static void reader_read(void)
{
    size_t at = 0;
    ssize_t n;

    do {
        if (reader.cap - reader.len < 65536)
            reader.bytes = realloc(reader.bytes, reader.cap += 1 << 20);
        assert_non_null(reader.bytes);
        n = recv(reader.fd, reader.bytes + reader.len, reader.cap - reader.len, MSG_DONTWAIT);
        reader.len += n > 0 ? (size_t)n : 0;
    } while (n > 0);
    for (char *nul; (nul = memchr(reader.bytes + at, '\0', reader.len - at)) != NULL;) {
        take_reply(reader.bytes + at);
        at = (size_t)(nul - reader.bytes) + 1;
    }
    memmove(reader.bytes, reader.bytes + at, reader.len - at);
    reader.len -= at;
}

static bool reader_is_over(void)
{
    reader_read();
    return reader.over;
}

static void turn(int n)
{
    while (n--)
        ev_run(loop.ev, EVRUN_NOWAIT);
}

static bool reached(void)
{
    return control->n_clients == 1 && only_client()->pending && list_empty(&control->runnable);
}

static void make_ready(uint32_t unit)
{
    supervisor.units[unit].ready = true;
    fake_move(&supervisor, unit, PHASE_RUNNING);
}

#define WAIT "\"units\":[\"*\"],\"until\":\"ready\""

/* ---- progress ---- */

static void what_moves_often_is_told_once(void **state)
{
    (void)state;
    reader_open(MORE("Wait", WAIT));
    TURN_UNTIL(reached());
    turn(5);
    for (int i = 0; i < 100; i++) {
        fake_move(&supervisor, 1, PHASE_SPAWNING);
        fake_move(&supervisor, 1, PHASE_BACKOFF);
    }
    turn(5);
    reader_read();
    assert_int_equal(reader.moves, 1);
    assert_int_equal(reader.replies, 1);
    /* Back where it was when it was told: nothing to tell. */
    fake_move(&supervisor, 1, PHASE_SPAWNING);
    fake_move(&supervisor, 1, PHASE_BACKOFF);
    turn(5);
    reader_read();
    assert_int_equal(reader.replies, 1);
    for (uint32_t i = 0; i < 3; i++)
        make_ready(i);
    TURN_UNTIL(reader_is_over());
    assert_int_equal(reader.results_ok, 3);
    assert_int_equal(reader.moves, 1);
}

static void what_is_decided_is_told_at_once(void **state)
{
    (void)state;
    reader_open(MORE("Wait", WAIT));
    TURN_UNTIL(reached());
    make_ready(2);
    turn(5);
    reader_read();
    assert_int_equal(reader.results, 1);
    assert_false(reader.over);
    fake_move(&supervisor, 2, PHASE_BACKOFF); /* what was decided is final */
    turn(5);
    reader_read();
    assert_int_equal(reader.replies, 1);
    supervisor.units[0].phase = PHASE_FAILED;
    fake_move(&supervisor, 0, PHASE_FAILED);
    make_ready(1);
    TURN_UNTIL(reader_is_over());
    assert_int_equal(reader.results, 3);
    assert_int_equal(reader.results_ok, 2);
}

static void without_more_the_order_is_the_configurations(void **state)
{
    static struct heard h;
    int fd = connect_client();

    (void)state;
    memset(&h, 0, sizeof h);
    say(fd, CALL("Wait", WAIT));
    TURN_UNTIL(reached());
    for (uint32_t i = 3; i-- > 0;) {
        turn(3);
        assert_int_equal(listen_to(fd, &h)->len, 0);
        make_ready(i);
    }
    TURN_UNTIL(listen_to(fd, &h)->len && !h.text[h.len - 1]);
    assert_string_equal(
        h.text, "{\"parameters\":{\"results\":["
                "{\"unit\":\"a\",\"along_with\":null,\"because\":null,\"ok\":true,\"state\":"
                "\"running\",\"pid\":null,\"run\":0,"
                "\"message\":\"\"},"
                "{\"unit\":\"b\",\"along_with\":null,\"because\":null,\"ok\":true,\"state\":"
                "\"running\",\"pid\":null,\"run\":0,"
                "\"message\":\"\"},"
                "{\"unit\":\"c\",\"along_with\":null,\"because\":null,\"ok\":true,\"state\":"
                "\"running\",\"pid\":null,\"run\":0,"
                "\"message\":\"\"}],\"progress\":[]}}");
    close(fd);
}

static void a_timeout_decides_what_is_left(void **state)
{
    (void)state;
    reader_open(MORE("Wait", WAIT ",\"timeout_ms\":30"));
    TURN_UNTIL(reached());
    make_ready(1);
    TURN_UNTIL(reader_is_over());
    assert_int_equal(reader.results, 3);
    assert_int_equal(reader.results_ok, 1);
}

/* ---- many units, slow readers ---- */

static void a_slow_reader_is_told_all_results_in_bounded_memory(void **state)
{
    size_t most_bytes = 0;

    (void)state;
    reader_open(MORE("Wait", WAIT));
    TURN_UNTIL(reached());
    for (int round = 0; round < 6; round++) {
        for (uint32_t i = 0; i < MANY; i++)
            fake_move(&supervisor, i, round % 2 ? PHASE_SPAWNING : PHASE_BACKOFF);
        turn(30);
        if (client_unsent_bytes(only_client()) > most_bytes)
            most_bytes = client_unsent_bytes(only_client());
    }
    for (uint32_t i = 0; i < MANY; i++) {
        make_ready(i);
        if (i % 1000 == 0)
            turn(30);
    }
    turn(30);
    if (client_unsent_bytes(only_client()) > most_bytes)
        most_bytes = client_unsent_bytes(only_client());
    assert_true(most_bytes > 0); /* it was slow */
    assert_true(most_bytes < 2 * CLIENT_OUT_LOW_BYTES + 4096);
    TURN_UNTIL(reader_is_over());
    assert_int_equal(reader.results, MANY);
    assert_int_equal(reader.results_ok, MANY);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(reader.told[i], 1);
    assert_true(reader.moves < 4 * MANY); /* of 70 000 */
}

/* A change among ten thousand that are waited for costs no look at the others. */
static void a_change_is_cheap(void **state)
{
    clock_t began;
    double took;

    (void)state;
    reader_open(MORE("Wait", WAIT));
    TURN_UNTIL(reached());
    began = clock();
    for (int round = 0; round < 10; round++)
        for (uint32_t i = 0; i < MANY; i++)
            fake_move(&supervisor, i, round % 2 ? PHASE_SPAWNING : PHASE_BACKOFF);
    took = (double)(clock() - began) / CLOCKS_PER_SEC;
    if (took > 1) /* 100 000 changes; looking at all for each would be 10^9 looks */
        fail_msg("%.1f us a change", took * 1e6 / 10 / MANY);
}

static void who_goes_while_it_is_told_is_forgotten(void **state)
{
    (void)state;
    reader_open(MORE("Start", "\"units\":[\"*\"]"));
    TURN_UNTIL(supervisor.asked == MANY && reached());
    for (uint32_t i = 0; i < MANY; i++)
        fake_move(&supervisor, i, PHASE_SPAWNING);
    turn(3);
    close(reader.fd);
    reader.fd = 0;
    TURN_UNTIL(control->n_clients == 0);
    assert_true(list_empty(&control->pendings));
}

static void many_are_answered_at_the_end(void **state)
{
    (void)state;
    reader_open(MORE("Wait", WAIT));
    TURN_UNTIL(reached());
    for (uint32_t i = 0; i < MANY; i++)
        fake_move(&supervisor, i, PHASE_SPAWNING);
    control_destroy(control);
    control = NULL;
    reader_read(); /* as much as the socket took */
    assert_true(reader.replies >= 1);
}

/* Those who may only look cost a bounded memory together, and keep nobody else from waiting. */
static void strangers_wait_for_so_many_and_no_more(void **state)
{
    enum { FIT = WAITED_MAX / MANY };
    int fds[FIT + 1];

    (void)state;
    for (int i = 0; i <= FIT; i++) {
        fds[i] = connect_client();
        TURN_UNTIL(control->n_clients == (unsigned)i + 1);
        container_of(control->clients.prev, struct client, link)->role = ROLE_STRANGER;
        if (i < FIT)
            say(fds[i], CALL("Wait", WAIT));
    }
    TURN_UNTIL(control->n_waited == FIT * MANY);
    assert_non_null(strstr(answer_to(fds[FIT], CALL("Wait", WAIT)), "Manager.TooLarge"));
    assert_non_null(strstr(answer_to(fds[FIT], CALL("Wait", "\"units\":[\"u00000\"],"
                                                            "\"until\":\"ready\","
                                                            "\"timeout_ms\":1")),
                           "still running"));
    container_of(control->clients.prev, struct client, link)->role = ROLE_OWNER;
    say(fds[FIT], CALL("Wait", WAIT));
    TURN_UNTIL(control->n_waited == (FIT + 1) * MANY);
    for (int i = 0; i <= FIT; i++)
        close(fds[i]);
    TURN_UNTIL(control->n_clients == 0);
    TURN_UNTIL(control->n_waited == 0);
}

/* ---- what is taken along ---- */

static void stopped(uint32_t unit)
{
    supervisor.units[unit].goal = false;
    fake_move(&supervisor, unit, PHASE_STOPPED);
}

static void all_run(void)
{
    for (uint32_t i = 0; i < supervisor.n_units; i++) {
        supervisor.units[i].goal = true;
        supervisor.units[i].phase = PHASE_RUNNING;
    }
}

#define ASKED_FOR "\"along_with\":null,\"because\":null"
#define WITH_B "\"along_with\":\"b\",\"because\":\"requires_it\""
#define NOT_NEEDED_WITHOUT_B "\"along_with\":\"b\",\"because\":\"not_needed\""
#define STOPPED(unit, along)                                                                       \
    "{\"unit\":\"" unit "\"," along ",\"ok\":true,"                                                \
    "\"state\":\"stopped\",\"pid\":null,\"run\":0,\"message\":\"\"}"

/* a and c require b. */
static void a_stop_waits_for_what_it_takes_along(void **state)
{
    static struct heard h;
    int fd = connect_client();

    (void)state;
    all_run();
    supervisor.along[0].with = supervisor.along[2].with = 1 + 1;
    memset(&h, 0, sizeof h);
    say(fd, CALL("Stop", "\"units\":[\"b\"]"));
    TURN_UNTIL(supervisor.asked == 1);
    turn(5);
    assert_int_equal(control->n_waited, 3);
    stopped(1);
    stopped(0);
    turn(5);
    assert_int_equal(listen_to(fd, &h)->len, 0);
    stopped(2);
    TURN_UNTIL(listen_to(fd, &h)->len && !h.text[h.len - 1]);
    assert_string_equal(h.text, "{\"parameters\":{\"results\":[" STOPPED("a", WITH_B) "," STOPPED(
                                    "b", ASKED_FOR) "," STOPPED("c", WITH_B) "],\"progress\":[]}}");
    assert_int_equal(supervisor.asked, 1); /* of nobody else */
    assert_int_equal(control->n_waited, 0);
    close(fd);
}

/* a and c are up for the sake of b; c is needed by somebody else before its stop. */
static void a_stop_waits_for_what_is_not_needed_then(void **state)
{
    static struct heard h;
    int fd = connect_client();

    (void)state;
    all_run();
    supervisor.along[0] = supervisor.along[2] = (struct along){1 + 1, ALONG_NOT_NEEDED};
    memset(&h, 0, sizeof h);
    say(fd, CALL("Stop", "\"units\":[\"b\"]"));
    supervisor.units[0].goal = supervisor.units[2].goal = false;
    TURN_UNTIL(supervisor.asked == 1);
    stopped(1);
    stopped(0);
    turn(5);
    assert_int_equal(listen_to(fd, &h)->len, 0);
    supervisor.units[2].goal = true;
    supervisor.listener->fn(supervisor.listener, UINT32_MAX); /* somebody asked for it */
    TURN_UNTIL(listen_to(fd, &h)->len && !h.text[h.len - 1]);
    assert_non_null(strstr(h.text, STOPPED("a", NOT_NEEDED_WITHOUT_B)));
    assert_non_null(strstr(h.text, STOPPED("b", ASKED_FOR)));
    assert_non_null(strstr(h.text, "{\"unit\":\"c\"," NOT_NEEDED_WITHOUT_B
                                   ",\"ok\":true,\"state\":\"running\""));
    close(fd);
}

/* The order sees all that is asked at once, in however many portions it comes; no answer before. */
static void a_restart_of_many_is_asked_at_once(void **state)
{
    (void)state;
    all_run();
    for (uint32_t i = 1; i < MANY; i += 2)
        supervisor.along[i].with = i; /* with the one before */
    reader_open(MORE("Restart", "\"units\":[\"*[02468]\"]"));
    TURN_UNTIL(supervisor.asked > 0);
    assert_true(supervisor.asked < MANY / 2);
    assert_int_equal(supervisor.n_holding, 1);
    TURN_UNTIL(supervisor.asked == MANY / 2);
    TURN_UNTIL(supervisor.n_holding == 0 && reached());
    reader_read();
    assert_int_equal(reader.results, 0);
    for (uint32_t i = 0; i < MANY; i++) {
        supervisor.units[i].run = 1;
        supervisor.units[i].current.ready_after_ms = 1;
        fake_move(&supervisor, i, PHASE_RUNNING);
    }
    TURN_UNTIL(reader_is_over());
    assert_int_equal(reader.results, MANY);
    assert_int_equal(reader.results_ok, MANY);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(reader.told[i], 1);
    assert_int_equal(supervisor.asked, MANY / 2);
}

/* What changes before the requests have reached the units decides nothing. */
static void what_is_held_is_not_decided(void **state)
{
    (void)state;
    all_run();
    for (uint32_t i = MANY / 2; i < MANY; i++)
        supervisor.along[i].with = 1;
    reader_open(MORE("Stop", "\"units\":[\"u00*\",\"u01*\"]"));
    TURN_UNTIL(supervisor.asked > 0);
    assert_int_equal(supervisor.n_holding, 1);
    fake_move(&supervisor, 0, PHASE_BACKOFF);
    stopped(0);
    turn(1);
    assert_int_equal(supervisor.n_holding, 1);
    reader_read();
    assert_int_equal(reader.results, 0);
    TURN_UNTIL(supervisor.asked == 2000 && supervisor.n_holding == 0 && reached());
    for (uint32_t i = 1; i < MANY; i++)
        stopped(i);
    TURN_UNTIL(reader_is_over());
    assert_int_equal(reader.results, 2000 + MANY / 2);
    assert_int_equal(reader.results_ok, reader.results);
}

/* What happened to it before was no answer to the request. */
static void what_is_taken_along_is_decided_when_the_request_has_reached_the_units(void **state)
{
    (void)state;
    all_run();
    supervisor.along[0].with = 1 + 1;
    supervisor.asked = supervisor.done_at_most = 1; /* some other request was the last to arrive */
    reader_open(MORE("Stop", "\"units\":[\"b\"]"));
    TURN_UNTIL(supervisor.asked == 2 && supervisor.n_holding == 0);
    stopped(0);
    turn(5);
    reader_read();
    assert_int_equal(reader.results, 0);
    supervisor.done_at_most = 0;
    turn(5);
    reader_read();
    assert_int_equal(reader.results, 1);
    stopped(1);
    TURN_UNTIL(reader_is_over());
    assert_int_equal(reader.results_ok, 2);
}

static void what_was_begun_is_ended_for_who_has_gone(void **state)
{
    (void)state;
    reader_open(CALL("Stop", "\"units\":[\"u00*\"]"));
    TURN_UNTIL(supervisor.n_holding == 1);
    close(reader.fd);
    reader.fd = 0;
    TURN_UNTIL(control->n_clients == 0);
    TURN_UNTIL(list_empty(&control->pendings));
    assert_int_equal(supervisor.n_holding, 0);
    assert_int_equal(supervisor.asked, 1000);
}

/* Nobody can ask for more than there are places, and a place at a time is enough. */
static void oneway_requests_wait_for_each_other(void **state)
{
    int fd = connect_client();

    (void)state;
    for (int i = 0; i < 3; i++)
        say(fd, ONEWAY("Stop", "\"units\":[\"u00*\"]"));
    for (int i = 0; i < 40; i++) {
        int gone = connect_client();

        say(gone, ONEWAY("Stop", "\"units\":[\"u00*\"]"));
        close(gone);
    }
    while (supervisor.asked < 43000) {
        unsigned n_pendings = 0;

        turn(1);
        list_for_each (it, &control->pendings)
            n_pendings++;
        assert_in_range(n_pendings, 0, 16);
    }
    TURN_UNTIL(control->n_clients == 1 && list_empty(&control->pendings));
    assert_int_equal(supervisor.asked, 43000);
    close(fd);
}

static void who_may_hold_up_nothing_more_waits(void **state)
{
    int fd = connect_client();

    (void)state;
    supervisor.held_enough = true;
    say(fd, CALL("Stop", "\"units\":[\"u00001\"]"));
    TURN_UNTIL(control->n_waited == 1);
    turn(5);
    assert_int_equal(supervisor.asked, 0);
    supervisor.held_enough = false;
    TURN_UNTIL(supervisor.asked == 1 && supervisor.n_holding == 0);
    close(fd);
}

static void what_was_begun_is_ended_at_the_end(void **state)
{
    (void)state;
    reader_open(MORE("Stop", "\"units\":[\"*\"]"));
    TURN_UNTIL(supervisor.n_holding == 1);
    control_destroy(control);
    control = NULL;
    assert_int_equal(supervisor.n_holding, 0);
    assert_true(supervisor.asked < MANY);
}

static void a_start_of_what_is_stuck_is_answered_with_the_reason(void **state)
{
    int fd = connect_client();

    (void)state;
    supervisor.units[0].phase = PHASE_STUCK;
    supervisor.units[0].goal = true;
    supervisor.waiting[0] =
        (struct waiting_for){.unit = 1, .until = WAITED_READY, .failed = true, .cause = 2};
    supervisor.units[2].phase = PHASE_FAILED;
    assert_string_equal(
        answer_to(fd, CALL("Start", "\"units\":[\"a\"]")),
        "{\"parameters\":{\"results\":[{\"unit\":\"a\",\"along_with\":null,\"because\":null,\"ok\":"
        "false,"
        "\"state\":\"waiting\",\"pid\":null,\"run\":0,\"message\":\"b waits for c, which has "
        "failed; 'reevectl reset-failed c' lets it try again; a starts then, unless "
        "stopped\"}],\"progress\":[]}}");
    close(fd);
}

/* a and c follow b, which does not come back: a waits for it, c has. */
static void who_is_left_behind_is_not_waited_for(void **state)
{
    int fd = connect_client();
    static struct heard h;

    (void)state;
    all_run();
    supervisor.along[0].with = supervisor.along[2].with = 1 + 1;
    memset(&h, 0, sizeof h);
    say(fd, CALL("Restart", "\"units\":[\"b\"]"));
    TURN_UNTIL(supervisor.asked == 1 && supervisor.n_holding == 0);
    turn(5);
    supervisor.waiting[0] = (struct waiting_for){.unit = 1, .until = WAITED_READY};
    fake_move(&supervisor, 0, PHASE_WAITING);
    supervisor.units[2].run = 1;
    supervisor.units[2].current.ready_after_ms = 1;
    fake_move(&supervisor, 2, PHASE_RUNNING);
    turn(5);
    assert_int_equal(control->n_waited, 3);
    fake_move(&supervisor, 1, PHASE_UNKILLABLE);
    TURN_UNTIL(control->n_waited == 0);
    TURN_UNTIL(listen_to(fd, &h)->len && !h.text[h.len - 1]);
    assert_non_null(strstr(
        h.text, "{\"unit\":\"a\",\"along_with\":\"b\",\"because\":\"requires_it\",\"ok\":false,"
                "\"state\":\"waiting\",\"pid\":null,\"run\":0,"
                "\"message\":\"b did not come back; still waiting, for b to "
                "be ready\"}"));
    assert_non_null(
        strstr(h.text, "{\"unit\":\"b\",\"along_with\":null,\"because\":null,\"ok\":false,"));
    assert_non_null(strstr(
        h.text, "{\"unit\":\"c\",\"along_with\":\"b\",\"because\":\"requires_it\",\"ok\":true,"));
    close(fd);
}

static void progress_tells_what_is_waited_for(void **state)
{
    static struct heard h;
    int fd = connect_client();

    (void)state;
    memset(&h, 0, sizeof h);
    say(fd, MORE("Wait", "\"units\":[\"b\"],\"until\":\"ready\""));
    TURN_UNTIL(reached());
    turn(5);
    supervisor.waiting[1] = (struct waiting_for){.unit = 2, .until = WAITED_COMPLETED, .others = 1};
    fake_move(&supervisor, 1, PHASE_WAITING);
    TURN_UNTIL(listen_to(fd, &h)->len && !h.text[h.len - 1]);
    assert_string_equal(h.text,
                        "{\"parameters\":{\"results\":[],\"progress\":[{\"unit\":\"b\","
                        "\"state\":\"waiting\",\"waiting\":{\"unit\":\"c\","
                        "\"until\":\"completed\",\"failed\":false,\"cause\":null,\"cause_"
                        "state\":null,\"others\":1},"
                        "\"held_until\":null,\"hook\":null,\"pid\":null}]},\"continues\":true}");
    close(fd);
    TURN_UNTIL(control->n_clients == 0);
}

/* ---- Signal, ResetFailed ---- */

static const char *result_of(const char *message)
{
    int fd = connect_client();
    const char *text = answer_to(fd, message);

    close(fd);
    return text;
}

#define RESULT(ok, message)                                                                        \
    "{\"parameters\":{\"results\":[{\"unit\":\"a\",\"along_with\":null,\"because\":null,"          \
    "\"ok\":" ok ",\"state\":\"running\",\"pid\":null,\"run\":0,\"message\":\"" message "\"}]}}"

static void signals(void **state)
{
    (void)state;
    assert_string_equal(result_of(CALL("Signal", "\"units\":[\"a\"],\"signal\":\"sighup\"")),
                        RESULT("true", ""));
    assert_int_equal(supervisor.signal, SIGHUP);
    assert_int_equal(supervisor.signal_to, SIGNAL_TO_MAIN);
    (void)result_of(CALL("Signal", "\"units\":[\"a\"],\"signal\":\"RTMIN+1\",\"whom\":\"group\""));
    assert_int_equal(supervisor.signal, SIGRTMIN + 1);
    assert_int_equal(supervisor.signal_to, SIGNAL_TO_GROUP);
    (void)result_of(MORE("Signal", "\"units\":[\"a\"],\"signal\":\"64\",\"whom\":\"tree\""));
    assert_int_equal(supervisor.signal, 64);
    assert_int_equal(supervisor.signal_to, SIGNAL_TO_TREE);
    supervisor.signal_error = -ESRCH;
    assert_string_equal(result_of(CALL("Signal", "\"units\":[\"a\"],\"signal\":\"9\"")),
                        RESULT("false", "it has no process"));
    supervisor.signal_error = -EPERM;
    assert_string_equal(result_of(CALL("Signal", "\"units\":[\"a\"],\"signal\":\"9\"")),
                        RESULT("false", "Operation not permitted"));
    supervisor.signal_error = -EAGAIN; /* too many real-time signals are queued */
    assert_string_equal(result_of(CALL("Signal", "\"units\":[\"a\"],\"signal\":\"40\"")),
                        RESULT("false", "Resource temporarily unavailable"));
}

static void wrong_parameters(void **state)
{
    static const struct {
        const char *call, *parameter;
    } wrong[] = {
        {CALL("Signal", "\"units\":[\"a\"]"), "signal"},
        {CALL("Signal", "\"signal\":\"HUP\""), "units"},
        {CALL("Signal", "\"units\":[\"a\"],\"signal\":\"65\""), "signal"},
        {CALL("Signal", "\"units\":[\"a\"],\"signal\":1"), "signal"},
        {CALL("Signal", "\"units\":[\"a\"],\"signal\":\"HUP\",\"whom\":\"all\""), "whom"},
        {CALL("Wait", "\"units\":[\"a\"],\"until\":\"happy\""), "until"},
        {CALL("Wait", "\"until\":\"ready\""), "units"},
        {CALL("Wait", "\"units\":[\"a\"],\"wait\":true"), "wait"},
        {CALL("ResetFailed", "\"units\":\"a\""), "units"},
        {CALL("Check", "\"file\":\"x\""), "file"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char expected[160];

        snprintf(expected, sizeof expected,
                 "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":"
                 "{\"parameter\":\"%s\"}}",
                 wrong[i].parameter);
        assert_string_equal(result_of(wrong[i].call), expected);
    }
    assert_int_equal(supervisor.signal, 0);
}

static void resets(void **state)
{
    const char *text;

    (void)state;
    assert_string_equal(result_of(CALL("ResetFailed", "")), "{\"parameters\":{\"results\":[]}}");
    supervisor.units[1].phase = PHASE_FAILED;
    text = result_of(CALL("ResetFailed", ""));
    assert_non_null(strstr(
        text,
        "[{\"unit\":\"b\",\"along_with\":null,\"because\":null,\"ok\":true,\"state\":\"failed\""));
    assert_int_equal(supervisor.asked, 1);
    assert_string_equal(result_of(CALL("ResetFailed", "\"units\":[\"a\"]")), RESULT("true", ""));
    assert_int_equal(supervisor.asked, 2);
}

static void while_shutting_down(void **state)
{
    (void)state;
    supervisor.shutting_down = true;
    supervisor.units[1].phase = PHASE_STOPPED;
    assert_non_null(strstr(result_of(CALL("ResetFailed", "")), "ShuttingDown"));
    assert_non_null(strstr(result_of(CALL("Start", "\"units\":[\"a\"]")), "ShuttingDown"));
    assert_string_equal(result_of(CALL("Signal", "\"units\":[\"a\"],\"signal\":\"9\"")),
                        RESULT("true", ""));
    assert_non_null(
        strstr(result_of(CALL("Wait", "\"units\":[\"b\"],\"until\":\"stopped\"")), "\"ok\":true"));
}

#define TEST(name, setup) cmocka_unit_test_setup_teardown(name, setup, reader_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_moves_often_is_told_once, begin),
        TEST(what_is_decided_is_told_at_once, begin),
        TEST(without_more_the_order_is_the_configurations, begin),
        TEST(a_timeout_decides_what_is_left, begin),
        TEST(a_slow_reader_is_told_all_results_in_bounded_memory, begin_many),
        TEST(a_change_is_cheap, begin_many),
        TEST(who_goes_while_it_is_told_is_forgotten, begin_many),
        TEST(many_are_answered_at_the_end, begin_many),
        TEST(strangers_wait_for_so_many_and_no_more, begin_many),
        TEST(a_stop_waits_for_what_it_takes_along, begin),
        TEST(a_stop_waits_for_what_is_not_needed_then, begin),
        TEST(a_restart_of_many_is_asked_at_once, begin_many),
        TEST(what_is_held_is_not_decided, begin_many),
        TEST(what_is_taken_along_is_decided_when_the_request_has_reached_the_units, begin),
        TEST(what_was_begun_is_ended_for_who_has_gone, begin_many),
        TEST(oneway_requests_wait_for_each_other, begin_many),
        TEST(who_may_hold_up_nothing_more_waits, begin_many),
        TEST(what_was_begun_is_ended_at_the_end, begin_many),
        TEST(a_start_of_what_is_stuck_is_answered_with_the_reason, begin),
        TEST(who_is_left_behind_is_not_waited_for, begin),
        TEST(progress_tells_what_is_waited_for, begin),
        TEST(signals, begin),
        TEST(wrong_parameters, begin),
        TEST(resets, begin),
        TEST(while_shutting_down, begin),
    };

    log_init("reeved", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, make_tmp_dir, remove_tmp_dir);
}
