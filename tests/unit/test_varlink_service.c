/* Calls through the table: who is answered by what, and that the contract tells the truth. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "varlink/contract.h"
#include "varlink/json.h"
#include "varlink/service.h"

static int n_calls;

static void echo(struct service_call *c)
{
    static const char *const known[] = {"text", NULL};
    const char *text;
    struct params p;
    struct json_out o;

    n_calls++;
    params_init(&p, c->message->parameters, known);
    text = params_text(&p, "text");
    if (p.bad) {
        service_invalid_parameter(c, p.bad);
        return;
    }
    message_begin(&o, c->out);
    json_string(&o, "text", text);
    json_bool(&o, "more", c->message->more);
    message_end(&o, c->message->more, c->lines);
}

static const struct service_method methods[] = {{"Echo", echo}, {NULL, NULL}};
static const struct service_interface interfaces[] = {
    {"org.example.Test", "interface org.example.Test\n", methods},
    {NULL, NULL, NULL},
};
static const struct service service = {"v", "p", "1.0", "u", interfaces};

/* The answer to one message; NUL shows as |. */
static void expect_answer(const char *request, bool lines, const char *expected)
{
    struct strbuf out = STRBUF_INIT;
    char *copy = strdup(request);
    struct frame frame = {copy, strlen(request), lines};

    assert_int_equal(service_take(&service, &frame, &out, NULL), 0);
    for (size_t i = 0; i < out.len_bytes; i++)
        if (out.data[i] == '\0')
            out.data[i] = '|';
    assert_string_equal(strbuf_text(&out), expected);
    strbuf_finish(&out);
    free(copy);
}

static void methods_are_called(void **state)
{
    (void)state;
    expect_answer("{\"method\":\"org.example.Test.Echo\",\"parameters\":{\"text\":\"hi\"}}", false,
                  "{\"parameters\":{\"text\":\"hi\",\"more\":false}}|");
    expect_answer("{\"method\":\"org.example.Test.Echo\"}", true,
                  "{\"parameters\":{\"text\":null,\"more\":false}}\n");
    expect_answer("{\"method\":\"org.example.Test.Echo\",\"parameters\":null,\"more\":true}", false,
                  "{\"parameters\":{\"text\":null,\"more\":true},\"continues\":true}|");
    expect_answer("{\"method\":\"org.example.Test.Echo\",\"parameters\":{\"text\":1}}", false,
                  "{\"error\":\"org.varlink.service.InvalidParameter\","
                  "\"parameters\":{\"parameter\":\"text\"}}|");
}

static void oneway_is_done_and_not_answered(void **state)
{
    (void)state;
    n_calls = 0;
    expect_answer("{\"method\":\"org.example.Test.Echo\",\"oneway\":true}", false, "");
    assert_int_equal(n_calls, 1);
    expect_answer("{\"method\":\"org.example.Test.Nope\",\"oneway\":true}", false, "");
}

static void unknown_names_are_told(void **state)
{
    (void)state;
    expect_answer("{\"method\":\"org.example.Test.Nope\"}", false,
                  "{\"error\":\"org.varlink.service.MethodNotFound\","
                  "\"parameters\":{\"method\":\"org.example.Test.Nope\"}}|");
    expect_answer("{\"method\":\"org.example.Other.Echo\"}", false,
                  "{\"error\":\"org.varlink.service.InterfaceNotFound\","
                  "\"parameters\":{\"interface\":\"org.example.Other\"}}|");
    expect_answer("{\"method\":\"Echo\"}", true,
                  "{\"error\":\"org.varlink.service.MethodNotFound\","
                  "\"parameters\":{\"method\":\"Echo\"}}\n");
    expect_answer("{\"method\":\"org.varlink.service.Nope\"}", false,
                  "{\"error\":\"org.varlink.service.MethodNotFound\","
                  "\"parameters\":{\"method\":\"org.varlink.service.Nope\"}}|");
}

static void introspection(void **state)
{
    (void)state;
    expect_answer("{\"method\":\"org.varlink.service.GetInfo\",\"parameters\":{}}", false,
                  "{\"parameters\":{\"vendor\":\"v\",\"product\":\"p\",\"version\":\"1.0\","
                  "\"url\":\"u\",\"interfaces\":[\"org.varlink.service\",\"org.example.Test\"]}}|");
    expect_answer("{\"method\":\"org.varlink.service.GetInterfaceDescription\","
                  "\"parameters\":{\"interface\":\"org.example.Test\"}}",
                  false, "{\"parameters\":{\"description\":\"interface org.example.Test\\n\"}}|");
    expect_answer("{\"method\":\"org.varlink.service.GetInterfaceDescription\","
                  "\"parameters\":{\"interface\":\"a.b\"}}",
                  false,
                  "{\"error\":\"org.varlink.service.InterfaceNotFound\","
                  "\"parameters\":{\"interface\":\"a.b\"}}|");
    expect_answer("{\"method\":\"org.varlink.service.GetInterfaceDescription\"}", false,
                  "{\"error\":\"org.varlink.service.InvalidParameter\","
                  "\"parameters\":{\"parameter\":\"interface\"}}|");
    expect_answer("{\"method\":\"org.varlink.service.GetInfo\",\"parameters\":{\"x\":1}}", false,
                  "{\"error\":\"org.varlink.service.InvalidParameter\","
                  "\"parameters\":{\"parameter\":\"x\"}}|");
}

static void malformed_messages_are_told_why(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } cases[] = {
        {"", "it is empty"},
        {"x", "a value is not JSON"},
        {"[]", "it is not an object"},
        {"{}", "it has no method"},
        {"{\"method\":1}", "it has no method"},
        {"{\"method\":\"a.B\",\"parameters\":[]}", "its parameters are not an object"},
        {"{\"method\":\"a.B\",\"more\":1}", "one of more, oneway and upgrade is not true or false"},
        {"{\"method\":\"a.B\",\"upgrade\":true}",
         "it asks for an upgrade of the protocol, and there is none"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[256];

        snprintf(expected, sizeof expected,
                 "{\"error\":\"io.reeve.Manager.MalformedMessage\",\"parameters\":{\"message\":"
                 "\"The message is not a Varlink call: %s.\"}}|",
                 cases[i].why);
        expect_answer(cases[i].text, false, expected);
    }
}

static void contract_is_embedded_whole(void **state)
{
    const char *end = strrchr(io_reeve_Manager_varlink, 'e');

    (void)state;
    assert_non_null(strstr(io_reeve_Manager_varlink, "\ninterface io.reeve.Manager\n"));
    assert_non_null(strstr(io_reeve_Manager_varlink, "(\"2026-11-21T11:00:00.123Z\")"));
    assert_non_null(strstr(io_reeve_Manager_varlink, "\nmethod Shutdown() -> ()\n"));
    assert_non_null(end);
    assert_string_equal(end, "e: string)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods_are_called),
        cmocka_unit_test(oneway_is_done_and_not_answered),
        cmocka_unit_test(unknown_names_are_told),
        cmocka_unit_test(introspection),
        cmocka_unit_test(malformed_messages_are_told_why),
        cmocka_unit_test(contract_is_embedded_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
