/*
 * The addresses that probes connect to. Nothing is looked up: a name server that does not answer
 * would hold up whoever asks it.
 */
#ifndef REEVE_CONFIG_ADDRESS_H
#define REEVE_CONFIG_ADDRESS_H

#include "base/strbuf.h"
#include "core/unit_spec.h"

/* HOST:PORT, to `addresses`. 0, or -EINVAL with the problem in `why`. */
int address_tcp(const char *text, struct probe_spec *to, struct strbuf *why);
/* An absolute path, or @NAME, to `path`, which is then `text`. The same. */
int address_unix(const char *text, struct probe_spec *to, struct strbuf *why);

#endif
