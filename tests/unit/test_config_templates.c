/* [defaults], templates and what they come to; all that is said of them, word for word. */
#include "config_fixture.h"

#include "config/loader.h"

static const struct unit_spec *unit(const struct loaded *l, const char *name)
{
    for (uint32_t i = 0; i < l->set->n_units; i++) {
        if (strcmp(l->set->units[i].name, name) == 0)
            return &l->set->units[i];
    }
    fail_msg("no unit %s", name);
    return NULL;
}

/* "defaults:2 environment=A=1" for each key, separated by "; ". */
static void assert_texts(const struct unit_spec *u, const char *expected)
{
    struct strbuf b = STRBUF_INIT;

    for (uint32_t i = 0; i < u->n_texts; i++) {
        const struct spec_text *t = &u->texts[i];

        assert_string_equal(t->file, "t.ini");
        strbuf_addf(&b, "%s%s:%u %s=%s", i ? "; " : "", t->section, t->line, t->key, t->text);
    }
    assert_string_equal(strbuf_text(&b), expected);
    strbuf_finish(&b);
}

/* ---- what they become ---- */

static void defaults_are_for_every_unit(void **state)
{
    struct loaded l = load_good("[service:web]\n"
                                "command = a\n"
                                "stop_timeout = 3s\n"
                                "[job:once]\n"
                                "command = b\n"
                                "[defaults]\n"
                                "stop_timeout = 1m\n"
                                "timeout = 5s\n"
                                "restart = on-failure\n"
                                "umask = 077\n");
    const struct unit_spec *web = unit(&l, "web"), *once = unit(&l, "once");

    (void)state;
    assert_int_equal(web->stop_timeout_ms, 3000);
    assert_int_equal(web->restart, RESTART_ON_FAILURE);
    assert_int_equal(web->timeout_ms, 0);
    assert_int_equal(web->umask, 077);
    assert_int_equal(once->stop_timeout_ms, 60000);
    assert_int_equal(once->restart, RESTART_NEVER);
    assert_int_equal(once->timeout_ms, 5000);
    assert_texts(web, "defaults:9 restart=on-failure; defaults:10 umask=077; "
                      "service:web:2 command=a; service:web:3 stop_timeout=3s");
    assert_texts(once, "defaults:7 stop_timeout=1m; defaults:8 timeout=5s; defaults:10 umask=077; "
                       "job:once:5 command=b");
    assert_int_equal(l.errors.n_warnings, 0);
    unload(&l);
}

static void later_templates_win_and_the_unit_over_all(void **state)
{
    struct loaded l = load_good("[template:a]\n"
                                "command = a\n"
                                "umask = 001\n"
                                "description = a\n"
                                "[template:b]\n"
                                "command = b\n"
                                "umask = 002\n"
                                "[service:ab]\n"
                                "extends = a b\n"
                                "[service:ba]\n"
                                "extends = b\n"
                                "    a\n"
                                "umask = 003\n"
                                "[job:a]\n"
                                "extends = a\n");
    const struct unit_spec *ab = unit(&l, "ab"), *ba = unit(&l, "ba");

    (void)state;
    assert_string_equal(ab->argv[0], "b");
    assert_int_equal(ab->umask, 2);
    assert_string_equal(ab->description, "a");
    assert_string_equal(ba->argv[0], "a");
    assert_int_equal(ba->umask, 3);
    assert_texts(ab, "template:a:4 description=a; template:b:6 command=b; template:b:7 umask=002");
    assert_string_equal(unit(&l, "a")->description, "a");
    unload(&l);
}

/* What several templates extend comes before all of them, once. */
static void templates_extend_templates(void **state)
{
    struct loaded l = load_good("[service:web]\n"
                                "extends = red round\n"
                                "[template:red]\n"
                                "extends = base\n"
                                "umask = 001\n"
                                "description = red\n"
                                "[template:round]\n"
                                "extends = base\n"
                                "description = round\n"
                                "[template:base]\n"
                                "command = base\n"
                                "umask = 000\n"
                                "tags = base\n");
    const struct unit_spec *u = unit(&l, "web");

    (void)state;
    assert_texts(u, "template:base:11 command=base; template:base:13 tags=base; "
                    "template:red:5 umask=001; template:round:9 description=round");
    unload(&l);
}

