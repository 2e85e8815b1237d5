/* The tracker from inside, for run/tracker*.c only. */
#ifndef REEVE_RUN_TRACKER_INSIDE_H
#define REEVE_RUN_TRACKER_INSIDE_H

#include "run/tracker.h"

/* Whether a scan leaves this child of ours out (arg: the tracker): its own end tells all of it. */
bool tracker_skips(pid_t pid, void *arg);
/* The pinned process of this number, or NULL. */
struct member *tracker_member(struct tracker *k, pid_t pid);
/* Drops the members that are no more and that no pidfd tells about. */
void tracker_refresh_members(struct tracker *k, struct tree *t);

#endif
