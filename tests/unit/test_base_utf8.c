/* What is a character, and what only looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

static size_t length_of(const char *text)
{
    return utf8_length((const unsigned char *)text, strlen(text));
}

static void characters_of_each_length(void **state)
{
    (void)state;
    assert_int_equal(length_of("a"), 1);
    assert_int_equal(length_of("\x7f"), 1);
    assert_int_equal(length_of("\xc2\x80"), 2);
    assert_int_equal(length_of("\xdf\xbf rest"), 2);
    assert_int_equal(length_of("\xe0\xa0\x80"), 3);
    assert_int_equal(length_of("\xed\x9f\xbf"), 3);
    assert_int_equal(length_of("\xef\xbf\xbf"), 3);
    assert_int_equal(length_of("\xf0\x90\x80\x80"), 4);
    assert_int_equal(length_of("\xf4\x8f\xbf\xbf"), 4);
    assert_int_equal(utf8_length((const unsigned char *)"", 1), 1);
    assert_int_equal(utf8_length((const unsigned char *)"a", 0), 0);
}

static void what_is_none(void **state)
{
    static const char *const texts[] = {
        "\x80",             /* a continuation alone */
        "\xc0\x80",         /* overlong */
        "\xc1\xbf",         /* overlong */
        "\xe0\x9f\xbf",     /* overlong */
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* beyond U+10FFFF */
        "\xf5\x80\x80\x80",
        "\xff",
        "\xc3(", /* not continued */
        "\xe2\x82(",
        "\xf0\x9f\x98(",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (length_of(texts[i]) != 0)
            fail_msg("text %zu", i);
}

/* What is cut off is not looked at, and is no character. */
static void nothing_beyond_the_end_is_read(void **state)
{
    static const char *const texts[] = {"\xc2\x80", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t n = 0; n < strlen(texts[i]); n++)
            assert_int_equal(utf8_length((const unsigned char *)texts[i], n), 0);
}

/* Every sequence of up to three bytes against the definition: decode, and look what it stands for.
 */
static void all_short_sequences(void **state)
{
    (void)state;
    for (unsigned a = 0x80; a < 0x100; a++) {
        for (unsigned b = 0; b < 0x100; b++) {
            unsigned char two[] = {(unsigned char)a, (unsigned char)b, 0x80};
            unsigned as_two = (a & 0x1f) << 6 | (b & 0x3f);
            unsigned as_three = (a & 0x0f) << 12 | (b & 0x3f) << 6;
            bool continued = (b & 0xc0) == 0x80;
            size_t expected = 0;

            if ((a & 0xe0) == 0xc0 && continued && as_two >= 0x80)
                expected = 2;
            if ((a & 0xf0) == 0xe0 && continued && as_three >= 0x800 &&
                (as_three < 0xd800 || as_three > 0xdfff))
                expected = 3;
            if (a >= 0xf0)
                continue;
            if (utf8_length(two, sizeof two) != expected)
                fail_msg("%02x %02x 80", a, b);
        }
    }
}

static size_t encode(uint32_t c, unsigned char *out)
{
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = len; i-- > 1; c >>= 6)
        out[i] = (unsigned char)(0x80 | (c & 0x3f));
    out[0] = (unsigned char)(first[len] | c);
    return len;
}

static void every_character_comes_back(void **state)
{
    uint32_t got = 0;

    (void)state;
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        unsigned char text[4] = {0};
        size_t len = encode(c, text);
        bool surrogate = c >= 0xd800 && c < 0xe000;

        if (utf8_decode(text, sizeof text, &got) != (surrogate ? 0 : len) ||
            (!surrogate && got != c))
            fail_msg("U+%04x", (unsigned)c);
    }
    assert_int_equal(utf8_decode((const unsigned char *)"\xff", 1, &got), 0);
    assert_int_equal(got, 0x10ffff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_of_each_length),      cmocka_unit_test(what_is_none),
        cmocka_unit_test(nothing_beyond_the_end_is_read), cmocka_unit_test(all_short_sequences),
        cmocka_unit_test(every_character_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
