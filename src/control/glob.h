/*
 * Shell patterns: * ? [abc] [!a-z]. Unlike fnmatch(3) the time is bounded by the product of both
 * lengths, whatever the pattern: it comes from whoever may open the socket.
 */
#ifndef REEVE_CONTROL_GLOB_H
#define REEVE_CONTROL_GLOB_H

#include <stdbool.h>

/* Whether the text has a character that makes it a pattern. */
bool glob_is_pattern(const char *text);
/* An unclosed [ stands for itself. */
bool glob_matches(const char *pattern, const char *text);

#endif
