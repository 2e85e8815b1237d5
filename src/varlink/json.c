#include "varlink/json.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"

/* cJSON copies a number into a buffer of 64 bytes; no sensible number is longer than this. */
enum { NUMBER_MAX_CHARS = 48 };

struct check {
    const unsigned char *at;
    const unsigned char *end;
    size_t values_left;
    const char *why;
};

static bool fail(struct check *c, const char *why)
{
    if (!c->why)
        c->why = why;
    return false;
}

static void skip_blanks(struct check *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
        c->at++;
}

static bool next_is(const struct check *c, unsigned char byte)
{
    return c->at < c->end && *c->at == byte;
}

/* The four hex digits of a \u escape; -1 when they are not. */
static int hex4(struct check *c)
{
    int value = 0;

    if (c->end - c->at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        unsigned char d = *c->at++;

        if (d >= '0' && d <= '9')
            value = value * 16 + (d - '0');
        else if (d >= 'a' && d <= 'f')
            value = value * 16 + (d - 'a' + 10);
        else if (d >= 'A' && d <= 'F')
            value = value * 16 + (d - 'A' + 10);
        else
            return -1;
    }
    return value;
}

static bool check_unicode_escape(struct check *c)
{
    int unit = hex4(c);

    if (unit < 0)
        return fail(c, "a string has a \\u without four hexadecimal digits");
    if (unit == 0)
        return fail(c, "a string holds the character \\u0000");
    if (unit >= 0xdc00 && unit <= 0xdfff)
        return fail(c, "a string holds half of a surrogate pair");
    if (unit < 0xd800 || unit > 0xdbff)
        return true;
    if (c->end - c->at >= 2 && c->at[0] == '\\' && c->at[1] == 'u') {
        c->at += 2;
        unit = hex4(c);
        if (unit >= 0xdc00 && unit <= 0xdfff)
            return true;
    }
    return fail(c, "a string holds half of a surrogate pair");
}

static bool check_escape(struct check *c)
{
    unsigned char e;

    if (c->at == c->end)
        return fail(c, "a string does not end");
    e = *c->at++;
    if (e == 'u')
        return check_unicode_escape(c);
    if (e == '\0' || !strchr("\"\\/bfnrt", e))
        return fail(c, "a string has an unknown escape");
    return true;
}

static bool check_string(struct check *c)
{
    c->at++;
    while (c->at < c->end) {
        unsigned char b = *c->at;
        size_t len;

        if (b == '"') {
            c->at++;
            return true;
        }
        if (b < 0x20)
            return fail(c, "a string holds a control character");
        if (b == '\\') {
            c->at++;
            if (!check_escape(c))
                return false;
            continue;
        }
        len = utf8_length(c->at, (size_t)(c->end - c->at));
        if (len == 0)
            return fail(c, "it is not valid UTF-8");
        c->at += len;
    }
    return fail(c, "a string does not end");
}

static bool skip_digits(struct check *c)
{
    const unsigned char *from = c->at;

    while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
        c->at++;
    return c->at > from;
}

static bool check_number(struct check *c)
{
    const unsigned char *from = c->at;

    if (next_is(c, '-'))
        c->at++;
    if (next_is(c, '0'))
        c->at++;
    else if (!skip_digits(c))
        return fail(c, "a number is malformed");
    if (next_is(c, '.')) {
        c->at++;
        if (!skip_digits(c))
            return fail(c, "a number is malformed");
    }
    if (next_is(c, 'e') || next_is(c, 'E')) {
        c->at++;
        if (next_is(c, '+') || next_is(c, '-'))
            c->at++;
        if (!skip_digits(c))
            return fail(c, "a number is malformed");
    }
    if (c->at - from > NUMBER_MAX_CHARS)
        return fail(c, "a number is too long");
    return true;
}

static bool check_word(struct check *c, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(c->end - c->at) < len || memcmp(c->at, word, len) != 0)
        return fail(c, "a value is not JSON");
    c->at += len;
    return true;
}

static bool check_value(struct check *c, unsigned depth);

static bool check_key(struct check *c)
{
    if (!next_is(c, '"'))
        return fail(c, "a key is not a string");
    if (!check_string(c))
        return false;
    skip_blanks(c);
    if (!next_is(c, ':'))
        return fail(c, "a colon is missing after a key");
    c->at++;
    skip_blanks(c);
    return true;
}

/* An object or array, from its opening bracket. */
static bool check_container(struct check *c, unsigned depth, unsigned char closing)
{
    if (depth > JSON_DEPTH_MAX)
        return fail(c, "it is nested deeper than 32 levels");
    c->at++;
    skip_blanks(c);
    if (next_is(c, closing)) {
        c->at++;
        return true;
    }
    for (;;) {
        skip_blanks(c);
        if (closing == '}' && !check_key(c))
            return false;
        if (!check_value(c, depth))
            return false;
        skip_blanks(c);
        if (next_is(c, closing)) {
            c->at++;
            return true;
        }
        if (!next_is(c, ','))
            return fail(c, "an object or array does not end");
        c->at++;
    }
}

