/*
 * What reeved tells the supervisor that it runs under itself, where one listens (sd_notify(3)):
 * that all were started, how many are running, that it stops, and that its loop turns. Never waits,
 * and costs nothing where nobody listens.
 */
#ifndef REEVE_REEVED_ANNOUNCE_H
#define REEVE_REEVED_ANNOUNCE_H

#include <stdbool.h>
#include <stdint.h>

#include "os/notify_client.h"
#include "run/loop.h"
#include "run/supervisor.h"

enum { ANNOUNCE_STATUS_BYTES = 256 };

struct announce {
    struct notify_client client;   /* fd -1: nobody listens */
    struct supervisor *supervisor; /* NULL: none yet */
    struct listener listener;
    struct timer later; /* while there is something to tell that had to wait */
    int64_t not_before_ms;
    bool told_ready, told_stopping, complained;
    char told_status[ANNOUNCE_STATUS_BYTES];
    struct timer keep_alive;
    int64_t keep_alive_ms; /* 0: not asked for */
};

/* Takes what concerns this out of the environment, where no child of ours is to see it. */
void announce_begin(struct announce *a, struct loop *loop);
/* From now on tells about these units. */
void announce_units(struct announce *a, struct supervisor *s);
/* Before the supervisor is destroyed. Harmless when all zero. */
void announce_end(struct announce *a);

#endif
