#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/queue.h"

static struct event numbered(enum event_type type, uint64_t n)
{
    return (struct event){.type = type, .run = n};
}

static void test_keeps_order_over_the_edge(void **state)
{
    struct queue q;
    struct event ev;
    uint64_t in = 0, out = 0;

    (void)state;
    assert_int_equal(queue_init(&q, 1), 0);
    /* Three in, two out, round and round: the ring wraps and grows on the way. */
    for (int i = 0; i < 5000; i++) {
        for (int k = 0; k < 3; k++) {
            ev = numbered(EV_EXITED, in++);
            assert_true(queue_post(&q, &ev));
        }
        for (int k = 0; k < 2; k++) {
            assert_true(queue_take(&q, &ev));
            assert_int_equal(ev.run, out++);
        }
    }
    while (queue_take(&q, &ev))
        assert_int_equal(ev.run, out++);
    assert_int_equal(out, in);
    queue_finish(&q);
}

static void test_room_for_all_units_is_set_aside(void **state)
{
    struct queue q;
    struct event ev = numbered(EV_EXITED, 0);
    const struct event *before;

    (void)state;
    assert_int_equal(queue_init(&q, 100), 0);
    assert_true(queue_empty(&q));
    assert_false(queue_take(&q, &ev));
    before = q.events;
    for (int i = 0; i < 800; i++)
        assert_true(queue_post(&q, &ev));
    assert_ptr_equal(q.events, before);
    assert_false(queue_empty(&q));
    queue_finish(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_order_over_the_edge),
        cmocka_unit_test(test_room_for_all_units_is_set_aside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
