/* Splits text into words by the quoting rules of a POSIX shell, and by nothing else of a shell. */
#ifndef REEVE_CONFIG_WORDS_H
#define REEVE_CONFIG_WORDS_H

#include <stddef.h>

#include "config/arena.h"

/*
 * White space separates words; '...' is literal; in "..." a backslash escapes only $ ` " \;
 * elsewhere it escapes any character. 0 with a NULL-terminated list in the arena; -ENOMEM; -EINVAL
 * with a constant text in *ret_problem.
 */
int words_split(const char *text, struct arena *arena, char ***ret_words, size_t *ret_n,
                const char **ret_problem);

#endif
