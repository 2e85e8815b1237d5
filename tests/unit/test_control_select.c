/* Names and patterns to units. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "control/select.h"
#include "fake_supervisor.h"

static const char *const names[] = {"web", "worker@1", "worker@2", "db", "webmail"};

static int begin(void **state)
{
    static struct supervisor s;

    fake_init(&s, names, sizeof names / sizeof *names);
    *state = &s;
    return 0;
}

static int end(void **state)
{
    fake_finish(*state);
    return 0;
}

/* All portions. */
static int select_units(struct supervisor *s, const cJSON *wanted, struct selection *ret,
                        const char **ret_missing)
{
    static char missing[SELECT_PATTERN_MAX_CHARS + 1];
    struct selecting *c;
    int r = selecting_create(&c, s, wanted, ret_missing);

    *ret = (struct selection){NULL, 0};
    if (r < 0) {
        assert_null(c);
        return r;
    }
    do
        r = selecting_step(c, ret, ret_missing);
    while (r == -EAGAIN);
    if (r == -ENOENT) {
        snprintf(missing, sizeof missing, "%s", *ret_missing);
        *ret_missing = missing;
    }
    selecting_destroy(c);
    return r;
}

/* The names selected, in order; or the name that is missing, with a "-" in front. */
static const char *chosen(struct supervisor *s, const char *json)
{
    static char text[256];
    struct selection sel;
    const char *missing;
    cJSON *tree = cJSON_Parse(json);
    int r;

    assert_non_null(tree);
    text[0] = '\0';
    r = select_units(s, tree, &sel, &missing);
    if (r == -ENOENT) {
        snprintf(text, sizeof text, "-%s", missing);
    } else {
        assert_int_equal(r, 0);
        for (uint32_t i = 0; i < sel.n; i++) {
            strcat(text, i ? " " : "");
            strcat(text, supervisor_unit(s, sel.indexes[i])->spec->name);
        }
    }
    selection_finish(&sel);
    cJSON_Delete(tree);
    return text;
}

static void configuration_order_each_once(void **state)
{
    assert_string_equal(chosen(*state, "[\"db\",\"web\",\"db\"]"), "web db");
    assert_string_equal(chosen(*state, "[]"), "");
    assert_string_equal(chosen(*state, "[\"web*\",\"*\",\"db\"]"),
                        "web worker@1 worker@2 db webmail");
}

static void patterns_select_all_that_match(void **state)
{
    assert_string_equal(chosen(*state, "[\"web*\"]"), "web webmail");
    assert_string_equal(chosen(*state, "[\"worker@[12]\"]"), "worker@1 worker@2");
    assert_string_equal(chosen(*state, "[\"??\"]"), "db");
}

static void the_name_of_instances_means_all_of_them(void **state)
{
    assert_string_equal(chosen(*state, "[\"worker\"]"), "worker@1 worker@2");
    assert_string_equal(chosen(*state, "[\"db\",\"worker\",\"worker@2\",\"worker\"]"),
                        "worker@1 worker@2 db");
    assert_string_equal(chosen(*state, "[\"worker@2\"]"), "worker@2");
    assert_string_equal(chosen(*state, "[\"worker@1\",\"worker\"]"), "worker@1 worker@2");
    assert_string_equal(chosen(*state, "[\"worker@3\"]"), "-worker@3");
    assert_string_equal(chosen(*state, "[\"worker@\"]"), "-worker@");
    assert_string_equal(chosen(*state, "[\"work\"]"), "-work");
    /* Of a unit without instances there is one only. */
    assert_string_equal(chosen(*state, "[\"web@1\"]"), "-web@1");
}

/* As often as a request has room for, each time a thousand. */
static void a_name_of_instances_again_and_again(void **state)
{
    enum { N = INSTANCES_MAX, TIMES = 16000 };
    static char texts[N][12];
    static const char *many[N];
    cJSON *array = cJSON_CreateArray();
    struct supervisor s;
    struct selection sel;
    const char *missing;
    clock_t began;

    (void)state;
    for (int i = 0; i < N; i++) {
        snprintf(texts[i], sizeof texts[i], "w@%d", i + 1);
        many[i] = texts[i];
    }
    for (int i = 0; i < TIMES; i++)
        cJSON_AddItemToArray(array, cJSON_CreateStringReference("w"));
    fake_init(&s, many, N);
    began = clock();
    assert_int_equal(select_units(&s, array, &sel, &missing), 0);
    assert_true((double)(clock() - began) / CLOCKS_PER_SEC < 0.5); /* else 16 million look-ups */
    assert_int_equal(sel.n, N);
    selection_finish(&sel);
    cJSON_Delete(array);
    fake_finish(&s);
}

