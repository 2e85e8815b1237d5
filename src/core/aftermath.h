/* What follows a run that ended by itself: the restart policy of services, the retries of jobs.
 * Pure.
 */
#ifndef REEVE_CORE_AFTERMATH_H
#define REEVE_CORE_AFTERMATH_H

#include "core/unit.h"

enum aftermath { AFTERMATH_COMPLETED, AFTERMATH_FAILED, AFTERMATH_AGAIN };

/* Decides, and counts what is counted (failures in a row, restarts inside the window). `success`:
 * of the run in u->current. With AFTERMATH_AGAIN, *ret_delay_ms is how long to wait. */
enum aftermath aftermath_of(struct unit *u, bool success, int64_t now_ms, uint32_t random,
                            int64_t *ret_delay_ms);

#endif
