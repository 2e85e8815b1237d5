/* What looks like a mistake that users often make, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/mistake.h"

enum { TERM = 15 };
#define BIT(n) (UINT64_C(1) << ((n)-1))

/* ---- the command daemonized itself ---- */

static struct unit_spec service(void)
{
    return (struct unit_spec){
        .kind = UNIT_SERVICE, .stop_signal = TERM, .success_exit.codes[0] = 1};
}

/* Ready after 10 ms, ended by itself. */
static struct exit_record ended(int exit_code)
{
    return (struct exit_record){.pid = 100,
                                .has_status = true,
                                .exit_code = exit_code,
                                .ready_after_ms = 10,
                                .reason = exit_code ? REASON_RUNTIME_ERROR : REASON_NATURAL};
}

static void a_daemon(void **state)
{
    struct unit_spec spec = service();
    struct exit_record r = ended(0);

    (void)state;
    assert_true(mistake_daemonized(&spec, &r, 100));
    assert_true(mistake_daemonized(&spec, &r, 5000));
    /* It has done some work. */
    assert_false(mistake_daemonized(&spec, &r, 5001));
    r.ready_after_ms = -1;
    r.reason = REASON_START_FAILED;
    assert_true(mistake_daemonized(&spec, &r, 20000));
}

static void no_daemon(void **state)
{
    struct unit_spec spec = service();
    struct exit_record r = ended(1);

    (void)state;
    assert_false(mistake_daemonized(&spec, &r, 100));
    r = ended(-1);
    r.signal = TERM;
    assert_false(mistake_daemonized(&spec, &r, 100));
    r = ended(0);
    r.has_status = false;
    assert_false(mistake_daemonized(&spec, &r, 100));
    r = ended(0);
    r.stop_signal_wall_ms = 1;
    r.requested_by = BY_USER;
    assert_false(mistake_daemonized(&spec, &r, 100));
    r = ended(0);
    r.error_stage = STAGE_READY;
    assert_false(mistake_daemonized(&spec, &r, 100));
    r = ended(0);
    spec.kind = UNIT_JOB;
    assert_false(mistake_daemonized(&spec, &r, 100));
}

static void its_program(void **state)
{
    static char command[] = "/opt/very-long-name-of-a-program";
    static char *argv[] = {command, NULL};
    struct unit_spec spec = {.argv = argv, .argc = 1};

    (void)state;
    assert_true(mistake_is_program(&spec, "very-long-name-"));
    assert_false(mistake_is_program(&spec, "very-long-name"));
    assert_false(mistake_is_program(&spec, ""));
    spec.argc = 0;
    assert_false(mistake_is_program(&spec, "x"));
}

/* ---- a wrapper swallowed the stop signal ---- */

static void wrappers(void **state)
{
    (void)state;
    assert_int_equal(mistake_wrapper("dash", "sh"), WRAPPER_SHELL);
    assert_int_equal(mistake_wrapper("bash", "entrypoint"), WRAPPER_SHELL);
    assert_int_equal(mistake_wrapper("", "bash"), WRAPPER_SHELL);
    assert_int_equal(mistake_wrapper("", "entrypoint.sh"), WRAPPER_SHELL);
    assert_int_equal(mistake_wrapper("busybox", "ash"), WRAPPER_SHELL);
    assert_int_equal(mistake_wrapper("busybox", "busybox"), WRAPPER_SHELL);
    assert_int_equal(mistake_wrapper("busybox", "httpd"), WRAPPER_NONE);
    assert_int_equal(mistake_wrapper("node", "npm run start"), WRAPPER_OTHER);
    assert_int_equal(mistake_wrapper("node", "npm"), WRAPPER_OTHER);
    assert_int_equal(mistake_wrapper("node", "npmd"), WRAPPER_NONE);
    assert_int_equal(mistake_wrapper("sudo", "sudo"), WRAPPER_OTHER);
    assert_int_equal(mistake_wrapper("node", "node"), WRAPPER_NONE);
    assert_int_equal(mistake_wrapper("redis-server", "redis-server"), WRAPPER_NONE);
    assert_int_equal(mistake_wrapper("", ""), WRAPPER_NONE);
}

/* One letter a sign. kill_mode: m main, g group, t tree. Wrapper: s a shell, o another, - none; h
 * it handles the signal. Child: b born after the signal, G in the group; the signal is p pending,
 * B blocked, I ignored, c caught; & it was begun in the background. */
static const struct fault {
    const char *name, *signs;
    bool wrapper;
} faults[] = {
    {"a shell waits for a program", "m sh c", true},
    {"it would have died of it", "m sh", true},
    {"another wrapper that did not pass it on", "m oh", true},
    {"another wrapper may have", "m oh c", false},
    {"in a group of its own", "g sh c", true},
    {"in the group it was told", "g sh c G", false},
    {"in the tree it was told", "t sh c", false},
    {"no wrapper", "m -h", false},
    {"something else keeps the shell alive", "m s", false},
    {"born after the signal", "m sh b", false},
    {"told, and not able to take it", "m sh p", false},
    {"blocked", "m sh B", false},
    {"ignored", "m sh I", false},
    {"in the background and caught", "m sh c &", false},
    {"in the background and told by nobody", "m sh &", true},
};

