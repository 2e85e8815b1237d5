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
    uint32_t n_unseen; /* not looked at yet */
    uint32_t n_ever_wanted;
    uint32_t n_open;   /* of those ever wanted: not done */
    uint32_t n_failed; /* of all */
    enum end_cause cause;
    uint32_t unit; /* its change made that so */
};

/* `daemon` must outlive it. 0 or -ENOMEM. */
int ends_init(struct ends *e, const struct daemon_spec *daemon, uint32_t n_units);
void ends_finish(struct ends *e);
/* To be called for every unit once all that start by themselves are wanted, then whenever a unit or
 * whether it is wanted has changed. Again for the same changes nothing. */
void ends_look(struct ends *e, const struct unit *u);
/* Why the shutdown is to begin now; *ret_unit is the unit whose change was the last straw (with
 * END_NONE it is not set). By reason of exit_when only when every unit was looked at. To be asked
 * when nothing is left to be done about the changes looked at, since a failed unit may start
 * others. */
enum end_cause ends_due(const struct ends *e, uint32_t *ret_unit);
/* What reeved exits with, all units having ended, or been given up. `requested`: somebody asked for
 * the shutdown. `units`: by index, all of them. Never 0 when exit_code_from names a unit that never
 * ran. */
int ends_exit_code(const struct ends *e, struct unit *const *units, bool requested);

/* The words of the protocol: "essential", "on_failed", "any_failed", "all_done"; "none". */
const char *end_cause_name(enum end_cause cause);

#endif
