/* JSON in and out: what is refused, what is bounded, and how values are written. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "varlink/json.h"
#include "varlink/write.h"

static cJSON *parse(const char *text)
{
    const char *why;
    cJSON *tree;

    if (json_parse(text, strlen(text), 1000, &tree, &why) < 0)
        return NULL;
    assert_null(why);
    return tree;
}

static void good_texts_are_taken(void **state)
{
    static const char *const good[] = {
        "{}",
        "[]",
        " {\"a\" : [1, -2.5e+3, true, false, null, \"x\"]} \r\n\t",
        "0",
        "-0",
        "1E5",
        "\"\"",
        "\"\\u00e9\"",
        "\"\\ud83d\\ude00\"",
        "\"\\n\\\\\\\"\\/\\b\\f\\r\\t\"",
        "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
        "[[[[]]]]",
        "123456789012345678901234567890123456789012345678",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        cJSON *tree = parse(good[i]);

        if (!tree)
            fail_msg("refused: %s", good[i]);
        cJSON_Delete(tree);
    }
}

static void bad_texts_are_refused(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } bad[] = {
        {"", "it is empty"},
        {" \n", "it is empty"},
        {"{", "a key is not a string"},
        {"{}x", "something follows its end"},
        {"{} {}", "something follows its end"},
        {"{\"a\"}", "a colon is missing after a key"},
        {"{\"a\":}", "a value is not JSON"},
        {"{\"a\":1,}", "a key is not a string"},
        {"[1,]", "a value is not JSON"},
        {"[1 2]", "an object or array does not end"},
        {"{1:2}", "a key is not a string"},
        {"[1", "an object or array does not end"},
        {"[", "it ends too early"},
        {"tru", "a value is not JSON"},
        {"NaN", "a value is not JSON"},
        {"01", "something follows its end"},
        {"+1", "a value is not JSON"},
        {".5", "a value is not JSON"},
        {"1.", "a number is malformed"},
        {"1e", "a number is malformed"},
        {"-", "a number is malformed"},
        {"1234567890123456789012345678901234567890123456789", "a number is too long"},
        {"\"a", "a string does not end"},
        {"\"a\\", "a string does not end"},
        {"\"\\x\"", "a string has an unknown escape"},
        {"\"\\u12g4\"", "a string has a \\u without four hexadecimal digits"},
        {"\"\\u0000\"", "a string holds the character \\u0000"},
        {"\"\\ud800\"", "a string holds half of a surrogate pair"},
        {"\"\\ud800\\u0041\"", "a string holds half of a surrogate pair"},
        {"\"\\udc00\"", "a string holds half of a surrogate pair"},
        {"\"a\nb\"", "a string holds a control character"},
        {"\"\xff\"", "it is not valid UTF-8"},
        {"\"\xc0\x80\"", "it is not valid UTF-8"},
        {"\"\xe0\x80\x80\"", "it is not valid UTF-8"},
        {"\"\xed\xa0\x80\"", "it is not valid UTF-8"},
        {"\"\xf4\x90\x80\x80\"", "it is not valid UTF-8"},
        {"\"\xf0\x80\x80\x80\"", "it is not valid UTF-8"},
        {"\"\xe2\x82", "it is not valid UTF-8"},
        {"\"\xe2\x82\"", "it is not valid UTF-8"},
        {"\xef\xbb\xbf{}", "a value is not JSON"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *why;
        cJSON *tree;

        assert_int_equal(json_parse(bad[i].text, strlen(bad[i].text), 1000, &tree, &why), -EINVAL);
        assert_null(tree);
        assert_string_equal(why, bad[i].why);
    }
}

static void depth_is_bounded(void **state)
{
    char text[2 * (JSON_DEPTH_MAX + 1) + 1];
    cJSON *tree;

    (void)state;
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    text[2 * JSON_DEPTH_MAX] = '\0';
    tree = parse(text);
    assert_non_null(tree);
    cJSON_Delete(tree);
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    text[sizeof text - 1] = '\0';
    assert_string_equal(json_check(text, sizeof text - 1, 1000),
                        "it is nested deeper than 32 levels");
}

static void a_mebibyte_of_brackets_is_refused_early(void **state)
{
    size_t len = 1 << 20;
    char *text = malloc(len);

    (void)state;
    assert_non_null(text);
    memset(text, '[', len);
    assert_string_equal(json_check(text, len, 65536), "it is nested deeper than 32 levels");
    free(text);
}

static void number_of_values_is_bounded(void **state)
{
    (void)state;
    assert_null(json_check("[1,2,3]", 7, 4));
    assert_string_equal(json_check("[1,2,3]", 7, 3), "it holds too many values");
}

static void integers(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-5", true, -5},
        {"1e3", true, 1000},
        {"9007199254740992", true, INT64_C(9007199254740992)},
        {"9007199254740994", false, 0},
        {"1.5", false, 0},
        {"\"9223372036854775807\"", true, INT64_MAX},
        {"\"-9223372036854775808\"", true, INT64_MIN},
        {"\"9223372036854775808\"", false, 0},
        {"\"-9223372036854775809\"", false, 0},
        {"\"\"", false, 0},
        {"\"-\"", false, 0},
        {"\"12x\"", false, 0},
        {"\" 1\"", false, 0},
        {"true", false, 0},
        {"[]", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *tree = parse(cases[i].text);
        int64_t value = 0;

        assert_non_null(tree);
        assert_int_equal(json_get_int64(tree, &value), cases[i].good);
        if (cases[i].good)
            assert_true(value == cases[i].value);
        cJSON_Delete(tree);
    }
}

/* ---- parameters ---- */

