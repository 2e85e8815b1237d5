/*
 * Keeps secrets out of what is shown: variables whose names end, in any case of letters, with
 * PASSWORD, PASSWD, PASSPHRASE, TOKEN, SECRET, APIKEY, CREDENTIALS, _KEY, _PASS or _AUTH, or are
 * KEY, PASS or AUTH; and the passwords in URLs, scheme://user:password@host. More names can be
 * given by patterns.
 */
#ifndef REEVE_BASE_REDACT_H
#define REEVE_BASE_REDACT_H

#include "base/strbuf.h"

/* Adds a text as written in words by shell quoting (an `environment` key: K=v "K2=a b"; a command),
 * the values of what is named like a secret (K=v, --k=v), and passwords in URLs, replaced by ***.
 * `patterns`: more such names, separated by spaces, in any case of letters; * stands for any
 * characters and ? for any one, and the leading - of an option are no part of it. NULL: none.
 */
void redact_words(struct strbuf *out, const char *text, const char *patterns);

#endif