static bool judge(const char *signs)
{
    struct unit_spec spec = service();
    struct mistake_child child = {.older = !strchr(signs, 'b'), .in_group = strchr(signs, 'G')};

    spec.kill_mode = *signs == 'm' ? KILL_MAIN : *signs == 'g' ? KILL_GROUP : KILL_TREE;
    child.pending = strchr(signs, 'p') ? BIT(TERM) : 0;
    child.blocked = strchr(signs, 'B') ? BIT(TERM) : BIT(1);
    child.ignored = (strchr(signs, 'I') ? BIT(TERM) : 0) | (strchr(signs, '&') ? BIT(2) : 0);
    child.caught = strchr(signs, 'c') ? BIT(TERM) : BIT(1);
    return mistake_swallowed(&spec,
                             strchr(signs, 's')   ? WRAPPER_SHELL
                             : strchr(signs, 'o') ? WRAPPER_OTHER
                                                  : WRAPPER_NONE,
                             strchr(signs, 'h'), &child);
}

static void whose_fault(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (judge(faults[i].signs) != faults[i].wrapper)
            fail_msg("%s: %s", faults[i].name, faults[i].wrapper ? "not seen" : "seen");
}

/* ---- another process holds the port ---- */

static void for_want_of_a_port(void **state)
{
    struct unit_spec spec = service();
    struct exit_record r = ended(1);

    (void)state;
    assert_true(mistake_may_lack_port(&spec, &r, 2500));
    assert_false(mistake_may_lack_port(&spec, &r, 30001));
    r.ready_after_ms = -1;
    r.reason = REASON_START_FAILED;
    assert_true(mistake_may_lack_port(&spec, &r, 60000));
    r = ended(-1);
    r.signal = 6;
    r.reason = REASON_SIGNAL;
    assert_true(mistake_may_lack_port(&spec, &r, 100));
    r = ended(0);
    assert_false(mistake_may_lack_port(&spec, &r, 100));
    r = ended(1);
    r.error_stage = STAGE_EXEC;
    assert_false(mistake_may_lack_port(&spec, &r, 1));
    r = ended(1);
    r.stop_signal_wall_ms = 1;
    assert_false(mistake_may_lack_port(&spec, &r, 1));
    r = ended(1);
    spec.kind = UNIT_JOB;
    assert_false(mistake_may_lack_port(&spec, &r, 1));
}

static const struct command {
    const char *command; /* words between blanks; _ is a blank in a word */
    const char *ports;
} commands[] = {
    {"redis-server --port 6379", "6379"},
    {"redis-server --port=6379 --bind 127.0.0.1", "6379"},
    {"server -p 80", "80"},
    {"server :8080", "8080"},
    {"server -listen=:8080 --addr 0.0.0.0:9090", "8080 9090"},
    {"server --listen [::]:443 --listen 127.0.0.1:80", "443 80"},
    {"dockerd tcp://0.0.0.0:2375", "2375"},
    {"uvicorn app --host 0.0.0.0 --port 8000", "8000"},
    {"gunicorn -b 127.0.0.1:8000", "8000"},
    {"sh -c trap_:_TERM;_redis-server_--port_7000;_true", "7000"},
    {"sh -c server_--port_7000&_wait", "7000"},
    {"server --port 80 --port 80", "80"},
    {"server --port", ""},
    {"server --port 0", ""},
    {"server --port 65536", ""},
    {"server --port 80x", ""},
    {"server --port -1", ""},
    {"server 8080", ""},
    {"server --workers 80", ""},
    {"server http://localhost:8080/", ""},
    {"server 127.0.0.1:8080", ""},
    {"psql -p 5432", ""},
    {"redis-cli -p 6379 monitor", ""},
    {"/usr/bin/curl :8080", ""},
    {"sh -c until_redis-cli_-p_6379_ping;_do_sleep_1;_done;_server_--port_80", ""},
    {"worker -h db -p 5432", ""},
    {"worker --host=db --port 5432", ""},
    {"celery -b redis://localhost:6379", ""},
    {"celery --broker x --port 80", ""},
    {"docker run -p 80", ""},
    {"ssh -N host -p 2222", ""},
    {"", ""},
};

/* Splits in place. */
static uint32_t split(char *text, char *argv[16])
{
    uint32_t n = 0;

    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        argv[n++] = word;
        for (char *p = word; *p; p++)
            *p = *p == '_' ? ' ' : *p;
    }
    argv[n] = NULL;
    return n;
}

