#include "os/clock.h"

#include <stdlib.h>
#include <time.h>

#include "os/faults.h"

static int64_t read_ms(clockid_t clock)
{
    struct timespec t = {0, 0};

    clock_gettime(clock, &t); /* cannot fail for these two clocks */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#ifdef REEVE_FAULTS
/* By the environment for a whole life, or by the fault table (in seconds) for jumps in between. */
static int64_t wall_offset_ms(void)
{
    const char *text = getenv("REEVE_WALL_OFFSET_MS");

    return (text ? strtoll(text, NULL, 10) : 0) + (int64_t)fault_value("wall_clock") * 1000;
}
#else
static int64_t wall_offset_ms(void)
{
    return 0;
}
#endif

struct moment clock_now(void)
{
    struct moment now = {read_ms(CLOCK_MONOTONIC), read_ms(CLOCK_REALTIME) + wall_offset_ms()};

    if (now.mono_ms < 1)
        now.mono_ms = 1; /* the first millisecond after boot: 0 means "no deadline" */
    return now;
}
