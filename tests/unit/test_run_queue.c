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
            assert_true(queue_take(&q, LANE_FACTS, &ev));
            assert_int_equal(ev.run, out++);
        }
    }
    while (queue_take(&q, LANE_FACTS, &ev))
        assert_int_equal(ev.run, out++);
    assert_int_equal(out, in);
    queue_finish(&q);
}

/* However many ask, a stop of every unit still fits without new memory, and so do all facts. */
static void test_requests_leave_room(void **state)
{
    struct queue q;
    struct event ev = numbered(EV_START, 0);
    uint32_t asked = 0;

    (void)state;
    assert_int_equal(queue_init(&q, 100), 0);
    while (queue_takes_requests(&q)) {
        assert_true(queue_post(&q, &ev));
        asked++;
    }
    assert_true(asked >= 100);
    assert_true(q.lanes[LANE_ASKS].cap - asked >= 100);
    assert_int_equal(q.lanes[LANE_FACTS].n, 0);
    queue_finish(&q);
}

static void test_facts_do_not_wait_for_asks(void **state)
{
    struct queue q;
    struct event ev;

    (void)state;
    assert_int_equal(queue_init(&q, 1), 0);
    assert_true(queue_empty(&q));
    assert_false(queue_take(&q, LANE_FACTS, &ev));
    ev = numbered(EV_STOP, 1);
    assert_true(queue_post(&q, &ev));
    ev = numbered(EV_SPAWNED, 2);
    assert_true(queue_post(&q, &ev));
    assert_true(queue_take(&q, LANE_FACTS, &ev));
    assert_int_equal(ev.run, 2);
    assert_true(queue_take(&q, LANE_ASKS, &ev));
    assert_int_equal(ev.run, 1);
    assert_true(queue_empty(&q));
    queue_finish(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_order_over_the_edge),
        cmocka_unit_test(test_requests_leave_room),
        cmocka_unit_test(test_facts_do_not_wait_for_asks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
