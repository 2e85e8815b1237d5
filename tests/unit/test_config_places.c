/* What --check finds: directories and programs of units, as their users see them, and the daemon's
 * own places. */
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "config/rights.h"
#include "config_fixture.h"

/* Everything inside one scratch directory that is the unit's working directory. */
static char scratch[64];

static void make_file(const char *name, mode_t mode)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", scratch, name);
    f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static int make_scratch(void **state)
{
    (void)state;
    snprintf(scratch, sizeof scratch, "/tmp/reeve-test-XXXXXX");
    if (!mkdtemp(scratch))
        return -1;
    make_file("program", 0755);
    make_file("plain", 0644);
    return 0;
}

static int remove_scratch(void **state)
{
    static const char *const names[] = {"program", "plain"};
    char path[128];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", scratch, names[i]);
        unlink(path);
    }
    return rmdir(scratch);
}

/* `%s` in the text stands for the scratch directory; message NULL: accepted. */
static void check_places(const char *format, const char *message)
{
    struct strbuf text = STRBUF_INIT;
    const char *hole = strstr(format, "%s");
    struct loaded l;

    strbuf_add_bytes(&text, format, hole ? (size_t)(hole - format) : strlen(format));
    if (hole)
        strbuf_addf(&text, "%s%s", scratch, hole + 2);
    /* Without the check nothing is looked at. */
    l = load_good(strbuf_text(&text));
    unload(&l);
    l = load_as(geteuid(), true, strbuf_text(&text), text.len_bytes);
    if (message && (l.errors.n_lines != 1 || !strstr(l.errors.lines[0], message)))
        print_error("for: %s\n", strbuf_text(&text));
    if (!message || l.errors.n_lines != 1 || !strstr(l.errors.lines[0], message))
        print_errors(&l);
    assert_int_equal(l.errors.n_lines, message ? 1 : 0);
    if (message)
        assert_non_null(strstr(l.errors.lines[0], message));
    unload(&l);
    strbuf_finish(&text);
}

static void test_check_places(void **state)
{
    (void)state;
    check_places("[service:a]\ncommand = sh -c true\n", NULL);
    check_places("[service:a]\ncommand = /bin/sh\n", NULL);
    check_places("[service:a]\ncommand = ./program\ndirectory = %s\n", NULL);
    check_places("[service:a]\ncommand = program\nenvironment = PATH=/usr/bin:%s\n", NULL);
    check_places("[service:a]\ncommand = program\nenvironment = PATH=:/usr/bin\ndirectory = %s\n",
                 NULL);
    check_places(
        "[service:a]\ncommand = program\n",
        "t.ini:2: [service:a] command: the program 'program' was not found in PATH: No such "
        "file or directory; install it or write its full path");
    check_places("[service:a]\ncommand = %s/plain\n", "cannot be executed");
    check_places("[service:a]\ncommand = plain\nenvironment = PATH=%s\n",
                 "the program 'plain' in PATH cannot be executed");
    check_places("[service:a]\ncommand = %s\n", "cannot be executed");
    check_places("[service:a]\ncommand = /no/such\nenabled = no\n",
                 "the program '/no/such' was not found: No such file or directory; install it or "
                 "correct the path");
    check_places("[service:a]\ncommand = ./such\n", "; install it or correct the path");
    check_places(
        "[service:a]\ncommand = ./program\ndirectory = /no/such\n",
        "t.ini:3: [service:a] directory: '/no/such': No such file or directory; create it");
    check_places("[service:a]\ncommand = sh\ndirectory = %s/plain\n", "is not a directory");
}

