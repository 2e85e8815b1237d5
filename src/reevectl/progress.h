/*
 * What is on its way, on a terminal: a block of lines on standard error that is drawn again in its
 * place, one line a unit, until it is cleared for what stays. Shows nothing of what ends within a
 * moment, and nothing at all where a line cannot be cleared.
 */
#ifndef REEVE_REEVECTL_PROGRESS_H
#define REEVE_REEVECTL_PROGRESS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "reevectl/terminal.h"

struct progress {
    struct terminal *terminal; /* not owned; measured anew for each drawing */
    const char *waiting;       /* not owned; shown while no unit is known: "waiting for web" */
    struct list units;         /* progress_unit.link, as they were first told */
    struct map by_name;
    size_t n_units;
    int64_t show_at_ms; /* the times of a monotonic clock */
    int64_t drawn_at_ms;
    bool changed;
    unsigned n_drawn; /* lines on the terminal now */
};

void progress_init(struct progress *p, struct terminal *terminal, const char *waiting,
                   int64_t now_ms);
/* Clears the block and frees everything. */
void progress_finish(struct progress *p);

/* What to show while no unit is known; not owned, may be NULL. */
void progress_wait_for(struct progress *p, const char *waiting);
/* A unit moved: it came to this state `since_ms` ago (-1: just now); what holds it up, and the hook
 * at work, are read from `about` (a Unit or Progress of the protocol). Without memory it is not
 * shown. */
void progress_put(struct progress *p, const char *unit, const char *state, const cJSON *about,
                  int64_t since_ms, int64_t now_ms);
/* A unit is where it should be, or never will. */
void progress_drop(struct progress *p, const char *unit);
void progress_drop_all(struct progress *p);

/* Draws the block when it is time; to be called every PROGRESS_TICK_MS. */
enum { PROGRESS_TICK_MS = 100 };
void progress_tick(struct progress *p, int64_t now_ms);
/* Takes the block away, for something else to be printed; the next tick brings it back. */
void progress_clear(struct progress *p);

/* The block as text, its lines separated by newlines; returns how many there are. */
unsigned progress_write(const struct progress *p, int64_t now_ms, struct strbuf *out);

#endif
