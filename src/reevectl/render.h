/*
 * Tables and JSON for people. A table aligns by display width; on a narrow terminal
 * it first shortens columns of words, then leaves out columns, each from the right.
 */
#ifndef REEVE_REEVECTL_RENDER_H
#define REEVE_REEVECTL_RENDER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "reevectl/terminal.h"

struct column {
    const char *title;
    bool right;         /* aligned to the right, for numbers */
    bool tight;         /* one space follows, not two */
    size_t min_columns; /* may be shortened to this, but for numbers, then left out; 0: neither */
};

struct cell {
    char *text; /* owned, harmless */
    enum style style;
};

struct table {
    const struct column *columns; /* not owned */
    size_t n_columns;
    struct cell *cells; /* owned; row by row */
    size_t n_cells, cap_cells;
    bool failed; /* memory ran out */
};

void table_init(struct table *t, const struct column *columns, size_t n_columns);
void table_finish(struct table *t);
/* Adds the next cell, left to right, top to bottom. The text is copied and made harmless; NULL or
 * "" shows as "-". */
void table_add(struct table *t, enum style style, const char *text);
void table_addf(struct table *t, enum style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same from a buffer, which is finished. */
void table_add_text(struct table *t, enum style style, struct strbuf *text);
/* Writes title line and rows, each indented. A failed table makes `out` failed too. */
void table_write(const struct table *t, const struct terminal *terminal, struct strbuf *out,
                 size_t indent);

/* Adds `value` as indented JSON and a newline: members in the order received. */
void render_json(struct strbuf *out, const cJSON *value);
/* The same on one line, without spaces. */
void render_json_line(struct strbuf *out, const cJSON *value);

#endif
