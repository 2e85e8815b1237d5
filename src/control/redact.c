#include "control/redact.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { NAME_MAX_CHARS = 256 };

static bool ends_with(const char *name, size_t len, const char *end)
{
    size_t n = strlen(end);

    return len >= n && strncasecmp(name + len - n, end, n) == 0;
}

/* A word at the end is enough (PGPASSWORD), but for KEY, which many harmless names end with. */
static bool names_secret(const char *name, size_t len)
{
    static const char *const endings[] = {"PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN",
                                          "SECRET",   "APIKEY", "_KEY"};

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (ends_with(name, len, endings[i]))
            return true;
    }
    return len == 3 && ends_with(name, len, "KEY");
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* One word as written, from its first character; quotes are kept where they stand. */
struct word {
    const char *at;
    char quote; /* open here: ' or ", else 0 */
};

/* Steps over one element, an escape with what it escapes; returns its length, 0 at the word's end.
 * *ret_plain: it is a character of the word itself, not a quote. */
static size_t element(struct word *w, bool *ret_plain)
{
    char c = *w->at;

    *ret_plain = false;
    if (c == '\0' || (!w->quote && is_blank(c)))
        return 0;
    if (w->quote ? c == w->quote : c == '"' || c == '\'') {
        w->quote = w->quote ? '\0' : c;
        return 1;
    }
    *ret_plain = true;
    return c == '\\' && w->quote != '\'' && w->at[1] ? 2 : 1;
}

/* Passes the variable's name up to and with its '='. Returns whether the name is a secret's. */
static bool pass_name(struct word *w)
{
    char name[NAME_MAX_CHARS];
    size_t len = 0, n;
    bool plain;

    while ((n = element(w, &plain)) > 0) {
        char c = w->at[n - 1];

        w->at += n;
        if (plain && c == '=' && n == 1)
            return names_secret(name, len);
        if (!plain)
            continue;
        if (len == sizeof name) { /* only the ending matters */
            memmove(name, name + 1, len - 1);
            len--;
        }
        name[len++] = c;
    }
    return false;
}

void redact_environment(struct strbuf *out, const char *text)
{
    while (*text) {
        struct word w = {text, '\0'};
        bool plain, secret;
        const char *value;
        char quote;
        size_t n;

        if (is_blank(*text)) {
            strbuf_add_bytes(out, text++, 1);
            continue;
        }
        secret = pass_name(&w);
        value = w.at;
        quote = w.quote; /* one that the name is inside of is closed again after the stars */
        while ((n = element(&w, &plain)) > 0)
            w.at += n;
        if (secret) {
            strbuf_add_bytes(out, text, (size_t)(value - text));
            strbuf_add(out, "***");
            strbuf_add_bytes(out, &quote, quote ? 1 : 0);
        } else {
            strbuf_add_bytes(out, text, (size_t)(w.at - text));
        }
        text = w.at;
    }
}
