#include "base/duration.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int64_t ms;
} units[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};

enum { N_UNITS = sizeof units / sizeof units[0] };

/* The unit whose name is exactly the letters at `text`, or N_UNITS. */
static size_t unit_at(const char *text, size_t *ret_len_bytes)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz");
    size_t i = 0;

    while (i < N_UNITS && (strlen(units[i].name) != len || memcmp(units[i].name, text, len) != 0))
        i++;
    *ret_len_bytes = len;
    return i;
}

/* Decimal digits at *at; saturates just above the maximum. */
static int64_t digits_at(const char **at)
{
    int64_t n = 0;

    for (; **at >= '0' && **at <= '9'; (*at)++) {
        if (n <= DURATION_MAX_MS)
            n = n * 10 + (**at - '0');
    }
    return n;
}

int duration_parse(const char *text, int64_t *ret_ms)
{
    int64_t total = 0;
    size_t next_unit = 0;
    bool too_large = false;

    if (strcmp(text, "0") == 0) {
        *ret_ms = 0;
        return 0;
    }
    if (*text == '\0')
        return -EINVAL;
    while (*text) {
        const char *start = text;
        int64_t n = digits_at(&text);
        size_t len, unit = unit_at(text, &len);

        if (text == start || unit == N_UNITS || unit < next_unit)
            return -EINVAL;
        next_unit = unit + 1;
        text += len;
        if (n > (DURATION_MAX_MS - total) / units[unit].ms)
            too_large = true;
        else
            total += n * units[unit].ms;
    }
    if (too_large)
        return -ERANGE;
    *ret_ms = total;
    return 0;
}

char *duration_format(int64_t ms, char *buf, size_t size_bytes)
{
    const char *sign = ms < 0 ? "-" : "";
    uint64_t left = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;
    size_t i = 0;

    while (i < N_UNITS - 1 && left < (uint64_t)units[i].ms)
        i++;
    uint64_t first = left / (uint64_t)units[i].ms;

    left -= first * (uint64_t)units[i].ms;
    uint64_t second = i + 1 < N_UNITS ? left / (uint64_t)units[i + 1].ms : 0;

    if (second)
        snprintf(buf, size_bytes, "%s%" PRIu64 "%s%" PRIu64 "%s", sign, first, units[i].name,
                 second, units[i + 1].name);
    else if (first)
        snprintf(buf, size_bytes, "%s%" PRIu64 "%s", sign, first, units[i].name);
    else
        snprintf(buf, size_bytes, "0s");
    return buf;
}
