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
