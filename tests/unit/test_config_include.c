/* Configurations of several files: which are read, in which order, and all that is said of them. */
#include "config_directory.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "config/files.h"

#define UNIT(name) "[service:" name "]\ncommand = x\n"

static struct loaded load_file(const char *path)
{
    struct config_options options = {.environ = fixture_environ, .uid = 0, .directory_ok = true};
    struct loaded l = {0};

    l.rc = config_load(path, &options, &l.set, &l.errors);
    assert_true((l.rc == 0) == (l.set != NULL) && (l.rc == 0) == (l.errors.n_lines == 0));
    return l;
}

/* Names of units in their order, separated by spaces. */
static void expect_units(const char *path, const char *names)
{
    struct loaded l = load_file(path);
    struct strbuf b = STRBUF_INIT;

    print_errors(&l);
    assert_int_equal(l.rc, 0);
    for (uint32_t i = 0; i < l.set->n_units; i++)
        strbuf_addf(&b, "%s%s", i ? " " : "", l.set->units[i].name);
    assert_string_equal(strbuf_text(&b), names);
    strbuf_finish(&b);
    unload(&l);
}

/* ---- what is read ---- */

static void in_the_order_of_their_names(void **state)
{
    (void)state;
    write_file("r.ini", "[reeve]\ninclude = d/*.ini 'with space.ini'\n" UNIT("first"));
    mkdir("d", 0755);
    write_file("d/b.ini", UNIT("b"));
    write_file("d/a.ini", UNIT("a"));
    write_file("d/B.ini", UNIT("B"));
    write_file("d/.hidden.ini", UNIT("hidden"));
    write_file("d/c.ini~", UNIT("c"));
    write_file("with space.ini", UNIT("last"));
    expect_units("r.ini", "first B a b last");
}

/* Patterns are relative to the file where they stand; circles end. */
static void each_file_once(void **state)
{
    (void)state;
    mkdir("d", 0755);
    mkdir("d/e", 0755);
    write_file("r.ini", "[reeve]\ninclude = d/x.ini\n  d/*.ini r.ini\n" UNIT("r"));
    write_file("d/x.ini", "[reeve]\ninclude = e/*.ini ../r.ini x.ini\n" UNIT("x"));
    write_file("d/e/y.ini", "[reeve]\ninclude = ../x.ini\n" UNIT("y"));
    assert_int_equal(symlink("x.ini", "d/z.ini"), 0);
    assert_int_equal(link("d/x.ini", "d/hard.ini"), 0);
    expect_units("r.ini", "r x y");
    expect_units("./d/../r.ini", "r x y");
    expect_units("d/e/y.ini", "y x r");
}

/* A directory is itself, whatever characters it is made of. */
static void odd_directories(void **state)
{
    (void)state;
    mkdir("[a]*?\\", 0755);
    write_file("[a]*?\\/r.ini", "[reeve]\ninclude = *.inc\n");
    write_file("[a]*?\\/a.inc", UNIT("a"));
    expect_units("[a]*?\\/r.ini", "a");
}

static void nothing_may_match_wildcards(void **state)
{
    (void)state;
    write_file("r.ini", "[reeve]\ninclude = none/*.ini */*/*.ini [x].ini\n" UNIT("a"));
    expect_units("r.ini", "a");
}

static void variables_are_those_of_reeved(void **state)
{
    (void)state;
    write_file("r.ini", "[reeve]\nenvironment = A=b\ninclude = ${A}.ini\n" UNIT("a"));
    write_file("daemon.ini", UNIT("b"));
    expect_units("r.ini", "a b");
}

static void a_directory_is_all_of_its_files(void **state)
{
    (void)state;
    mkdir("d", 0755);
    write_file("d/b.ini", UNIT("b") "extends = t\n");
    write_file("d/a.ini", "[template:t]\numask = 0\n" UNIT("a"));
    write_file("d/other", "nonsense");
    expect_units("d", "a b");
    expect_units("d/", "a b");
    mkdir("e", 0755);
    assert_errors(load_file("e"),
                  ERRORS("e: no file in this directory ends with .ini; name another, or a file"));
}

