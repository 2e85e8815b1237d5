/* ${VAR} and ${VAR:-default} in values. */
#ifndef REEVE_CONFIG_EXPAND_H
#define REEVE_CONFIG_EXPAND_H

#include "base/strbuf.h"
#include "config/arena.h"
#include "config/env.h"

/* The kernel takes no longer argument or variable (32 pages, with the final NUL). */
enum { EXPANDED_MAX_BYTES = 131071 };

/*
 * Expands once: what a variable holds is not looked at again. `$${` is a literal `${`; every other
 * `$` is itself. An unset variable without a default, and any other form of `${`, is an error; the
 * default also stands in for an empty variable, as in a shell. 0 with text in the arena; -ENOMEM;
 * -EINVAL with the problem added to `why`.
 */
int expand(const char *text, const struct env *env, struct arena *arena, const char **ret,
           struct strbuf *why);

#endif
