/* What holds up a unit, in words: a Waiting of the protocol. */
#ifndef REEVE_REEVECTL_AWAITED_H
#define REEVE_REEVECTL_AWAITED_H

#include <cjson/cJSON.h>

#include "base/strbuf.h"

/* What it waits for: "db to be ready, and 2 more", "db, which has failed", or "db, since vault has
 * failed". Nothing without a Waiting (NULL). */
void awaited_add(struct strbuf *b, const cJSON *waiting);
/* For a table: "waits for db to be ready, and 2 more", or, being shorter, "vault has failed". */
void awaited_add_brief(struct strbuf *b, const cJSON *waiting);

#endif
