#include "config/errors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

void config_errors_finish(struct config_errors *e)
{
    for (size_t i = 0; i < e->n_lines; i++)
        free(e->lines[i]);
    free(e->lines);
    *e = (struct config_errors){0};
}

void report_init(struct report *r, const char *file)
{
    *r = (struct report){.file = file};
}

void report_finish(struct report *r)
{
    for (size_t i = 0; i < r->n_items; i++)
        free(r->items[i].text);
    free(r->items);
    *r = (struct report){0};
}

void report_out_of_memory(struct report *r)
{
    r->out_of_memory = true;
}

bool report_failed(const struct report *r)
{
    return r->n_items > 0 || r->out_of_memory;
}

static void keep(struct report *r, uint32_t line, char *text)
{
    if (r->n_items == r->cap_items) {
        size_t cap = r->cap_items ? r->cap_items * 2 : 16;
        struct complaint *items = realloc(r->items, cap * sizeof *items);

        if (!items) {
            report_out_of_memory(r);
            free(text);
            return;
        }
        r->items = items;
        r->cap_items = cap;
    }
    r->items[r->n_items] = (struct complaint){text, line, r->n_items};
    r->n_items++;
}

void report_add(struct report *r, struct place where, const char *format, ...)
{
    struct strbuf b = STRBUF_INIT;
    char name[SHOWN_BYTES];
    char *text;
    va_list args;

    strbuf_add(&b, r->file);
    if (where.line)
        strbuf_addf(&b, ":%u", where.line);
    strbuf_add(&b, ":");
    if (where.section)
        strbuf_addf(&b, " [%s]", shown(name, where.section));
    if (where.key)
        strbuf_addf(&b, " %s:", shown(name, where.key));
    strbuf_add(&b, " ");
    va_start(args, format);
    strbuf_vaddf(&b, format, args);
    va_end(args);
    text = strbuf_steal(&b);
    if (text)
        keep(r, where.line, text);
    else
        report_out_of_memory(r);
}

static int by_line(const void *a, const void *b)
{
    const struct complaint *x = a, *y = b;

    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

int report_deliver(struct report *r, struct config_errors *errors)
{
    if (r->n_items) {
        size_t n = errors->n_lines + r->n_items;
        char **lines = realloc(errors->lines, n * sizeof *lines);

        if (!lines) {
            report_out_of_memory(r);
        } else {
            qsort(r->items, r->n_items, sizeof r->items[0], by_line);
            for (size_t i = 0; i < r->n_items; i++)
                lines[errors->n_lines + i] = r->items[i].text;
            errors->lines = lines;
            errors->n_lines = n;
            errors->cap_lines = n;
            r->n_items = 0;
        }
    }
    if (r->out_of_memory) {
        errors->out_of_memory = true;
        return -ENOMEM;
    }
    return errors->n_lines ? -EINVAL : 0;
}

const char *shown(char buf[SHOWN_BYTES], const char *text)
{
    static const char dots[] = "...";
    const size_t room = SHOWN_BYTES - sizeof dots;
    size_t n = 0;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        char piece[5];
        int len = snprintf(piece, sizeof piece, c < 0x20 || c == 0x7f ? "\\x%02x" : "%c", c);

        if (n + (size_t)len > room) {
            /* Not in the middle of a UTF-8 character. */
            while (n > 0 && ((unsigned char)*text & 0xc0) == 0x80) {
                text--;
                n--;
            }
            memcpy(buf + n, dots, sizeof dots);
            return buf;
        }
        memcpy(buf + n, piece, (size_t)len);
        n += (size_t)len;
    }
    buf[n] = '\0';
    return buf;
}