/* The commands of ready and health are looked for as that of the unit is, and the rest is not. */
static void test_check_probes(void **state)
{
    (void)state;
    check_places("[service:a]\ncommand = sh\nready = exec:./program\nhealth = exec:program -q\n"
                 "environment = PATH=/bin:%s\n"
                 "directory = /\n",
                 "t.ini:3: [service:a] ready: the program './program' was not found: No such file "
                 "or directory; install it or correct the path");
    check_places("[service:a]\ncommand = sh\nready = exec:./program\ndirectory = %s\n", NULL);
    check_places("[service:a]\ncommand = sh\nhealth = exec:%s/plain\n",
                 "t.ini:3: [service:a] health: the program '/tmp/reeve-test-");
    check_places("[service:a]\ncommand = sh\nhealth = exec:no-such-program -q\n",
                 "t.ini:3: [service:a] health: the program 'no-such-program' was not found in "
                 "PATH: No such file or directory; install it or write its full path");
    /* One missing directory is one error. */
    check_places(
        "[service:a]\ncommand = sh\nready = exec:./program\ndirectory = /no/such\n",
        "t.ini:4: [service:a] directory: '/no/such': No such file or directory; create it");
    check_places("[service:a]\ncommand = sh\nready = unix:/no/such\nhealth = tcp:localhost:1\n",
                 NULL);
}

/* So are those of hooks, each told by its line. */
static void test_check_hooks(void **state)
{
    (void)state;
    check_places("[service:a]\ncommand = sh\ndirectory = %s\npre_start =\n  # both\n  ./program\n"
                 "  ./such a\n  sh\n",
                 "t.ini:7: [service:a] pre_start: the program './such' was not found: No such file "
                 "or directory; install it or correct the path");
    check_places("[job:a]\ncommand = sh\nstop_command = sh\n  %s/plain\n",
                 "t.ini:4: [job:a] stop_command: the program '/tmp/reeve-test-");
    check_places("[job:a]\ncommand = sh\nreload_command = no-such-program -q\n",
                 "t.ini:3: [job:a] reload_command: the program 'no-such-program' was not found in "
                 "PATH: No such file or directory; install it or write its full path");
    check_places(
        "[service:a]\ncommand = sh\npost_start = sh\npre_stop = sh\npost_stop = ./program\n"
        "environment = PATH=/bin\ndirectory = %s\n",
        NULL);
    /* One missing directory is one error. */
    check_places(
        "[service:a]\ncommand = sh\npost_stop = ./program\n  x/y\ndirectory = /no/such\n",
        "t.ini:5: [service:a] directory: '/no/such': No such file or directory; create it");
}

/* ---- as somebody else ---- */

static const mode_t mode_of_scratch = 0700; /* as mkdtemp made it */

static void set_mode(const char *name, mode_t mode)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", scratch, name);
    assert_int_equal(chmod(path, mode), 0);
}

/* As check_places, for a reeved that is root, whoever runs the test. */
static void check_as_root(const char *format, const char *message)
{
    struct strbuf text = STRBUF_INIT;
    const char *hole = strstr(format, "%s");
    struct loaded l;

    strbuf_addf(&text, "[reeve]\nruntime_dir = %s/run\n", scratch);
    strbuf_add_bytes(&text, format, (size_t)(hole - format));
    strbuf_addf(&text, "%s%s", scratch, hole + 2);
    l = load_as(0, true, strbuf_text(&text), text.len_bytes);
    if (l.errors.n_lines != (message != NULL))
        print_errors(&l);
    assert_int_equal(l.errors.n_lines, message != NULL);
    if (message && !strstr(l.errors.lines[0], message))
        print_errors(&l);
    if (message)
        assert_non_null(strstr(l.errors.lines[0], message));
    unload(&l);
    strbuf_finish(&text);
}

#define AS_DAEMON "[service:a]\nuser = daemon\ncommand = "

