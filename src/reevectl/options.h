/* The command line of reevectl, taken apart and checked against the verb it names. */
#ifndef REEVE_REEVECTL_OPTIONS_H
#define REEVE_REEVECTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct verb;

struct options {
    const char *socket; /* NULL: the default places */
    bool json;
    bool no_color;
    bool help;
    bool version;
    bool no_wait;
    int64_t timeout_ms; /* 0: none given */
    const struct verb *verb;
    char **args; /* what follows the verb */
    size_t n_args;
};

/* 0; or the exit code of a usage error, which has been told on standard error. Everything points
 * into argv or the environment. */
int options_parse(struct options *o, int argc, char **argv);

#endif