static void tags_select_all_that_have_them(void **state)
{
    static const char *both[] = {"edge", "eu"}, *one[] = {"eu"};
    struct supervisor *s = *state;

    s->specs[0].tags = both;
    s->specs[0].n_tags = 2;
    s->specs[3].tags = one;
    s->specs[3].n_tags = 1;
    assert_string_equal(chosen(s, "[\"tag:eu\"]"), "web db");
    assert_string_equal(chosen(s, "[\"tag:edge\"]"), "web");
    assert_string_equal(chosen(s, "[\"webmail\",\"tag:edge\",\"w?b\"]"), "web webmail");
    /* A tag is no pattern, and whole. */
    assert_string_equal(chosen(s, "[\"tag:e*\"]"), "-tag:e*");
    assert_string_equal(chosen(s, "[\"tag:e\"]"), "-tag:e");
    assert_string_equal(chosen(s, "[\"tag:\"]"), "-tag:");
    assert_string_equal(chosen(s, "[\"TAG:eu\"]"), "-TAG:eu");
}

static void first_missing_is_named(void **state)
{
    assert_string_equal(chosen(*state, "[\"web\",\"nope\",\"nein\"]"), "-nope");
    assert_string_equal(chosen(*state, "[\"x*\"]"), "-x*");
    assert_string_equal(chosen(*state, "[\"\"]"), "-");
    assert_string_equal(chosen(*state, "[\"WEB\"]"), "-WEB");
    /* Names come before patterns. */
    assert_string_equal(chosen(*state, "[\"web*\",\"x*\",\"y*\"]"), "-x*");
    assert_string_equal(chosen(*state, "[\"x*\",\"web\",\"nope\"]"), "-nope");
}

static void all_or_the_first(void **state)
{
    struct selection sel;

    assert_int_equal(select_all(*state, UINT32_MAX, &sel), 0);
    assert_int_equal(sel.n, 5);
    assert_int_equal(sel.indexes[4], 4);
    selection_finish(&sel);
    assert_int_equal(select_all(*state, 2, &sel), 0);
    assert_int_equal(sel.n, 2);
    selection_finish(&sel);
    assert_int_equal(select_all(*state, 0, &sel), 0);
    assert_int_equal(sel.n, 0);
    selection_finish(&sel);
}