static void environments_add_up(void **state)
{
    struct loaded l = load_good("[reeve]\n"
                                "environment = A=reeve R=1\n"
                                "[defaults]\n"
                                "environment = A=defaults B=defaults C=${A}\n"
                                "[template:t]\n"
                                "environment = B=t D=${B}\n"
                                "[service:web]\n"
                                "extends = t\n"
                                "command = ${A} ${B} ${C} ${D} ${E}\n"
                                "environment = E=${D}${B} C=web\n"
                                "[service:plain]\n"
                                "command = x\n");
    const struct unit_spec *u = unit(&l, "web");

    (void)state;
    assert_string_equal(variable(u, "A"), "defaults");
    assert_string_equal(variable(u, "B"), "t");
    assert_string_equal(variable(u, "C"), "web");
    assert_string_equal(variable(u, "D"), "t");
    assert_string_equal(variable(u, "E"), "tt");
    assert_string_equal(variable(u, "R"), "1");
    assert_texts(u, "defaults:4 environment=A=defaults B=defaults C=${A}; "
                    "template:t:6 environment=B=t D=${B}; "
                    "service:web:9 command=${A} ${B} ${C} ${D} ${E}; "
                    "service:web:10 environment=E=${D}${B} C=web");
    assert_string_equal(variable(unit(&l, "plain"), "B"), "defaults");
    unload(&l);
}

/* Variables in what is inherited are those of the unit. */
static void templates_are_expanded_in_the_unit(void **state)
{
    struct loaded l = load_good("[template:app]\n"
                                "command = run ${NAME} ${REEVE_UNIT}\n"
                                "directory = /srv/${REEVE_UNIT}\n"
                                "instances = 2\n"
                                "pre_start = mk ${NAME}\n"
                                "    rm ${NAME}\n"
                                "[service:web]\n"
                                "extends = app\n"
                                "environment = NAME=w\n"
                                "[job:once]\n"
                                "extends = ${KIND:-app}\n"
                                "environment = NAME=o\n"
                                "instances = 1\n");

    (void)state;
    assert_int_equal(l.set->n_units, 3);
    assert_string_equal(unit(&l, "web@2")->argv[1], "w");
    assert_string_equal(unit(&l, "web@2")->argv[2], "web@2");
    assert_string_equal(unit(&l, "web@1")->directory, "/srv/web@1");
    assert_string_equal(unit(&l, "once@1")->argv[1], "o");
    assert_string_equal(unit(&l, "once@1")->hooks[HOOK_PRE_START].commands[1].argv[1], "o");
    unload(&l);
}

/* A unit that is named by what it has in common with others is not meant itself. */
static void inherited_names_leave_oneself_out(void **state)
{
    struct loaded l = load_good("[defaults]\n"
                                "wants = db\n"
                                "on_failed = start:alarm\n"
                                "[service:db]\n"
                                "command = x\n"
                                "[service:web]\n"
                                "command = x\n"
                                "restart = never\n"
                                "[job:alarm]\n"
                                "wants =\n"
                                "command = x\n");

    (void)state;
    assert_int_equal(unit(&l, "db")->n_dependencies, 0);
    assert_int_equal(unit(&l, "web")->n_dependencies, 1);
    assert_int_equal(unit(&l, "alarm")->n_dependencies, 0);
    assert_int_equal(unit(&l, "web")->on_failed, ON_FAILED_START);
    assert_int_equal(unit(&l, "alarm")->on_failed, ON_FAILED_IGNORE);
    assert_int_equal(l.errors.n_warnings, 0);
    unload(&l);
}

/* What is there for the others means nothing here, and that is as it should be. */
static void inherited_keys_may_mean_nothing(void **state)
{
    struct loaded l = load_good("[defaults]\n"
                                "health_interval = 1s\n"
                                "hook_timeout = 1s\n"
                                "ready_interval = 1s\n"
                                "on_dependency_restart = restart\n"
                                "restart_delay = 1s\n"
                                "[template:unused]\n"
                                "health_timeout = 1s\n"
                                "command = ${UNKNOWN} |\n"
                                "[service:web]\n"
                                "command = x\n");

    (void)state;
    assert_int_equal(l.errors.n_warnings, 0);
    unload(&l);
}

