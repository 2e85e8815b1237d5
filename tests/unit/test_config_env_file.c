/* env_file and its files, clear_env, redact, stdin, supplementary_groups: what they become, and all
 * that is said of them. */
#include "config_directory.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/dotenv.h"

#define UNIT "[service:web]\ncommand = x\n"

/* ---- files of variables ---- */

/* The variables, each followed by "|". */
static void expect_vars(const char *text, size_t len_bytes, const char *expected)
{
    struct arena arena = {NULL};
    struct source source = {"v.env", 0};
    struct report report;
    struct strbuf b = STRBUF_INIT;
    struct dotenv list;

    report_init(&report, "t.ini");
    dotenv_read(&list, &source, text, len_bytes, &arena, &report);
    for (size_t i = 0; i < report.n_items; i++)
        print_error("  %s\n", report.items[i].text);
    assert_false(report_failed(&report));
    for (size_t i = 0; i < list.n; i++)
        strbuf_addf(&b, "%s|", list.vars[i]);
    assert_string_equal(strbuf_text(&b), expected);
    strbuf_finish(&b);
    report_finish(&report);
    arena_finish(&arena);
}

#define VARS(text, expected) expect_vars(text, sizeof(text) - 1, expected)

static void plain_values(void **state)
{
    (void)state;
    VARS("", "");
    VARS("A=b", "A=b|");
    VARS("\xef\xbb\xbf"
         "A=b\r\nC=d\r\n",
         "A=b|C=d|");
    VARS("# A=a\n\n  # B=b\n C=c\n\tD =  d d \n", "C=c|D=d d|");
    VARS("A=\nB=#x\nC=a#b # c\nD=#\n", "A=|B=|C=a#b|D=|");
    VARS("export A=a\nexport  B=b\nexport=c\nexport = d\nexported=e", "A=a|B=b|export=c|export=d|"
                                                                      "exported=e|");
    VARS("A=$HOME ${X} $(y) `z` \\n \"q\" it's\n", "A=$HOME ${X} $(y) `z` \\n \"q\" it's|");
    VARS("A=a=b\nA=c\n", "A=a=b|A=c|");
}

static void quoted_values(void **state)
{
    (void)state;
    VARS("A='a # $b \\n \"c\"'\n", "A=a # $b \\n \"c\"|");
    VARS("A=\"a\\nb\\t\\\"c\\\" \\$d \\\\ \\x \\\"\" # e\n", "A=a\nb\t\"c\" $d \\ \\x \"|");
    VARS("A='one\n two'\nB=\"x\ny\"\nC=c", "A=one\n two|B=x\ny|C=c|");
    VARS("A=''\nB=\"\"", "A=|B=|");
}

/* ---- in a unit ---- */

static struct loaded load_file(const char *text)
{
    struct config_options options = {.environ = fixture_environ, .uid = 0};
    struct loaded l = {0};

    write_file("t.ini", text);
    l.rc = config_load("t.ini", &options, &l.set, &l.errors);
    assert_true((l.rc == 0) == (l.set != NULL) && (l.rc == 0) == (l.errors.n_lines == 0));
    return l;
}

static struct loaded load_fine(const char *text)
{
    struct loaded l = load_file(text);

    print_errors(&l);
    assert_int_equal(l.rc, 0);
    return l;
}

/* A section's files, then its variables; what is nearer to the unit over what is not. */
static void who_wins(void **state)
{
    struct loaded l;
    const struct unit_spec *u;

    (void)state;
    mkdir("d e", 0755);
    write_file("d e/a.env", "A=a\nB=a\nC=a\nD=a\nWHO=web\n");
    write_file("web.env", "D=web\n");
    assert_int_equal(symlink("nowhere", "gone.env"), 0);
    l = load_fine("[reeve]\nenvironment = B=reeve C=reeve\n"
                  "[defaults]\nenvironment = C=defaults\n"
                  "[service:web]\n"
                  "env_file = d e/a.env\n"
                  "    ${WHO}.env\n"
                  "    -missing.env\n"
                  "    -gone.env\n"
                  "environment = E=${D} A=own\n"
                  "command = x ${D}\n"
                  "[service:other]\ncommand = x\n");
    u = &l.set->units[0];
    assert_string_equal(variable(u, "A"), "own");
    assert_string_equal(variable(u, "B"), "a");
    assert_string_equal(variable(u, "C"), "a");
    assert_string_equal(variable(u, "D"), "web");
    assert_string_equal(variable(u, "E"), "web");
    assert_string_equal(u->argv[1], "web");
    assert_string_equal(variable(&l.set->units[1], "C"), "defaults");
    assert_null(variable(&l.set->units[1], "D"));
    unload(&l);
}

