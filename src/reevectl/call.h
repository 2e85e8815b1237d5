/*
 * A conversation with reeved: finding its socket, one call after the other, and turning whatever
 * goes wrong into one line on standard error and an exit code.
 */
#ifndef REEVE_REEVECTL_CALL_H
#define REEVE_REEVECTL_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "reevectl/options.h"
#include "reevectl/output.h"
#include "reevectl/terminal.h"
#include "varlink/client.h"

struct session {
    const struct options *options;
    struct terminal out;
    struct terminal err;
    int64_t now_wall_ms;
    char *socket_path; /* owned; NULL before the first attempt to connect */
    struct varlink_client *client;
    unsigned n_blocks; /* of units printed so far: an empty line goes between two */
};

/* How long to wait for an answer, and what to say meanwhile. */
struct patience {
    int64_t timeout_ms;  /* -1: for ever */
    const char *waiting; /* shown on a terminal after a moment, e.g. "waiting for web"; or NULL */
};

void session_init(struct session *s, const struct options *options, bool utf8);
void session_finish(struct session *s);

/* Connects unless connected, silently. 0 or negative errno; socket_path is then known, unless
 * memory ran out. */
int session_connect(struct session *s);

/* {"units": [names]}, or {} for no names. NULL when memory ran out. */
cJSON *call_units(char *const *names, size_t n_names);

/*
 * Calls a method of io.reeve.Manager ("List"). Takes ownership of `parameters`; NULL means that
 * memory ran out making them. 0 with *ret_reply, which the caller deletes; or the exit code, told.
 */
int call(struct session *s, const char *method, cJSON *parameters, cJSON **ret_reply);
int call_patiently(struct session *s, const char *method, cJSON *parameters,
                   const struct patience *patience, cJSON **ret_reply);
/* Waits until reeved closes the connection. 0 or the exit code, told. */
int call_await_end(struct session *s, const struct patience *patience);

/* Prints a reply as JSON; returns `code` or what output() makes of it. */
int call_print_json(const cJSON *reply, int code);

#endif
