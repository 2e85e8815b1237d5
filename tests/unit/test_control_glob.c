/* Patterns: as fnmatch(3) says, and never slow. */
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/glob.h"

static bool matches(const char *pattern, const char *text)
{
    struct glob g;

    glob_compile(&g, pattern);
    return glob_matches(&g, text);
}

static void matches_what_fnmatch_matches(void **state)
{
    static const char *const patterns[] = {
        "*",      "?",      "",       "web",      "web*",    "*web",  "*e*",      "w?b",
        "[vw]eb", "[!w]eb", "[a-z]*", "[^a]*",    "w[b-d]b", "*-*-*", "web@[12]", "[]x]eb",
        "**b",    "a*b*c",  "[a-]b",  "?[!0-9]*", "*[0-9]",  "w*b*",  "*a*b",
    };
    static const char *const texts[] = {
        "",    "w",     "web",   "webb", "web-1", "web-1-2", "veb", "wcb", "xweb",
        "]eb", "web@1", "web@3", "abc",  "aXbXc", "ab",      "-b",  "aab", "WEB",
    };

    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        for (size_t j = 0; j < sizeof texts / sizeof *texts; j++) {
            bool expected = fnmatch(patterns[i], texts[j], FNM_NOESCAPE) == 0;

            if (matches(patterns[i], texts[j]) != expected)
                fail_msg("'%s' and '%s': not %d", patterns[i], texts[j], expected);
        }
    }
}

/* Short patterns over a small alphabet, against fnmatch. */
static void agrees_on_random_patterns(void **state)
{
    static const char *const pieces[] = {"a", "b", "*", "?", "[ab]", "[!a]", "[b-c]", "[^]a-]"};
    unsigned seed = 1;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char pattern[64] = "", text[8];
        size_t n = (size_t)rand_r(&seed) % 8, m = (size_t)rand_r(&seed) % 8;

        for (size_t k = 0; k < n; k++)
            strcat(pattern, pieces[(size_t)rand_r(&seed) % (sizeof pieces / sizeof *pieces)]);
        for (size_t k = 0; k < m; k++)
            text[k] = "abc-"[rand_r(&seed) % 4];
        text[m] = '\0';
        if (matches(pattern, text) != (fnmatch(pattern, text, FNM_NOESCAPE) == 0))
            fail_msg("'%s' and '%s'", pattern, text);
    }
}

static void unclosed_bracket_stands_for_itself(void **state)
{
    (void)state;
    assert_true(matches("a[b", "a[b"));
    assert_false(matches("a[b", "ab"));
    assert_true(matches("[", "["));
    assert_false(matches("[]", "]"));
}

static void every_byte_is_a_character(void **state)
{
    (void)state;
    assert_true(matches("?", "\xff"));
    assert_true(matches("[\x80-\xff]", "\xe4"));
    assert_false(matches("[!\x80-\xff]", "\xe4"));
    assert_true(matches("[a-\xff]", "\xe4"));
}

static void longest_patterns(void **state)
{
    char pattern[70], text[70];

    (void)state;
    memset(pattern, '?', sizeof pattern);
    memset(text, 'a', sizeof text);
    pattern[GLOB_ELEMENTS_MAX] = text[GLOB_ELEMENTS_MAX] = '\0';
    assert_true(matches(pattern, text));
    pattern[GLOB_ELEMENTS_MAX] = '*';
    pattern[GLOB_ELEMENTS_MAX + 1] = '\0';
    assert_true(matches(pattern, text));
    assert_false(matches(pattern, text + 1));
    /* One more, which no name has. */
    pattern[GLOB_ELEMENTS_MAX] = '?';
    text[GLOB_ELEMENTS_MAX] = 'a';
    text[GLOB_ELEMENTS_MAX + 1] = '\0';
    assert_false(matches(pattern, text));
    assert_true(matches("*a*", text));
}

static void patterns_are_known(void **state)
{
    (void)state;
    assert_true(glob_is_pattern("a*"));
    assert_true(glob_is_pattern("a?"));
    assert_true(glob_is_pattern("[a]"));
    assert_false(glob_is_pattern("web@1.x_y-z"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_what_fnmatch_matches),
        cmocka_unit_test(agrees_on_random_patterns),
        cmocka_unit_test(unclosed_bracket_stands_for_itself),
        cmocka_unit_test(every_byte_is_a_character),
        cmocka_unit_test(longest_patterns),
        cmocka_unit_test(patterns_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
