/* A directory for each test of configurations that are files: for cmocka's setup and teardown. */
#ifndef REEVE_TESTS_CONFIG_DIRECTORY_H
#define REEVE_TESTS_CONFIG_DIRECTORY_H

#include <stdio.h>
#include <unistd.h>

#include "config_fixture.h"

static char top[] = "/tmp/reeve-config-XXXXXX";

/* Each test has a directory of its own, and is in it. */
static inline int enter(void **state)
{
    (void)state;
    strcpy(top + sizeof top - 7, "XXXXXX");
    assert_non_null(mkdtemp(top));
    assert_int_equal(chdir(top), 0);
    return 0;
}

static inline int leave(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", top);
    assert_int_equal(chdir("/"), 0);
    return system(command);
}

static inline void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

#endif
