/*
 * The graph as a tree for people: below each unit what it depends on (in reverse: what depends on
 * it), with how, its state, and what it waits for. Each unit is expanded once, however many lead to
 * it, and no line is indented without end: the text grows with the graph, not faster.
 */
#ifndef REEVE_REEVECTL_GRAPH_TREE_H
#define REEVE_REEVECTL_GRAPH_TREE_H

#include "base/strbuf.h"
#include "reevectl/graph.h"
#include "reevectl/terminal.h"

/* Draws the chosen units. Roots are those that no other of them leads to. */
void graph_tree_write(const struct graph *g, const struct terminal *terminal, struct strbuf *out);
/* "requires ready", "wants started+ready", "after completed": a Dependency in words. */
void graph_tree_add_dependency(struct strbuf *b, const cJSON *dependency);

#endif
