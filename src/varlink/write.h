/*
 * JSON out: text written straight into a buffer, value by value, so that a reply about ten thousand
 * units costs no tree. Memory failures are remembered by the buffer (strbuf.failed). Strings are
 * made valid UTF-8 on the way; integers beyond 2^53 go out as strings.
 */
#ifndef REEVE_VARLINK_WRITE_H
#define REEVE_VARLINK_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct json_out {
    struct strbuf *b; /* not owned */
    bool follows;     /* a value was written before on this level */
};

/* `key` is NULL inside an array and at the top. */
void json_begin_object(struct json_out *o, const char *key);
void json_end_object(struct json_out *o);
void json_begin_array(struct json_out *o, const char *key);
void json_end_array(struct json_out *o);
/* A NULL text is null. */
void json_string(struct json_out *o, const char *key, const char *text);
void json_int(struct json_out *o, const char *key, int64_t value);
/* The same, but this value means null. */
void json_int_or_null(struct json_out *o, const char *key, int64_t value, int64_t null_value);
void json_bool(struct json_out *o, const char *key, bool value);
void json_null(struct json_out *o, const char *key);
/* "2026-11-21T11:00:00.123Z"; null for 0 and for years that have no four digits. */
void json_time(struct json_out *o, const char *key, int64_t wall_ms);

#endif
