#include "config/reader.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "config/keys.h"

/*
 * inih has limits and habits that vary by build: it cuts lines at 200 characters and section names
 * at 49 without a word, takes ':' for '=', ends values at " ;", accepts junk after a header, and
 * after a broken header goes on in the section before. So the scanner below checks each line's
 * shape first, and what inih reads is written by us: "[N]" for section number N and "key = N" for
 * value number N, both far below every limit. inih then says which key of which section has which
 * value, and the numbers lead back to the full text and its line.
 */
struct slice {
    const char *at;
    const char *end;
};

struct reader {
    struct ini_document *doc;
    struct arena *arena;
    struct report *report;
    const struct source *source;
    struct slice rest; /* of the file */
    uint32_t line;     /* number of the line last taken */
    bool in_section;
    bool told_no_section; /* one complaint for all keys before the first section */
    /* The key that inih is about to be given; one at a time. */
    struct ini_key pending;
    bool failed; /* memory ran out: stop */
};

bool ini_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static struct slice trim(struct slice s)
{
    while (s.at < s.end && ini_is_space(*s.at))
        s.at++;
    while (s.at < s.end && ini_is_space(s.end[-1]))
        s.end--;
    return s;
}

static size_t slice_len(struct slice s)
{
    return (size_t)(s.end - s.at);
}

static const char *find_in(struct slice s, char c)
{
    return s.at < s.end ? memchr(s.at, c, slice_len(s)) : NULL;
}

static void out_of_memory(struct reader *r)
{
    report_out_of_memory(r->report);
    r->failed = true;
}

/* ---- lines ---- */

enum line_kind {
    LINE_END,
    LINE_BLANK,
    LINE_CONTINUATION,
    LINE_HEADER,
    LINE_INDENTED_HEADER, /* surely a header, though it would continue the value above */
    LINE_KEY
};

static bool begins(struct slice s, const char *text)
{
    return slice_len(s) >= strlen(text) && memcmp(s.at, text, strlen(text)) == 0;
}

static bool is_surely_header(struct slice line)
{
    static const char *const headers[] = {"[reeve]", "[service:", "[job:", "[defaults]",
                                          "[template:"};

    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        if (begins(line, headers[i]))
            return true;
    }
    return false;
}

/* What the next line is by its first characters, and where it ends; takes nothing. */
static enum line_kind look(const struct reader *r, struct slice *ret_line)
{
    struct slice line = r->rest, seen;
    const char *newline = find_in(r->rest, '\n');

    if (r->rest.at == r->rest.end)
        return LINE_END;
    if (newline)
        line.end = newline;
    *ret_line = line;
    seen = trim(line);
    if (seen.at == seen.end || *seen.at == '#' || *seen.at == ';')
        return LINE_BLANK;
    if (ini_is_space(*line.at))
        return is_surely_header(seen) ? LINE_INDENTED_HEADER : LINE_CONTINUATION;
    return *line.at == '[' ? LINE_HEADER : LINE_KEY;
}

static void take(struct reader *r, struct slice line)
{
    r->rest.at = line.end < r->rest.end ? line.end + 1 : line.end;
    r->line++;
}

static const char *current_title(const struct reader *r)
{
    const struct ini_section *s;

    if (!r->in_section)
        return NULL;
    s = &r->doc->sections[r->doc->n_sections - 1];
    return s->broken ? NULL : s->title;
}

static struct place here(const struct reader *r, const char *key)
{
    return (struct place){
        .line = r->line, .section = current_title(r), .key = key, .source = r->source};
}

/* Where a complaint about the line itself points. */
static struct place anywhere(const struct reader *r)
{
    return (struct place){.line = r->line, .source = r->source};
}

/* A NUL would end every string made of the line. */
static bool has_nul(struct reader *r, struct slice line)
{
    if (!find_in(line, '\0'))
        return false;
    report_add(r->report, here(r, NULL),
               "the line contains a NUL byte; remove it, a configuration is plain text (UTF-8)");
    return true;
}

/* ---- headers ---- */

