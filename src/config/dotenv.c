#include "config/dotenv.h"

#include <string.h>

#include "base/strbuf.h"
#include "config/env.h"
#include "config/reader.h"

struct scanner {
    const char *at;
    const char *end;
    uint32_t line; /* number of the one at `at` */
    const struct source *source;
    struct arena *arena;
    struct report *report;
};

static struct place here(const struct scanner *s)
{
    return (struct place){.line = s->line, .source = s->source};
}

static bool at_space(const struct scanner *s)
{
    return s->at < s->end && ini_is_space(*s->at);
}

static void skip_space(struct scanner *s)
{
    while (at_space(s))
        s->at++;
}

/* Behind the newline, or to the end. */
static void skip_line(struct scanner *s)
{
    const char *newline = s->at < s->end ? memchr(s->at, '\n', (size_t)(s->end - s->at)) : NULL;

    s->at = newline ? newline + 1 : s->end;
    s->line++;
}

static bool at_end_of_line(const struct scanner *s)
{
    return s->at == s->end || *s->at == '\n';
}

/* Without quotes. */
static void take_plain(struct scanner *s, struct strbuf *value)
{
    const char *from = s->at, *until;

    while (!at_end_of_line(s) && !(*s->at == '#' && (s->at == from || ini_is_space(s->at[-1]))))
        s->at++;
    until = s->at;
    while (until > from && ini_is_space(until[-1]))
        until--;
    strbuf_add_bytes(value, from, (size_t)(until - from));
}

/* The character behind a backslash in "...". */
static void take_escaped(struct scanner *s, struct strbuf *value)
{
    static const char letters[] = "nrt\"\\$", meant[] = "\n\r\t\"\\$";
    const char *found = s->at < s->end && *s->at ? strchr(letters, *s->at) : NULL;

    if (found) {
        strbuf_add_bytes(value, &meant[found - letters], 1);
        s->at++;
    } else {
        strbuf_add(value, "\\");
    }
}

/* From the quote at `at`; false after a complaint. */
static bool take_quoted(struct scanner *s, struct strbuf *value)
{
    struct place begin = here(s);
    char quote = *s->at++;

    while (s->at < s->end && *s->at != quote) {
        char c = *s->at++;

        if (c == '\n')
            s->line++;
        if (c == '\\' && quote == '"')
            take_escaped(s, value);
        else
            strbuf_add_bytes(value, &c, 1);
    }
    if (s->at == s->end) {
        report_add(s->report, begin,
                   "a %c is not closed; write a second %c where the quoted text ends", quote,
                   quote);
        return false;
    }
    s->at++;
    skip_space(s);
    if (at_end_of_line(s) || *s->at == '#')
        return true;
    report_add(s->report, here(s),
               "text follows the quoted value; put all of the value into one pair of quotes");
    return false;
}

static void keep(struct scanner *s, struct dotenv *to, const char *name, size_t name_bytes,
                 uint32_t line, const struct strbuf *value)
{
    size_t n = value->len_bytes;
    char *var = arena_alloc(s->arena, name_bytes + n + 2, 1);

    if (!var || value->failed) {
        report_out_of_memory(s->report);
        return;
    }
    memcpy(var, name, name_bytes);
    var[name_bytes] = '=';
    if (n)
        memcpy(var + name_bytes + 1, value->data, n);
    to->lines[to->n] = line;
    to->vars[to->n++] = var;
}

/* Past "export", where it is not the name itself. */
static void skip_export(struct scanner *s)
{
    static const char word[] = "export";
    const char *from = s->at;

    if ((size_t)(s->end - s->at) <= strlen(word) || memcmp(s->at, word, strlen(word)) != 0)
        return;
    s->at += strlen(word);
    skip_space(s);
    if (s->at == from + strlen(word) || s->at == s->end || *s->at == '=')
        s->at = from;
}

/* One variable, at the beginning of a name; false after a complaint. */
static bool take_variable(struct scanner *s, struct dotenv *to)
{
    struct strbuf value = STRBUF_INIT;
    uint32_t line = s->line;
    const char *name;
    size_t name_bytes = 0;
    bool good = true;

    skip_export(s);
    name = s->at;
    while (s->at < s->end && !ini_is_space(*s->at) && *s->at != '=' && *s->at != '\n')
        s->at++;
    name_bytes = (size_t)(s->at - name);
    skip_space(s);
    if (at_end_of_line(s) || *s->at != '=') {
        report_add(s->report, here(s), "there is no '=' after the name; write NAME=value");
        return false;
    }
    if (!env_name_ok(name, name_bytes)) {
        report_add(s->report, here(s),
                   "what stands before '=' cannot be a name; a name is letters, digits and '_', "
                   "and begins with no digit");
        return false;
    }
    s->at++;
    skip_space(s);
    if (s->at < s->end && (*s->at == '"' || *s->at == '\''))
        good = take_quoted(s, &value);
    else
        take_plain(s, &value);
    if (good && value.len_bytes && memchr(value.data, '\0', value.len_bytes)) {
        report_add(s->report, here(s), "the value contains a NUL byte; remove it");
        good = false;
    }
    if (good)
        keep(s, to, name, name_bytes, line, &value);
    strbuf_finish(&value);
    return good;
}

void dotenv_read(struct dotenv *to, const struct source *source, const char *text, size_t len_bytes,
                 struct arena *arena, struct report *report)
{
    static const char bom[] = "\xef\xbb\xbf";
    struct scanner s = {text, text + len_bytes, 1, source, arena, report};
    size_t most = 1;

    for (size_t i = 0; i < len_bytes; i++)
        most += text[i] == '\n';
    *to = (struct dotenv){arena_alloc(arena, most, sizeof *to->vars), 0,
                          arena_alloc(arena, most, sizeof *to->lines)};
    if (!to->vars || !to->lines) {
        report_out_of_memory(report);
        return;
    }
    if (len_bytes >= strlen(bom) && memcmp(text, bom, strlen(bom)) == 0)
        s.at += strlen(bom);
    while (s.at < s.end) {
        skip_space(&s);
        if (!at_end_of_line(&s) && *s.at != '#')
            (void)take_variable(&s, to);
        skip_line(&s);
    }
}
