#include "control/closure.h"

#include <errno.h>
#include <stdlib.h>

/* Dependencies and units looked at in one portion: well below a millisecond. */
enum { LOOKED_PER_STEP = 16384 };

struct closure {
    const struct supervisor *s;
    bool *among;     /* by index; owned */
    uint32_t *found; /* each of them once, in the order found; owned */
    uint32_t n_found;
    /* where the looking is */
    uint32_t at; /* in `found` */
    uint32_t at_dependency;
};

static void find(struct closure *c, uint32_t unit)
{
    if (c->among[unit])
        return;
    c->among[unit] = true;
    c->found[c->n_found++] = unit;
}

int closure_create(struct closure **ret, const struct supervisor *s, const struct selection *from)
{
    uint32_t n = supervisor_n_units(s);
    struct closure *c = calloc(1, sizeof *c);

    *ret = NULL;
    if (!c)
        return -ENOMEM;
    c->s = s;
    c->among = calloc(n ? n : 1, sizeof *c->among);
    c->found = malloc((n ? n : 1) * sizeof *c->found);
    if (!c->among || !c->found) {
        closure_destroy(c);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < from->n; i++)
        find(c, from->indexes[i]);
    *ret = c;
    return 0;
}

static int look_portion(struct closure *c)
{
    for (int n = 0; n < LOOKED_PER_STEP && c->at < c->n_found; n++) {
        const struct unit_spec *spec = supervisor_unit(c->s, c->found[c->at])->spec;

        if (c->at_dependency < spec->n_dependencies) {
            find(c, spec->dependencies[c->at_dependency++].unit);
        } else {
            c->at++;
            c->at_dependency = 0;
        }
    }
    return c->at < c->n_found ? -EAGAIN : 0;
}

int closure_step(struct closure *c, struct selection *ret)
{
    int r = look_portion(c);

    *ret = (struct selection){NULL, 0};
    if (r < 0)
        return r;
    ret->indexes = malloc((c->n_found ? c->n_found : 1) * sizeof *ret->indexes);
    if (!ret->indexes)
        return -ENOMEM;
    for (uint32_t i = 0; ret->n < c->n_found; i++)
        if (c->among[i])
            ret->indexes[ret->n++] = i;
    return 0;
}

void closure_destroy(struct closure *c)
{
    if (!c)
        return;
    free(c->among);
    free(c->found);
    free(c);
}
