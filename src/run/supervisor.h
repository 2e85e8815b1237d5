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
#include "core/waiting.h"
#include "run/loop.h"

struct event_ring;
struct along;
struct order;
struct procs;
struct told;
struct mistake;
struct rlimit;

struct supervisor;

#define HOLD_MAX_MS (INT64_C(366) * 24 * 3600 * 1000) /* of one hold */

enum tracking { TRACKING_CGROUP, TRACKING_BEST_EFFORT };

/* ---- making ---- */
struct supervisor_options {
    const struct rlimit *nofile; /* what children get back; NULL: what reeved has */
    int64_t shutdown_timeout_ms; /* when the configuration does not say */
    const char *owner_mark;      /* names this daemon on what it makes: see os/cgroup.h */
    struct procs *procs;         /* every child of reeved; must outlive the supervisor */
};
/* Takes over one reference of `set`, also on failure. 0 or negative errno. */
int supervisor_create(struct supervisor **ret, struct loop *loop, struct spec_set *set,
                      const struct supervisor_options *options);
/* Starts what is to be started by itself. */
void supervisor_begin(struct supervisor *s);
/* Nothing may be running any more that should not outlive reeved. NULL is allowed. */
void supervisor_destroy(struct supervisor *s);
/* After SIGCHLD: reaps a portion; returns whether more may wait. */
bool supervisor_reap(struct supervisor *s);
/* Shutdown was asked for by a signal, or (hurry) asked for again: skip to the kill. */
void supervisor_hurry(struct supervisor *s);
/* Everything has ended: the loop may stop. */
bool supervisor_over(const struct supervisor *s);
/* What reeved exits with. */
int supervisor_exit_code(const struct supervisor *s);
/* One log line a unit (SIGUSR2). */
void supervisor_log_states(const struct supervisor *s);

/* ---- looking ---- */
uint32_t supervisor_n_units(const struct supervisor *s);
/* Units by index, in configuration order. Valid for the supervisor's life. */
const struct unit *supervisor_unit(const struct supervisor *s, uint32_t index);
/* The unit with this name, or NULL. */
const struct unit *supervisor_find(const struct supervisor *s, const char *name);
/* How the unit's run is tracked, or its next one would be. */
enum tracking supervisor_tracking(const struct supervisor *s, uint32_t index);
bool supervisor_tracks_by_cgroup(const struct supervisor *s);
const struct daemon_spec *supervisor_daemon_spec(const struct supervisor *s);
/* Adopted processes that belong to no run. Reads /proc. */
uint32_t supervisor_orphans(struct supervisor *s);
bool supervisor_shutting_down(const struct supervisor *s);
/* See order_all_tried(). */
bool supervisor_started(const struct supervisor *s);
int64_t supervisor_uptime_ms(const struct supervisor *s);

/* What holds up the unit's start or stop, if anything. */
void supervisor_waiting(const struct supervisor *s, uint32_t index, struct waiting_for *ret);
/* The order itself, to look at: core/order.h. */
const struct order *supervisor_order(const struct supervisor *s);
/* What its current or last run tells about itself; NULL: it does not notify. */
const struct told *supervisor_told(const struct supervisor *s, uint32_t index);
/* What it got wrong as others did before, in its current or last run, or while it is tried again
 * and not ready in an earlier try; NULL: nothing was seen. Valid until the next turn of the loop.
 */
const struct mistake *supervisor_mistake(const struct supervisor *s, uint32_t index);
/* See order_along(). */
void supervisor_along(struct supervisor *s, bool restart, const bool *asked, struct along *along);

/* ---- asking ---- (0, or -ESHUTDOWN while shutting down, -EACCES for a disabled unit) */
/* Nothing is done about what is asked between these two: so many units asked for in portions are
 * ordered as if asked for at once. They overlap, but not for long: false means that what was asked
 * for before has been held up enough; try again in the next turn. */
bool supervisor_asks_begin(struct supervisor *s);
void supervisor_asks_end(struct supervisor *s);
int supervisor_start(struct supervisor *s, uint32_t index, struct requester who);
int supervisor_stop(struct supervisor *s, uint32_t index, struct requester who);
int supervisor_restart(struct supervisor *s, uint32_t index, struct requester who);
/* Forgets that it failed, and the counters of its restarts. */
int supervisor_reset_failed(struct supervisor *s, uint32_t index, struct requester who);
/* Has it reload its own configuration: reload_signal, or reload_command. -ENOTSUP: it has neither;
 * -ESRCH: it is not running. How it went: OPERATION_RELOAD of core/verdict.h. */
int supervisor_reload(struct supervisor *s, uint32_t index, struct requester who);
/* Whatever would start the unit from now on waits, for so long (up to HOLD_MAX_MS); what runs is
 * left alone. Again: the new time counts. 0 ms: no longer. */
int supervisor_hold(struct supervisor *s, uint32_t index, int64_t for_ms, struct requester who);
/* Begins the shutdown, asked for by a peer or by a signal (0: none); again: nothing changes. */
void supervisor_shutdown(struct supervisor *s, struct requester who, int signal);

/* Who of a run gets a signal. */
enum signal_to { SIGNAL_TO_MAIN, SIGNAL_TO_GROUP, SIGNAL_TO_TREE };
/* Sends a signal at once, also while shutting down; it is not a stop. 0; -ESRCH: nothing is there
 * to get it; -EPERM and the like. */
int supervisor_signal(struct supervisor *s, uint32_t index, int signal, enum signal_to to,
                      struct requester who);

/* Requests reach their units in the order taken, a little later. What had been asked when
 * supervisor_asked() was n has reached its unit once supervisor_done() is n or more. */
uint64_t supervisor_asked(const struct supervisor *s);
uint64_t supervisor_done(const struct supervisor *s);

/* ---- being told ---- */

/* What happened, oldest first: see core/event_ring.h. */
const struct event_ring *supervisor_events(const struct supervisor *s);
/* Names this life of reeved: no other one has the same. */
const char *supervisor_epoch(const struct supervisor *s);

struct listener;
/* Called after each change of phase or record, at the end of a step: the unit may be read, the
 * supervisor may be asked, nothing recurses. `index` UINT32_MAX: no unit changed, but there are new
 * events. */
typedef void listener_fn(struct listener *l, uint32_t index);
struct listener {
    struct list link; // supervisor.listeners
    listener_fn *fn;
    void *owner;
};
void supervisor_listen(struct supervisor *s, struct listener *l);
void supervisor_unlisten(struct listener *l);

#endif
