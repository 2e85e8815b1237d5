/* The keys `ready` and `health` and those around them: what they become, and all that is said of
 * them, word for word. */
#include <net/if.h>

#include "config_keys.h"

/* `says`: lines joined by newlines, without "t.ini:". */
static void check_lines(const char *keys, char *const *lines, size_t n, const char *says)
{
    struct strbuf said = STRBUF_INIT;

    for (size_t i = 0; i < n; i++) {
        strbuf_addf(&said, "%s%s", i ? "\n" : "", lines[i] + strlen("t.ini:"));
        assert_non_null(strstr(lines[i], "; ")); /* what would be right */
    }
    if (strcmp(strbuf_text(&said), says) != 0)
        print_error("for:\n%s\n", keys);
    assert_string_equal(strbuf_text(&said), says);
    strbuf_finish(&said);
}

struct row {
    const char *keys, *says;
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct loaded l = load_keys(rows[i].keys);

        check_lines(rows[i].keys, l.errors.lines, l.errors.n_lines, rows[i].says);
        unload(&l);
    }
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof *(rows))

/* ---- what they become ---- */

static void nothing_is_said(void **state)
{
    struct loaded l = load_fine("");
    const struct unit_spec *u = &l.set->units[0];

    (void)state;
    assert_int_equal(u->ready, READY_STARTED);
    assert_int_equal(u->ready_probe.kind, PROBE_NONE);
    assert_int_equal(u->ready_interval_ms, 200);
    assert_int_equal(u->health.kind, PROBE_NONE);
    assert_int_equal(u->health_interval_ms, 30000);
    assert_int_equal(u->health_timeout_ms, 5000);
    assert_int_equal(u->health_retries, 3);
    assert_int_equal(u->health_start_period_ms, 0);
    assert_int_equal(u->health_action, HEALTH_ACTION_NONE);
    unload(&l);
}

static void it_becomes_ready_by_itself(void **state)
{
    static const struct {
        const char *keys;
        enum ready_mode mode;
        int fd;
    } rows[] = {
        {"ready = started", READY_STARTED, 0},
        {"ready = notify", READY_NOTIFY, 0},
        {"ready = fd:3", READY_FD, 3},
        {"ready = fd:1023", READY_FD, 1023},
        {"ready = ${W:-notify}", READY_NOTIFY, 0},
        {"ready = fd:${W:-10}", READY_FD, 10},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct loaded l = load_fine(rows[i].keys);
        const struct unit_spec *u = &l.set->units[0];

        assert_int_equal(u->ready, rows[i].mode);
        assert_int_equal(u->ready_probe.kind, PROBE_NONE);
        if (rows[i].mode == READY_FD)
            assert_int_equal(u->ready_fd, rows[i].fd);
        unload(&l);
    }
}

static void commands(void **state)
{
    struct loaded l =
        load_fine("environment = WHO='a b'\n"
                  "ready = exec: pg_isready -q  -U \"${WHO}\" -p 54${REEVE_INSTANCE}\n"
                  "health = exec:sh -c '\n   true'\n"
                  "instances = 2");
    const struct unit_spec *u = &l.set->units[1];
    const struct probe_spec *p = &u->ready_probe;

    (void)state;
    assert_int_equal(u->ready, READY_PROBED);
    assert_int_equal(p->kind, PROBE_EXEC);
    assert_int_equal(p->argc, 6);
    assert_string_equal(p->argv[0], "pg_isready");
    assert_string_equal(p->argv[3], "a b");
    assert_string_equal(p->argv[5], "542");
    assert_null(p->argv[6]);
    /* A command may hold a secret: it is told as it is written. */
    assert_string_equal(p->text, "exec: pg_isready -q  -U \"${WHO}\" -p 54${REEVE_INSTANCE}");
    assert_int_equal(u->health.kind, PROBE_EXEC);
    assert_int_equal(u->health.argc, 3);
    assert_string_equal(u->health.argv[2], " true");
    assert_null(u->health.argv[3]);
    unload(&l);
}