static void test_programs_as_the_user_sees_them(void **state)
{
    (void)state;
    /* The directory on the way is ours alone. */
    set_mode(".", 0700);
    check_as_root("[service:a]\ncommand = %s/program\n", NULL);
    check_as_root(AS_DAEMON "%s/program\n",
                  "/program' cannot be executed as user 'daemon'; '/tmp/reeve-test-");
    set_mode(".", 0755);
    check_as_root(AS_DAEMON "%s/program\n", NULL);
    check_as_root(AS_DAEMON "program\nenvironment = PATH=/usr/bin:%s\n", NULL);
    /* Then the program itself. */
    set_mode("program", 0754);
    check_as_root(AS_DAEMON "%s/program\n", "/program' must have an x permission for that user");
    check_as_root(AS_DAEMON "program\nenvironment = PATH=/usr/bin:%s\n",
                  "the program 'program' in PATH cannot be executed as user 'daemon'");
    check_as_root(AS_DAEMON "sh\nhealth = exec:%s/program\n",
                  "health: the program '/tmp/reeve-test-");
    set_mode("program", 0755);
    /* An x permission of somebody is enough for root. */
    set_mode("plain", 0654);
    check_as_root("[service:a]\ncommand = %s/plain\n", geteuid() == 0 ? NULL : "cannot be");
    set_mode("plain", 0644);
    set_mode(".", mode_of_scratch);
}

static void test_directories_as_the_user_sees_them(void **state)
{
    char text[256];
    struct loaded l;

    (void)state;
    set_mode(".", 0700);
    check_as_root(AS_DAEMON "sh\ndirectory = %s\n", "may not be entered as user 'daemon'");
    check_as_root("[service:a]\ncommand = sh\ndirectory = %s\n", NULL);
    /* What refuses the one is not what is wrong with the other. */
    snprintf(text, sizeof text, AS_DAEMON "/etc/passwd\ndirectory = %s\n", scratch);
    l = load_as(0, true, text, strlen(text));
    assert_int_equal(l.errors.n_lines, 2);
    assert_string_equal(l.errors.lines[0],
                        "t.ini:3: [service:a] command: the program '/etc/passwd' cannot be "
                        "executed as user 'daemon'; it must be a file with an x permission");
    unload(&l);
    set_mode(".", 0711);
    check_as_root(AS_DAEMON "sh\ndirectory = %s\n", NULL);
    set_mode(".", mode_of_scratch);
}

