/* Units with all that they depend on, directly or not: found in portions, since hundreds of
 * thousands of dependencies take a while. */
#ifndef REEVE_CONTROL_CLOSURE_H
#define REEVE_CONTROL_CLOSURE_H

#include "control/select.h"
#include "run/supervisor.h"

struct closure;

/* Begins with these units, which stay the caller's. 0 or -ENOMEM. `s` must outlive it. */
int closure_create(struct closure **ret, const struct supervisor *s, const struct selection *from);
/* One portion. -EAGAIN: more remains; else it is over: 0, with the units in *ret, which is the
 * caller's then; -ENOMEM. */
int closure_step(struct closure *c, struct selection *ret);
/* NULL is allowed. */
void closure_destroy(struct closure *c);

#endif
