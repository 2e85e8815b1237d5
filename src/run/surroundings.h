/* What every process of a unit is born into, its main process and the commands beside it alike. */
#ifndef REEVE_RUN_SURROUNDINGS_H
#define REEVE_RUN_SURROUNDINGS_H

#include "core/unit_spec.h"
#include "os/spawn.h"

/* Fills in user, environment, directory, umask, output and limits; the rest (argv, cgroup_fd, slot,
 * run) is left as it is. `nofile`: the limit to give back; NULL: none. Nothing is copied. */
void surroundings_fill(struct spawn_request *request, const struct unit_spec *spec,
                       const struct rlimit *nofile);

#endif
