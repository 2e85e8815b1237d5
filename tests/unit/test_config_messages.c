/*
 * The catalogue of what config says: every message with an input that causes it, word for word.
 * Each is one line, `file:line: [section] key: what is wrong; what would be right`. What --check
 * says of places is in test_config_places.c, what is said of other units in
 * test_config_order_messages.c, of readiness and health in test_config_probe.c, of hooks in
 * test_config_hooks.c; what no input can cause (memory, a failing name service) is missing here.
 */
#include "config_fixture.h"

#define UNIT "[service:web]\ncommand = x\n"
#define JOB "[job:mail]\ncommand = x\n"
#define REEVE "[reeve]\n"

struct row {
    const char *text;
    const char *says; /* lines joined by newlines */
};

static void check_row(const struct row *row)
{
    struct strbuf said = STRBUF_INIT;
    struct loaded l = load_text(row->text);

    for (size_t i = 0; i < l.errors.n_lines; i++) {
        strbuf_addf(&said, "%s%s", i ? "\n" : "", l.errors.lines[i]);
        assert_non_null(strstr(l.errors.lines[i], "; ")); /* what would be right */
    }
    if (strcmp(strbuf_text(&said), row->says) != 0)
        print_error("for:\n%s\n", row->text);
    assert_string_equal(strbuf_text(&said), row->says);
    strbuf_finish(&said);
    unload(&l);
}

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_row(&rows[i]);
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof *(rows))

