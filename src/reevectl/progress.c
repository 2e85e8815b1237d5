#include "reevectl/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "os/clock.h"
#include "reevectl/awaited.h"
#include "reevectl/fields.h"
#include "reevectl/text.h"
#include "reevectl/words.h"

/* What ends sooner shows no progress; a block is at most so many lines of units. */
enum { MOMENT_MS = 300, LINES_MAX = 10, ROWS_KEPT = 3 };
/* What a line needs beside the name, and the least it is worth being drawn in. */
enum { OTHER_COLUMNS = 22, STATE_COLUMNS = 9, COLUMNS_MIN = 30, WAITS_COLUMNS_MIN = 12 };

struct progress_unit {
    struct list link;     /* progress.units */
    struct map_node node; /* progress.by_name */
    char *name;           /* owned */
    char *state;          /* owned */
    char *waits;          /* owned: "for db to be ready", "in pre_start"; NULL: none, no memory */
    int64_t since_ms;     /* of the monotonic clock */
};

void progress_init(struct progress *p, struct terminal *terminal, const char *waiting,
                   int64_t now_ms)
{
    *p = (struct progress){
        .terminal = terminal,
        .waiting = waiting,
        .show_at_ms = now_ms + MOMENT_MS,
        .changed = true,
    };
    list_init(&p->units);
    map_init(&p->by_name);
}

void progress_wait_for(struct progress *p, const char *waiting)
{
    p->waiting = waiting;
    p->changed = true;
}

static void destroy_unit(struct progress *p, struct progress_unit *u)
{
    map_remove(&p->by_name, u->node.key);
    list_remove(&u->link);
    p->n_units--;
    p->changed = true;
    free(u->name);
    free(u->state);
    free(u->waits);
    free(u);
}

void progress_drop_all(struct progress *p)
{
    list_for_each_safe (it, &p->units) {
        destroy_unit(p, container_of(it, struct progress_unit, link));
    }
}

void progress_finish(struct progress *p)
{
    progress_clear(p);
    progress_drop_all(p);
    map_finish(&p->by_name);
}

/* FNV-1a: two names of one key are the same unit to us, which costs no more than a line. */
static uint64_t key_of(const char *name)
{
    uint64_t key = UINT64_C(14695981039346656037);

    for (; *name; name++)
        key = (key ^ (unsigned char)*name) * UINT64_C(1099511628211);
    return key;
}

static struct progress_unit *find_unit(const struct progress *p, const char *name)
{
    struct map_node *node = map_find(&p->by_name, key_of(name));

    return node ? container_of(node, struct progress_unit, node) : NULL;
}

static char *harmless(const char *text)
{
    struct strbuf b = STRBUF_INIT;

    text_add_harmless(&b, text);
    return strbuf_steal(&b);
}

static struct progress_unit *create_unit(struct progress *p, const char *name)
{
    struct progress_unit *u = calloc(1, sizeof(*u));

    if (!u)
        return NULL;
    u->name = harmless(name);
    if (!u->name) {
        free(u);
        return NULL;
    }
    map_add(&p->by_name, &u->node, key_of(name));
    list_append(&p->units, &u->link);
    p->n_units++;
    return u;
}

static char *waits_of(const cJSON *about)
{
    const cJSON *waiting = field(about, "waiting");
    struct strbuf text = STRBUF_INIT;
    char *waits;

    if (waiting) {
        strbuf_add(&text, "for ");
        awaited_add(&text, waiting);
    } else if (field_text(about, "hook")) {
        strbuf_addf(&text, "in %s", field_word(about, "hook"));
    } else if (!awaited_add_hold(&text, about, clock_now().wall_ms)) {
        return NULL;
    }
    waits = text.failed ? NULL : harmless(strbuf_text(&text));
    strbuf_finish(&text);
    return waits;
}

void progress_put(struct progress *p, const char *unit, const char *state, const cJSON *about,
                  int64_t since_ms, int64_t now_ms)
{
    struct progress_unit *u = find_unit(p, unit);
    char *copy = harmless(state);

    if (!u && copy)
        u = create_unit(p, unit);
    if (!u || !copy) {
        free(copy);
        return;
    }
    if (since_ms >= 0)
        u->since_ms = now_ms - since_ms;
    else if (!u->state || strcmp(u->state, copy) != 0)
        u->since_ms = now_ms;
    free(u->state);
    free(u->waits);
    u->state = copy;
    u->waits = waits_of(about);
    p->changed = true;
}

void progress_drop(struct progress *p, const char *unit)
{
    struct progress_unit *u = find_unit(p, unit);

    if (u)
        destroy_unit(p, u);
}

static size_t lines_shown(const struct progress *p)
{
    size_t rows = p->terminal->rows;
    size_t max = rows >= LINES_MAX + ROWS_KEPT ? LINES_MAX
                 : rows > ROWS_KEPT            ? rows - ROWS_KEPT
                                               : 1;

    /* "and 1 more" takes the line of that one. */
    return p->n_units <= max + 1 ? p->n_units : max;
}

/* The widest name shown, as far as the line has room for it. */
static size_t name_columns(const struct progress *p, size_t shown)
{
    size_t room = p->terminal->columns - OTHER_COLUMNS;
    size_t widest = 0;

    list_for_each (it, &p->units) {
        size_t width = text_columns(container_of(it, struct progress_unit, link)->name);

        if (shown-- == 0)
            break;
        widest = width > widest ? width : widest;
    }
    return widest < room ? widest : room;
}

/* What it waits for, as far as the line has room for it; one column stays free, since a full line
 * would wrap. */
