/* Whole configurations: sections, users, places, the environment, defaults of the daemon. */
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config/places.h"
#include "config_fixture.h"

#define UNIT "[service:web]\ncommand = x\n"

static void test_order_and_find(void **state)
{
    struct loaded l = load_good("[service:b]\ncommand = x\n[reeve]\nsocket_mode = 600\n"
                                "[job:a]\ncommand = y\n[service:C.d_e-9]\ncommand = z\n");

    (void)state;
    assert_int_equal(l.set->n_units, 3);
    assert_string_equal(l.set->units[0].name, "b");
    assert_string_equal(l.set->units[1].name, "a");
    assert_int_equal(l.set->units[1].line, 5);
    assert_string_equal(l.set->units[2].name, "C.d_e-9");
    assert_int_equal(l.set->daemon.socket_mode, 0600);
    unload(&l);
}

static void test_sections(void **state)
{
    (void)state;
    assert_one_error("[servce:web]\ncommand = x\nnonsense = 1\n",
                     "t.ini:1: [servce:web] unknown section; did you mean [service:web]?");
    assert_one_error("[jbo:web]\n", "did you mean [job:web]?");
    assert_one_error("[Reeve]\n", "did you mean [reeve]?");
    assert_one_error("[web]\n", "a unit is written [service:web] or [job:web]");
    assert_one_error("[defaults:x]\numask = 0\n" UNIT,
                     "[defaults:x] what holds for every unit has no name; write [defaults], or "
                     "[template:x] and 'extends' in the units that it is for");
    assert_one_error("[template]\numask = 0\n" UNIT, "the template has no name; write for example "
                                                     "[template:web]");
    assert_one_error("[defualts]\numask = 0\n" UNIT, "did you mean [defaults]?");
    assert_one_error("[tempalte:x]\numask = 0\n" UNIT, "did you mean [template:x]?");
    assert_one_error("[module:x]\nuser = x\n" UNIT, "[module:x] unknown section; there are "
                                                    "[reeve], [defaults], [template:NAME], ");
    assert_one_error("[reeve:x]\n" UNIT, "the section of the daemon has no name; write [reeve]");
    assert_one_error("[service]\ncommand = x\n", "the service has no name; write for example "
                                                 "[service:web]");
    assert_one_error("[job:]\ncommand = x\n", "the job has no name; write for example [job:web]");
    assert_one_error("[service: web]\ncommand = x\n", "no white space stands around ':'; write "
                                                      "[service:web]");
    assert_one_error("[service:-web]\ncommand = x\n", "'-web' cannot be a name");
    assert_one_error("[service:web@1]\ncommand = x\n",
                     "instances have no sections of their own; write [service:web] with "
                     "'instances = N', which makes web@1 to web@N");
    assert_one_error("[web@1]\n", "instances have no sections of their own; write [service:web]");
    assert_one_error("[job:we b@1]\ncommand = x\n", "'we b@1' cannot be a name");
    assert_one_error("[web!]\n",
                     "there are [reeve], [defaults], [template:NAME], [service:NAME] and "
                     "[job:NAME]");
    assert_one_error("[service:w\xc3\xa4hlen]\ncommand = x\n", "cannot be a name");
    /* The keys of a section with a bad name are checked all the same. */
    assert_errors(
        load_text("[service:a b]\ncommand = x\numask = 9\n"),
        ERRORS("t.ini:1: [service:a b] 'a b' cannot be a name; a name is letters, digits, "
               "'_', '.' and '-', and begins with a letter or digit",
               "t.ini:3: [service:a b] umask: '9' is not a mode; write octal digits from "
               "000 to 777, for example 022 or 0660"));
}

