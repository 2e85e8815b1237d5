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

/*
 * Text that would mean something to a shell, although none is run: the first word that is '|', '>'
 * and the like, unquoted. NULL when there is none; else what would be right instead, with the word
 * at *ret_at, *ret_len bytes long. The text is one that words_split takes. Only what is hardly ever
 * meant as it is written counts: "a;b" or ">=1" does not.
 */
const char *words_shell_sign(const char *text, const char **ret_at, size_t *ret_len);

#endif
