#include "reevectl/graph_tree.h"

#include <stdlib.h>

#include "core/unit.h"
#include "reevectl/awaited.h"
#include "reevectl/fields.h"
#include "reevectl/render.h"
#include "reevectl/words.h"

/* What is deeper stands in a tree of its own, below; each step takes COLUMNS_A_STEP, together at
 * most half of a line. */
enum { DEPTH_MIN = 4, DEPTH_MAX = 24, COLUMNS_A_STEP = 3 };

enum { COLUMN_UNIT, COLUMN_DEPENDENCY, COLUMN_STATE, COLUMN_WAITS, COLUMN_COUNT };

static const struct column all_columns[COLUMN_COUNT] = {
    [COLUMN_UNIT] = {"UNIT", false, false, 24},
    [COLUMN_DEPENDENCY] = {"DEPENDENCY", false, false, 8},
    [COLUMN_STATE] = {"STATE", false, false, 0},
    [COLUMN_WAITS] = {"WAITS FOR", false, false, 12},
};

enum mark { MARK_NONE, MARK_ABOVE, MARK_BELOW };

/* A unit on the way down, and its next edge. */
struct step {
    uint32_t unit;
    uint32_t next; /* of g->edges */
};

struct drawing {
    const struct graph *g;
    const struct terminal *terminal;
    struct table table;
    bool shown[COLUMN_COUNT]; /* a column with nothing in it is left out */
    bool *drawn;              /* by unit; owned */
    bool *later;              /* by unit: is in the queue; owned */
    uint32_t *queue;          /* units that were too deep, each once; owned */
    uint32_t n_queued, n_taken;
    struct step way[DEPTH_MAX + 1];
    unsigned depth, depth_max;
};

void graph_tree_add_dependency(struct strbuf *b, const cJSON *dependency)
{
    const char *separator = " ";
    const cJSON *condition;

    strbuf_add(b, field_word(dependency, "kind"));
    cJSON_ArrayForEach(condition, field(dependency, "conditions"))
    {
        if (!cJSON_IsString(condition))
            continue;
        strbuf_addf(b, "%s%s", separator, condition->valuestring);
        separator = "+";
    }
}

static unsigned depth_max(const struct terminal *t)
{
    size_t depth = t->columns ? t->columns / (2 * COLUMNS_A_STEP) : DEPTH_MAX;

    if (depth < DEPTH_MIN)
        return DEPTH_MIN;
    return depth < DEPTH_MAX ? (unsigned)depth : DEPTH_MAX;
}

/* Whether more follow below that unit of the way. */
static bool has_more(const struct drawing *d, unsigned depth)
{
    const struct step *s = &d->way[depth];

    return s->next < d->g->first[s->unit + 1];
}

/* "│  └─ " */
static void add_lines(const struct drawing *d, struct strbuf *b)
{
    bool utf8 = d->terminal->utf8;

    for (unsigned i = 0; i + 1 < d->depth; i++)
        strbuf_add(b, !has_more(d, i) ? "   " : utf8 ? "│  " : "|  ");
    if (d->depth == 0)
        return;
    if (has_more(d, d->depth - 1))
        strbuf_add(b, utf8 ? "├─ " : "|- ");
    else
        strbuf_add(b, utf8 ? "└─ " : "`- ");
}

static void add_state(struct drawing *d, const cJSON *unit)
{
    enum style style = words_state_style(field_word(unit, "state"));
    struct strbuf text = STRBUF_INIT;

    words_add_state(&text, unit);
    if (field(unit, "held_until"))
        strbuf_add(&text, " (held)");
    if (cJSON_IsFalse(field(unit, "enabled")) && words_is_state(unit, STATE_STOPPED))
        table_add(&d->table, STYLE_DIM, "disabled");
    else
        table_add_text(&d->table, style, &text);
    strbuf_finish(&text);
}

/* `edge` is the one that led to it, or NULL. A unit that is not in the reply is a name only. */
static void add_row(struct drawing *d, const char *name, const cJSON *unit,
                    const struct graph_edge *edge, enum mark mark)
{
    static const char *const marks[] = {
        [MARK_NONE] = "", [MARK_ABOVE] = " (above)", [MARK_BELOW] = " (below)"};
    bool met = !edge || field_true(edge->dependency, "met");
    struct strbuf text = STRBUF_INIT;

    add_lines(d, &text);
    strbuf_addf(&text, "%s%s", name, marks[mark]);
    table_add_text(&d->table, STYLE_PLAIN, &text);
    if (edge)
        graph_tree_add_dependency(&text, edge->dependency);
    if (d->shown[COLUMN_DEPENDENCY])
        table_add_text(&d->table, met ? STYLE_PLAIN : STYLE_YELLOW, &text);
    add_state(d, unit);
    awaited_add(&text, field(unit, "waiting"));
    if (d->shown[COLUMN_WAITS])
        table_add_text(&d->table, STYLE_PLAIN, &text);
    strbuf_finish(&text);
}

