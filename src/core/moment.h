/* A point in time as an input: core reads no clock. Deadlines use mono_ms; records use wall_ms. */
#ifndef REEVE_CORE_MOMENT_H
#define REEVE_CORE_MOMENT_H

#include <stdint.h>

struct moment {
    int64_t mono_ms; /* CLOCK_MONOTONIC; always > 0 */
    int64_t wall_ms; /* since 1970 UTC */
};

#endif