/* That of the unit replaces that of others, and comes before the unit's variables only. */
static void inherited_files(void **state)
{
    struct loaded l;

    (void)state;
    mkdir("conf.d", 0755);
    write_file("conf.d/app.env", "A=app\nB=app\n");
    write_file("own.env", "A=own\n");
    write_file("conf.d/t.ini", "[template:t]\nenv_file = app.env\nenvironment = B=t\n");
    l = load_fine("[reeve]\ninclude = conf.d/*.ini\n"
                  "[service:a]\nextends = t\ncommand = x\n"
                  "[service:b]\nextends = t\ncommand = x\nenv_file = own.env\n");
    assert_string_equal(variable(&l.set->units[0], "A"), "app");
    assert_string_equal(variable(&l.set->units[0], "B"), "t");
    assert_string_equal(variable(&l.set->units[1], "A"), "own");
    assert_string_equal(variable(&l.set->units[1], "B"), "t");
    unload(&l);
}

static void about_env_file(void **state)
{
    (void)state;
    write_file("bad.env", "A=a\nfoo bar secret\n1A=secret\nB='x\n");
    write_file("more.env", "A=\"a\n\n\" secret\nREEVE_UNIT=x\nREEVE_HOOK=x\n=x\nC\n");
    mkdir("dir.env", 0755);
    assert_errors(load_file(UNIT "env_file = bad.env\n  none.env\n  -dir.env\n  more.env\n  -\n"),
                  ERRORS("t.ini:4: [service:web] env_file: 'none.env': there is no such file; "
                         "create it, or write '-' before its name if it may be missing",
                         "t.ini:5: [service:web] env_file: 'dir.env': this is a directory; name a "
                         "file",
                         "t.ini:7: [service:web] env_file: the name of the file is empty; write "
                         "one, or remove it",
                         "bad.env:2: there is no '=' after the name; write NAME=value",
                         "bad.env:3: what stands before '=' cannot be a name; a name is letters, "
                         "digits and '_', and begins with no digit",
                         "bad.env:4: a ' is not closed; write a second ' where the quoted text "
                         "ends",
                         "more.env:3: text follows the quoted value; put all of the value into one "
                         "pair of quotes",
                         "more.env:4: reeve itself sets REEVE_UNIT in units; choose another name, "
                         "or remove it",
                         "more.env:5: reeve itself sets REEVE_HOOK in units; choose another name, "
                         "or remove it",
                         "more.env:6: what stands before '=' cannot be a name; a name is letters, "
                         "digits and '_', and begins with no digit",
                         "more.env:7: there is no '=' after the name; write NAME=value"));
    assert_errors(load_file(UNIT "env_file =\n"),
                  ERRORS("t.ini:3: [service:web] env_file: the value is empty; write for example "
                         "env_file = /etc/web.env"));
}

/* One complaint, and one reading, for all units that name the file. */
static void one_file_for_many(void **state)
{
    struct strbuf text = STRBUF_INIT;

    (void)state;
    write_file("a.env", "A A\n");
    strbuf_add(&text, "[defaults]\nenv_file = a.env\n  b.env\n");
    for (unsigned i = 0; i < 1000; i++)
        strbuf_addf(&text, "[job:u%u]\ncommand = x\n", i);
    assert_errors(load_file(strbuf_text(&text)),
                  ERRORS("t.ini:3: [defaults] env_file: 'b.env': there is no such file; create it, "
                         "or write '-' before its name if it may be missing (for [job:u0] and 999 "
                         "more)",
                         "a.env:1: there is no '=' after the name; write NAME=value"));
    strbuf_finish(&text);
}

/* ---- clear_env ---- */

static void only_what_is_written(void **state)
{
    struct loaded l = load_good("[reeve]\nenvironment = R=${A} A=reeve\n"
                                "[defaults]\nclear_env = yes\nenvironment = D=${HOME}\n"
                                "[service:web]\ncommand = x ${HOME}\nenvironment = P=${PATH}\n"
                                "[service:all]\ncommand = x\nclear_env = no\n");
    const struct unit_spec *u = &l.set->units[0];

    (void)state;
    assert_string_equal(u->argv[1], "/root");
    assert_string_equal(variable(u, "R"), "daemon");
    assert_string_equal(variable(u, "A"), "reeve");
    assert_string_equal(variable(u, "D"), "/root");
    assert_string_equal(variable(u, "P"), "/usr/bin:/bin");
    assert_string_equal(variable(u, "REEVE_UNIT"), "web");
    assert_null(variable(u, "PATH"));
    assert_null(variable(u, "HOME"));
    assert_int_equal(u->envc, 6);
    assert_string_equal(variable(&l.set->units[1], "PATH"), "/usr/bin:/bin");
    assert_string_equal(variable(&l.set->units[1], "A"), "reeve");
    unload(&l);
}

/* ---- supplementary_groups ---- */

static bool has_group(const struct unit_spec *u, gid_t gid)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < u->n_groups; i++)
        n += u->groups[i] == gid;
    assert_true(n <= 1);
    return n == 1;
}

