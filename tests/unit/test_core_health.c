/* Whether a unit is healthy, told in stories of its probes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/health.h"

enum { READY_MS = 5000, WALL_MS = 1000000 };

/* One probe a second from READY_MS on: + succeeds, - fails. After each: H it has become healthy, U
 * unhealthy, . neither. */
static const struct story {
    const char *name;
    uint32_t retries;
    int64_t start_period_ms;
    const char *probes, *expected;
    uint32_t n_failures; /* at the end */
} stories[] = {
    {"the first success", 3, 0, "+", "H", 0},
    {"it is told once", 3, 0, "+++", "H..", 0},
    {"too few failures", 3, 0, "+--", "H..", 2},
    {"enough failures", 3, 0, "+---", "H..U", 3},
    {"never healthy", 3, 0, "---", "..U", 3},
    {"unhealthy is told once", 2, 0, "-----", ".U...", 5},
    {"a success between begins the count anew", 3, 0, "+--+--+", "H......", 0},
    {"one success is enough", 3, 0, "---+", "..UH", 0},
    {"and enough failures again", 2, 0, "--+-+--", ".UH...U", 2},
    {"a single failure", 1, 0, "-+-", "UHU", 1},
    {"failures of the start period do not count", 2, 3500, "------", "....U.", 3},
    {"its end is the first that counts", 1, 3000, "---", "..U", 1},
    {"it is over with the first success", 2, 60000, "-+--", ".H.U", 2},
    {"and does not come back", 2, 60000, "+--+--", "H.UH.U", 2},
};

static struct moment at(unsigned n)
{
    return (struct moment){READY_MS + 1000 * (int64_t)n, WALL_MS + 1000 * (int64_t)n};
}

static char probed(struct health *h, const struct unit_spec *spec, char how, unsigned n)
{
    struct probe_result result = {.how = PROBE_GOOD};

    if (how == '-')
        result = (struct probe_result){PROBE_EXITED, (int)n};
    if (!health_take(h, spec, result, 10 * (int64_t)n, READY_MS, at(n)))
        return '.';
    return h->is == HEALTHINESS_HEALTHY ? 'H' : 'U';
}

static void test_stories(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        const struct story *story = &stories[i];
        struct unit_spec spec = {.health_retries = story->retries,
                                 .health_start_period_ms = story->start_period_ms};
        char told[32] = "";
        struct health h;

        health_begin(&h);
        assert_int_equal(h.is, HEALTHINESS_UNKNOWN);
        for (unsigned n = 0; story->probes[n]; n++)
            told[n] = probed(&h, &spec, story->probes[n], n + 1);
        if (strcmp(told, story->expected) != 0)
            fail_msg("%s: %s instead of %s", story->name, told, story->expected);
        if (h.n_failures != story->n_failures)
            fail_msg("%s: %u failures in a row", story->name, h.n_failures);
    }
}

/* A run begins anew, whatever the one before was like. */
static void test_a_new_run(void **state)
{
    struct unit_spec spec = {.health_retries = 1};
    struct health h;

    (void)state;
    health_begin(&h);
    (void)probed(&h, &spec, '-', 1);
    assert_int_equal(h.is, HEALTHINESS_UNHEALTHY);
    health_begin(&h);
    assert_int_equal(h.is, HEALTHINESS_UNKNOWN);
    assert_int_equal(h.n_failures, 0);
    assert_int_equal(h.last_failure_wall_ms, 0);
    assert_null(health_record(&h, 0));
}

static void test_what_is_kept(void **state)
{
    struct unit_spec spec = {.health_retries = 3, .health_start_period_ms = 2500};
    const struct probe_record *r;
    struct health h;

    (void)state;
    health_begin(&h);
    assert_null(health_record(&h, 0));
    /* A failure of the start period is a failure all the same. */
    (void)probed(&h, &spec, '-', 1);
    assert_int_equal(h.last_failure_wall_ms, WALL_MS + 1000);
    assert_int_equal(h.last_failure.how, PROBE_EXITED);
    assert_int_equal(h.last_failure.code, 1);
    assert_int_equal(h.last_success_wall_ms, 0);
    (void)probed(&h, &spec, '+', 2);
    assert_int_equal(h.last_success_wall_ms, WALL_MS + 2000);
    assert_int_equal(h.last_failure_wall_ms, WALL_MS + 1000);
    assert_int_equal(h.last_failure.code, 1);

    r = health_record(&h, 0);
    assert_int_equal(r->result.how, PROBE_GOOD);
    assert_int_equal(r->took_ms, 20);
    assert_int_equal(r->at_wall_ms, WALL_MS + 2000);
    assert_int_equal(health_record(&h, 1)->result.code, 1);
    assert_null(health_record(&h, 2));

    for (unsigned n = 3; n <= 20; n++)
        (void)probed(&h, &spec, '-', n);
    for (uint32_t back = 0; back < PROBES_KEPT; back++)
        assert_int_equal(health_record(&h, back)->result.code, 20 - back);
    assert_null(health_record(&h, PROBES_KEPT));
    assert_null(health_record(&h, UINT32_MAX));
}

