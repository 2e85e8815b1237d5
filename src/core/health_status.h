/*
 * The one word for how the whole is doing, and the counts behind it. Pure: the units are added one
 * by one, then asked about.
 */
#ifndef REEVE_CORE_HEALTH_STATUS_H
#define REEVE_CORE_HEALTH_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/unit.h"

enum health_status {
    HEALTH_STOPPING,
    HEALTH_STARTING,
    HEALTH_UNHEALTHY,
    HEALTH_DEGRADED,
    HEALTH_HEALTHY,
    HEALTH_STATUS_COUNT
};

struct health_tally {
    uint32_t total;
    uint32_t by_state[STATE_COUNT];
    uint32_t n_up;                /* goal up */
    uint32_t n_up_working;        /* of these: running or completed */
    uint32_t n_up_lacking;        /* of these: neither ready and not unhealthy, nor completed */
    uint32_t n_essential_bad;     /* failed or unhealthy */
    uint32_t n_autostart_lacking; /* autostart units that are neither ready nor completed */
};

/* `tally` begins as all zero. */
void health_tally_add(struct health_tally *tally, const struct unit *u);
/* The first matching line of DESIGN §5, "Health". `started`: see order_all_tried(). */
enum health_status health_status_of(const struct health_tally *tally, bool shutting_down,
                                    bool started);
/* Every autostart unit is ready or completed. */
bool health_ready(const struct health_tally *tally);
const char *health_status_name(enum health_status status);

#endif
