/* The command line of reevectl, taken apart and checked against the verb it names. */
#ifndef REEVE_REEVECTL_OPTIONS_H
#define REEVE_REEVECTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct verb;

/* Options that belong to some verbs; the others belong to all. */
enum verb_option {
    VERB_NO_WAIT = 1 << 0,
    VERB_TIMEOUT = 1 << 1,
    VERB_FOLLOW = 1 << 2,
    VERB_LINES = 1 << 3,
    VERB_SINCE = 1 << 4,
    VERB_TYPE = 1 << 5,
    VERB_TO = 1 << 6,
    VERB_FOR = 1 << 7,
    VERB_QUIET = 1 << 8,
    VERB_DOT = 1 << 9,
    VERB_REVERSE = 1 << 10,
    VERB_FOR_TIME = 1 << 11, /* --for, too, which takes a duration here */
    VERB_RELEASE = 1 << 12,
};

struct options {
    const char *socket; /* NULL: the default places */
    bool socket_named;  /* by --socket, not by the environment */
    bool json;
    bool no_color;
    bool help;
    bool version;
    bool no_wait;
    bool follow;
    bool quiet;
    bool dot;
    bool reverse;
    bool release;
    int64_t timeout_ms; /* 0: none given */
    int64_t hold_ms;    /* of --for: 0: none given */
    int64_t lines;      /* -1: none given */
    int64_t since;      /* -1: none given */
    const char *types;  /* "a,b", as given, or NULL */
    const char *to;     /* "main", "group" or "tree", or NULL */
    const char *until;  /* of --for: "ready", "completed" or "stopped"; else as given, or NULL */
    unsigned given;     /* of enum verb_option */
    const struct verb *verb;
    char **args; /* what follows the verb */
    size_t n_args;
};

/* 0; or the exit code of a usage error, which has been told on standard error. Everything points
 * into argv or the environment. */
int options_parse(struct options *o, int argc, char **argv);

#endif