static void test_all_errors_in_order(void **state)
{
    (void)state;
    assert_errors(
        load_text("[service:a]\nrestart = sometimes\njunk\ncommand = x\n[reeve]\nsocket = s\n"
                  "[job:b]\ncommand = ${NONE}\nenabled = no\nenabled = no\n[service:c]\n"),
        ERRORS(
            "t.ini:2: [service:a] restart: 'sometimes' is not a value of this key; write never, "
            "on-failure or always",
            "t.ini:3: [service:a] there is no '=' after 'junk'; write 'key = value' (to continue "
            "the value above, indent the line)",
            "t.ini:6: [reeve] socket: 's' is not an absolute path; begin it with '/'",
            "t.ini:8: [job:b] command: the variable 'NONE' is not set; set it in environment, "
            "give a default as in ${NONE:-text}, or write $${ for a literal ${",
            "t.ini:10: [job:b] enabled: the key is given twice; it was first given in line 9: "
            "keep one of them",
            "t.ini:11: [service:c] command: the key is missing; write for example command = "
            "/usr/bin/python3 -m http.server"));
}

static void test_nothing_to_do(void **state)
{
    static const char no_unit[] = "t.ini: no unit is defined; write a section [service:NAME] or "
                                  "[job:NAME] with a 'command = ...' in it";

    (void)state;
    assert_errors(load_text(""), ERRORS(no_unit));
    assert_errors(load_text("\xef\xbb\xbf"), ERRORS(no_unit));
    assert_errors(load_text("# nothing\n\n"), ERRORS(no_unit));
    assert_errors(load_text("[reeve]\n"), ERRORS(no_unit));
}

static void test_disabled_units_are_checked(void **state)
{
    (void)state;
    assert_one_error(UNIT "enabled = no\nuser = nobody-of-that-name\n",
                     "user: there is no user 'nobody-of-that-name' on this system");
}

static void test_files(void **state)
{
    struct config_options options = {.environ = fixture_environ, .uid = 0};
    struct loaded l = {0};
    char path[] = "/tmp/reeve-test-XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, UNIT, strlen(UNIT)), (ssize_t)strlen(UNIT));
    close(fd);
    assert_int_equal(config_load(path, &options, &l.set, &l.errors), 0);
    assert_string_equal(l.set->units[0].file, path);
    unload(&l);
    unlink(path);
    assert_int_equal(config_load("/nowhere/x.ini", &options, &l.set, &l.errors), -EINVAL);
    assert_errors(l, ERRORS("/nowhere/x.ini: there is no such file; create it or name another"));
    l = (struct loaded){0};
    assert_int_equal(config_load("/tmp", &options, &l.set, &l.errors), -EINVAL);
    assert_errors(l, ERRORS("/tmp: this is a directory; name a file"));
    /* A file without an end must not eat all memory. */
    l = (struct loaded){0};
    assert_int_equal(config_load("/dev/zero", &options, &l.set, &l.errors), -EINVAL);
    assert_errors(l, ERRORS("/dev/zero: the file is too large; at most 64 MiB are read"));
}

/* ---- the daemon ---- */

static void test_daemon_defaults(void **state)
{
    struct loaded l = load_good(UNIT);

    (void)state;
    assert_string_equal(l.set->daemon.runtime_dir, "/run/reeve");
    assert_string_equal(l.set->daemon.socket, "/run/reeve/reeve.sock");
    assert_int_equal(l.set->daemon.socket_mode, 0660);
    assert_int_equal(l.set->daemon.shutdown_timeout_ms, 0);
    assert_int_equal(l.set->daemon.events_kept, 4096);
    assert_false(l.set->daemon.has_socket_group);
    assert_null(l.set->daemon.socket_group);
    unload(&l);
    l = load_good("[reeve]\n" UNIT);
    assert_int_equal(l.set->daemon.events_kept, 4096);
    unload(&l);
    l = load_as(1234, false, UNIT, strlen(UNIT));
    assert_string_equal(l.set->daemon.runtime_dir, "/tmp/reeve-1234");
    assert_string_equal(l.set->daemon.socket, "/tmp/reeve-1234/reeve.sock");
    unload(&l);
}

