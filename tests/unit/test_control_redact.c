/* What is shown of an environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/redact.h"

static void expect(const char *text, const char *shown)
{
    struct strbuf b = STRBUF_INIT;

    redact_environment(&b, text);
    assert_string_equal(strbuf_text(&b), shown);
    strbuf_finish(&b);
}

static void plain_values_stay_as_written(void **state)
{
    (void)state;
    expect("", "");
    expect("A=b", "A=b");
    expect("  A=b\t\"C=d e\"  'F=$x'\nG=a\\ b ", "  A=b\t\"C=d e\"  'F=$x'\nG=a\\ b ");
    expect("KEYS=y TOKENS_A=z MONKEY=b PASSWORD_FILE=/run/s SECRETARY=c",
           "KEYS=y TOKENS_A=z MONKEY=b PASSWORD_FILE=/run/s SECRETARY=c");
    expect("NOVALUE DB_KEY", "NOVALUE DB_KEY");
}

static void secrets_are_hidden(void **state)
{
    (void)state;
    expect("DB_PASSWORD=hunter2", "DB_PASSWORD=***");
    expect("A=1 X_TOKEN=t Y_SECRET=s Z_KEY=k B=2", "A=1 X_TOKEN=*** Y_SECRET=*** Z_KEY=*** B=2");
    expect("X_TOKEN=", "X_TOKEN=***");
    expect("api_key=abc", "api_key=***");
}

static void a_bare_word_is_a_secret_too(void **state)
{
    static const char *const names[] = {
        "PASSWORD",   "PASSWD",  "PASSPHRASE", "TOKEN",       "SECRET",        "APIKEY",
        "KEY",        "key",     "PGPASSWORD", "GITHUBTOKEN", "Client_Secret", "SSH_PASSPHRASE",
        "rootpasswd", "MyApiKey"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct strbuf text = STRBUF_INIT, shown = STRBUF_INIT;

        strbuf_addf(&text, "A=1 %s=hunter2 B=2", names[i]);
        strbuf_addf(&shown, "A=1 %s=*** B=2", names[i]);
        expect(strbuf_text(&text), strbuf_text(&shown));
        strbuf_finish(&text);
        strbuf_finish(&shown);
    }
}

static void quoting_does_not_help_a_secret_out(void **state)
{
    (void)state;
    expect("\"DB_PASSWORD=two words\" A=b", "\"DB_PASSWORD=***\" A=b");
    expect("'DB_PASSWORD=two words' A=b", "'DB_PASSWORD=***' A=b");
    expect("DB_PASSWORD=\"two words\" A=b", "DB_PASSWORD=*** A=b");
    expect("DB_PASSWORD=a\\ b\"c d\"'e f' A=b", "DB_PASSWORD=*** A=b");
    expect("DB_PASSWORD=\"quote\\\" and more\" A=b", "DB_PASSWORD=*** A=b");
    expect("\"DB_PASS\"WORD=x", "\"DB_PASS\"WORD=***");
    expect("DB_PASS\\WORD=x", "DB_PASS\\WORD=***");
    expect("DB_PASSWORD=a=b=c", "DB_PASSWORD=***");
    expect("\"DB_PASSWORD=never closed A=b", "\"DB_PASSWORD=***\"");
    expect("'DB_PASSWORD=a\\' A=b", "'DB_PASSWORD=***' A=b");
}

static void long_names_count_by_their_end(void **state)
{
    struct strbuf text = STRBUF_INIT, shown = STRBUF_INIT;

    (void)state;
    for (int i = 0; i < 1000; i++)
        strbuf_add(&text, "N");
    strbuf_add(&text, "_KEY=");
    strbuf_add(&shown, strbuf_text(&text));
    strbuf_add(&text, "value");
    strbuf_add(&shown, "***");
    expect(strbuf_text(&text), strbuf_text(&shown));
    strbuf_finish(&text);
    strbuf_finish(&shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_values_stay_as_written),
        cmocka_unit_test(secrets_are_hidden),
        cmocka_unit_test(a_bare_word_is_a_secret_too),
        cmocka_unit_test(quoting_does_not_help_a_secret_out),
        cmocka_unit_test(long_names_count_by_their_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
