/* What the daemon's log says of its units: one line for each thing a person would want to know. */
#ifndef REEVE_RUN_REPORT_H
#define REEVE_RUN_REPORT_H

#include "core/mistake.h"
#include "core/unit.h"

struct supervisor;

void report_changed(const struct supervisor *s, const struct unit *u, enum unit_phase from,
                    enum unit_phase to);
void report_record(const struct supervisor *s, const struct unit *u);
/* It has become healthy or unhealthy. */
void report_health(const struct unit *u);
/* A command of a hook failed: what ACT_HOOK_FAILED says. */
void report_hook(const struct unit *u, const struct action *failed);
/* A reload is over; one that failed was told as the failure of its command. */
void report_reloaded(const struct unit *u, struct probe_result result);
/* It was seen to do what is often got wrong: what, and what would be right. */
void report_mistake(const struct supervisor *s, const struct unit *u, const struct mistake *m);
void report_unkillable(const struct unit *u);
/* The same of a command that looked at it. */
void report_look_unkillable(const struct unit *u);
void report_state(const struct unit *u);

#endif