static void messages_about_no_unit(void **state)
{
    static const struct row rows[] = {
        {"", "t.ini: no unit is defined; write a section [service:NAME] or [job:NAME] with a "
             "'command = ...' in it"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void messages_about_lines(void **state)
{
    static const struct row rows[] = {
        {"command = x\n" UNIT, "t.ini:1: a key stands before the first section; begin with "
                               "[reeve], [service:NAME] or [job:NAME]"},
        {"[service:web]\n  enabled = no\ncommand = x\n",
         "t.ini:2: [service:web] an indented line continues the value above it, but there is none; "
         "begin the line without white space"},
        {" [service:web]\ncommand = x\n",
         "t.ini:1: white space stands before the section header; begin the line with '['"},
        {UNIT "\tuser = nobody\n",
         "t.ini:3: [service:web] command: an indented line continues the value above it, and this "
         "looks like a key of its own; begin it without white space"},
        {"[service:web]\ncommand = x \\\n  y\n",
         "t.ini:3: [service:web] command: the line before ends with a backslash, which joins "
         "nothing; remove it, the indented line already continues the value"},
        {UNIT "junk\n", "t.ini:3: [service:web] there is no '=' after 'junk'; write 'key = value' "
                        "(to continue the value above, indent the line)"},
        {UNIT "/x = no\n", "t.ini:3: [service:web] '/x = no' does not begin with a key; write 'key "
                           "= value' (to continue the value above, indent the line)"},
        {UNIT "= no\n", "t.ini:3: [service:web] there is no key before '='; write 'key = value'"},
        {UNIT "enabled: no\n",
         "t.ini:3: [service:web] a key is followed by '=', not by ':'; write 'enabled = value'"},
        {UNIT "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk = 1\n",
         "t.ini:3: [service:web] kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk: unknown key; "
         "the keys are listed in reeve.ini(5), none has more than 48 characters"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void messages_about_sections(void **state)
{
    static const struct row rows[] = {
        {"[service:web\ncommand = x\n",
         "t.ini:1: the section header has no closing bracket; write for example [service:web]"},
        {"[service:web] junk\ncommand = x\n",
         "t.ini:1: text follows the section header; write the header alone in its line, and "
         "comments in lines of their own"},
        {"[servce:web]\n", "t.ini:1: [servce:web] unknown section; did you mean [service:web]?"},
        {"[servce]\n", "t.ini:1: [servce] unknown section; did you mean [service:NAME]?"},
        {"[Reeve]\n", "t.ini:1: [Reeve] unknown section; did you mean [reeve]?"},
        {"[web]\n", "t.ini:1: [web] unknown section; a unit is written [service:web] or [job:web]"},
        {"[]\n", "t.ini:1: [] unknown section; there are [reeve], [defaults], [template:NAME], "
                 "[service:NAME] and [job:NAME]"},
        {"[module:x]\n",
         "t.ini:1: [module:x] unknown section; there are [reeve], [defaults], [template:NAME], "
         "[service:NAME] and [job:NAME]"},
        {"[reeve:x]\n" UNIT,
         "t.ini:1: [reeve:x] the section of the daemon has no name; write [reeve]"},
        {"[service]\ncommand = x\n",
         "t.ini:1: [service] the service has no name; write for example [service:web]"},
        {"[job:]\ncommand = x\n",
         "t.ini:1: [job:] the job has no name; write for example [job:web]"},
        {"[service: web]\ncommand = x\n",
         "t.ini:1: [service: web] no white space stands around ':'; write [service:web]"},
        {"[service:-web]\ncommand = x\n",
         "t.ini:1: [service:-web] '-web' cannot be a name; a name is letters, digits, '_', '.' and "
         "'-', and begins with a letter or digit"},
        {"[service:nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn]\ncommand = x\n",
         "t.ini:1: [service:nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn] the name has 49 "
         "characters; at most 48 are allowed"},
        {UNIT UNIT, "t.ini:3: [service:web] the name 'web' is already taken in line 1; a name is "
                    "used once, by a service or a job"},
        {UNIT "[job:web]\ncommand = x\n", "t.ini:3: [job:web] the name 'web' is already taken in "
                                          "line 1; a name is used once, by a service or a job"},
        {REEVE REEVE UNIT, "t.ini:2: [reeve] the section is given twice; it was first given in "
                           "line 1: put its keys there"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void messages_about_keys(void **state)
{
    static const struct row rows[] = {
        {"[service:web]\n", "t.ini:1: [service:web] command: the key is missing; write for example "
                            "command = /usr/bin/python3 -m http.server"},
        {UNIT "enabled = no\nenabled = no\n",
         "t.ini:4: [service:web] enabled: the key is given twice; it was first given in line 3: "
         "keep one of them"},
        {UNIT "stop-timeout = 1s\n",
         "t.ini:3: [service:web] stop-timeout: unknown key; did you mean 'stop_timeout'?"},
        {UNIT "banana = 1\n", "t.ini:3: [service:web] banana: unknown key; the keys of a service "
                              "are listed in reeve.ini(5)"},
        {JOB "banana = 1\n",
         "t.ini:3: [job:mail] banana: unknown key; the keys of a job are listed in reeve.ini(5)"},
        {REEVE "banana = 1\n" UNIT,
         "t.ini:2: [reeve] banana: unknown key; the keys of [reeve] are listed in reeve.ini(5)"},
        {JOB "restart = never\n", "t.ini:3: [job:mail] restart: this key belongs to services and "
                                  "means nothing in a job; remove it"},
        {UNIT "retries = 1\n", "t.ini:3: [service:web] retries: this key belongs to jobs and means "
                               "nothing in a service; remove it"},
        {UNIT "socket = /s\n", "t.ini:3: [service:web] socket: this key belongs to [reeve] and "
                               "means nothing in a service; remove it"},
        {REEVE "command = x\n" UNIT, "t.ini:2: [reeve] command: this key belongs to services and "
                                     "jobs and means nothing in [reeve]; remove it"},
        {REEVE "restart = never\n" UNIT, "t.ini:2: [reeve] restart: this key belongs to services "
                                         "and means nothing in [reeve]; remove it"},
        {"[service:web]\ncommand =\n",
         "t.ini:2: [service:web] command: the value is empty; write for example command = "
         "/usr/bin/python3 -m http.server"},
        {UNIT "enabled =\n", "t.ini:3: [service:web] enabled: the value is empty; write one, or "
                             "remove the key for its default"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void messages_about_values(void **state)
{
    static const struct row rows[] = {
        {UNIT "enabled = No\n",
         "t.ini:3: [service:web] enabled: 'No' is neither yes nor no; did you mean 'no'?"},
        {UNIT "enabled = maybe\n", "t.ini:3: [service:web] enabled: 'maybe' is neither yes nor no; "
                                   "write yes, no, true, false, on or off"},
        {UNIT "umask = 8\n", "t.ini:3: [service:web] umask: '8' is not a mode; write octal digits "
                             "from 000 to 777, for example 022 or 0660"},
        {UNIT "directory = srv\n",
         "t.ini:3: [service:web] directory: 'srv' is not an absolute path; begin it with '/'"},
        {UNIT "stop_timeout = 10\n",
         "t.ini:3: [service:web] stop_timeout: '10' has no unit; write for example 10s or 10ms"},
        {UNIT "stop_timeout = soon\n", "t.ini:3: [service:web] stop_timeout: 'soon' is not a "
                                       "duration; write for example 250ms, 10s, 2m or 1h30m"},
        {UNIT "stop_timeout = 101000d\n",
         "t.ini:3: [service:web] stop_timeout: '101000d' is too long; at most 36500d is allowed"},
        {UNIT "ready_timeout = 0\n",
         "t.ini:3: [service:web] ready_timeout: '0' is too short; at least 1ms is needed"},
        {REEVE "shutdown_timeout = 50ms\n" UNIT,
         "t.ini:2: [reeve] shutdown_timeout: '50ms' is too short; at least 100ms is needed"},
        {UNIT "stop_signal = TREM\n",
         "t.ini:3: [service:web] stop_signal: 'TREM' is not a signal; did you mean 'TERM'?"},
        {UNIT "stop_signal = 65\n", "t.ini:3: [service:web] stop_signal: '65' is not a signal; "
                                    "write for example TERM, INT or HUP"},
        {UNIT "kill_mode = process\n", "t.ini:3: [service:web] kill_mode: 'process' is not a value "
                                       "of this key; write group, tree or main"},
        {UNIT "restart = allways\n", "t.ini:3: [service:web] restart: 'allways' is not a value of "
                                     "this key; did you mean 'always'?"},
        {UNIT "log = file\n",
         "t.ini:3: [service:web] log: 'file' is not a value of this key; write inherit or null"},
        {UNIT "restart_jitter = 10\n", "t.ini:3: [service:web] restart_jitter: '10' is not a "
                                       "percentage; write for example 10% (from 0% to 100%)"},
        {UNIT "restart_limit = -1\n", "t.ini:3: [service:web] restart_limit: '-1' is not a number "
                                      "that fits; write a whole number from 0 to 10000"},
        {JOB "retries = many\n", "t.ini:3: [job:mail] retries: 'many' is not a number that fits; "
                                 "write a whole number from 0 to 1000000"},
        {REEVE "events_kept = 15\n" UNIT, "t.ini:2: [reeve] events_kept: '15' is not a number that "
                                          "fits; write a whole number from 16 to 65536"},
        {REEVE "events_kept = 65537\n" UNIT,
         "t.ini:2: [reeve] events_kept: '65537' is not a number that fits; write a whole number "
         "from 16 to 65536"},
        {REEVE "socket_mode = rw\n" UNIT, "t.ini:2: [reeve] socket_mode: 'rw' is not a mode; write "
                                          "octal digits from 000 to 777, for example 022 or 0660"},
        {REEVE "socket = s\n" UNIT,
         "t.ini:2: [reeve] socket: 's' is not an absolute path; begin it with '/'"},
        {UNIT "success_exit = 256\n", "t.ini:3: [service:web] success_exit: '256' is not an exit "
                                      "code; write a number from 0 to 255"},
        {UNIT "success_exit = 0 KILLL\n", "t.ini:3: [service:web] success_exit: 'KILLL' is not an "
                                          "exit code or a signal; did you mean 'KILL'?"},
        {UNIT "success_exit = ,\n",
         "t.ini:3: [service:web] success_exit: the list is empty; write for example 0 3 TERM"},
        {UNIT "restart_delay = 2s\nrestart_delay_max = 1s\n",
         "t.ini:4: [service:web] restart_delay_max: it is shorter than restart_delay, 2s; give at "
         "least 2s, or a shorter restart_delay"},
        {UNIT "restart_delay_max = 50ms\n",
         "t.ini:3: [service:web] restart_delay_max: it is shorter than restart_delay, 100ms by "
         "default; give at least 100ms, or a shorter restart_delay"},
        {UNIT "tags = a a\n",
         "t.ini:3: [service:web] tags: the tag 'a' is given twice; write it once"},
        {UNIT "tags = a,b\n", "t.ini:3: [service:web] tags: 'a,b' cannot be a tag; separate tags "
                              "by white space, not by ','"},
        {UNIT "tags = -a\n", "t.ini:3: [service:web] tags: '-a' cannot be a tag; a tag is letters, "
                             "digits, '_', '.' and '-', and begins with a letter or digit"},
        {UNIT "tags = nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\n",
         "t.ini:3: [service:web] tags: the tag 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn' "
         "has 49 characters; at most 48 are allowed"},
        {UNIT
         "tags = t0 t1 t2 t3 t4 t5 t6 t7 t8 t9 t10 t11 t12 t13 t14 t15 t16 t17 t18 t19 t20 t21 t22 "
         "t23 t24 t25 t26 t27 t28 t29 t30 t31 t32 t33 t34 t35 t36 t37 t38 t39 t40 t41 t42 t43 t44 "
         "t45 t46 t47 t48 t49 t50 t51 t52 t53 t54 t55 t56 t57 t58 t59 t60 t61 t62 t63 t64\n",
         "t.ini:3: [service:web] tags: there are more than 64 tags; remove some of them"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void messages_about_words(void **state)
{
    static const struct row rows[] = {
        {"[service:web]\ncommand = ''\n", "t.ini:2: [service:web] command: the name of the program "
                                          "is empty; write its path or name"},
        {"[service:web]\ncommand = a 'b\n", "t.ini:2: [service:web] command: a ' is not closed; "
                                            "write a second ' where the quoted text ends"},
        {"[service:web]\ncommand = a \"b\n", "t.ini:2: [service:web] command: a \" is not closed; "
                                             "write a second \" where the quoted text ends"},
        {"[service:web]\ncommand = a \\\n", "t.ini:2: [service:web] command: a \\ at the end "
                                            "quotes nothing; write \\\\ for a backslash"},
        {UNIT "environment = FOO\n",
         "t.ini:3: [service:web] environment: 'FOO' is not a variable; write NAME=value, and "
         "\"NAME=two words\" when the value holds white space"},
        {UNIT "environment = 'A=1\n", "t.ini:3: [service:web] environment: a ' is not closed; "
                                      "write a second ' where the quoted text ends"},
        {UNIT "environment = REEVE_UNIT=x\n", "t.ini:3: [service:web] environment: reeve itself "
                                              "sets REEVE_UNIT in every unit; choose another name"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void messages_about_variables(void **state)
{
    static const struct row rows[] = {
        {"[service:web]\ncommand = x ${NONE}\n",
         "t.ini:2: [service:web] command: the variable 'NONE' is not set; set it in environment, "
         "give a default as in ${NONE:-text}, or write $${ for a literal ${"},
        {"[service:web]\ncommand = x ${NO NAME}\n",
         "t.ini:2: [service:web] command: '${NO' is not a variable; write ${NAME} or "
         "${NAME:-default} (NAME is letters, digits and _; the default holds no ${ and no }), or "
         "write $${ for a literal ${"},
        {"[service:web]\ncommand = x ${A\n",
         "t.ini:2: [service:web] command: '${A' is not a variable; write ${NAME} or "
         "${NAME:-default} (NAME is letters, digits and _; the default holds no ${ and no }), or "
         "write $${ for a literal ${"},
        {"[service:web]\ncommand = x ${A:+b}\n",
         "t.ini:2: [service:web] command: '${A:+b}' is not a variable; write ${NAME} or "
         "${NAME:-default} (NAME is letters, digits and _; the default holds no ${ and no }), or "
         "write $${ for a literal ${"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void messages_about_users(void **state)
{
    static const struct row rows[] = {
        {UNIT "user = nobdy\n", "t.ini:3: [service:web] user: there is no user 'nobdy' on this "
                                "system; did you mean 'nobody'?"},
        {UNIT "user = qqqqqqqq\n", "t.ini:3: [service:web] user: there is no user 'qqqqqqqq' on "
                                   "this system; create it or name another"},
        {UNIT "user = 987654\n", "t.ini:3: [service:web] user: no user has the number 987654 here, "
                                 "so its group is unknown; give 'group' too"},
        {UNIT "group = deamon\n", "t.ini:3: [service:web] group: there is no group 'deamon' on "
                                  "this system; did you mean 'daemon'?"},
        {UNIT "group = qqqqqqqq\n", "t.ini:3: [service:web] group: there is no group 'qqqqqqqq' on "
                                    "this system; create it or name another"},
        {UNIT "user = nobdy\ngroup = qqqqqqqq\n",
         "t.ini:3: [service:web] user: there is no user 'nobdy' on this system; did you mean "
         "'nobody'?\nt.ini:4: [service:web] group: there is no group 'qqqqqqqq' on this system; "
         "create it or name another"},
        {REEVE "socket_group = deamon\n" UNIT, "t.ini:2: [reeve] socket_group: there is no group "
                                               "'deamon' on this system; did you mean 'daemon'?"},
        {REEVE "socket_group = qqqqqqqq\n" UNIT,
         "t.ini:2: [reeve] socket_group: there is no group 'qqqqqqqq' on this system; create it or "
         "name another"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_about_no_unit),   cmocka_unit_test(messages_about_lines),
        cmocka_unit_test(messages_about_sections),  cmocka_unit_test(messages_about_keys),
        cmocka_unit_test(messages_about_values),    cmocka_unit_test(messages_about_words),
        cmocka_unit_test(messages_about_variables), cmocka_unit_test(messages_about_users),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
