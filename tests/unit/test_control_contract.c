/* The methods that are served are those of the contract: no more, and no fewer. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control/manager.h"

static bool is_served(const struct service_interface *in, const char *name, size_t len)
{
    for (const struct service_method *m = in->methods; m->name; m++)
        if (strlen(m->name) == len && memcmp(m->name, name, len) == 0)
            return true;
    return false;
}

static void every_method_of_the_contract_is_served(void **state)
{
    const char *at = manager_interfaces[0].description;
    unsigned n = 0;

    (void)state;
    while ((at = strstr(at, "\nmethod ")) != NULL) {
        size_t len = 0;

        at += strlen("\nmethod ");
        while (isalnum((unsigned char)at[len]))
            len++;
        if (!is_served(&manager_interfaces[0], at, len))
            fail_msg("%.*s is declared and not served", (int)len, at);
        n++;
    }
    assert_true(n >= 7);
}

static void every_method_that_is_served_is_in_the_contract(void **state)
{
    (void)state;
    for (const struct service_method *m = manager_interfaces[0].methods; m->name; m++) {
        char line[64];

        assert_true(snprintf(line, sizeof line, "\nmethod %s(", m->name) < (int)sizeof line);
        if (!strstr(manager_interfaces[0].description, line))
            fail_msg("%s is served and not declared", m->name);
        for (const struct service_method *other = manager_interfaces[0].methods; other < m; other++)
            assert_string_not_equal(other->name, m->name);
        assert_non_null(m->fn);
    }
}

static void the_interface_is_the_one_of_its_contract(void **state)
{
    char line[64];

    (void)state;
    assert_null(manager_interfaces[1].name);
    snprintf(line, sizeof line, "\ninterface %s\n", manager_interfaces[0].name);
    assert_non_null(strstr(manager_interfaces[0].description, line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_of_the_contract_is_served),
        cmocka_unit_test(every_method_that_is_served_is_in_the_contract),
        cmocka_unit_test(the_interface_is_the_one_of_its_contract),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