static bool add_section(struct reader *r, const char *title, bool broken)
{
    struct ini_document *d = r->doc;

    if (d->n_sections == d->cap_sections) {
        size_t cap = d->cap_sections ? d->cap_sections * 2 : 16;
        struct ini_section *sections = realloc(d->sections, cap * sizeof *sections);

        if (!sections) {
            out_of_memory(r);
            return false;
        }
        d->sections = sections;
        d->cap_sections = cap;
    }
    d->sections[d->n_sections++] = (struct ini_section){
        .title = title, .source = r->source, .line = r->line, .broken = broken};
    r->in_section = true;
    return true;
}

/* The text between the brackets, or a complaint. */
static bool header_title(struct reader *r, struct slice line, struct slice *ret_title)
{
    const char *close = find_in(line, ']');

    if (has_nul(r, line))
        return false;
    if (!close) {
        report_add(r->report, anywhere(r),
                   "the section header has no closing bracket; write for example [service:web]");
        return false;
    }
    if (slice_len(trim((struct slice){close + 1, line.end})) > 0) {
        report_add(r->report, anywhere(r),
                   "text follows the section header; write the header alone in its line, and "
                   "comments in lines of their own");
        return false;
    }
    *ret_title = trim((struct slice){line.at + 1, close});
    return true;
}

static bool take_header(struct reader *r, struct slice line)
{
    struct slice title;
    const char *copy;

    take(r, line);
    if (ini_is_space(*line.at)) {
        report_add(r->report, anywhere(r),
                   "white space stands before the section header; begin the line with '['");
        while (*line.at != '[')
            line.at++;
    }
    if (!header_title(r, line, &title))
        return add_section(r, "", true);
    copy = arena_copy(r->arena, title.at, slice_len(title));
    if (!copy) {
        out_of_memory(r);
        return false;
    }
    return add_section(r, copy, false);
}

/* ---- keys ---- */

