#include "reevectl/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "base/utf8.h"

/* Decodes one character. Returns its length in bytes; 1 with *ret_char UINT32_MAX when the byte
 * does not begin valid UTF-8. */
static size_t decode(const char *text, uint32_t *ret_char)
{
    /* The NUL at the end is no part of a character: nothing behind it is read. */
    size_t length = utf8_decode((const unsigned char *)text, UTF8_MAX_BYTES, ret_char);

    if (length)
        return length;
    *ret_char = UINT32_MAX;
    return 1;
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/* Characters that change the direction or the line of what follows. */
static bool reorders(uint32_t c)
{
    return c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

static size_t char_columns(uint32_t c)
{
    int width = c < 0x80 ? 1 : wcwidth((wchar_t)c);

    return width < 0 ? 1 : (size_t)width;
}

void text_add_harmless(struct strbuf *b, const char *text)
{
    uint32_t c;

    for (size_t length; *text; text += length) {
        length = decode(text, &c);
        if (c == UINT32_MAX)
            strbuf_addf(b, "\\x%02x", (unsigned)(unsigned char)*text);
        else if (c == '\n')
            strbuf_add(b, "\\n");
        else if (c == '\t')
            strbuf_add(b, "\\t");
        else if (c == '\r')
            strbuf_add(b, "\\r");
        else if (is_control(c))
            strbuf_addf(b, "\\x%02x", (unsigned)c);
        else if (reorders(c))
            strbuf_addf(b, "\\u%04x", (unsigned)c);
        else
            strbuf_add_bytes(b, text, length);
    }
}

static size_t columns_until(const char *text, const char *end)
{
    size_t columns = 0;
    uint32_t c;

    while (text < end) {
        text += decode(text, &c);
        columns += char_columns(c);
    }
    return columns;
}

size_t text_columns(const char *text)
{
    return columns_until(text, text + strlen(text));
}

void text_add_wrapped(struct strbuf *b, const char *text, size_t columns, size_t at, size_t indent)
{
    const char *end = text + strcspn(text, " ");

    strbuf_add_bytes(b, text, (size_t)(end - text));
    at += columns_until(text, end);
    while (*end) {
        size_t width;

        text = end + 1;
        end = text + strcspn(text, " ");
        width = columns_until(text, end);
        if (columns && at + 1 + width > columns) {
            strbuf_add(b, "\n");
            text_add_spaces(b, indent);
            at = indent;
        } else {
            strbuf_add(b, " ");
            at++;
        }
        strbuf_add_bytes(b, text, (size_t)(end - text));
        at += width;
    }
}

void text_add_cut(struct strbuf *b, const char *text, size_t columns, const char *ellipsis)
{
    const char *end = text;
    size_t room, used = 0;
    uint32_t c;

    if (text_columns(text) <= columns) {
        strbuf_add(b, text);
        return;
    }
    room = columns - text_columns(ellipsis);
    if (room > columns) { /* not even the ellipsis fits */
        room = columns;
        ellipsis = "";
    }
    while (*end) {
        size_t length = decode(end, &c);

        if (used + char_columns(c) > room)
            break;
        used += char_columns(c);
        end += length;
    }
    /* "word …" reads worse than "word…" */
    while (end > text && end[-1] == ' ')
        end--;
    strbuf_add_bytes(b, text, (size_t)(end - text));
    strbuf_add(b, ellipsis);
}

void text_add_spaces(struct strbuf *b, size_t n)
{
    strbuf_addf(b, "%*s", (int)n, "");
}

void text_add_json_string(struct strbuf *b, const char *text)
{
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char letter[] = "\"\\bfnrt";
    const char *special;
    uint32_t c;

    strbuf_add(b, "\"");
    for (size_t length; *text; text += length) {
        length = decode(text, &c);
        if (c == UINT32_MAX)
            strbuf_add(b, "\\ufffd");
        else if (c < 0x80 && (special = strchr(plain, (int)c)) != NULL)
            strbuf_addf(b, "\\%c", letter[special - plain]);
        else if (is_control(c))
            strbuf_addf(b, "\\u%04x", (unsigned)c);
        else
            strbuf_add_bytes(b, text, length);
    }
    strbuf_add(b, "\"");
}