static void test_daemon_keys(void **state)
{
    struct loaded l = load_good("[reeve]\nruntime_dir = ${HOME}/run\nsocket_mode = 0600\n"
                                "shutdown_timeout = 9s\nevents_kept = 16\n" UNIT);

    (void)state;
    assert_string_equal(l.set->daemon.runtime_dir, "/root/run");
    assert_string_equal(l.set->daemon.socket, "/root/run/reeve.sock");
    assert_int_equal(l.set->daemon.shutdown_timeout_ms, 9000);
    assert_int_equal(l.set->daemon.events_kept, 16);
    unload(&l);
    l = load_good("[reeve]\nsocket = /x/y.sock\n" UNIT);
    assert_string_equal(l.set->daemon.socket, "/x/y.sock");
    assert_string_equal(l.set->daemon.runtime_dir, "/run/reeve");
    unload(&l);
    assert_one_error("[reeve]\nruntime_dir = run\n" UNIT, "runtime_dir: 'run' is not an absolute");
    assert_one_error("[reeve]\nshutdown_timeout = 0\n" UNIT,
                     "shutdown_timeout: '0' is too short; at least 100ms is needed");
    assert_one_error("[reeve]\nrestart = never\n" UNIT, "restart: this key belongs to services");
}

static void test_socket_group(void **state)
{
    const struct group *g = getgrnam("daemon");
    const struct passwd *p = getpwnam("nobody");
    char text[128];
    struct loaded l;
    gid_t gid;

    (void)state;
    assert_true(g && p);
    gid = g->gr_gid;
    l = load_good("[reeve]\nsocket_group = daemon\n" UNIT);
    assert_true(l.set->daemon.has_socket_group);
    assert_string_equal(l.set->daemon.socket_group, "daemon");
    assert_int_equal(l.set->daemon.socket_gid, gid);
    unload(&l);
    /* A number gets its name, if it has one. */
    snprintf(text, sizeof text, "[reeve]\nsocket_group = %u\n" UNIT, (unsigned)gid);
    l = load_good(text);
    assert_string_equal(l.set->daemon.socket_group, "daemon");
    unload(&l);
    l = load_good("[reeve]\nsocket_group = 987654\n" UNIT);
    assert_true(l.set->daemon.has_socket_group);
    assert_string_equal(l.set->daemon.socket_group, "987654");
    assert_int_equal(l.set->daemon.socket_gid, 987654);
    unload(&l);
    assert_one_error("[reeve]\nsocket_group = no-such-group\n" UNIT,
                     "t.ini:2: [reeve] socket_group: there is no group 'no-such-group'");
    assert_one_error("[reeve]\nsocket_group =\n" UNIT, "socket_group: the value is empty");
    /* Without root a socket can only be given to a group of one's own: here, ours. */
    snprintf(text, sizeof text, "[reeve]\nsocket_group = %u\n" UNIT, (unsigned)getegid());
    l = load_as(p->pw_uid, false, text, strlen(text));
    assert_int_equal(l.rc, 0);
    assert_int_equal(l.set->daemon.socket_gid, getegid());
    unload(&l);
    strcpy(text, "[reeve]\nsocket_group = 987654\n" UNIT);
    l = load_as(p->pw_uid, false, text, strlen(text));
    assert_int_equal(l.errors.n_lines, 1);
    assert_non_null(strstr(l.errors.lines[0], "who is not in the group '987654'; name a group of"));
    unload(&l);
}

static void check_place(char *got, const char *expected)
{
    assert_non_null(got);
    assert_string_equal(got, expected);
    free(got);
}

