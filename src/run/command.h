/*
 * A command beside the main process of a unit: a probe, or one of a hook. Spawned like a main
 * process (user, directory, environment, limits), but in a process tree of its own, with a
 * deadline, after which the whole tree is killed; what it leaves behind when it ends is killed,
 * too. Its result is told when nothing of it is left.
 */
#ifndef REEVE_RUN_COMMAND_H
#define REEVE_RUN_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "core/outcome.h"
#include "core/probe.h"
#include "core/unit_spec.h"
#include "run/loop.h"
#include "run/tree.h"

struct command_end {
    bool late; /* killed at its deadline; the rest says nothing then */
    int error; /* errno of what kept it from executing, at `stage`; 0: none, `status` says it all */
    enum start_stage stage;
    struct exit_status status;
    bool left; /* something of it outlives SIGKILL, or of the one before: `gone` follows */
};

/* What every command of a unit is made with. All of it must stay. */
struct command_place {
    struct tracker *tracker;
    const struct unit_spec *spec;
    const struct rlimit *nofile; /* to give back to it; NULL: none */
    struct run_slot *slot; /* where the next reeved finds it; one for each command; NULL: none */
    const char *part;      /* of the unit, as tree_init wants it: "~probe" */
};

struct command;
typedef void command_done_fn(struct command *c, const struct command_end *end);
typedef void command_gone_fn(struct command *c);

struct command {
    struct command_place place;
    struct tree tree;
    struct timer deadline;
    struct timer patience; /* from SIGKILL until `done` waits no longer for all to be gone */
    struct task after;     /* what follows an event of the tree */
    struct watch exec;
    int exec_fd;
    bool about_to_exec;
    bool running; /* until nothing of it is left */
    bool asked;   /* `done` is due */
    bool ended;   /* its main process has */
    bool empty;
    bool killed;
    char *const *envp; /* in place of the unit's; NULL: that. Must stay as argv must */
    char *const *next; /* to run when what is running is gone; NULL: none */
    struct command_end end;
    command_done_fn *done;
    command_gone_fn *gone; /* nothing is left of one whose `done` was called before that, or that
                              was abandoned; NULL: no matter */
    void *owner;
};

void command_init(struct command *c, const struct command_place *place, command_done_fn *done,
                  void *owner);
/* Runs argv, which must stay until `done`, with the unit's surroundings; output goes where the
 * unit's goes. 0, or negative errno and *ret_stage: nothing was begun. `done` is called once,
 * later, when nothing is left of it, or two seconds after SIGKILL if that cannot be. What could not
 * be ended by then, and what was abandoned, holds up the next command, whose time runs all the
 * same. Not while a `done` is due (-EBUSY). */
int command_run(struct command *c, char *const *argv, int64_t timeout_ms,
                enum start_stage *ret_stage);
/* Its time ends at by_ms (monotonic); no matter when `done` is not due. */
void command_end_by(struct command *c, int64_t by_ms);
/* SIGTERM to all of it; its time goes on, and `done` follows. What was not begun is not. */
void command_stop(struct command *c);
/* Whether something is left of one that nobody waits for. */
bool command_lingers(const struct command *c);
/* The end, as far as it matters to who only wants to know whether it went well. */
struct probe_result command_result(const struct command_end *end);
/* Kills it; `done` is not called. Harmless when it is not running. */
void command_abandon(struct command *c);
/* The same, and gives everything back without waiting for its end. */
void command_finish(struct command *c);

#endif
