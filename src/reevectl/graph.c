#include "reevectl/graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reevectl/fields.h"

struct named {
    const char *name; /* borrowed */
    uint32_t unit;
};

static int by_name(const void *a, const void *b)
{
    const struct named *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static uint32_t find(const struct named *index, uint32_t n, const char *name)
{
    const struct named key = {.name = name};
    const struct named *found = n ? bsearch(&key, index, n, sizeof(key), by_name) : NULL;

    return found ? found->unit : GRAPH_NO_UNIT;
}

const char *graph_name(const struct graph *g, uint32_t unit)
{
    return field_word(g->units[unit], "name");
}

/* All names in their order; the caller frees it. NULL when memory ran out. */
static struct named *make_index(const struct graph *g)
{
    struct named *index = calloc((size_t)g->n + 1, sizeof(*index));

    for (uint32_t i = 0; index && i < g->n; i++)
        index[i] = (struct named){.name = graph_name(g, i), .unit = i};
    if (index)
        qsort(index, g->n, sizeof(*index), by_name);
    return index;
}

static int take_units(struct graph *g, const cJSON *units)
{
    size_t n_max = (size_t)cJSON_GetArraySize(units);
    const cJSON *unit;

    g->units = calloc(n_max + 1, sizeof(*g->units));
    g->first = calloc(n_max + 2, sizeof(*g->first));
    g->chosen = calloc(n_max + 1, sizeof(*g->chosen));
    if (!g->units || !g->first || !g->chosen)
        return -ENOMEM;
    cJSON_ArrayForEach(unit, units)
    {
        if (!*field_word(unit, "name"))
            continue;
        g->chosen[g->n] = true;
        g->units[g->n++] = unit;
    }
    return 0;
}

static size_t count_dependencies(const struct graph *g)
{
    size_t n = 0;

    for (uint32_t i = 0; i < g->n; i++)
        n += (size_t)cJSON_GetArraySize(field(g->units[i], "dependencies"));
    return n;
}

/* The unit that the edge goes down from. */
static uint32_t above(const struct graph *g, const struct graph_edge *edge)
{
    return g->reverse ? edge->to : edge->from;
}

uint32_t graph_below(const struct graph *g, const struct graph_edge *edge)
{
    return g->reverse ? edge->from : edge->to;
}

bool graph_has_below(const struct graph *g, uint32_t unit)
{
    return g->first[unit] < g->first[unit + 1];
}

/* All edges that have a unit to go down from; returns how many. */
static uint32_t collect(const struct graph *g, const struct named *index, struct graph_edge *edges)
{
    const cJSON *dependency;
    uint32_t n = 0;

    for (uint32_t i = 0; i < g->n; i++) {
        cJSON_ArrayForEach(dependency, field(g->units[i], "dependencies"))
        {
            struct graph_edge edge = {
                .from = i,
                .to = find(index, g->n, field_word(dependency, "unit")),
                .dependency = dependency,
            };

            if (*field_word(dependency, "unit") && above(g, &edge) != GRAPH_NO_UNIT)
                edges[n++] = edge;
        }
    }
    return n;
}

/* Brings the edges together by the unit they go down from, in the order they came. */
static void sort_edges(struct graph *g, const struct graph_edge *edges, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        g->first[above(g, &edges[i]) + 1]++;
    for (uint32_t i = 0; i < g->n; i++)
        g->first[i + 1] += g->first[i];
    /* first[i] moves to the end of its unit's edges, which is where those of the next begin. */
    for (uint32_t i = 0; i < n; i++)
        g->edges[g->first[above(g, &edges[i])]++] = edges[i];
    memmove(g->first + 1, g->first, g->n * sizeof(*g->first));
    g->first[0] = 0;
}

int graph_init(struct graph *g, const cJSON *units, bool reverse)
{
    struct graph_edge *edges = NULL;
    struct named *index = NULL;
    size_t n_max;
    int error;

    *g = (struct graph){.reverse = reverse};
    error = take_units(g, units);
    if (error)
        return error;
    n_max = count_dependencies(g);
    index = make_index(g);
    edges = calloc(n_max + 1, sizeof(*edges));
    g->edges = calloc(n_max + 1, sizeof(*g->edges));
    if (index && edges && g->edges)
        sort_edges(g, edges, collect(g, index, edges));
    else
        error = -ENOMEM;
    free(index);
    free(edges);
    return error;
}

void graph_finish(struct graph *g)
{
    free(g->units);
    free(g->edges);
    free(g->first);
    free(g->chosen);
    *g = (struct graph){.units = NULL};
}

/* The queue has room for all units, each of which enters it once, when it is chosen. */
static void choose_below(struct graph *g, uint32_t *queue, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t e = g->first[queue[i]]; e < g->first[queue[i] + 1]; e++) {
            uint32_t below = graph_below(g, &g->edges[e]);

            if (below != GRAPH_NO_UNIT && !g->chosen[below]) {
                g->chosen[below] = true;
                queue[n++] = below;
            }
        }
    }
}

int graph_choose(struct graph *g, const cJSON *units)
{
    struct named *index = make_index(g);
    uint32_t *queue = calloc((size_t)g->n + 1, sizeof(*queue));
    const cJSON *unit;
    uint32_t n = 0;

    if (index && queue) {
        memset(g->chosen, 0, g->n * sizeof(*g->chosen));
        cJSON_ArrayForEach(unit, units)
        {
            uint32_t found = find(index, g->n, field_word(unit, "name"));

            if (found != GRAPH_NO_UNIT && !g->chosen[found]) {
                g->chosen[found] = true;
                queue[n++] = found;
            }
        }
        choose_below(g, queue, n);
    }
    free(index);
    free(queue);
    return index && queue ? 0 : -ENOMEM;
}
