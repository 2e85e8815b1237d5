/* Each type of value: what is taken, what is refused and what the message says. */
#include <signal.h>

#include "config_fixture.h"

#define UNIT "[service:web]\ncommand = x\n"
#define JOB "[job:mail]\ncommand = x\n"

static struct unit_spec spec_of(const char *text, struct loaded *ret)
{
    *ret = load_good(text);
    return ret->set->units[0];
}

static void test_defaults_service(void **state)
{
    struct loaded l;
    struct unit_spec u = spec_of(UNIT, &l);

    (void)state;
    assert_string_equal(u.name, "web");
    assert_int_equal(u.kind, UNIT_SERVICE);
    assert_string_equal(u.description, "");
    assert_string_equal(u.file, "t.ini");
    assert_int_equal(u.line, 1);
    assert_string_equal(u.directory, "/");
    assert_false(u.change_user);
    assert_int_equal(u.umask, 022);
    assert_true(u.enabled);
    assert_true(u.autostart);
    assert_int_equal(u.log, LOG_INHERIT);
    assert_int_equal(u.ready, READY_STARTED);
    assert_int_equal(u.ready_timeout_ms, 30000);
    assert_int_equal(u.stop_signal, SIGTERM);
    assert_int_equal(u.stop_timeout_ms, 10000);
    assert_int_equal(u.kill_mode, KILL_GROUP);
    assert_int_equal(u.restart, RESTART_ALWAYS);
    assert_int_equal(u.restart_delay_ms, 100);
    assert_int_equal(u.restart_delay_max_ms, 30000);
    assert_int_equal(u.restart_jitter_percent, 10);
    assert_int_equal(u.restart_reset_ms, 10000);
    assert_int_equal(u.restart_limit, 0);
    assert_int_equal(u.restart_window_ms, 60000);
    assert_false(u.essential);
    assert_true(exit_set_has_code(&u.success_exit, 0));
    assert_int_equal(u.success_exit.codes[0], 1);
    assert_int_equal(u.success_exit.signals, 0);
    assert_int_equal(u.n_texts, 1);
    unload(&l);
}

static void test_defaults_job(void **state)
{
    struct loaded l;
    struct unit_spec u = spec_of(JOB, &l);

    (void)state;
    assert_int_equal(u.kind, UNIT_JOB);
    assert_false(u.autostart);
    assert_int_equal(u.restart, RESTART_NEVER);
    assert_int_equal(u.timeout_ms, 0);
    assert_int_equal(u.retries, 0);
    assert_int_equal(u.retry_delay_ms, 1000);
    assert_int_equal(u.retry_delay_max_ms, 300000);
    unload(&l);
}

static void test_every_key_of_a_service(void **state)
{
    struct loaded l;
    struct unit_spec u =
        spec_of("[service:web]\ncommand = /bin/x -y\ndirectory = /srv\nenvironment = K=v\n"
                "umask = 0077\ndescription = A web server\nenabled = off\nautostart = false\n"
                "ready = started\nready_timeout = 1m\nstop_signal = SIGINT\nstop_timeout = 0\n"
                "kill_mode = main\nrestart = on-failure\nrestart_delay = 0\n"
                "restart_delay_max = 5s\nrestart_jitter = 0%\nrestart_reset = 1h\n"
                "restart_limit = 3\nrestart_window = 10m\nessential = yes\n"
                "success_exit = 0 3, 255 TERM SIGHUP\nlog = null\ntags = a b\n",
                &l);

    (void)state;
    assert_string_equal(u.directory, "/srv");
    assert_int_equal(u.umask, 077);
    assert_string_equal(u.description, "A web server");
    assert_false(u.enabled);
    assert_false(u.autostart);
    assert_int_equal(u.ready_timeout_ms, 60000);
    assert_int_equal(u.stop_signal, SIGINT);
    assert_int_equal(u.stop_timeout_ms, 0);
    assert_int_equal(u.kill_mode, KILL_MAIN);
    assert_int_equal(u.restart, RESTART_ON_FAILURE);
    assert_int_equal(u.restart_delay_ms, 0);
    assert_int_equal(u.restart_delay_max_ms, 5000);
    assert_int_equal(u.restart_jitter_percent, 0);
    assert_int_equal(u.restart_reset_ms, 3600000);
    assert_int_equal(u.restart_limit, 3);
    assert_int_equal(u.restart_window_ms, 600000);
    assert_true(u.essential);
    assert_true(exit_set_has_code(&u.success_exit, 0));
    assert_true(exit_set_has_code(&u.success_exit, 3));
    assert_true(exit_set_has_code(&u.success_exit, 255));
    assert_false(exit_set_has_code(&u.success_exit, 1));
    assert_true(exit_set_has_signal(&u.success_exit, SIGTERM));
    assert_true(exit_set_has_signal(&u.success_exit, SIGHUP));
    assert_false(exit_set_has_signal(&u.success_exit, SIGINT));
    assert_int_equal(u.log, LOG_NULL);
    assert_int_equal(u.n_tags, 2);
    assert_int_equal(u.n_texts, 23);
    unload(&l);
}

