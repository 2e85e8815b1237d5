/*
 * A unit as it lives in reeved: the core's unit and, beside it, what the kernel holds for it
 * (descriptors, timer, watches, its process tree). Carries out what the machine decides.
 */
#ifndef REEVE_RUN_LIVE_H
#define REEVE_RUN_LIVE_H

#include "core/unit.h"
#include "os/slots.h"
#include "run/hooks.h"
#include "run/looks.h"
#include "run/loop.h"
#include "run/mistakes.h"
#include "run/tree.h"

struct supervisor;

struct live {
    struct unit unit;
    struct supervisor *supervisor;
    struct timer deadline; /* mirrors unit.deadline_ms, or the end of a hold */
    struct watch exec;     /* on exec_fd */
    int exec_fd;           /* -1: the exec's result is known, or there is no run */
    bool about_to_exec;    /* the child said so: the pipe's end means exec, not death */
    struct tree tree;
    struct looks *looks; /* owned; NULL: there is nothing to look at */
    struct mistake_signs signs;
    struct hooks *hooks; /* owned; NULL: it has no commands beside main */
};

/* 0 or -ENOMEM. */
int live_init(struct live *l, struct supervisor *s, const struct unit_spec *spec, uint32_t index);
void live_finish(struct live *l);
/* Steps the unit, carries out the actions, mirrors the deadline, tells the order. Returns whether
 * listeners should hear of it. */
bool live_step(struct live *l, const struct event *ev);

#endif
