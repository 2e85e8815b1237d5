/* The shutdown's arithmetic: what is kept back, and when SIGKILL falls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/stop_plan.h"

static void reserve_is_a_tenth_of_a_long_budget(void **state)
{
    (void)state;
    assert_int_equal(shutdown_reserve_ms(30000), 3000);
    assert_int_equal(shutdown_reserve_ms(9000), 900);
    assert_int_equal(shutdown_reserve_ms(5010), 501);
}

static void reserve_is_at_least_500_ms(void **state)
{
    (void)state;
    assert_int_equal(shutdown_reserve_ms(5000), 500);
    assert_int_equal(shutdown_reserve_ms(4999), 500);
    assert_int_equal(shutdown_reserve_ms(1001), 500);
    assert_int_equal(shutdown_reserve_ms(1000), 500);
}

static void reserve_is_never_more_than_half(void **state)
{
    (void)state;
    assert_int_equal(shutdown_reserve_ms(999), 499);
    assert_int_equal(shutdown_reserve_ms(2), 1);
    assert_int_equal(shutdown_reserve_ms(1), 0);
    assert_int_equal(shutdown_reserve_ms(0), 0);
    assert_int_equal(shutdown_reserve_ms(-5), 0);
}

static void a_lone_unit_has_all_but_the_reserve(void **state)
{
    (void)state;
    assert_int_equal(shutdown_kill_by_ms(30000, 1000, 1000, 1), 28000);
    assert_int_equal(shutdown_kill_by_ms(30000, 1000, 1000, 0), 28000);
    assert_int_equal(shutdown_kill_by_ms(30000, 1000, 6000, 1), 28000);
}

static void a_chain_shares_what_is_left(void **state)
{
    (void)state;
    assert_int_equal(shutdown_kill_by_ms(30000, 1000, 1000, 3), 1000 + 9000);
    assert_int_equal(shutdown_kill_by_ms(30000, 1000, 10000, 2), 10000 + 9000);
}

static void the_kill_is_never_in_the_past(void **state)
{
    (void)state;
    assert_int_equal(shutdown_kill_by_ms(30000, 1000, 28000, 1), 28000);
    assert_int_equal(shutdown_kill_by_ms(30000, 1000, 99000, 4), 99000);
    assert_int_equal(shutdown_kill_by_ms(0, 1000, 1000, 1), 1000);
    assert_int_equal(shutdown_kill_by_ms(-1, 1000, 1000, 1), 1000);
}

static void the_end_is_the_reserve_after_the_last_kill(void **state)
{
    const int64_t century_ms = INT64_C(100) * 366 * 86400 * 1000;

    (void)state;
    assert_int_equal(shutdown_last_kill_ms(9000, 50), 50 + 8100);
    assert_int_equal(shutdown_end_ms(9000, 50), 50 + 9000);
    assert_int_equal(shutdown_end_ms(century_ms, 1) - shutdown_last_kill_ms(century_ms, 1),
                     century_ms / 10);
    assert_int_equal(shutdown_end_ms(-1, 7), 7);
}

static void patience_is_two_seconds_inside_the_reserve(void **state)
{
    (void)state;
    assert_int_equal(shutdown_patience_ms(600000), 2000);
    assert_int_equal(shutdown_patience_ms(20000), 2000);
    assert_int_equal(shutdown_patience_ms(19990), 1999);
    assert_int_equal(shutdown_patience_ms(4000), 500);
    assert_int_equal(shutdown_patience_ms(100), 50);
}

static void patience_is_never_0(void **state)
{
    (void)state;
    assert_int_equal(shutdown_patience_ms(1), 1);
    assert_int_equal(shutdown_patience_ms(0), 1);
    assert_int_equal(shutdown_patience_ms(-1), 1);
}

/* ---- chains: one after the other, each told when the one before is gone ---- */

enum { CHAIN_MAX = 1000, BUDGET_LEAST_MS = 100, BUDGET_MOST_MS = 600000 };

