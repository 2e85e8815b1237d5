#include "base/nearest.h"

#include <stdlib.h>
#include <string.h>

enum {
    WORD_MAX = 64, /* longer words are not slips of the hand */
    COST_EDIT = 4, /* insert, delete, replace, or swap neighbours */
    COST_CASE = 1,
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned cost_replace(char a, char b)
{
    if (a == b)
        return 0;
    return lower(a) == lower(b) ? COST_CASE : COST_EDIT;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;

    return m < c ? m : c;
}

/* Damerau-Levenshtein distance (optimal string alignment); both words at most WORD_MAX long. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
    unsigned rows[3][WORD_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];

    for (size_t j = 0; j <= m; j++)
        last[j] = (unsigned)j * COST_EDIT;
    for (size_t i = 1; i <= n; i++) {
        now[0] = (unsigned)i * COST_EDIT;
        for (size_t j = 1; j <= m; j++) {
            now[j] = min3(last[j] + COST_EDIT, now[j - 1] + COST_EDIT,
                          last[j - 1] + cost_replace(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]) && before[j - 2] + COST_EDIT < now[j])
                now[j] = before[j - 2] + COST_EDIT;
        }
        unsigned *spare = before;

        before = last;
        last = now;
        now = spare;
    }
    return last[m];
}

/* The largest distance that still looks like a slip: one edit for short words, about a third of the
 * characters for longer ones. */
static unsigned tolerance(size_t len)
{
    size_t edits = len < 5 ? 1 : (len + 1) / 3;

    return (unsigned)edits * COST_EDIT;
}

const char *nearest_name(const char *word, const char *const *names, size_t n_names)
{
    size_t len = strnlen(word, WORD_MAX + 1);
    const char *best = NULL;
    unsigned best_distance = tolerance(len) + 1;

    if (len == 0 || len > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n_names; i++) {
        size_t name_len = strnlen(names[i], WORD_MAX + 1);
        unsigned d;

        if (name_len > WORD_MAX)
            continue;
        d = distance(word, len, names[i], name_len);
        /* Nothing left of the name means nothing in common with it. */
        if (d < best_distance && d < name_len * COST_EDIT) {
            best = names[i];
            best_distance = d;
        }
    }
    return best;
}
