/* How reevectl renders: harmless text, widths, tables, words for ends of runs, JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "reevectl/endings.h"
#include "reevectl/fields.h"
#include "reevectl/render.h"
#include "reevectl/text.h"
#include "reevectl/words.h"

static const struct terminal file = {.tty = false};
static const struct terminal plain80 = {.tty = true, .utf8 = true, .columns = 80};

/* Compares what a buffer holds, and empties it. */
static void assert_text(struct strbuf *b, const char *expected)
{
    assert_false(b->failed);
    assert_string_equal(strbuf_text(b), expected);
    strbuf_finish(b);
}

static void check_harmless(const char *text, const char *expected)
{
    struct strbuf b = STRBUF_INIT;

    text_add_harmless(&b, text);
    assert_text(&b, expected);
}

static void test_harmless(void **state)
{
    (void)state;
    check_harmless("plain, Bücher, 本, 🙂", "plain, Bücher, 本, 🙂");
    check_harmless("a\nb\tc\rd", "a\\nb\\tc\\rd");
    check_harmless("\x1b[31mred\x07\x7f", "\\x1b[31mred\\x07\\x7f");
    /* C1: U+009B is CSI to some terminals */
    check_harmless("\xc2\x9b"
                   "31m\xc2\xa0",
                   "\\x9b31m\xc2\xa0");
    /* right-to-left override, line separator */
    check_harmless("\xe2\x80\xae"
                   "exe\xe2\x80\xa8",
                   "\\u202eexe\\u2028");
    /* not UTF-8: stray, cut short, overlong, surrogate, beyond the last character */
    check_harmless("\xff", "\\xff");
    check_harmless("\xe2\x82", "\\xe2\\x82");
    check_harmless("\xc0\xaf", "\\xc0\\xaf");
    check_harmless("\xe0\x80\xaf", "\\xe0\\x80\\xaf");
    check_harmless("\xed\xa0\x80", "\\xed\\xa0\\x80");
    check_harmless("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
}

static void test_columns(void **state)
{
    (void)state;
    assert_int_equal(text_columns(""), 0);
    assert_int_equal(text_columns("web"), 3);
    assert_int_equal(text_columns("Bücher"), 6);
    assert_int_equal(text_columns("本本"), 4);
    assert_int_equal(text_columns("e\xcc\x81"), 1); /* a combining accent */
}

static void check_cut(const char *text, size_t columns, const char *ellipsis, const char *expected)
{
    struct strbuf b = STRBUF_INIT;

    text_add_cut(&b, text, columns, ellipsis);
    assert_text(&b, expected);
}

static void test_cut(void **state)
{
    (void)state;
    check_cut("short", 5, "…", "short");
    check_cut("longer", 5, "…", "long…");
    check_cut("longer", 5, "...", "lo...");
    check_cut("word by word", 6, "…", "word…");
    check_cut("本本本", 5, "…", "本本…");
    check_cut("本本本", 4, "…", "本…");
    check_cut("longer", 2, "...", "lo");
    check_cut("longer", 0, "…", "");
}

static const struct column columns[] = {
    {"", false, true, 0},      {"UNIT", false, false, 0}, {"PID", true, false, 0},
    {"LAST", false, false, 6}, {"TEXT", false, false, 8},
};

static void make_table(struct table *t)
{
    table_init(t, columns, 5);
    table_add(t, STYLE_GREEN, "●");
    table_add(t, STYLE_PLAIN, "web");
    table_addf(t, STYLE_PLAIN, "%d", 1234);
    table_add(t, STYLE_PLAIN, "exit 1, now");
    table_add(t, STYLE_PLAIN, "serves 本 and more");
    table_add(t, STYLE_RED, "●");
    table_add(t, STYLE_PLAIN, "Bücher");
    table_add(t, STYLE_PLAIN, NULL);
    table_add(t, STYLE_PLAIN, "");
    table_add(t, STYLE_PLAIN, "a\nb");
}

static void check_table(const struct terminal *terminal, const char *expected)
{
    struct strbuf b = STRBUF_INIT;
    struct table t;

    make_table(&t);
    table_write(&t, terminal, &b, 0);
    table_finish(&t);
    assert_text(&b, expected);
}

static void check_wrapped(const char *text, size_t limit, size_t at, const char *expected)
{
    struct strbuf b = STRBUF_INIT;

    text_add_wrapped(&b, text, limit, at, 2);
    assert_text(&b, expected);
}

static void test_wrapped(void **state)
{
    (void)state;
    check_wrapped("one two three", 0, 0, "one two three");
    check_wrapped("one two three", 13, 0, "one two three");
    check_wrapped("one two three", 12, 0, "one two\n  three");
    check_wrapped("one two three", 13, 1, "one two\n  three");
    check_wrapped("one two three", 1, 0, "one\n  two\n  three");
    check_wrapped("本本 b", 5, 0, "本本\n  b");
    check_wrapped("", 5, 0, "");
    check_wrapped("a  b ", 80, 0, "a  b ");
}

static void test_table(void **state)
{
    (void)state;
    check_table(&file, "  UNIT     PID  LAST         TEXT\n"
                       "● web     1234  exit 1, now  serves 本 and more\n"
                       "● Bücher     -  -            a\\nb\n");
}

static struct terminal narrow(size_t width)
{
    struct terminal t = plain80;

    t.columns = width;
    return t;
}

static void test_table_narrow(void **state)
{
    struct terminal t;

    (void)state;
    /* the last column gives way first, down to its least */
    t = narrow(40);
    check_table(&t, "  UNIT     PID  LAST         TEXT\n"
                    "● web     1234  exit 1, now  serves 本…\n"
                    "● Bücher     -  -            a\\nb\n");
    /* then the one before it */
    t = narrow(35);
    check_table(&t, "  UNIT     PID  LAST       TEXT\n"
                    "● web     1234  exit 1,…   serves…\n"
                    "● Bücher     -  -          a\\nb\n");
    /* then the last one goes, and the others have their room again */
    t = narrow(31);
    check_table(&t, "  UNIT     PID  LAST\n"
                    "● web     1234  exit 1, now\n"
                    "● Bücher     -  -\n");
    /* names and numbers are never cut */
    t = narrow(5);
    check_table(&t, "  UNIT     PID\n"
                    "● web     1234\n"
                    "● Bücher     -\n");
}

static void check_numbers(size_t width, const char *expected)
{
    static const struct column three[] = {
        {"TEXT", false, false, 4}, {"CPU", true, false, 3}, {"RSS", true, false, 3}};
    struct terminal t = narrow(width);
    struct strbuf b = STRBUF_INIT;
    struct table table;

    table_init(&table, three, 3);
    table_add(&table, STYLE_PLAIN, "wordy one");
    table_add(&table, STYLE_PLAIN, "188ms");
    table_add(&table, STYLE_PLAIN, "14M");
    table_write(&table, &t, &b, 0);
    table_finish(&table);
    assert_text(&b, expected);
}

/* A number that is shortened is another number: it is shown whole, or its column left out. */
static void test_table_numbers(void **state)
{
    (void)state;
    check_numbers(18, "TEXT      CPU  RSS\nwordy…  188ms  14M\n");
    check_numbers(16, "TEXT    CPU  RSS\nwor…  188ms  14M\n");
    check_numbers(15, "TEXT        CPU\nwordy o…  188ms\n");
    check_numbers(10, "TEXT\nwordy one\n");
    check_numbers(5, "TEXT\nword…\n");
    check_numbers(1, "TEXT\nwor…\n");
}

static void test_table_colour(void **state)
{
    static const struct column two[] = {{"A", false, false, 0}, {"B", false, false, 0}};
    struct terminal t = plain80;
    struct strbuf b = STRBUF_INIT;
    struct table table;

    (void)state;
    t.colour = true;
    table_init(&table, two, 2);
    table_add(&table, STYLE_GREEN, "x");
    table_add(&table, STYLE_PLAIN, "y");
    table_write(&table, &t, &b, 2);
    table_finish(&table);
    assert_text(&b, "  \033[1mA\033[0m  \033[1mB\033[0m\n"
                    "  \033[32mx\033[0m  y\n");
}

static void check_json(const char *text, const char *expected)
{
    struct strbuf b = STRBUF_INIT;
    cJSON *value = cJSON_Parse(text);

    assert_non_null(value);
    render_json(&b, value);
    cJSON_Delete(value);
    assert_text(&b, expected);
}

static void test_json(void **state)
{
    (void)state;
    check_json("{}", "{}\n");
    check_json("{\"z\":1,\"a\":[],\"list\":[true,null,{\"x\":\"y\"}]}",
               "{\n  \"z\": 1,\n  \"a\": [],\n  \"list\": [\n    true,\n    null,\n    {\n"
               "      \"x\": \"y\"\n    }\n  ]\n}\n");
    check_json("[1234567890123, 0.5, -1]", "[\n  1234567890123,\n  0.5,\n  -1\n]\n");
    check_json("\"q\\\" b\\\\ n\\n e\\u001b c\\u009b ü\"",
               "\"q\\\" b\\\\ n\\n e\\u001b c\\u009b ü\"\n");
}

struct exit_case {
    const char *record;
    const char *brief;
    const char *sentence;
};

static const struct exit_case exits[] = {
    {"{\"reason\":\"natural\",\"exit_code\":0}", "exit 0", "ended by itself with exit code 0"},
    {"{\"reason\":\"runtime_error\",\"exit_code\":3}", "exit 3",
     "ended by itself with exit code 3"},
    {"{\"reason\":\"signal\",\"exit_code\":null,\"signal\":\"SEGV\",\"core_dumped\":true}",
     "SIGSEGV (core)", "killed by SIGSEGV (segmentation fault), core dumped"},
    {"{\"reason\":\"signal\",\"signal\":\"TERM\",\"requested_by\":\"user\"}", "SIGTERM",
     "ended by SIGTERM (terminated)"},
    {"{\"reason\":\"signal\",\"exit_code\":0,\"requested_by\":\"user\"}", "exit 0",
     "stopped with exit code 0"},
    {"{\"reason\":\"signal\",\"signal\":\"KILL\",\"oom_kill\":true}", "SIGKILL (out of memory)",
     "killed by SIGKILL, out of memory"},
    {"{\"reason\":\"forced_kill\",\"signal\":\"KILL\",\"requested_by\":\"user\"}",
     "SIGKILL (forced)", "killed by SIGKILL, since it did not stop in time"},
    {"{\"reason\":\"unknown\"}", "unknown", "ended, how is not known"},
    {"{\"reason\":\"start_failed\",\"error\":{\"stage\":\"chdir\",\"errno\":\"ENOENT\","
     "\"message\":\"No such file or directory\"}}",
     "start failed (chdir ENOENT)", "start failed: chdir: No such file or directory"},
    {"{\"reason\":\"start_failed\",\"exit_code\":127,\"error\":{\"stage\":\"exec\","
     "\"errno\":\"EACCES\",\"message\":\"Permission denied\"}}",
     "start failed (exec EACCES)", "start failed: exec: Permission denied"},
    {"{\"reason\":\"start_failed\",\"exit_code\":1}", "start failed (exit 1)",
     "start failed: ended by itself with exit code 1"},
    {"{\"reason\":\"start_failed\",\"signal\":\"TERM\",\"requested_by\":null,"
     "\"error\":{\"stage\":\"ready\",\"errno\":\"ETIMEDOUT\",\"message\":\"x\"}}",
     "start failed (not ready in time)", "start failed: not ready in time"},
    {"{\"reason\":\"start_failed\"}", "start failed (why is not known)",
     "start failed: ended, how is not known"},
    {"{}", "unknown", "ended, how is not known"},
};

static void test_exits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
        struct strbuf b = STRBUF_INIT;
        cJSON *record = cJSON_Parse(exits[i].record);

        assert_non_null(record);
        endings_add_brief(&b, record);
        assert_text(&b, exits[i].brief);
        endings_add(&b, record);
        assert_text(&b, exits[i].sentence);
        cJSON_Delete(record);
    }
}

