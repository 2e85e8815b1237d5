/*
 * An environment in layers: a unit's own variables over those of reeved. Variables keep the order
 * in which they were first set. Strings live in the arena.
 */
#ifndef REEVE_CONFIG_ENV_H
#define REEVE_CONFIG_ENV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strtab.h"
#include "config/arena.h"

struct env {
    const struct env *outer; /* looked at for what is not here; NULL: nothing */
    struct arena *arena;
    char **vars; /* "NAME=value"; owned */
    size_t n, cap;
    struct strtab names; /* value: index in vars */
};

void env_init(struct env *e, const struct env *outer, struct arena *arena);
void env_finish(struct env *e);
/* The value, from this layer or an outer one; NULL when it is not set. */
const char *env_get(const struct env *e, const char *name, size_t name_bytes);
/* Whether this very layer sets it. */
bool env_has_own(const struct env *e, const char *name);
/* Sets or replaces in this layer. 0 or -ENOMEM. */
int env_set(struct env *e, const char *name, size_t name_bytes, const char *value);
/* Adds what a NULL-terminated K=V list holds; of equal names the first counts, as for getenv. */
int env_add_list(struct env *e, char *const *list);
/* All variables of this layer over those of the outer one (which must be the outermost), as a
 * NULL-terminated list in the arena; NULL when memory ran out. */
char **env_flatten(const struct env *e, size_t *ret_n);
/* Whether the characters are a name of a variable: letters, digits and _, no digit first. */
bool env_name_ok(const char *name, size_t name_bytes);
/* Whether it is one of those that reeve sets in every unit. */
bool env_is_of_units(const char *name, size_t name_bytes);
/* Whether it is one of those that only hooks get, when they run (core/hook.h): it is in no layer.
 */
bool env_is_of_hooks(const char *name, size_t name_bytes);

#endif
