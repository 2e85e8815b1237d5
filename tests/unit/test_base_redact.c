/* What is shown of an environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <time.h>

#include "base/redact.h"

static void expect(const char *text, const char *shown)
{
    struct strbuf b = STRBUF_INIT;

    redact_words(&b, text, NULL);
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
    expect("COMPASS=n BYPASS=y OAUTH=z AUTHOR=b PASS_MAX=3 AUTH_URL=/x",
           "COMPASS=n BYPASS=y OAUTH=z AUTHOR=b PASS_MAX=3 AUTH_URL=/x");
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
        "PASSWORD",    "PASSWD",         "PASSPHRASE",    "TOKEN",
        "SECRET",      "APIKEY",         "KEY",           "key",
        "PGPASSWORD",  "GITHUBTOKEN",    "Client_Secret", "SSH_PASSPHRASE",
        "rootpasswd",  "MyApiKey",       "PASS",          "AUTH",
        "SMTP_PASS",   "db_pass",        "REGISTRY_AUTH", "auth",
        "CREDENTIALS", "AWS_CREDENTIALS"};

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

/* Only the password: the rest is what people look for. */
static void passwords_in_urls_are_hidden(void **state)
{
    (void)state;
    expect("DB=postgres://app:hunter2@db:5432/app?ssl=1 A=b",
           "DB=postgres://app:***@db:5432/app?ssl=1 A=b");
    expect("R=redis://:hunter2@cache", "R=redis://:***@cache");
    expect("M=smtp://me@x.org:hunter2@mail.x.org", "M=smtp://me@x.org:***@mail.x.org");
    expect("OPTS=--proxy=http://u:p@h/,--other=ftp://v:q@i/x@y:z",
           "OPTS=--proxy=http://u:***@h/,--other=ftp://v:***@i/x@y:z");
    /* Written as URLs should not be; some programs take them. */
    expect("A=amqp://h1,amqp://u:q@h2", "A=amqp://h1,amqp://u:***@h2");
    expect("A=amqp://h1:1,amqp://u:q@h2/", "A=amqp://h1:***@h2/"); /* rather too much */
    expect("A=x://u:p@ss@h", "A=x://u:***@h");
    expect("A=x://u:p/a?s#s@h/d", "A=x://u:***@h/d");
    expect("A=amqp://u:p@h1,amqp://u:q@h2", "A=amqp://u:***@h1,amqp://u:***@h2");
    expect("A=x://u:p\\@q@h B=c", "A=x://u:***@h B=c");
}

static void urls_without_a_password_stay(void **state)
{
    (void)state;
    expect("A=http://host:80/path@x B=http://host:80", "A=http://host:80/path@x B=http://host:80");
    expect("A=ssh://git@host:22/x@y B=https://h/a:b@c",
           "A=ssh://git@host:22/x@y B=https://h/a:b@c");
    expect("A=http://[::1]:80/x@y", "A=http://[::1]:80/x@y");
    expect("A=u:p@host B=://", "A=u:p@host B=://");
    expect("A=x://u:p", "A=x://u:p");
}

static void quoting_does_not_help_a_url_out(void **state)
{
    (void)state;
    expect("\"A=x://u:p q@h\" B=c", "\"A=x://u:***@h\" B=c");
    expect("A='x://u:p q@h' B=c", "A='x://u:***@h' B=c");
    expect("A=x:\"/\"/u':'p\" \"q@h B=c", "A=x:\"/\"/u':***'@h B=c");
    expect("A=x://u:\"p q\"@h B=c", "A=x://u:***@h B=c");
    expect("A=\"x://u:p\"q@h B=c", "A=\"x://u:***\"@h B=c");
    expect("A=x://u:p\"q@h\" B=c", "A=x://u:***\"@h\" B=c");
}

static void expect_with(const char *patterns, const char *text, const char *shown)
{
    struct strbuf b = STRBUF_INIT;

    redact_words(&b, text, patterns);
    assert_string_equal(strbuf_text(&b), shown);
    strbuf_finish(&b);
}

static void patterns_name_more(void **state)
{
    (void)state;
    expect_with("", "A=x A_TOKEN=y", "A=x A_TOKEN=***");
    expect_with("PIN", "PIN=1 pin=2 PINS=3 SPIN=4 --pin=5 --spin=6",
                "PIN=*** pin=*** PINS=3 SPIN=4 --pin=*** --spin=6");
    expect_with("*_DSN S?  X*Y*Z", "A_DSN=1 _DSN=2 DSN=3 S=4 S1=5 S12=6 XYZ=7 X1Y2Z=8 XYZA=9",
                "A_DSN=*** _DSN=*** DSN=3 S=4 S1=*** S12=6 XYZ=*** X1Y2Z=*** XYZA=9");
    expect_with("*", "A=1 \"B=2 3\" word x://u:p@h", "A=*** \"B=***\" word x://u:***@h");
    expect_with("*A*A*A*A*A*A*B", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=1",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=1");
}

/* A long value is looked at once, however many beginnings of URLs are in it. */
static void long_values_take_no_long_time(void **state)
{
    struct strbuf text = STRBUF_INIT, shown = STRBUF_INIT;
    clock_t began;

    (void)state;
    strbuf_add(&text, "A=");
    for (int i = 0; i < 200000; i++)
        strbuf_add(&text, "x://y:z");
    began = clock();
    redact_words(&shown, strbuf_text(&text), "*a*b*c*d*e*f*g*h*");
    assert_true((double)(clock() - began) / CLOCKS_PER_SEC < 0.5);
    assert_string_equal(strbuf_text(&shown), strbuf_text(&text));
    strbuf_finish(&text);
    strbuf_finish(&shown);
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

static void words_of_a_command(void **state)
{
    (void)state;
    expect("exec:env PGPASSWORD=xyzzy pg_isready -h db",
           "exec:env PGPASSWORD=*** pg_isready -h db");
    expect("exec:db-check --password=xyzzy -v", "exec:db-check --password=*** -v");
    expect("exec:sh -c 'PGPASSWORD=xyzzy psql -l'", "exec:sh -c 'PGPASSWORD=***'");
    expect("exec:curl -f http://u:xyzzy@host/", "exec:curl -f http://u:***@host/");
    expect("exec:curl -f http://u:xyzzy@host/?a=b", "exec:curl -f http://u:***@host/?a=b");
    expect("exec:curl http://u:xyzzy@host/?token=xyzzy", "exec:curl http://u:***@host/?token=***");
    expect("exec:curl http://u:xyz?token=zy@host/ x", "exec:curl http://u:****** x");
    expect("exec:curl http://host/?token=u:xyzzy@host x", "exec:curl http://host/?token=*** x");
    expect("exec:curl ftp://host/?next=http://u:xyzzy@host/",
           "exec:curl ftp://host/?next=http://u:***@host/");
    expect("x://u:p@h", "x://u:***@h");
    expect("tcp:localhost:80", "tcp:localhost:80");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_values_stay_as_written),
        cmocka_unit_test(secrets_are_hidden),
        cmocka_unit_test(patterns_name_more),
        cmocka_unit_test(words_of_a_command),
        cmocka_unit_test(a_bare_word_is_a_secret_too),
        cmocka_unit_test(passwords_in_urls_are_hidden),
        cmocka_unit_test(urls_without_a_password_stay),
        cmocka_unit_test(quoting_does_not_help_a_url_out),
        cmocka_unit_test(long_values_take_no_long_time),
        cmocka_unit_test(quoting_does_not_help_a_secret_out),
        cmocka_unit_test(long_names_count_by_their_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
