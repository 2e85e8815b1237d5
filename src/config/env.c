#include "config/env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void env_init(struct env *e, const struct env *outer, struct arena *arena)
{
    *e = (struct env){.outer = outer, .arena = arena};
    strtab_init(&e->names);
}

void env_finish(struct env *e)
{
    free(e->vars);
    strtab_finish(&e->names);
    e->vars = NULL;
    e->n = e->cap = 0;
}

const char *env_get(const struct env *e, const char *name, size_t name_bytes)
{
    for (; e; e = e->outer) {
        const struct strtab_entry *entry = strtab_find(&e->names, name, name_bytes);

        if (entry)
            return e->vars[entry->value] + name_bytes + 1;
    }
    return NULL;
}

bool env_has_own(const struct env *e, const char *name)
{
    return strtab_find(&e->names, name, strlen(name)) != NULL;
}

/* `var` is "NAME=value" in memory that stays. */
static int put(struct env *e, char *var, size_t name_bytes, bool replace)
{
    struct strtab_entry *entry;
    bool added;

    if (e->n == e->cap) {
        size_t cap = e->cap ? e->cap * 2 : 16;
        char **vars = realloc(e->vars, cap * sizeof *vars);

        if (!vars)
            return -ENOMEM;
        e->vars = vars;
        e->cap = cap;
    }
    entry = strtab_put(&e->names, var, name_bytes, &added);
    if (!entry)
        return -ENOMEM;
    if (added) {
        entry->value = e->n;
        e->vars[e->n++] = var;
    } else if (replace) {
        e->vars[entry->value] = var;
    }
    return 0;
}

int env_set(struct env *e, const char *name, size_t name_bytes, const char *value)
{
    size_t value_bytes = strlen(value);
    char *var = arena_alloc(e->arena, name_bytes + 1 + value_bytes + 1, 1);

    if (!var)
        return -ENOMEM;
    memcpy(var, name, name_bytes);
    var[name_bytes] = '=';
    memcpy(var + name_bytes + 1, value, value_bytes + 1);
    return put(e, var, name_bytes, true);
}

int env_add_list(struct env *e, char *const *list)
{
    for (; list && *list; list++) {
        const char *equals = strchr(*list, '=');
        char *copy;

        if (!equals || equals == *list)
            continue;
        copy = arena_copy(e->arena, *list, strlen(*list));
        if (!copy || put(e, copy, (size_t)(equals - *list), false) < 0)
            return -ENOMEM;
    }
    return 0;
}

char **env_flatten(const struct env *e, size_t *ret_n)
{
    size_t n_outer = e->outer ? e->outer->n : 0;
    char **list = arena_alloc(e->arena, n_outer + e->n + 1, sizeof *list);
    size_t n = n_outer;

    if (!list)
        return NULL;
    if (n_outer)
        memcpy(list, e->outer->vars, n_outer * sizeof *list);
    for (size_t i = 0; i < e->n; i++) {
        size_t name_bytes = (size_t)(strchr(e->vars[i], '=') - e->vars[i]);
        const struct strtab_entry *below =
            e->outer ? strtab_find(&e->outer->names, e->vars[i], name_bytes) : NULL;

        list[below ? below->value : n++] = e->vars[i];
    }
    *ret_n = n;
    return list;
}

bool env_name_ok(const char *name, size_t name_bytes)
{
    for (size_t i = 0; i < name_bytes; i++) {
        char c = name[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return name_bytes > 0;
}

bool env_is_of_units(const char *name, size_t name_bytes)
{
    static const char *const names[] = {"REEVE_UNIT", "REEVE_INSTANCE"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == name_bytes && memcmp(names[i], name, name_bytes) == 0)
            return true;
    }
    return false;
}

bool env_is_of_hooks(const char *name, size_t name_bytes)
{
    static const char *const names[] = {"REEVE_HOOK",   "REEVE_RUN",       "REEVE_MAIN_PID",
                                        "REEVE_REASON", "REEVE_EXIT_CODE", "REEVE_SIGNAL"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == name_bytes && memcmp(names[i], name, name_bytes) == 0)
            return true;
    }
    return false;
}
