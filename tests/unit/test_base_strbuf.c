#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"

static void test_add(void **state)
{
    struct strbuf b = STRBUF_INIT;

    (void)state;
    assert_string_equal(strbuf_text(&b), "");
    strbuf_add(&b, "");
    assert_string_equal(strbuf_text(&b), "");
    strbuf_add(&b, "one");
    strbuf_addf(&b, " %d %s", 2, "three");
    strbuf_addf(&b, "%s", "");
    strbuf_add_bytes(&b, "\0x", 2);
    assert_int_equal(b.len_bytes, strlen("one 2 three") + 2);
    assert_string_equal(strbuf_text(&b), "one 2 three");
    assert_int_equal(b.data[b.len_bytes - 1], 'x');
    assert_int_equal(b.data[b.len_bytes], '\0');
    assert_false(b.failed);
    strbuf_finish(&b);
    assert_string_equal(strbuf_text(&b), "");
    strbuf_add(&b, "again");
    assert_string_equal(strbuf_text(&b), "again");
    strbuf_finish(&b);
}

static void test_grows(void **state)
{
    struct strbuf b = STRBUF_INIT;
    char big[1000];

    (void)state;
    memset(big, 'b', sizeof big);
    for (size_t i = 0; i < 10000; i++)
        strbuf_addf(&b, "%zu,", i % 10);
    assert_int_equal(b.len_bytes, 20000);
    for (size_t i = 0; i < 10000; i++)
        assert_int_equal(b.data[2 * i], '0' + (int)(i % 10));
    strbuf_addf(&b, "%.*s", (int)sizeof big, big);
    assert_int_equal(b.len_bytes, 21000);
    assert_memory_equal(b.data + 20000, big, sizeof big);
    strbuf_finish(&b);
}

static void test_consume(void **state)
{
    struct strbuf b = STRBUF_INIT;

    (void)state;
    strbuf_consume(&b, 5);
    assert_int_equal(b.len_bytes, 0);
    strbuf_add(&b, "headtail");
    strbuf_consume(&b, 0);
    assert_string_equal(strbuf_text(&b), "headtail");
    strbuf_consume(&b, 4);
    assert_string_equal(strbuf_text(&b), "tail");
    strbuf_add(&b, "+");
    assert_string_equal(strbuf_text(&b), "tail+");
    strbuf_consume(&b, 100);
    assert_string_equal(strbuf_text(&b), "");
    assert_int_equal(b.len_bytes, 0);
    strbuf_finish(&b);
}

static void test_steal(void **state)
{
    struct strbuf b = STRBUF_INIT;
    char *text = strbuf_steal(&b);

    (void)state;
    assert_string_equal(text, "");
    free(text);
    strbuf_add(&b, "mine");
    text = strbuf_steal(&b);
    assert_string_equal(text, "mine");
    assert_int_equal(b.len_bytes, 0);
    assert_null(b.data);
    free(text);
    strbuf_add(&b, "next");
    assert_string_equal(strbuf_text(&b), "next");
    strbuf_finish(&b);
}

/* A failure is remembered, whatever is added after it. */
static void test_failure(void **state)
{
    struct strbuf b = STRBUF_INIT;

    (void)state;
    strbuf_add(&b, "some");
    strbuf_add_bytes(&b, "", SIZE_MAX / 2); /* more than can be: nothing is read */
    assert_true(b.failed);
    strbuf_add(&b, "more");
    strbuf_addf(&b, "%d", 1);
    assert_true(b.failed);
    assert_string_equal(strbuf_text(&b), "");
    assert_null(strbuf_steal(&b));
    assert_false(b.failed); /* and usable again */
    strbuf_add(&b, "new");
    assert_string_equal(strbuf_text(&b), "new");
    strbuf_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add),     cmocka_unit_test(test_grows),
        cmocka_unit_test(test_consume), cmocka_unit_test(test_steal),
        cmocka_unit_test(test_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
