/* Whether bytes are UTF-8, by RFC 3629: neither overlong forms nor surrogates. */
#ifndef REEVE_BASE_UTF8_H
#define REEVE_BASE_UTF8_H

#include <stddef.h>

/* The length of the character at `p` (1-4 bytes), or 0 when the `avail_bytes` there do not begin
 * with one. */
size_t utf8_length(const unsigned char *p, size_t avail_bytes);

#endif
