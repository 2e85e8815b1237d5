/*
 * Durations as people write them: `250ms`, `10s`, `2m`, `1h30m`, `1d`; a bare number is refused
 * (except 0), since its unit would be a guess. Sizes: `64K`, `10M`, `1G`, or plain bytes.
 */
#ifndef REEVE_BASE_DURATION_H
#define REEVE_BASE_DURATION_H

#include <stddef.h>
#include <stdint.h>

/* 0, or -EINVAL (not a duration), -ERANGE (more than 100 years). */
int duration_parse(const char *text, int64_t *ret_ms);
/* Writes the two largest units, e.g. "250ms", "1m 30s", "3d 4h"; returns buf. */
char *duration_format(int64_t ms, char *buf, size_t size_bytes);

#endif
