#include "base/strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct strbuf *b, size_t extra_bytes)
{
    size_t need, cap;
    char *data;

    if (b->failed)
        return false;
    if (extra_bytes >= SIZE_MAX / 2 - b->len_bytes) {
        b->failed = true;
        return false;
    }
    need = b->len_bytes + extra_bytes + 1;
    if (need <= b->cap_bytes)
        return true;
    cap = b->cap_bytes ? b->cap_bytes : 64;
    while (cap < need)
        cap *= 2;
    data = realloc(b->data, cap);
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap_bytes = cap;
    return true;
}

void strbuf_add_bytes(struct strbuf *b, const void *bytes, size_t len_bytes)
{
    if (!reserve(b, len_bytes))
        return;
    if (len_bytes)
        memcpy(b->data + b->len_bytes, bytes, len_bytes);
    b->len_bytes += len_bytes;
    b->data[b->len_bytes] = '\0';
}

void strbuf_add(struct strbuf *b, const char *text)
{
    strbuf_add_bytes(b, text, strlen(text));
}

void strbuf_vaddf(struct strbuf *b, const char *format, va_list args)
{
    va_list again;
    int n;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (n < 0) {
        b->failed = true;
        return;
    }
    if (!reserve(b, (size_t)n))
        return;
    vsnprintf(b->data + b->len_bytes, (size_t)n + 1, format, args);
    b->len_bytes += (size_t)n;
}

void strbuf_addf(struct strbuf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    strbuf_vaddf(b, format, args);
    va_end(args);
}

void strbuf_consume(struct strbuf *b, size_t n_bytes)
{
    if (n_bytes > b->len_bytes)
        n_bytes = b->len_bytes;
    if (n_bytes == 0)
        return;
    memmove(b->data, b->data + n_bytes, b->len_bytes - n_bytes + 1);
    b->len_bytes -= n_bytes;
}

const char *strbuf_text(const struct strbuf *b)
{
    return b->data && !b->failed ? b->data : "";
}

char *strbuf_steal(struct strbuf *b)
{
    char *data;

    if (!reserve(b, 0)) {
        strbuf_finish(b);
        return NULL;
    }
    if (b->len_bytes == 0)
        b->data[0] = '\0';
    data = b->data;
    *b = (struct strbuf)STRBUF_INIT;
    return data;
}

void strbuf_finish(struct strbuf *b)
{
    free(b->data);
    *b = (struct strbuf)STRBUF_INIT;
}
