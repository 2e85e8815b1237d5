/* Which (phase, event) pairs were seen: taken where the table has a cell, ignored elsewhere. */
#include <inttypes.h>
#include <stdio.h>

#include "sim.h"

static uint64_t taken[PHASE_COUNT][EV_COUNT];
static uint64_t ignored[PHASE_COUNT][EV_COUNT];

void coverage_taken(enum unit_phase phase, enum event_type type)
{
    taken[phase][type]++;
}

void coverage_ignored(enum unit_phase phase, enum event_type type)
{
    ignored[phase][type]++;
}

static uint64_t seen(unsigned phase, unsigned type)
{
    return unit_takes((enum unit_phase)phase, (enum event_type)type) ? taken[phase][type]
                                                                     : ignored[phase][type];
}

void coverage_print(void)
{
    printf("%-11s", "");
    for (unsigned e = 0; e < EV_COUNT; e++)
        printf(" %11s", event_name((enum event_type)e));
    printf("\n");
    for (unsigned p = 0; p < PHASE_COUNT; p++) {
        printf("%-11s", unit_phase_name((enum unit_phase)p));
        for (unsigned e = 0; e < EV_COUNT; e++) {
            bool cell = unit_takes((enum unit_phase)p, (enum event_type)e);

            printf(" %*" PRIu64 "%s", cell ? 11 : 10, seen(p, e), cell ? "" : "-");
        }
        printf("\n");
    }
    printf("taken; ignored where a '-' follows\n");
}

unsigned coverage_missing(void)
{
    unsigned missing = 0;

    for (unsigned p = 0; p < PHASE_COUNT; p++) {
        for (unsigned e = 0; e < EV_COUNT; e++) {
            if (seen(p, e))
                continue;
            missing++;
            fprintf(stderr, "sim: never seen: %s in %s\n", event_name((enum event_type)e),
                    unit_phase_name((enum unit_phase)p));
        }
    }
    return missing;
}
