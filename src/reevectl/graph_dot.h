/* The graph for Graphviz. */
#ifndef REEVE_REEVECTL_GRAPH_DOT_H
#define REEVE_REEVECTL_GRAPH_DOT_H

#include "base/strbuf.h"
#include "reevectl/graph.h"

/* Adds the chosen units as a "digraph": an edge goes from the unit that depends to the other, drawn
 * by its kind, and labelled with its conditions. */
void graph_dot_write(const struct graph *g, struct strbuf *out);

#endif
