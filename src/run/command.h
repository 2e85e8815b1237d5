/*
 * A command beside the main process of a unit: a probe, and later hooks. Spawned like a main process
 * (user, directory, environment, limits), but in a process tree of its own, with a deadline, after
 * which the whole tree is killed; what it leaves behind when it ends is killed, too. Its result is
 * told when nothing of it is left.
 */
#ifndef REEVE_RUN_COMMAND_H
#define REEVE_RUN_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "core/outcome.h"
#include "run/loop.h"
#include "run/tree.h"

struct command_end {
    bool late;                 /* killed at its deadline; the rest says nothing then */
    int error;                 /* errno of what kept it from executing, at `stage`; 0: none */
    enum start_stage stage;
    struct exit_status status; /* when it executed */
};

struct command;
typedef void command_done_fn(struct command *c, const struct command_end *end);

struct command {
    struct tree tree;
    const struct unit_spec *spec;
    struct loop *loop;
    struct timer deadline;
    struct watch exec;
    int exec_fd;
    bool about_to_exec;
    bool running; /* until nothing of it is left */
    bool told_off; /* abandoned: nobody hears of its end */
    struct command_end end;
    command_done_fn *done;
    void *owner;
};

void command_init(struct command *c, struct loop *loop, struct tracker *tracker,
                  const struct unit_spec *spec, uint32_t unit, const char *what,
                  command_done_fn *done, void *owner);
/* Runs argv with the unit's surroundings; output goes where the unit's goes. 0, or negative errno
 * and *ret_stage: nothing was begun. `done` is called once, later. */
int command_run(struct command *c, char *const *argv, int64_t timeout_ms,
                enum start_stage *ret_stage);
/* Kills it; `done` is not called. Harmless when it is not running. */
void command_abandon(struct command *c);
void command_finish(struct command *c);

#endif
