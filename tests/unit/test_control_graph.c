/* Graph: which units it tells of, and that however many dependencies there are, no turn takes long
 * and no answer much memory. */
#include "control_service.h"

#include "control/closure.h"
#include "varlink/json.h"

enum { MANY = 10000, HUB = MANY - 1 };

static struct dependency dependencies[4 * MANY];

/* a requires b, b wants c, d is after a; e has nobody. */
static void depend(void)
{
    static struct dependency of_a[] = {{1, DEPENDENCY_REQUIRES, 1u << CONDITION_READY}};
    static struct dependency of_b[] = {{2, DEPENDENCY_WANTS, 1u << CONDITION_COMPLETED}};
    static struct dependency of_d[] = {{0, DEPENDENCY_AFTER, 1u << CONDITION_STARTED}};
    struct dependency *of[] = {of_a, of_b, NULL, of_d, NULL};

    for (uint32_t i = 0; i < supervisor.n_units; i++) {
        supervisor.specs[i].dependencies = of[i];
        supervisor.specs[i].n_dependencies = of[i] != NULL;
        supervisor.specs[i].enabled = true;
    }
}

static int begin(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};

    (void)state;
    service_begin(names, 5, depend);
    return 0;
}

/* The last one depends on all others, and each of them on its three neighbours. */
static void depend_much(void)
{
    struct dependency *next = dependencies;

    for (uint32_t i = 0; i < MANY; i++) {
        struct unit_spec *spec = &supervisor.specs[i];

        spec->dependencies = next;
        for (uint32_t k = i == HUB ? 0 : i + 1; k < (i == HUB ? HUB : i + 4) && k < HUB; k++)
            *next++ = (struct dependency){k, DEPENDENCY_REQUIRES, 1u << CONDITION_READY};
        spec->n_dependencies = (uint32_t)(next - spec->dependencies);
    }
}

static int begin_many(void **state)
{
    static char texts[MANY][32];
    static const char *names[MANY];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "a-unit-with-a-long-name-%05d", i);
        names[i] = texts[i];
    }
    service_begin(names, MANY, depend_much);
    return 0;
}

static int end(void **state)
{
    (void)state;
    return service_end();
}

/* ---- what it tells ---- */

/* The names of the units in the answer, in order. */
static const char *names_in(const char *answer)
{
    static char text[256];
    cJSON *reply = cJSON_Parse(answer);
    const cJSON *unit, *units;

    units = cJSON_GetObjectItem(cJSON_GetObjectItem(reply, "parameters"), "units");
    assert_non_null(units);
    text[0] = '\0';
    cJSON_ArrayForEach(unit, units)
    {
        strcat(text, *text ? " " : "");
        strcat(text, cJSON_GetObjectItem(unit, "name")->valuestring);
    }
    cJSON_Delete(reply);
    return text;
}

static void units_with_what_they_depend_on(void **state)
{
    int fd = connect_client();

    (void)state;
    assert_string_equal(names_in(answer_to(fd, CALL("Graph", ""))), "a b c d e");
    assert_string_equal(names_in(answer_to(fd, CALL("Graph", "\"units\":[\"a\"]"))), "a b c");
    assert_string_equal(names_in(answer_to(fd, CALL("Graph", "\"units\":[\"d\"]"))), "a b c d");
    assert_string_equal(names_in(answer_to(fd, CALL("Graph", "\"units\":[\"e\",\"c\"]"))), "c e");
    assert_string_equal(names_in(answer_to(fd, CALL("Graph", "\"units\":[]"))), "");
    assert_non_null(
        strstr(answer_to(fd, CALL("Graph", "\"units\":[\"x\"]")), "Manager.NoSuchUnit"));
    assert_non_null(strstr(answer_to(fd, CALL("Graph", "\"limit\":1")), "InvalidParameter"));
    close(fd);
}