static void check_requester(const char *text, const char *expected)
{
    struct strbuf b = STRBUF_INIT;
    cJSON *record = cJSON_Parse(text);

    endings_add_requester(&b, record);
    cJSON_Delete(record);
    assert_text(&b, expected);
}

static void test_requester(void **state)
{
    (void)state;
    check_requester("{\"requested_by\":null,\"requester\":null}", "-");
    check_requester("{\"requested_by\":\"shutdown\",\"requester\":null}", "shutdown");
    check_requester("{\"requested_by\":\"user\",\"requester\":{\"uid\":0,\"pid\":9,\"unit\":null}}",
                    "root (uid 0, pid 9)");
    check_requester("{\"requested_by\":\"dependency\",\"requester\":{\"unit\":\"db\"}}",
                    "dependency: db");
    check_requester("{\"requested_by\":\"dependency\","
                    "\"requester\":{\"uid\":0,\"pid\":9,\"unit\":\"db\"}}",
                    "dependency: db, by root (uid 0, pid 9)");
}

static void check_asked(const char *text, const char *expected)
{
    struct strbuf b = STRBUF_INIT;
    cJSON *record = cJSON_Parse(text);

    endings_add_asked(&b, record);
    cJSON_Delete(record);
    assert_text(&b, expected);
}

