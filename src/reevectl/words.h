/* Facts in words: states and their colours, times, sizes and places. */
#ifndef REEVE_REEVECTL_WORDS_H
#define REEVE_REEVECTL_WORDS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "core/unit.h"
#include "reevectl/terminal.h"

enum style words_state_style(const char *state);
/* The style of a Health status such as "degraded". */
enum style words_status_style(const char *status);
/* Its state, and whose commands are at work: "starting (pre_start)". */
void words_add_state(struct strbuf *b, const cJSON *unit);
/* Running: what `status`, `is-active` and scripts call active. */
bool words_is_active(const char *state);

/* Whether a unit, or whatever else has a state, is in this one. */
bool words_is_state(const cJSON *unit, enum unit_state state);
/* Stopped, completed or failed: nothing of it runs. */
bool words_has_ended(const char *state);

/* "2026-11-21T11:00:00.123Z" to milliseconds since 1970; false when it is not such a time. */
bool words_parse_time(const char *text, int64_t *ret_wall_ms);
/* "Sat 2026-11-21 12:00:00 CET", in the local zone. */
void words_add_time(struct strbuf *b, int64_t wall_ms);
/* "12:30:05", in the local zone; "2026-11-22 12:30:05" when that is not the day of now. */
void words_add_clock(struct strbuf *b, int64_t wall_ms, int64_t now_wall_ms);
/* "3m ago", "in 3m" or "now": the largest unit is enough. */
void words_add_ago(struct strbuf *b, int64_t wall_ms, int64_t now_wall_ms);
/* Both: "Sat 2026-11-21 12:00:00 CET, 3m ago". */
void words_add_moment(struct strbuf *b, int64_t wall_ms, int64_t now_wall_ms);
/* "1m30s" or "250ms", or "-" when negative. */
void words_add_duration(struct strbuf *b, int64_t ms);
/* The same of times that were taken apart: 9999 ms are "10s". */
void words_add_span(struct strbuf *b, int64_t ms);
/* "14.2M": two or three digits that count, or "-" when negative. */
void words_add_size(struct strbuf *b, int64_t bytes);

/* Why reeved shuts down by itself, from session.stopping: "web, which is essential, has ended". */
void words_add_because(struct strbuf *b, const cJSON *event);

/* What a unit tells about itself, a Told from Show: "Loading the dump, 40%; reloading; error EIO".
 * Nothing when that is nothing. */
void words_add_told(struct strbuf *b, const cJSON *told);

/* What the definition of a unit says of a key: a ConfigText from Show, or NULL. */
const cJSON *words_config(const cJSON *unit, const char *key);
/* Where something is defined: "/etc/reeve/reeve.ini:12". */
void words_add_place(struct strbuf *b, const cJSON *item);

#endif
