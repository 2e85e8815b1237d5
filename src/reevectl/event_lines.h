/* Events for people: a line each, with the time here, the unit, and what happened in words. */
#ifndef REEVE_REEVECTL_EVENT_LINES_H
#define REEVE_REEVECTL_EVENT_LINES_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "reevectl/terminal.h"

struct event_lines {
    const struct terminal *terminal; /* not owned */
    size_t unit_columns;             /* grows with the names that are seen */
    char day[32];                    /* of the last line; on a terminal, lines have no date */
};

/* `now_wall_ms`: the day that needs not be told. */
void event_lines_init(struct event_lines *l, const struct terminal *terminal, int64_t now_wall_ms);
/* Makes room for the units of these events. */
void event_lines_fit(struct event_lines *l, const cJSON *events);
/* Adds the line of one event; on a terminal also one for a new day before it. */
void event_lines_add(struct event_lines *l, struct strbuf *b, const cJSON *event);
/* Adds "-- text --": what is not an event. */
void event_lines_add_remark(struct event_lines *l, struct strbuf *b, const char *text);

#endif
