/*
 * The supervisor: all units, the event queue, and what carries actions out. The only way to change
 * a unit is to ask here; the answer comes as changes that listeners are told of. Single-threaded.
 */
#ifndef REEVE_RUN_SUPERVISOR_H
#define REEVE_RUN_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "core/event.h"
#include "core/unit.h"
#include "run/loop.h"

struct supervisor;

enum tracking { TRACKING_CGROUP, TRACKING_BEST_EFFORT };

/* ---- looking ---- */
uint32_t supervisor_n_units(const struct supervisor *s);
/* Units by index, in configuration order. Valid for the supervisor's life. */
const struct unit *supervisor_unit(const struct supervisor *s, uint32_t index);
/* The unit with this name, or NULL. */
const struct unit *supervisor_find(const struct supervisor *s, const char *name);
enum tracking supervisor_tracking(const struct supervisor *s, uint32_t index);
const struct daemon_spec *supervisor_daemon_spec(const struct supervisor *s);
/* Adopted processes that belong to no run. */
uint32_t supervisor_orphans(const struct supervisor *s);
bool supervisor_shutting_down(const struct supervisor *s);
/* True once every autostart unit was ready, completed or failed one attempt. */
bool supervisor_started(const struct supervisor *s);
int64_t supervisor_uptime_ms(const struct supervisor *s);

/* ---- asking ---- (0, or -ESHUTDOWN while shutting down, -EACCES for a disabled unit) */
int supervisor_start(struct supervisor *s, uint32_t index, struct requester who);
int supervisor_stop(struct supervisor *s, uint32_t index, struct requester who);
int supervisor_restart(struct supervisor *s, uint32_t index, struct requester who);
/* Begins the shutdown; again: nothing changes. */
void supervisor_shutdown(struct supervisor *s, struct requester who);

/* ---- being told ---- */
struct listener;
/* Called after each change of phase or record, at the end of a step: the unit may be read, the
 * supervisor may be asked, nothing recurses. `index` UINT32_MAX: the daemon's own state changed. */
typedef void listener_fn(struct listener *l, uint32_t index);
struct listener {
    struct list link; // supervisor.listeners
    listener_fn *fn;
    void *owner;
};
void supervisor_listen(struct supervisor *s, struct listener *l);
void supervisor_unlisten(struct listener *l);

#endif
