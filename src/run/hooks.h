/*
 * The commands that a unit's hooks, its stop and its reload consist of, run one at a time when the
 * machine says so (ACT_HOOK and what is beside that), with what they are told in their environment.
 * A unit without any has none of this.
 */
#ifndef REEVE_RUN_HOOKS_H
#define REEVE_RUN_HOOKS_H

#include <stdbool.h>

#include "run/command.h"

struct live;
struct run_slot;

enum { HOOK_VARIABLES = 6, HOOK_VARIABLE_BYTES = 48 };

struct hooks {
    struct live *live;
    struct command_place place;
    struct command command;
    enum hook hook; /* the one at work, and which of its commands: what its result is told with */
    uint32_t at;
    char **envp; /* the unit's, and what is told to hooks; owned */
    char variables[HOOK_VARIABLES][HOOK_VARIABLE_BYTES];
};

/* *ret is NULL when the unit has no such commands. 0 or -ENOMEM. */
int hooks_create(struct hooks **ret, struct live *l);
/* Kills what is at work, without waiting for its end. NULL is allowed, here and below. */
void hooks_destroy(struct hooks *h);
/* For its processes, should reeved be killed. */
void hooks_set_slot(struct hooks *h, struct run_slot *slot);

/* What the machine wants: the actions of these names. Results are posted. */
void hooks_run(struct hooks *h);
void hooks_stop(struct hooks *h);
void hooks_away(struct live *l);
void hooks_reload(struct live *l);
/* Mirrors unit.hook_by_ms. */
void hooks_mirror(struct hooks *h);

/* Whether something is left of a command that is over for the machine. */
bool hooks_linger(const struct hooks *h);

#endif