static void test_every_key_of_a_job(void **state)
{
    struct loaded l;
    struct unit_spec u = spec_of("[job:mail]\ncommand = x\nautostart = on\ntimeout = 1h30m\n"
                                 "retries = 5\nretry_delay = 2s\nretry_delay_max = 1d\n",
                                 &l);

    (void)state;
    assert_true(u.autostart);
    assert_int_equal(u.timeout_ms, 5400000);
    assert_int_equal(u.retries, 5);
    assert_int_equal(u.retry_delay_ms, 2000);
    assert_int_equal(u.retry_delay_max_ms, 86400000);
    unload(&l);
}

static void test_restart_default(void **state)
{
    struct loaded l;

    (void)state;
    assert_int_equal(spec_of(UNIT "essential = yes\n", &l).restart, RESTART_NEVER);
    unload(&l);
    assert_int_equal(spec_of(UNIT "essential = yes\nrestart = always\n", &l).restart,
                     RESTART_ALWAYS);
    unload(&l);
    assert_int_equal(spec_of(UNIT "essential = no\n", &l).restart, RESTART_ALWAYS);
    unload(&l);
}

/* One line added to a unit, and the one message it causes. */
static void check_refused(const char *unit, const char *line, const char *message)
{
    struct strbuf text = STRBUF_INIT;

    strbuf_addf(&text, "%s%s\n", unit, line);
    assert_one_error(strbuf_text(&text), message);
    strbuf_finish(&text);
}

