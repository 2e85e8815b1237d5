/* A blocking Varlink client, for reevectl and tests. */
#ifndef REEVE_VARLINK_CLIENT_H
#define REEVE_VARLINK_CLIENT_H

#include <cjson/cJSON.h>
#include <stdbool.h>

struct varlink_client;

/* 0 or negative errno. Neither connecting nor sending waits longer than timeout_ms for the daemon:
 * -ETIMEDOUT then. */
int varlink_client_connect(struct varlink_client **ret, const char *socket_path, int timeout_ms);
void varlink_client_destroy(struct varlink_client *c);

/* The connection's descriptor, to learn who is on the other end of it; it stays the client's. */
int varlink_client_fd(const struct varlink_client *c);

struct varlink_reply {
    char *error;       /* NULL: success; else e.g. "io.reeve.Manager.NoSuchUnit" */
    cJSON *parameters; /* never NULL after a successful receive */
    bool continues;
};

/* Sends one call; takes ownership of `parameters` (NULL: none), also on failure. 0 or negative
 * errno. */
int varlink_client_send(struct varlink_client *c, const char *method, cJSON *parameters, bool more);
/* Waits for the next reply, at most timeout_ms (-1: for ever; 0: takes what is there, if not too
 * much at once). 0; -ETIMEDOUT; -ECONNRESET when the
 * daemon closed the connection; -EPROTO on anything that is not a reply. */
int varlink_client_receive(struct varlink_client *c, struct varlink_reply *ret, int timeout_ms);
/* Send, then receive. */
int varlink_client_call(struct varlink_client *c, const char *method, cJSON *parameters,
                        struct varlink_reply *ret, int timeout_ms);
void varlink_reply_finish(struct varlink_reply *r);

#endif
