/*
 * When reeved ends by itself, and what it exits with: the keys essential, on_failed, exit_when and
 * exit_code_from (DESIGN §4). Pure: hears of each change of a unit, keeps a tally of those that are
 * not done, and says when it is time.
 */
#ifndef REEVE_CORE_ENDS_H
#define REEVE_CORE_ENDS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/unit.h"

/* Why reeved shuts down by itself. */
enum end_cause {
    END_NONE,
    END_ESSENTIAL,  /* an essential unit ended for good */
    END_ON_FAILED,  /* a unit with on_failed = shutdown failed for good */
    END_ANY_FAILED, /* exit_when = any-failed: some unit failed for good */
    END_ALL_DONE,   /* exit_when: every unit ever wanted is done */
    END_COUNT
};

struct ends {
    const struct daemon_spec *daemon; /* not owned */
    uint8_t *seen;                    /* by index: what was counted of the unit; owned */
    uint32_t n_units;
    uint32_t n_ever_wanted, n_open; /* of those ever wanted: not done */
};

/* 0 or -ENOMEM. */
int ends_init(struct ends *e, const struct daemon_spec *daemon, uint32_t n_units);
void ends_finish(struct ends *e);
/* To be called when the unit or whether it is wanted has changed. */
void ends_look(struct ends *e, const struct unit *u);
/* Whether the shutdown is to begin now, by reason of exit_when; never before all units that start
 * by themselves were looked at once. */
enum end_cause ends_due(const struct ends *e);
/* What reeved exits with. `requested`: somebody asked for the shutdown. */
int ends_exit_code(const struct ends *e, struct unit *const *units, bool requested);

/* The words of the protocol: "essential", "on_failed", "any_failed", "all_done". */
const char *end_cause_name(enum end_cause cause);

#endif
