/*
 * One unit's life: the state machine of services and jobs. Pure: an event, a moment and a random
 * number go in, a changed unit and a list of actions come out. This file's unit_step() is the only
 * writer of a unit's phase, in the daemon as in the simulator.
 */
#ifndef REEVE_CORE_UNIT_H
#define REEVE_CORE_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event.h"
#include "core/health.h"
#include "core/moment.h"
#include "core/outcome.h"
#include "core/records.h"
#include "core/unit_spec.h"

enum { UNKILLABLE_AFTER_MS = 2000 };

/* The public states: same words in JSON, CLI and docs. */
enum unit_state {
    STATE_STOPPED,
    STATE_WAITING,
    STATE_STARTING,
    STATE_RUNNING,
    STATE_STOPPING,
    STATE_KILLING,
    STATE_BACKOFF,
    STATE_COMPLETED,
    STATE_FAILED,
    STATE_COUNT
};

/* The machine's own, finer phases; each shows as one public state (unit_state_of). */
enum unit_phase {
    PHASE_STOPPED,
    PHASE_WAITING,   /* waiting: for the conditions of its start */
    PHASE_STUCK,     /* waiting: for what has failed, until somebody does something about that */
    PHASE_HELD,      /* waiting: somebody holds it, until unit.held_until_ms */
    PHASE_PRE_START, /* starting: its run has a number, and hooks of it are at work, not main yet */
    PHASE_SPAWNING,  /* starting: from the clone to the exec */
    PHASE_PROBING,   /* starting: executing, not ready yet */
    PHASE_RUNNING,   /* running: ready */
    PHASE_PRE_STOP,  /* stopping: main lives and was not told yet; hooks are at work */
    PHASE_ASKED,     /* stopping: main lives; stop_command is asking it to end */
    PHASE_STOPPING,  /* stopping: main was signalled (or asked by stop_command) and lives */
    PHASE_DRAINING,  /* stopping: main has ended, others of its tree are ended */
    PHASE_KILLING,   /* killing: SIGKILL was sent to the tree */
    PHASE_UNKILLABLE,  /* killing: still there UNKILLABLE_AFTER_MS later */
    PHASE_HOOK_ENDING, /* stopping: nothing of main is there; a hook is to end first */
    PHASE_POST_STOP,   /* stopping: the tree is empty; hooks are at work before all is over */
    PHASE_BACKOFF,
    PHASE_COMPLETED,
    PHASE_FAILED,
    PHASE_COUNT
};

enum action_type {
    ACT_SPAWN,      /* start run `run`; answer SPAWNED or SPAWN_ERROR */
    ACT_SIGNAL,     /* stop signal to whom kill_mode says; answer SIGNALLED if main was alive */
    ACT_SURVIVORS,  /* stop signal to what outlived main */
    ACT_KILL,       /* SIGKILL to the whole tree, again whenever more appears; answer KILLED */
    ACT_RELEASE,    /* the run is over: give up its cgroup, pins, watches */
    ACT_CHANGED,    /* the phase changed: tell it, once */
    ACT_RECORDED,   /* the newest record of the unit is final: tell it, once */
    ACT_UNKILLABLE, /* the tree outlives SIGKILL: tell it, once */
    ACT_LOOK, /* begin a look: in PROBING for readiness, in RUNNING for health; answer LOOKED */
    ACT_LOOK_AWAY,   /* its result is not wanted any more */
    ACT_HEALTH,      /* it has become healthy or unhealthy: tell it, once */
    ACT_HOOK,        /* run command unit.hook_at of unit.hook; kill it at unit.hook_by_ms, which may
                      * move; answer HOOKED, and SIGNALLED before that if it is HOOK_STOP and main was
                      * alive */
    ACT_HOOK_STOP,   /* SIGTERM to the command under way; SIGKILL as before; HOOKED still follows */
    ACT_HOOK_AWAY,   /* kill the command under way; no HOOKED follows, but HOOK_GONE */
    ACT_HOOK_FAILED, /* a command failed, see `failed`: tell it, once */
    ACT_RELOAD,      /* reload_signal to main; answer HOOKED of HOOK_RELOAD with how it went */
    ACT_RELOADED,    /* a reload is over, see `reloaded`: tell it, once */
    ACT_COUNT
};

struct action {
    enum action_type type;
    enum unit_phase from; /* ACT_CHANGED */
    enum unit_phase to;
    struct {
        uint64_t run; /* the step may have begun the next one */
        enum hook hook;
        struct hook_failure failure;
    } failed;                     /* ACT_HOOK_FAILED */
    struct probe_result reloaded; /* ACT_RELOADED: how; the step may have begun the next one */
};

enum { UNIT_ACTIONS_MAX = 8 };

struct actions {
    struct action items[UNIT_ACTIONS_MAX];
    unsigned n;
};

