/* Who may do what. A pure decision on who is on the other end of the socket. */
#ifndef REEVE_CONTROL_ACCESS_H
#define REEVE_CONTROL_ACCESS_H

#include <stdbool.h>
#include <sys/types.h>

enum access_to { ACCESS_READ, ACCESS_CONTROL };

/* Root and the daemon's own user may do all; whoever else can open the socket may read. */
bool access_may(enum access_to what, uid_t peer_uid, uid_t own_uid);

/* Places for clients: the last few are kept for root and the daemon's own user, so that a full
 * house never locks them out. */
enum { CLIENTS_MAX = 256, CLIENTS_RESERVED = 8 };
bool access_has_place(unsigned n_clients, uid_t peer_uid, uid_t own_uid);

#endif