static void test_places(void **state)
{
    static char home[] = "HOME=/home/u", runtime[] = "XDG_RUNTIME_DIR=/run/user/7";
    static char config[] = "XDG_CONFIG_HOME=/home/u/cfg", relative[] = "XDG_RUNTIME_DIR=run";
    char *const all[] = {home, runtime, config, NULL}, *const some[] = {home, relative, NULL};
    char *const none[] = {NULL};

    (void)state;
    check_place(places_config_file(all, 7), "/home/u/cfg/reeve/reeve.ini");
    check_place(places_config_file(some, 7), "/home/u/.config/reeve/reeve.ini");
    check_place(places_config_file(none, 7), "/etc/reeve/reeve.ini");
    check_place(places_config_file(all, 0), "/etc/reeve/reeve.ini");
    check_place(places_runtime_dir(all, 7), "/run/user/7/reeve");
    check_place(places_runtime_dir(some, 7), "/tmp/reeve-7");
    check_place(places_runtime_dir(all, 0), "/run/reeve");
    check_place(places_socket(all, 7), "/run/user/7/reeve/reeve.sock");
    check_place(places_socket(NULL, 0), "/run/reeve/reeve.sock");
}

/* ---- the environment of a process ---- */

static void test_environment(void **state)
{
    struct loaded l = load_good("[reeve]\nenvironment = A=reeve NEW=1\n"
                                "[service:web]\ncommand = x\nenvironment = \"A=unit 2\" B=b\n"
                                "[service:api]\ncommand = x\n");
    const struct unit_spec *web = &l.set->units[0], *api = &l.set->units[1];

    (void)state;
    assert_string_equal(variable(web, "PATH"), "/usr/bin:/bin");
    assert_string_equal(variable(web, "HOME"), "/root");
    assert_string_equal(variable(web, "EMPTY"), "");
    assert_string_equal(variable(web, "A"), "unit 2");
    assert_string_equal(variable(web, "B"), "b");
    assert_string_equal(variable(web, "NEW"), "1");
    assert_string_equal(variable(web, "REEVE_UNIT"), "web");
    assert_string_equal(variable(web, "REEVE_INSTANCE"), "");
    assert_int_equal(web->envc, 8);
    assert_string_equal(variable(api, "A"), "reeve");
    assert_null(variable(api, "B"));
    assert_string_equal(variable(api, "REEVE_UNIT"), "api");
    unload(&l);
}

/* What reeved inherited from a reeve around it does not reach its units. */
static void test_environment_nested(void **state)
{
    static char unit[] = "REEVE_UNIT=outer", instance[] = "REEVE_INSTANCE=3", twice[] = "A=1",
                again[] = "A=2", odd[] = "no equals sign", nameless[] = "=x";
    char *const list[] = {unit, instance, twice, again, odd, nameless, NULL};
    struct config_options options = {.environ = list, .uid = 0};
    struct loaded l = {0};

    (void)state;
    assert_int_equal(config_load_text("t.ini", UNIT, strlen(UNIT), &options, &l.set, &l.errors), 0);
    assert_string_equal(variable(&l.set->units[0], "REEVE_UNIT"), "web");
    assert_string_equal(variable(&l.set->units[0], "REEVE_INSTANCE"), "");
    assert_string_equal(variable(&l.set->units[0], "A"), "1");
    assert_int_equal(l.set->units[0].envc, 3);
    unload(&l);
}

/* ---- users ---- */

/* An ordinary user of this system, who exists everywhere. */
static const struct passwd *ordinary(void)
{
    const struct passwd *p = getpwnam("nobody");

    assert_non_null(p);
    return p;
}

static void test_user(void **state)
{
    struct loaded l = load_good(UNIT "user = nobody\n");
    const struct passwd *p = ordinary();
    const struct unit_spec *u = &l.set->units[0];

    (void)state;
    assert_true(u->change_user);
    assert_int_equal(u->uid, p->pw_uid);
    assert_int_equal(u->gid, p->pw_gid);
    assert_true(u->n_groups >= 1);
    assert_int_equal(u->groups[0], p->pw_gid);
    assert_string_equal(variable(u, "HOME"), p->pw_dir);
    assert_string_equal(variable(u, "USER"), "nobody");
    assert_string_equal(variable(u, "LOGNAME"), "nobody");
    assert_string_equal(variable(u, "SHELL"), p->pw_shell);
    unload(&l);
}

