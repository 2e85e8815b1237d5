/* Loads configurations from text and looks at what came of them. For the tests of config/. */
#ifndef REEVE_TESTS_CONFIG_FIXTURE_H
#define REEVE_TESTS_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "config/load.h"

static char fixture_path[] = "PATH=/usr/bin:/bin";
static char fixture_home[] = "HOME=/root";
static char fixture_empty[] = "EMPTY=";
static char fixture_a[] = "A=daemon";
static char *const fixture_environ[] = {fixture_path, fixture_home, fixture_empty, fixture_a, NULL};

struct loaded {
    int rc;
    struct spec_set *set;
    struct config_errors errors;
};

static inline struct loaded load_as(uid_t uid, bool check_places, const char *text,
                                    size_t len_bytes)
{
    struct config_options options = {
        .environ = fixture_environ, .uid = uid, .check_places = check_places};
    struct loaded l = {0};

    l.rc = config_load_text("t.ini", text, len_bytes, &options, &l.set, &l.errors);
    /* The contract: a set or at least one error, never both. */
    if (l.rc == 0) {
        assert_non_null(l.set);
        assert_int_equal(l.errors.n_lines, 0);
    } else {
        assert_int_equal(l.rc, -EINVAL);
        assert_null(l.set);
        assert_true(l.errors.n_lines > 0);
    }
    return l;
}

static inline struct loaded load_text(const char *text)
{
    return load_as(0, false, text, strlen(text));
}

static inline void unload(struct loaded *l)
{
    spec_set_unref(l->set);
    config_errors_finish(&l->errors);
}

static inline void print_errors(const struct loaded *l)
{
    for (size_t i = 0; i < l->errors.n_lines; i++)
        print_error("  %s\n", l->errors.lines[i]);
}

/* The text is accepted. */
static inline struct loaded load_good(const char *text)
{
    struct loaded l = load_text(text);

    print_errors(&l);
    assert_int_equal(l.rc, 0);
    return l;
}

/* Exactly these errors, in this order; the list ends with NULL. */
static inline void assert_errors(struct loaded l, const char *const *expected)
{
    size_t n = 0;

    while (expected[n])
        n++;
    if (l.errors.n_lines != n)
        print_errors(&l);
    assert_int_equal(l.errors.n_lines, n);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(l.errors.lines[i], expected[i]);
    unload(&l);
}

#define ERRORS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Exactly one error, that contains all of `part`. */
static inline void assert_one_error(const char *text, const char *part)
{
    struct loaded l = load_text(text);

    if (l.errors.n_lines != 1 || !strstr(l.errors.lines[0], part)) {
        print_error("expected one error with '%s' for:\n%s\n", part, text);
        print_errors(&l);
    }
    assert_int_equal(l.errors.n_lines, 1);
    assert_non_null(strstr(l.errors.lines[0], part));
    unload(&l);
}

/* The value of a variable in the unit's environment, or NULL. */
static inline const char *variable(const struct unit_spec *u, const char *name)
{
    size_t len = strlen(name);
    const char *found = NULL;

    for (uint32_t i = 0; i < u->envc; i++) {
        if (strncmp(u->envp[i], name, len) == 0 && u->envp[i][len] == '=') {
            assert_null(found); /* never twice */
            found = u->envp[i] + len + 1;
        }
    }
    assert_null(u->envp[u->envc]);
    return found;
}

#endif
