/*
 * One look at a unit: a command that is to succeed, or a connection that is to be accepted. Never
 * waits; a command is a process tree of its own and is killed as such when it is late. At most one
 * is under way for each prober; its result comes when nothing of it is left.
 */
#ifndef REEVE_RUN_PROBE_H
#define REEVE_RUN_PROBE_H

#include "core/health.h"
#include "core/unit_spec.h"
#include "run/command.h"
#include "run/loop.h"

struct prober;
/* `took_ms`: from probe_begin to the result. */
typedef void probe_done_fn(struct prober *p, struct probe_result result, int64_t took_ms);
typedef void probe_gone_fn(struct prober *p);

/* One connection on its way. */
struct attempt {
    struct prober *prober;
    struct watch watch;
    int fd; /* -1: none */
};

struct prober {
    struct loop *loop;
    probe_done_fn *done;
    probe_gone_fn *gone; /* nothing is left of one that was abandoned; NULL: no matter */
    void *owner;
    const struct probe_spec *probe; /* NULL: no look is under way */
    int64_t begun_ms;
    int64_t deadline_ms;
    /* a command */
    struct command command;
    /* a connection: one attempt for each address, all at once */
    struct timer timer; /* the deadline, or before it when to try again */
    struct attempt attempts[PROBE_ADDRESSES_MAX];
    uint32_t n_open;
    int error; /* errno of the attempts that failed: the one that says most */
    /* what came of it, until it is told */
    struct task tell;
    struct probe_result result;
    int64_t took_ms;
};

/* `place`: what commands are made with. */
void prober_init(struct prober *p, const struct command_place *place, probe_done_fn *done,
                 void *owner);
/* Begins a look, which must not be under way; `probe` must stay until its result. `done` is called
 * later, never from here. */
void probe_begin(struct prober *p, const struct probe_spec *probe, int64_t timeout_ms);
/* Its result is not wanted any more; `done` is not called. A command is killed, and holds up the
 * next one until nothing of it is left. */
void probe_abandon(struct prober *p);
static inline bool probe_busy(const struct prober *p)
{
    return p->probe != NULL;
}
/* Whether processes of a look are left, be it an abandoned one. */
static inline bool prober_has_processes(const struct prober *p)
{
    return p->command.running;
}
void prober_finish(struct prober *p);

#endif