static void an_own_way_to_reload_replaces_the_other(void **state)
{
    struct loaded l = load_good("[defaults]\n"
                                "reload_signal = HUP\n"
                                "[template:t]\n"
                                "reload_command = a\n"
                                "[service:a]\n"
                                "command = x\n"
                                "[service:b]\n"
                                "extends = t\n"
                                "command = x\n"
                                "[service:c]\n"
                                "extends = t\n"
                                "reload_signal = USR1\n"
                                "command = x\n");

    (void)state;
    assert_int_equal(unit(&l, "a")->reload_signal, 1);
    assert_int_equal(unit(&l, "b")->reload_signal, 0);
    assert_int_equal(unit(&l, "b")->hooks[HOOK_RELOAD].n, 1);
    assert_int_equal(unit(&l, "c")->reload_signal, 10);
    assert_int_equal(unit(&l, "c")->hooks[HOOK_RELOAD].n, 0);
    assert_texts(unit(&l, "b"), "template:t:4 reload_command=a; service:b:9 command=x");
    unload(&l);
}

/* ---- what is said ---- */

#define WEB "[service:web]\ncommand = x\n"

static void about_extends(void **state)
{
    (void)state;
    assert_errors(load_text("[template:python]\numask = 0\n" WEB "extends = pyhton\n"),
                  ERRORS("t.ini:5: [service:web] extends: there is no template 'pyhton'; did you "
                         "mean 'python'?"));
    assert_errors(load_text(WEB "extends = banana\n"),
                  ERRORS("t.ini:3: [service:web] extends: there is no template 'banana'; write a "
                         "section [template:banana], or remove it here"));
    assert_errors(load_text("[template:a]\numask = 0\n" WEB "extends = a, b!\n"),
                  ERRORS("t.ini:5: [service:web] extends: 'a,' is no name of a template; separate "
                         "names by white space, not by ','",
                         "t.ini:5: [service:web] extends: there is no template 'b!'; write a "
                         "section [template:NAME], or remove it here"));
    assert_errors(load_text("[template:a]\numask = 0\n" WEB "extends = a a web\n"),
                  ERRORS("t.ini:5: [service:web] extends: 'a' is named twice; write it once",
                         "t.ini:5: [service:web] extends: 'web' is a unit, and only templates are "
                         "extended; put what they have in common into [template:NAME], and write "
                         "extends = NAME in both"));
    assert_errors(load_text(WEB "extends =\n"),
                  ERRORS("t.ini:3: [service:web] extends: the value is empty; write for "
                         "example extends = python"));
    assert_errors(load_text(WEB "extends = ${NOPE}\n"),
                  ERRORS("t.ini:3: [service:web] extends: the variable 'NOPE' is not set; set it "
                         "in environment, give a default as in ${NOPE:-text}, or write $${ for a "
                         "literal ${"));
    assert_errors(load_text("[defaults]\nextends = a\n" WEB),
                  ERRORS("t.ini:2: [defaults] extends: this key belongs to units and templates and "
                         "means nothing in [defaults]; remove it"));
    /* A header that was refused is one error; what is missing may stand there. */
    assert_one_error("[template:b!]\numask = 0\n[service:web]\nextends = b!\n",
                     "'b!' cannot be a name");
}

static void about_circles(void **state)
{
    (void)state;
    assert_errors(load_text("[template:a]\nextends = b\n[template:b]\nextends = c\n"
                            "[template:c]\nextends = a\n" WEB "extends = b\n"),
                  ERRORS("t.ini:6: [template:c] extends: templates extend each other in a circle: "
                         "a extends b, b extends c, c extends a; take one of these out"));
    assert_errors(load_text("[template:a]\nextends = a\n" WEB),
                  ERRORS("t.ini:2: [template:a] extends: 'a' is this template itself; remove it "
                         "here"));
}

static void about_sections(void **state)
{
    (void)state;
    assert_errors(load_text("[defaults]\numask = 0\n" WEB "[defaults]\numask = 1\n"
                            "[template:a]\n[template:a]\n"),
                  ERRORS("t.ini:5: [defaults] the section is given twice; it was first given in "
                         "line 1: put its keys there",
                         "t.ini:8: [template:a] the section is given twice; it was first given in "
                         "line 7: put its keys there"));
    /* A template may be called as a unit is. */
    assert_one_error("[template:web]\nsocket = /x\n" WEB,
                     "t.ini:2: [template:web] socket: this key belongs to [reeve] and means "
                     "nothing in a template; remove it");
}

