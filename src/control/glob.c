#include "control/glob.h"

#include <string.h>

bool glob_is_pattern(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}

/* What the bracket expression that begins at `p` takes; returns what follows it, NULL when it is
 * not closed. */
static const char *bracket(const char *p, bool takes[256])
{
    bool negated = p[1] == '!' || p[1] == '^';
    const char *first = p + 1 + negated;
    const char *at = first;

    memset(takes, negated, 256);
    for (; *at && (*at != ']' || at == first); at++) {
        unsigned low = (unsigned char)*at, high = low;

        if (at[1] == '-' && at[2] && at[2] != ']') {
            high = (unsigned char)at[2];
            at += 2;
        }
        for (unsigned c = low; c <= high; c++)
            takes[c] = !negated;
    }
    return *at ? at + 1 : NULL;
}

/* What the element at `p` takes; returns what follows it. */
static const char *element(const char *p, bool takes[256])
{
    const char *end = *p == '[' ? bracket(p, takes) : NULL;

    if (end)
        return end;
    memset(takes, *p == '?', 256);
    takes[(unsigned char)*p] = true;
    return p + 1;
}

void glob_compile(struct glob *g, const char *pattern)
{
    bool takes[256];

    memset(g, 0, sizeof *g);
    while (*pattern && g->n_elements <= GLOB_ELEMENTS_MAX) {
        uint64_t bit = UINT64_C(1) << g->n_elements;

        if (*pattern == '*') {
            g->stars |= bit;
            pattern++;
            continue;
        }
        pattern = element(pattern, takes);
        for (unsigned c = 0; c < 256; c++)
            if (takes[c])
                g->takes[c] |= bit;
        g->n_elements++;
    }
}

bool glob_matches(const struct glob *g, const char *text)
{
    /* Bit n: what was read so far can be taken by the first n elements and the stars among them. */
    uint64_t reached = 1;

    if (g->n_elements > GLOB_ELEMENTS_MAX)
        return false;
    for (; *text && reached; text++)
        reached = (reached & g->takes[(unsigned char)*text]) << 1 | (reached & g->stars);
    return reached >> g->n_elements & 1;
}
