/* The names of users, as the system knows them. */
#ifndef REEVE_REEVECTL_PEOPLE_H
#define REEVE_REEVECTL_PEOPLE_H

#include <cjson/cJSON.h>

#include "base/strbuf.h"

/* A requester of the protocol: "alice (uid 1000, pid 12)", "uid 1000, pid 12" where the user has no
 * name here; where it was nobody, the unit for whose sake it was; "somebody unknown" where nothing
 * is told. */
void people_add_requester(struct strbuf *b, const cJSON *requester);

#endif
