/* The graph of units: drawn as a tree, for Graphviz, from below, and out of replies that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reevectl/graph.h"
#include "reevectl/graph_dot.h"
#include "reevectl/graph_tree.h"

static const struct terminal file = {.tty = false, .utf8 = true};
static const struct terminal ascii = {.tty = false, .utf8 = false};

static cJSON *new_string(const char *text)
{
    cJSON *item = cJSON_CreateString(text);

    assert_non_null(item);
    return item;
}

/* Each of "db", "?db" (wants) or "<db" (after), which has to be ready. */
static void add_dependency(cJSON *unit, const char *word)
{
    const char *kind = *word == '?' ? "wants" : *word == '<' ? "after" : "requires";
    cJSON *item = cJSON_CreateObject(), *conditions;

    assert_non_null(item);
    cJSON_AddItemToObject(item, "unit", new_string(word + strspn(word, "?<")));
    cJSON_AddItemToObject(item, "kind", new_string(kind));
    conditions = cJSON_AddArrayToObject(item, "conditions");
    cJSON_AddItemToArray(conditions, new_string("ready"));
    cJSON_AddBoolToObject(item, "met", true);
    cJSON_AddItemToArray(cJSON_GetObjectItem(unit, "dependencies"), item);
}

/* "web: db ?cache" */
static void add_unit(cJSON *units, const char *line, size_t length)
{
    char *text = strndup(line, length), *rest = text, *word;
    cJSON *unit = cJSON_CreateObject();

    assert_non_null(text);
    word = strsep(&rest, ":");
    cJSON_AddItemToObject(unit, "name", new_string(word));
    cJSON_AddItemToObject(unit, "state", new_string("running"));
    cJSON_AddArrayToObject(unit, "dependencies");
    while ((word = strsep(&rest, " ")) != NULL)
        if (*word)
            add_dependency(unit, word);
    cJSON_AddItemToArray(units, unit);
    free(text);
}

/* A unit a line. */
static cJSON *parse(const char *lines)
{
    cJSON *units = cJSON_CreateArray();

    assert_non_null(units);
    while (*lines) {
        size_t length = strcspn(lines, "\n");

        add_unit(units, lines, length);
        lines += length + (lines[length] == '\n');
    }
    return units;
}

static char *draw(const char *lines, const char *chosen, bool reverse, const struct terminal *t)
{
    cJSON *units = parse(lines), *choice = chosen ? parse(chosen) : NULL;
    struct strbuf out = STRBUF_INIT;
    struct graph g;

    assert_int_equal(graph_init(&g, units, reverse), 0);
    if (choice)
        assert_int_equal(graph_choose(&g, choice), 0);
    graph_tree_write(&g, t, &out);
    assert_false(out.failed);
    graph_finish(&g);
    cJSON_Delete(units);
    cJSON_Delete(choice);
    return strbuf_steal(&out);
}

/* Compares without titles. */
static void check(const char *lines, const char *chosen, bool reverse, const struct terminal *t,
                  const char *expected)
{
    char *text = draw(lines, chosen, reverse, t);
    const char *body = strchr(text, '\n');

    assert_non_null(body);
    assert_string_equal(body + 1, expected);
    free(text);
}

static void test_trees(void **state)
{
    (void)state;
    check("db:\nvault:\nweb: db ?cache <vault\ncache: vault", NULL, false, &file,
          "web          -               running\n"
          "├─ db        requires ready  running\n"
          "├─ cache     wants ready     running\n"
          "│  └─ vault  requires ready  running\n"
          "└─ vault     after ready     running\n");
    /* what has units below it is drawn once, what has none as often as it is named */
    check("web: disk bus\nb: disk bus\ndisk: bus\nbus:", NULL, false, &file,
          "web              -               running\n"
          "├─ disk          requires ready  running\n"
          "│  └─ bus        requires ready  running\n"
          "└─ bus           requires ready  running\n"
          "b                -               running\n"
          "├─ disk (above)  requires ready  running\n"
          "└─ bus           requires ready  running\n");
    check("web: db\ndb:\ncache:", NULL, false, &ascii,
          "web    -               running\n"
          "`- db  requires ready  running\n"
          "cache  -               running\n");
    /* nothing depends on anything: a list */
    check("web:\ndb:", NULL, false, &file, "web   running\ndb    running\n");
    check("", NULL, false, &file, "");
}

static void test_chosen(void **state)
{
    static const char lines[] = "a: b\nb: c ?d\nc:\nd: e\ne:\nf: d";

    (void)state;
    check(lines, "b:\nnobody:", false, &file,
          "b        -               running\n"
          "├─ c     requires ready  running\n"
          "└─ d     wants ready     running\n"
          "   └─ e  requires ready  running\n");
    /* from below: who depends on it */
    check(lines, "d:", true, &file,
          "d        -               running\n"
          "├─ b     wants ready     running\n"
          "│  └─ a  requires ready  running\n"
          "└─ f     requires ready  running\n");
    /* one that another leads to is not drawn twice */
    check(lines, "e:\nd:", true, &file,
          "e           -               running\n"
          "└─ d        requires ready  running\n"
          "   ├─ b     wants ready     running\n"
          "   │  └─ a  requires ready  running\n"
          "   └─ f     requires ready  running\n");
    check(lines, "", false, &file, "");
}