struct unit {
    const struct unit_spec *spec; /* not owned; the holder counts the set */
    uint32_t index;
    enum unit_phase phase; /* written by unit_step only */
    /* What core/order has decided; unit_step only reads these. */
    bool wanted;      /* a user, autostart or a schedule wants it up */
    bool goal;        /* up: wanted, or for the sake of a unit whose goal is up */
    uint32_t n_unmet; /* conditions of its start that do not hold now */
    uint32_t n_dead;  /* of these, those that cannot come to hold by themselves */
    bool ready;
    bool main_alive;     /* a main process exists and was not reaped */
    bool tracked_cgroup; /* of the current or last run */
    /* Start again as soon as this run is over: a restart, or a start that came during a stop. */
    bool again;
    /* A stop reached this run: when it is over nothing follows by itself. */
    bool told_down;
    int64_t patience_ms; /* from SIGKILL to unkillable; 0: UNKILLABLE_AFTER_MS */
    int64_t deadline_ms; /* monotonic; 0: none. When it passes, post EV_DEADLINE */
    int64_t since_ms;    /* monotonic: entered the state, whatever the phase */

    int64_t look_at_ms;  /* monotonic; 0: none. When it passes, post EV_LOOK */
    bool looking;        /* a look is under way */
    int64_t watchdog_ms; /* health = notify: how often it is to be fed; 0: it wants none */
    int64_t kill_by_ms;  /* a stop: SIGKILL falls no later, whatever the unit asks for; 0: none */
    bool ready_early;    /* it was ready before the news that it executes */
    int64_t extended_ms; /* until it is told to end, its deadlines are no sooner; 0: as they are */
    struct health health;

    enum hook hook;          /* whose commands are at work; HOOK_NONE */
    uint32_t hook_at;        /* which of them, from 0 */
    int64_t hook_by_ms;      /* monotonic: it is killed then */
    int64_t hook_full_ms;    /* monotonic: the same, did no shutdown make it sooner */
    bool hook_left;          /* something is left of one that was killed */
    int64_t hook_left_by_ms; /* monotonic: then that is unkillable */
    bool tree_gone;          /* main's tree has ended, or there was none and will be none */
    bool hooks_over;         /* POST_STOP has begun */
    int64_t end_by_ms;       /* a stop: all is over no later, POST_STOP included; 0: no such time */
    bool reload_wanted;      /* once more, when the command at work is over */
    uint64_t n_reloads;      /* asked for while it ran, of all runs */
    struct probe_result reload_result; /* of the last reload of this run */

    int64_t held_until_ms; /* monotonic; 0: it is not held */
    int64_t held_until_wall_ms;
    struct requester held_by;
    bool spared; /* it ended while it was held, which does not end reeved */

    uint64_t run; /* number of the current or last run; 0: none yet */
    struct exit_record current;
    int64_t started_ms;         /* monotonic: the run began */
    int64_t spawned_ms;         /* monotonic: main was to be made; 0: not yet */
    int64_t ended_ms;           /* monotonic: main's end */
    int64_t early_kill_wall_ms; /* leftovers were killed when main was dead but not reaped; or 0 */

    uint32_t attempt;           /* tries since asked to start or reset */
    uint32_t failures;          /* in a row, for the backoff */
    uint32_t n_restarts;        /* by policy, since asked to start; shown */
    int64_t next_start_wall_ms; /* in backoff: when the next try is */
    int64_t *restart_times;     /* ring of spec->restart_limit monotonic times; owned */
    uint32_t n_restart_times, restart_at;

    struct records records; /* the last runs */
};

/* `spec` must outlive the unit. 0 or -ENOMEM. */
int unit_init(struct unit *u, const struct unit_spec *spec, uint32_t index);
void unit_finish(struct unit *u);

/*
 * Takes one event. `random` is any 32-bit number (the jitter of the backoff). Fills `out`; an event
 * that means nothing in the phase changes nothing. Never fails and never allocates memory that it
 * could not do without.
 */
void unit_step(struct unit *u, const struct event *ev, struct moment now, uint32_t random,
               struct actions *out);
/* Whether the table has a cell for this pair; else the event is ignored. For tests and logs. */
bool unit_takes(enum unit_phase phase, enum event_type type);

enum unit_state unit_state_of(enum unit_phase phase);
const char *unit_state_name(enum unit_state state);
const char *unit_phase_name(enum unit_phase phase);

static inline bool unit_goal(const struct unit *u)
{
    return u->goal;
}
/* A run exists: something of it may be alive. */
bool unit_has_run(const struct unit *u);
/* The newest record, or NULL. Valid until the next step. */
const struct exit_record *unit_last_record(const struct unit *u);
/* Record `back` steps before the newest (0: the newest), or NULL. */
const struct exit_record *unit_record(const struct unit *u, unsigned back);

#endif
