#include "base/utf8.h"

size_t utf8_length(const unsigned char *p, size_t avail_bytes)
{
    size_t len, i;
    unsigned char low = 0x80, high = 0xbf; /* what the second byte may be */

    if (avail_bytes == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        len = 2;
    else if (p[0] >= 0xe0 && p[0] <= 0xef)
        len = 3;
    else if (p[0] >= 0xf0 && p[0] <= 0xf4)
        len = 4;
    else
        return 0;
    if (p[0] == 0xe0)
        low = 0xa0; /* overlong */
    else if (p[0] == 0xed)
        high = 0x9f; /* surrogates */
    else if (p[0] == 0xf0)
        low = 0x90; /* overlong */
    else if (p[0] == 0xf4)
        high = 0x8f; /* beyond U+10FFFF */
    if (avail_bytes < len || p[1] < low || p[1] > high)
        return 0;
    for (i = 2; i < len; i++)
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    return len;
}

size_t utf8_decode(const unsigned char *p, size_t avail_bytes, uint32_t *ret_char)
{
    size_t len = utf8_length(p, avail_bytes);
    uint32_t c;

    if (len == 0)
        return 0;
    c = len == 1 ? p[0] : p[0] & (0xffU >> (len + 1));
    for (size_t i = 1; i < len; i++)
        c = c << 6 | (p[i] & 0x3fU);
    *ret_char = c;
    return len;
}