static bool key_char(char c, bool first)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return true;
    return !first && ((c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.');
}

/* Length of the key-shaped word at the start. */
static size_t key_len(struct slice s)
{
    size_t n = 0;

    while (s.at + n < s.end && key_char(s.at[n], n == 0))
        n++;
    return n;
}

static void complain_no_key(struct reader *r, struct slice line)
{
    size_t n = key_len(line);
    struct slice after = trim((struct slice){line.at + n, line.end});
    char word[SHOWN_BYTES], *copy = arena_copy(r->arena, line.at, n ? n : slice_len(line));

    if (!copy) {
        out_of_memory(r);
        return;
    }
    shown(word, copy);
    if (n && after.at < after.end && *after.at == ':')
        report_add(r->report, here(r, NULL),
                   "a key is followed by '=', not by ':'; write '%s = value'", word);
    else if (*line.at == '=')
        report_add(r->report, here(r, NULL), "there is no key before '='; write 'key = value'");
    else if (!n)
        report_add(r->report, here(r, NULL),
                   "'%s' does not begin with a key; write 'key = value' (to continue the value "
                   "above, indent the line)",
                   word);
    else
        report_add(r->report, here(r, NULL),
                   "there is no '=' after '%s'; write 'key = value' (to continue the value above, "
                   "indent the line)",
                   word);
}

/* Splits `key = value`; false after a complaint. */
static bool split_key(struct reader *r, struct slice line, struct slice *ret_key,
                      struct slice *ret_value)
{
    size_t n = key_len(line);
    struct slice after = trim((struct slice){line.at + n, line.end});

    if (has_nul(r, line))
        return false;
    if (n == 0 || after.at == after.end || *after.at != '=') {
        complain_no_key(r, line);
        return false;
    }
    *ret_key = (struct slice){line.at, line.at + n};
    *ret_value = trim((struct slice){after.at + 1, after.end});
    if (n > KEY_NAME_MAX) {
        char word[SHOWN_BYTES], *copy = arena_copy(r->arena, line.at, n);

        if (copy)
            report_add(r->report, here(r, shown(word, copy)),
                       "unknown key; the keys are listed in reeve.ini(5), none has more than %d "
                       "characters",
                       KEY_NAME_MAX);
        else
            out_of_memory(r);
        return false;
    }
    return true;
}

/* A value as it grows. */
struct value {
    struct strbuf text;
    struct strbuf lines; /* uint32_t each: of the lines in `text`; none until one continues it */
};

/* In a shell a backslash would join the lines; here it would quote the joining space, silently.
 * (Where lines are items, whoever reads them tells.) */
static void check_no_backslash(struct reader *r, const struct strbuf *text)
{
    struct place where = here(r, r->pending.name);
    size_t n = 0;

    while (n < text->len_bytes && text->data[text->len_bytes - 1 - n] == '\\')
        n++;
    if (n % 2 == 1 && !key_takes_lines(r->pending.name))
        report_add(r->report, where,
                   "the line before ends with a backslash, which joins nothing; remove it, the "
                   "indented line already continues the value");
}

static void add_line_number(struct value *value, uint32_t line)
{
    strbuf_add_bytes(&value->lines, &line, sizeof line);
}

static void continue_value(struct reader *r, struct value *value, struct slice line)
{
    check_no_backslash(r, &value->text);
    if (value->text.len_bytes) {
        if (!value->lines.len_bytes)
            add_line_number(value, r->pending.line);
        strbuf_add(&value->text, "\n");
    }
    add_line_number(value, r->line);
    strbuf_add_bytes(&value->text, line.at, slice_len(line));
}

/* Whether the text begins like a key of ours: hardly meant to continue a value. */
static bool looks_like_its_own_line(struct slice line)
{
    size_t n = key_len(line);
    struct slice after = trim((struct slice){line.at + n, line.end});

    if (n == 0 || after.at == after.end || *after.at != '=')
        return false;
    for (size_t i = 0; i < n_keys; i++)
        if (strlen(keys[i].name) == n && memcmp(keys[i].name, line.at, n) == 0)
            return true;
    return false;
}

/* Adds the continuation lines that follow, if `value` is given; else only skips them. */
static void take_continuations(struct reader *r, struct value *value)
{
    struct slice line;

    for (;;) {
        enum line_kind kind = look(r, &line);

        if (kind != LINE_BLANK && kind != LINE_CONTINUATION)
            return;
        take(r, line);
        if (kind == LINE_BLANK || has_nul(r, line) || !value)
            continue;
        line = trim(line);
        if (looks_like_its_own_line(line)) {
            report_add(
                r->report, here(r, r->pending.name),
                "an indented line continues the value above it, and this looks like a key of "
                "its own; begin it without white space");
            continue;
        }
        continue_value(r, value, line);
    }
}

/* Whether a key stands under a header; complains once for all keys that do not. */
static bool under_a_header(struct reader *r)
{
    if (r->in_section)
        return true;
    if (!r->told_no_section)
        report_add(r->report, here(r, NULL),
                   "a key stands before the first section; begin with [reeve], [service:NAME] or "
                   "[job:NAME]");
    r->told_no_section = true;
    return false;
}

static void keep_value(struct reader *r, const struct value *value)
{
    const struct strbuf *text = &value->text, *lines = &value->lines;

    if (text->failed || lines->failed)
        return;
    if (lines->len_bytes)
        r->pending.value_lines =
            (const uint32_t *)(const void *)arena_copy(r->arena, lines->data, lines->len_bytes);
    if (!lines->len_bytes || r->pending.value_lines)
        r->pending.value = arena_copy(r->arena, strbuf_text(text), text->len_bytes);
}

/* Takes one key with its continuations into r->pending; false when there is nothing to keep. */
static bool take_key(struct reader *r, struct slice line)
{
    struct slice key, value;
    struct value whole = {STRBUF_INIT, STRBUF_INIT};

    take(r, line);
    if (!under_a_header(r)) {
        take_continuations(r, NULL);
        return false;
    }
    if (!split_key(r, line, &key, &value)) {
        r->doc->sections[r->doc->n_sections - 1].refused = true;
        take_continuations(r, NULL);
        return false;
    }
    r->pending = (struct ini_key){.source = r->source, .line = r->line};
    r->pending.name = arena_copy(r->arena, key.at, slice_len(key));
    strbuf_add_bytes(&whole.text, value.at, slice_len(value));
    take_continuations(r, &whole);
    keep_value(r, &whole);
    strbuf_finish(&whole.text);
    strbuf_finish(&whole.lines);
    if (!r->pending.name || !r->pending.value)
        out_of_memory(r);
    return !r->failed;
}

static void take_stray_continuation(struct reader *r, struct slice line)
{
    take(r, line);
    if (!has_nul(r, line) && under_a_header(r)) {
        r->doc->sections[r->doc->n_sections - 1].refused = true;
        report_add(r->report, here(r, NULL),
                   "an indented line continues the value above it, but there is none; begin the "
                   "line without white space");
    }
    take_continuations(r, NULL);
}

/* ---- inih ---- */

/* Gives inih its next line, as fgets would; NULL ends the file. */
static char *next_line(char *to, int size, void *stream)
{
    struct reader *r = stream;
    struct slice line;
    int n = -1;

    while (n < 0 && !r->failed) {
        switch (look(r, &line)) {
        case LINE_END:
            return NULL;
        case LINE_BLANK:
            take(r, line);
            break;
        case LINE_CONTINUATION:
            take_stray_continuation(r, line);
            break;
        case LINE_HEADER:
        case LINE_INDENTED_HEADER:
            if (take_header(r, line))
                n = snprintf(to, (size_t)size, "[%zu]\n", r->doc->n_sections - 1);
            break;
        case LINE_KEY:
            if (take_key(r, line))
                n = snprintf(to, (size_t)size, "%s = %zu\n", r->pending.name, r->doc->n_keys);
            break;
        }
    }
    return n >= 0 && n < size && !r->failed ? to : NULL;
}

/* inih found a key: keeps it. Returns nonzero for success, as inih wants. */
static int on_key(void *user, const char *section, const char *name, const char *value)
{
    struct reader *r = user;
    struct ini_document *d = r->doc;
    size_t s = strtoul(section, NULL, 10), v = strtoul(value, NULL, 10);

    if (s + 1 != d->n_sections || v != d->n_keys || strcmp(name, r->pending.name) != 0)
        return 0;
    if (d->n_keys == d->cap_keys) {
        size_t cap = d->cap_keys ? d->cap_keys * 2 : 64;
        struct ini_key *grown = realloc(d->keys, cap * sizeof *grown);

        if (!grown) {
            out_of_memory(r);
            return 0;
        }
        d->keys = grown;
        d->cap_keys = cap;
    }
    if (d->sections[s].n_keys++ == 0)
        d->sections[s].first_key = d->n_keys;
    r->pending.section = (uint32_t)s;
    d->keys[d->n_keys++] = r->pending;
    return 1;
}

void ini_read(struct ini_document *doc, const struct source *source, const char *text,
              size_t len_bytes, struct arena *arena, struct report *report)
{
    static const char bom[] = "\xef\xbb\xbf";
    struct reader r = {.doc = doc, .arena = arena, .report = report, .source = source};
    int rc;

    if (len_bytes >= 3 && memcmp(text, bom, 3) == 0) {
        text += 3;
        len_bytes -= 3;
    }
    if (len_bytes == 0)
        return;
    r.rest = (struct slice){text, text + len_bytes};
    rc = ini_parse_stream(next_line, &r, on_key, &r);
    if (rc == -2)
        out_of_memory(&r);
    else if (!r.failed && (rc != 0 || r.rest.at != r.rest.end))
        report_add(
            report, anywhere(&r),
            "the INI library of this system refused a line that it should take; report this, "
            "and try the line in another form");
}

void ini_document_finish(struct ini_document *doc)
{
    free(doc->sections);
    free(doc->keys);
    *doc = (struct ini_document){0};
}