static const char *const known[] = {"flag", "n", "name", "names", NULL};

/* The parameter that is complained about, or "". */
static const char *bad_of(const char *text)
{
    static char bad[64];
    cJSON *tree = parse(text);
    struct params p;

    assert_non_null(tree);
    params_init(&p, tree, known);
    params_bool(&p, "flag", false);
    params_int(&p, "n", 0, 0, 10);
    params_text(&p, "name");
    params_texts(&p, "names");
    bad[0] = '\0';
    if (p.bad)
        strncat(bad, p.bad, sizeof bad - 1);
    cJSON_Delete(tree);
    return bad;
}

static void wrong_parameters_are_named(void **state)
{
    (void)state;
    assert_string_equal(bad_of("{}"), "");
    assert_string_equal(bad_of("{\"flag\":true,\"n\":10,\"name\":\"x\",\"names\":[]}"), "");
    assert_string_equal(bad_of("{\"flag\":null,\"n\":null,\"name\":null,\"names\":null}"), "");
    assert_string_equal(bad_of("{\"flag\":1}"), "flag");
    assert_string_equal(bad_of("{\"flag\":\"true\"}"), "flag");
    assert_string_equal(bad_of("{\"n\":11}"), "n");
    assert_string_equal(bad_of("{\"n\":-1}"), "n");
    assert_string_equal(bad_of("{\"n\":1.5}"), "n");
    assert_string_equal(bad_of("{\"name\":[\"x\"]}"), "name");
    assert_string_equal(bad_of("{\"names\":\"x\"}"), "names");
    assert_string_equal(bad_of("{\"names\":[\"x\",1]}"), "names");
    assert_string_equal(bad_of("{\"names\":[null]}"), "names");
    assert_string_equal(bad_of("{\"nmaes\":[]}"), "nmaes");
    assert_string_equal(bad_of("{\"Flag\":true}"), "Flag");
}

static void absent_parameters_have_their_fallback(void **state)
{
    struct params p;

    (void)state;
    params_init(&p, NULL, known);
    assert_true(params_bool(&p, "flag", true));
    assert_int_equal(params_int(&p, "n", 7, 0, 10), 7);
    assert_null(params_text(&p, "name"));
    assert_null(params_texts(&p, "names"));
    assert_null(p.bad);
}

/* ---- out ---- */

static void expect_written(struct strbuf *b, const char *expected)
{
    assert_false(b->failed);
    assert_string_equal(strbuf_text(b), expected);
    strbuf_finish(b);
}

