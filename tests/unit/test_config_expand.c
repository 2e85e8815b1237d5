/* ${VAR}, ${VAR:-default}, $${ and the order in which variables are looked for. */
#include "config/expand.h"
#include "config_fixture.h"

static char environ_x[] = "X=ex";
static char environ_empty[] = "EMPTY=";
static char environ_dollar[] = "D=${X}";
static char *const environ_list[] = {environ_x, environ_empty, environ_dollar, NULL};

static int run(const char *text, char **ret, char **ret_why)
{
    struct arena arena = {0};
    struct strbuf why = STRBUF_INIT;
    struct env env;
    const char *out = NULL;
    int rc;

    env_init(&env, NULL, &arena);
    assert_int_equal(env_add_list(&env, environ_list), 0);
    rc = expand(text, &env, &arena, &out, &why);
    *ret = rc == 0 ? strdup(out) : NULL;
    *ret_why = strdup(strbuf_text(&why));
    strbuf_finish(&why);
    env_finish(&env);
    arena_finish(&arena);
    return rc;
}

static void check(const char *text, const char *expected)
{
    char *out, *why;

    assert_int_equal(run(text, &out, &why), 0);
    assert_string_equal(out, expected);
    free(out);
    free(why);
}

static void refused(const char *text, const char *part)
{
    char *out, *why;

    assert_int_equal(run(text, &out, &why), -EINVAL);
    if (!strstr(why, part))
        print_error("%s: %s\n", text, why);
    assert_non_null(strstr(why, part));
    /* Whoever meant no variable learns how to write it. */
    assert_non_null(strstr(why, "$${"));
    free(why);
}

static void test_variables(void **state)
{
    (void)state;
    check("", "");
    check("${X}", "ex");
    check("a${X}b${X}", "aexbex");
    check("${EMPTY}", "");
    check("${X:-no}", "ex");
    check("${EMPTY:-yes}", "yes");
    check("${NONE:-}", "");
    check("${NONE:-a b:-c$d{e}", "a b:-c$d{e");
    /* What a variable holds is not expanded again. */
    check("${D}", "${X}");
}

static void test_literals(void **state)
{
    (void)state;
    check("$", "$");
    check("$$", "$$");
    check("kill $$; date +%s $1 $X $(x) $((1)) {X}", "kill $$; date +%s $1 $X $(x) $((1)) {X}");
    check("$${X}", "${X}");
    check("a$${", "a${");
    check("$${X}${X}", "${X}ex");
    check("$$ {", "$$ {");
    check("100%", "100%");
}

static void test_refused(void **state)
{
    (void)state;
    refused("${NONE}", "the variable 'NONE' is not set");
    refused("${", "'${' is not a variable");
    refused("${X", "is not a variable");
    refused("${}", "is not a variable");
    refused("${1}", "is not a variable");
    refused("${X-y}", "is not a variable");
    refused("${X:y}", "is not a variable");
    refused("${X:", "is not a variable");
    refused("${X:}", "is not a variable");
    refused("${X:=y}", "is not a variable");
    refused("${#X}", "is not a variable");
    refused("${X[0]}", "is not a variable");
    refused("${NONE:-${X}}", "is not a variable");
    refused("${a b}", "is not a variable");
}

static void test_too_long(void **state)
{
    struct strbuf text = STRBUF_INIT;
    char *out, *why;

    (void)state;
    while (text.len_bytes <= EXPANDED_MAX_BYTES)
        strbuf_add(&text, "0123456789");
    assert_int_equal(run(strbuf_text(&text), &out, &why), -EINVAL);
    assert_non_null(strstr(why, "longer than 131071 bytes"));
    free(why);
    text.data[EXPANDED_MAX_BYTES] = '\0';
    check(text.data, text.data);
    strbuf_finish(&text);
}

static void test_in_units(void **state)
{
    struct loaded l;

    (void)state;
    l = load_good("[reeve]\nenvironment = A=reeve B=${A}2 C=c\n"
                  "[service:web]\nenvironment = A=unit D=${A}-${B} \"E=two words\" A=again\n"
                  "command = run ${A} '${D}' \"${E}\" ${C} ${HOME} ${REEVE_UNIT} "
                  "x${REEVE_INSTANCE}x $${A} a${NOTHING:-b}\n"
                  "directory = /${REEVE_UNIT}\nstop_timeout = ${T:-7s}\n"
                  "[job:mail]\ncommand = run ${A}\n");
    const struct unit_spec *u = &l.set->units[0];
    static const char *const argv[] = {"run",   "again", "unit-reeve2", "two words", "c",
                                       "/root", "web",   "xx",          "${A}",      "ab"};

    assert_int_equal(u->argc, sizeof argv / sizeof argv[0]);
    for (size_t i = 0; i < u->argc; i++)
        assert_string_equal(u->argv[i], argv[i]);
    assert_null(u->argv[u->argc]);
    assert_string_equal(u->directory, "/web");
    assert_int_equal(u->stop_timeout_ms, 7000);
    /* `show` has the text as written. */
    assert_string_equal(u->texts[2].key, "directory");
    assert_string_equal(u->texts[2].text, "/${REEVE_UNIT}");
    assert_string_equal(l.set->units[1].argv[1], "reeve");
    unload(&l);
}

/* In the value of `environment`, a variable means what was set before it. */
static void test_own_definition(void **state)
{
    struct loaded l;

    (void)state;
    l = load_good("[service:web]\nenvironment = PATH=/opt:${PATH} N=1 N=${N}2\ncommand = x\n");
    assert_string_equal(variable(&l.set->units[0], "PATH"), "/opt:/usr/bin:/bin");
    assert_string_equal(variable(&l.set->units[0], "N"), "12");
    unload(&l);
    assert_one_error("[service:web]\nenvironment = B=${C} C=1\ncommand = x\n",
                     "environment: the variable 'C' is not set");
    /* Another unit's variables are not seen. */
    assert_one_error("[service:a]\nenvironment = OWN=1\ncommand = x\n[service:b]\ncommand = "
                     "${OWN}\n",
                     "[service:b] command: the variable 'OWN' is not set");
}

/* Doubling a variable again and again must not eat all memory. */
static void test_doubling(void **state)
{
    struct strbuf text = STRBUF_INIT;
    struct loaded l;

    (void)state;
    strbuf_add(&text, "[service:web]\ncommand = x\nenvironment = V0=0123456789");
    for (int i = 1; i < 64; i++)
        strbuf_addf(&text, " V%d=${V%d}${V%d}", i, i - 1, i - 1);
    l = load_text(strbuf_text(&text));
    assert_int_equal(l.rc, -EINVAL);
    assert_non_null(strstr(l.errors.lines[0], "longer than 131071 bytes"));
    unload(&l);
    strbuf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variables), cmocka_unit_test(test_literals),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_in_units),  cmocka_unit_test(test_own_definition),
        cmocka_unit_test(test_doubling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
