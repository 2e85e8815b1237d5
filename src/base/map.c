#include "base/map.h"

#include <stdlib.h>

static size_t bucket_of(uint64_t key, size_t n_buckets)
{
    /* Fibonacci hashing: the multiplier spreads consecutive pids over the high bits. */
    return (size_t)((key * 0x9E3779B97F4A7C15u) >> 32) & (n_buckets - 1);
}

void map_init(struct map *m)
{
    m->n_buckets = sizeof m->first / sizeof m->first[0];
    m->buckets = m->first;
    m->n_nodes = 0;
    for (size_t i = 0; i < m->n_buckets; i++)
        m->first[i] = NULL;
}

void map_finish(struct map *m)
{
    if (m->buckets != m->first)
        free(m->buckets);
    map_init(m);
}

static void grow(struct map *m)
{
    size_t n = m->n_buckets * 2;
    struct map_node **buckets = calloc(n, sizeof *buckets);

    if (!buckets)
        return;
    for (size_t i = 0; i < m->n_buckets; i++) {
        struct map_node *node = m->buckets[i];

        while (node) {
            struct map_node *next = node->next;
            size_t b = bucket_of(node->key, n);

            node->next = buckets[b];
            buckets[b] = node;
            node = next;
        }
    }
    if (m->buckets != m->first)
        free(m->buckets);
    m->buckets = buckets;
    m->n_buckets = n;
}

void map_add(struct map *m, struct map_node *node, uint64_t key)
{
    size_t b;

    if (m->n_nodes >= m->n_buckets)
        grow(m);
    b = bucket_of(key, m->n_buckets);
    node->key = key;
    node->next = m->buckets[b];
    m->buckets[b] = node;
    m->n_nodes++;
}

struct map_node *map_find(const struct map *m, uint64_t key)
{
    struct map_node *node = m->buckets[bucket_of(key, m->n_buckets)];

    while (node && node->key != key)
        node = node->next;
    return node;
}

struct map_node *map_remove(struct map *m, uint64_t key)
{
    struct map_node **at = &m->buckets[bucket_of(key, m->n_buckets)];

    while (*at && (*at)->key != key)
        at = &(*at)->next;
    if (!*at)
        return NULL;
    struct map_node *node = *at;
    *at = node->next;
    node->next = NULL;
    m->n_nodes--;
    return node;
}
