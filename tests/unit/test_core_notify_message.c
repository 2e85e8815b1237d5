/* One message of sd_notify. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "core/notify_message.h"

#define BIT(field) (UINT32_C(1) << (field))

static struct notify_message parse_bytes(const char *bytes, size_t len)
{
    struct notify_message m;
    /* Exactly as long as it is, so that a sanitizer sees who reads on. */
    char *copy = malloc(len ? len : 1);

    assert_non_null(copy);
    if (len)
        memcpy(copy, bytes, len);
    memset(&m, 0x55, sizeof m);
    assert_int_equal(notify_parse(&m, copy, len), 0);
    free(copy);
    return m;
}

static struct notify_message parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static void all_fields(void **state)
{
    struct notify_message m = parse("READY=1\nRELOADING=1\nSTOPPING=1\nMONOTONIC_USEC=12345678901\n"
                                    "STATUS=3 of 4 done\nERRNO=2\nMAINPID=4711\nWATCHDOG=1\n"
                                    "WATCHDOG_USEC=20000000\nEXTEND_TIMEOUT_USEC=5000000\n");

    (void)state;
    assert_int_equal(m.has, BIT(NOTIFY_READY) | BIT(NOTIFY_RELOADING) | BIT(NOTIFY_STOPPING) |
                                BIT(NOTIFY_MONOTONIC_USEC) | BIT(NOTIFY_STATUS) |
                                BIT(NOTIFY_ERRNO) | BIT(NOTIFY_MAINPID) | BIT(NOTIFY_WATCHDOG) |
                                BIT(NOTIFY_WATCHDOG_USEC) | BIT(NOTIFY_EXTEND_TIMEOUT_USEC));
    assert_int_equal(m.malformed, 0);
    assert_int_equal(m.n_unknown, 0);
    assert_int_equal(m.monotonic_usec, 12345678901);
    assert_string_equal(m.status, "3 of 4 done");
    assert_int_equal(m.errnum, 2);
    assert_int_equal(m.main_pid, 4711);
    assert_int_equal(m.watchdog_usec, 20000000);
    assert_int_equal(m.extend_timeout_usec, 5000000);
}

static void nothing_says_nothing(void **state)
{
    static const char *const nothings[] = {"", "\n", "\n\n\r\n"};

    (void)state;
    for (size_t i = 0; i < sizeof nothings / sizeof nothings[0]; i++) {
        struct notify_message m = parse(nothings[i]);

        assert_int_equal(m.has | m.malformed | m.n_unknown, 0);
        assert_string_equal(m.status, "");
    }
}

static void lines_end_in_many_ways(void **state)
{
    (void)state;
    assert_int_equal(parse("READY=1").has, BIT(NOTIFY_READY));
    assert_int_equal(parse("READY=1\n\n\nWATCHDOG=1").has,
                     BIT(NOTIFY_READY) | BIT(NOTIFY_WATCHDOG));
    assert_int_equal(parse("READY=1\r\nWATCHDOG=1\r\n").has,
                     BIT(NOTIFY_READY) | BIT(NOTIFY_WATCHDOG));
    /* Who sends the NUL of a string along, and who has something behind it. */
    assert_int_equal(parse_bytes("READY=1\0", 8).has, BIT(NOTIFY_READY));
    assert_int_equal(parse_bytes("READY=1\n\0STOPPING=1", 19).has, BIT(NOTIFY_READY));
    assert_int_equal(parse_bytes("\0READY=1", 8).has, 0);
}

static void keys_are_exact(void **state)
{
    static const char *const strange[] = {"ready=1", " READY=1",   "READY =1",   "READY",
                                          "=1",      "X_A=b",      "READYX=1",   "READ=1",
                                          "=",       "BUSERROR=x", "MAINPIDFD=1"};

    (void)state;
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        struct notify_message m = parse(strange[i]);

        assert_int_equal(m.has, 0);
        assert_int_equal(m.malformed, 0);
        assert_int_equal(m.n_unknown, 1);
    }
    assert_int_equal(parse("X_A=1\nREADY=1\nwhat is this\n").n_unknown, 2);
}

