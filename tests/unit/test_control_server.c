/* The service on its socket: clients that come, go and ask too much, and calls that fail. */
#include "control_service.h"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>

/* ---- calls that fail on demand: these stand in for libc's ---- */

static int epoll_error; /* errno of whatever would watch something */
static int epoll_error_at_start;
static int inotify_error;

int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
    if (epoll_error && op != EPOLL_CTL_DEL) {
        errno = epoll_error;
        return -1;
    }
    return (int)syscall(SYS_epoll_ctl, epfd, op, fd, event);
}

int inotify_add_watch(int fd, const char *name, uint32_t mask)
{
    if (inotify_error) {
        errno = inotify_error;
        return -1;
    }
    return (int)syscall(SYS_inotify_add_watch, fd, name, mask);
}

static void fail_at_start(void)
{
    epoll_error = epoll_error_at_start;
}

static int begin(void **state)
{
    static const char *const names[] = {"a", "b"};

    (void)state;
    service_begin(names, 2, fail_at_start);
    return 0;
}

static int begin_unwatched(void **state)
{
    int r;

    epoll_error_at_start = ENOSPC;
    r = begin(state);
    epoll_error_at_start = 0;
    return r;
}

static int end(void **state)
{
    (void)state;
    epoll_error = inotify_error = 0;
    return service_end();
}

static bool is_served(void)
{
    int fd = connect_client();
    bool ok = strstr(answer_to(fd, CALL("Health", "")), "\"total\":2") != NULL;

    close(fd);
    return ok;
}

/* ---- clients that go while they wait ---- */

static void half_closed_then_gone(void **state)
{
    int fd = connect_client();

    (void)state;
    say(fd, CALL("Stop", "\"units\":[\"a\"]"));
    TURN_UNTIL(supervisor.asked == 1);
    shutdown(fd, SHUT_WR);
    TURN_UNTIL(only_client()->eof);
    for (int i = 0; i < 10; i++) /* it may still read its answer */
        ev_run(loop.ev, EVRUN_NOWAIT);
    assert_int_equal(control->n_clients, 1);
    assert_non_null(only_client()->pending);
    close(fd);
    TURN_UNTIL(control->n_clients == 0);
    assert_true(list_empty(&control->pendings));
    assert_true(is_served());
}

/* A client so far ahead with its requests that no more of them are read. */
static void gone_with_requests_unread(void **state)
{
    char *more = malloc(200000);
    int fd = connect_client();

    (void)state;
    assert_non_null(more);
    memset(more, 'x', 200000);
    say(fd, CALL("Stop", "\"units\":[\"a\"]"));
    TURN_UNTIL(supervisor.asked == 1);
    for (size_t at = 0; at < 200000;) {
        ssize_t n = send(fd, more + at, 200000 - at, MSG_DONTWAIT | MSG_NOSIGNAL);

        at += n > 0 ? (size_t)n : 0;
        if (n < 0)
            break;
        ev_run(loop.ev, EVRUN_NOWAIT);
    }
    free(more);
    close(fd);
    TURN_UNTIL(control->n_clients == 0);
    assert_true(list_empty(&control->pendings));
}

/* ---- waits at reeved's end ---- */

#define UNDECIDED "reeved ended before it was decided"

