#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"

struct item {
    int value;
    struct list link; // the list of each test
};

/* The values in order, as one decimal number. */
static int as_number(const struct list *l)
{
    int n = 0;

    list_for_each (it, l)
        n = n * 10 + container_of(it, struct item, link)->value;
    return n;
}

static void test_append_and_remove(void **state)
{
    struct item items[4] = {{.value = 1}, {.value = 2}, {.value = 3}, {.value = 4}};
    struct list list;

    (void)state;
    list_init(&list);
    assert_true(list_empty(&list));
    assert_int_equal(as_number(&list), 0);
    for (int i = 0; i < 4; i++)
        list_append(&list, &items[i].link);
    assert_false(list_empty(&list));
    assert_int_equal(as_number(&list), 1234);
    list_remove(&items[1].link); /* in the middle */
    assert_int_equal(as_number(&list), 134);
    list_remove(&items[0].link); /* the first */
    list_remove(&items[3].link); /* the last */
    assert_int_equal(as_number(&list), 3);
    list_remove(&items[3].link); /* on no list any more */
    assert_int_equal(as_number(&list), 3);
    list_append(&list, &items[0].link);
    assert_int_equal(as_number(&list), 31);
    assert_ptr_equal(list.prev, &items[0].link);
    list_remove(&items[2].link);
    list_remove(&items[0].link);
    assert_true(list_empty(&list));
}

static void test_removal_while_walking(void **state)
{
    struct item items[5] = {{.value = 1}, {.value = 2}, {.value = 3}, {.value = 4}, {.value = 5}};
    struct list list, other;

    (void)state;
    list_init(&list);
    list_init(&other);
    for (int i = 0; i < 5; i++)
        list_append(&list, &items[i].link);
    list_for_each_safe (it, &list) {
        if (container_of(it, struct item, link)->value % 2 == 0)
            continue;
        list_remove(it);
        list_append(&other, it);
    }
    assert_int_equal(as_number(&list), 24);
    assert_int_equal(as_number(&other), 135);
    list_for_each_safe (it, &list)
        list_remove(it);
    assert_true(list_empty(&list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_and_remove),
        cmocka_unit_test(test_removal_while_walking),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