static void patterns_are_bounded(void **state)
{
    cJSON *many = cJSON_CreateArray();
    char longest[SELECT_PATTERN_MAX_CHARS + 2];
    struct selection sel;
    const char *missing;

    for (int i = 0; i < SELECT_PATTERNS_MAX; i++)
        cJSON_AddItemToArray(many, cJSON_CreateString("*"));
    assert_int_equal(select_units(*state, many, &sel, &missing), 0);
    selection_finish(&sel);
    cJSON_AddItemToArray(many, cJSON_CreateString("*"));
    assert_int_equal(select_units(*state, many, &sel, &missing), -E2BIG);
    cJSON_Delete(many);
    memset(longest, '*', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    many = cJSON_CreateArray();
    cJSON_AddItemToArray(many, cJSON_CreateString(longest));
    assert_int_equal(select_units(*state, many, &sel, &missing), -E2BIG);
    cJSON_Delete(many);
}

/* Ten thousand names among ten thousand units: comparing each with each would take long. */
static void ten_thousand_names(void **state)
{
    enum { N = 10000 };
    static char texts[N][24];
    static const char *many[N];
    cJSON *array = cJSON_CreateArray();
    struct supervisor s;
    struct selection sel;
    const char *missing;
    clock_t began;

    (void)state;
    for (int i = 0; i < N; i++) {
        snprintf(texts[i], sizeof texts[i], "a-long-common-name-%d", i);
        many[i] = texts[i];
        cJSON_AddItemToArray(array, cJSON_CreateStringReference(texts[i]));
    }
    fake_init(&s, many, N);
    began = clock();
    assert_int_equal(select_units(&s, array, &sel, &missing), 0);
    assert_true((double)(clock() - began) / CLOCKS_PER_SEC < 0.5);
    assert_int_equal(sel.n, N);
    selection_finish(&sel);
    cJSON_AddItemToArray(array, cJSON_CreateStringReference("a-long-common-name-x"));
    assert_int_equal(select_units(&s, array, &sel, &missing), -ENOENT);
    assert_string_equal(missing, "a-long-common-name-x");
    cJSON_Delete(array);
    fake_finish(&s);
}

/* The dearest patterns there are against ten thousand units: no portion keeps anybody waiting. */
static void patterns_take_short_portions(void **state)
{
    enum { N = 10000, CHARS = 47 };
    static char texts[N][CHARS + 1];
    static const char *many[N];
    cJSON *array = cJSON_CreateArray();
    char pattern[SELECT_PATTERN_MAX_CHARS + 1];
    double longest = 0, total = 0;
    struct supervisor s;
    struct selecting *c;
    struct selection sel;
    const char *missing;
    int r;

    (void)state;
    for (int i = 0; i < N; i++) {
        memset(texts[i], 'u', CHARS - 5);
        snprintf(texts[i] + CHARS - 5, 6, "%05d", i);
        many[i] = texts[i];
    }
    memset(pattern, '~', sizeof pattern);
    memcpy(pattern, "u*[!", 4);
    strcpy(pattern + SELECT_PATTERN_MAX_CHARS - 2, "]0");
    for (int i = 0; i < SELECT_PATTERNS_MAX; i++)
        cJSON_AddItemToArray(array, cJSON_CreateString(pattern));
    fake_init(&s, many, N);
    assert_int_equal(selecting_create(&c, &s, array, &missing), 0);
    do {
        clock_t began = clock();
        double took;

        r = selecting_step(c, &sel, &missing);
        took = (double)(clock() - began) / CLOCKS_PER_SEC;
        total += took;
        longest = took > longest ? took : longest;
    } while (r == -EAGAIN);
    assert_int_equal(r, 0);
    assert_int_equal(sel.n, N / 10);
    if (longest > 0.02 || total > 2)
        fail_msg("a portion took %.1f ms, all %.1f ms", longest * 1e3, total * 1e3);
    selection_finish(&sel);
    selecting_destroy(c);
    cJSON_Delete(array);
    fake_finish(&s);
}

static void expect_explained(struct supervisor *s, const char *name, const char *expected)
{
    struct strbuf b = STRBUF_INIT;

    select_explain_missing(s, name, &b);
    assert_string_equal(strbuf_text(&b), expected);
    strbuf_finish(&b);
}

static void instances_are_named(void **state)
{
    static const char *const one[] = {"a@1", "b@1", "b@2", "b@3"};
    struct supervisor s;

    (void)state;
    fake_init(&s, one, 4);
    expect_explained(&s, "a", "a has 1 instance: a@1.");
    expect_explained(&s, "b", "b has 3 instances: b@1 to b@3.");
    for (uint32_t i = 0; i < 4; i++) {
        s.specs[i].base_name = i ? "backend" : "api";
        s.specs[i].instance = i ? i : 1;
    }
    expect_explained(&s, "bakend", "No unit is named 'bakend'; did you mean 'backend'?");
    fake_finish(&s);
}

static void missing_names_are_explained(void **state)
{
    struct supervisor none;

    expect_explained(*state, "wbe", "No unit is named 'wbe'; did you mean 'web'?");
    expect_explained(*state, "web.service", "No unit is named 'web.service'; did you mean 'web'?");
    expect_explained(*state, "nothing.service",
                     "No unit is named 'nothing.service'; 'reevectl list' shows the units.");
    expect_explained(*state, "elephant",
                     "No unit is named 'elephant'; 'reevectl list' shows the units.");
    expect_explained(*state, "all", "No unit is named 'all'; write '*' for all units.");
    expect_explained(*state, "al", "No unit is named 'al'; 'reevectl list' shows the units.");
    expect_explained(*state, "x*", "No unit matches 'x*'.");
    expect_explained(*state, "tag:x*", "No unit has the tag 'x*'.");
    expect_explained(*state, "worker", "worker has 2 instances: worker@1 and worker@2.");
    expect_explained(*state, "worker@3", "worker has 2 instances: worker@1 and worker@2.");
    expect_explained(*state, "worker@x", "worker has 2 instances: worker@1 and worker@2.");
    expect_explained(*state, "web@1", "No unit is named 'web@1'; did you mean 'web'?");
    fake_init(&none, NULL, 0);
    expect_explained(&none, "web", "No unit is named 'web'; the configuration has no units.");
    expect_explained(&none, "all", "No unit is named 'all'; the configuration has no units.");
    fake_finish(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(configuration_order_each_once, begin, end),
        cmocka_unit_test_setup_teardown(patterns_select_all_that_match, begin, end),
        cmocka_unit_test_setup_teardown(the_name_of_instances_means_all_of_them, begin, end),
        cmocka_unit_test(a_name_of_instances_again_and_again),
        cmocka_unit_test_setup_teardown(tags_select_all_that_have_them, begin, end),
        cmocka_unit_test_setup_teardown(first_missing_is_named, begin, end),
        cmocka_unit_test_setup_teardown(all_or_the_first, begin, end),
        cmocka_unit_test_setup_teardown(patterns_are_bounded, begin, end),
        cmocka_unit_test(ten_thousand_names),
        cmocka_unit_test(patterns_take_short_portions),
        cmocka_unit_test(instances_are_named),
        cmocka_unit_test_setup_teardown(missing_names_are_explained, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
