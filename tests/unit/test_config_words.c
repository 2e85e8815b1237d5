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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),       cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_backslashes), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
