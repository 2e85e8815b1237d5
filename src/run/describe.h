/* Words for what happened to a run, the same in the log and in answers. No final full stop. */
#ifndef REEVE_RUN_DESCRIBE_H
#define REEVE_RUN_DESCRIBE_H

#include "base/strbuf.h"
#include "core/unit.h"

/* Why a start failed, without its stage: "No such file or directory". Static text. */
const char *describe_start_errno(const struct exit_record *r);
/* The same with where: "exec /usr/bin/nope: No such file or directory", "not ready within 30s". */
void describe_start_error(struct strbuf *out, const struct unit *u, const struct exit_record *r);

#endif