static void all_about_a_unit_among_others(void **state)
{
    int fd = connect_client();

    (void)state;
    supervisor.units[0].phase = PHASE_WAITING;
    supervisor.units[0].goal = supervisor.units[0].wanted = true;
    supervisor.waiting[0] = (struct waiting_for){.unit = 1, .until = WAITED_READY};
    supervisor.units[2].ready = true;
    assert_string_equal(
        answer_to(fd, CALL("Graph", "\"units\":[\"a\"]")),
        "{\"parameters\":{\"units\":["
        "{\"name\":\"a\",\"kind\":\"service\",\"state\":\"waiting\",\"goal\":\"up\",\"wanted\":"
        "true,"
        "\"waiting\":{\"unit\":\"b\",\"until\":\"ready\",\"failed\":false,\"cause\":null,\"cause_"
        "state\":null,"
        "\"others\":0},\"held_until\":null,\"hook\":null,\"ready\":false,\"enabled\":true,"
        "\"dependencies\":["
        "{\"unit\":\"b\",\"kind\":\"requires\",\"conditions\":[\"ready\"],\"met\":false}]},"
        "{\"name\":\"b\",\"kind\":\"service\",\"state\":\"stopped\",\"goal\":\"down\","
        "\"wanted\":false,\"waiting\":null,\"held_until\":null,\"hook\":null,\"ready\":false,"
        "\"enabled\":true,\"dependencies\":["
        "{\"unit\":\"c\",\"kind\":\"wants\",\"conditions\":[\"completed\"],\"met\":true}]},"
        "{\"name\":\"c\",\"kind\":\"service\",\"state\":\"stopped\",\"goal\":\"down\","
        "\"wanted\":false,\"waiting\":null,\"held_until\":null,\"hook\":null,\"ready\":true,"
        "\"enabled\":true,\"dependencies\":[]}"
        "]}}");
    close(fd);
}

static void strangers_may_look(void **state)
{
    int fd = connect_client();

    (void)state;
    TURN_UNTIL(control->n_clients == 1);
    only_client()->role = ROLE_STRANGER;
    assert_string_equal(names_in(answer_to(fd, CALL("Graph", ""))), "a b c d e");
    close(fd);
}

/* ---- many ---- */

static struct {
    char *bytes;
    size_t len, cap;
    unsigned units, dependencies, replies;
    bool over;
    double longest_turn; /* in seconds of the processor */
    size_t most_unsent_bytes;
} reader;

static void take_reply(const char *text)
{
    cJSON *reply = cJSON_Parse(text);
    const cJSON *unit;

    assert_non_null(reply);
    cJSON_ArrayForEach(unit, cJSON_GetObjectItem(cJSON_GetObjectItem(reply, "parameters"), "units"))
    {
        reader.units++;
        reader.dependencies +=
            (unsigned)cJSON_GetArraySize(cJSON_GetObjectItem(unit, "dependencies"));
    }
    reader.replies++;
    reader.over = !cJSON_IsTrue(cJSON_GetObjectItem(reply, "continues"));
    cJSON_Delete(reply);
}

static void read_some(int fd)
{
    ssize_t n;
    char *nul;

    if (reader.cap - reader.len < 65536)
        reader.bytes = realloc(reader.bytes, reader.cap += 1 << 20);
    assert_non_null(reader.bytes);
    n = recv(fd, reader.bytes + reader.len, reader.cap - reader.len, MSG_DONTWAIT);
    reader.len += n > 0 ? (size_t)n : 0;
    while (n > 0 && (nul = memchr(reader.bytes, '\0', reader.len)) != NULL) {
        size_t len = (size_t)(nul - reader.bytes) + 1;

        take_reply(reader.bytes);
        memmove(reader.bytes, reader.bytes + len, reader.len - len);
        reader.len -= len;
    }
}

static void turn_once(void)
{
    clock_t began = clock();
    double took;

    ev_run(loop.ev, EVRUN_NOWAIT);
    took = (double)(clock() - began) / CLOCKS_PER_SEC;
    if (took > reader.longest_turn)
        reader.longest_turn = took;
    if (control->n_clients && client_unsent_bytes(only_client()) > reader.most_unsent_bytes)
        reader.most_unsent_bytes = client_unsent_bytes(only_client());
}

static void read_whole(const char *message)
{
    int64_t until_ms = clock_now().mono_ms + PATIENCE_MS;
    int fd = connect_client();

    free(reader.bytes);
    memset(&reader, 0, sizeof reader);
    say(fd, message);
    while (!reader.over) {
        assert_true(clock_now().mono_ms < until_ms);
        turn_once();
        read_some(fd);
    }
    close(fd);
    free(reader.bytes);
    reader.bytes = NULL;
    if (reader.longest_turn > 0.02)
        fail_msg("a turn took %.1f ms", reader.longest_turn * 1e3);
}

static void read_all(const char *message)
{
    read_whole(message);
    assert_int_equal(reader.units, MANY);
    assert_int_equal(reader.dependencies, HUB + 3 * HUB - 6);
    assert_true(reader.most_unsent_bytes < 2 * CLIENT_OUT_LOW_BYTES + 4096);
}

