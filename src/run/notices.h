/*
 * The events of a unit's life as subscribers are told of them: the only makers of notices. Each
 * reads the unit as it is after the step.
 */
#ifndef REEVE_RUN_NOTICES_H
#define REEVE_RUN_NOTICES_H

#include "core/notice.h"

struct supervisor;

/* It moved; only what shows from outside is told. */
void notice_changed(struct supervisor *s, const struct unit *u, enum unit_phase from,
                    enum unit_phase to);
/* The newest record is final. */
void notice_record(struct supervisor *s, const struct unit *u);
/* A command of a hook failed: what ACT_HOOK_FAILED says. */
void notice_hook(struct supervisor *s, const struct unit *u, const struct action *failed);
/* until_wall_ms 0: it is released. */
void notice_held(struct supervisor *s, const struct unit *u, int64_t until_wall_ms,
                 struct requester who);
/* It has become healthy or unhealthy. */
void notice_health(struct supervisor *s, const struct unit *u);
/* It notified something that reeve does not do: `what` is static text, the key. */
void notice_refused(struct supervisor *s, const struct unit *u, const char *what);
/* It was seen to do what is often got wrong. */
void notice_mistake(struct supervisor *s, const struct unit *u, const struct mistake *m);
void notice_unkillable(struct supervisor *s, const struct unit *u);
/* Somebody asked for something; `signal` 0: none. */
void notice_requested(struct supervisor *s, const struct unit *u, enum request_kind kind,
                      int signal, struct requester who);
/* `type`: that reeved has started, or is ready. */
void notice_session(struct supervisor *s, enum notice_type type);
/* Asked for by a peer or a signal; or by itself: why, and the unit that was the last straw, else
 * NOTICE_NO_UNIT. */
void notice_session_stopping(struct supervisor *s, struct requester who, int signal,
                             enum end_cause because, uint32_t unit);
void notice_session_stopped(struct supervisor *s, int exit_code);

#endif
