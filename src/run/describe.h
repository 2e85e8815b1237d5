/* Words for what happened to a run, the same in the log and in answers. No final full stop. */
#ifndef REEVE_RUN_DESCRIBE_H
#define REEVE_RUN_DESCRIBE_H

#include "base/strbuf.h"
#include "core/mistake.h"
#include "core/probe.h"
#include "core/unit.h"

/* Why a start failed, without its stage: "No such file or directory". Static text. */
const char *describe_start_errno(const struct exit_record *r);
/* The same with where: "exec /usr/bin/nope: No such file or directory", "not ready within 30s",
 * "pre_start: command 1 (/srv/x --migrate) exited with code 3". */
void describe_start_error(struct strbuf *out, const struct unit *u, const struct exit_record *r);

/* How a look failed: "tcp:127.0.0.1:5432: Connection refused", "exec:pg_isready: exit code 2".
 * Secrets in what is executed are not told. */
void describe_probe(struct strbuf *out, const struct probe_spec *probe, struct probe_result result);

/* How a command of a hook, or the signal in its place, failed: "command 1 (/srv/x --migrate) exited
 * with code 3", "SIGHUP could not be sent: No such process"; nothing when none did. Secrets in its
 * text are not told. */
void describe_hook_failure(struct strbuf *out, const struct unit_spec *spec, enum hook hook,
                           struct hook_failure failure);
/* What a user got wrong: "port 8080 is held by 1234 (nginx) of unit web". `other` is the name of
 * the unit mistake.unit, or NULL. */
void describe_mistake(struct strbuf *out, const struct unit_spec *spec, const struct mistake *m,
                      const char *other);

#endif
