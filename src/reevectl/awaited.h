/* What holds up a unit, in words: a Waiting of the protocol. */
#ifndef REEVE_REEVECTL_AWAITED_H
#define REEVE_REEVECTL_AWAITED_H

#include <cjson/cJSON.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

/* What it waits for: "db to be ready, and 2 more", "db, which has failed", or "db, since vault has
 * failed". Nothing without a Waiting (NULL). */
void awaited_add(struct strbuf *b, const cJSON *waiting);
/* "held until 12:30:05", of a unit or an event that has held_until; whether it has. */
bool awaited_add_hold(struct strbuf *b, const cJSON *unit, int64_t now_wall_ms);
/* For a table: "waits for db to be ready, and 2 more", or, being shorter, "vault has failed". */
void awaited_add_brief(struct strbuf *b, const cJSON *waiting);

#endif
