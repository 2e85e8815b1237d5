/* The ring of events: numbers without gaps, the newest kept, readers at their own pace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/event_ring.h"

static void push(struct event_ring *r, uint64_t run)
{
    struct notice n = {.type = NOTICE_UNIT_STATE, .run = run};

    event_ring_push(r, &n);
}

static void push_many(struct event_ring *r, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        push(r, r->last_seq + 1);
}

/* All that is kept, from after `seq`: in order, without gaps; returns how many. */
static uint32_t read_on(const struct event_ring *r, uint64_t seq)
{
    const struct notice *n;
    uint32_t count = 0;

    while ((n = event_ring_after(r, seq)) != NULL) {
        if (count)
            assert_int_equal(n->seq, seq + 1);
        assert_int_equal(n->run, n->seq);
        seq = n->seq;
        count++;
    }
    assert_true(count == 0 || seq == r->last_seq);
    return count;
}

static void an_empty_ring_has_nothing(void **state)
{
    struct event_ring r;

    (void)state;
    assert_int_equal(event_ring_init(&r, 100), 0);
    assert_null(event_ring_after(&r, 0));
    assert_int_equal(event_ring_first_seq(&r), 1);
    event_ring_finish(&r);
}

static void it_grows_to_what_is_kept_and_no_further(void **state)
{
    static const uint32_t keeps[] = {1, 2, 15, 16, 17, 31, 33, 100, 4096};

    (void)state;
    for (size_t i = 0; i < sizeof keeps / sizeof *keeps; i++) {
        struct event_ring r;

        assert_int_equal(event_ring_init(&r, keeps[i]), 0);
        for (uint32_t n = 1; n <= 3 * keeps[i] + 5; n++) {
            uint32_t kept = n < keeps[i] ? n : keeps[i];

            push_many(&r, 1);
            assert_int_equal(r.last_seq, n);
            assert_int_equal(event_ring_first_seq(&r), n - kept + 1);
            assert_int_equal(event_ring_after(&r, 0)->seq, n - kept + 1);
            assert_true(r.cap <= keeps[i]);
        }
        assert_int_equal(read_on(&r, 0), keeps[i]);
        event_ring_finish(&r);
    }
}

static void a_reader_goes_on_where_it_was(void **state)
{
    struct event_ring r;

    (void)state;
    assert_int_equal(event_ring_init(&r, 64), 0);
    push_many(&r, 40);
    assert_int_equal(read_on(&r, 30), 10);
    assert_int_equal(read_on(&r, 40), 0);
    assert_int_equal(read_on(&r, 1000), 0);
    push_many(&r, 30);
    assert_int_equal(read_on(&r, 40), 30);
    event_ring_finish(&r);
}

static void a_reader_that_is_too_slow_finds_the_oldest(void **state)
{
    struct event_ring r;

    (void)state;
    assert_int_equal(event_ring_init(&r, 16), 0);
    push_many(&r, 100);
    assert_int_equal(event_ring_first_seq(&r), 85);
    assert_int_equal(event_ring_after(&r, 3)->seq, 85);
    assert_int_equal(event_ring_after(&r, 84)->seq, 85);
    assert_int_equal(event_ring_after(&r, 85)->seq, 86);
    event_ring_finish(&r);
}

static void every_type_has_a_word(void **state)
{
    (void)state;
    for (int t = 0; t < NOTICE_COUNT; t++)
        assert_non_null(notice_type_name((enum notice_type)t));
    for (int k = 0; k < REQUEST_COUNT; k++)
        assert_non_null(request_kind_name((enum request_kind)k));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_ring_has_nothing),
        cmocka_unit_test(it_grows_to_what_is_kept_and_no_further),
        cmocka_unit_test(a_reader_goes_on_where_it_was),
        cmocka_unit_test(a_reader_that_is_too_slow_finds_the_oldest),
        cmocka_unit_test(every_type_has_a_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
