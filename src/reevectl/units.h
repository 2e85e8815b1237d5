/* Units in tables, and counted. */
#ifndef REEVE_REEVECTL_UNITS_H
#define REEVE_REEVECTL_UNITS_H

#include "core/unit.h"
#include "reevectl/call.h"

/* The table of `list`, from the reply to List. */
void units_write_list(const struct session *s, const cJSON *units, struct strbuf *out);
/* The table of `health`, from the reply to Health. */
void units_write_health(const struct session *s, const cJSON *units, struct strbuf *out);
/* How many units are in which state. */
struct unit_counts {
    int64_t total;
    int64_t states[STATE_COUNT];
    int64_t unhealthy; /* of those running; 0 where that is not known */
    int64_t orphans;   /* processes; 0 where that is not known */
};

/* Reads the counts of a reply to Health; who is unhealthy is known if it tells of all units. */
struct unit_counts units_told_counts(const cJSON *health);
/* Counts the units of a reply. */
struct unit_counts units_count(const cJSON *units);
void units_count_one(struct unit_counts *counts, const cJSON *unit);
/* "6 units: 4 running (1 unhealthy), 1 failed" */
void units_add_counts(struct strbuf *out, const struct unit_counts *counts);
/* The table of exit records, newest first, at most `limit` of them. */
void units_write_records(const struct session *s, const cJSON *records, int limit,
                         struct strbuf *out, size_t indent);

#endif
