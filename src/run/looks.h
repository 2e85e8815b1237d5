/*
 * How a unit is looked at, for its readiness and its health: the timer that mirrors
 * unit.look_at_ms, the prober, and the descriptor on which it says that it is ready. Made only for
 * units that have something to look at. What is found is posted as events of the unit.
 */
#ifndef REEVE_RUN_LOOKS_H
#define REEVE_RUN_LOOKS_H

#include "core/unit.h"
#include "run/command.h"
#include "run/loop.h"
#include "run/probe.h"
#include "run/told.h"

struct live;
struct run_slot;
struct spawn_request;

struct looks {
    struct live *live;
    struct timer timer;    /* mirrors unit.look_at_ms */
    int64_t waited_for_ms; /* for this time of it a moment longer */
    struct command_place place;
    struct prober prober;
    struct watch ready;
    char **envp;                     /* with what notifications need; owned; NULL: the spec's */
    char *notify_env, *watchdog_env; /* owned */
    struct told told;                /* by the run, about itself */
    int ready_fd;                    /* ours, of the pipe whose other end the unit has; -1: none */
    int ready_fd_far; /* the other end, from looks_prepare to looks_spawned; -1: none */
};

/* *ret is NULL when there is nothing to look at. 0 or -ENOMEM. */
int looks_create(struct looks **ret, struct live *l);
/* Nothing of a look is left behind. NULL is allowed, here and below. */
void looks_destroy(struct looks *k);
/* Units that notify are to find this socket. 0 or -ENOMEM. */
int looks_set_socket(struct looks *k, const char *name);
/* Whether any of them is a command. */
bool looks_run_commands(const struct looks *k);
/* Where the next reeved finds a command of theirs; NULL: nowhere. */
void looks_set_slot(struct looks *k, struct run_slot *slot);
/* Before a main process is spawned: adds what it is to have. 0, or negative errno. */
int looks_prepare(struct looks *k, struct spawn_request *request);
/* After that, whether or not it came to be. */
void looks_spawned(struct looks *k);
/* ACT_LOOK and ACT_LOOK_AWAY. */
void looks_begin(struct looks *k);
void looks_away(struct looks *k);
/* Whether processes of a look are left, though the run that it was for may be over. */
bool looks_linger(const struct looks *k);
/* To be called before a time of the unit is told to have passed: what it has said already, and
 * nobody has read, is posted first. */
void looks_catch_up(struct looks *k);
/* To be called after each step: mirrors the unit's time, forgets what is over. */
void looks_mirror(struct looks *k);

#endif
