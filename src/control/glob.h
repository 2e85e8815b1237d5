/*
 * Shell patterns: * ? [abc] [!a-z]. Compiled once, then each text costs one step a character,
 * whatever the pattern: it comes from whoever may open the socket.
 */
#ifndef REEVE_CONTROL_GLOB_H
#define REEVE_CONTROL_GLOB_H

#include <stdbool.h>
#include <stdint.h>

enum { GLOB_ELEMENTS_MAX = 63 };

/* The pattern without its stars is a row of elements, each of which takes one character. */
struct glob {
    uint64_t takes[256]; /* by character: bit n: element n takes it */
    uint64_t stars;      /* bit n: a star stands before element n, or at the end */
    unsigned n_elements; /* beyond GLOB_ELEMENTS_MAX it matches nothing: no unit's name is longer */
};

/* Whether the text has a character that makes it a pattern. */
bool glob_is_pattern(const char *text);
/* An unclosed [ stands for itself. */
void glob_compile(struct glob *g, const char *pattern);
bool glob_matches(const struct glob *g, const char *text);

#endif
