/*
 * Durations as people write them: `250ms`, `10s`, `2m`, `1h30m`, `1d`. A bare number is refused
 * (except 0), since its unit would be a guess.
 */
#ifndef REEVE_BASE_DURATION_H
#define REEVE_BASE_DURATION_H

#include <stddef.h>
#include <stdint.h>

/* The largest duration that is taken: 100 years of 365 days. */
#define DURATION_MAX_MS ((int64_t)100 * 365 * 24 * 3600 * 1000)

/* Units from the largest to the smallest, each at most once. 0, or -EINVAL (not a duration),
 * -ERANGE (more than DURATION_MAX_MS). */
int duration_parse(const char *text, int64_t *ret_ms);
/* Writes the two largest units, e.g. "250ms", "1m30s", "3d4h", as duration_parse takes them; the
 * rest is cut. Returns buf, which should have 32 bytes. */
char *duration_format(int64_t ms, char *buf, size_t size_bytes);

#endif
