/*
 * Units as JSON: the shapes of io.reeve.Manager. Everything shown comes from the core's unit;
 * nothing is kept here.
 */
#ifndef REEVE_CONTROL_VIEW_H
#define REEVE_CONTROL_VIEW_H

#include "core/health_status.h"
#include "core/moment.h"
#include "core/unit.h"
#include "run/supervisor.h"
#include "varlink/write.h"

/* When it is. */
struct view_time {
    struct moment now;
    int64_t uptime_ms; /* of reeved: how long a unit that never moved has been as it is */
};

/* "requester": null when unknown. */
void view_requester(struct json_out *o, const struct requester *who);
void view_record(struct json_out *o, const char *key, const struct unit *u,
                 const struct exit_record *r);
/* The unit of Health, of List and of Show. */
void view_health(struct json_out *o, const char *key, const struct unit *u,
                 const struct view_time *t);
void view_unit(struct json_out *o, const char *key, const struct unit *u,
               const struct view_time *t);
void view_details(struct json_out *o, const char *key, const struct unit *u, enum tracking tracking,
                  const struct view_time *t);
void view_counts(struct json_out *o, const char *key, const struct health_tally *tally,
                 uint32_t orphans);

#endif
