/*
 * Who depends on whom: the units of a reply to Graph as numbers and edges, so that they can be
 * walked in linear time. The reply is not trusted: it may name units that it does not hold, and
 * have cycles.
 */
#ifndef REEVE_REEVECTL_GRAPH_H
#define REEVE_REEVECTL_GRAPH_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

enum { GRAPH_NO_UNIT = UINT32_MAX };

struct graph_edge {
    uint32_t from;           /* the unit that depends */
    uint32_t to;             /* on this one; GRAPH_NO_UNIT: it is not in the reply */
    const cJSON *dependency; /* borrowed */
};

struct graph {
    const cJSON **units; /* borrowed, each with a name; the array is owned */
    uint32_t n;
    struct graph_edge *edges; /* owned; by the unit that they go down from, see `first` */
    uint32_t *first;          /* owned; of n + 1: where the edges of each unit begin */
    bool *chosen;             /* owned; by unit */
    bool reverse;
};

/* `units` must outlive the graph. The way down leads to what a unit depends on; in reverse, to what
 * depends on it. All units are chosen. 0 or -ENOMEM. */
int graph_init(struct graph *g, const cJSON *units, bool reverse);
void graph_finish(struct graph *g);
/* Chooses the units of this list (objects with a name) and all below them, no others. 0 or -ENOMEM.
 */
int graph_choose(struct graph *g, const cJSON *units);

const char *graph_name(const struct graph *g, uint32_t unit);
/* Where the edge leads, on the way down. */
uint32_t graph_below(const struct graph *g, const struct graph_edge *edge);
/* Whether there is a way down from the unit. */
bool graph_has_below(const struct graph *g, uint32_t unit);

#endif