static void addresses(void **state)
{
    static const uint8_t loopback[16] = {[15] = 1}, link_local[16] = {0xfe, 0x80, [15] = 1};
    struct loaded l = load_fine("ready = tcp:localhost:80${REEVE_INSTANCE}\n"
                                "health = tcp:10.0.0.255:65535\ninstances = 3");
    const struct probe_spec *p = &l.set->units[2].ready_probe;

    (void)state;
    assert_int_equal(p->kind, PROBE_TCP);
    assert_string_equal(p->text, "tcp:localhost:803");
    assert_int_equal(p->n_addresses, 2);
    assert_false(p->addresses[0].ipv6);
    assert_memory_equal(p->addresses[0].bytes, "\x7f\0\0\1", 4);
    assert_int_equal(p->addresses[0].port, 803);
    assert_true(p->addresses[1].ipv6);
    assert_memory_equal(p->addresses[1].bytes, loopback, 16);
    assert_int_equal(p->addresses[1].port, 803);
    p = &l.set->units[0].health;
    assert_int_equal(p->n_addresses, 1);
    assert_memory_equal(p->addresses[0].bytes, "\x0a\0\0\xff", 4);
    assert_int_equal(p->addresses[0].port, 65535);
    unload(&l);

    l = load_fine("ready = tcp:[::1]:1\nhealth = tcp:[fe80::1%lo]:2");
    p = &l.set->units[0].ready_probe;
    assert_int_equal(p->n_addresses, 1);
    assert_memory_equal(p->addresses[0].bytes, loopback, 16);
    assert_int_equal(p->addresses[0].scope_id, 0);
    p = &l.set->units[0].health;
    assert_memory_equal(p->addresses[0].bytes, link_local, 16);
    assert_int_equal(p->addresses[0].scope_id, if_nametoindex("lo"));
    unload(&l);

    l = load_fine("ready = tcp:[fe80::1%7]:2");
    assert_int_equal(l.set->units[0].ready_probe.addresses[0].scope_id, 7);
    unload(&l);
}

/* As long as it may be. */
#define TEN "123456789/"
#define PATH_OF_107 "/" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "123456"

static void sockets(void **state)
{
    struct loaded l = load_fine("ready = unix:/run/a b.sock\nhealth = unix:@x");
    const struct unit_spec *u = &l.set->units[0];

    (void)state;
    assert_int_equal(u->ready_probe.kind, PROBE_UNIX);
    assert_string_equal(u->ready_probe.path, "/run/a b.sock");
    assert_string_equal(u->ready_probe.text, "unix:/run/a b.sock");
    assert_int_equal(u->ready_probe.n_addresses, 0);
    assert_string_equal(u->health.path, "@x");
    unload(&l);
    l = load_fine("ready = unix:" PATH_OF_107);
    assert_int_equal(strlen(l.set->units[0].ready_probe.path), PROBE_PATH_MAX);
    unload(&l);
}

/* The keys are those of all units. */
static void jobs_too(void **state)
{
    struct loaded l = load_good("[job:a]\ncommand = x\nready = notify\nhealth = notify\n"
                                "health_interval = 100ms\nhealth_retries = 1\n"
                                "health_start_period = 1m\nhealth_action = restart\n"
                                "[job:b]\ncommand = x\nready = unix:/x\nready_interval = 10ms\n"
                                "health = unix:/x\nhealth_timeout = 1ms\nhealth_action = none\n");
    const struct unit_spec *u = &l.set->units[0];

    (void)state;
    assert_int_equal(l.errors.n_warnings, 0);
    assert_int_equal(u->health.kind, PROBE_NOTIFY);
    assert_string_equal(u->health.text, "notify");
    assert_int_equal(u->health_interval_ms, 100);
    assert_int_equal(u->health_retries, 1);
    assert_int_equal(u->health_start_period_ms, 60000);
    assert_int_equal(u->health_action, HEALTH_ACTION_RESTART);
    u = &l.set->units[1];
    assert_int_equal(u->ready_interval_ms, 10);
    assert_int_equal(u->health_timeout_ms, 1);
    assert_int_equal(u->health_action, HEALTH_ACTION_NONE);
    unload(&l);
}

/* ---- what is said of them ---- */

#define READY "3: [service:web] ready: "
#define HEALTH "3: [service:web] health: "