/* Owner, group, others: the first that fits decides, even when a later one would allow more. */
static void test_rights_by_mode(void **state)
{
    static const gid_t more[] = {31, 32};
    const struct rights who = {.uid = 10, .gid = 30, .groups = more, .n_groups = 2};
    const struct rights root = {0};
    static const struct {
        uid_t uid;
        gid_t gid;
        mode_t mode;
        bool root;
        bool allowed; /* to execute */
    } rows[] = {
        {10, 30, 0100, true, true},  {10, 99, 0100, true, true},   {10, 99, 0677, true, false},
        {10, 30, 0011, true, false}, {99, 30, 0010, true, true},   {99, 30, 0701, true, false},
        {99, 32, 0010, true, true},  {99, 32, 0701, true, false},  {99, 99, 0001, true, true},
        {99, 99, 0776, true, false}, {99, 99, 0666, false, false}, {10, 30, 0666, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct stat st = {
            .st_uid = rows[i].uid, .st_gid = rows[i].gid, .st_mode = S_IFREG | rows[i].mode};

        if (rights_allow(&who, &st, RIGHT_EXECUTE) != rows[i].allowed)
            print_error("row %zu\n", i);
        assert_int_equal(rights_allow(&who, &st, RIGHT_EXECUTE), rows[i].allowed);
        assert_int_equal(rights_allow(&root, &st, RIGHT_EXECUTE), rows[i].root);
    }
    const struct stat directory = {.st_uid = 99, .st_gid = 99, .st_mode = S_IFDIR | 0600};
    const struct stat open_to_all = {.st_uid = 99, .st_gid = 99, .st_mode = S_IFDIR | 0705};

    assert_true(rights_allow(&root, &directory, RIGHT_EXECUTE | RIGHT_WRITE));
    assert_false(rights_allow(&who, &directory, RIGHT_READ));
    assert_true(rights_allow(&who, &open_to_all, RIGHT_EXECUTE | RIGHT_READ));
    assert_false(rights_allow(&who, &open_to_all, RIGHT_EXECUTE | RIGHT_WRITE));
}

static int reach(const char *name, struct strbuf *culprit)
{
    const struct passwd *p = getpwnam("daemon");
    const struct rights who = {.uid = p->pw_uid, .gid = p->pw_gid};
    char path[128];

    strbuf_finish(culprit);
    snprintf(path, sizeof path, "%s/%s", scratch, name);
    return rights_reach(&who, path, RIGHT_EXECUTE, culprit);
}

static void test_rights_on_the_way(void **state)
{
    struct strbuf culprit = STRBUF_INIT;
    char link[128];

    (void)state;
    snprintf(link, sizeof link, "%s/link", scratch);
    assert_int_equal(symlink("program", link), 0);
    set_mode(".", 0700);
    assert_int_equal(reach("program", &culprit), -EACCES);
    assert_string_equal(strbuf_text(&culprit), scratch);
    set_mode(".", 0755);
    assert_int_equal(reach("program", &culprit), 0);
    assert_int_equal(reach("link", &culprit), 0);
    assert_int_equal(reach("../../bin/sh", &culprit), 0);
    assert_int_equal(reach("plain", &culprit), -EACCES);
    assert_non_null(strstr(strbuf_text(&culprit), "/plain"));
    assert_int_equal(reach("missing", &culprit), -ENOENT);
    assert_int_equal(reach("plain/x", &culprit), -ENOTDIR);
    set_mode(".", mode_of_scratch);
    unlink(link);
    strbuf_finish(&culprit);
}

/* A mode with a list behind it proves nothing: no complaint. */
static void test_rights_with_an_access_control_list(void **state)
{
    /* Version 2; owner rwx, user 12345 r-x, group ---, mask r-x, others ---. */
    static const unsigned char list[] = {2,         0,    0,    0,    /**/ 1, 0,    7,    0,
                                         0xff,      0xff, 0xff, 0xff, /**/
                                         2,         0,    5,    0,    0x39,   0x30, 0,    0,
                                         /**/ 4,    0,    0,    0,    0xff,   0xff, 0xff, 0xff, /**/
                                         0x10,      0,    5,    0,    0xff,   0xff, 0xff, 0xff,
                                         /**/ 0x20, 0,    0,    0,    0xff,   0xff, 0xff, 0xff};
    struct strbuf culprit = STRBUF_INIT;
    char path[128];

    (void)state;
    set_mode(".", 0755);
    set_mode("program", 0750);
    assert_int_equal(reach("program", &culprit), -EACCES);
    snprintf(path, sizeof path, "%s/program", scratch);
    if (setxattr(path, "system.posix_acl_access", list, sizeof list, 0) == 0) {
        assert_int_equal(reach("program", &culprit), 0);
        assert_int_equal(removexattr(path, "system.posix_acl_access"), 0);
    } else {
        assert_int_equal(errno, ENOTSUP); /* none here: nothing to be wrong about */
    }
    set_mode("program", 0755);
    set_mode(".", mode_of_scratch);
    strbuf_finish(&culprit);
}

/* ---- the daemon's own places ---- */

#define UNIT "[service:a]\ncommand = sh\n"

static void test_runtime_dir(void **state)
{
    (void)state;
    /* Missing, with its parent missing, there already. */
    check_places("[reeve]\nruntime_dir = %s/run\n" UNIT, NULL);
    check_places("[reeve]\nruntime_dir = %s/var/run/\n" UNIT, NULL);
    check_places("[reeve]\nruntime_dir = %s\n" UNIT, NULL);
    check_places("[reeve]\nruntime_dir = %s/a/b/c\n" UNIT,
                 "/a': No such file or directory; create it or name another");
    check_places("[reeve]\nruntime_dir = %s/plain/run\n" UNIT, "Not a directory; create it or");
    check_places("[reeve]\nruntime_dir = %s/plain\n" UNIT, "is not a directory of user number");
    /* Others could put files there. */
    set_mode(".", 0777);
    check_places("[reeve]\nruntime_dir = %s\n" UNIT,
                 "t.ini:2: [reeve] runtime_dir: '/tmp/reeve-test-");
    set_mode(".", mode_of_scratch);
}

/* Where root may write, but no directory and no socket can be made. */
static void test_places_of_the_kernel(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip(); /* the modes refuse others */
    check_places(
        "[reeve]\nruntime_dir = /proc/xx\n" UNIT,
        "t.ini:2: [reeve] runtime_dir: '/proc/xx' cannot be used: '/proc': nobody can make "
        "files in this file system of the kernel; name another");
    check_places("[reeve]\nruntime_dir = /proc/xx/yy\n" UNIT, "'/proc': nobody can make files");
    check_places("[reeve]\nruntime_dir = /proc/tty\n" UNIT, "'/proc/tty': nobody can make files");
    check_places("[reeve]\nruntime_dir = /sys/xx\n" UNIT, "'/sys': ");
    check_places("[reeve]\nsocket = /proc/x.sock\n" UNIT,
                 "t.ini:2: [reeve] socket: '/proc/x.sock' cannot be made: '/proc': nobody can make "
                 "files in this file system of the kernel; name another");
}

/* Without the key it is no error: reeved then supervises without one. */
static void test_default_runtime_dir(void **state)
{
    static char runtime[] = "XDG_RUNTIME_DIR=/nowhere/at/all";
    char *const list[] = {runtime, fixture_path, NULL};
    struct config_options options = {.environ = list, .uid = 12345, .check_places = true};
    struct loaded l = {0};

    (void)state;
    assert_int_equal(config_load_text("t.ini", UNIT, strlen(UNIT), &options, &l.set, &l.errors), 0);
    assert_int_equal(l.errors.n_warnings, 1);
    assert_non_null(strstr(l.errors.warnings[0],
                           "t.ini: [reeve] runtime_dir: warning: '/nowhere/at/all/reeve' cannot be "
                           "used: "));
    unload(&l);
    /* Nor does it hide an error. */
    assert_int_equal(config_load_text("t.ini", "", 0, &options, &l.set, &l.errors), -EINVAL);
    assert_int_equal(l.errors.n_lines, 1);
    unload(&l);
}

static void test_socket_place(void **state)
{
    (void)state;
    check_places("[reeve]\nruntime_dir = %s/run\nsocket = /tmp/x.sock\n" UNIT, NULL);
    check_places("[reeve]\nsocket = %s/x.sock\n" UNIT, NULL);
    check_places("[reeve]\nsocket = %s/sub/x.sock\n" UNIT, NULL);
    check_places("[reeve]\nsocket = %s/no/sub/x.sock\n" UNIT,
                 "/no': No such file or directory; create the directory or name another");
    check_places("[reeve]\nsocket = %s/plain/x.sock\n" UNIT, "/plain': Not a directory; ");
    check_places("[reeve]\nsocket = %s/plain\n" UNIT,
                 "is there and is no socket; remove it or name another path");
    check_places(
        "[reeve]\nsocket = /nowhere/at/x.sock\n" UNIT,
        "t.ini:2: [reeve] socket: '/nowhere/at/x.sock' cannot be made: '/nowhere': No such "
        "file or directory; create the directory or name another");
    /* One mistake is one error where the socket lies in the runtime directory. */
    check_places("[reeve]\nruntime_dir = /nowhere/at/r\nsocket = /nowhere/at/r/s\n" UNIT,
                 "runtime_dir: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_places),
        cmocka_unit_test(test_check_probes),
        cmocka_unit_test(test_check_hooks),
        cmocka_unit_test(test_programs_as_the_user_sees_them),
        cmocka_unit_test(test_directories_as_the_user_sees_them),
        cmocka_unit_test(test_rights_by_mode),
        cmocka_unit_test(test_rights_on_the_way),
        cmocka_unit_test(test_rights_with_an_access_control_list),
        cmocka_unit_test(test_runtime_dir),
        cmocka_unit_test(test_places_of_the_kernel),
        cmocka_unit_test(test_default_runtime_dir),
        cmocka_unit_test(test_socket_place),
    };

    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
