/*
 * Who leads to whom, and the circles in that. Pure, and never recursive; the time that each of
 * these takes grows as the number of nodes and edges, whatever the graph is like.
 */
#ifndef REEVE_CONFIG_GRAPH_H
#define REEVE_CONFIG_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

struct graph {
    uint32_t n_nodes;
    /* The edges of node N are first[N] up to first[N + 1]; each leads to the node to[edge]. */
    uint32_t *first, *to;
    bool *gone; /* by edge: as if it were not there */
};

/* Told of one circle: its edges in order, the first from the lowest node of the knot it is in. */
typedef void circle_fn(void *context, const uint32_t *edges, uint32_t n_edges);

/*
 * Tells of one circle in each knot: a greatest set of nodes that all lead to each other. It is one
 * of the shortest through the lowest node of the knot. An edge from a node to itself counts for
 * nothing. Returns how many there are, or -ENOMEM.
 */
int graph_circles(const struct graph *g, circle_fn *tell, void *context);

/* All nodes, each after those that it leads to; of a graph without circles. 0 or -ENOMEM. */
int graph_sort(const struct graph *g, uint32_t *ret_nodes);

#endif
