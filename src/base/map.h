/*
 * An intrusive hash map from 64-bit keys. The nodes live in the objects, so adding never
 * allocates for the object; growing the bucket array may fail, which only makes chains longer.
 */
#ifndef REEVE_BASE_MAP_H
#define REEVE_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_node {
    uint64_t key;
    struct map_node *next;
};

struct map {
    struct map_node **buckets; /* owned once grown; points at `first` before */
    size_t n_buckets;
    size_t n_nodes;
    struct map_node *first[16];
};

void map_init(struct map *m);
/* Frees the bucket array; the nodes are the caller's. */
void map_finish(struct map *m);
/* The key must not be in the map yet. */
void map_add(struct map *m, struct map_node *node, uint64_t key);
struct map_node *map_find(const struct map *m, uint64_t key);
/* Unlinks the node with this key and returns it; NULL when there is none. */
struct map_node *map_remove(struct map *m, uint64_t key);

#endif
