#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/strtab.h"

enum { MANY = 20000 };
static char texts[MANY][8];

static void test_put_and_find(void **state)
{
    struct strtab t;
    bool added;

    (void)state;
    strtab_init(&t);
    assert_null(strtab_find(&t, "", 0));
    for (size_t i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "%zu", i);
        struct strtab_entry *e = strtab_put(&t, texts[i], strlen(texts[i]), &added);

        assert_non_null(e);
        assert_true(added);
        assert_int_equal(e->value, 0);
        e->value = i + 1;
    }
    for (size_t i = 0; i < MANY; i++) {
        struct strtab_entry *e = strtab_put(&t, texts[i], strlen(texts[i]), &added);

        assert_false(added);
        assert_ptr_equal(e, strtab_find(&t, texts[i], strlen(texts[i])));
        assert_int_equal(e->value, i + 1);
    }
    assert_null(strtab_find(&t, "20000", 5));
    strtab_finish(&t);
}

/* Length counts: a prefix and a text with a NUL inside are other texts. */
static void test_lengths(void **state)
{
    struct strtab t;
    bool added;

    (void)state;
    strtab_init(&t);
    assert_non_null(strtab_put(&t, "a\0b", 3, &added));
    assert_null(strtab_find(&t, "a", 1));
    assert_null(strtab_find(&t, "a\0c", 3));
    assert_non_null(strtab_put(&t, "", 0, &added));
    assert_true(added);
    assert_non_null(strtab_find(&t, "", 0));
    strtab_finish(&t);
}

/* Two texts with the same hash: made by planting one under the other's hash. */
static void test_same_hash(void **state)
{
    struct strtab t;
    struct strtab_entry *a, *b;
    bool added;

    (void)state;
    strtab_init(&t);
    a = strtab_put(&t, "a", 1, &added);
    assert_non_null(a);
    a->text = "z";
    b = strtab_put(&t, "a", 1, &added);
    assert_true(added);
    assert_ptr_not_equal(a, b);
    assert_ptr_equal(strtab_find(&t, "a", 1), b);
    strtab_finish(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_and_find),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_same_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
