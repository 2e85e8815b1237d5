/*
 * From bytes to sections and keys: lines are checked and counted, comments dropped, continuations
 * joined, and inih is given only what it cannot get wrong. Knows no key and no kind of section; its
 * strings live in the arena.
 */
#ifndef REEVE_CONFIG_READER_H
#define REEVE_CONFIG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/arena.h"
#include "config/errors.h"

enum { KEY_NAME_MAX = 48 }; /* characters; no key that exists is longer */

struct ini_key {
    const char *name;
    const char *value; /* trimmed; a newline stands between continued lines */
    const struct source *source;
    uint32_t line;
    const uint32_t *value_lines; /* of each line of the value; NULL: it is one, beside the key */
    uint32_t section;            /* index */
};

struct ini_section {
    const char *title; /* trimmed text between the brackets; "" when broken */
    const struct source *source;
    uint32_t line;
    bool broken;  /* its header was already complained about: its keys mean nothing */
    bool refused; /* some of its lines were: keys may be missing for that reason */
    size_t first_key, n_keys;
};

struct ini_document {
    struct ini_section *sections; /* owned */
    size_t n_sections, cap_sections;
    struct ini_key *keys; /* owned; in the order of the files */
    size_t n_keys, cap_keys;
};

/* Reads everything of a file, behind what `doc` holds already ({0}: nothing), complaining to
 * `report` (memory running out is a complaint as well). What could be read is in `doc` either way;
 * it points to `source`, which has to stay. */
void ini_read(struct ini_document *doc, const struct source *source, const char *text,
              size_t len_bytes, struct arena *arena, struct report *report);
void ini_document_finish(struct ini_document *doc);

/* White space inside a line. */
bool ini_is_space(char c);

#endif