static void add_waits(const struct progress *p, struct strbuf *out, const char *waits, size_t used)
{
    const struct terminal *t = p->terminal;
    struct strbuf text = STRBUF_INIT;

    if (!waits || used + WAITS_COLUMNS_MIN + 3 > t->columns)
        return;
    text_add_cut(&text, waits, t->columns - used - 3, terminal_ellipsis(t));
    strbuf_add(out, "  ");
    terminal_add(t, out, STYLE_DIM, strbuf_text(&text));
    out->failed |= text.failed;
    strbuf_finish(&text);
}

/* "● web     waiting     3s  for db to be ready" */
static void add_unit(const struct progress *p, struct strbuf *out, const struct progress_unit *u,
                     size_t width, int64_t now_ms)
{
    const struct terminal *t = p->terminal;
    enum style style = words_state_style(u->state);
    struct strbuf name = STRBUF_INIT, state = STRBUF_INIT, text = STRBUF_INIT;
    int64_t elapsed_ms = now_ms - u->since_ms;
    size_t columns;
    char elapsed[32];

    text_add_cut(&name, u->name, width, terminal_ellipsis(t));
    terminal_add(t, out, style, terminal_dot(t));
    strbuf_addf(out, " %s", strbuf_text(&name));
    text_add_spaces(out, width - text_columns(strbuf_text(&name)) + 2);
    text_add_cut(&state, u->state, STATE_COLUMNS, terminal_ellipsis(t));
    terminal_add(t, out, style, strbuf_text(&state));
    columns = text_columns(strbuf_text(&state));
    if (elapsed_ms >= 1000 || u->waits) {
        text_add_spaces(out, columns < 8 ? 8 - columns : 0);
        columns = columns < 8 ? 8 : columns;
    }
    if (elapsed_ms >= 1000) {
        duration_format(elapsed_ms - elapsed_ms % 1000, elapsed, sizeof(elapsed));
        strbuf_addf(&text, "  %6s", elapsed);
        terminal_add(t, out, STYLE_DIM, strbuf_text(&text));
        columns += text_columns(strbuf_text(&text));
    } else if (u->waits) {
        text_add_spaces(out, 8); /* where the time will stand */
        columns += 8;
    }
    add_waits(p, out, u->waits, 2 + width + 2 + columns);
    out->failed |= name.failed || state.failed || text.failed;
    strbuf_finish(&name);
    strbuf_finish(&state);
    strbuf_finish(&text);
}

static unsigned write_waiting(const struct progress *p, struct strbuf *out)
{
    struct strbuf line = STRBUF_INIT;

    if (!p->waiting)
        return 0;
    text_add_harmless(&line, p->waiting);
    strbuf_add(&line, terminal_ellipsis(p->terminal));
    /* One column less than there are: a full line would wrap and could not be cleared. */
    text_add_cut(out, strbuf_text(&line), p->terminal->columns - 1, terminal_ellipsis(p->terminal));
    out->failed |= line.failed;
    strbuf_finish(&line);
    return 1;
}

unsigned progress_write(const struct progress *p, int64_t now_ms, struct strbuf *out)
{
    size_t shown = lines_shown(p);
    size_t width = name_columns(p, shown);
    unsigned n = 0;

    if (p->n_units == 0)
        return write_waiting(p, out);
    list_for_each (it, &p->units) {
        if (n == shown)
            break;
        strbuf_add(out, n++ ? "\n" : "");
        add_unit(p, out, container_of(it, struct progress_unit, link), width, now_ms);
    }
    if (shown < p->n_units) {
        struct strbuf more = STRBUF_INIT;

        strbuf_addf(&more, "  and %zu more", p->n_units - shown);
        strbuf_add(out, "\n");
        terminal_add(p->terminal, out, STYLE_DIM, strbuf_text(&more));
        strbuf_finish(&more);
        n++;
    }
    return n;
}

/* To the beginning of the block. */
static void add_home(const struct progress *p, struct strbuf *b)
{
    strbuf_add(b, "\r");
    if (p->n_drawn > 1)
        strbuf_addf(b, "\033[%uA", p->n_drawn - 1);
}

void progress_clear(struct progress *p)
{
    struct strbuf b = STRBUF_INIT;

    if (p->n_drawn) {
        add_home(p, &b);
        strbuf_add(&b, "\033[J");
        fputs(strbuf_text(&b), stderr);
    }
    strbuf_finish(&b);
    p->n_drawn = 0;
    p->changed = true;
}

/* Line over line, each cleared behind its end, so that nothing flickers. */
static void draw(struct progress *p, int64_t now_ms)
{
    struct strbuf block = STRBUF_INIT, b = STRBUF_INIT;
    unsigned n = progress_write(p, now_ms, &block);

    if (p->n_drawn)
        add_home(p, &b);
    for (const char *c = strbuf_text(&block); *c; c++) {
        if (*c == '\n')
            strbuf_add(&b, "\033[K");
        strbuf_add_bytes(&b, c, 1);
    }
    strbuf_add(&b, p->n_drawn ? "\033[J" : "");
    if (!block.failed && !b.failed) {
        fputs(strbuf_text(&b), stderr);
        p->n_drawn = n;
    }
    strbuf_finish(&block);
    strbuf_finish(&b);
}

void progress_tick(struct progress *p, int64_t now_ms)
{
    if (!p->terminal->moves || now_ms < p->show_at_ms)
        return;
    /* Without news only the seconds move. */
    if (!p->changed && (p->n_units == 0 || now_ms / 1000 == p->drawn_at_ms / 1000))
        return;
    terminal_measure(p->terminal);
    if (p->terminal->columns < COLUMNS_MIN) {
        progress_clear(p);
        return;
    }
    draw(p, now_ms);
    p->changed = false;
    p->drawn_at_ms = now_ms;
}
