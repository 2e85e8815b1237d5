/*
 * Whether a unit is healthy: counts what its probes found, and says when that makes a difference.
 * Pure. One of these belongs to each run; with a new run all begins anew.
 */
#ifndef REEVE_CORE_HEALTH_H
#define REEVE_CORE_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/moment.h"
#include "core/probe.h"
#include "core/unit_spec.h"

enum { PROBES_KEPT = 8 };

struct probe_record {
    struct probe_result result;
    int64_t at_wall_ms; /* its end */
    int64_t took_ms;
};

enum healthiness { HEALTHINESS_UNKNOWN, HEALTHINESS_HEALTHY, HEALTHINESS_UNHEALTHY };

struct health {
    enum healthiness is;
    uint32_t n_failures; /* in a row; neither of the start period nor sooner than health_interval */
    int64_t counted_ms;  /* monotonic: the last of these */
    uint64_t n_successes;                               /* of all its probes */
    int64_t last_success_wall_ms, last_failure_wall_ms; /* 0: none */
    struct probe_result last_failure;
    struct probe_record records[PROBES_KEPT]; /* a ring */
    uint32_t n_records, records_at;           /* `records_at`: where the next one goes */
};

void health_begin(struct health *h);
/* Takes a probe's result. `ready_ms`: when the run became ready (monotonic): failures inside
 * health_start_period after that count only once it was healthy, and until it is known how it is,
 * no two count that are closer than health_interval. Returns whether it has become healthy or
 * unhealthy by this. */
bool health_take(struct health *h, const struct unit_spec *spec, struct probe_result result,
                 int64_t took_ms, int64_t ready_ms, struct moment now);
/* The record `back` steps before the newest (0: the newest), or NULL. */
const struct probe_record *health_record(const struct health *h, uint32_t back);
/* When the first probe after becoming ready begins, and each further one after the end of the one
 * before, in milliseconds from now. The first comes at some time within the interval, but no later
 * than a second. As long as it is not known how it is, others may wait for its first success: the
 * distance is a second, or a thirtieth of a long interval. After that success some part of the
 * interval is left out, so that from then on the probes of many units, begun together, are spread
 * over all of it; every other distance is the whole interval. `random` is any 32-bit number. */
int64_t health_first_ms(const struct unit_spec *spec, uint32_t random);
int64_t health_next_ms(const struct health *h, const struct unit_spec *spec, uint32_t random);

/* "healthy", "unhealthy"; NULL for unknown. */
const char *healthiness_name(enum healthiness is);

#endif
