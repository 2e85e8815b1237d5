/* The keys of hooks, stop_command and the reload: what they become, and all that is said of them,
 * word for word. */
#include "config_keys.h"

struct row {
    const char *keys;
    const char *says; /* lines joined by newlines, without "t.ini:" */
};

static void check_lines(const struct row *row, char *const *lines, size_t n)
{
    struct strbuf said = STRBUF_INIT;

    for (size_t i = 0; i < n; i++) {
        strbuf_addf(&said, "%s%s", i ? "\n" : "", lines[i] + strlen("t.ini:"));
        assert_non_null(strstr(lines[i], "; ")); /* what would be right */
    }
    if (strcmp(strbuf_text(&said), row->says) != 0)
        print_error("for:\n%s\n", row->keys);
    assert_string_equal(strbuf_text(&said), row->says);
    strbuf_finish(&said);
}

static void check_errors(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct loaded l = load_keys(rows[i].keys);

        check_lines(&rows[i], l.errors.lines, l.errors.n_lines);
        unload(&l);
    }
}

static void check_warnings(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct loaded l = load_keys(rows[i].keys);

        assert_int_equal(l.rc, 0);
        check_lines(&rows[i], l.errors.warnings, l.errors.n_warnings);
        unload(&l);
    }
}

#define CHECK_ERRORS(rows) check_errors(rows, sizeof(rows) / sizeof *(rows))
#define CHECK_WARNINGS(rows) check_warnings(rows, sizeof(rows) / sizeof *(rows))

/* ---- what they become ---- */

static void nothing_is_said(void **state)
{
    struct loaded l = load_fine("");
    const struct unit_spec *u = &l.set->units[0];

    (void)state;
    for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
        assert_int_equal(u->hooks[hook].n, 0);
    assert_int_equal(u->hook_timeout_ms, 10000);
    assert_int_equal(u->reload_signal, 0);
    unload(&l);
}

static void each_key_is_its_own(void **state)
{
    (void)state;
    for (unsigned hook = 0; hook < HOOK_COUNT; hook++) {
        for (unsigned job = 0; job < 2; job++) {
            struct strbuf text = STRBUF_INIT;
            struct loaded l;

            strbuf_addf(&text, "[%s:x]\ncommand = x\n%s = say '%s'\nhook_timeout = 1500ms\n",
                        job ? "job" : "service", hook_name(hook), hook_name(hook));
            l = load_good(strbuf_text(&text));
            for (unsigned other = 0; other < HOOK_COUNT; other++)
                assert_int_equal(l.set->units[0].hooks[other].n, other == hook);
            assert_string_equal(l.set->units[0].hooks[hook].commands[0].argv[1], hook_name(hook));
            assert_int_equal(l.set->units[0].hook_timeout_ms, 1500);
            unload(&l);
            strbuf_finish(&text);
        }
    }
}

