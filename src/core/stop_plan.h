/*
 * How a shutdown spends its budget: shutdown_timeout (T) is the longest it takes, and a reserve (R)
 * at its end is kept for the last kill and for what ends after the units. Pure arithmetic in
 * milliseconds; run/ carries it out.
 */
#ifndef REEVE_CORE_STOP_PLAN_H
#define REEVE_CORE_STOP_PLAN_H

#include <stdint.h>

/* R = min(T/2, max(500, T/10)). A budget below 0 counts as 0. */
int64_t shutdown_reserve_ms(int64_t budget_ms);

/*
 * When SIGKILL falls, at the latest, on a unit that is told to stop now: an equal part of what is
 * left of T - R for each of the `chain` units still to stop one after the other, itself included
 * (0 counts as 1). `begun_ms` and `now_ms` are monotonic. Never before now, and so never 0: the
 * answer can be given as an event's kill_by_ms.
 */
int64_t shutdown_kill_by_ms(int64_t budget_ms, int64_t begun_ms, int64_t now_ms, uint32_t chain);

/*
 * How long reeved waits after a SIGKILL before it goes on without the unit: two seconds, but no
 * longer than R. Never 0, which as an event's patience_ms would mean the default.
 */
int64_t shutdown_patience_ms(int64_t budget_ms);

/* When what remains of any unit is killed: T - R after the shutdown began. */
int64_t shutdown_last_kill_ms(int64_t budget_ms, int64_t begun_ms);

/* When reeved ends whatever is left: T after the shutdown began. */
int64_t shutdown_end_ms(int64_t budget_ms, int64_t begun_ms);

#endif
