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
    VALUE_LINES,    /* the same, but each line is something else than a command */
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

/* A key as it was given. */
struct given {
    /* As the user wrote it (continuations joined: by a newline in lists of commands, else by a
     * space); NULL: not given. */
    const char *text;
    const struct source *source;
    uint32_t line;
    uint32_t level;              /* of the layer where it stands: later ones win */
    const uint32_t *value_lines; /* as in struct ini_key */
    const char *title;           /* of the section where it stands */
};

/* What one section says. */
struct layer {
    enum section_kind kind;
    const char *title;
    const struct source *source;
    uint32_t line; /* of the header */
    /* A line was refused that may have been this key: that it is missing is no second error. */
    bool command_refused, health_refused;
    struct layer_key {
        uint32_t key; /* its number */
        struct given given;
    } * keys; /* each once, in the order written */
    uint32_t n_keys;
};

/* What sections are parsed into before they become specs; `base` comes first in each. */
struct draft {
    enum section_kind kind;
    const char *title;
    const struct source *source;
    uint32_t line;                        /* of the header */
    bool command_refused, health_refused; /* in any of the layers */
    struct given given[KEYS_MAX];         /* by key number */
    /* What it was put together from: [defaults], templates, the section itself. Not owned. */
    const struct layer *const *layers;
    uint32_t n_layers;
};

struct unit_draft {
    struct draft base;
    struct unit_spec spec;
    const char *user;
    const char *group;
    const char *supplementary_groups;
    const char *input; /* the key stdin */
    bool clear_env;
    const char *tags;
    uint32_t instances; /* 0: not given */
    /* as words: the units they name are known when all sections are read */
    const char *requires;
    const char *wants;
    const char *after;
    const char *before;
    const char *on_failed;
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
/* Whether units may have the key, those of this kind at least. */
bool key_is_for(uint32_t key, enum section_kind kind);
/* Whether each line of its value is an item of its own, wherever the key may stand. */
bool key_takes_lines(const char *name);
/* The key in the draft; NULL when it is not given. */
const struct given *draft_given(const struct draft *d, const char *key);
struct given *draft_change(struct draft *d, const char *key);
/* Its text, NULL when it is not given. */
const char *draft_text(const struct draft *d, const char *key);
/* Whether the section itself gives it: what it has from [defaults] or templates may be meant for
 * others. */
bool draft_has_own(const struct draft *d, const char *key);

#endif
