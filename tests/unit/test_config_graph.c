/* Circles in graphs: small ones by hand, random ones against a slow second opinion, huge ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/graph.h"

enum { SMALL = 12 };

/* Made of pairs, in any order. */
static struct graph make(uint32_t n_nodes, const uint32_t (*pairs)[2], uint32_t n)
{
    struct graph g = {n_nodes, calloc(n_nodes + 2, sizeof(uint32_t)),
                      calloc(n + 1, sizeof(uint32_t)), calloc(n + 1, sizeof(bool))};
    uint32_t *at = calloc(n_nodes + 1, sizeof *at);

    assert_true(g.first && g.to && g.gone && at);
    for (uint32_t i = 0; i < n; i++)
        g.first[pairs[i][0] + 1]++;
    for (uint32_t i = 0; i < n_nodes; i++)
        g.first[i + 1] += g.first[i];
    memcpy(at, g.first, n_nodes * sizeof *at);
    for (uint32_t i = 0; i < n; i++)
        g.to[at[pairs[i][0]]++] = pairs[i][1];
    free(at);
    return g;
}

static void drop(struct graph *g)
{
    free(g->first);
    free(g->to);
    free(g->gone);
}

static uint32_t source_of(const struct graph *g, uint32_t edge)
{
    uint32_t node = 0;

    while (g->first[node + 1] <= edge)
        node++;
    return node;
}

/* The circles told of: as nodes, "0 2 1 ". */
struct told {
    const struct graph *g;
    char text[512];
    uint32_t lengths[SMALL], lowest[SMALL], n;
    uint32_t longest;
};

static void write_text(struct told *t, const char *text)
{
    size_t len = strlen(t->text);

    snprintf(t->text + len, sizeof t->text - len, "%s", text);
}

/* Whatever is told is a circle: no node twice, and each edge there. */
static void check_circle(void *context, const uint32_t *edges, uint32_t n)
{
    struct told *t = context;
    bool seen[SMALL] = {false};
    uint32_t start = source_of(t->g, edges[0]), node = start;
    char name[16];

    assert_true(n >= 2 && n <= SMALL);
    for (uint32_t i = 0; i < n; i++) {
        assert_false(t->g->gone[edges[i]]);
        assert_int_equal(source_of(t->g, edges[i]), node);
        assert_false(seen[node]);
        seen[node] = true;
        snprintf(name, sizeof name, "%u ", node);
        write_text(t, name);
        node = t->g->to[edges[i]];
    }
    assert_int_equal(node, start);
    write_text(t, "| ");
    t->lengths[t->n] = n;
    t->lowest[t->n++] = start;
}

static void expect(struct graph g, const char *circles)
{
    struct told t = {.g = &g};
    int rc = graph_circles(&g, check_circle, &t);

    assert_string_equal(t.text, circles);
    assert_int_equal(rc, t.n);
    drop(&g);
}

#define PAIRS(...) ((const uint32_t[][2]){__VA_ARGS__})
#define GRAPH(n_nodes, ...)                                                                        \
    make(n_nodes, PAIRS(__VA_ARGS__), sizeof PAIRS(__VA_ARGS__) / sizeof(uint32_t[2]))

static void small_graphs(void **state)
{
    (void)state;
    expect(make(0, NULL, 0), "");
    expect(make(3, NULL, 0), "");
    expect(GRAPH(1, {0, 0}), "");
    expect(GRAPH(3, {0, 1}, {1, 2}, {0, 2}), "");
    expect(GRAPH(2, {0, 1}, {1, 0}), "0 1 | ");
    expect(GRAPH(3, {2, 1}, {1, 0}, {0, 2}), "0 2 1 | ");
    expect(GRAPH(4, {3, 1}, {1, 3}, {0, 1}, {3, 2}), "1 3 | ");
    /* Two apart from each other. */
    expect(GRAPH(5, {0, 4}, {4, 0}, {1, 2}, {2, 3}, {3, 1}), "0 4 | 1 2 3 | ");
    /* Two that share a node are one knot: a shortest through the lowest node is told. */
    expect(GRAPH(4, {0, 1}, {1, 2}, {2, 0}, {0, 3}, {3, 0}), "0 3 | ");
    /* A circle that is reached, but does not lead back. */
    expect(GRAPH(4, {0, 1}, {1, 2}, {2, 1}, {2, 3}), "1 2 | ");
    /* Twice the same edge, and one to itself. */
    expect(GRAPH(2, {0, 0}, {0, 1}, {0, 1}, {1, 0}), "0 1 | ");
}