static void many_dependencies_keep_nobody_waiting(void **state)
{
    (void)state;
    read_all(CALL("Graph", ""));
    assert_int_equal(reader.replies, 1);
}

/* The hub stands in one page, however long. */
static void many_dependencies_in_pages(void **state)
{
    (void)state;
    read_all(MORE("Graph", "\"units\":[\"a-unit-with-a-long-name-09999\"]"));
    assert_true(reader.replies > 10);
}

/* It may take a while to find out what a unit waits for. */
static void dear_looks_keep_nobody_waiting(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MANY; i++)
        supervisor.units[i].phase = PHASE_STUCK;
    supervisor.waiting_takes_us = 300;
    read_whole(CALL("List", "\"units\":[\"*-07*\"]"));
    assert_int_equal(reader.units, 1000);
    read_whole(MORE("Graph", "\"units\":[\"*-097*\"]"));
    assert_true(reader.units >= 100);
    read_whole(CALL("Start", "\"units\":[\"*-07*\"]"));
    read_whole(CALL("Wait", "\"units\":[\"*-07*\"],\"until\":\"stopped\",\"timeout_ms\":1"));
}

static void who_goes_meanwhile_is_forgotten(void **state)
{
    int fd = connect_client();

    (void)state;
    say(fd, MORE("Graph", "\"units\":[\"a-unit-with-a-long-name-09999\"]"));
    TURN_UNTIL(control->n_clients == 1 && only_client()->listing.active);
    close(fd);
    TURN_UNTIL(control->n_clients == 0);
    memset(&reader, 0, sizeof reader);
    fd = connect_client();
    say(fd, MORE("Graph", ""));
    TURN_UNTIL((read_some(fd), control->n_clients == 1) && only_client()->listing.in_unit);
    close(fd);
    free(reader.bytes);
    reader.bytes = NULL;
    TURN_UNTIL(control->n_clients == 0);
}

/* A unit among hundreds of thousands of dependencies: found in short portions. */
static void finding_takes_short_portions(void **state)
{
    enum { N = 1000, EDGES = N * (N - 1) / 2 };
    static struct dependency edges[EDGES];
    static const char *names[N];
    struct selection from = {(uint32_t[]){N - 1}, 1}, found;
    struct dependency *next = edges;
    unsigned portions = 0;
    struct supervisor s;
    struct closure *c;
    double longest = 0;
    int r;

    (void)state;
    for (uint32_t i = 0; i < N; i++)
        names[i] = "x";
    fake_init(&s, names, N);
    for (uint32_t i = 0; i < N; i++) { /* each on all before it */
        s.specs[i].dependencies = next;
        s.specs[i].n_dependencies = i;
        for (uint32_t k = 0; k < i; k++)
            *next++ = (struct dependency){k, DEPENDENCY_AFTER, 1u << CONDITION_READY};
    }
    assert_int_equal(closure_create(&c, &s, &from), 0);
    assert_int_equal(closure_step(c, &found), -EAGAIN);
    closure_destroy(c); /* in the middle */
    assert_int_equal(closure_create(&c, &s, &from), 0);
    do {
        clock_t began = clock();
        double took;

        r = closure_step(c, &found);
        took = (double)(clock() - began) / CLOCKS_PER_SEC;
        longest = took > longest ? took : longest;
        portions++;
    } while (r == -EAGAIN);
    assert_int_equal(r, 0);
    assert_int_equal(found.n, N);
    assert_int_equal(found.indexes[0], 0);
    assert_int_equal(found.indexes[N - 1], N - 1);
    assert_true(portions > 20);
    if (longest > 0.02)
        fail_msg("a portion took %.1f ms", longest * 1e3);
    selection_finish(&found);
    closure_destroy(c);
    fake_finish(&s);
}

#define TEST(name, setup) cmocka_unit_test_setup_teardown(name, setup, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(units_with_what_they_depend_on, begin),
        TEST(all_about_a_unit_among_others, begin),
        TEST(strangers_may_look, begin),
        TEST(many_dependencies_keep_nobody_waiting, begin_many),
        TEST(many_dependencies_in_pages, begin_many),
        TEST(dear_looks_keep_nobody_waiting, begin_many),
        TEST(who_goes_meanwhile_is_forgotten, begin_many),
        cmocka_unit_test(finding_takes_short_portions),
    };

    log_init("reeved", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, make_tmp_dir, remove_tmp_dir);
}
