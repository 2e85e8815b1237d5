/*
 * Whose process is that? Finds the unit in whose running tree a process is, or was when it died.
 */
#ifndef REEVE_RUN_MEMBERSHIP_H
#define REEVE_RUN_MEMBERSHIP_H

#include <stdint.h>
#include <sys/types.h>

struct supervisor;

#define MEMBERSHIP_NONE UINT32_MAX

/*
 * The index of the unit, or MEMBERSHIP_NONE. `pidfd` (-1: none) keeps a number that was given out
 * again from being taken for the process that had it. Found are: the main process of a run, also a
 * dead one until its run is over, or one that was main before; by cgroup whoever is in it or below;
 * in best effort who is in the group or session of the main process, was pinned, or descends from
 * such a one. A process that is dead and was reaped has nothing of that left. By its pidfd the
 * kernel still knows its cgroup (from Linux 6.17 on, not for cgroups that the unit made below its
 * own); else it is nobody's. Reads /proc.
 */
uint32_t membership_find(struct supervisor *s, pid_t pid, int pidfd);

#endif