static void test_the_first_ones_are_soon_and_spread(void **state)
{
    struct unit_spec spec = {.health_interval_ms = 30000};
    uint32_t quarters[4] = {0};

    (void)state;
    for (uint32_t i = 0; i < 4000; i++) {
        int64_t ms = health_first_ms(&spec, i * 2654435761u);

        assert_in_range(ms, 0, 999);
        quarters[ms / 250]++;
    }
    for (int q = 0; q < 4; q++)
        assert_in_range(quarters[q], 900, 1100);
    spec.health_interval_ms = 100;
    for (uint32_t i = 0; i < 1000; i++)
        assert_in_range(health_first_ms(&spec, i * 2654435761u), 0, 99);
    spec.health_interval_ms = 0;
    assert_int_equal(health_first_ms(&spec, 7), 0);
}

/* Units that began together are spread over the whole interval by their second probe; afterwards
 * each keeps its pace. */
static void test_the_next_ones(void **state)
{
    struct unit_spec spec = {.health_interval_ms = 30000, .health_retries = 3};
    uint32_t quarters[4] = {0};
    struct health h;

    (void)state;
    health_begin(&h);
    (void)probed(&h, &spec, '+', 2);
    for (uint32_t i = 0; i < 4000; i++) {
        int64_t ms = health_next_ms(&h, &spec, i * 2654435761u);

        assert_in_range(ms, 1, 30000);
        quarters[(ms - 1) / 7500]++;
    }
    for (int q = 0; q < 4; q++)
        assert_in_range(quarters[q], 900, 1100);
    (void)probed(&h, &spec, '-', 3);
    assert_int_equal(health_next_ms(&h, &spec, 12345), 30000);
    (void)probed(&h, &spec, '+', 4);
    assert_int_equal(health_next_ms(&h, &spec, 12345), 30000);
}

/* Somebody may wait for its first success. */
static void test_until_it_is_known_looks_come_soon(void **state)
{
    struct unit_spec spec = {.health_interval_ms = 30000, .health_retries = 3};
    struct health h;

    (void)state;
    health_begin(&h);
    assert_int_equal(health_next_ms(&h, &spec, 12345), 1000);
    (void)probed(&h, &spec, '-', 1);
    assert_int_equal(health_next_ms(&h, &spec, 12345), 1000);
    spec.health_interval_ms = 400;
    assert_int_equal(health_next_ms(&h, &spec, 12345), 400);
    spec.health_interval_ms = 3600000; /* not thousands of looks */
    assert_int_equal(health_next_ms(&h, &spec, 12345), 120000);
}

/* That they come soon makes nobody unhealthy sooner than looks at the interval would. */
static void test_nor_is_it_unhealthy_any_sooner(void **state)
{
    struct unit_spec spec = {.health_interval_ms = 30000, .health_retries = 3};
    struct health h;

    (void)state;
    health_begin(&h);
    for (unsigned n = 1; n < 61; n++)
        assert_int_equal(probed(&h, &spec, '-', n), '.');
    assert_int_equal(h.n_failures, 2);
    assert_int_equal(probed(&h, &spec, '-', 61), 'U');
    assert_int_equal(health_next_ms(&h, &spec, 12345), 30000);
    (void)probed(&h, &spec, '-', 62); /* from now on each counts */
    assert_int_equal(h.n_failures, 4);

    /* Nobody looks sooner at what tells by itself, in a time of its own. */
    spec.health.kind = PROBE_NOTIFY;
    health_begin(&h);
    for (unsigned n = 1; n < 3; n++)
        assert_int_equal(probed(&h, &spec, '-', n), '.');
    assert_int_equal(probed(&h, &spec, '-', 3), 'U');
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(healthiness_name(HEALTHINESS_HEALTHY), "healthy");
    assert_string_equal(healthiness_name(HEALTHINESS_UNHEALTHY), "unhealthy");
    assert_null(healthiness_name(HEALTHINESS_UNKNOWN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stories),
        cmocka_unit_test(test_a_new_run),
        cmocka_unit_test(test_what_is_kept),
        cmocka_unit_test(test_the_first_ones_are_soon_and_spread),
        cmocka_unit_test(test_the_next_ones),
        cmocka_unit_test(test_until_it_is_known_looks_come_soon),
        cmocka_unit_test(test_nor_is_it_unhealthy_any_sooner),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
