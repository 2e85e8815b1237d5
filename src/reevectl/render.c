#include "reevectl/render.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "reevectl/text.h"

enum { TABLE_COLUMNS_MAX = 16 };

void table_init(struct table *t, const struct column *columns, size_t n_columns)
{
    *t = (struct table){.columns = columns, .n_columns = n_columns};
}

void table_finish(struct table *t)
{
    for (size_t i = 0; i < t->n_cells; i++)
        free(t->cells[i].text);
    free(t->cells);
    *t = (struct table){.columns = NULL};
}

static struct cell *new_cell(struct table *t)
{
    if (t->n_cells == t->cap_cells) {
        size_t cap = t->cap_cells ? t->cap_cells * 2 : 64;
        struct cell *cells = reallocarray(t->cells, cap, sizeof(*cells));

        if (!cells)
            return NULL;
        t->cells = cells;
        t->cap_cells = cap;
    }
    return &t->cells[t->n_cells];
}

void table_add(struct table *t, enum style style, const char *text)
{
    struct strbuf harmless = STRBUF_INIT;
    struct cell *cell = new_cell(t);
    char *copy;

    text_add_harmless(&harmless, text && *text ? text : "-");
    copy = strbuf_steal(&harmless);
    if (!cell || !copy) {
        free(copy);
        t->failed = true;
        return;
    }
    *cell = (struct cell){.text = copy, .style = style};
    t->n_cells++;
}

void table_add_text(struct table *t, enum style style, struct strbuf *text)
{
    t->failed |= text->failed;
    table_add(t, style, strbuf_text(text));
    strbuf_finish(text);
}

void table_addf(struct table *t, enum style style, const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;

    va_start(args, format);
    strbuf_vaddf(&text, format, args);
    va_end(args);
    table_add_text(t, style, &text);
}

/* How a table is laid out: the first n columns are shown. */
struct layout {
    size_t n;
    size_t widths[TABLE_COLUMNS_MAX];
};

static size_t gap_after(const struct table *t, size_t column)
{
    return t->columns[column].tight ? 1 : 2;
}

static size_t total_columns(const struct table *t, const struct layout *l, size_t indent)
{
    size_t total = indent;

    for (size_t i = 0; i < l->n; i++)
        total += l->widths[i] + (i + 1 < l->n ? gap_after(t, i) : 0);
    return total;
}

static void natural_widths(const struct table *t, struct layout *l)
{
    for (size_t column = 0; column < l->n; column++) {
        size_t widest = text_columns(t->columns[column].title);

        for (size_t i = column; i < t->n_cells; i += t->n_columns) {
            size_t width = text_columns(t->cells[i].text);

            widest = width > widest ? width : widest;
        }
        l->widths[column] = widest;
    }
}

/* Shortens columns of words, the last first, until the lines fit; whether they do. */
static bool shrink(const struct table *t, struct layout *l, size_t indent, size_t limit)
{
    for (size_t i = l->n; i-- > 0;) {
        size_t total = total_columns(t, l, indent);
        size_t least = t->columns[i].min_columns;
        size_t spare;

        if (total <= limit)
            return true;
        if (least == 0 || t->columns[i].right || l->widths[i] <= least)
            continue;
        spare = l->widths[i] - least;
        l->widths[i] -= spare < total - limit ? spare : total - limit;
    }
    return total_columns(t, l, indent) <= limit;
}

static bool may_go(const struct table *t, size_t column)
{
    return column > 0 && t->columns[column].min_columns;
}

static void lay_out(const struct table *t, struct layout *l, size_t indent, size_t limit)
{
    l->n = t->n_columns < TABLE_COLUMNS_MAX ? t->n_columns : TABLE_COLUMNS_MAX;
    natural_widths(t, l);
    while (limit && !shrink(t, l, indent, limit) && may_go(t, l->n - 1)) {
        l->n--;
        natural_widths(t, l);
    }
}

static void write_row(const struct table *t, const struct layout *l, const struct terminal *term,
                      const struct cell *cells, struct strbuf *out, size_t indent)
{
    text_add_spaces(out, indent);
    for (size_t i = 0; i < l->n; i++) {
        struct strbuf cut = STRBUF_INIT;
        size_t pad;

        text_add_cut(&cut, cells[i].text, l->widths[i], terminal_ellipsis(term));
        out->failed |= cut.failed;
        pad = l->widths[i] - text_columns(strbuf_text(&cut));
        if (t->columns[i].right)
            text_add_spaces(out, pad);
        terminal_add(term, out, cells[i].style, strbuf_text(&cut));
        if (i + 1 < l->n)
            text_add_spaces(out, gap_after(t, i) + (t->columns[i].right ? 0 : pad));
        strbuf_finish(&cut);
    }
    strbuf_add(out, "\n");
}

static void write_titles(const struct table *t, const struct layout *l, const struct terminal *term,
                         struct strbuf *out, size_t indent)
{
    struct cell titles[TABLE_COLUMNS_MAX];
    char copies[TABLE_COLUMNS_MAX][32];

    for (size_t i = 0; i < l->n; i++) {
        copies[i][0] = '\0';
        strncat(copies[i], t->columns[i].title, sizeof(copies[i]) - 1);
        titles[i] = (struct cell){.text = copies[i], .style = STYLE_BOLD};
    }
    write_row(t, l, term, titles, out, indent);
}

void table_write(const struct table *t, const struct terminal *terminal, struct strbuf *out,
                 size_t indent)
{
    struct layout l;

    if (t->failed) {
        out->failed = true;
        return;
    }
    lay_out(t, &l, indent, terminal->columns);
    write_titles(t, &l, terminal, out, indent);
    for (size_t i = 0; i + t->n_columns <= t->n_cells; i += t->n_columns)
        write_row(t, &l, terminal, &t->cells[i], out, indent);
}

/* A depth that means: all on one line. */
#define COMPACT SIZE_MAX

static void add_json(struct strbuf *out, const cJSON *value, size_t depth);

static void add_break(struct strbuf *out, size_t depth)
{
    if (depth == COMPACT)
        return;
    strbuf_add(out, "\n");
    text_add_spaces(out, 2 * depth);
}

static void add_json_members(struct strbuf *out, const cJSON *value, size_t depth)
{
    size_t below = depth == COMPACT ? COMPACT : depth + 1;
    bool object = cJSON_IsObject(value);
    const cJSON *item;

    strbuf_add(out, object ? "{" : "[");
    cJSON_ArrayForEach(item, value)
    {
        strbuf_add(out, item == value->child ? "" : ",");
        add_break(out, below);
        if (object) {
            text_add_json_string(out, item->string ? item->string : "");
            strbuf_add(out, depth == COMPACT ? ":" : ": ");
        }
        add_json(out, item, below);
    }
    if (value->child)
        add_break(out, depth);
    strbuf_add(out, object ? "}" : "]");
}

static void add_json(struct strbuf *out, const cJSON *value, size_t depth)
{
    char *leaf;

    if (cJSON_IsObject(value) || cJSON_IsArray(value)) {
        add_json_members(out, value, depth);
    } else if (cJSON_IsString(value)) {
        text_add_json_string(out, value->valuestring);
    } else if ((leaf = cJSON_PrintUnformatted(value)) != NULL) {
        strbuf_add(out, leaf);
        cJSON_free(leaf);
    } else {
        out->failed = true;
    }
}

void render_json(struct strbuf *out, const cJSON *value)
{
    add_json(out, value, 0);
    strbuf_add(out, "\n");
}

void render_json_line(struct strbuf *out, const cJSON *value)
{
    add_json(out, value, COMPACT);
    strbuf_add(out, "\n");
}