/* Also in a template that nobody uses. */
static void about_keys(void **state)
{
    (void)state;
    assert_errors(load_text("[template:a]\ncomand = x\numask = 9\numask = 1\nrestart_delay = ${X}\n"
                            "cwd = /\n" WEB),
                  ERRORS("t.ini:2: [template:a] comand: unknown key; did you mean 'command'?",
                         "t.ini:3: [template:a] umask: '9' is not a mode; write octal digits "
                         "from 000 to 777, for example 022 or 0660",
                         "t.ini:4: [template:a] umask: the key is given twice; it was first given "
                         "in line 3: keep one of them",
                         "t.ini:6: [template:a] cwd: unknown key; reeve calls it 'directory'"));
}

/* One line each, however many use it. */
static void about_what_is_wrong_for_some(void **state)
{
    (void)state;
    assert_errors(load_text("[template:a]\ncommand = ${X}\n"
                            "[service:one]\nextends = a\n"
                            "[service:two]\nextends = a\nenvironment = X=x\n"
                            "[service:three]\nextends = a\ninstances = 5\n"
                            "[job:four]\nextends = a\n"),
                  ERRORS("t.ini:2: [template:a] command: the variable 'X' is not set; set it in "
                         "environment, give a default as in ${X:-text}, or write $${ for a literal "
                         "${ (for [service:one] and 2 more)"));
    assert_errors(load_text("[defaults]\nrestart_delay_max = 1s\n" WEB "restart_delay = 3s\n"),
                  ERRORS("t.ini:2: [defaults] restart_delay_max: it is shorter than restart_delay, "
                         "3s; give at least 3s, or a shorter restart_delay (for [service:web])"));
}

/* Nor when each is told in other words. */
static void about_what_is_wrong_for_many(void **state)
{
    struct strbuf text = STRBUF_INIT;
    struct loaded l;

    (void)state;
    strbuf_add(&text, "[template:a]\ncommand = x\nuser = no-${REEVE_UNIT}\n");
    for (unsigned i = 0; i < 1000; i++)
        strbuf_addf(&text, "[service:u%u]\nextends = a\n", i);
    l = load_text(strbuf_text(&text));
    assert_int_equal(l.errors.n_lines, 3);
    assert_non_null(strstr(l.errors.lines[0], "'no-u0'"));
    assert_non_null(strstr(l.errors.lines[0], "(for [service:u0])"));
    assert_non_null(strstr(l.errors.lines[2], "'no-u2'"));
    assert_non_null(strstr(l.errors.lines[2], "(for [service:u2] and 997 more)"));
    unload(&l);
    strbuf_finish(&text);
}

/* ---- many ---- */

static void add_chain(struct strbuf *text, unsigned n)
{
    strbuf_add(text, "[service:web]\nextends = t0\n");
    for (unsigned i = 0; i < n; i++) {
        strbuf_addf(text, "[template:t%u]\ncommand = x\n", i);
        if (i + 1 < n)
            strbuf_addf(text, "extends = t%u\n", i + 1);
    }
}

static void as_many_templates_as_there_may_be(void **state)
{
    struct strbuf text = STRBUF_INIT;
    struct loaded l;

    (void)state;
    add_chain(&text, TEMPLATES_MAX);
    l = load_good(strbuf_text(&text));
    unload(&l);
    strbuf_finish(&text);
    add_chain(&text, TEMPLATES_MAX + 1);
    assert_one_error(strbuf_text(&text), "it comes to more than 64 templates, with those that "
                                         "they extend; put some of them together");
    strbuf_finish(&text);
    /* Not deeper than that, however long the chain. */
    add_chain(&text, 20000);
    assert_one_error(strbuf_text(&text), "it comes to more than 64 templates");
    strbuf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_for_every_unit),
        cmocka_unit_test(later_templates_win_and_the_unit_over_all),
        cmocka_unit_test(templates_extend_templates),
        cmocka_unit_test(environments_add_up),
        cmocka_unit_test(templates_are_expanded_in_the_unit),
        cmocka_unit_test(inherited_names_leave_oneself_out),
        cmocka_unit_test(inherited_keys_may_mean_nothing),
        cmocka_unit_test(an_own_way_to_reload_replaces_the_other),
        cmocka_unit_test(about_extends),
        cmocka_unit_test(about_circles),
        cmocka_unit_test(about_sections),
        cmocka_unit_test(about_keys),
        cmocka_unit_test(about_what_is_wrong_for_some),
        cmocka_unit_test(about_what_is_wrong_for_many),
        cmocka_unit_test(as_many_templates_as_there_may_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
