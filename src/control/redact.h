/* Keeps secrets out of what is shown: variables named *_PASSWORD, *_TOKEN, *_SECRET, *_KEY. */
#ifndef REEVE_CONTROL_REDACT_H
#define REEVE_CONTROL_REDACT_H

#include "base/strbuf.h"

/* Adds the text of an `environment` key as written (words by shell quoting: K=v "K2=a b"), the
 * values of variables named like secrets replaced by ***. */
void redact_environment(struct strbuf *out, const char *text);

#endif
