/*
 * Why a unit is as it is, in a few words, and what can be done: from what Show tells of it and,
 * where that does not say enough, from events and from what is told of other units. Asks nobody
 * itself.
 */
#ifndef REEVE_REEVECTL_CAUSE_H
#define REEVE_REEVECTL_CAUSE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "core/notice.h"

/* Texts without a full stop, not made harmless yet; any may be empty. */
struct cause {
    struct strbuf state;    /* "failed since Sat 2026-11-21 12:00:00 CET, 3m ago" */
    struct strbuf reason;   /* "restart_limit = 5 in 1m was reached" */
    struct strbuf last_run; /* "run 6 lasted 2s, until 3m ago: ended by itself with exit code 1" */
    struct strbuf advice;   /* what to do next: "to try again: reevectl start web" */
};

/* What is known; all borrowed. All but the unit may be NULL, and is done without then. */
struct cause_facts {
    const cJSON *unit;    /* a UnitDetails */
    const cJSON *events;  /* a list of Event: its newest of the types needed, the oldest first */
    const cJSON *health;  /* the newest unit.health, of a unit with cause_needs_health() */
    const cJSON *session; /* the newest session.stopping, of a unit with cause_by_shutdown() */
    const cJSON *other;   /* the UnitDetails of cause_other() */
    const cJSON *above;   /* a list of Unit: those that depend on it, when cause_needs_above() */
};

/* Whether events of the unit of that type may say more than Show does. */
bool cause_needs_events(const cJSON *unit, enum notice_type type);
/* Whether that it is unhealthy is what there is to tell. */
bool cause_needs_health(const cJSON *unit);
/* Whether the shutdown ends it; `events` are those of the facts. */
bool cause_by_shutdown(const cJSON *unit, const cJSON *events);
/* The name of another unit that has to do with it most, or NULL. */
const char *cause_other(const cJSON *unit);
bool cause_needs_above(const cJSON *unit);

/* Starts with {0}; cause_finish() frees it in any case. */
void cause_find(struct cause *c, const struct cause_facts *facts, int64_t now_wall_ms);
void cause_finish(struct cause *c);
/* "; the 5 before it did the same", when the last run failed and several before it just so. */
void cause_add_alike(struct strbuf *b, const cJSON *unit);

#endif