static void what_is_gone_leads_nowhere(void **state)
{
    struct graph g = GRAPH(3, {0, 1}, {1, 2}, {2, 0}, {2, 1});

    (void)state;
    g.gone[2] = true; /* 2 to 0 */
    expect(g, "1 2 | ");
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* How long the shortest way from each node to each other one is; 0: there is none. */
static void all_ways(const struct graph *g, unsigned way[SMALL][SMALL])
{
    memset(way, 0, sizeof(unsigned[SMALL][SMALL]));
    for (uint32_t e = 0; e < g->first[g->n_nodes]; e++) {
        if (!g->gone[e])
            way[source_of(g, e)][g->to[e]] = 1;
    }
    for (uint32_t k = 0; k < SMALL; k++) {
        for (uint32_t i = 0; i < SMALL; i++) {
            for (uint32_t j = 0; j < SMALL; j++) {
                unsigned both = way[i][k] + way[k][j];

                if (way[i][k] && way[k][j] && i != k && k != j && (!way[i][j] || both < way[i][j]))
                    way[i][j] = both;
            }
        }
    }
}

/* The shortest circle through a node that is more than an edge to itself; 0: there is none. */
static unsigned shortest_through(unsigned way[SMALL][SMALL], uint32_t node)
{
    unsigned best = 0;

    for (uint32_t k = 0; k < SMALL; k++) {
        unsigned both = way[node][k] + way[k][node];

        if (k != node && way[node][k] && way[k][node] && (!best || both < best))
            best = both;
    }
    return best;
}

static void random_graphs(void **state)
{
    uint32_t seed = 3, n_circles = 0;

    (void)state;
    for (int round = 0; round < 5000; round++) {
        uint32_t pairs[40][2], n = next_random(&seed) % 30, k = 0;
        unsigned way[SMALL][SMALL];
        struct graph g;
        struct told t = {.g = &g};

        for (uint32_t i = 0; i < n; i++) {
            pairs[i][0] = next_random(&seed) % SMALL;
            pairs[i][1] = next_random(&seed) % SMALL;
        }
        g = make(SMALL, pairs, n);
        for (uint32_t i = 0; i < n; i++)
            g.gone[i] = next_random(&seed) % 8 == 0;
        all_ways(&g, way);
        assert_true(graph_circles(&g, check_circle, &t) >= 0);
        for (uint32_t i = 0; i < SMALL; i++) {
            unsigned length = shortest_through(way, i);
            bool lowest = length > 0;

            for (uint32_t j = 0; j < i; j++)
                lowest &= !(way[i][j] && way[j][i]);
            if (!lowest)
                continue;
            assert_true(k < t.n);
            assert_int_equal(t.lowest[k], i);
            assert_int_equal(t.lengths[k++], length);
        }
        assert_int_equal(k, t.n);
        n_circles += t.n;
        drop(&g);
    }
    assert_true(n_circles > 1000);
}

static void sorted(void **state)
{
    uint32_t seed = 9, nodes[SMALL], place[SMALL];

    (void)state;
    for (int round = 0; round < 1000; round++) {
        uint32_t pairs[30][2], n = next_random(&seed) % 30;
        struct graph g;

        for (uint32_t i = 0; i < n; i++) { /* no circles: from odd to even, high to low */
            uint32_t a = next_random(&seed) % SMALL, b = next_random(&seed) % SMALL;

            pairs[i][0] = a * 5 % SMALL;
            pairs[i][1] = a > b ? b * 5 % SMALL : a * 5 % SMALL;
        }
        g = make(SMALL, pairs, n);
        assert_int_equal(graph_sort(&g, nodes), 0);
        memset(place, 0xff, sizeof place);
        for (uint32_t i = 0; i < SMALL; i++)
            place[nodes[i]] = i;
        for (uint32_t e = 0; e < n; e++)
            assert_true(source_of(&g, e) == g.to[e] || place[g.to[e]] < place[source_of(&g, e)]);
        drop(&g);
    }
}

/* ---- huge ones ---- */

/* Of the processor: others on this machine do not count. */
static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void note_longest(void *context, const uint32_t *edges, uint32_t n)
{
    struct told *t = context;

    (void)edges;
    t->n++;
    if (n > t->longest)
        t->longest = n;
}

/* A chain as long as can be, closed or not: no recursion could do that. */
static void a_million_in_a_chain(void **state)
{
    enum { N = 1000000 };
    uint32_t(*pairs)[2] = calloc(N, sizeof *pairs);
    struct told t = {0};
    double begun = seconds();
    struct graph g;

    (void)state;
    assert_non_null(pairs);
    for (uint32_t i = 0; i < N; i++) {
        pairs[i][0] = i;
        pairs[i][1] = (i + 1) % N;
    }
    g = make(N, pairs, N);
    assert_int_equal(graph_circles(&g, note_longest, &t), 1);
    assert_int_equal(t.longest, N);
    g.gone[N - 1] = true;
    assert_int_equal(graph_circles(&g, note_longest, &t), 0);
    print_message("2 000 000 nodes: %.3f s\n", seconds() - begun);
    drop(&g);
    free(pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_graphs),         cmocka_unit_test(what_is_gone_leads_nowhere),
        cmocka_unit_test(random_graphs),        cmocka_unit_test(sorted),
        cmocka_unit_test(a_million_in_a_chain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
