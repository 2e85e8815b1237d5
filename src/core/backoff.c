#include "core/backoff.h"

int64_t backoff_delay_ms(int64_t first_ms, int64_t max_ms, uint32_t jitter_percent,
                         uint32_t failures, uint32_t random)
{
    int64_t delay_ms = first_ms;
    uint64_t spread_ms;

    while (failures > 1 && delay_ms > 0 && delay_ms < max_ms) {
        delay_ms *= 2;
        failures--;
    }
    if (delay_ms > max_ms)
        delay_ms = max_ms;
    spread_ms = (uint64_t)delay_ms * jitter_percent / 100;
    /* 2^32 is the range of `random`; the product stays below 2^64 for delays under 49 days. */
    if (spread_ms > UINT32_MAX)
        spread_ms = UINT32_MAX;
    return delay_ms + (int64_t)((spread_ms * random) >> 32);
}
