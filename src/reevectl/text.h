/*
 * Text on its way to a person: made harmless, measured and shortened by display width. Text is
 * UTF-8, whatever the locale says; a byte that is not shows as \xNN.
 */
#ifndef REEVE_REEVECTL_TEXT_H
#define REEVE_REEVECTL_TEXT_H

#include <stddef.h>

#include "base/strbuf.h"

/* Adds `text` with everything that could steer a terminal (control characters, C1 included, and
 * the marks that reorder text) as a visible escape such as \n or \x1b. */
void text_add_harmless(struct strbuf *b, const char *text);
/* Columns that harmless text takes on a terminal. Needs terminal_init_locale() for wide characters.
 */
size_t text_columns(const char *text);
/* Adds harmless text, cut to `columns`; a cut shows by `ellipsis`, which counts. */
void text_add_cut(struct strbuf *b, const char *text, size_t columns, const char *ellipsis);
/* Adds harmless text that begins in column `at`, broken between words where a line would be longer
 * than `columns` (0: never); the lines after the first are indented. */
void text_add_wrapped(struct strbuf *b, const char *text, size_t columns, size_t at, size_t indent);
/* Adds `n` spaces. */
void text_add_spaces(struct strbuf *b, size_t n);
/* Adds `text` as a JSON string, quotes included. Like cJSON's, and C1 characters are escaped too.
 */
void text_add_json_string(struct strbuf *b, const char *text);

#endif