static void containers_and_commas(void **state)
{
    struct strbuf b = STRBUF_INIT;
    struct json_out o = {&b, false};

    (void)state;
    json_begin_object(&o, NULL);
    json_begin_array(&o, "a");
    json_end_array(&o);
    json_begin_array(&o, "b");
    json_int(&o, NULL, 1);
    json_begin_object(&o, NULL);
    json_bool(&o, "t", true);
    json_null(&o, "n");
    json_end_object(&o);
    json_end_array(&o);
    json_string(&o, "s", NULL);
    json_int_or_null(&o, "x", -1, -1);
    json_int_or_null(&o, "y", 0, -1);
    json_end_object(&o);
    expect_written(&b,
                   "{\"a\":[],\"b\":[1,{\"t\":true,\"n\":null}],\"s\":null,\"x\":null,\"y\":0}");
}

static void strings_are_escaped_and_made_valid(void **state)
{
    static const struct {
        const char *text;
        const char *written;
    } cases[] = {
        {"", "\"\""},
        {"plain", "\"plain\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"tab\tnew\nbell\a\x7f", "\"tab\\u0009new\\nbell\\u0007\\u007f\""},
        {"\xc3\xa9", "\"\xc3\xa9\""},
        {"a\xffz", "\"a\xef\xbf\xbdz\""},
        {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf b = STRBUF_INIT;
        struct json_out o = {&b, false};

        json_string(&o, NULL, cases[i].text);
        assert_null(json_check(strbuf_text(&b), b.len_bytes, 1));
        expect_written(&b, cases[i].written);
    }
}

static void big_integers_are_strings(void **state)
{
    static const struct {
        int64_t value;
        const char *written;
    } cases[] = {
        {0, "0"},
        {-1, "-1"},
        {INT64_C(9007199254740992), "9007199254740992"},
        {INT64_C(9007199254740993), "\"9007199254740993\""},
        {INT64_C(-9007199254740993), "\"-9007199254740993\""},
        {INT64_MAX, "\"9223372036854775807\""},
        {INT64_MIN, "\"-9223372036854775808\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf b = STRBUF_INIT;
        struct json_out o = {&b, false};
        cJSON *tree;
        int64_t back;

        json_int(&o, NULL, cases[i].value);
        tree = parse(strbuf_text(&b));
        assert_true(json_get_int64(tree, &back) && back == cases[i].value);
        cJSON_Delete(tree);
        expect_written(&b, cases[i].written);
    }
}

static void times_are_rfc_3339(void **state)
{
    static const struct {
        int64_t wall_ms;
        const char *written;
    } cases[] = {
        {INT64_C(1795258800123), "\"2026-11-21T11:00:00.123Z\""},
        {1, "\"1970-01-01T00:00:00.001Z\""},
        {-1, "\"1969-12-31T23:59:59.999Z\""},
        {INT64_C(951782400000), "\"2000-02-29T00:00:00.000Z\""},
        {INT64_C(253402300799999), "\"9999-12-31T23:59:59.999Z\""},
        {INT64_C(253402300800000), "null"},
        {INT64_MAX, "null"},
        {INT64_MIN, "null"},
        {0, "null"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf b = STRBUF_INIT;
        struct json_out o = {&b, false};

        json_time(&o, NULL, cases[i].wall_ms);
        expect_written(&b, cases[i].written);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_texts_are_taken),
        cmocka_unit_test(bad_texts_are_refused),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(a_mebibyte_of_brackets_is_refused_early),
        cmocka_unit_test(number_of_values_is_bounded),
        cmocka_unit_test(integers),
        cmocka_unit_test(wrong_parameters_are_named),
        cmocka_unit_test(absent_parameters_have_their_fallback),
        cmocka_unit_test(containers_and_commas),
        cmocka_unit_test(strings_are_escaped_and_made_valid),
        cmocka_unit_test(big_integers_are_strings),
        cmocka_unit_test(times_are_rfc_3339),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
