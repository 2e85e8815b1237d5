/* One value, from text to its type. */
#ifndef REEVE_CONFIG_VALUES_H
#define REEVE_CONFIG_VALUES_H

#include "base/strbuf.h"
#include "config/keys.h"

/* Checks `text` (expanded, except for VALUE_RAW; it must stay where it is) against the key's type
 * and range and stores it in the draft. 0, or -EINVAL with what is wrong and what would be right in
 * `why`; then the draft keeps its value. */
int value_store(const struct key *key, const char *text, void *draft, struct strbuf *why);

#endif
