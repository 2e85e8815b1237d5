/*
 * One look at a unit: a command that is to succeed, or a connection that is to be accepted. Never
 * waits; a command is a process tree of its own and is killed as such when it is late. At most one
 * is under way for each prober; its result comes when nothing of it is left.
 */
#ifndef REEVE_RUN_PROBE_H
#define REEVE_RUN_PROBE_H

#include "core/health.h"
#include "run/command.h"
#include "run/loop.h"

struct prober;
/* `took_ms`: from probe_begin to the result. */
typedef void probe_done_fn(struct prober *p, struct probe_result result, int64_t took_ms);

struct prober {
    struct loop *loop;
    const struct unit_spec *spec; /* whose user, directory and environment a command gets */
    probe_done_fn *done;
    void *owner;
    bool busy;
    int64_t begun_ms;
    struct timer deadline;
    /* a command */
    struct command command;
    /* a connection: one attempt for each address, all at once */
    int fds[PROBE_ADDRESSES_MAX];
    struct watch watches[PROBE_ADDRESSES_MAX];
    uint32_t n_open;
    int last_error;
};

void prober_init(struct prober *p, struct loop *loop, struct tracker *tracker,
                 const struct unit_spec *spec, uint32_t unit, probe_done_fn *done, void *owner);
/* Begins a look, which must not be under way. `done` is called later, never from here. */
void probe_begin(struct prober *p, const struct probe_spec *probe, int64_t timeout_ms);
/* Its result is not wanted any more; `done` is not called. A command is killed, and holds up the
 * next one until nothing of it is left. */
void probe_abandon(struct prober *p);
void prober_finish(struct prober *p);

#endif
