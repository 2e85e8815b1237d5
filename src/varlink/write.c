#include "varlink/write.h"

#include <string.h>
#include <time.h>

#include "base/utf8.h"

#define EXACT_MAX (INT64_C(1) << 53)

static void quote(struct strbuf *b, const char *text)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *p = (const unsigned char *)text;
    const unsigned char *end = p + strlen(text);
    const unsigned char *plain = p; /* written up to here */

    strbuf_add_bytes(b, "\"", 1);
    while (p < end) {
        char escape[6] = {'\\', 'u', '0', '0', '0', '0'};
        size_t len = utf8_length(p, (size_t)(end - p));

        if (len > 0 && *p >= 0x20 && *p != '"' && *p != '\\' && *p != 0x7f) {
            p += len;
            continue;
        }
        strbuf_add_bytes(b, plain, (size_t)(p - plain));
        if (len == 0) {
            strbuf_add(b, "\xef\xbf\xbd");
        } else if (*p == '"' || *p == '\\') {
            escape[1] = (char)*p;
            strbuf_add_bytes(b, escape, 2);
        } else if (*p == '\n') {
            strbuf_add_bytes(b, "\\n", 2);
        } else {
            escape[4] = hex[*p >> 4];
            escape[5] = hex[*p & 15];
            strbuf_add_bytes(b, escape, 6);
        }
        plain = ++p;
    }
    strbuf_add_bytes(b, plain, (size_t)(p - plain));
    strbuf_add_bytes(b, "\"", 1);
}

static void begin_value(struct json_out *o, const char *key)
{
    if (o->follows)
        strbuf_add_bytes(o->b, ",", 1);
    o->follows = true;
    if (key) {
        quote(o->b, key);
        strbuf_add_bytes(o->b, ":", 1);
    }
}

static void begin_container(struct json_out *o, const char *key, const char *bracket)
{
    begin_value(o, key);
    strbuf_add_bytes(o->b, bracket, 1);
    o->follows = false;
}

static void end_container(struct json_out *o, const char *bracket)
{
    strbuf_add_bytes(o->b, bracket, 1);
    o->follows = true;
}

void json_begin_object(struct json_out *o, const char *key)
{
    begin_container(o, key, "{");
}

void json_end_object(struct json_out *o)
{
    end_container(o, "}");
}

void json_begin_array(struct json_out *o, const char *key)
{
    begin_container(o, key, "[");
}

void json_end_array(struct json_out *o)
{
    end_container(o, "]");
}

void json_string(struct json_out *o, const char *key, const char *text)
{
    if (!text) {
        json_null(o, key);
        return;
    }
    begin_value(o, key);
    quote(o->b, text);
}

void json_int(struct json_out *o, const char *key, int64_t value)
{
    bool as_string = value > EXACT_MAX || value < -EXACT_MAX;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char digits[24];
    size_t at = sizeof digits;

    if (as_string)
        digits[--at] = '"';
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        digits[--at] = '-';
    if (as_string)
        digits[--at] = '"';
    begin_value(o, key);
    strbuf_add_bytes(o->b, digits + at, sizeof digits - at);
}

void json_int_or_null(struct json_out *o, const char *key, int64_t value, int64_t null_value)
{
    if (value == null_value)
        json_null(o, key);
    else
        json_int(o, key, value);
}

void json_bool(struct json_out *o, const char *key, bool value)
{
    begin_value(o, key);
    strbuf_add(o->b, value ? "true" : "false");
}

void json_null(struct json_out *o, const char *key)
{
    begin_value(o, key);
    strbuf_add(o->b, "null");
}

void json_time(struct json_out *o, const char *key, int64_t wall_ms)
{
    int64_t millis = ((wall_ms % 1000) + 1000) % 1000;
    time_t seconds = (time_t)(wall_ms / 1000 - (wall_ms % 1000 < 0));
    struct tm tm;

    if (wall_ms == 0 || !gmtime_r(&seconds, &tm) || tm.tm_year < -1900 || tm.tm_year > 8099) {
        json_null(o, key);
        return;
    }
    begin_value(o, key);
    strbuf_addf(o->b, "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"", tm.tm_year + 1900, tm.tm_mon + 1,
                tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)millis);
}
