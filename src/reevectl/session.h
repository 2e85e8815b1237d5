/* What the verbs share: the options, the terminals, and the connection to reeved, which is looked
 * for and made when it is first needed. */
#ifndef REEVE_REEVECTL_SESSION_H
#define REEVE_REEVECTL_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "reevectl/options.h"
#include "reevectl/terminal.h"
#include "varlink/client.h"

/* How long reeved may take to answer what it does at once, and to take a connection. */
enum { ANSWER_TIMEOUT_MS = 10000 };

struct session {
    const struct options *options;
    struct terminal out;
    struct terminal err;
    int64_t now_wall_ms;
    char *socket_path; /* owned; NULL before the first attempt to connect */
    char *own_missing; /* owned; the user's own socket when that is not there, or NULL */
    struct varlink_client *client;
    unsigned n_blocks; /* of units printed so far: an empty line goes between two */
};

void session_init(struct session *s, const struct options *options, bool utf8);
void session_finish(struct session *s);

/* Connects unless connected, silently. 0 or negative errno; socket_path is then known, unless
 * memory ran out. */
int session_connect(struct session *s);
/* Tells why session_connect() failed; returns the exit code. */
int session_tell_unreachable(const struct session *s, int error);

#endif
