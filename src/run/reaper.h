/* SIGCHLD's answer: reaps what is dead, one path for all, in bounded portions. */
#ifndef REEVE_RUN_REAPER_H
#define REEVE_RUN_REAPER_H

#include <stdbool.h>

struct supervisor;

struct procs;
struct tracker;

/* Reaps a portion. Returns whether more may be waiting. `k` may be NULL (no units yet). */
bool reaper_turn(struct procs *procs, struct tracker *k);

#endif
