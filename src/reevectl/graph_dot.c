#include "reevectl/graph_dot.h"

#include <string.h>

#include "core/unit.h"
#include "reevectl/fields.h"
#include "reevectl/text.h"
#include "reevectl/words.h"

/* Harmless text inside of a quoted string: a backslash, which text made harmless may hold, would
 * begin an escape of Graphviz. */
static void add_inside(struct strbuf *out, const char *text)
{
    struct strbuf harmless = STRBUF_INIT;

    text_add_harmless(&harmless, text);
    for (const char *c = strbuf_text(&harmless); *c; c++) {
        if (*c == '"' || *c == '\\')
            strbuf_add(out, "\\");
        strbuf_add_bytes(out, c, 1);
    }
    out->failed |= harmless.failed;
    strbuf_finish(&harmless);
}

static void add_quoted(struct strbuf *out, const char *text)
{
    strbuf_add(out, "\"");
    add_inside(out, text);
    strbuf_add(out, "\"");
}

static const char *colour_of(const char *state)
{
    switch (words_state_style(state)) {
    case STYLE_GREEN:
        return "darkgreen";
    case STYLE_RED:
        return "red3";
    case STYLE_YELLOW:
        return "darkorange3";
    default:
        return "gray50";
    }
}

/* A job has corners. */
static void add_unit(struct strbuf *out, const cJSON *unit)
{
    const char *name = field_word(unit, "name"), *state = field_word(unit, "state");
    bool is_job = strcmp(field_word(unit, "kind"), "job") == 0;

    strbuf_add(out, "    ");
    add_quoted(out, name);
    strbuf_add(out, " [label = \"");
    add_inside(out, name);
    strbuf_add(out, "\\n");
    add_inside(out, state);
    strbuf_addf(out, "\", color = %s%s];\n", colour_of(state), is_job ? "" : ", style = rounded");
}

static void add_conditions(struct strbuf *out, const cJSON *dependency)
{
    const char *separator = " [label = \"";
    const cJSON *condition;

    cJSON_ArrayForEach(condition, field(dependency, "conditions"))
    {
        if (!cJSON_IsString(condition))
            continue;
        strbuf_add(out, separator);
        add_inside(out, condition->valuestring);
        separator = ", ";
    }
    strbuf_add(out, *separator == ',' ? "\"" : " [label = \"\"");
}

static void add_edge(struct strbuf *out, const struct graph *g, const struct graph_edge *edge)
{
    static const struct {
        const char *kind, *look;
    } looks[] = {{"wants", ", style = dashed"}, {"after", ", style = dotted, arrowhead = open"}};
    const char *kind = field_word(edge->dependency, "kind");

    strbuf_add(out, "    ");
    add_quoted(out, graph_name(g, edge->from));
    strbuf_add(out, " -> ");
    add_quoted(out, field_word(edge->dependency, "unit"));
    add_conditions(out, edge->dependency);
    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
        if (strcmp(kind, looks[i].kind) == 0)
            strbuf_add(out, looks[i].look);
    strbuf_add(out, "];\n");
}

void graph_dot_write(const struct graph *g, struct strbuf *out)
{
    strbuf_add(out, "digraph reeve {\n"
                    "    rankdir = LR;\n"
                    "    node [shape = box];\n");
    for (uint32_t i = 0; i < g->n; i++)
        if (g->chosen[i])
            add_unit(out, g->units[i]);
    for (uint32_t i = 0; i < g->n; i++)
        for (uint32_t e = g->first[i]; g->chosen[i] && e < g->first[i + 1]; e++)
            add_edge(out, g, &g->edges[e]);
    strbuf_add(out, "}\n");
}
