/*
 * Why a unit is as it is, in a few words, and what can be done: from what Show tells of it and,
 * where no record of a run can tell, from the event that can. Asks nobody itself.
 */
#ifndef REEVE_REEVECTL_CAUSE_H
#define REEVE_REEVECTL_CAUSE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/* Texts without a full stop, not made harmless yet; any may be empty. */
struct cause {
    struct strbuf state;    /* "failed since Sat 2026-11-21 12:00:00 CET, 3m ago" */
    struct strbuf reason;   /* "restart_limit = 5 in 1m was reached" */
    struct strbuf last_run; /* "run 6 lasted 2s, until 3m ago: ended by itself with exit code 1" */
    struct strbuf advice;   /* what to do next: "to try again: reevectl start web" */
};

/* Which type of Event of the unit has to be known as well, or NULL. */
const char *cause_event_type(const cJSON *unit);
/* `unit` is a UnitDetails. `event` is the newest of that type, or NULL when there is none. Starts
 * with {0}; cause_finish() frees it in any case. */
void cause_find(struct cause *c, const cJSON *unit, const cJSON *event, int64_t now_wall_ms);
void cause_finish(struct cause *c);
/* "; the 5 before it did the same", when the last run failed and several before it just so. */
void cause_add_alike(struct strbuf *b, const cJSON *unit);

#endif
