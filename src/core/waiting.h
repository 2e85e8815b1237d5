/* What a unit waits for, as it is told: the most telling one, and how many others. Plain data. */
#ifndef REEVE_CORE_WAITING_H
#define REEVE_CORE_WAITING_H

#include <stdbool.h>
#include <stdint.h>

enum waited_for {
    WAITED_STARTED,
    WAITED_READY,
    WAITED_HEALTHY,
    WAITED_COMPLETED,
    WAITED_STOPPED,
    WAITED_COUNT
};

enum { WAITING_NO_UNIT = UINT32_MAX };

struct waiting_for {
    uint32_t unit; /* its index; WAITING_NO_UNIT: it waits for nothing */
    /* What that one has to be first. WAITED_STOPPED: it is up and is to stop after that one. */
    enum waited_for until;
    bool failed;    /* that one has failed (or completed without coming back), or is stuck itself */
    uint32_t cause; /* failed: the unit at the bottom of it */
    bool completed; /* failed: that one has not failed but completed */
    uint32_t others; /* how many more it waits for */
};

/* The words of the protocol: "started", "ready", "completed", "stopped". */
const char *waited_for_name(enum waited_for until);

#endif