static void undecided_waits_are_answered_at_the_end(void **state)
{
    static struct heard first, second, third;
    int fd = connect_client(), late = connect_client(), oneway = connect_client();
    int just = connect_client();

    (void)state;
    memset(&first, 0, sizeof first);
    memset(&second, 0, sizeof second);
    memset(&third, 0, sizeof third);
    say(fd, CALL("Stop", "\"units\":[\"a\",\"b\"]"));
    TURN_UNTIL(supervisor.asked == 2);
    supervisor.done_at_most = 2;
    say(just, CALL("Stop", "\"units\":[\"b\"]"));
    TURN_UNTIL(supervisor.asked == 3);
    say(late, CALL("Start", "\"units\":[\"b\"]"));
    TURN_UNTIL(supervisor.asked == 4);
    say(oneway, ONEWAY("Start", "\"units\":[\"b\"]"));
    TURN_UNTIL(supervisor.asked == 5);
    supervisor.done_at_most = 3; /* and nobody has looked since */
    control_destroy(control);
    control = NULL;
    assert_true(listen_to(fd, &first)->closed);
    /* b was stopped all along. */
    assert_string_equal(
        first.text,
        "{\"parameters\":{\"results\":["
        "{\"unit\":\"a\",\"along_with\":null,\"because\":null,\"ok\":false,\"state\":\"running\","
        "\"pid\":null,\"run\":0,\"message\":\"" UNDECIDED "\"},"
        "{\"unit\":\"b\",\"along_with\":null,\"because\":null,\"ok\":true,\"state\":\"stopped\","
        "\"pid\":null,\"run\":0,\"message\":\"\"}],\"progress\":[]}}");
    assert_true(listen_to(late, &second)->closed);
    assert_string_equal(
        second.text,
        "{\"parameters\":{\"results\":["
        "{\"unit\":\"b\",\"along_with\":null,\"because\":null,\"ok\":false,\"state\":\"stopped\","
        "\"pid\":null,\"run\":0,"
        "\"message\":\"" UNDECIDED "\"}],\"progress\":[]}}");
    assert_true(listen_to(just, &third)->closed);
    assert_non_null(strstr(third.text, "\"ok\":true"));
    assert_int_equal(recv(oneway, first.text, 1, MSG_DONTWAIT), 0);
    close(just);
    close(fd);
    close(late);
    close(oneway);
}

/* An answer that cannot be written for want of memory keeps nobody from ending. */
static void the_end_without_memory(void **state)
{
    int fd = connect_client();
    char byte;

    (void)state;
    say(fd, CALL("Stop", "\"units\":[\"a\"]"));
    TURN_UNTIL(supervisor.asked == 1);
    only_client()->out.failed = true;
    control_destroy(control);
    control = NULL;
    assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
    close(fd);
}

/* ---- patterns that take a while ---- */

enum { MANY = 10000, NAME_CHARS = 47 };

static int begin_many(void **state)
{
    static char texts[MANY][NAME_CHARS + 1];
    static const char *names[MANY];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        memset(texts[i], 'u', NAME_CHARS - 5);
        snprintf(texts[i] + NAME_CHARS - 5, 6, "%05d", i);
        names[i] = texts[i];
    }
    service_begin(names, MANY, fail_at_start);
    return 0;
}

/* A call with 31 patterns that match a tenth of all after a long search, and a last one. */
static const char *dear_call(const char *head, const char *last)
{
    static char text[8192];
    char pattern[129];

    memset(pattern, '~', sizeof pattern);
    memcpy(pattern, "u*[!", 4);
    strcpy(pattern + 126, "]0");
    strcpy(text, head);
    for (int i = 0; i < 31; i++)
        sprintf(text + strlen(text), "\"%s\",", pattern);
    sprintf(text + strlen(text), "\"%s\"]}}", last);
    return text;
}

#define DEAR(method) "{\"method\":\"io.reeve.Manager." method "\",\"parameters\":{\"units\":["

static void dear_patterns_keep_nobody_waiting(void **state)
{
    static struct heard h;
    int dear = connect_client(), other = connect_client();
    unsigned turns = 0;
    double longest = 0;

    (void)state;
    memset(&h, 0, sizeof h);
    TURN_UNTIL(control->n_clients == 2);
    say(dear, dear_call(DEAR("Health"), "*00"));
    say(other, CALL("Health", "\"limit\":0"));
    while (!listen_to(dear, &h)->len && turns < 100000) {
        clock_t began = clock();
        double took;

        ev_run(loop.ev, EVRUN_NOWAIT);
        took = (double)(clock() - began) / CLOCKS_PER_SEC;
        longest = took > longest ? took : longest;
        turns++;
    }
    assert_non_null(strstr(h.text, "\"total\":10000"));
    if (longest > 0.05)
        fail_msg("a turn took %.1f ms", longest * 1e3);
    memset(&h, 0, sizeof h);
    assert_true(listen_to(other, &h)->len > 0);
    close(dear);
    close(other);
}

