/* The tree from inside, for run/tree*.c only. */
#ifndef REEVE_RUN_TREE_INSIDE_H
#define REEVE_RUN_TREE_INSIDE_H

#include "run/tree.h"

static inline bool tree_by_cgroup(const struct tree *t)
{
    return t->cgroup_fd >= 0;
}

/* ---- tree.c ---- */

void tree_post_killed(struct tree *t, bool main_was_alive, uint32_t leftovers);
/* 0, or what kill(2) said; so the two below. */
int tree_signal_main(const struct tree *t, int sig);
/* The group that main is in. Main must not be reaped. */
int tree_signal_group(const struct tree *t, int sig);
/* The group whose leader this is a pidfd of; -1: nobody's. */
int tree_signal_group_of(int pidfd, int sig);
/* The group of the process that was main before another one took over. */
void tree_signal_first_group(const struct tree *t, int sig);
/* The groups that a main which was reaped has left. */
void tree_signal_orphaned_groups(const struct tree *t, int sig);
/* The stop signal to whom kill_mode says, as far as they are known without reading a cgroup. */
void tree_signal_by_mode(struct tree *t);
/* A kill may have been refused, or there was no descriptor for it: it is repeated soon. */
void tree_kill_again(struct tree *t);

/* ---- tree_crowd.c: by cgroup ---- */

void tree_crowd_init(struct tree *t);
/* Does what is wanted of those in the cgroup, one round after the other; a kill overtakes. */
void tree_crowd_serve(struct tree *t);
/* As tree_send, to all. */
int tree_crowd_send(struct tree *t, int sig);
/* Nobody is spared because the time was up before a kill had come to all of them. */
void tree_crowd_end(struct tree *t);

/* ---- tree_pins.c: best effort ---- */

void tree_pins_init(struct tree *t);
/* Does what is wanted of all, after a look at all descendants: the signal may set them free. A kill
 * looks again: much may have been born since the stop signal, and by it. */
void tree_pins_serve(struct tree *t);
/* To all members. Returns how many it reached that were not killed before. */
uint32_t tree_pins_signal(struct tree *t, int sig);
/* To all members and main. 0, or what kill(2) said. */
int tree_pins_send(struct tree *t, int sig);
/* Main has ended: whoever was to be signalled after the look that is under way is so now. */
void tree_pins_cut_short(struct tree *t);
/* The run is over. */
void tree_pins_end(struct tree *t);

#endif
