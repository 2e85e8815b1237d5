/*
 * Keeps secrets out of what is shown: variables whose names end, in any case of letters, with
 * PASSWORD, PASSWD, PASSPHRASE, TOKEN, SECRET, APIKEY or _KEY, or are KEY.
 */
#ifndef REEVE_CONTROL_REDACT_H
#define REEVE_CONTROL_REDACT_H

#include "base/strbuf.h"

/* Adds the text of an `environment` key as written (words by shell quoting: K=v "K2=a b"), the
 * values of variables named like secrets replaced by ***. */
void redact_environment(struct strbuf *out, const char *text);

#endif
