/* What happened, in words for a person: one line, no final full stop, no unit name in front. */
#ifndef REEVE_CONTROL_EXPLAIN_H
#define REEVE_CONTROL_EXPLAIN_H

#include "base/strbuf.h"
#include "core/moment.h"
#include "core/unit.h"
#include "core/verdict.h"
#include "run/supervisor.h"

/* What is wrong with a notification that has this key: "FDSTORE: reeve keeps no descriptors for
 * units". */
void explain_refused(struct strbuf *out, const char *what);
/* How a run ended: "start_failed: exec /usr/bin/nope: No such file or directory". */
void explain_record(struct strbuf *out, const struct supervisor *s, const struct unit *u,
                    const struct exit_record *r);
/* Why an operation did not succeed, and what comes next. `r` goes with VERDICT_ENDED. */
void explain_verdict(struct strbuf *out, const struct supervisor *s, const struct unit *u,
                     enum verdict verdict, const struct exit_record *r, struct moment now);
/* Why a disabled unit is not started, and where that stands. */
void explain_disabled(struct strbuf *out, const struct unit *u);
/* Why a unit is not asked to reload: it has no way to, or does not run. */
void explain_no_reload(struct strbuf *out, const struct unit *u);
void explain_not_running(struct strbuf *out, const struct unit *u);
/* An operation that was not decided within timeout_ms: how the unit is, which command of a hook is
 * at work, what it waits for, and what the last look at it found. */
void explain_timeout(struct strbuf *out, const struct supervisor *s, const struct unit *u,
                     enum operation operation, int64_t timeout_ms, struct moment now);

/* It was restarted along with this one, which did not become ready. */
void explain_left_behind(struct strbuf *out, const struct supervisor *s, const struct unit *u,
                         const struct unit *with, struct moment now);

#endif
