#include "reevectl/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "reevectl/text.h"

enum { COLUMNS_DEFAULT = 80, ROWS_DEFAULT = 24, SIZE_IN_CELLS_MAX = 10000 };

bool terminal_init_locale(void)
{
    bool utf8;

    setlocale(LC_CTYPE, "");
    utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    /* Names and descriptions are UTF-8 anyway, and wcwidth() must know them. */
    if (!utf8)
        setlocale(LC_CTYPE, "C.UTF-8");
    return utf8;
}

static size_t size_in(const char *name, size_t otherwise)
{
    const char *text = getenv(name);
    long size = text ? strtol(text, NULL, 10) : 0;

    return size > 0 && size <= SIZE_IN_CELLS_MAX ? (size_t)size : otherwise;
}

void terminal_measure(struct terminal *t)
{
    struct winsize size;
    bool known = t->tty && ioctl(t->fd, TIOCGWINSZ, &size) == 0;

    if (!t->tty)
        return;
    t->columns = size_in("COLUMNS", known && size.ws_col ? size.ws_col : COLUMNS_DEFAULT);
    t->rows = size_in("LINES", known && size.ws_row ? size.ws_row : ROWS_DEFAULT);
}

void terminal_detect(struct terminal *t, int fd, bool utf8, bool no_color)
{
    const char *refused = getenv("NO_COLOR");
    const char *kind = getenv("TERM");

    *t = (struct terminal){.fd = fd, .tty = isatty(fd) == 1, .utf8 = utf8};
    if (!t->tty)
        return;
    terminal_measure(t);
    t->moves = kind && *kind && strcmp(kind, "dumb") != 0;
    t->colour = t->moves && !no_color && !(refused && *refused);
}

void terminal_add(const struct terminal *t, struct strbuf *b, enum style style, const char *text)
{
    static const char *const codes[] = {
        [STYLE_PLAIN] = "0",  [STYLE_BOLD] = "1", [STYLE_DIM] = "2",
        [STYLE_GREEN] = "32", [STYLE_RED] = "31", [STYLE_YELLOW] = "33",
    };

    if (t->colour && style != STYLE_PLAIN && *text)
        strbuf_addf(b, "\033[%sm%s\033[0m", codes[style], text);
    else
        strbuf_add(b, text);
}

void terminal_add_harmless(const struct terminal *t, struct strbuf *b, enum style style,
                           const char *text)
{
    struct strbuf harmless = STRBUF_INIT;

    text_add_harmless(&harmless, text);
    terminal_add(t, b, style, strbuf_text(&harmless));
    b->failed |= harmless.failed;
    strbuf_finish(&harmless);
}

void terminal_add_paragraph(const struct terminal *t, struct strbuf *b, enum style style,
                            const struct strbuf *text, size_t at, size_t indent)
{
    struct strbuf harmless = STRBUF_INIT, wrapped = STRBUF_INIT;

    text_add_harmless(&harmless, strbuf_text(text));
    text_add_wrapped(&wrapped, strbuf_text(&harmless), t->columns, at, indent);
    terminal_add(t, b, style, strbuf_text(&wrapped));
    strbuf_add(b, "\n");
    b->failed |= text->failed || harmless.failed || wrapped.failed;
    strbuf_finish(&harmless);
    strbuf_finish(&wrapped);
}

const char *terminal_ellipsis(const struct terminal *t)
{
    return t->utf8 ? "…" : "...";
}

const char *terminal_dot(const struct terminal *t)
{
    return t->utf8 ? "●" : "*";
}