/* Many who wait for all units, until their time is up at once. */
static void many_waits_keep_nobody_waiting(void **state)
{
    enum { WAITS = 60 };
    int fds[WAITS], answered = 0;
    double longest = 0;

    (void)state;
    for (uint32_t i = 0; i < supervisor.n_units; i++)
        supervisor.units[i].phase = PHASE_BACKOFF; /* what is stopped would be decided at once */
    for (int i = 0; i < WAITS; i++) {
        fds[i] = connect_client();
        say(fds[i], CALL("Wait", "\"units\":[\"*\"],\"timeout_ms\":300"));
    }
    while (answered < WAITS) {
        static char bytes[1 << 16];
        clock_t began = clock();
        double took;

        ev_run(loop.ev, EVRUN_NOWAIT);
        took = (double)(clock() - began) / CLOCKS_PER_SEC;
        longest = took > longest ? took : longest;
        for (int i = 0; i < WAITS; i++) {
            ssize_t n = fds[i] < 0 ? 0 : recv(fds[i], bytes, sizeof bytes - 1, MSG_DONTWAIT);

            if (n <= 0)
                continue;
            bytes[n] = '\0';
            assert_non_null(strstr(bytes, "\"message\":\"still backoff after 300ms\""));
            close(fds[i]);
            fds[i] = -1;
            answered++;
        }
    }
    if (longest > 0.05)
        fail_msg("a turn took %.1f ms", longest * 1e3);
    TURN_UNTIL(control->n_clients == 0);
    assert_true(list_empty(&control->pendings));
}

static void what_a_dear_call_misses_is_told(void **state)
{
    int fd = connect_client();
    const char *text = answer_to(fd, dear_call(DEAR("Start"), "x*"));

    (void)state;
    assert_string_equal(text, "{\"error\":\"io.reeve.Manager.NoSuchUnit\",\"parameters\":{"
                              "\"unit\":\"x*\",\"message\":\"No unit matches 'x*'.\"}}");
    assert_int_equal(supervisor.asked, 0);
    /* The connection goes on. */
    assert_non_null(strstr(answer_to(fd, CALL("Health", "\"limit\":0")), "\"total\":10000"));
    close(fd);
}

/* Also when nobody waits: gone before the units were chosen, or not interested. */
static void a_dear_call_is_done_for_who_has_gone(void **state)
{
    static const char oneway[] =
        "{\"method\":\"io.reeve.Manager.Stop\",\"oneway\":true,\"parameters\":{\"units\":[";
    int fd = connect_client();

    (void)state;
    say(fd, dear_call(DEAR("Start"), "*"));
    close(fd);
    TURN_UNTIL(supervisor.asked == MANY && control->n_clients == 0);
    assert_true(list_empty(&control->pendings));
    fd = connect_client();
    say(fd, dear_call(oneway, "x*")); /* not done, and not answered */
    say(fd, dear_call(oneway, "*"));
    assert_non_null(strstr(answer_to(fd, CALL("Health", "\"limit\":0")), "\"total\":10000"));
    TURN_UNTIL(supervisor.asked == 2 * MANY);
    close(fd);
    TURN_UNTIL(control->n_clients == 0);
    /* Dropped in the middle. */
    fd = connect_client();
    say(fd, dear_call(DEAR("Start"), "*"));
    TURN_UNTIL(control->n_clients == 1 && only_client()->request);
    epoll_error = ENOMEM;
    shutdown(fd, SHUT_WR);
    TURN_UNTIL(control->n_clients == 0);
    epoll_error = 0;
    TURN_UNTIL(supervisor.asked == 3 * MANY);
    close(fd);
}

