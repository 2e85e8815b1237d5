#include "control/access.h"

enum role access_role(uid_t peer_uid, uid_t own_uid, bool in_group)
{
    if (peer_uid == 0 || peer_uid == own_uid)
        return ROLE_OWNER;
    return in_group ? ROLE_OPERATOR : ROLE_STRANGER;
}

bool access_may(enum role role, enum access_to what)
{
    switch (what) {
    case ACCESS_READ:
        return true;
    case ACCESS_CONTROL:
        return role >= ROLE_OPERATOR;
    case ACCESS_SHUTDOWN:
        break;
    }
    return role == ROLE_OWNER;
}

void access_explain(struct strbuf *out, enum access_to what, uid_t own_uid, const char *group,
                    uid_t peer_uid)
{
    bool for_group = group && what == ACCESS_CONTROL;

    strbuf_add(out, "Only root");
    if (own_uid != 0)
        strbuf_addf(out, "%s uid %u, that runs reeved,", for_group ? "," : " and",
                    (unsigned)own_uid);
    if (for_group)
        strbuf_addf(out, " and members of group %s", group);
    strbuf_addf(out, " may do this, and you are uid %u", (unsigned)peer_uid);
    if (for_group)
        strbuf_add(out, " and not in that group");
    strbuf_add(out, "; try it as root.");
}

bool access_has_place(unsigned n_clients, enum role role)
{
    return n_clients < CLIENTS_MAX - (role == ROLE_OWNER ? 0u : (unsigned)CLIENTS_RESERVED);
}
