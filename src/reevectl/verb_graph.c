/* graph: who depends on whom, as a tree or for Graphviz. */
#include "reevectl/fields.h"
#include "reevectl/graph.h"
#include "reevectl/graph_dot.h"
#include "reevectl/graph_tree.h"
#include "reevectl/units.h"
#include "reevectl/verbs.h"

/* The units of one page join those of the pages before. */
static int take_page(void *context, struct varlink_reply *reply)
{
    cJSON **all = context;
    cJSON *units = cJSON_GetObjectItemCaseSensitive(reply->parameters, "units");
    cJSON *to, *unit;

    if (!cJSON_IsArray(units)) {
        complain("the answer to Graph holds no units; is this another reeved?");
        return EXIT_FAILED;
    }
    if (!*all) {
        *all = reply->parameters;
        reply->parameters = NULL;
        return 0;
    }
    to = cJSON_GetObjectItemCaseSensitive(*all, "units");
    while ((unit = cJSON_DetachItemFromArray(units, 0)) != NULL) {
        if (!cJSON_AddItemToArray(to, unit)) {
            cJSON_Delete(unit);
            return out_of_memory();
        }
    }
    return 0;
}

/* 0 with {"units": [all pages together]}, which the caller deletes; or the exit code, told. */
static int ask(struct session *s, char **args, size_t n_args, cJSON **ret_reply)
{
    const struct patience patience = {.timeout_ms = ANSWER_TIMEOUT_MS};

    *ret_reply = NULL;
    return call_stream(s, "Graph", call_units(args, n_args), true, &patience, take_page, ret_reply);
}

static void write_tree(const struct session *s, const struct graph *g, struct strbuf *b)
{
    struct unit_counts counts = {0};
    struct strbuf text = STRBUF_INIT;

    graph_tree_write(g, &s->out, b);
    if (!s->out.tty)
        return;
    for (uint32_t i = 0; i < g->n; i++)
        if (g->chosen[i])
            units_count_one(&counts, g->units[i]);
    if (counts.total == 1)
        return;
    units_add_counts(&text, &counts);
    strbuf_add(b, "\n");
    terminal_add_paragraph(&s->out, b, STYLE_PLAIN, &text, 0, 2);
    strbuf_finish(&text);
}

/* `named`: the units to begin with, or NULL for all. */
static int draw(const struct session *s, const cJSON *units, const cJSON *named)
{
    const struct options *o = s->options;
    struct strbuf b = STRBUF_INIT;
    struct graph g;
    int error = graph_init(&g, units, o->reverse);

    if (error == 0 && named)
        error = graph_choose(&g, named);
    if (error)
        b.failed = true;
    else if (o->dot)
        graph_dot_write(&g, &b);
    else
        write_tree(s, &g, &b);
    graph_finish(&g);
    return output(&b, EXIT_OK);
}

/* What depends on some units is found among all. */
static int draw_reverse(struct session *s, char **args, size_t n_args)
{
    cJSON *named, *reply = NULL;
    int code = call(s, "List", call_units(args, n_args), &named);

    if (code)
        return code;
    code = ask(s, NULL, 0, &reply);
    if (code == EXIT_OK)
        code = draw(s, field(reply, "units"), field(named, "units"));
    cJSON_Delete(reply);
    cJSON_Delete(named);
    return code;
}

int verb_graph(struct session *s, char **args, size_t n_args)
{
    const struct options *o = s->options;
    cJSON *reply = NULL;
    int code;

    if (o->json && o->dot)
        return usage("--json and --dot exclude each other");
    if (o->json && o->reverse)
        return usage("--json and --reverse exclude each other");
    if (o->reverse && n_args)
        return draw_reverse(s, args, n_args);
    code = ask(s, args, n_args, &reply);
    if (code == EXIT_OK)
        code = o->json ? call_print_json(reply, EXIT_OK) : draw(s, field(reply, "units"), NULL);
    cJSON_Delete(reply);
    return code;
}
