/*
 * A growing text buffer. An allocation failure is remembered, not returned at each call: build the
 * text, then look at `failed` once. Never truncates silently; never aborts.
 */
#ifndef REEVE_BASE_STRBUF_H
#define REEVE_BASE_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct strbuf {
    char *data; /* NUL-terminated once anything was added; owned, see strbuf_finish */
    size_t len_bytes;
    size_t cap_bytes;
    bool failed;
};

#define STRBUF_INIT                                                                                \
    {                                                                                              \
        NULL, 0, 0, false                                                                          \
    }

void strbuf_add(struct strbuf *b, const char *text);
void strbuf_add_bytes(struct strbuf *b, const void *bytes, size_t len_bytes);
void strbuf_addf(struct strbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* Drops the first n bytes; the rest moves to the front. */
void strbuf_consume(struct strbuf *b, size_t n_bytes);
/* The text, or "" when nothing was added or memory ran out. Valid until the next change. */
const char *strbuf_text(const struct strbuf *b);
/* Hands the malloc'ed text to the caller, who frees it; NULL when memory ran out. The buffer is
 * empty and reusable afterwards. */
char *strbuf_steal(struct strbuf *b);
void strbuf_finish(struct strbuf *b);

#endif