static void test_user_numbers(void **state)
{
    const struct passwd *p = ordinary();
    char text[256];
    struct loaded l;

    (void)state;
    snprintf(text, sizeof text, UNIT "user = %u\n", (unsigned)p->pw_uid);
    l = load_good(text);
    assert_int_equal(l.set->units[0].gid, p->pw_gid);
    assert_string_equal(variable(&l.set->units[0], "USER"), "nobody");
    unload(&l);

    assert_null(getpwuid(987654));
    assert_one_error(UNIT "user = 987654\n",
                     "user: no user has the number 987654 here, so its group "
                     "is unknown; give 'group' too");
    l = load_good(UNIT "user = 987654\ngroup = 54321\n");
    assert_int_equal(l.set->units[0].uid, 987654);
    assert_int_equal(l.set->units[0].gid, 54321);
    assert_int_equal(l.set->units[0].n_groups, 1);
    assert_int_equal(l.set->units[0].groups[0], 54321);
    assert_string_equal(variable(&l.set->units[0], "HOME"), "/");
    assert_string_equal(variable(&l.set->units[0], "USER"), "987654");
    unload(&l);
    /* (uid_t)-1 would mean "leave unchanged" to the kernel. */
    assert_one_error(UNIT "user = 4294967295\ngroup = 0\n", "there is no user '4294967295'");
}

static void test_group(void **state)
{
    const struct group *g = getgrnam("daemon");
    struct loaded l;
    gid_t gid;

    (void)state;
    assert_non_null(g);
    gid = g->gr_gid;
    l = load_good(UNIT "group = daemon\n");
    assert_true(l.set->units[0].change_user);
    assert_int_equal(l.set->units[0].uid, 0);
    assert_int_equal(l.set->units[0].gid, gid);
    assert_int_equal(l.set->units[0].n_groups, 1);
    assert_null(variable(&l.set->units[0], "USER"));
    unload(&l);
    l = load_good(UNIT "user = nobody\ngroup = daemon\n");
    assert_int_equal(l.set->units[0].uid, ordinary()->pw_uid);
    assert_int_equal(l.set->units[0].gid, gid);
    unload(&l);
    assert_one_error(UNIT "user = nobody\ngroup = no-such-group\n",
                     "t.ini:4: [service:web] group: there is no group 'no-such-group'");
    assert_one_error(UNIT "user = no-such-user\ngroup = daemon\n",
                     "t.ini:3: [service:web] user: there is no user 'no-such-user'");
}

/* What is wrong with one does not hide what is wrong with the other. */
static void test_user_and_group_are_both_judged(void **state)
{
    static const char both[] = UNIT "user = no-such-user\ngroup = no-such-group\n";
    static const char no_number[] = UNIT "user = 987654\ngroup = no-such-group\n";
    static const char not_permitted[] = UNIT "user = root\ngroup = 54321\n";
    struct loaded l;

    (void)state;
    l = load_text(both);
    assert_int_equal(l.errors.n_lines, 2);
    assert_non_null(strstr(l.errors.lines[0], "t.ini:3: [service:web] user: there is no user"));
    assert_non_null(strstr(l.errors.lines[1], "t.ini:4: [service:web] group: there is no group"));
    unload(&l);
    assert_one_error(no_number, "t.ini:4: [service:web] group: there is no group");
    l = load_as(ordinary()->pw_uid, false, not_permitted, strlen(not_permitted));
    assert_int_equal(l.errors.n_lines, 2);
    assert_non_null(strstr(l.errors.lines[0], "user: reeved runs as user number"));
    assert_non_null(strstr(l.errors.lines[1], "group: reeved runs as user number"));
    unload(&l);
}

