#include "core/health.h"

#include <stddef.h>

enum { SOON_MS = 1000, SOON_PARTS = 30 };

void health_begin(struct health *h)
{
    *h = (struct health){.is = HEALTHINESS_UNKNOWN};
}

static void keep(struct health *h, struct probe_result result, int64_t took_ms, struct moment now)
{
    h->records[h->records_at] = (struct probe_record){
        .result = result,
        .at_wall_ms = now.wall_ms,
        .took_ms = took_ms,
    };
    h->records_at = (h->records_at + 1) % PROBES_KEPT;
    if (h->n_records < PROBES_KEPT)
        h->n_records++;
}

static bool become(struct health *h, enum healthiness is)
{
    bool changed = h->is != is;

    h->is = is;
    return changed;
}

static bool take_success(struct health *h, struct moment now)
{
    h->n_successes++;
    h->n_failures = 0;
    h->last_success_wall_ms = now.wall_ms;
    return become(h, HEALTHINESS_HEALTHY);
}

/* Inside the start period nothing but a success makes it known how it is. */
static bool is_starting(const struct health *h, const struct unit_spec *spec, int64_t ready_ms,
                        struct moment now)
{
    return h->is == HEALTHINESS_UNKNOWN && now.mono_ms - ready_ms < spec->health_start_period_ms;
}

/* As long as it is not known how it is, looks come sooner than the interval: failures in between
 * must not make it unhealthy sooner. What it tells by itself is not hurried. */
static bool is_between(const struct health *h, const struct unit_spec *spec, struct moment now)
{
    return h->is == HEALTHINESS_UNKNOWN && spec->health.kind != PROBE_NOTIFY && h->n_failures > 0 &&
           now.mono_ms - h->counted_ms < spec->health_interval_ms;
}

static bool take_failure(struct health *h, const struct unit_spec *spec, struct probe_result result,
                         int64_t ready_ms, struct moment now)
{
    h->last_failure_wall_ms = now.wall_ms;
    h->last_failure = result;
    if (is_starting(h, spec, ready_ms, now) || is_between(h, spec, now))
        return false;
    h->counted_ms = now.mono_ms;
    if (h->n_failures < UINT32_MAX)
        h->n_failures++;
    return h->n_failures >= spec->health_retries && become(h, HEALTHINESS_UNHEALTHY);
}

bool health_take(struct health *h, const struct unit_spec *spec, struct probe_result result,
                 int64_t took_ms, int64_t ready_ms, struct moment now)
{
    keep(h, result, took_ms, now);
    if (result.how == PROBE_GOOD)
        return take_success(h, now);
    return take_failure(h, spec, result, ready_ms, now);
}

const struct probe_record *health_record(const struct health *h, uint32_t back)
{
    if (back >= h->n_records)
        return NULL;
    return &h->records[(h->records_at + PROBES_KEPT - 1 - back) % PROBES_KEPT];
}

int64_t health_first_ms(const struct unit_spec *spec, uint32_t random)
{
    int64_t within_ms = spec->health_interval_ms < SOON_MS ? spec->health_interval_ms : SOON_MS;

    return within_ms > 0 ? random % within_ms : 0;
}

/* Who looks seldom looks at what is costly: even now only so many times in an interval. */
static int64_t soon_ms(int64_t interval_ms)
{
    int64_t ms = interval_ms / SOON_PARTS;

    if (ms < SOON_MS)
        ms = SOON_MS;
    return ms < interval_ms ? ms : interval_ms;
}

int64_t health_next_ms(const struct health *h, const struct unit_spec *spec, uint32_t random)
{
    const struct probe_record *last = health_record(h, 0);
    int64_t interval_ms = spec->health_interval_ms;

    if (h->is == HEALTHINESS_UNKNOWN)
        return soon_ms(interval_ms);
    if (h->n_successes == 1 && last->result.how == PROBE_GOOD && interval_ms > 0)
        return interval_ms - random % interval_ms;
    return interval_ms;
}

const char *healthiness_name(enum healthiness is)
{
    switch (is) {
    case HEALTHINESS_HEALTHY:
        return "healthy";
    case HEALTHINESS_UNHEALTHY:
        return "unhealthy";
    case HEALTHINESS_UNKNOWN:
        break;
    }
    return NULL;
}
