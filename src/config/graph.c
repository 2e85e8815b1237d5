#include "config/graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = UINT32_MAX };

/* A walk in depth, as Tarjan has it: nodes are numbered as they are met, and a node from which
 * nothing met earlier can be reached ends a knot. */
struct walk {
    const struct graph *g;
    uint32_t *met;    /* by node: its number, from 1; 0: not met yet */
    uint32_t *low;    /* by node: the earliest that can be reached */
    uint32_t *next;   /* by node: the edge to look at next */
    uint32_t *path;   /* the nodes that the walk is in */
    uint32_t *open;   /* nodes whose knot is not known yet */
    uint32_t *knot;   /* by node: the lowest node of its knot, NONE until that is known */
    uint32_t *size;   /* by lowest node of a knot: how many are in it */
    uint32_t *sorted; /* as their knots end */
    uint32_t n_met, n_path, n_open, n_sorted;
    uint32_t *memory; /* owned: all of these */
};

enum { WALK_ARRAYS = 8 };

static int walk_init(struct walk *w, const struct graph *g)
{
    size_t n = g->n_nodes;
    uint32_t *at = calloc(n * WALK_ARRAYS + 1, sizeof *at);

    *w = (struct walk){.g = g, .memory = at};
    if (!at)
        return -ENOMEM;
    w->met = at;
    w->low = at + n;
    w->next = at + 2 * n;
    w->path = at + 3 * n;
    w->open = at + 4 * n;
    w->knot = at + 5 * n;
    w->size = at + 6 * n;
    w->sorted = at + 7 * n;
    memset(w->knot, 0xff, n * sizeof *w->knot);
    return 0;
}

static void enter(struct walk *w, uint32_t node)
{
    w->met[node] = w->low[node] = ++w->n_met;
    w->next[node] = w->g->first[node];
    w->path[w->n_path++] = node;
    w->open[w->n_open++] = node;
}

/* The knot of which `node` was met first is complete. */
static void end_knot(struct walk *w, uint32_t node)
{
    uint32_t from = w->n_open, lowest = node;

    do {
        from--;
        if (w->open[from] < lowest)
            lowest = w->open[from];
    } while (w->open[from] != node);
    for (uint32_t i = from; i < w->n_open; i++) {
        w->knot[w->open[i]] = lowest;
        w->sorted[w->n_sorted++] = w->open[i];
    }
    w->size[lowest] = w->n_open - from;
    w->n_open = from;
}

static void reach(struct walk *w, uint32_t from, uint32_t number)
{
    if (number < w->low[from])
        w->low[from] = number;
}

/* Looks at one edge of the last node of the path, or leaves it. */
static void advance(struct walk *w)
{
    uint32_t node = w->path[w->n_path - 1];
    uint32_t edge = w->next[node], to;

    if (edge == w->g->first[node + 1]) {
        if (w->low[node] == w->met[node])
            end_knot(w, node);
        if (--w->n_path > 0)
            reach(w, w->path[w->n_path - 1], w->low[node]);
        return;
    }
    w->next[node]++;
    if (w->g->gone[edge])
        return;
    to = w->g->to[edge];
    if (!w->met[to])
        enter(w, to);
    else if (w->knot[to] == NONE)
        reach(w, node, w->met[to]);
}

static int walk_all(struct walk *w, const struct graph *g)
{
    int rc = walk_init(w, g);

    for (uint32_t i = 0; rc == 0 && i < g->n_nodes; i++) {
        if (w->met[i])
            continue;
        enter(w, i);
        while (w->n_path > 0)
            advance(w);
    }
    return rc;
}

/* A search in breadth, from the lowest node of a knot back to it. Nodes belong to one knot, so the
 * arrays serve all of them. */
struct search {
    const struct walk *w;
    uint32_t *queue;
    uint32_t *by;   /* by node: the edge that led to it, NONE: none yet */
    uint32_t *from; /* by node: where that edge begins */
    uint32_t *edges;
};

/* Returns the node whose edge leads back to `start`, and that edge. */
static uint32_t search_back(struct search *s, uint32_t start, uint32_t *ret_edge)
{
    const struct graph *g = s->w->g;
    uint32_t n = 1;

    s->queue[0] = start;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t node = s->queue[i];

        for (uint32_t e = g->first[node]; e < g->first[node + 1]; e++) {
            uint32_t to = g->to[e];

            if (g->gone[e] || s->w->knot[to] != start || to == node)
                continue;
            if (to == start) {
                *ret_edge = e;
                return node;
            }
            if (s->by[to] != NONE)
                continue;
            s->by[to] = e;
            s->from[to] = node;
            s->queue[n++] = to;
        }
    }
    return NONE; /* not in a knot of more than one */
}

static void tell_circle(struct search *s, uint32_t start, circle_fn *tell, void *context)
{
    uint32_t edge, node = search_back(s, start, &edge), n = 0;

    if (node == NONE)
        return;
    s->edges[n++] = edge;
    for (; node != start; node = s->from[node])
        s->edges[n++] = s->by[node];
    for (uint32_t i = 0; i < n / 2; i++) {
        uint32_t other = s->edges[i];

        s->edges[i] = s->edges[n - 1 - i];
        s->edges[n - 1 - i] = other;
    }
    tell(context, s->edges, n);
}

/* The arrays of the walk that are not needed any more serve the search. */
static int tell_circles(struct walk *w, circle_fn *tell, void *context)
{
    struct search s = {.w = w, .queue = w->met, .by = w->low, .from = w->next, .edges = w->path};
    int n = 0;

    if (w->g->n_nodes)
        memset(s.by, 0xff, w->g->n_nodes * sizeof *s.by);
    for (uint32_t i = 0; i < w->g->n_nodes; i++) {
        if (w->size[i] < 2)
            continue;
        tell_circle(&s, i, tell, context);
        n++;
    }
    return n;
}

int graph_circles(const struct graph *g, circle_fn *tell, void *context)
{
    struct walk w;
    int rc = walk_all(&w, g);

    if (rc == 0)
        rc = tell_circles(&w, tell, context);
    free(w.memory);
    return rc;
}

int graph_sort(const struct graph *g, uint32_t *ret_nodes)
{
    struct walk w;
    int rc = walk_all(&w, g);

    if (rc == 0 && g->n_nodes)
        memcpy(ret_nodes, w.sorted, g->n_nodes * sizeof *ret_nodes);
    free(w.memory);
    return rc;
}