static void the_end_in_the_middle_of_choosing(void **state)
{
    int fd = connect_client();
    char byte;

    (void)state;
    say(fd, dear_call(DEAR("Start"), "*"));
    TURN_UNTIL(control->n_clients == 1 && only_client()->request);
    control_destroy(control);
    control = NULL;
    assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
    assert_int_equal(supervisor.asked, 0);
    close(fd);
}

/* ---- no memory to watch with ---- */

static void a_listener_that_cannot_be_watched_tries_again(void **state)
{
    int fd = connect_client();

    (void)state;
    for (int i = 0; i < 10; i++)
        ev_run(loop.ev, EVRUN_NOWAIT);
    assert_int_equal(control->n_clients, 0);
    epoll_error = 0;
    assert_non_null(strstr(answer_to(fd, CALL("Health", "")), "\"total\":2"));
    /* Not only this once. */
    assert_true(is_served());
    TURN_UNTIL(control->listening.watched);
    close(fd);
}

static void a_client_that_cannot_be_watched_is_dropped(void **state)
{
    static struct heard h;
    int fd = connect_client(), other;

    (void)state;
    memset(&h, 0, sizeof h);
    epoll_error = ENOMEM;
    TURN_UNTIL(listen_to(fd, &h)->closed);
    epoll_error = 0;
    assert_int_equal(control->n_clients, 0);
    close(fd);
    /* While it waits for an answer. */
    fd = connect_client();
    say(fd, CALL("Stop", "\"units\":[\"a\"]"));
    TURN_UNTIL(supervisor.asked == 1);
    other = connect_client();
    TURN_UNTIL(control->n_clients == 2);
    epoll_error = ENOMEM;
    memset(&h, 0, sizeof h);
    shutdown(fd, SHUT_WR);
    TURN_UNTIL(listen_to(fd, &h)->closed);
    epoll_error = 0;
    assert_int_equal(control->n_clients, 1);
    assert_true(list_empty(&control->pendings));
    assert_non_null(strstr(answer_to(other, CALL("Health", "")), "\"total\":2"));
    close(fd);
    close(other);
}

static bool socket_is_back(void)
{
    return access(socket_path, F_OK) == 0;
}

static void a_file_that_cannot_be_watched_is_looked_for(void **state)
{
    (void)state;
    inotify_error = ENOSPC;
    unlink(socket_path);
    TURN_UNTIL(socket_is_back()); /* told of by the old watch */
    assert_false(control->listening.watched);
    unlink(socket_path);
    TURN_UNTIL(socket_is_back()); /* seen by the clock */
    inotify_error = 0;
    TURN_UNTIL(control->listening.watched);
    unlink(socket_path);
    TURN_UNTIL(socket_is_back());
    assert_true(is_served());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(half_closed_then_gone, begin, end),
        cmocka_unit_test_setup_teardown(gone_with_requests_unread, begin, end),
        cmocka_unit_test_setup_teardown(undecided_waits_are_answered_at_the_end, begin, end),
        cmocka_unit_test_setup_teardown(the_end_without_memory, begin, end),
        cmocka_unit_test_setup_teardown(dear_patterns_keep_nobody_waiting, begin_many, end),
        cmocka_unit_test_setup_teardown(many_waits_keep_nobody_waiting, begin_many, end),
        cmocka_unit_test_setup_teardown(what_a_dear_call_misses_is_told, begin_many, end),
        cmocka_unit_test_setup_teardown(a_dear_call_is_done_for_who_has_gone, begin_many, end),
        cmocka_unit_test_setup_teardown(the_end_in_the_middle_of_choosing, begin_many, end),
        cmocka_unit_test_setup_teardown(a_listener_that_cannot_be_watched_tries_again,
                                        begin_unwatched, end),
        cmocka_unit_test_setup_teardown(a_client_that_cannot_be_watched_is_dropped, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_watched_is_looked_for, begin, end),
    };

    log_init("reeved", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, make_tmp_dir, remove_tmp_dir);
}