static void bad_values_spoil_no_others(void **state)
{
    static const struct {
        const char *line;
        enum notify_field field;
    } bad[] = {
        {"READY=0", NOTIFY_READY},
        {"READY=", NOTIFY_READY},
        {"READY=1 ", NOTIFY_READY},
        {"READY=11", NOTIFY_READY},
        {"STOPPING=yes", NOTIFY_STOPPING},
        {"RELOADING=2", NOTIFY_RELOADING},
        {"MAINPID=0", NOTIFY_MAINPID},
        {"MAINPID=-1", NOTIFY_MAINPID},
        {"MAINPID=1x", NOTIFY_MAINPID},
        {"MAINPID=2147483648", NOTIFY_MAINPID},
        {"MAINPID=", NOTIFY_MAINPID},
        {"ERRNO=4096", NOTIFY_ERRNO},
        {"ERRNO=ENOENT", NOTIFY_ERRNO},
        {"WATCHDOG=0", NOTIFY_WATCHDOG},
        {"WATCHDOG=triggers", NOTIFY_WATCHDOG},
        {"WATCHDOG_USEC=+5", NOTIFY_WATCHDOG_USEC},
        {"WATCHDOG_USEC=18446744073709551616", NOTIFY_WATCHDOG_USEC},
        {"EXTEND_TIMEOUT_USEC=1e6", NOTIFY_EXTEND_TIMEOUT_USEC},
        {"EXTEND_TIMEOUT_USEC=99999999999999999999", NOTIFY_EXTEND_TIMEOUT_USEC},
        {"MONOTONIC_USEC= 1", NOTIFY_MONOTONIC_USEC},
        {"BARRIER=", NOTIFY_BARRIER},
    };
    char text[128];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct notify_message m;

        strcpy(text, "STATUS=up\n");
        strcat(text, bad[i].line);
        strcat(text, "\nX=1");
        m = parse(text);
        assert_int_equal(m.has, BIT(NOTIFY_STATUS));
        assert_int_equal(m.malformed, BIT(bad[i].field));
        assert_int_equal(m.n_unknown, 1);
        assert_int_equal(m.main_pid, 0);
        assert_int_equal(m.watchdog_usec, 0);
    }
    assert_int_equal(parse("WATCHDOG_USEC=18446744073709551615").watchdog_usec, UINT64_MAX);
    assert_int_equal(parse("MAINPID=2147483647").main_pid, INT32_MAX);
    assert_int_equal(parse("ERRNO=4095").errnum, 4095);
    assert_int_equal(parse("WATCHDOG_USEC=0").has, BIT(NOTIFY_WATCHDOG_USEC));
    assert_int_equal(parse("ERRNO=0").has, BIT(NOTIFY_ERRNO));
}

static void the_first_good_one_counts(void **state)
{
    struct notify_message m = parse("MAINPID=x\nMAINPID=7\nMAINPID=8\nSTATUS=a\nSTATUS=b");

    (void)state;
    assert_int_equal(m.main_pid, 7);
    assert_string_equal(m.status, "a");
    assert_int_equal(m.has, BIT(NOTIFY_MAINPID) | BIT(NOTIFY_STATUS));
    assert_int_equal(m.malformed, BIT(NOTIFY_MAINPID));
    assert_int_equal(parse("WATCHDOG=1\nWATCHDOG=trigger").has, BIT(NOTIFY_WATCHDOG));
    assert_int_equal(parse("WATCHDOG=trigger\nWATCHDOG=1").has, BIT(NOTIFY_WATCHDOG_TRIGGER));
}

