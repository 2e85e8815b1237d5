/* Who may do what. Pure decisions on who is on the other end of the socket. */
#ifndef REEVE_CONTROL_ACCESS_H
#define REEVE_CONTROL_ACCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/strbuf.h"

/* Decided once for each connection. */
enum role {
    ROLE_STRANGER, /* could open the socket: may read */
    ROLE_OPERATOR, /* of socket_group: may control units, too */
    ROLE_OWNER     /* root and the daemon's own user: may do all */
};

enum access_to { ACCESS_READ, ACCESS_CONTROL, ACCESS_SHUTDOWN };

enum role access_role(uid_t peer_uid, uid_t own_uid, bool in_group);
bool access_may(enum role role, enum access_to what);

/* Why not: who may do this (`group`: the name of socket_group, NULL: none), and who asked. */
void access_explain(struct strbuf *out, enum access_to what, uid_t own_uid, const char *group,
                    uid_t peer_uid);

/* Places for clients: the last few are kept for owners, so that a full house never locks them out.
 */
enum { CLIENTS_MAX = 256, CLIENTS_RESERVED = 8 };
bool access_has_place(unsigned n_clients, enum role role);

#endif
