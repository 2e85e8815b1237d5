/* What the probes of a unit found, in words: whether it is healthy, and what was wrong. */
#ifndef REEVE_REEVECTL_PROBES_H
#define REEVE_REEVECTL_PROBES_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/strbuf.h"
#include "reevectl/call.h"
#include "reevectl/terminal.h"

bool probes_say_unhealthy(const cJSON *unit);
/* Whether it runs and is ready, and has a health key, yet nothing is known: from Show. */
bool probes_say_nothing(const cJSON *unit);
/* The style of a unit: of its state, unless it is unhealthy. */
enum style probes_unit_style(const cJSON *unit);
/* "tcp:localhost:80: Connection refused (5 times in a row)"; nothing when none has failed. How
 * often is told once something is known of its health: before that not every failure counts. */
void probes_add_finding(struct strbuf *b, const cJSON *unit);
/* What they found last, if the record is of the run that they looked at; or NULL. */
const char *probes_error_of(const cJSON *record, const cJSON *unit);
/* Whether any of them, as Show tells them, found something wrong. */
bool probes_any_failed(const cJSON *probes);
/* A table of those of a unit, from Show, newest first, at most `limit`. */
void probes_write(const struct session *s, const cJSON *unit, int limit, struct strbuf *out,
                  size_t indent);

#endif
