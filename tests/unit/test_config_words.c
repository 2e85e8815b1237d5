/* Splitting by shell quoting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/words.h"

static void check(const char *text, const char *const *expected)
{
    struct arena arena = {0};
    const char *problem = NULL;
    char **words;
    size_t n = 0, i = 0;

    assert_int_equal(words_split(text, &arena, &words, &n, &problem), 0);
    for (; expected[i]; i++) {
        assert_true(i < n);
        assert_string_equal(words[i], expected[i]);
    }
    assert_int_equal(n, i);
    assert_null(words[n]);
    arena_finish(&arena);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NOTHING ((const char *const[]){NULL})

static void refused(const char *text, const char *part)
{
    struct arena arena = {0};
    const char *problem = NULL;
    char **words;
    size_t n;

    assert_int_equal(words_split(text, &arena, &words, &n, &problem), -EINVAL);
    assert_non_null(problem);
    assert_non_null(strstr(problem, part));
    arena_finish(&arena);
}

static void test_plain(void **state)
{
    (void)state;
    check("", NOTHING);
    check("  \t ", NOTHING);
    check("a", WORDS("a"));
    check("  a  bc\td ", WORDS("a", "bc", "d"));
    check("a ; b | c > d && e # f * ? ~ $x `y`", WORDS("a", ";", "b", "|", "c", ">", "d", "&&", "e",
                                                       "#", "f", "*", "?", "~", "$x", "`y`"));
}

static void test_quotes(void **state)
{
    (void)state;
    check("'a b' \"c d\"", WORDS("a b", "c d"));
    check("'' \"\" x''", WORDS("", "", "x"));
    check("a'b'\"c\"d", WORDS("abcd"));
    check("'a\\b\"c'", WORDS("a\\b\"c"));
    check("\"it's\" 'say \"hi\"'", WORDS("it's", "say \"hi\""));
    check("sh -c 'kill $$; date +%s'", WORDS("sh", "-c", "kill $$; date +%s"));
}

static void test_backslashes(void **state)
{
    (void)state;
    check("a\\ b \\'c\\' \\\\", WORDS("a b", "'c'", "\\"));
    check("\\a\\$", WORDS("a$"));
    check("\"\\$ \\` \\\" \\\\ \\n\"", WORDS("$ ` \" \\ \\n"));
    check("a\\  b", WORDS("a ", "b"));
}

static void test_refused(void **state)
{
    (void)state;
    refused("a 'b", "a ' is not closed");
    refused("'", "a ' is not closed");
    refused("a \"b", "a \" is not closed");
    refused("\"a\\\"", "a \" is not closed");
    refused("\"a\\", "a \" is not closed");
    refused("a\\", "quotes nothing");
}

static void test_long(void **state)
{
    enum { LEN = 70000 };
    char *text = malloc(LEN + 1);
    struct arena arena = {0};
    const char *problem = NULL;
    char **words;
    size_t n;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', LEN);
    text[LEN] = '\0';
    assert_int_equal(words_split(text, &arena, &words, &n, &problem), 0);
    assert_int_equal(n, 1);
    assert_int_equal(strlen(words[0]), LEN);
    for (size_t i = 1; i < LEN; i += 2)
        text[i] = ' ';
    assert_int_equal(words_split(text, &arena, &words, &n, &problem), 0);
    assert_int_equal(n, LEN / 2);
    arena_finish(&arena);
    free(text);
}

/* The word that is found (NULL: none) and a part of what is said to it. */
static void sign(const char *text, const char *word, const char *hint)
{
    const char *at = NULL, *got;
    size_t len = 0;

    got = words_shell_sign(text, &at, &len);
    if (!got != !word)
        print_error("for: %s\n", text);
    assert_int_equal(!got, !word);
    if (!word)
        return;
    assert_int_equal(len, strlen(word));
    assert_memory_equal(at, word, len);
    assert_non_null(strstr(got, hint));
}

static void test_signs_of_a_shell(void **state)
{
    (void)state;
    sign("cat x | grep y > z", "|", "for a pipeline");
    sign("x || y", "||", "several commands");
    sign("x && y", "&&", "several commands");
    sign("x ; y", ";", "several commands");
    sign("cd /x; y", "/x;", "several commands");
    sign("x & y", "&", "several commands");
    sign("x --daemon &", "&", "in the background");
    sign("x &  ", "&", "in the background");
    sign("x > /dev/null", ">", "redirection");
    sign("x >>log 2>&1", ">>log", "redirection");
    sign("x 2>&1", "2>&1", "redirection");
    sign("x &>log", "&>log", "redirection");
    sign("x < in", "<", "redirection");
    sign("x $(date)", "$(date)", "substitution");
    sign("x --at=$(date +%s)", "--at=$(date", "substitution");
    sign("x `date`", "`date`", "substitution");
    sign("x '`a` b'c`d`", "'`a` b'c`d`", "substitution");
    sign("x # comment", "#", "lines of their own");
}

static void test_no_signs_of_a_shell(void **state)
{
    static const char *const texts[] = {
        "",
        "x",
        "x --a;b a&b a|b a>b #1 c# 5",
        "x '|' \"|\" \\| \\; ';' '&' \">\" '2>&1'",
        "sh -c 'a | b > c; d && e &'",
        "sh -c \"a | b; echo $(date) `x`\"",
        "pip install a >=1.2 <b> $x $1 $$ $",
        "x '$(date)' \"$(date)\" \\$(date) \\`a\\` a`b",
        "nginx -g 'daemon off;'",
        "nginx -g daemon\\ off;",
        "psql -c select;",
        "x a\\ b; 'c'; \"d\"; e",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        sign(texts[i], NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_backslashes),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_signs_of_a_shell),
        cmocka_unit_test(test_no_signs_of_a_shell),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