static void check_command(const struct hook_list *hook, uint32_t nth, const char *text,
                          const char *const *words)
{
    const struct hook_command *c = &hook->commands[nth];
    uint32_t n = 0;

    assert_true(nth < hook->n);
    assert_string_equal(c->text, text);
    for (; words[n]; n++) {
        assert_true(n < c->argc);
        assert_string_equal(c->argv[n], words[n]);
    }
    assert_int_equal(c->argc, n);
    assert_null(c->argv[n]);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void each_line_is_a_command(void **state)
{
    struct loaded l = load_fine("environment = DIR='/run/a b'\n"
                                "instances = 2\n"
                                "pre_start = mkdir -p ${DIR}\n"
                                "\n"
                                "   # not a command\n"
                                "\tsh -c 'echo $$ $${HOME}'   \r\n"
                                "  set-up  web${REEVE_INSTANCE}\n"
                                "post_stop =\n"
                                "    a\n"
                                "    b \\\\\n"
                                "    c\n"
                                "reload_signal = sigusr1");
    const struct unit_spec *u = &l.set->units[1];

    (void)state;
    assert_int_equal(u->hooks[HOOK_PRE_START].n, 3);
    check_command(&u->hooks[HOOK_PRE_START], 0, "mkdir -p ${DIR}",
                  WORDS("mkdir", "-p", "/run/a b"));
    check_command(&u->hooks[HOOK_PRE_START], 1, "sh -c 'echo $$ $${HOME}'",
                  WORDS("sh", "-c", "echo $$ ${HOME}"));
    check_command(&u->hooks[HOOK_PRE_START], 2, "set-up  web${REEVE_INSTANCE}",
                  WORDS("set-up", "web2"));
    assert_int_equal(u->hooks[HOOK_POST_STOP].n, 3);
    check_command(&u->hooks[HOOK_POST_STOP], 0, "a", WORDS("a"));
    check_command(&u->hooks[HOOK_POST_STOP], 1, "b \\\\", WORDS("b", "\\"));
    assert_int_equal(u->reload_signal, 10);
    /* As it is shown. */
    assert_string_equal(u->texts[3].key, "pre_start");
    assert_string_equal(u->texts[3].text,
                        "mkdir -p ${DIR}\nsh -c 'echo $$ $${HOME}'\nset-up  web${REEVE_INSTANCE}");
    assert_int_equal(u->texts[3].line, 5);
    assert_string_equal(u->texts[4].text, "a\nb \\\\\nc");
    unload(&l);
}

/* So many, and no more. */
static void many_commands(void **state)
{
    (void)state;
    for (unsigned n = HOOK_COMMANDS_MAX; n <= HOOK_COMMANDS_MAX + 1; n++) {
        struct strbuf keys = STRBUF_INIT;
        struct loaded l;

        strbuf_add(&keys, "pre_stop =\n");
        for (unsigned i = 0; i < n; i++)
            strbuf_addf(&keys, "  # one more\n  say %u\n", i);
        l = load_keys(strbuf_text(&keys));
        if (n <= HOOK_COMMANDS_MAX) {
            const struct hook_list *hook = &l.set->units[0].hooks[HOOK_PRE_STOP];

            assert_int_equal(hook->n, n);
            assert_string_equal(hook->commands[n - 1].argv[1], "63");
            unload(&l);
        } else {
            assert_errors(l, ERRORS("t.ini:133: [service:web] pre_stop: there are more than 64 "
                                    "commands; put them into a script, and write that"));
        }
        strbuf_finish(&keys);
    }
}

/* A command to stop by is no reason against a signal: that is for what the command leaves. */
static void stop_command_beside_stop_signal(void **state)
{
    struct loaded l = load_fine("stop_command = web -s quit\nstop_signal = INT\nkill_mode = tree");

    (void)state;
    assert_int_equal(l.set->units[0].hooks[HOOK_STOP].n, 1);
    assert_int_equal(l.set->units[0].stop_signal, 2);
    unload(&l);
}

/* What only hooks know is neither set nor inherited: of a reeved that is another one's hook. */
static void variables_of_another_reeve(void **state)
{
    static char hook[] = "REEVE_HOOK=pre_start", reason[] = "REEVE_REASON=signal",
                run[] = "REEVE_RUN=", other[] = "REEVE_RUNS=kept";
    static char *const list[] = {hook, reason, other, run, NULL};
    struct config_options options = {.environ = list};
    struct loaded l = {0};

    (void)state;
    l.rc = config_load_text("t.ini", UNIT, strlen(UNIT), &options, &l.set, &l.errors);
    assert_int_equal(l.rc, 0);
    assert_null(variable(&l.set->units[0], "REEVE_HOOK"));
    assert_null(variable(&l.set->units[0], "REEVE_REASON"));
    assert_null(variable(&l.set->units[0], "REEVE_RUN"));
    assert_string_equal(variable(&l.set->units[0], "REEVE_RUNS"), "kept");
    unload(&l);
}

/* ---- what is said of them ---- */

static void messages_about_commands(void **state)
{
    static const struct row rows[] = {
        {"pre_start =", "3: [service:web] pre_start: the value is empty; write for example "
                        "pre_start = mkdir -p /run/web"},
        {"post_start =\n\n   # nothing",
         "3: [service:web] post_start: the value is empty; write for example post_start = curl "
         "-fsS http://localhost:8080/warm-up"},
        {"pre_stop =", "3: [service:web] pre_stop: the value is empty; write for example pre_stop "
                       "= /usr/local/bin/leave-balancer"},
        {"post_stop =", "3: [service:web] post_stop: the value is empty; write for example "
                        "post_stop = rm -f /run/web.lock"},
        {"stop_command =", "3: [service:web] stop_command: the value is empty; write for example "
                           "stop_command = nginx -s quit"},
        {"reload_command =", "3: [service:web] reload_command: the value is empty; write for "
                             "example reload_command = nginx -s reload"},
        /* The line of the command, not that of the key. */
        {"pre_start = a\n  # not this one\n  'b\n  c ${NONE} ${ALSO}\n  \"\" d\npost_stop =\n\n  "
         "'e",
         "5: [service:web] pre_start: a ' is not closed; write a second ' where the quoted text "
         "ends\n"
         "6: [service:web] pre_start: the variable 'NONE' is not set; set it in environment, give "
         "a default as in ${NONE:-text}, or write $${ for a literal ${\n"
         "6: [service:web] pre_start: the variable 'ALSO' is not set; set it in environment, give "
         "a default as in ${ALSO:-text}, or write $${ for a literal ${\n"
         "7: [service:web] pre_start: the name of the program is empty; write its path or name\n"
         "10: [service:web] post_stop: a ' is not closed; write a second ' where the quoted text "
         "ends"},
        {"pre_start = a \\\n  b\n  c \\",
         "3: [service:web] pre_start: a backslash at the end joins no lines, each is a command of "
         "its own; write the whole command in one line\n"
         "5: [service:web] pre_start: a backslash at the end joins no lines, each is a command of "
         "its own; write the whole command in one line"},
        {"pre_start = a\n  stop_command = b",
         "4: [service:web] pre_start: an indented line continues the value above it, and this "
         "looks like a key of its own; begin it without white space"},
        {"pre_start = -/bin/a\n  +@/bin/b\n  -a",
         "3: [service:web] pre_start: '-' before a path means nothing here; remove it, and where a "
         "failure does not matter write sh -c 'COMMAND || true'\n"
         "4: [service:web] pre_start: '+' before a path means nothing here; remove it, and where a "
         "failure does not matter write sh -c 'COMMAND || true'"},
        {"post_stop = a\npost_stop = b", "4: [service:web] post_stop: the key is given twice; it "
                                         "was first given in line 3: keep one of them"},
    };

    (void)state;
    CHECK_ERRORS(rows);
}

static void messages_about_variables(void **state)
{
    static const struct row rows[] = {
        {"post_stop = a\n  sh -c 'echo ${REEVE_REASON:-none}'",
         "4: [service:web] post_stop: REEVE_REASON is known only when a hook runs; let a shell see "
         "to it, as in sh -c 'echo $REEVE_REASON'"},
        {"description = ${REEVE_MAIN_PID}",
         "3: [service:web] description: REEVE_MAIN_PID is known only when a hook runs; let a shell "
         "see to it, as in sh -c 'echo $REEVE_MAIN_PID'"},
        {"environment = REEVE_HOOK=x REEVE_RUN=1",
         "3: [service:web] environment: reeve itself sets REEVE_HOOK in the hooks of every unit; "
         "choose another name\n"
         "3: [service:web] environment: reeve itself sets REEVE_RUN in the hooks of every unit; "
         "choose another name"},
    };

    (void)state;
    CHECK_ERRORS(rows);
}

static void messages_about_reloads_and_times(void **state)
{
    static const struct row rows[] = {
        {"reload_signal =", "3: [service:web] reload_signal: the value is empty; write for example "
                            "reload_signal = HUP"},
        {"reload_signal = HUPP",
         "3: [service:web] reload_signal: 'HUPP' is not a signal; did you mean 'HUP'?"},
        {"reload_signal = KILL", "3: [service:web] reload_signal: KILL cannot be caught, so that "
                                 "nothing is reloaded; write for example HUP"},
        {"reload_signal = 19", "3: [service:web] reload_signal: STOP cannot be caught, so that "
                               "nothing is reloaded; write for example HUP"},
        {"reload_signal = HUP\nreload_command = a",
         "4: [service:web] reload_command: a reload is either a signal or a command, and "
         "'reload_signal' is given in line 3; keep one of them"},
        {"reload_command =\n  a\n  b\nreload_signal = HUP",
         "6: [service:web] reload_signal: a reload is either a signal or a command, and "
         "'reload_command' is given in line 3; keep one of them"},
        {"pre_stop = a\nhook_timeout = 0",
         "4: [service:web] hook_timeout: '0' is too short; at least 1ms is needed"},
        {"pre_stop = a\nhook_timeout = 3",
         "4: [service:web] hook_timeout: '3' has no unit; write for example 3s or 3ms"},
    };

    (void)state;
    CHECK_ERRORS(rows);
}

static void warnings(void **state)
{
    static const struct row rows[] = {
        {"pre_start = a\n  b && c\n  d > e",
         "4: [service:web] pre_start: warning: '&&' is passed as a word, since no shell is run; "
         "write sh -c '...' for several commands\n"
         "5: [service:web] pre_start: warning: '>' is passed as a word, since no shell is run; "
         "write sh -c '...' for a redirection"},
        {"hook_timeout = 3s",
         "3: [service:web] hook_timeout: warning: it means nothing without a command that it is "
         "for; write pre_start, post_start, pre_stop, post_stop or reload_command, or remove it"},
        {"hook_timeout = 3s\nstop_command = a",
         "3: [service:web] hook_timeout: warning: it means nothing without a command that it is "
         "for (that of 'stop_command' is 'stop_timeout'); write pre_start, post_start, pre_stop, "
         "post_stop or reload_command, or remove it"},
        {"hook_timeout = 3s\nreload_command = a", ""},
    };

    (void)state;
    CHECK_WARNINGS(rows);
}

static void they_belong_to_units(void **state)
{
    (void)state;
    assert_one_error("[reeve]\npre_start = a\n  b\n" UNIT,
                     "t.ini:2: [reeve] pre_start: this key belongs to services and jobs and means "
                     "nothing in [reeve]; remove it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said),
        cmocka_unit_test(each_key_is_its_own),
        cmocka_unit_test(each_line_is_a_command),
        cmocka_unit_test(many_commands),
        cmocka_unit_test(stop_command_beside_stop_signal),
        cmocka_unit_test(variables_of_another_reeve),
        cmocka_unit_test(messages_about_commands),
        cmocka_unit_test(messages_about_variables),
        cmocka_unit_test(messages_about_reloads_and_times),
        cmocka_unit_test(warnings),
        cmocka_unit_test(they_belong_to_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
