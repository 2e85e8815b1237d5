/* The clocks, read in one place. REEVE_WALL_OFFSET_MS in a fault build shifts the wall clock. */
#ifndef REEVE_OS_CLOCK_H
#define REEVE_OS_CLOCK_H

#include "core/moment.h"

struct moment clock_now(void);

#endif