static bool check_value(struct check *c, unsigned depth)
{
    if (c->at == c->end)
        return fail(c, "it ends too early");
    if (c->values_left-- == 0)
        return fail(c, "it holds too many values");
    switch (*c->at) {
    case '{':
        return check_container(c, depth + 1, '}');
    case '[':
        return check_container(c, depth + 1, ']');
    case '"':
        return check_string(c);
    case 't':
        return check_word(c, "true");
    case 'f':
        return check_word(c, "false");
    case 'n':
        return check_word(c, "null");
    default:
        if (*c->at != '-' && (*c->at < '0' || *c->at > '9'))
            return fail(c, "a value is not JSON");
        return check_number(c);
    }
}

const char *json_check(const char *text, size_t len_bytes, size_t max_values)
{
    const unsigned char *from = (const unsigned char *)text;
    struct check c = {from, from + len_bytes, max_values, NULL};

    skip_blanks(&c);
    if (c.at == c.end)
        return "it is empty";
    if (!check_value(&c, 0))
        return c.why;
    skip_blanks(&c);
    return c.at == c.end ? NULL : "something follows its end";
}

int json_parse(const char *text, size_t len_bytes, size_t max_values, cJSON **ret_tree,
               const char **ret_why)
{
    *ret_tree = NULL;
    *ret_why = json_check(text, len_bytes, max_values);
    if (*ret_why)
        return -EINVAL;
    *ret_tree = cJSON_ParseWithLength(text, len_bytes);
    return *ret_tree ? 0 : -ENOMEM;
}

static bool digits_to_int64(const char *text, int64_t *ret)
{
    bool negative = *text == '-';
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t value = 0;

    if (negative)
        text++;
    if (!*text)
        return false;
    for (; *text; text++) {
        unsigned digit = (unsigned)(*text - '0');

        if (digit > 9 || value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (negative)
        *ret = value ? -(int64_t)(value - 1) - 1 : 0;
    else
        *ret = (int64_t)value;
    return true;
}

bool json_get_int64(const cJSON *value, int64_t *ret)
{
    static const double exact = 9007199254740992.0; /* 2^53: beyond it doubles skip integers */

    if (cJSON_IsString(value))
        return digits_to_int64(value->valuestring, ret);
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= -exact && value->valuedouble <= exact) ||
        trunc(value->valuedouble) != value->valuedouble)
        return false;
    *ret = (int64_t)value->valuedouble;
    return true;
}

static bool is_known(const char *name, const char *const *known)
{
    for (; *known; known++)
        if (strcmp(name, *known) == 0)
            return true;
    return false;
}

void params_init(struct params *p, const cJSON *object, const char *const *known)
{
    const cJSON *item;

    p->object = object;
    p->bad = NULL;
    cJSON_ArrayForEach(item, object) if (!is_known(item->string, known))
    {
        p->bad = item->string;
        return;
    }
}

void params_refuse(struct params *p, const char *name)
{
    if (!p->bad)
        p->bad = name;
}

static const cJSON *find(const struct params *p, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(p->object, name);

    return cJSON_IsNull(item) ? NULL : item;
}

bool params_bool(struct params *p, const char *name, bool fallback)
{
    const cJSON *item = find(p, name);

    if (!item)
        return fallback;
    if (cJSON_IsBool(item))
        return cJSON_IsTrue(item);
    params_refuse(p, name);
    return fallback;
}

int64_t params_int(struct params *p, const char *name, int64_t fallback, int64_t min, int64_t max)
{
    const cJSON *item = find(p, name);
    int64_t value;

    if (!item)
        return fallback;
    if (json_get_int64(item, &value) && value >= min && value <= max)
        return value;
    params_refuse(p, name);
    return fallback;
}

const char *params_text(struct params *p, const char *name)
{
    const cJSON *item = find(p, name);

    if (!item)
        return NULL;
    if (cJSON_IsString(item))
        return item->valuestring;
    params_refuse(p, name);
    return NULL;
}

const cJSON *params_texts(struct params *p, const char *name)
{
    const cJSON *array = find(p, name);
    const cJSON *item;

    if (!array)
        return NULL;
    if (!cJSON_IsArray(array)) {
        params_refuse(p, name);
        return NULL;
    }
    cJSON_ArrayForEach(item, array) if (!cJSON_IsString(item))
    {
        params_refuse(p, name);
        return NULL;
    }
    return array;
}
