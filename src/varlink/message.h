/*
 * Varlink messages as values: a call taken apart, and replies and errors written. See
 * https://varlink.org/Method-Call.
 */
#ifndef REEVE_VARLINK_MESSAGE_H
#define REEVE_VARLINK_MESSAGE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "varlink/write.h"

struct message_call {
    cJSON *tree; /* owned */
    const char *method;
    const cJSON *parameters; /* an object, or NULL */
    bool more;
    bool oneway;
};

/* 0, then finish it; -EINVAL with *ret_why, a phrase about "the message"; -ENOMEM. */
int message_call_parse(const char *text, size_t len_bytes, struct message_call *ret,
                       const char **ret_why);
void message_call_finish(struct message_call *call);

/* Begins a reply in `out`; write its parameters into *o, then end it. */
void message_begin(struct json_out *o, struct strbuf *out);
/* `lines`: end with a newline instead of NUL. */
void message_end(struct json_out *o, bool continues, bool lines);
/* A whole error reply with text parameters given as name, value, ..., NULL. */
void message_error(struct strbuf *out, bool lines, const char *error, ...)
    __attribute__((sentinel));

#endif
