/* A supervisor for tests of control/: units with names, and nothing that moves them. It stands in
 * for run/supervisor.c, so a program that includes it must not need the real one. */
#ifndef REEVE_TEST_FAKE_SUPERVISOR_H
#define REEVE_TEST_FAKE_SUPERVISOR_H

#include <stdlib.h>
#include <string.h>

#include "run/supervisor.h"

struct supervisor {
    struct unit *units;
    struct unit_spec *specs;
    uint32_t n_units;
};

/* `names` must outlive the fake. */
static inline void fake_init(struct supervisor *s, const char *const *names, uint32_t n)
{
    s->units = calloc(n ? n : 1, sizeof *s->units);
    s->specs = calloc(n ? n : 1, sizeof *s->specs);
    s->n_units = n;
    if (!s->units || !s->specs)
        abort();
    for (uint32_t i = 0; i < n; i++) {
        s->specs[i].name = names[i];
        s->units[i].spec = &s->specs[i];
        s->units[i].index = i;
    }
}

static inline void fake_finish(struct supervisor *s)
{
    free(s->units);
    free(s->specs);
}

uint32_t supervisor_n_units(const struct supervisor *s)
{
    return s->n_units;
}

const struct unit *supervisor_unit(const struct supervisor *s, uint32_t index)
{
    return &s->units[index];
}

const struct unit *supervisor_find(const struct supervisor *s, const char *name)
{
    for (uint32_t i = 0; i < s->n_units; i++)
        if (strcmp(s->specs[i].name, name) == 0)
            return &s->units[i];
    return NULL;
}

#endif