static void enter(struct drawing *d, uint32_t unit)
{
    d->drawn[unit] = true;
    d->way[d->depth++] = (struct step){.unit = unit, .next = d->g->first[unit]};
}

/* The row of what an edge leads to, and the way into it, unless that is drawn elsewhere. */
static void take_edge(struct drawing *d, const struct graph_edge *edge)
{
    const struct graph *g = d->g;
    uint32_t unit = graph_below(g, edge);
    enum mark mark = MARK_NONE;

    if (unit == GRAPH_NO_UNIT) {
        add_row(d, field_word(edge->dependency, "unit"), NULL, edge, MARK_NONE);
        return;
    }
    if (!graph_has_below(g, unit)) {
        d->drawn[unit] = true;
    } else if (d->drawn[unit]) {
        mark = MARK_ABOVE;
    } else if (d->depth >= d->depth_max) {
        mark = MARK_BELOW;
        if (!d->later[unit])
            d->queue[d->n_queued++] = unit;
        d->later[unit] = true;
    }
    add_row(d, graph_name(g, unit), g->units[unit], edge, mark);
    if (mark == MARK_NONE && graph_has_below(g, unit))
        enter(d, unit);
}

static void draw_from(struct drawing *d, uint32_t root)
{
    add_row(d, graph_name(d->g, root), d->g->units[root], NULL, MARK_NONE);
    enter(d, root);
    while (d->depth > 0) {
        struct step *s = &d->way[d->depth - 1];

        if (has_more(d, d->depth - 1))
            take_edge(d, &d->g->edges[s->next++]);
        else
            d->depth--;
    }
}

/* A root, and then what was too deep below it. */
static void draw(struct drawing *d, uint32_t root)
{
    draw_from(d, root);
    while (d->n_taken < d->n_queued) {
        uint32_t unit = d->queue[d->n_taken++];

        if (!d->drawn[unit])
            draw_from(d, unit);
    }
}

/* Whom a chosen unit leads to; NULL when memory ran out. */
static bool *find_led_to(const struct graph *g)
{
    bool *led_to = calloc((size_t)g->n + 1, sizeof(*led_to));

    for (uint32_t i = 0; led_to && i < g->n; i++) {
        for (uint32_t e = g->first[i]; g->chosen[i] && e < g->first[i + 1]; e++) {
            uint32_t below = graph_below(g, &g->edges[e]);

            if (below != GRAPH_NO_UNIT)
                led_to[below] = true;
        }
    }
    return led_to;
}

static void draw_all(struct drawing *d, const bool *led_to)
{
    const struct graph *g = d->g;

    for (uint32_t i = 0; i < g->n; i++)
        if (g->chosen[i] && !led_to[i] && !d->drawn[i])
            draw(d, i);
    /* Cycles have no root. */
    for (uint32_t i = 0; i < g->n; i++)
        if (g->chosen[i] && !d->drawn[i])
            draw(d, i);
}

/* Which columns there is something for; returns how many, with the columns in `ret`. */
static size_t choose_columns(struct drawing *d, struct column ret[COLUMN_COUNT])
{
    const struct graph *g = d->g;
    size_t n = 0;

    d->shown[COLUMN_UNIT] = d->shown[COLUMN_STATE] = true;
    for (uint32_t i = 0; i < g->n; i++) {
        if (!g->chosen[i])
            continue;
        d->shown[COLUMN_DEPENDENCY] |= graph_has_below(g, i);
        d->shown[COLUMN_WAITS] |= field(g->units[i], "waiting") != NULL;
    }
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (d->shown[i])
            ret[n++] = all_columns[i];
    return n;
}

void graph_tree_write(const struct graph *g, const struct terminal *terminal, struct strbuf *out)
{
    struct drawing d = {
        .g = g,
        .terminal = terminal,
        .drawn = calloc((size_t)g->n + 1, sizeof(*d.drawn)),
        .later = calloc((size_t)g->n + 1, sizeof(*d.later)),
        .queue = calloc((size_t)g->n + 1, sizeof(*d.queue)),
        .depth_max = depth_max(terminal),
    };
    bool *led_to = find_led_to(g);
    struct column columns[COLUMN_COUNT];

    table_init(&d.table, columns, choose_columns(&d, columns));
    if (d.drawn && d.later && d.queue && led_to) {
        draw_all(&d, led_to);
        table_write(&d.table, terminal, out, 0);
    } else {
        out->failed = true;
    }
    table_finish(&d.table);
    free(d.drawn);
    free(d.later);
    free(d.queue);
    free(led_to);
}
