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
    for (size_t i = 0; i < e->n_warnings; i++)
        free(e->warnings[i]);
    free(e->warnings);
    *e = (struct config_errors){0};
}

void report_init(struct report *r, const char *file)
{
    *r = (struct report){.file = file};
    strtab_init(&r->said);
}

void report_finish(struct report *r)
{
    for (size_t i = 0; i < r->n_items; i++)
        free(r->items[i].text);
    free(r->items);
    strtab_finish(&r->said);
    *r = (struct report){0};
}

void report_out_of_memory(struct report *r)
{
    r->out_of_memory = true;
}

bool report_failed(const struct report *r)
{
    return r->n_items > r->n_warnings || r->out_of_memory;
}

/* Takes the text. */
static void keep(struct report *r, uint32_t line, bool warning, char *text)
{
    bool added = true;

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
    if (!strtab_put(&r->said, text, strlen(text), &added))
        report_out_of_memory(r);
    if (!added) {
        free(text);
        return;
    }
    r->items[r->n_items] = (struct complaint){text, line, r->n_items, warning};
    r->n_items++;
    r->n_warnings += warning;
}

static void add(struct report *r, struct place where, bool warning, const char *format,
                va_list args) __attribute__((format(printf, 4, 0)));

static void add(struct report *r, struct place where, bool warning, const char *format,
                va_list args)
{
    struct strbuf b = STRBUF_INIT;
    char name[SHOWN_BYTES];
    char *text;

    strbuf_add(&b, r->file);
    if (where.line)
        strbuf_addf(&b, ":%u", where.line);
    strbuf_add(&b, ":");
    if (where.section)
        strbuf_addf(&b, " [%s]", shown(name, where.section));
    if (where.key)
        strbuf_addf(&b, " %s:", shown(name, where.key));
    strbuf_add(&b, warning ? " warning: " : " ");
    strbuf_vaddf(&b, format, args);
    text = strbuf_steal(&b);
    if (text)
        keep(r, where.line, warning, text);
    else
        report_out_of_memory(r);
}

void report_add(struct report *r, struct place where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(r, where, false, format, args);
    va_end(args);
}

void report_warn(struct report *r, struct place where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(r, where, true, format, args);
    va_end(args);
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
    size_t n_lines = errors->n_lines + r->n_items - r->n_warnings;
    char **lines = realloc(errors->lines, (n_lines + 1) * sizeof *lines), **warnings;

    if (lines)
        errors->lines = lines;
    warnings = realloc(errors->warnings, (errors->n_warnings + r->n_warnings + 1) * sizeof *lines);
    if (warnings)
        errors->warnings = warnings;
    if (lines && warnings) {
        if (r->n_items)
            qsort(r->items, r->n_items, sizeof r->items[0], by_line);
        for (size_t i = 0; i < r->n_items; i++) {
            if (r->items[i].warning)
                warnings[errors->n_warnings++] = r->items[i].text;
            else
                lines[errors->n_lines++] = r->items[i].text;
        }
        errors->cap_lines = n_lines;
        r->n_items = r->n_warnings = 0;
    } else {
        report_out_of_memory(r);
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
