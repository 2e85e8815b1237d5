#include "base/redact.h"

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

/* A word at the end is enough (PGPASSWORD), but for those that many harmless names end with, as
 * MONKEY, BYPASS and OAUTH: these need the '_', or are the whole name. */
static bool names_secret(const char *name, size_t len)
{
    static const char *const endings[] = {"PASSWORD", "PASSWD", "PASSPHRASE",  "TOKEN",
                                          "SECRET",   "APIKEY", "CREDENTIALS", "_KEY",
                                          "_PASS",    "_AUTH"};
    static const char *const names[] = {"KEY", "PASS", "AUTH"};

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (ends_with(name, len, endings[i]))
            return true;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (len == strlen(names[i]) && ends_with(name, len, names[i]))
            return true;
    }
    return false;
}

/* Whether the name is what the pattern says; after a '*' that took too little, it takes one more.
 */
static bool is_like(const char *pattern, size_t pattern_len, const char *name, size_t len)
{
    size_t p = 0, n = 0, star = pattern_len, star_n = 0;

    while (n < len) {
        if (p < pattern_len && pattern[p] == '*') {
            star = p++;
            star_n = n;
        } else if (p < pattern_len &&
                   (pattern[p] == '?' || strncasecmp(&pattern[p], &name[n], 1) == 0)) {
            p++;
            n++;
        } else if (star < pattern_len) {
            p = star + 1;
            n = ++star_n;
        } else {
            return false;
        }
    }
    while (p < pattern_len && pattern[p] == '*')
        p++;
    return p == pattern_len;
}

static bool is_listed(const char *patterns, const char *name, size_t len)
{
    while (len && *name == '-') {
        name++;
        len--;
    }
    while (patterns && *patterns) {
        size_t n = strcspn(patterns, " ");

        if (n && is_like(patterns, n, name, len))
            return true;
        patterns += n + (patterns[n] != '\0');
    }
    return false;
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
static bool pass_name(struct word *w, const char *patterns)
{
    char name[NAME_MAX_CHARS];
    size_t len = 0, n;
    bool plain;

    while ((n = element(w, &plain)) > 0) {
        char c = w->at[n - 1];

        w->at += n;
        if (plain && c == '=' && n == 1)
            return names_secret(name, len) || is_listed(patterns, name, len);
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

/* ---- passwords in URLs ---- */

/* Passes the next "://"; false when there is none. */
static bool pass_scheme(struct word *w)
{
    unsigned seen = 0; /* characters of "://" just passed */
    bool plain;
    size_t n;

    while (seen < 3 && (n = element(w, &plain)) > 0) {
        char c = w->at[n - 1];

        w->at += n;
        if (plain)
            seen = c == "://"[seen] ? seen + 1 : c == ':';
    }
    return seen == 3;
}

/* The password in what follows a "://": from behind the first ':' to the last '@' before a '/'.
 * What cannot be a port may hold a '/' as well, since some programs take such passwords. Moves *w
 * to the '@'; or to the end, if no other password can follow. */
static bool pass_password(struct word *w, struct word *ret_from, struct word *ret_to)
{
    bool colon = false, at = false, port = true, plain;
    struct word begin = *w;
    size_t n;

    while ((n = element(w, &plain)) > 0) {
        char c = w->at[n - 1];

        if (plain && (c == '[' ? !colon : c == '/' && (at || !colon || port)))
            break;
        if (plain && c == '@' && colon) {
            *ret_to = *w;
            at = true;
        }
        w->at += n;
        if (plain && c == ':' && !colon) {
            *ret_from = *w;
            colon = true;
        } else if (plain && colon) {
            port = port && c >= '0' && c <= '9';
        }
    }
    if (at)
        *w = *ret_to;
    else if (n > 0)
        *w = begin;
    return at;
}

/* Adds what stands from `w` to `end`, in the same word, without the passwords in URLs. */
static void add_public(struct strbuf *out, struct word w, const char *end)
{
    const char *from = w.at;
    struct word password, behind;

    while (pass_scheme(&w)) {
        if (!pass_password(&w, &password, &behind))
            continue;
        if (password.at >= end)
            break;
        strbuf_add_bytes(out, from, (size_t)(password.at - from));
        strbuf_add(out, "***");
        /* Quotes that are closed or opened in the password, as far as they are paired outside. */
        if (password.quote != behind.quote) {
            strbuf_add_bytes(out, &password.quote, password.quote ? 1 : 0);
            strbuf_add_bytes(out, &behind.quote, behind.quote ? 1 : 0);
        }
        from = behind.at < end ? behind.at : end;
    }
    strbuf_add_bytes(out, from, (size_t)(end - from));
}

void redact_words(struct strbuf *out, const char *text, const char *patterns)
{
    while (*text) {
        struct word w = {text, '\0'}, begin = w, value;
        bool plain, secret;
        size_t n;

        if (is_blank(*text)) {
            strbuf_add_bytes(out, text++, 1);
            continue;
        }
        secret = pass_name(&w, patterns);
        value = w;
        while ((n = element(&w, &plain)) > 0)
            w.at += n;
        if (secret) {
            add_public(out, begin, value.at);
            strbuf_add(out, "***");
            /* A quote that the name is inside of is closed again. */
            strbuf_add_bytes(out, &value.quote, value.quote ? 1 : 0);
        } else {
            add_public(out, begin, w.at);
        }
        text = w.at;
    }
}
