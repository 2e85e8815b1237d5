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

            if (glob_matches(patterns[i], texts[j]) != expected)
                fail_msg("'%s' and '%s': not %d", patterns[i], texts[j], expected);
        }
    }
}

/* Every short pattern over a small alphabet, against fnmatch. */
static void agrees_on_random_patterns(void **state)
{
    static const char alphabet[] = "ab*?";
    unsigned seed = 1;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char pattern[8], text[8];
        size_t n = (size_t)rand_r(&seed) % 8, m = (size_t)rand_r(&seed) % 8;

        for (size_t k = 0; k < n; k++)
            pattern[k] = alphabet[rand_r(&seed) % 4];
        for (size_t k = 0; k < m; k++)
            text[k] = alphabet[rand_r(&seed) % 2];
        pattern[n] = '\0';
        text[m] = '\0';
        if (glob_matches(pattern, text) != (fnmatch(pattern, text, 0) == 0))
            fail_msg("'%s' and '%s'", pattern, text);
    }
}

static void unclosed_bracket_stands_for_itself(void **state)
{
    (void)state;
    assert_true(glob_matches("a[b", "a[b"));
    assert_false(glob_matches("a[b", "ab"));
    assert_true(glob_matches("[", "["));
    assert_false(glob_matches("[]", "]"));
}

/* A matcher that goes back to every star would take longer than the universe has. */
static void hostile_pattern_is_fast(void **state)
{
    char pattern[129], text[65];

    (void)state;
    for (size_t i = 0; i < 128; i += 2)
        memcpy(pattern + i, "*a", 2);
    pattern[126] = 'b';
    pattern[127] = 'c';
    pattern[128] = '\0';
    memset(text, 'a', 64);
    text[64] = '\0';
    for (int i = 0; i < 1000; i++)
        assert_false(glob_matches(pattern, text));
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
        cmocka_unit_test(hostile_pattern_is_fast),
        cmocka_unit_test(patterns_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
