/*
 * Files of variables ("dotenv"): NAME=value in lines, as other programs read them too. Nothing is
 * expanded: what such a file holds is often a secret, and never shown in a message either.
 */
#ifndef REEVE_CONFIG_DOTENV_H
#define REEVE_CONFIG_DOTENV_H

#include <stddef.h>

#include "config/arena.h"
#include "config/errors.h"

struct dotenv {
    char **
        vars; /* "NAME=value", in the order of the file, a name maybe several times; in the arena */
    size_t n;
    uint32_t *lines; /* of each; in the arena */
};

/*
 * Takes all variables of the text; what is wrong is complained about, each at its line of `source`.
 * - Blank lines, and lines whose first visible character is #, mean nothing; `export` before a name
 *   neither, nor does white space around names and values.
 * - A value without quotes goes to the end of its line, or to a # behind white space.
 * - In '...' everything is itself; in "..." \n, \r and \t are what they are in C, \", \\ and \$ the
 *   character, any other backslash itself. Both may go over several lines; only white space and a
 *   comment may follow.
 */
void dotenv_read(struct dotenv *to, const struct source *source, const char *text, size_t len_bytes,
                 struct arena *arena, struct report *report);

#endif
