/* How long to wait before the next try. Pure: the randomness is an input. */
#ifndef REEVE_CORE_BACKOFF_H
#define REEVE_CORE_BACKOFF_H

#include <stdint.h>

/*
 * first_ms doubled for each failure after the first, at most max_ms, plus up to jitter_percent of
 * that: the jitter only ever adds, so nothing restarts earlier than configured. `failures` counts
 * from 1. A first_ms above max_ms is cut to it.
 */
int64_t backoff_delay_ms(int64_t first_ms, int64_t max_ms, uint32_t jitter_percent,
                         uint32_t failures, uint32_t random);

#endif
