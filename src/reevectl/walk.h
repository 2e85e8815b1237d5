/* The units that arguments name, one after the other, with everything reeved tells of them. */
#ifndef REEVE_REEVECTL_WALK_H
#define REEVE_REEVECTL_WALK_H

#include "reevectl/call.h"

/* Takes the reply to Show; returns an exit code. */
typedef int walk_visit(struct session *s, const cJSON *reply);

/*
 * Calls Show for each unit that the arguments name, once each, in the order of the arguments, and
 * hands each reply to `visit`. Returns the worst exit code: no such unit, then failure, then
 * whatever `visit` returned. Goes on after a unit that is not there, ends with a failure.
 */
int walk_units(struct session *s, char **args, size_t n_args, walk_visit *visit);

#endif
