/* Bytes in, messages out: the same messages however the bytes are cut, bounded, in linear time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "varlink/frame.h"

static void note(struct strbuf *out, enum frame_kind kind, const struct frame *frame)
{
    if (kind == FRAME_TOO_LARGE) {
        strbuf_add(out, "<too large>");
        return;
    }
    assert_int_equal(strlen(frame->text), frame->len_bytes);
    strbuf_addf(out, "<%s%s>", frame->lines ? "line:" : "", frame->text);
}

/* What comes out when `text` arrives in pieces of `piece_bytes`. */
static char *feed(const char *text, size_t len_bytes, size_t piece_bytes, size_t max_bytes,
                  bool ends)
{
    struct strbuf out = STRBUF_INIT;
    struct frame_reader r;
    struct frame frame;
    enum frame_kind kind;

    frame_reader_init(&r, max_bytes);
    for (size_t at = 0; at < len_bytes; at += piece_bytes) {
        size_t n = len_bytes - at < piece_bytes ? len_bytes - at : piece_bytes;

        assert_int_equal(frame_put(&r, text + at, n), 0);
        while ((kind = frame_next(&r, &frame)) != FRAME_NONE)
            note(&out, kind, &frame);
        assert_true(r.cap_bytes <= 2 * (max_bytes + piece_bytes) + 512);
    }
    if (ends) {
        assert_int_equal(frame_end(&r), 0);
        while ((kind = frame_next(&r, &frame)) != FRAME_NONE)
            note(&out, kind, &frame);
        assert_int_equal(frame_held_bytes(&r), 0);
    }
    frame_reader_finish(&r);
    return strbuf_steal(&out);
}

static void expect_of(const char *text, size_t len_bytes, const char *expected, size_t max_bytes,
                      bool ends)
{
    for (size_t piece = 1; piece <= len_bytes; piece++) {
        char *got = feed(text, len_bytes, piece, max_bytes, ends);

        assert_string_equal(got, expected);
        free(got);
    }
}

/* The bytes of a literal, without the NUL that the compiler adds. */
#define EXPECT(literal, expected) expect_of(literal, sizeof(literal) - 1, expected, 64, false)
/* The same when no more bytes will come. */
#define EXPECT_ENDED(literal, expected) expect_of(literal, sizeof(literal) - 1, expected, 64, true)

static void nul_ends_a_message(void **state)
{
    (void)state;
    EXPECT("{\"a\":1}\0{}\0", "<{\"a\":1}><{}>");
    EXPECT("x\0", "<x>");
    EXPECT("\0", "<>");
    EXPECT("{", "");
    EXPECT("{\"a\":1}", "");
    EXPECT("{\"a\":\0}\0", "<{\"a\":><}>");
}

static void the_end_of_the_bytes_ends_a_message(void **state)
{
    (void)state;
    EXPECT_ENDED("{\"a\":1}", "<line:{\"a\":1}>");
    EXPECT_ENDED("{\"a\":1}\n", "<line:{\"a\":1}>");
    EXPECT_ENDED("{\"a\":1}\0", "<{\"a\":1}>");
    EXPECT_ENDED("{}\0{}", "<{}><line:{}>");
    EXPECT_ENDED("{}\n {", "<line:{}><line:{>");
    EXPECT_ENDED("{\"a\":\n", "<line:{\"a\":\n>");
    EXPECT_ENDED("x", "<line:x>");
    EXPECT_ENDED(" \n", "");
}

static void newline_ends_a_complete_object(void **state)
{
    (void)state;
    EXPECT("{}\n", "<line:{}>");
    EXPECT("{} \t\r\n{}\0{}\n", "<line:{} \t\r><{}><line:{}>");
    EXPECT("{\n \"a\" :\n [1,{}]\n}\n", "<line:{\n \"a\" :\n [1,{}]\n}>");
    EXPECT("{\"a\":\"}\\\"}\n\"}\n", "<line:{\"a\":\"}\\\"}\n\"}>");
    EXPECT("{\"a\":\"\\\\\"}\n", "<line:{\"a\":\"\\\\\"}>");
    EXPECT("{\"a\":\n", "");
}

static void newline_ends_what_cannot_become_a_message(void **state)
{
    (void)state;
    EXPECT("help\n{}\n", "<line:help><line:{}>");
    EXPECT("{}x\n", "<line:{}x>");
    EXPECT("[1]\n", "<line:[1]>");
}

