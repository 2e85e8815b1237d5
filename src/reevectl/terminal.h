/* What standard output (or error) can show: width, colours, UTF-8. */
#ifndef REEVE_REEVECTL_TERMINAL_H
#define REEVE_REEVECTL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

struct terminal {
    int fd;
    bool tty;
    bool moves; /* a line can be cleared: a terminal that is not dumb */
    bool colour;
    bool utf8;
    size_t columns; /* 0: not a terminal, nothing is shortened */
    size_t rows;    /* 0: not a terminal */
};

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GREEN, STYLE_RED, STYLE_YELLOW };

/* Takes the character set from the environment, once; returns whether it is UTF-8. Widths of
 * characters are known afterwards, even in the C locale. */
bool terminal_init_locale(void);
/* Looks at `fd` and at NO_COLOR, TERM and COLUMNS. */
void terminal_detect(struct terminal *t, int fd, bool utf8, bool no_color);
/* Looks at the size again: it may have been changed meanwhile. */
void terminal_measure(struct terminal *t);
/* Adds `text` (harmless already) in a style, where colours are shown. */
void terminal_add(const struct terminal *t, struct strbuf *b, enum style style, const char *text);
/* The same of any text, which is made harmless. */
void terminal_add_harmless(const struct terminal *t, struct strbuf *b, enum style style,
                           const char *text);
/* The same of a text that begins in column `at`, as a paragraph with a newline at its end: broken
 * between words to the width of the terminal, the lines after the first indented. */
void terminal_add_paragraph(const struct terminal *t, struct strbuf *b, enum style style,
                            const struct strbuf *text, size_t at, size_t indent);
const char *terminal_ellipsis(const struct terminal *t);
/* The mark before a unit: a filled circle where that can be shown. */
const char *terminal_dot(const struct terminal *t);

#endif
