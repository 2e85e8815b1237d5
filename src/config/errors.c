#include "config/errors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

/* Of all that is wrong at a place that many sections use, so many sentences; the rest is counted.
 */
enum { ALIKE_MAX = 3 };

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
    strtab_init(&r->shared);
}

void report_finish(struct report *r)
{
    for (size_t i = 0; i < r->n_items; i++)
        free(r->items[i].text);
    free(r->items);
    strtab_finish(&r->said);
    strtab_finish(&r->shared);
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

/* A place for one more; NULL when memory ran out. */
static struct complaint *new_item(struct report *r)
{
    if (r->n_items == r->cap_items) {
        size_t cap = r->cap_items ? r->cap_items * 2 : 16;
        struct complaint *items = realloc(r->items, cap * sizeof *items);

        if (!items)
            return NULL;
        r->items = items;
        r->cap_items = cap;
    }
    return &r->items[r->n_items];
}

/* One more section that this is about. */
static void count_section(struct complaint *item, const char *used_for)
{
    if (!used_for || item->last_used_for == used_for)
        return;
    item->n_more += item->last_used_for != NULL;
    item->last_used_for = used_for;
}

/* Whether enough was said about this place, which many sections may use: then this one is only
 * counted. `prefix` names the place and is the beginning of `text`. */
static bool is_enough(struct report *r, const struct place *where, const char *text,
                      size_t prefix_bytes)
{
    struct strtab_entry *e;
    struct complaint *last;
    bool added;

    if (!where->used_for)
        return false;
    e = strtab_put(&r->shared, text, prefix_bytes, &added);
    if (!e) {
        report_out_of_memory(r);
        return false;
    }
    last = added ? NULL : &r->items[e->value >> 8];
    if (last && last->last_used_for != where->used_for && (e->value & 0xff) >= ALIKE_MAX) {
        count_section(last, where->used_for);
        return true;
    }
    e->value = r->n_items << 8 | ((e->value & 0xff) + ((e->value & 0xff) < ALIKE_MAX));
    return false;
}

/* Takes the text, whose first bytes name its place. */
static void keep(struct report *r, const struct place *where, bool warning, char *text,
                 size_t prefix_bytes)
{
    struct complaint *item = new_item(r);
    struct strtab_entry *said = strtab_find(&r->said, text, strlen(text));
    bool added;

    if (r->out_of_memory) { /* not all is told then anyway */
        free(text);
        return;
    }
    if (said) {
        count_section(&r->items[said->value], where->used_for);
        free(text);
        return;
    }
    if (item && is_enough(r, where, text, prefix_bytes)) {
        free(text);
        return;
    }
    said = item ? strtab_put(&r->said, text, strlen(text), &added) : NULL;
    if (!said) {
        report_out_of_memory(r);
        free(text);
        return;
    }
    said->value = r->n_items;
    *item = (struct complaint){
        .text = text,
        .source = where->source ? where->source->number : 0,
        .line = where->line,
        .order = r->n_items,
        .warning = warning,
        .used_for = where->used_for,
        .last_used_for = where->used_for,
    };
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
    size_t prefix_bytes;
    char *text;

    strbuf_add(&b, where.source ? where.source->name : r->file);
    if (where.line)
        strbuf_addf(&b, ":%u", where.line);
    strbuf_add(&b, ":");
    if (where.section)
        strbuf_addf(&b, " [%s]", shown(name, where.section));
    if (where.key)
        strbuf_addf(&b, " %s:", shown(name, where.key));
    strbuf_add(&b, warning ? " warning: " : " ");
    prefix_bytes = b.len_bytes;
    strbuf_vaddf(&b, format, args);
    text = strbuf_steal(&b);
    if (text)
        keep(r, &where, warning, text, prefix_bytes);
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

void report_where(struct strbuf *to, struct place from, const struct source *source, uint32_t line)
{
    if (source == from.source || !source)
        strbuf_addf(to, "line %u", line);
    else
        strbuf_addf(to, "%s:%u", source->name, line);
}

/* Says which sections it is about, where that is not plain from the place. */
static void say_sections(struct report *r, struct complaint *c)
{
    struct strbuf b = STRBUF_INIT;
    char name[SHOWN_BYTES], *text;

    if (!c->used_for)
        return;
    strbuf_addf(&b, "%s (for [%s]", c->text, shown(name, c->used_for));
    if (c->n_more)
        strbuf_addf(&b, " and %u more", c->n_more);
    strbuf_add(&b, ")");
    text = strbuf_steal(&b);
    if (!text) {
        report_out_of_memory(r);
        return;
    }
    free(c->text);
    c->text = text;
}

static int by_line(const void *a, const void *b)
{
    const struct complaint *x = a, *y = b;

    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
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
            say_sections(r, &r->items[i]);
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
