/*
 * Keeps secrets out of what is shown: variables whose names end, in any case of letters, with
 * PASSWORD, PASSWD, PASSPHRASE, TOKEN, SECRET, APIKEY, CREDENTIALS, _KEY, _PASS or _AUTH, or are
 * KEY, PASS or AUTH; and the passwords in URLs, scheme://user:password@host.
 */
#ifndef REEVE_CONTROL_REDACT_H
#define REEVE_CONTROL_REDACT_H

#include "base/strbuf.h"

/* Adds the text of an `environment` key as written (words by shell quoting: K=v "K2=a b"), the
 * values of variables named like secrets, and passwords in URLs, replaced by ***. */
void redact_environment(struct strbuf *out, const char *text);

#endif
