#include "control/access.h"

bool access_may(enum access_to what, uid_t peer_uid, uid_t own_uid)
{
    return what == ACCESS_READ || peer_uid == 0 || peer_uid == own_uid;
}

bool access_has_place(unsigned n_clients, uid_t peer_uid, uid_t own_uid)
{
    bool reserved_too = access_may(ACCESS_CONTROL, peer_uid, own_uid);

    return n_clients < CLIENTS_MAX - (reserved_too ? 0u : (unsigned)CLIENTS_RESERVED);
}
