#include "control/glob.h"

#include <stddef.h>
#include <string.h>

bool glob_is_pattern(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}

/* The text behind a bracket expression that begins at `p`, and whether it has `c`; NULL when it is
 * not closed. */
static const char *bracket(const char *p, char c, bool *ret_has)
{
    bool negated = p[1] == '!' || p[1] == '^';
    const char *at = p + 1 + negated;
    const char *first = at;
    bool has = false;

    for (; *at && (*at != ']' || at == first); at++) {
        char low = *at, high = *at;

        if (at[1] == '-' && at[2] && at[2] != ']') {
            high = at[2];
            at += 2;
        }
        has = has || (c >= low && c <= high);
    }
    *ret_has = has != negated;
    return *at ? at + 1 : NULL;
}

/* Whether the element of the pattern at `p` takes the character `c`; what follows the element. */
static bool takes(const char *p, char c, const char **ret_next)
{
    bool has;

    *ret_next = p + 1;
    if (*p == '?')
        return true;
    if (*p == '[') {
        const char *next = bracket(p, c, &has);

        if (next) {
            *ret_next = next;
            return has;
        }
    }
    return *p == c;
}

bool glob_matches(const char *pattern, const char *text)
{
    const char *star = NULL;  /* behind the last star */
    const char *retry = NULL; /* where what follows it is tried */
    const char *next;

    /* Only the last star ever needs another try: what an earlier one took can stay taken. */
    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (*pattern && takes(pattern, *text, &next)) {
            pattern = next;
            text++;
        } else if (star) {
            pattern = star;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}
