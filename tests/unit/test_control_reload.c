/* Reload and Hold: what they ask of units, and what they answer. */
#include "control_service.h"

#include "varlink/json.h"

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

static bool has_gone(void)
{
    return control->n_clients == 0;
}

static const char *result_of(const char *message)
{
    int fd = connect_client();
    const char *text = answer_to(fd, message);

    close(fd);
    TURN_UNTIL(has_gone());
    return text;
}

#define RESULT(ok, message)                                                                        \
    "{\"unit\":\"a\",\"along_with\":null,\"because\":null,\"ok\":" ok ",\"state\":\"running\","    \
    "\"pid\":null,\"run\":0,\"message\":\"" message "\"}"
#define RELOADED(ok, message)                                                                      \
    "{\"parameters\":{\"results\":[" RESULT(ok, message) "],\"progress\":[]}}"
#define HELD(ok, message) "{\"parameters\":{\"results\":[" RESULT(ok, message) "]}}"

/* ---- Reload ---- */

static bool is_waited_for(void)
{
    return control->n_clients == 1 && only_client()->pending && list_empty(&control->runnable);
}

static void the_reload_command(bool at_work)
{
    supervisor.units[0].hook = at_work ? HOOK_RELOAD : HOOK_NONE;
    supervisor.listener->fn(supervisor.listener, 0);
}

static void a_reload_is_waited_for(void **state)
{
    static struct heard h;
    int fd = connect_client();

    (void)state;
    memset(&h, 0, sizeof h);
    the_reload_command(true);
    say(fd, CALL("Reload", "\"units\":[\"a\"]"));
    TURN_UNTIL(is_waited_for());
    assert_int_equal(supervisor.asked, 1);
    assert_int_equal(listen_to(fd, &h)->len, 0);
    the_reload_command(false);
    TURN_UNTIL(listen_to(fd, &h)->len && !h.text[h.len - 1]);
    assert_string_equal(h.text, RELOADED("true", ""));
    close(fd);
    TURN_UNTIL(has_gone());
}

static void a_reload_that_failed(void **state)
{
    (void)state;
    supervisor.specs[0].reload_signal = SIGHUP;
    supervisor.units[0].reload_result = (struct probe_result){PROBE_ERROR, EPERM};
    supervisor.units[0].current.failed[HOOK_RELOAD] =
        (struct hook_failure){.command = 1, .how = PROBE_ERROR, .code = EPERM};
    assert_string_equal(result_of(CALL("Reload", "\"units\":[\"a\"]")),
                        RELOADED("false", "SIGHUP could not be sent: Operation not permitted"));
    /* Nobody waits for how it goes. */
    assert_string_equal(result_of(CALL("Reload", "\"units\":[\"a\"],\"wait\":false")),
                        RELOADED("true", ""));
}

static void a_reload_that_is_refused(void **state)
{
    (void)state;
    supervisor.reload_error = -ENOTSUP;
    assert_string_equal(result_of(CALL("Reload", "\"units\":[\"a\"],\"wait\":false")),
                        RELOADED("false",
                                 "it has neither reload_signal nor reload_command; to send it a "
                                 "signal: 'reevectl signal HUP a'"));
}

static void a_reload_may_take_too_long(void **state)
{
    (void)state;
    the_reload_command(true);
    assert_string_equal(
        result_of(CALL("Reload", "\"units\":[\"a\"],\"timeout_ms\":20")),
        RELOADED("false", "still reloading after 20ms, in reload_command: command 1"));
}

static void progress_tells_the_hook_at_work(void **state)
{
    static struct heard h;
    int fd = connect_client();

    (void)state;
    memset(&h, 0, sizeof h);
    say(fd, MORE("Start", "\"units\":[\"b\"],\"timeout_ms\":20000"));
    supervisor.units[1].goal = true;
    TURN_UNTIL(is_waited_for());
    supervisor.units[1].hook = HOOK_PRE_START;
    fake_move(&supervisor, 1, PHASE_PRE_START);
    TURN_UNTIL(strstr(listen_to(fd, &h)->text, "pre_start"));
    assert_string_equal(h.text, "{\"parameters\":{\"results\":[],\"progress\":[{\"unit\":\"b\","
                                "\"state\":\"starting\",\"waiting\":null,\"held_until\":null,"
                                "\"hook\":\"pre_start\",\"pid\":null}]},\"continues\":true}");
    memset(&h, 0, sizeof h);
    supervisor.units[1].hook = HOOK_NONE; /* and nothing else */
    fake_move(&supervisor, 1, PHASE_SPAWNING);
    TURN_UNTIL(strstr(listen_to(fd, &h)->text, "\"hook\":null"));
    close(fd);
    TURN_UNTIL(has_gone());
}

