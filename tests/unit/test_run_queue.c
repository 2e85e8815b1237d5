#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/queue.h"

static struct event numbered(uint64_t n)
{
    return (struct event){.type = EV_START, .run = n};
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
            ev = numbered(in++);
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

static void test_requests_leave_room_for_exits(void **state)
{
    struct queue q;
    struct event ev = numbered(0);
    uint32_t taken = 0;

    (void)state;
    assert_int_equal(queue_init(&q, 100), 0);
    while (queue_has_room(&q, 1)) {
        assert_true(queue_post(&q, &ev));
        taken++;
    }
    assert_true(taken >= 100);             /* one request a unit always fits */
    assert_true(q.cap - taken >= 100 * 8); /* and eight events of each unit still do */
    queue_finish(&q);
}

static void test_empty(void **state)
{
    struct queue q;
    struct event ev;

    (void)state;
    assert_int_equal(queue_init(&q, 0), 0);
    assert_false(queue_take(&q, &ev));
    queue_finish(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_order_over_the_edge),
        cmocka_unit_test(test_requests_leave_room_for_exits),
        cmocka_unit_test(test_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
