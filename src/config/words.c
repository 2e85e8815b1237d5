#include "config/words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Words are written one after the other, each with its NUL, into one buffer that can never be too
 * small: quoting only shrinks, and each word but the last is followed by a separator. */
struct splitter {
    const char *at;
    char *to;
    const char *problem;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

static bool copy_single_quoted(struct splitter *s)
{
    s->at++;
    while (*s->at && *s->at != '\'')
        *s->to++ = *s->at++;
    if (!*s->at) {
        s->problem = "a ' is not closed; write a second ' where the quoted text ends";
        return false;
    }
    s->at++;
    return true;
}

static bool copy_double_quoted(struct splitter *s)
{
    s->at++;
    while (*s->at && *s->at != '"') {
        if (*s->at == '\\' && s->at[1] && strchr("$`\"\\", s->at[1]))
            s->at++;
        *s->to++ = *s->at++;
    }
    if (!*s->at) {
        s->problem = "a \" is not closed; write a second \" where the quoted text ends";
        return false;
    }
    s->at++;
    return true;
}

/* Copies one word and its NUL; s->at stands on its first character. */
static bool copy_word(struct splitter *s)
{
    while (*s->at && !is_space(*s->at)) {
        if (*s->at == '\'') {
            if (!copy_single_quoted(s))
                return false;
        } else if (*s->at == '"') {
            if (!copy_double_quoted(s))
                return false;
        } else if (*s->at == '\\') {
            if (!s->at[1]) {
                s->problem = "a \\ at the end quotes nothing; write \\\\ for a backslash";
                return false;
            }
            s->at++;
            *s->to++ = *s->at++;
        } else {
            *s->to++ = *s->at++;
        }
    }
    *s->to++ = '\0';
    return true;
}

/* An upper bound, good enough to size the list. */
static size_t count_at_most(const char *text)
{
    size_t n = 0;

    for (; *text; text++) {
        if (!is_space(*text) && (is_space(text[1]) || !text[1]))
            n++;
    }
    return n;
}

int words_split(const char *text, struct arena *arena, char ***ret_words, size_t *ret_n,
                const char **ret_problem)
{
    struct splitter s = {.at = text};
    char **words = arena_alloc(arena, count_at_most(text) + 1, sizeof *words);
    size_t n = 0;

    s.to = arena_alloc(arena, strlen(text) + 1, 1);
    if (!words || !s.to)
        return -ENOMEM;
    for (;;) {
        while (is_space(*s.at))
            s.at++;
        if (!*s.at)
            break;
        words[n] = s.to;
        if (!copy_word(&s)) {
            *ret_problem = s.problem;
            return -EINVAL;
        }
        n++;
    }
    *ret_words = words;
    *ret_n = n;
    return 0;
}

/* ---- what looks like a shell's ---- */

/* The length of the word as written, quotes included. */
static size_t raw_len(const char *at)
{
    const char *from = at;
    char quote = '\0';

    for (; *at && (quote || !is_space(*at)); at++) {
        if (*at == '\\' && quote != '\'' && at[1])
            at++;
        else if (quote ? *at == quote : *at == '\'' || *at == '"')
            quote = quote ? '\0' : *at;
    }
    return (size_t)(at - from);
}

static bool is(const char *at, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(at, word, len) == 0;
}

/* ">", "2>&1", "<file", "&>file"; but not ">=1.2", nor "<b>". */
static bool is_redirection(const char *at, size_t len)
{
    const char *end = at + len;
    size_t n_digits = strspn(at, "0123456789");

    if (*at == '&')
        at++;
    else
        at += n_digits;
    if (at >= end || (*at != '<' && *at != '>') || (end[-1] == '>' && *at == '<'))
        return false;
    return at + 1 == end || at[1] != '=';
}

/* A "$(" or a pair of backticks outside all quotes. */
static bool has_substitution(const char *at, size_t len)
{
    const char *end = at + len;
    unsigned n_ticks = 0;
    char quote = '\0';

    for (; at < end; at++) {
        if (*at == '\\' && quote != '\'')
            at++;
        else if (quote ? *at == quote : *at == '\'' || *at == '"')
            quote = quote ? '\0' : *at;
        else if (!quote && *at == '$' && at + 1 < end && at[1] == '(')
            return true;
        else
            n_ticks += !quote && *at == '`';
    }
    return n_ticks >= 2;
}

/* "cd;" of "cd; ls": ends with a semicolon, and nothing of it is quoted. */
static bool ends_command(const char *at, size_t len)
{
    return at[len - 1] == ';' && !memchr(at, '\'', len) && !memchr(at, '"', len) &&
           !memchr(at, '\\', len);
}

/* `at` is a whole word as written; `last`: nothing follows. */
static const char *sign(const char *at, size_t len, bool last)
{
    if (is(at, len, "&") && last)
        return "remove it, reeved itself keeps the program in the background";
    if (is(at, len, "|") || is(at, len, "|&"))
        return "write sh -c '...' for a pipeline";
    if (is(at, len, "&&") || is(at, len, "||") || is(at, len, "&"))
        return "write sh -c '...' for several commands";
    if (is(at, len, ";") || (!last && ends_command(at, len)))
        return "quote it if it is meant, write sh -c '...' for several commands, and comments in "
               "lines of their own";
    if (is(at, len, "#"))
        return "write comments in lines of their own";
    if (is_redirection(at, len))
        return "write sh -c '...' for a redirection";
    if (has_substitution(at, len))
        return "write sh -c '...' for a substitution";
    return NULL;
}

const char *words_shell_sign(const char *text, const char **ret_at, size_t *ret_len)
{
    for (;;) {
        const char *next, *hint;
        size_t len;

        while (is_space(*text))
            text++;
        if (!*text)
            return NULL;
        len = raw_len(text);
        for (next = text + len; is_space(*next);)
            next++;
        hint = sign(text, len, !*next);
        if (hint) {
            *ret_at = text;
            *ret_len = len;
            return hint;
        }
        text += len;
    }
}