static void test_refused(void **state)
{
    static const char *const rows[][2] = {
        {"enabled = maybe",
         "enabled: 'maybe' is neither yes nor no; write yes, no, true, false, on "
         "or off"},
        {"enabled = No", "enabled: 'No' is neither yes nor no; did you mean 'no'?"},
        {"enabled =", "enabled: the value is empty"},
        {"umask = 8", "umask: '8' is not a mode; write octal digits from 000 to 777"},
        {"umask = 1000", "umask: '1000' is not a mode"},
        {"umask = u=rwx", "umask: 'u=rwx' is not a mode"},
        {"directory = srv", "directory: 'srv' is not an absolute path; begin it with '/'"},
        {"directory =", "directory: the value is empty"},
        {"ready_timeout = 0", "ready_timeout: '0' is too short; at least 1ms is needed"},
        {"ready_timeout = 1.5s",
         "ready_timeout: '1.5s' is not a duration; write for example 250ms"},
        {"stop_timeout = 10", "stop_timeout: '10' has no unit; write for example 10s or 10ms"},
        {"stop_timeout = -1s", "stop_timeout: '-1s' is not a duration"},
        {"stop_timeout = 101000d",
         "stop_timeout: '101000d' is too long; at most 36500d is allowed"},
        {"stop_signal = TREM", "stop_signal: 'TREM' is not a signal; did you mean 'TERM'?"},
        {"stop_signal = SIGTREM", "stop_signal: 'SIGTREM' is not a signal; did you mean 'TERM'?"},
        {"stop_signal = 0", "stop_signal: '0' is not a signal"},
        {"stop_signal = 65", "stop_signal: '65' is not a signal"},
        {"kill_mode = process",
         "kill_mode: 'process' is not a value of this key; write group, tree "
         "or main"},
        {"restart = allways", "restart: 'allways' is not a value of this key; did you mean "
                              "'always'?"},
        {"restart_jitter = 10", "restart_jitter: '10' is not a percentage; write for example 10%"},
        {"restart_jitter = 101%", "restart_jitter: '101%' is not a percentage"},
        {"restart_jitter = %", "restart_jitter: '%' is not a percentage"},
        {"restart_limit = -1",
         "restart_limit: '-1' is not a number that fits; write a whole number "
         "from 0 to 10000"},
        {"restart_limit = 10001", "restart_limit: '10001' is not a number"},
        {"restart_limit = 99999999999999999999999",
         "restart_limit: '99999999999999999999999' is not"},
        {"restart_window = 0", "restart_window: '0' is too short"},
        {"success_exit = 256", "success_exit: '256' is not an exit code; write a number from 0 to "
                               "255"},
        {"success_exit = 0 KILLL", "success_exit: 'KILLL' is not an exit code or a signal; did you "
                                   "mean 'KILL'?"},
        {"success_exit = ,", "success_exit: the list is empty"},
        {"log = file", "log: 'file' is not a value of this key; write inherit or null"},
        {"environment = FOO", "environment: 'FOO' is not a variable; write NAME=value"},
        {"environment = 1A=2", "environment: '1A=2' is not a variable"},
        {"environment = =2", "environment: '=2' is not a variable"},
        {"environment = 'A=1", "environment: a ' is not closed"},
        {"environment = REEVE_UNIT=x", "environment: reeve itself sets REEVE_UNIT in every unit"},
        {"environment = REEVE_INSTANCE=", "environment: reeve itself sets REEVE_INSTANCE"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_refused(UNIT, rows[i][0], rows[i][1]);
    check_refused(JOB, "retries = 1000001", "retries: '1000001' is not a number that fits");
    check_refused("[service:web]\n", "command =", "command: the value is empty");
    check_refused("[service:web]\n", "command = ''", "command: the name of the program is empty");
    check_refused("[service:web]\n", "command = ${EMPTY}", "command: the name of the program is");
    check_refused("[service:web]\n", "command = a 'b", "command: a ' is not closed");
}

static void test_wrong_place(void **state)
{
    static const char *const of_services[] = {
        "restart = never",    "restart_delay = 1s", "restart_delay_max = 1s", "restart_jitter = 1%",
        "restart_reset = 1s", "restart_limit = 1",  "restart_window = 1s",    "essential = no"};
    static const char *const of_jobs[] = {"timeout = 1s", "retries = 1", "retry_delay = 1s",
                                          "retry_delay_max = 1h"};

    (void)state;
    for (size_t i = 0; i < sizeof of_services / sizeof of_services[0]; i++)
        check_refused(JOB, of_services[i],
                      "this key belongs to services and means nothing in a job; remove it");
    for (size_t i = 0; i < sizeof of_jobs / sizeof of_jobs[0]; i++)
        check_refused(UNIT, of_jobs[i],
                      "this key belongs to jobs and means nothing in a service; remove it");
    check_refused(UNIT, "socket_mode = 0600",
                  "socket_mode: this key belongs to [reeve] and means "
                  "nothing in a service");
    check_refused(UNIT "[reeve]\n", "command = x",
                  "command: this key belongs to services and jobs and means nothing in [reeve]");
}

static void test_unknown_keys(void **state)
{
    (void)state;
    check_refused(UNIT, "stop-timeout = 1s",
                  "stop-timeout: unknown key; did you mean "
                  "'stop_timeout'?");
    check_refused(UNIT, "comand = y", "comand: unknown key; did you mean 'command'?");
    check_refused("[service:web]\n", "comand = y", "did you mean 'command'?");
    check_refused(UNIT, "banana = 1",
                  "banana: unknown key; the keys of a service are listed in "
                  "reeve.ini(5)");
    /* Never proposes a key that could not stand here. */
    check_refused(JOB, "restat = always", "restat: unknown key; ");
    /* Keys that reeve does not have yet. */
    check_refused(UNIT, "nice = x", "nice: this is not in this version of reeve; ");
    check_refused(JOB, "schedule = @daily", "schedule: this is not in this version of reeve; ");
    check_refused(UNIT "[reeve]\n", "http = x",
                  "http: this is not in this version of reeve; remove the key");
}

static void test_delays_fit(void **state)
{
    struct loaded l;

    (void)state;
    assert_int_equal(spec_of(UNIT "restart_delay = 2m\n", &l).restart_delay_max_ms, 120000);
    unload(&l);
    assert_int_equal(spec_of(JOB "retry_delay = 10m\n", &l).retry_delay_max_ms, 600000);
    unload(&l);
    check_refused(UNIT, "restart_delay = 2s\nrestart_delay_max = 1s",
                  "t.ini:4: [service:web] restart_delay_max: it is shorter than restart_delay");
    check_refused(UNIT, "restart_delay_max = 50ms",
                  "restart_delay_max: it is shorter than restart_delay, 100ms by default");
    check_refused(JOB, "retry_delay = 2s\nretry_delay_max = 1s",
                  "retry_delay_max: it is shorter than retry_delay");
}

static void test_tags(void **state)
{
    struct loaded l;
    struct unit_spec u = spec_of(UNIT "tags = front\teu-1\n   canary 0.x_Y\n", &l);
    struct strbuf text = STRBUF_INIT;
    char name[50];

    (void)state;
    assert_int_equal(u.n_tags, 4);
    assert_string_equal(u.tags[0], "front");
    assert_string_equal(u.tags[1], "eu-1");
    assert_string_equal(u.tags[2], "canary");
    assert_string_equal(u.tags[3], "0.x_Y");
    unload(&l);
    assert_int_equal(spec_of(UNIT, &l).n_tags, 0);
    unload(&l);
    assert_int_equal(spec_of(UNIT "tags =\n", &l).n_tags, 0);
    unload(&l);
    assert_int_equal(spec_of(JOB "environment = T=b\ntags = a ${T} ${NONE:-}\n", &l).n_tags, 2);
    unload(&l);
    /* As many as there may be, each as long as it may be; then one more of each. */
    memset(name, 'n', 48);
    name[48] = '\0';
    strbuf_addf(&text, UNIT "tags = %s", name);
    for (int i = 1; i < TAGS_MAX; i++)
        strbuf_addf(&text, " t%d", i);
    assert_int_equal(spec_of(strbuf_text(&text), &l).n_tags, TAGS_MAX);
    unload(&l);
    strbuf_add(&text, " over over2");
    assert_one_error(strbuf_text(&text), "tags: there are more than 64 tags");
    strbuf_finish(&text);
    check_refused("[reeve]\n", "tags = a\n" UNIT, "tags: this key belongs to services and jobs");
    /* Every one that is wrong is told. */
    l = load_text(UNIT "tags = a b,c a -d x@y \xc3\xa4\n");
    assert_int_equal(l.errors.n_lines, 5);
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_service),
        cmocka_unit_test(test_defaults_job),
        cmocka_unit_test(test_every_key_of_a_service),
        cmocka_unit_test(test_every_key_of_a_job),
        cmocka_unit_test(test_restart_default),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_wrong_place),
        cmocka_unit_test(test_unknown_keys),
        cmocka_unit_test(test_delays_fit),
        cmocka_unit_test(test_tags),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
