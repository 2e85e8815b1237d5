/*
 * Units as JSON: the shapes of io.reeve.Manager. Everything shown comes from the core's unit;
 * nothing is kept here.
 */
#ifndef REEVE_CONTROL_VIEW_H
#define REEVE_CONTROL_VIEW_H

#include "core/health_status.h"
#include "core/moment.h"
#include "core/unit.h"
#include "core/waiting.h"
#include "run/supervisor.h"
#include "varlink/write.h"

/* What is looked at, and when. */
struct view {
    const struct supervisor *s;
    struct moment now;
    int64_t uptime_ms; /* of reeved: how long a unit that never moved has been as it is */
};
struct view view_now(const struct supervisor *s);

/* Until when somebody holds it, by the wall clock; 0: nobody does. */
int64_t view_held_until(const struct unit *u, struct moment now);
/* null when unknown. */
void view_requester(struct json_out *o, const char *key, const struct supervisor *s,
                    const struct requester *who);
/* "held_until" and "hook": what keeps the unit, and whose commands are at work. */
void view_held_and_hook(struct json_out *o, const struct unit *u, struct moment now);
/* "message": how a command of a hook failed; "error" likewise. */
void view_hook_failure(struct json_out *o, const char *key, const struct unit *u, enum hook hook,
                       struct hook_failure failure);
/* What users often get wrong, in words. */
void view_mistake_text(struct json_out *o, const char *key, const struct supervisor *s,
                       const struct unit *u, const struct mistake *m);
/* "waiting": null when it waits for nothing. */
void view_waiting(struct json_out *o, const struct supervisor *s, const struct waiting_for *w);
void view_waiting_now(struct json_out *o, const struct supervisor *s, uint32_t unit);
void view_record(struct json_out *o, const char *key, const struct supervisor *s,
                 const struct unit *u, const struct exit_record *r);
/* What a look at the unit found to be wrong, in words. */
void view_probe_text(struct json_out *o, const char *key, const struct probe_spec *probe,
                     struct probe_result result);
/* The unit of Health, of List and of Show (view_details.c). */
void view_health(struct json_out *o, const char *key, const struct view *v, const struct unit *u);
void view_unit(struct json_out *o, const char *key, const struct view *v, const struct unit *u);
void view_details(struct json_out *o, const char *key, const struct view *v, const struct unit *u);
/* All members of view_unit, into an object that was begun. */
void view_unit_members(struct json_out *o, const struct view *v, const struct unit *u);
/* The unit of Graph, up to and with the beginning of its dependencies; then these, one by one. */
void view_graph_begin(struct json_out *o, const struct view *v, const struct unit *u);
void view_graph_end(struct json_out *o);
/* Dependency number `nth` of `unit`; `as_dependent`: told from the other end, as who depends. */
void view_dependency(struct json_out *o, const struct supervisor *s, uint32_t unit, uint32_t nth,
                     bool as_dependent);
void view_counts(struct json_out *o, const char *key, const struct health_tally *tally,
                 uint32_t orphans);

#endif
