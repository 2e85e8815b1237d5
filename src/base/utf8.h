/* Whether bytes are UTF-8, and which characters, by RFC 3629: neither overlong forms nor
 * surrogates. */
#ifndef REEVE_BASE_UTF8_H
#define REEVE_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

enum { UTF8_MAX_BYTES = 4 };

/* The length of the character at `p` (1-4 bytes), or 0 when the `avail_bytes` there do not begin
 * with one. */
size_t utf8_length(const unsigned char *p, size_t avail_bytes);
/* The same, with the character itself; untouched for 0. */
size_t utf8_decode(const unsigned char *p, size_t avail_bytes, uint32_t *ret_char);

#endif