static void groups_are_added(void **state)
{
    struct loaded l = load_good("[service:a]\ncommand = x\nuser = daemon\n"
                                "supplementary_groups = adm 4242 daemon adm\n"
                                "[service:b]\ncommand = x\nsupplementary_groups = adm\n"
                                "[service:c]\ncommand = x\nsupplementary_groups =\n"
                                "[service:d]\ncommand = x\nuser = daemon\n");
    const struct unit_spec *u = l.set->units;
    gid_t adm = getgrnam("adm")->gr_gid;

    (void)state;
    assert_true(has_group(&u[0], adm) && has_group(&u[0], 4242) && u[0].uid != 0);
    assert_int_equal(u[0].n_groups, u[3].n_groups + 2);
    assert_true(u[1].change_user && u[1].uid == 0 && u[1].gid == getegid());
    assert_true(has_group(&u[1], adm));
    assert_false(u[2].change_user);
    unload(&l);
}

static void about_groups(void **state)
{
    struct loaded l;

    (void)state;
    assert_one_error(UNIT "supplementary_groups = adm nogroupp\n",
                     "t.ini:3: [service:web] supplementary_groups: there is no group 'nogroupp'");
    l = load_as(12345, false, UNIT "supplementary_groups = 4242\n",
                strlen(UNIT "supplementary_groups = 4242\n"));
    assert_errors(l, ERRORS("t.ini:3: [service:web] supplementary_groups: reeved runs as user "
                            "number 12345, who is not in the group '4242'; name a group of that "
                            "user, or run it as root"));
}

/* ---- redact ---- */

static void patterns_add_up(void **state)
{
    struct loaded l = load_good("[reeve]\nredact = *_PIN\n"
                                "[defaults]\nredact = DSN\n   *_DSN\n"
                                "[service:a]\ncommand = x\nredact = ${X:-A?}\n"
                                "health = exec:x\n"
                                "[service:b]\ncommand = x\n");

    (void)state;
    assert_string_equal(l.set->units[0].redact, "*_PIN DSN *_DSN A?");
    assert_string_equal(l.set->units[0].health.redact, "*_PIN DSN *_DSN A?");
    assert_string_equal(l.set->units[1].redact, "*_PIN DSN *_DSN");
    assert_int_equal(l.set->units[0].n_texts, 4);
    unload(&l);
    l = load_good(UNIT "redact =\n");
    assert_null(l.set->units[0].redact);
    unload(&l);
}

static void about_redact(void **state)
{
    (void)state;
    assert_errors(
        load_text(UNIT "redact = A, B-C D\n[reeve]\nredact = [a]\n"),
        ERRORS("t.ini:3: [service:web] redact: 'A,' is no pattern; separate them by white "
               "space, not by ','",
               "t.ini:3: [service:web] redact: 'B-C' is no pattern of names; write "
               "letters, digits and '_', with '*' for any of them and '?' for any one",
               "t.ini:5: [reeve] redact: '[a]' is no pattern of names; write letters, "
               "digits and '_', with '*' for any of them and '?' for any one"));
}

/* ---- stdin ---- */

static void standard_input(void **state)
{
    struct loaded l = load_good("[service:a]\ncommand = x\nstdin = null\n"
                                "[service:b]\ncommand = x\nstdin = /in/${REEVE_UNIT}\n"
                                "[service:c]\ncommand = x\n");

    (void)state;
    assert_null(l.set->units[0].stdin_path);
    assert_string_equal(l.set->units[1].stdin_path, "/in/b");
    assert_null(l.set->units[2].stdin_path);
    unload(&l);
    assert_errors(load_text(UNIT "stdin = in\n"),
                  ERRORS("t.ini:3: [service:web] stdin: 'in' is neither null nor an absolute path; "
                         "write null, or the full path of a file"));
    l = load_as(0, true, UNIT "stdin = /none\n", strlen(UNIT "stdin = /none\n"));
    assert_true(l.errors.n_lines > 0);
    assert_string_equal(l.errors.lines[l.errors.n_lines - 1],
                        "t.ini:3: [service:web] stdin: '/none': No such file or directory; create "
                        "it or name another");
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_values),
        cmocka_unit_test(quoted_values),
        cmocka_unit_test_setup_teardown(who_wins, enter, leave),
        cmocka_unit_test_setup_teardown(inherited_files, enter, leave),
        cmocka_unit_test_setup_teardown(about_env_file, enter, leave),
        cmocka_unit_test_setup_teardown(one_file_for_many, enter, leave),
        cmocka_unit_test(only_what_is_written),
        cmocka_unit_test(groups_are_added),
        cmocka_unit_test(patterns_add_up),
        cmocka_unit_test(about_redact),
        cmocka_unit_test(standard_input),
        cmocka_unit_test(about_groups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