/* Cycles, units that are not there, units without a name, and what is no unit at all. */
static void test_lies(void **state)
{
    static const char *const odd[] = {
        "7",
        "{}",
        "[]",
        "[1,null,{},[]]",
        "[{\"name\":\"a\",\"dependencies\":{\"x\":{\"unit\":\"a\"}}}]",
        ("[{\"name\":\"a\",\"dependencies\":[1,null,{},{\"unit\":7},{\"unit\":\"a\",\"kind\":[],"
         "\"conditions\":\"ready\"},{\"unit\":\"b\",\"conditions\":[1,null]}],\"waiting\":[]}]"),
        "[{\"name\":\"a\"},{\"name\":\"a\",\"dependencies\":[{\"unit\":\"a\"}],\"state\":8}]",
    };

    (void)state;
    check("a: b\nb: c\nc: a", NULL, false, &file,
          "a                   -               running\n"
          "└─ b                requires ready  running\n"
          "   └─ c             requires ready  running\n"
          "      └─ a (above)  requires ready  running\n");
    check("a: a", NULL, false, &file,
          "a             -               running\n"
          "└─ a (above)  requires ready  running\n");
    check("a: gone", NULL, false, &file,
          "a        -               running\n"
          "└─ gone  requires ready  -\n");
    check("a: gone", NULL, true, &file, "a     running\n");
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        for (int reverse = 0; reverse < 2; reverse++) {
            cJSON *units = cJSON_Parse(odd[i]);
            struct strbuf out = STRBUF_INIT;
            struct graph g;

            assert_non_null(units);
            assert_int_equal(graph_init(&g, units, reverse), 0);
            assert_int_equal(graph_choose(&g, units), 0);
            graph_tree_write(&g, &file, &out);
            graph_dot_write(&g, &out);
            assert_false(out.failed);
            graph_finish(&g);
            strbuf_finish(&out);
            cJSON_Delete(units);
        }
    }
}

/* What would be indented too far is drawn below, in a tree of its own. */
static void test_narrow(void **state)
{
    static const struct terminal narrow = {.tty = true, .utf8 = true, .columns = 24};

    (void)state;
    check("a: b f\nb: c\nc: d\nd: e\ne: f\nf: g\ng:", NULL, false, &narrow,
          "a                      -         running\n"
          "├─ b                   require…  running\n"
          "│  └─ c                require…  running\n"
          "│     └─ d             require…  running\n"
          "│        └─ e (below)  require…  running\n"
          "└─ f                   require…  running\n"
          "   └─ g                require…  running\n"
          "e                      -         running\n"
          "└─ f (above)           require…  running\n");
    /* below, but in the same tree after all */
    check("a: b x\nb: c\nc: d\nd: x\nx: y\ny:", NULL, false, &narrow,
          "a                      -         running\n"
          "├─ b                   require…  running\n"
          "│  └─ c                require…  running\n"
          "│     └─ d             require…  running\n"
          "│        └─ x (below)  require…  running\n"
          "└─ x                   require…  running\n"
          "   └─ y                require…  running\n");
}

enum { MANY = 10000 };

/* "u0: u1", "u1: u2", ... or each on the first. */
static char *many(bool chain)
{
    struct strbuf lines = STRBUF_INIT;

    for (int i = 0; i < MANY; i++) {
        if (chain)
            strbuf_addf(&lines, "u%d:%s", i, i + 1 < MANY ? " u" : "\n");
        if (chain && i + 1 < MANY)
            strbuf_addf(&lines, "%d\n", i + 1);
        if (!chain)
            strbuf_addf(&lines, i ? "u%d: u0\n" : "u%d: u\n", i);
    }
    assert_false(lines.failed);
    return strbuf_steal(&lines);
}

static size_t count_lines(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

/* Deep chains and wide stars grow with their units, not with the square of them. */
static void test_many(void **state)
{
    char *chain = many(true), *star = many(false), *text;

    (void)state;
    text = draw(chain, NULL, false, &file);
    /* each once, those drawn in a tree of their own once more; no line is long */
    assert_in_range(count_lines(text), MANY + 1, MANY + MANY / 20);
    assert_true(strlen(text) < (size_t)MANY * 200);
    assert_non_null(strstr(text, " (below)"));
    assert_non_null(strstr(text, "─ u9999 "));
    free(text);
    text = draw(chain, NULL, true, &file);
    assert_in_range(count_lines(text), MANY + 1, MANY + MANY / 20);
    free(text);
    text = draw(star, NULL, false, &file);
    assert_int_equal(count_lines(text), 2 * MANY);
    free(text);
    text = draw(star, "u0:", true, &file);
    assert_int_equal(count_lines(text), 1 + MANY);
    free(text);
    free(chain);
    free(star);
}

static void test_dot(void **state)
{
    cJSON *units = parse("web: db ?db\ndb: <a\"b\\");
    struct strbuf out = STRBUF_INIT;
    struct graph g;

    (void)state;
    cJSON_AddItemToObject(cJSON_GetArrayItem(units, 1), "kind", new_string("job"));
    cJSON_ReplaceItemInObject(cJSON_GetArrayItem(units, 1), "state", new_string("failed"));
    assert_int_equal(graph_init(&g, units, false), 0);
    graph_dot_write(&g, &out);
    assert_string_equal(
        strbuf_text(&out),
        "digraph reeve {\n"
        "    rankdir = LR;\n"
        "    node [shape = box];\n"
        "    \"web\" [label = \"web\\nrunning\", color = darkgreen, style = rounded];\n"
        "    \"db\" [label = \"db\\nfailed\", color = red3];\n"
        "    \"web\" -> \"db\" [label = \"ready\"];\n"
        "    \"web\" -> \"db\" [label = \"ready\", style = dashed];\n"
        "    \"db\" -> \"a\\\"b\\\\\" [label = \"ready\", style = dotted, arrowhead = open];\n"
        "}\n");
    strbuf_finish(&out);
    graph_finish(&g);
    cJSON_Delete(units);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees),  cmocka_unit_test(test_chosen), cmocka_unit_test(test_lies),
        cmocka_unit_test(test_narrow), cmocka_unit_test(test_many),   cmocka_unit_test(test_dot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
