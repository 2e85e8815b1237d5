#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/list.h"
#include "base/map.h"

struct item {
    int value;
    struct map_node node;
};

static struct item *item_of(struct map_node *node)
{
    return node ? container_of(node, struct item, node) : NULL;
}

static void test_empty(void **state)
{
    struct map map;

    (void)state;
    map_init(&map);
    assert_null(map_find(&map, 0));
    assert_null(map_remove(&map, 7));
    map_finish(&map);
}

static void test_add_find_remove(void **state)
{
    struct item a = {.value = 1}, b = {.value = 2};
    struct map map;

    (void)state;
    map_init(&map);
    map_add(&map, &a.node, 0);
    map_add(&map, &b.node, UINT64_MAX);
    assert_ptr_equal(item_of(map_find(&map, 0)), &a);
    assert_ptr_equal(item_of(map_find(&map, UINT64_MAX)), &b);
    assert_int_equal(map.n_nodes, 2);
    assert_ptr_equal(item_of(map_remove(&map, 0)), &a);
    assert_null(map_find(&map, 0));
    assert_null(map_remove(&map, 0));
    assert_int_equal(map.n_nodes, 1);
    map_add(&map, &a.node, 0); /* and in again */
    assert_ptr_equal(item_of(map_find(&map, 0)), &a);
    map_finish(&map);
    assert_null(map_find(&map, UINT64_MAX));
}

/* Keys close together, as pids are, and keys with equal low bits. */
static void test_many(void **state)
{
    enum { N = 5000 };
    struct item *items = calloc(N, sizeof *items);
    struct map map;

    (void)state;
    assert_non_null(items);
    for (unsigned shift = 0; shift <= 16; shift += 8) {
        size_t longest = 0;

        map_init(&map);
        for (uint64_t i = 0; i < N; i++) {
            items[i].value = (int)i;
            map_add(&map, &items[i].node, i << shift);
        }
        assert_int_equal(map.n_nodes, N);
        assert_true(map.n_buckets >= N / 2);
        for (size_t b = 0; b < map.n_buckets; b++) {
            size_t len = 0;

            for (const struct map_node *n = map.buckets[b]; n; n = n->next)
                len++;
            longest = len > longest ? len : longest;
        }
        assert_true(longest < 20);
        for (uint64_t i = 0; i < N; i += 2)
            assert_ptr_equal(item_of(map_remove(&map, i << shift)), &items[i]);
        for (uint64_t i = 0; i < N; i++) {
            const struct item *found = item_of(map_find(&map, i << shift));

            assert_true(i % 2 ? found == &items[i] : !found);
        }
        assert_int_equal(map.n_nodes, N / 2);
        map_finish(&map);
    }
    free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_add_find_remove),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
