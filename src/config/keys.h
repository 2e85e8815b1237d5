/*
 * The one table of keys: name, where it may stand, type, where the value goes and its range. Adding
 * a key is adding a row (and, if it means something new, a type in values.c).
 */
#ifndef REEVE_CONFIG_KEYS_H
#define REEVE_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "config/section.h"
#include "core/unit_spec.h"

enum value_type {
    VALUE_TEXT,     /* const char *: expanded */
    VALUE_RAW,      /* stored nowhere: split into words and expanded from the draft's text */
    VALUE_COMMANDS, /* as raw, but a list: each line of the value is a command of its own */
    VALUE_PATH,     /* const char *: expanded, absolute */
    VALUE_BOOL,     /* bool */
    VALUE_DURATION, /* int64_t, milliseconds */
    VALUE_NUMBER,   /* uint32_t */
    VALUE_PERCENT,  /* uint32_t */
    VALUE_MODE,     /* mode_t, written in octal */
    VALUE_WORD,     /* an enum: index in `words` */
    VALUE_SIGNAL,   /* int */
    VALUE_EXITS,    /* struct exit_set */
};

struct key {
    const char *name;
    unsigned where; /* enum section_kind, as bits */
    enum value_type type;
    size_t offset;            /* in unit_draft or daemon_draft */
    int64_t min, max;         /* of durations (ms) and numbers */
    const char *const *words; /* NULL-terminated, in the order of the enum */
    bool empty_ok;            /* `key =` means something */
    const char *example;      /* of the value, where there is no default; else NULL */
};

/* Key numbers are indices in this table. */
extern const struct key keys[];
extern const size_t n_keys;
enum { KEYS_MAX = 96 };

/* What sections are parsed into before they become specs; `base` comes first in each. */
struct draft {
    enum section_kind kind;
    const char *title;
    uint32_t line; /* of the header */
    /* A line was refused that may have been this key: that it is missing is no second error. */
    bool command_refused, health_refused;
    /* By key number, as the user wrote it (continuations joined: by a newline in lists of commands,
     * else by a space); NULL: not given. */
    const char *texts[KEYS_MAX];
    uint32_t lines[KEYS_MAX];
    const uint32_t *value_lines[KEYS_MAX]; /* as in struct ini_key */
};

struct unit_draft {
    struct draft base;
    struct unit_spec spec;
    const char *user;
    const char *group;
    const char *tags;
    uint32_t instances; /* 0: not given */
    /* as words: the units they name are known when all sections are read */
    const char *requires;
    const char *wants;
    const char *after;
    const char *before;
    const char *on_failed;
    /* where each command of spec.hooks stands */
    const uint32_t *hook_lines[HOOK_COUNT];
};

struct daemon_draft {
    struct draft base;
    struct daemon_spec spec;
    const char *socket_group;
    const char *exit_code_from;
};

/* The number of the key that may stand in this kind of section; or -1 with what is wrong in `why`
 * and the likely name, if there is one, in *ret_meant. */
int key_find(const char *name, enum section_kind kind, struct strbuf *why, const char **ret_meant);
/* Whether each line of its value is an item of its own, wherever the key may stand. */
bool key_takes_lines(const char *name);
/* The text of this key in the draft, NULL when it is not given; and its line (of the header when it
 * is not given), if asked for. */
const char *draft_text(const struct draft *d, const char *key, uint32_t *ret_line);
/* The line where line number `nth` (from 0) of its text stands; the key is given. */
uint32_t draft_text_line(const struct draft *d, const char *key, size_t nth);

#endif