static void a_status_is_one_clean_line(void **state)
{
    char text[2 * NOTIFY_STATUS_BYTES] = "STATUS=";
    struct notify_message m;

    (void)state;
    assert_string_equal(parse("STATUS=a=b \t\x1b[1mc\x7f").status, "a=b   [1mc ");
    assert_string_equal(parse("STATUS=\xc3\xbc\xff\xc3").status,
                        "\xc3\xbc\xef\xbf\xbd\xef\xbf\xbd");
    assert_string_equal(parse("STATUS=x\xc2\x9by").status, "x y"); /* a control sequence in C1 */
    m = parse("STATUS=");
    assert_int_equal(m.has, BIT(NOTIFY_STATUS));
    assert_string_equal(m.status, "");

    /* One that is too long is cut between two characters. */
    for (int shift = 0; shift < 4; shift++) {
        size_t n = 7 + (size_t)shift, len;

        memset(text + 7, 'x', (size_t)shift);
        for (; n + 4 < sizeof text; n += 4)
            memcpy(text + n, "\xf0\x9f\x90\x98", 4);
        m = parse_bytes(text, n);
        len = strlen(m.status);
        assert_in_range(len, NOTIFY_STATUS_BYTES - 4, NOTIFY_STATUS_BYTES - 1);
        for (size_t i = 0; i < len;) {
            size_t step = utf8_length((const unsigned char *)m.status + i, len - i);

            assert_true(step > 0);
            i += step;
        }
    }
}

static void descriptors_are_refused(void **state)
{
    static const char *const lines[] = {"FDSTORE=1", "FDSTOREREMOVE=1", "FDNAME=x", "FDPOLL=0"};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct notify_message m = parse(lines[i]);

        assert_int_equal(m.has, BIT(NOTIFY_FDSTORE));
        assert_int_equal(m.n_unknown, 0);
    }
    assert_int_equal(parse("FDSTORE=1\nFDNAME=x\nREADY=1").has,
                     BIT(NOTIFY_FDSTORE) | BIT(NOTIFY_READY));
}

static void a_barrier_is_alone(void **state)
{
    struct notify_message m = parse("BARRIER=1\n");

    (void)state;
    assert_int_equal(m.has, BIT(NOTIFY_BARRIER));
    assert_int_equal(m.malformed, 0);
    for (int after = 0; after < 2; after++) {
        m = parse(after ? "READY=1\nSTATUS=a\nBARRIER=1" : "BARRIER=1\nX=1");
        assert_int_equal(m.has, BIT(NOTIFY_BARRIER));
        assert_int_equal(m.malformed, BIT(NOTIFY_BARRIER));
        assert_string_equal(m.status, "");
    }
}

static void too_long_counts_for_nothing(void **state)
{
    char *bytes = malloc(NOTIFY_BYTES_MAX + 1);
    struct notify_message m;

    (void)state;
    assert_non_null(bytes);
    memset(bytes, 'x', NOTIFY_BYTES_MAX + 1);
    memcpy(bytes, "READY=1\n", 8);
    assert_int_equal(notify_parse(&m, bytes, NOTIFY_BYTES_MAX), 0);
    assert_int_equal(m.has, BIT(NOTIFY_READY));
    assert_int_equal(m.n_unknown, 1);
    assert_int_equal(notify_parse(&m, bytes, NOTIFY_BYTES_MAX + 1), -E2BIG);
    assert_int_equal(m.has | m.n_unknown, 0);
    free(bytes);
}

static void fields_have_names(void **state)
{
    (void)state;
    for (enum notify_field f = 0; f < NOTIFY_FIELD_COUNT; f++)
        assert_true(strlen(notify_field_name(f)) >= 5);
    assert_string_equal(notify_field_name(NOTIFY_WATCHDOG_TRIGGER), "WATCHDOG");
    assert_string_equal(notify_field_name(NOTIFY_WATCHDOG_USEC), "WATCHDOG_USEC");
    assert_string_equal(notify_field_name(NOTIFY_FDSTORE), "FDSTORE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_fields),
        cmocka_unit_test(nothing_says_nothing),
        cmocka_unit_test(lines_end_in_many_ways),
        cmocka_unit_test(keys_are_exact),
        cmocka_unit_test(bad_values_spoil_no_others),
        cmocka_unit_test(the_first_good_one_counts),
        cmocka_unit_test(a_status_is_one_clean_line),
        cmocka_unit_test(descriptors_are_refused),
        cmocka_unit_test(a_barrier_is_alone),
        cmocka_unit_test(too_long_counts_for_nothing),
        cmocka_unit_test(fields_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
