/*
 * What can happen to a unit. Events are small plain data, posted to one queue and stepped through
 * the unit machine one by one; the results of the actions come back as further events.
 */
#ifndef REEVE_CORE_EVENT_H
#define REEVE_CORE_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/moment.h"
#include "core/outcome.h"

enum event_type {
    EV_START,       /* someone wants the unit up: by, requester */
    EV_STOP,        /* someone wants it down: by, requester, kill_by_ms */
    EV_RESTART,     /* stop and start again, or start: by, requester */
    EV_BOUNCE,      /* a dependency takes it along: stop, and start again: by, requester */
    EV_CONDITIONS,  /* what its start waits for has changed: see unit.n_unmet */
    EV_RESET,       /* forget that it failed: by, requester */
    EV_RELOAD,      /* reload its configuration, by reload_signal or reload_command: requester */
    EV_HOLD,        /* keep it from starting until then, or no longer: hold */
    EV_HOOKED,      /* the result of a command of a hook: hooked */
    EV_HOOK_GONE,   /* what was left of one that could not be ended, or was not to go on, is gone */
    EV_SPAWNED,     /* clone succeeded: pid, cgroup */
    EV_SPAWN_ERROR, /* no process came to be: stage, errnum */
    EV_EXECED,      /* the command is executing */
    EV_EXEC_ERROR,  /* the child could not: stage, errnum; its exit follows */
    EV_READY,       /* it says that it is ready, by notify or fd */
    EV_LOOK,        /* the time of unit.look_at_ms has come */
    EV_LOOKED,      /* the result of a look: looked */
    EV_EXTEND,      /* it asks for more time: extend_ms */
    EV_WATCHDOG,    /* it wants another time for its watchdog: watchdog_ms */
    EV_MAINPID,     /* another process of its tree is its main one from now on: main_pid */
    EV_FED,         /* it fed the watchdog; trigger: it says that it is not well */
    EV_SIGNALLED,   /* the stop signal reached a main that was alive */
    EV_KILLED,      /* SIGKILL was sent: main_alive, leftovers */
    EV_EXITED,      /* the main process has ended: status, tree_empty */
    EV_TREE_EMPTY,  /* no process of the run is left */
    EV_DEADLINE,    /* the unit's deadline passed */
    EV_COUNT
};

struct event {
    enum event_type type;
    uint32_t unit; /* index of the unit */
    uint64_t run;  /* the run it speaks of; an event of an older run is dropped. 0: any run */
    union {
        struct {
            enum requested_by by;
            struct requester requester;
            int64_t kill_by_ms;  /* monotonic; SIGKILL no later than this. 0: the unit's own time */
            int64_t patience_ms; /* from SIGKILL to unkillable. 0: UNKILLABLE_AFTER_MS */
        } ask;
        struct {
            pid_t pid;
            bool cgroup;
        } spawned;
        struct {
            enum start_stage stage;
            int errnum;
        } error;
        struct {
            int64_t until_ms; /* monotonic; 0: no longer */
            int64_t until_wall_ms;
            struct requester requester;
        } hold;
        struct {
            enum hook hook;
            uint32_t command; /* its number, from 0 */
            struct probe_result result;
            enum start_stage stage; /* of its error */
            /* It was killed, and something of it (or of the one before, that it waited for) is
             * still there: HOOK_GONE follows. That is dropped before it is stepped if by then
             * something else is left, of which another one follows. */
            bool left;
        } hooked;
        struct {
            struct probe_result result;
            int64_t took_ms;
        } looked;
        struct {
            bool trigger;
        } fed;
        int64_t extend_ms;   /* from now */
        int64_t watchdog_ms; /* 0: none any more */
        pid_t main_pid;
        struct {
            bool main_alive;
            uint32_t leftovers;
        } killed;
        struct {
            struct exit_status status;
            struct moment at; /* when it was seen, which may be a while before the step */
            bool tree_empty;  /* no survivor can exist; else a TREE_EMPTY follows */
        } exited;
    } u;
};

const char *event_name(enum event_type type);

#endif