static void test_user_own_variables_win(void **state)
{
    struct loaded l = load_good("[reeve]\nenvironment = USER=reeve HOME=/reeve\n" UNIT
                                "user = nobody\nenvironment = HOME=/mine\n");

    (void)state;
    assert_string_equal(variable(&l.set->units[0], "HOME"), "/mine");
    assert_string_equal(variable(&l.set->units[0], "USER"), "nobody");
    unload(&l);
}

static void test_without_root(void **state)
{
    const struct passwd *p = ordinary();
    struct loaded l;
    static const char self[] = UNIT "user = nobody\n", other[] = UNIT "user = root\n";
    static const char group[] = UNIT "group = 54321\n";

    (void)state;
    l = load_as(p->pw_uid, false, self, strlen(self));
    assert_int_equal(l.rc, 0);
    assert_false(l.set->units[0].change_user);
    assert_string_equal(variable(&l.set->units[0], "USER"), "nobody");
    unload(&l);
    l = load_as(p->pw_uid, false, other, strlen(other));
    assert_int_equal(l.errors.n_lines, 1);
    assert_non_null(strstr(l.errors.lines[0], "user: reeved runs as user number"));
    assert_non_null(
        strstr(l.errors.lines[0], "and cannot become 'root'; run it as root, or remove"));
    unload(&l);
    l = load_as(p->pw_uid, false, group, strlen(group));
    assert_int_equal(l.errors.n_lines, 1);
    assert_non_null(strstr(l.errors.lines[0], "group: reeved runs as user number"));
    unload(&l);
}

/* ---- size ---- */

/* Of the processor: others on this machine do not count. */
static double load_seconds(uint32_t n_units)
{
    struct strbuf text = STRBUF_INIT;
    struct timespec from, to;
    struct loaded l;

    for (uint32_t i = 0; i < n_units; i++)
        strbuf_addf(&text,
                    "[service:u%u]\ncommand = sh -c 'sleep ${REEVE_UNIT}'\nuser = nobody\n"
                    "environment = N=%u\nrestart_delay = 1s\n",
                    i, i);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    l = load_good(strbuf_text(&text));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    assert_int_equal(l.set->n_units, n_units);
    assert_string_equal(l.set->units[n_units - 1].argv[2] + 6, l.set->units[n_units - 1].name);
    unload(&l);
    strbuf_finish(&text);
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* Ten times the units may take ten times as long, with room for noise, but not a hundred times. */
static void test_ten_thousand_units(void **state)
{
    double few = load_seconds(1000), many = load_seconds(10000);

    (void)state;
    print_message("1 000 units: %.3f s, 10 000 units: %.3f s\n", few, many);
    assert_true(many < 40 * few + 0.1);
}

static void test_huge_environment(void **state)
{
    struct strbuf text = STRBUF_INIT;
    struct loaded l;

    (void)state;
    strbuf_add(&text, UNIT "environment =");
    for (int i = 0; i < 20000; i++)
        strbuf_addf(&text, "\n  V%d=%d", i, i);
    l = load_good(strbuf_text(&text));
    assert_int_equal(l.set->units[0].envc, 20000 + 6);
    unload(&l);
    strbuf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_find),
        cmocka_unit_test(test_sections),
        cmocka_unit_test(test_all_errors_in_order),
        cmocka_unit_test(test_nothing_to_do),
        cmocka_unit_test(test_disabled_units_are_checked),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_daemon_defaults),
        cmocka_unit_test(test_daemon_keys),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_socket_group),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_environment_nested),
        cmocka_unit_test(test_user),
        cmocka_unit_test(test_user_numbers),
        cmocka_unit_test(test_group),
        cmocka_unit_test(test_user_and_group_are_both_judged),
        cmocka_unit_test(test_user_own_variables_win),
        cmocka_unit_test(test_without_root),
        cmocka_unit_test(test_ten_thousand_units),
        cmocka_unit_test(test_huge_environment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
