/* Words for what happened to a run, the same in the log and in answers. No final full stop. */
#ifndef REEVE_RUN_DESCRIBE_H
#define REEVE_RUN_DESCRIBE_H

#include "base/strbuf.h"
#include "core/probe.h"
#include "core/unit.h"

/* Why a start failed, without its stage: "No such file or directory". Static text. */
const char *describe_start_errno(const struct exit_record *r);
/* The same with where: "exec /usr/bin/nope: No such file or directory", "not ready within 30s". */
void describe_start_error(struct strbuf *out, const struct unit *u, const struct exit_record *r);

/* How a look failed: "tcp:127.0.0.1:5432: Connection refused", "exec:pg_isready: exit code 2". */
void describe_probe(struct strbuf *out, const struct probe_spec *probe, struct probe_result result);

#endif
