/* Which (phase, event) pairs were seen: taken where the table has a cell, ignored elsewhere. */
#include <inttypes.h>
#include <stdio.h>

#include "sim.h"

static uint64_t taken[PHASE_COUNT][EV_COUNT];
static uint64_t ignored[PHASE_COUNT][EV_COUNT];
static uint64_t spread[SPREAD_COUNT][4];

void coverage_taken(enum unit_phase phase, enum event_type type)
{
    taken[phase][type]++;
}

void coverage_ignored(enum unit_phase phase, enum event_type type)
{
    ignored[phase][type]++;
}

void coverage_spread(enum spread_of of, unsigned quarter)
{
    spread[of][quarter]++;
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
    for (unsigned s = 0; s < SPREAD_COUNT; s++)
        printf("spread of the %s looks: %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
               s == SPREAD_FIRST ? "first" : "second", spread[s][0], spread[s][1], spread[s][2],
               spread[s][3]);
}

/* Each quarter of the time has its share, more or less. */
static unsigned badly_spread(enum spread_of of)
{
    uint64_t all = spread[of][0] + spread[of][1] + spread[of][2] + spread[of][3];

    for (unsigned q = 0; q < 4; q++) {
        if (all > 1000 && spread[of][q] > all / 5 && spread[of][q] < all * 3 / 10)
            continue;
        fprintf(stderr, "sim: %" PRIu64 " of %" PRIu64 " %s looks in quarter %u\n", spread[of][q],
                all, of == SPREAD_FIRST ? "first" : "second", q);
        return 1;
    }
    return 0;
}

unsigned coverage_missing(void)
{
    unsigned missing = badly_spread(SPREAD_FIRST) + badly_spread(SPREAD_SECOND);

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
