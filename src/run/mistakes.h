/*
 * The classic mistakes of core/mistake.h, seen in what happens to a unit. What can be read in
 * passing is (its tree, its children); what may block or take long is left to a short-lived child
 * (run/mistake_search.h). A mistake is told once: log, event, and supervisor_mistake().
 *
 * What it costs is bounded: at most one such child at a time, at most one a second for all units
 * together, only for the first MISTAKE_TRIES tries of a unit since it was asked to start; of what
 * waits for its turn no more than SEARCHES_MAX are kept, and the rest is passed over in silence. So
 * a storm of crashes costs one look at /proc a second, for as long as units are tried anew in it.
 */
#ifndef REEVE_RUN_MISTAKES_H
#define REEVE_RUN_MISTAKES_H

#include "core/mistake.h"
#include "core/unit.h"
#include "run/errand.h"
#include "run/loop.h"
#include "run/mistake_search.h"

struct live;
struct supervisor;

enum { SEARCHES_MAX = 16 };

/* Of one unit. */
struct mistake_signs {
    uint64_t run;             /* the last that a main process was spawned for */
    uint64_t spawned_ticks;   /* that was then; ticks as of proc_stat.start_ticks */
    int64_t before_ms;        /* from the beginning of the run until then */
    uint64_t signalled_ticks; /* the stop signal was sent; 0: not in this run */
    struct mistake *last;     /* that was seen; owned; NULL: none, or no memory for it */
};

/* Of all of them. */
struct mistakes {
    struct mistake_case waiting[SEARCHES_MAX]; /* for a search: a ring */
    uint32_t first, n;
    struct mistake_case now; /* being searched */
    bool searching;
    struct errand errand;
    int memfd;             /* its result; -1: none */
    int64_t not_before_ms; /* monotonic: of the next */
    struct timer timer;
};

void mistakes_init(struct supervisor *s);
/* Whatever is on its way is not told any more. */
void mistakes_finish(struct supervisor *s);
/* To be called before an action is carried out. */
void mistakes_see(struct live *l, const struct action *a);
void mistakes_forget(struct live *l);
/* See supervisor_mistake(). */
const struct mistake *mistakes_of(const struct live *l);

#endif