/* Sections of all files are one configuration; each key knows where it stands. */
static void places(void **state)
{
    struct loaded l;

    (void)state;
    mkdir("d", 0755);
    write_file("r.ini", "[reeve]\ninclude = d/*.ini\nenvironment = A=r\n[defaults]\numask = 077\n");
    write_file("d/a.ini", "\n[service:web]\ncommand = ${A}\n[reeve]\nevents_kept = 16\n");
    l = load_file("r.ini");
    assert_int_equal(l.rc, 0);
    assert_int_equal(l.set->daemon.events_kept, 16);
    assert_string_equal(l.set->units[0].file, "d/a.ini");
    assert_int_equal(l.set->units[0].line, 2);
    assert_string_equal(l.set->units[0].argv[0], "r");
    assert_string_equal(l.set->units[0].texts[0].file, "r.ini");
    assert_string_equal(l.set->units[0].texts[1].file, "d/a.ini");
    unload(&l);
}

/* The traps of lines hold in each file by itself. */
static void each_file_begins_anew(void **state)
{
    (void)state;
    write_file("r.ini", "[reeve]\ninclude = a.ini b.ini c.ini\n[service:r]\ncommand = x");
    write_file("a.ini", "\xef\xbb\xbf[service:a]\r\ncommand = y\r\n");
    write_file("b.ini", "umask = 0\n  continued\n[service:b]\ncommand = x\n");
    write_file("c.ini", "");
    assert_errors(load_file("r.ini"),
                  ERRORS("b.ini:1: a key stands before the first section; begin with [reeve], "
                         "[service:NAME] or [job:NAME]"));
}

/* ---- what is said ---- */

static void about_files_that_cannot_be_read(void **state)
{
    (void)state;
    mkdir("d", 0755);
    mkdir("d/a.ini", 0755);
    assert_int_equal(mkfifo("d/b.ini", 0600), 0);
    assert_int_equal(symlink("/dev/zero", "d/c.ini"), 0);
    assert_int_equal(symlink("nowhere", "d/d.ini"), 0);
    write_file("d/new\nline.ini", UNIT("a"));
    write_file("r.ini", "[reeve]\ninclude = d/*.ini none.ini ''\n" UNIT("r"));
    assert_errors(
        load_file("r.ini"),
        ERRORS("r.ini:2: [reeve] include: 'd/a.ini': this is a directory; name a file",
               "r.ini:2: [reeve] include: 'd/b.ini': this is no regular file; name one",
               "r.ini:2: [reeve] include: 'd/c.ini': this is no regular file; name one",
               "r.ini:2: [reeve] include: 'd/d.ini': this is a link to a file that is not there; "
               "create that or remove the link",
               "r.ini:2: [reeve] include: 'd/new\\x0aline.ini' has a control character in its "
               "name; give it another name",
               "r.ini:2: [reeve] include: 'none.ini': there is no such file; create it or name "
               "another",
               "r.ini:2: [reeve] include: a name of a file is empty; write one, or remove it"));
    write_file("r.ini", "[reeve]\ninclude =\n" UNIT("r"));
    assert_errors(load_file("r.ini"), ERRORS("r.ini:2: [reeve] include: the value is empty; write "
                                             "for example include = conf.d/*.ini"));
    write_file("r.ini", "[reeve]\ninclude = 'a\n" UNIT("r"));
    assert_errors(load_file("r.ini"), ERRORS("r.ini:2: [reeve] include: a ' is not closed; "
                                             "write a second ' where the quoted text ends"));
}

static void about_what_stands_twice(void **state)
{
    (void)state;
    mkdir("d", 0755);
    write_file("r.ini", "[reeve]\ninclude = d/*.ini\nevents_kept = 16\n[defaults]\n"
                        "[template:t]\n" UNIT("web"));
    write_file("d/a.ini", "[defaults]\n[template:t]\n[job:web]\ncommand = x\n"
                          "[reeve]\nevents_kept = 17\n[reeve]\n");
    assert_errors(
        load_file("r.ini"),
        ERRORS("d/a.ini:1: [defaults] the section is given twice; it was first given in r.ini:4: "
               "put its keys there",
               "d/a.ini:2: [template:t] the section is given twice; it was first given in "
               "r.ini:5: put its keys there",
               "d/a.ini:3: [job:web] the name 'web' is already taken in r.ini:6; a name is used "
               "once, by a service or a job",
               "d/a.ini:6: [reeve] events_kept: the key is given twice; it was first given in "
               "r.ini:3: keep one of them",
               "d/a.ini:7: [reeve] the section is given twice; it was first given in line 5: put "
               "its keys there"));
}