#define ROOT "\"requester\":{\"uid\":0,\"pid\":9,\"unit\":null}"

static void test_asked(void **state)
{
    (void)state;
    check_asked("{\"requested_by\":\"user\"," ROOT "}", "asked for by root (uid 0, pid 9)");
    check_asked("{\"requested_by\":\"restart\"," ROOT "}",
                "asked for by root (uid 0, pid 9), to restart it");
    check_asked("{\"requested_by\":\"shutdown\"," ROOT "}",
                "asked for by root (uid 0, pid 9), to shut reeved down");
    check_asked("{\"requested_by\":\"dependency\",\"requester\":{\"unit\":\"db\"}}",
                "along with db");
    check_asked("{\"requested_by\":\"dependency\","
                "\"requester\":{\"uid\":0,\"pid\":9,\"unit\":\"db\"}}",
                "along with db, asked for by root (uid 0, pid 9)");
    check_asked("{\"requested_by\":\"timeout\"," ROOT "}",
                "asked for by root (uid 0, pid 9) (timeout)");
}

static void check_ago(int64_t wall_ms, int64_t now_wall_ms, const char *expected)
{
    struct strbuf b = STRBUF_INIT;

    words_add_ago(&b, wall_ms, now_wall_ms);
    assert_text(&b, expected);
}