static void blanks_between_messages_are_dropped(void **state)
{
    (void)state;
    EXPECT("\n\n  {}\n\r\n\n{}\n", "<line:{}><line:{}>");
    EXPECT(" \n{}\0\n{}\0", "<{}><{}>");
}

static void nul_after_a_line_belongs_to_it(void **state)
{
    (void)state;
    EXPECT("{}\n\0{}\n\0", "<line:{}><line:{}>");
    EXPECT("{}\n\0\0", "<line:{}><>");
}

static void blanks_take_no_memory(void **state)
{
    struct frame_reader r;
    struct frame frame;
    char blanks[1000];

    (void)state;
    memset(blanks, ' ', sizeof blanks);
    frame_reader_init(&r, 64);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(frame_put(&r, blanks, sizeof blanks), 0);
        assert_int_equal(frame_next(&r, &frame), FRAME_NONE);
    }
    assert_true(r.cap_bytes <= 4096);
    frame_reader_finish(&r);
}

static void limit_is_exact(void **state)
{
    (void)state;
    expect_of("12345678\0", 9, "<12345678>", 8, false);
    expect_of("123456789\0", 10, "<too large>", 8, false);
    expect_of("{\"a\":12}\n{}\n", 12, "<line:{\"a\":12}><line:{}>", 8, false);
    expect_of("{\"a\":123}\n{}\n", 13, "<too large><line:{}>", 8, false);
    /* It is told without waiting for an end, once, and what follows the end is taken again. */
    expect_of("123456789abcdefghijklmnop", 25, "<too large>", 8, false);
    expect_of("123456789abcdefghijklmnop\0ok\0", 29, "<too large><ok>", 8, false);
}

static void one_mebibyte(void **state)
{
    size_t max = FRAME_REQUEST_MAX_BYTES;
    char *text = malloc(max + 2);
    char *got;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', max + 1);
    text[max + 1] = '\0';
    got = feed(text, max + 2, 65536, max, false);
    assert_string_equal(got, "<too large>");
    free(got);
    got = feed(text + 1, max + 1, 65536, max, false);
    assert_int_equal(strlen(got), max + 2);
    free(got);
    free(text);
}

static double cpu_seconds(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Looking at each byte again with every one that arrives would take minutes. */
static void byte_by_byte_is_linear(void **state)
{
    size_t len = FRAME_REQUEST_MAX_BYTES;
    struct frame_reader r;
    struct frame frame;
    double began = cpu_seconds();

    (void)state;
    frame_reader_init(&r, len);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(frame_put(&r, i == 0 ? "{" : "[", 1), 0);
        if (frame_next(&r, &frame) != FRAME_NONE)
            fail();
    }
    assert_int_equal(frame_put(&r, "", 1), 0);
    assert_int_equal(frame_next(&r, &frame), FRAME_MESSAGE);
    assert_int_equal(frame.len_bytes, len);
    frame_reader_finish(&r);
    assert_true(cpu_seconds() - began < 10.0);
}

static void many_small_messages_at_once(void **state)
{
    size_t n = 100000;
    char *text = malloc(3 * n);
    struct frame_reader r;
    struct frame frame;
    size_t got = 0;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        memcpy(text + 3 * i, "{}\0", 3);
    frame_reader_init(&r, 64);
    assert_int_equal(frame_put(&r, text, 3 * n), 0);
    while (frame_next(&r, &frame) == FRAME_MESSAGE)
        got++;
    assert_int_equal(got, n);
    assert_null(r.data); /* idle again: nothing is held */
    frame_reader_finish(&r);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nul_ends_a_message),
        cmocka_unit_test(the_end_of_the_bytes_ends_a_message),
        cmocka_unit_test(newline_ends_a_complete_object),
        cmocka_unit_test(newline_ends_what_cannot_become_a_message),
        cmocka_unit_test(blanks_between_messages_are_dropped),
        cmocka_unit_test(nul_after_a_line_belongs_to_it),
        cmocka_unit_test(blanks_take_no_memory),
        cmocka_unit_test(limit_is_exact),
        cmocka_unit_test(one_mebibyte),
        cmocka_unit_test(byte_by_byte_is_linear),
        cmocka_unit_test(many_small_messages_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