/* Files in the order in which they were read, the lines of each in theirs. */
static void in_the_order_of_files(void **state)
{
    (void)state;
    write_file("r.ini", "[reeve]\ninclude = b.ini a.ini\n[template:t]\ncommand = ${X}\n"
                        "[service:w]\nnonsense = 1\ncommand = x\n");
    write_file("b.ini", "[job:b]\nextends = t\n");
    write_file("a.ini", "[job:a]\nextends = t\numask = x\n");
    assert_errors(
        load_file("r.ini"),
        ERRORS("r.ini:4: [template:t] command: the variable 'X' is not set; set it in environment, "
               "give a default as in ${X:-text}, or write $${ for a literal ${ (for [job:b] and 1 "
               "more)",
               "r.ini:6: [service:w] nonsense: unknown key; the keys of a service are listed in "
               "reeve.ini(5)",
               "a.ini:3: [job:a] umask: 'x' is not a mode; write octal digits from 000 to 777, "
               "for example 022 or 0660"));
}

static void nothing_is_read_where_nothing_may_be(void **state)
{
    struct config_options options = {.environ = fixture_environ, .alone = true};
    static const char text[] = "[reeve]\ninclude = r.ini\n" UNIT("a");
    struct loaded l = {0};

    (void)state;
    write_file("r.ini", UNIT("r"));
    l.rc = config_load_text("t.ini", text, strlen(text), &options, &l.set, &l.errors);
    assert_errors(l, ERRORS("t.ini:2: [reeve] include: no other file is read here; remove the "
                            "key"));
}

/* What was read is what once stood there, or nothing. */
static void about_a_file_that_is_written(void **state)
{
    struct file_id id;
    int rc = 0;
    pid_t writer;

    (void)state;
    write_file("big.ini", "");
    assert_int_equal(truncate("big.ini", 16 << 20), 0);
    writer = fork();
    if (writer == 0) {
        for (long i = 1;; i++) {
            struct timespec times[2] = {{.tv_sec = i}, {.tv_sec = i}};

            (void)utimensat(AT_FDCWD, "big.ini", times, 0);
        }
    }
    assert_true(writer > 0);
    for (time_t end = time(NULL) + 60; rc == 0 && time(NULL) < end;) {
        struct strbuf text = STRBUF_INIT;

        rc = files_read("big.ini", true, &text, &id);
        strbuf_finish(&text);
    }
    assert_int_equal(kill(writer, SIGKILL), 0);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    assert_int_equal(rc, -EBUSY);
}

/* ---- many ---- */

static void a_thousand_files(void **state)
{
    struct loaded l;

    (void)state;
    mkdir("d", 0755);
    for (unsigned i = 0; i < 1000; i++) {
        char path[32], text[64];

        snprintf(path, sizeof path, "d/%04u.ini", i);
        snprintf(text, sizeof text, "[service:u%u]\ncommand = x\n", i);
        write_file(path, text);
    }
    write_file("r.ini", "[reeve]\ninclude = d/*\n");
    l = load_file("r.ini");
    assert_int_equal(l.rc, 0);
    assert_int_equal(l.set->n_units, 1000);
    assert_string_equal(l.set->units[999].file, "d/0999.ini");
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(in_the_order_of_their_names, enter, leave),
        cmocka_unit_test_setup_teardown(each_file_once, enter, leave),
        cmocka_unit_test_setup_teardown(odd_directories, enter, leave),
        cmocka_unit_test_setup_teardown(nothing_may_match_wildcards, enter, leave),
        cmocka_unit_test_setup_teardown(variables_are_those_of_reeved, enter, leave),
        cmocka_unit_test_setup_teardown(a_directory_is_all_of_its_files, enter, leave),
        cmocka_unit_test_setup_teardown(places, enter, leave),
        cmocka_unit_test_setup_teardown(each_file_begins_anew, enter, leave),
        cmocka_unit_test_setup_teardown(about_files_that_cannot_be_read, enter, leave),
        cmocka_unit_test_setup_teardown(about_what_stands_twice, enter, leave),
        cmocka_unit_test_setup_teardown(in_the_order_of_files, enter, leave),
        cmocka_unit_test_setup_teardown(nothing_is_read_where_nothing_may_be, enter, leave),
        cmocka_unit_test_setup_teardown(about_a_file_that_is_written, enter, leave),
        cmocka_unit_test_setup_teardown(a_thousand_files, enter, leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