/* ---- Hold ---- */

static void a_hold_is_asked_for(void **state)
{
    (void)state;
    assert_string_equal(result_of(CALL("Hold", "\"units\":[\"a\"],\"for_ms\":600000")),
                        HELD("true", ""));
    assert_int_equal(supervisor.held, 0);
    assert_int_equal(supervisor.held_for_ms, 600000);
    (void)result_of(CALL("Hold", "\"units\":[\"b\"],\"for_ms\":0"));
    assert_int_equal(supervisor.held, 1);
    assert_int_equal(supervisor.held_for_ms, 0);
    assert_int_equal(supervisor.asked, 2);
}

static void a_hold_is_for_a_year_at_most(void **state)
{
    (void)state;
    assert_non_null(
        strstr(result_of(CALL("Hold", "\"units\":[\"a\"],\"for_ms\":31622400000")), "\"ok\":true"));
    assert_int_equal(supervisor.held_for_ms, HOLD_MAX_MS);
    assert_string_equal(result_of(CALL("Hold", "\"units\":[\"a\"],\"for_ms\":31622400001")),
                        "{\"error\":\"io.reeve.Manager.TooLarge\",\"parameters\":{\"message\":"
                        "\"Units are held for at most 366 days; hold them again later.\"}}");
    assert_int_equal(supervisor.asked, 1);
}

/* ---- both ---- */

static void wrong_parameters(void **state)
{
    static const struct {
        const char *call, *parameter;
    } wrong[] = {
        {CALL("Reload", ""), "units"},
        {CALL("Reload", "\"units\":[\"a\"],\"wait\":1"), "wait"},
        {CALL("Reload", "\"units\":[\"a\"],\"for_ms\":1"), "for_ms"},
        {CALL("Hold", "\"for_ms\":1"), "units"},
        {CALL("Hold", "\"units\":[\"a\"]"), "for_ms"},
        {CALL("Hold", "\"units\":[\"a\"],\"for_ms\":-1"), "for_ms"},
        {CALL("Hold", "\"units\":[\"a\"],\"for_ms\":\"10m\""), "for_ms"},
        {CALL("Hold", "\"units\":[\"a\"],\"for_ms\":1,\"wait\":true"), "wait"},
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
    assert_int_equal(supervisor.asked, 0);
}

static void while_shutting_down(void **state)
{
    (void)state;
    supervisor.shutting_down = true;
    assert_non_null(strstr(result_of(CALL("Reload", "\"units\":[\"a\"]")), "ShuttingDown"));
    assert_non_null(
        strstr(result_of(CALL("Hold", "\"units\":[\"a\"],\"for_ms\":1")), "ShuttingDown"));
    assert_int_equal(supervisor.asked, 0);
}

/* Whoever may only look may do neither. */
static void strangers_may_not(void **state)
{
    static const char *const calls[] = {CALL("Reload", "\"units\":[\"a\"]"),
                                        CALL("Hold", "\"units\":[\"a\"],\"for_ms\":1")};
    int fd = connect_client();

    (void)state;
    (void)answer_to(fd, CALL("List", "\"units\":[]"));
    for (size_t i = 0; i < 2; i++) {
        only_client()->role = ROLE_STRANGER;
        assert_non_null(strstr(answer_to(fd, calls[i]), "NotPermitted"));
        only_client()->role = ROLE_OPERATOR;
        assert_non_null(strstr(answer_to(fd, calls[i]), "\"ok\":true"));
    }
    close(fd);
    TURN_UNTIL(has_gone());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reload_is_waited_for),
        TEST(a_reload_that_failed),
        TEST(a_reload_that_is_refused),
        TEST(a_reload_may_take_too_long),
        TEST(progress_tells_the_hook_at_work),
        TEST(a_hold_is_asked_for),
        TEST(a_hold_is_for_a_year_at_most),
        TEST(wrong_parameters),
        TEST(while_shutting_down),
        TEST(strangers_may_not),
    };

    log_init("reeved", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, make_tmp_dir, remove_tmp_dir);
}