static const int64_t begun_ms = 1234567;

struct chain {
    int64_t budget_ms, last_kill_ms;
    uint32_t n;
    int64_t share_ms[CHAIN_MAX]; /* what each was given, from being told to SIGKILL */
    int64_t longest_death_ms;    /* from SIGKILL to the end */
    int64_t over_ms;
};

static int64_t between(int64_t least, int64_t most)
{
    return least +
           (int64_t)((((uint64_t)rand() << 31) | (uint64_t)rand()) % (uint64_t)(most - least + 1));
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void make_chain(struct chain *c)
{
    /* As many short budgets as long ones. */
    int64_t most_ms = BUDGET_LEAST_MS << between(0, 12);

    *c = (struct chain){0};
    c->budget_ms = between(BUDGET_LEAST_MS, earlier(most_ms, BUDGET_MOST_MS));
    c->last_kill_ms = shutdown_last_kill_ms(c->budget_ms, begun_ms);
    c->n = (uint32_t)between(1, between(1, CHAIN_MAX));
}

/* Stops unit number `i`, which is told at now_ms; the time when it is gone. polite_percent: of the
 * units, those that end by themselves somewhere inside their share. */
static int64_t stop_one(struct chain *c, uint32_t i, int64_t now_ms, int polite_percent,
                        int64_t death_most_ms)
{
    int64_t kill_ms = shutdown_kill_by_ms(c->budget_ms, begun_ms, now_ms, c->n - i);
    int64_t death_ms = between(0, death_most_ms);

    assert_true(kill_ms >= now_ms);
    assert_true(kill_ms <= c->last_kill_ms);
    if (i + 1 == c->n)
        assert_int_equal(kill_ms, c->last_kill_ms);
    c->share_ms[i] = kill_ms - now_ms;
    if (between(1, 100) <= polite_percent)
        return between(now_ms, kill_ms);
    if (death_ms > c->longest_death_ms)
        c->longest_death_ms = death_ms;
    return kill_ms + death_ms;
}

/* All of the chain; those whose turn has not come at T - R are killed then. Returns how many had
 * their turn. */
static uint32_t stop_chain(struct chain *c, int polite_percent, int64_t death_most_ms)
{
    int64_t now_ms = begun_ms;

    for (uint32_t i = 0; i < c->n; i++) {
        if (now_ms > c->last_kill_ms) {
            c->over_ms = c->last_kill_ms + c->longest_death_ms;
            return i;
        }
        now_ms = stop_one(c, i, now_ms, polite_percent, death_most_ms);
    }
    c->over_ms = now_ms;
    return c->n;
}

static void the_deaf_share_alike_to_the_millisecond(void **state)
{
    static struct chain c;

    (void)state;
    srand(1);
    for (int round = 0; round < 2000; round++) {
        int64_t all_ms;

        make_chain(&c);
        assert_int_equal(stop_chain(&c, 0, 0), c.n);
        all_ms = c.last_kill_ms - begun_ms;
        assert_int_equal(c.over_ms, c.last_kill_ms); /* and nothing is given away */
        for (uint32_t i = 0; i < c.n; i++)
            assert_in_range(c.share_ms[i], all_ms / c.n, (all_ms + c.n - 1) / c.n);
    }
}

/* Whatever dying costs, all is over a death after T - R; and that costs each of the others only
 * their part of it. */
static void slow_deaths_stay_inside_the_budget(void **state)
{
    static struct chain c;

    (void)state;
    srand(2);
    for (int round = 0; round < 2000; round++) {
        int64_t death_most_ms = between(0, 20);
        double lost_ms = 1;
        uint32_t n;

        make_chain(&c);
        n = stop_chain(&c, 0, death_most_ms);
        assert_true(c.over_ms <= c.last_kill_ms + c.longest_death_ms);
        assert_true(c.over_ms <= shutdown_end_ms(c.budget_ms, begun_ms));
        for (uint32_t i = 0; i < n; i++) {
            double fair_ms = (double)(c.last_kill_ms - begun_ms) / c.n;

            assert_true((double)c.share_ms[i] >= fair_ms - lost_ms);
            lost_ms += i + 1 < c.n ? (double)death_most_ms / (c.n - i - 1) : 0;
        }
    }
}

/* What polite ones leave goes to those after them. */
static void who_ends_early_leaves_the_time_to_the_others(void **state)
{
    static struct chain c;

    (void)state;
    srand(3);
    for (int round = 0; round < 2000; round++) {
        make_chain(&c);
        assert_int_equal(stop_chain(&c, 50, 0), c.n);
        assert_true(c.over_ms <= c.last_kill_ms);
        for (uint32_t i = 1; i < c.n; i++)
            assert_true(c.share_ms[i] >= c.share_ms[i - 1]);
    }
}

/* ---- any graph ---- */

enum { GRAPH_UNITS = 40 };

/* Unit A stops before B: only ever A < B. */
struct graph {
    bool before[GRAPH_UNITS][GRAPH_UNITS];
    uint32_t chain[GRAPH_UNITS]; /* the longest, from it on */
    uint32_t longest;
};

static void make_graph(struct graph *g)
{
    int64_t percent = between(0, between(1, 60));

    *g = (struct graph){0};
    for (int a = GRAPH_UNITS - 1; a >= 0; a--) {
        g->chain[a] = 1;
        for (int b = a + 1; b < GRAPH_UNITS; b++) {
            g->before[a][b] = between(1, 100) <= percent;
            if (g->before[a][b] && g->chain[b] >= g->chain[a])
                g->chain[a] = g->chain[b] + 1;
        }
        if (g->chain[a] > g->longest)
            g->longest = g->chain[a];
    }
}

/* All of them deaf: each still has what it would have in the longest chain, and none is killed
 * after T - R. */
static void in_any_graph_nobody_has_less_than_in_the_longest_chain(void **state)
{
    static struct graph g;
    static struct chain c;

    (void)state;
    srand(5);
    for (int round = 0; round < 2000; round++) {
        int64_t gone_ms[GRAPH_UNITS];

        make_chain(&c);
        make_graph(&g);
        for (int b = 0; b < GRAPH_UNITS; b++) {
            int64_t now_ms = begun_ms;

            for (int a = 0; a < b; a++)
                if (g.before[a][b] && gone_ms[a] > now_ms)
                    now_ms = gone_ms[a];
            gone_ms[b] = shutdown_kill_by_ms(c.budget_ms, begun_ms, now_ms, g.chain[b]);
            assert_true(gone_ms[b] <= c.last_kill_ms);
            if (g.chain[b] == 1) /* nothing stops after it: also who is beside all chains */
                assert_int_equal(gone_ms[b], c.last_kill_ms);
            assert_true(gone_ms[b] - now_ms >= (c.last_kill_ms - begun_ms) / g.longest);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reserve_is_a_tenth_of_a_long_budget),
        cmocka_unit_test(reserve_is_at_least_500_ms),
        cmocka_unit_test(reserve_is_never_more_than_half),
        cmocka_unit_test(a_lone_unit_has_all_but_the_reserve),
        cmocka_unit_test(a_chain_shares_what_is_left),
        cmocka_unit_test(the_kill_is_never_in_the_past),
        cmocka_unit_test(the_end_is_the_reserve_after_the_last_kill),
        cmocka_unit_test(patience_is_two_seconds_inside_the_reserve),
        cmocka_unit_test(patience_is_never_0),
        cmocka_unit_test(the_deaf_share_alike_to_the_millisecond),
        cmocka_unit_test(slow_deaths_stay_inside_the_budget),
        cmocka_unit_test(who_ends_early_leaves_the_time_to_the_others),
        cmocka_unit_test(in_any_graph_nobody_has_less_than_in_the_longest_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