static void expect_ports(const struct unit_spec *spec, const char *what, const char *expected)
{
    struct wanted_port ports[MISTAKE_PORTS_MAX];
    uint32_t n = mistake_ports(spec, ports);
    char got[256] = "";

    for (uint32_t i = 0; i < n; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s%u", i ? " " : "",
                 ports[i].probed ? "probed " : "", ports[i].port);
    if (strcmp(got, expected) != 0)
        fail_msg("%s: %s instead of %s", what, got, expected);
}

static void ports_of_commands(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        struct unit_spec spec = service();
        char text[256], *argv[16];

        snprintf(text, sizeof text, "%s", commands[i].command);
        spec.argc = split(text, argv);
        spec.argv = argv;
        expect_ports(&spec, commands[i].command, commands[i].ports);
    }
}

static void too_many_ports(void **state)
{
    char text[256] = "server", *argv[64];
    struct wanted_port ports[MISTAKE_PORTS_MAX];
    struct unit_spec spec = service();

    (void)state;
    for (int i = 0; i < 14; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), " :%d_:%d", 8000 + i, 9000 + i);
    spec.argc = split(text, argv);
    spec.argv = argv;
    assert_int_equal(mistake_ports(&spec, ports), MISTAKE_PORTS_MAX);
}

static void ports_of_variables(void **state)
{
    static char port[] = "PORT=8080", other[] = "DB_PORT=5432", listen_port[] = "LISTEN_PORT=81";
    static char *envp[] = {port, other, listen_port, NULL};
    static const char *const texts[][2] = {
        {"PORT=8080 DB_PORT=5432", "8080"},
        {"A=b 'LISTEN_PORT=81'", "81"},
        {"DB_PORT=5432", ""}, /* PORT is the daemon's own */
        {"A=PORT", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct unit_spec spec = service();
        struct spec_text text = {
            .key = "environment", .text = texts[i][0], .section = "template:x"};

        spec.envp = envp;
        spec.envc = 3;
        spec.texts = &text;
        spec.n_texts = 1;
        expect_ports(&spec, texts[i][0], texts[i][1]);
        text.section = "defaults";
        expect_ports(&spec, "for all units", "");
        text.section = "service:x";
        text.key = "description";
        expect_ports(&spec, "another key", "");
    }
}

/* ---- probes ---- */

static struct probe_address address(bool ipv6, uint16_t port, uint8_t first, uint8_t last)
{
    struct probe_address a = {.ipv6 = ipv6, .port = port};

    a.bytes[0] = first;
    a.bytes[ipv6 ? 15 : 3] = last;
    return a;
}

static void ports_of_probes(void **state)
{
    struct unit_spec spec = service();
    struct probe_address a;

    (void)state;
    spec.ready_probe =
        (struct probe_spec){.kind = PROBE_TCP,
                            .n_addresses = 2,
                            .addresses = {address(false, 80, 127, 1), address(true, 80, 0, 1)}};
    spec.health = (struct probe_spec){
        .kind = PROBE_TCP, .n_addresses = 1, .addresses = {address(false, 81, 10, 7)}};
    expect_ports(&spec, "probes", "probed 80 probed 81");
    a = address(false, 80, 127, 1);
    assert_true(mistake_probe_reaches(&spec, &a));
    a = address(true, 80, 0, 1);
    assert_true(mistake_probe_reaches(&spec, &a));
    a = address(false, 80, 0, 0);
    assert_true(mistake_probe_reaches(&spec, &a));
    a = address(true, 81, 0, 0);
    assert_true(mistake_probe_reaches(&spec, &a));
    a = address(false, 80, 10, 7);
    assert_false(mistake_probe_reaches(&spec, &a));
    a = address(false, 82, 0, 0);
    assert_false(mistake_probe_reaches(&spec, &a));
    a = address(true, 81, 0, 1);
    assert_false(mistake_probe_reaches(&spec, &a));
    spec.ready_probe.kind = spec.health.kind = PROBE_EXEC;
    expect_ports(&spec, "commands", "");
}

static void words(void **state)
{
    (void)state;
    assert_string_equal(mistake_name(MISTAKE_DAEMONIZED), "daemonized");
    assert_string_equal(mistake_name(MISTAKE_SWALLOWED), "signal_swallowed");
    assert_string_equal(mistake_name(MISTAKE_PORT_TAKEN), "port_taken");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_daemon),
        cmocka_unit_test(no_daemon),
        cmocka_unit_test(its_program),
        cmocka_unit_test(wrappers),
        cmocka_unit_test(whose_fault),
        cmocka_unit_test(for_want_of_a_port),
        cmocka_unit_test(ports_of_commands),
        cmocka_unit_test(too_many_ports),
        cmocka_unit_test(ports_of_variables),
        cmocka_unit_test(ports_of_probes),
        cmocka_unit_test(words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
