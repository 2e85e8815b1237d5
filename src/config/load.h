/*
 * From text to checked specs. The whole configuration is read and every error is collected, each as
 * `file:line: [section] key: what is wrong; what would be right`. Runs in a short-lived child of
 * reeved (config/transfer.h), in `reeved --check` and in tests; may block, may use NSS.
 */
#ifndef REEVE_CONFIG_LOAD_H
#define REEVE_CONFIG_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/unit_spec.h"

struct config_errors {
    char **lines; /* owned */
    size_t n_lines, cap_lines;
    /* What is allowed, but hardly meant: lines of the same form that say "warning: ". They never
     * make a load fail, and may be there with or without errors. */
    char **warnings; /* owned */
    size_t n_warnings;
    bool out_of_memory;
};

void config_errors_finish(struct config_errors *e);

struct config_options {
    char *const *environ; /* the daemon's environment */
    uid_t uid;            /* whose configuration: decides the default places */
    bool check_places;    /* also look for directories and programs, as --check does */
    bool directory_ok;    /* a directory stands for all *.ini files in it */
    bool alone;           /* no other file may be read */
};

/* Reads the file at `path`, and what it includes. 0 with *ret_set, whose one reference the caller
 * drops with spec_set_unref (warnings may be in `errors` then); or, with *ret_set NULL, -EINVAL
 * with at least one line in `errors`, or -ENOMEM with errors->out_of_memory set. `errors` starts as
 * {0}. */
int config_load(const char *path, const struct config_options *options, struct spec_set **ret_set,
                struct config_errors *errors);

/* The same from memory; `name` stands for the file in messages. For tests and fuzzing. */
int config_load_text(const char *name, const char *text, size_t len_bytes,
                     const struct config_options *options, struct spec_set **ret_set,
                     struct config_errors *errors);

#endif
