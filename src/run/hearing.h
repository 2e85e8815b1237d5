/*
 * Hears what units tell about themselves, and makes events of it. Opened only where some unit has
 * ready = notify or health = notify; units without never hear of the socket.
 */
#ifndef REEVE_RUN_HEARING_H
#define REEVE_RUN_HEARING_H

#include <stdbool.h>
#include <stdint.h>

struct supervisor;
struct notify;

/* Opens the socket where it is needed and tells the units of it. Where it cannot be opened that is
 * said once; units that wait for it then do not become ready. 0 or -ENOMEM. */
int hearing_open(struct supervisor *s);
void hearing_close(struct supervisor *s);
/* To be called before the dead are reaped: their last words are still theirs then. Returns whether
 * there may be more. */
bool hearing_turn(struct supervisor *s);
/* The same for a unit of which something is to be told: all that it can have sent before. Another
 * process may be main then. */
void hearing_catch_up(struct supervisor *s, uint32_t unit);

#endif
