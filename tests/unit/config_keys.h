/* One unit with the keys that a test is about. */
#ifndef REEVE_TESTS_CONFIG_KEYS_H
#define REEVE_TESTS_CONFIG_KEYS_H

#include "config_fixture.h"

#define UNIT "[service:web]\ncommand = x\n"

/* One unit with these keys, from line 3 on. */
static inline struct loaded load_keys(const char *keys)
{
    struct strbuf text = STRBUF_INIT;
    struct loaded l;

    strbuf_addf(&text, UNIT "%s\n", keys);
    l = load_text(strbuf_text(&text));
    strbuf_finish(&text);
    return l;
}

/* The keys are accepted, without warning. */
static inline struct loaded load_fine(const char *keys)
{
    struct loaded l = load_keys(keys);

    print_errors(&l);
    assert_int_equal(l.rc, 0);
    assert_int_equal(l.errors.n_warnings, 0);
    return l;
}

#endif