static void test_times(void **state)
{
    struct strbuf b = STRBUF_INIT;
    int64_t wall_ms = 0;

    (void)state;
    assert_true(words_parse_time("2026-11-21T11:00:00.123Z", &wall_ms));
    assert_int_equal(wall_ms, 1795258800123);
    words_add_time(&b, wall_ms);
    assert_text(&b, "Sat 2026-11-21 11:00:00 UTC");
    assert_false(words_parse_time("", &wall_ms));
    assert_false(words_parse_time("2026-11-21T11:00:00.123", &wall_ms));
    assert_false(words_parse_time("2026-11-21T11:00:00.123Z ", &wall_ms));
    check_ago(10000, 10999, "now");
    check_ago(0, 200000, "3m ago");
    check_ago(5000, 0, "in 5s");
    words_add_duration(&b, 95999);
    assert_text(&b, "1m35s");
    words_add_duration(&b, 999);
    assert_text(&b, "999ms");
    words_add_duration(&b, -1);
    assert_text(&b, "-");
}

static void check_size(int64_t bytes, const char *expected)
{
    struct strbuf b = STRBUF_INIT;

    words_add_size(&b, bytes);
    assert_text(&b, expected);
}

static void test_sizes(void **state)
{
    (void)state;
    check_size(-1, "-");
    check_size(0, "0.0K");
    check_size(1536, "1.5K");
    check_size(14900000, "14M");
    check_size(INT64_MAX, "8.0E");
}

static void test_fields(void **state)
{
    cJSON *o = cJSON_Parse("{\"n\":5,\"big\":\"9007199254740993\",\"bad\":\"5x\",\"null\":null,"
                           "\"huge\":1e300,\"t\":true,\"s\":\"text\"}");

    (void)state;
    assert_int_equal(field_number(o, "n", -1), 5);
    assert_int_equal(field_number(o, "big", -1), 9007199254740993);
    assert_int_equal(field_number(o, "bad", -1), -1);
    assert_int_equal(field_number(o, "null", -1), -1);
    assert_int_equal(field_number(o, "huge", -1), -1);
    assert_int_equal(field_number(o, "missing", 7), 7);
    assert_int_equal(field_number(NULL, "n", 7), 7);
    assert_null(field(o, "null"));
    assert_null(field_text(o, "n"));
    assert_string_equal(field_text(o, "s"), "text");
    assert_string_equal(field_word(o, "missing"), "");
    assert_true(field_true(o, "t"));
    assert_false(field_true(o, "n"));
    cJSON_Delete(o);
}

static void test_states(void **state)
{
    (void)state;
    assert_int_equal(words_state_style("running"), STYLE_GREEN);
    assert_int_equal(words_state_style("failed"), STYLE_RED);
    assert_int_equal(words_state_style("completed"), STYLE_DIM);
    assert_int_equal(words_state_style("killing"), STYLE_YELLOW);
    assert_false(words_is_active("starting"));
    assert_false(words_is_active("completed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_harmless),     cmocka_unit_test(test_columns),
        cmocka_unit_test(test_cut),          cmocka_unit_test(test_wrapped),
        cmocka_unit_test(test_table),        cmocka_unit_test(test_table_narrow),
        cmocka_unit_test(test_table_colour), cmocka_unit_test(test_json),
        cmocka_unit_test(test_exits),        cmocka_unit_test(test_requester),
        cmocka_unit_test(test_times),        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_fields),       cmocka_unit_test(test_states),
        cmocka_unit_test(test_asked),        cmocka_unit_test(test_table_numbers),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    terminal_init_locale();
    return cmocka_run_group_tests_name("reevectl_render", tests, NULL, NULL);
}