static void messages_about_forms(void **state)
{
    static const struct row rows[] = {
        {"ready =", READY "the value is empty; write one, or remove the key for its default"},
        {"health =", HEALTH "the value is empty; write for example health = tcp:localhost:8080"},
        {"ready = soon", READY "'soon' is not a value of this key; write started, fd:N, notify, "
                               "tcp:HOST:PORT, unix:PATH or exec:COMMAND"},
        {"health = soon", HEALTH "'soon' is not a value of this key; write notify, tcp:HOST:PORT, "
                                 "unix:PATH or exec:COMMAND"},
        {"ready = notfy", READY "'notfy' is not a value of this key; did you mean notify?"},
        {"ready = notify:x", READY "'notify:x' is not a value of this key; did you mean notify?"},
        {"ready = tpc:localhost:80",
         READY "'tpc:localhost:80' is not a value of this key; did you mean tcp:HOST:PORT?"},
        {"ready = exec /bin/true",
         READY "'exec /bin/true' is not a value of this key; did you mean exec:COMMAND?"},
        {"ready = http://localhost/",
         READY "'http:' is not in this version of reeve; write for example exec:curl -fsS -o "
               "/dev/null http://localhost:8080/"},
        {"health = https://localhost/",
         HEALTH "'http:' is not in this version of reeve; write for example exec:curl -fsS -o "
                "/dev/null http://localhost:8080/"},
        {"ready = log:listening",
         READY "'log:' is not in this version of reeve; write another form, or remove the key"},
        {"health = started",
         HEALTH "'started' belongs to 'ready', since it tells only once; write here "
                "tcp:HOST:PORT, unix:PATH, exec:COMMAND or notify"},
        {"health = fd:3", HEALTH "'fd:3' belongs to 'ready', since it tells only once; write here "
                                 "tcp:HOST:PORT, unix:PATH, exec:COMMAND or notify"},
        {"health = none", HEALTH "'none' is not a way to look; remove the key"},
        {"ready = pipefd:3", READY "'pipefd' is not a word of this key; write fd:3"},
        {"health = CMD-SHELL true || false",
         HEALTH "'CMD-SHELL true || false' is not a word of this key; write exec:COMMAND, or "
                "exec:sh -c '...' for a shell"},
        {"ready = /usr/bin/check", READY "'/usr/bin/check' is only a path; write exec: before a "
                                         "command, unix: before a socket"},
        {"ready = ${NONE}",
         READY "the variable 'NONE' is not set; set it in environment, give a default as in "
               "${NONE:-text}, or write $${ for a literal ${"},
        {"ready = fd:2", READY "'2' is not a descriptor for this; write a number from 3 to 1023"},
        {"ready = fd:1024",
         READY "'1024' is not a descriptor for this; write a number from 3 to 1023"},
        {"ready = fd:", READY "'' is not a descriptor for this; write a number from 3 to 1023"},
        {"ready = fd:3x", READY "'3x' is not a descriptor for this; write a number from 3 to 1023"},
        {"ready = fd:99999999999999999999",
         READY "'99999999999999999999' is not a descriptor for this; write a number from 3 to "
               "1023"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void messages_about_commands(void **state)
{
    static const struct row rows[] = {
        {"ready = exec:", READY "the name of the program is empty; write its path or name"},
        {"health = exec:'' x", HEALTH "the name of the program is empty; write its path or name"},
        {"ready = exec:a 'b",
         READY "a ' is not closed; write a second ' where the quoted text ends"},
        {"health = exec:a ${NONE}",
         HEALTH "the variable 'NONE' is not set; set it in environment, give a default as in "
                "${NONE:-text}, or write $${ for a literal ${"},
        {"health = ${X:-exec:true}",
         HEALTH "'exec:' comes from a variable; write it itself, and variables behind it"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void messages_about_addresses(void **state)
{
    static const struct row rows[] = {
        {"ready = tcp:", READY "'tcp:' names no port; write tcp:HOST:PORT, for example "
                               "tcp:localhost:8080"},
        {"ready = tcp:db", READY "'tcp:db' names no port; write tcp:HOST:PORT, for example "
                                 "tcp:localhost:8080"},
        {"ready = tcp:[::1]", READY "'tcp:[::1]' names no port; write tcp:HOST:PORT, for example "
                                    "tcp:localhost:8080"},
        {"ready = tcp:8080", READY "'tcp:8080' names no host; write tcp:localhost:8080"},
        {"ready = tcp::8080", READY "'tcp::8080' names no host; write tcp:localhost:8080"},
        {"ready = tcp://db:80",
         READY "'tcp://db:80' is no address; write it without '//', tcp:HOST:PORT"},
        {"ready = tcp:localhost:", READY "'' is not a port; write a number from 1 to 65535"},
        {"ready = tcp:localhost:http",
         READY "'http' is not a port; write a number from 1 to 65535"},
        {"ready = tcp:localhost:0", READY "'0' is not a port; write a number from 1 to 65535"},
        {"ready = tcp:localhost:65536",
         READY "'65536' is not a port; write a number from 1 to 65535"},
        {"ready = tcp:localhost:80/", READY "'80/' is not a port; write a number from 1 to 65535"},
        {"ready = tcp:127.1:80",
         READY "'127.1' is not an IPv4 address; write four numbers, as in 127.0.0.1"},
        {"health = tcp:db:5432",
         HEALTH "'db' is a name, and reeve does not look names up, since it could not go on while "
                "no answer comes; write a numeric address, localhost, or exec: with a program "
                "that connects, for example exec:nc -z db 5432"},
        {"ready = tcp:::1:80", READY "'::1:80' has no brackets; write for example tcp:[::1]:8080"},
        {"ready = tcp:::1", READY "'::1' has no brackets; write for example tcp:[::1]:8080"},
        {"ready = tcp:[::1:80",
         READY "'[::1' has no closing bracket; write for example tcp:[::1]:8080"},
        {"ready = tcp:[:80", READY "'[' has no closing bracket; write for example tcp:[::1]:8080"},
        {"ready = tcp:[]:80",
         READY "'[]' is not an IPv6 address; write for example tcp:[::1]:8080"},
        {"ready = tcp:[127.0.0.1]:80",
         READY "'[127.0.0.1]' is not an IPv6 address; write for example tcp:[::1]:8080"},
        {"ready = tcp:[::1%]:80",
         READY "there is no network interface ''; write its name or number"},
        {"ready = tcp:[fe80::1%nosuch0]:80",
         READY "there is no network interface 'nosuch0'; write its name or number"},
        {"ready = tcp:[fe80::1%99999999999]:80",
         READY "there is no network interface '99999999999'; write its name or number"},
        {"ready = tcp:[fe80::1]:80",
         READY "'[fe80::1]' says nothing without a network interface; write for example "
               "[fe80::1%eth0]"},
        {"ready = unix:x.sock",
         READY "'x.sock' is neither an absolute path nor an abstract name; write unix:/PATH or "
               "unix:@NAME"},
        {"ready = unix:@", READY "'@' is neither an absolute path nor an abstract name; write "
                                 "unix:/PATH or unix:@NAME"},
        {"ready = unix:///run/x",
         READY "'unix:///run/x' is no address; write it without '//', as in unix:/run/x.sock"},
        {"ready = unix:" PATH_OF_107 "7",
         READY "'"
               "/" TEN TEN TEN TEN TEN TEN TEN TEN TEN "1...' has 108 bytes; the path of a "
               "socket has at most 107: shorten it"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void messages_about_the_keys_around(void **state)
{
    static const char without[] = "it means nothing without the key 'health', which is missing; "
                                  "write for example health = tcp:localhost:8080, or remove it";
    static const char *const alone[] = {"health_interval = 1s", "health_timeout = 1s",
                                        "health_retries = 1", "health_start_period = 1s",
                                        "health_action = none"};
    static const struct row rows[] = {
        {"ready_interval = 9ms", "3: [service:web] ready_interval: '9ms' is too short; at least "
                                 "10ms is needed"},
        {"health = notify\nhealth_interval = 99ms",
         "4: [service:web] health_interval: '99ms' is too short; at least 100ms is needed"},
        {"health = notify\nhealth_retries = 0",
         "4: [service:web] health_retries: '0' is not a number that fits; write a whole number "
         "from 1 to 1000000"},
        {"health = notify\nhealth_action = kill",
         "4: [service:web] health_action: 'kill' is not a value of this key; write none or "
         "restart"},
        /* That `health` is not there is no second error. */
        {"helth = notify\nhealth_retries = 2",
         "3: [service:web] helth: unknown key; did you mean 'health'?"},
        {"health = no\nhealth_retries = 2", HEALTH "'no' is not a way to look; remove the key"},
        {"ready = notify\nenvironment = NOTIFY_SOCKET=/x",
         "4: [service:web] environment: only reeve sets NOTIFY_SOCKET in a unit with ready = "
         "notify; remove it here"},
        {"health = notify\nenvironment = NOTIFY_SOCKET=/x WATCHDOG_PID=1 WATCHDOG_USEC=2",
         "4: [service:web] environment: only reeve sets NOTIFY_SOCKET in a unit with health = "
         "notify; remove it here\n"
         "4: [service:web] environment: only reeve sets WATCHDOG_USEC in a unit with health = "
         "notify; remove it here\n"
         "4: [service:web] environment: only reeve sets WATCHDOG_PID in a unit with health = "
         "notify; remove it here"},
        {"health = notify\n[reeve]\nenvironment = WATCHDOG_PID=1\n",
         "3: [service:web] health: only reeve sets WATCHDOG_PID in a unit with health = notify; "
         "remove it from 'environment' of [reeve]"},
    };

    (void)state;
    CHECK_ROWS(rows);
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++) {
        struct strbuf says = STRBUF_INIT;
        struct loaded l = load_keys(alone[i]);

        strbuf_addf(&says, "3: [service:web] %.*s: %s", (int)strcspn(alone[i], " "), alone[i],
                    without);
        check_lines(alone[i], l.errors.lines, l.errors.n_lines, strbuf_text(&says));
        strbuf_finish(&says);
        unload(&l);
    }
}

static void warnings(void **state)
{
    static const char idle[] = "4: [service:web] ready_interval: warning: it means nothing with "
                               "ready = %s, where nothing is looked at; remove it";
    static const struct row rows[] = {
        {"ready = exec:pg_isready | grep x",
         READY "warning: '|' is passed as a word, since no shell is run; write sh -c '...' for a "
               "pipeline"},
        {"health = exec:test -e x && true",
         HEALTH "warning: '&&' is passed as a word, since no shell is run; write sh -c '...' for "
                "several commands"},
        {"health = notify\nhealth_timeout = 1s",
         "4: [service:web] health_timeout: warning: it means nothing with health = notify, where "
         "health_interval is the time that the unit has; remove it"},
        /* Where nobody notifies the variable is one as any other. */
        {"environment = NOTIFY_SOCKET=/x", ""},
    };
    static const char *const modes[] = {"started", "notify", "fd:3"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct loaded l = load_keys(rows[i].keys);

        assert_int_equal(l.rc, 0);
        check_lines(rows[i].keys, l.errors.warnings, l.errors.n_warnings, rows[i].says);
        unload(&l);
    }
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        char keys[64], says[160];
        struct loaded l;

        snprintf(keys, sizeof keys, "ready = %s\nready_interval = 1s", modes[i]);
        snprintf(says, sizeof says, idle, i == 2 ? "fd:N" : modes[i]);
        l = load_keys(keys);
        check_lines(keys, l.errors.warnings, l.errors.n_warnings, says);
        unload(&l);
    }
}

/* What whoever started reeved tells it is not for its units. */
static void what_is_meant_for_reeved(void **state)
{
    static char path[] = "PATH=/bin", notify[] = "NOTIFY_SOCKET=/n", usec[] = "WATCHDOG_USEC=1";
    static char pid[] = "WATCHDOG_PID=2", near[] = "NOTIFY_SOCKETS=/m";
    static char *const list[] = {notify, path, usec, near, pid, NULL};
    static const char text[] = UNIT "[service:own]\ncommand = x\nenvironment = NOTIFY_SOCKET=/o\n";
    struct config_options options = {.environ = list, .uid = 0};
    struct loaded l = {0};

    (void)state;
    l.rc = config_load_text("t.ini", text, strlen(text), &options, &l.set, &l.errors);
    assert_int_equal(l.rc, 0);
    assert_null(variable(&l.set->units[0], "NOTIFY_SOCKET"));
    assert_null(variable(&l.set->units[0], "WATCHDOG_USEC"));
    assert_null(variable(&l.set->units[0], "WATCHDOG_PID"));
    assert_string_equal(variable(&l.set->units[0], "NOTIFY_SOCKETS"), "/m");
    assert_string_equal(variable(&l.set->units[0], "PATH"), "/bin");
    assert_string_equal(variable(&l.set->units[1], "NOTIFY_SOCKET"), "/o");
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said),
        cmocka_unit_test(it_becomes_ready_by_itself),
        cmocka_unit_test(commands),
        cmocka_unit_test(addresses),
        cmocka_unit_test(sockets),
        cmocka_unit_test(jobs_too),
        cmocka_unit_test(messages_about_forms),
        cmocka_unit_test(messages_about_commands),
        cmocka_unit_test(messages_about_addresses),
        cmocka_unit_test(messages_about_the_keys_around),
        cmocka_unit_test(warnings),
        cmocka_unit_test(what_is_meant_for_reeved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
