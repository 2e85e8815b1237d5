#include "core/notify_message.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/utf8.h"

enum { ERRNO_MAX = 4095 };

/* Part of the message; not terminated. */
struct span {
    const char *at;
    size_t len;
};

static bool is(struct span s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

/* Decimal digits and nothing else, at most `max`. */
static bool read_number(struct span s, uint64_t max, uint64_t *ret)
{
    uint64_t n = 0;

    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned)(unsigned char)s.at[i] - '0';

        if (digit > 9 || n > (max - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *ret = n;
    return true;
}

/* ---- values: each fills its place and says whether it makes sense ---- */

static bool take_one(struct notify_message *m, struct span value)
{
    (void)m;
    return is(value, "1");
}

static bool take_monotonic(struct notify_message *m, struct span value)
{
    return read_number(value, UINT64_MAX, &m->monotonic_usec);
}

static bool take_watchdog_usec(struct notify_message *m, struct span value)
{
    return read_number(value, UINT64_MAX, &m->watchdog_usec);
}

static bool take_extend_timeout(struct notify_message *m, struct span value)
{
    return read_number(value, UINT64_MAX, &m->extend_timeout_usec);
}

static bool take_errno(struct notify_message *m, struct span value)
{
    uint64_t n;

    if (!read_number(value, ERRNO_MAX, &n))
        return false;
    m->errnum = (int)n;
    return true;
}

static bool take_main_pid(struct notify_message *m, struct span value)
{
    uint64_t n;

    if (!read_number(value, INT_MAX, &n) || n == 0)
        return false;
    m->main_pid = (pid_t)n;
    return true;
}

/* What belongs into no line becomes a space, what is no UTF-8 the replacement character. */
static bool take_status(struct notify_message *m, struct span value)
{
    static const char replacement[] = "\xef\xbf\xbd";
    size_t n = 0;

    for (size_t i = 0; i < value.len;) {
        const char *from = value.at + i;
        uint32_t c = 0;
        size_t len = utf8_decode((const unsigned char *)from, value.len - i, &c);

        i += len ? len : 1;
        if (len == 0) {
            from = replacement;
            len = sizeof replacement - 1;
        } else if (c < ' ' || (c >= 0x7f && c <= 0x9f)) {
            from = " ";
            len = 1;
        }
        if (n + len >= sizeof m->status)
            break;
        memcpy(m->status + n, from, len);
        n += len;
    }
    m->status[n] = '\0';
    return true;
}

static bool take_anything(struct notify_message *m, struct span value)
{
    (void)m;
    (void)value;
    return true;
}

/* ---- lines ---- */

struct key {
    const char *name;
    enum notify_field field;
    bool (*take)(struct notify_message *m, struct span value);
};

/* The first of a field names it. */
static const struct key keys[] = {
    {"READY", NOTIFY_READY, take_one},
    {"RELOADING", NOTIFY_RELOADING, take_one},
    {"STOPPING", NOTIFY_STOPPING, take_one},
    {"MONOTONIC_USEC", NOTIFY_MONOTONIC_USEC, take_monotonic},
    {"STATUS", NOTIFY_STATUS, take_status},
    {"ERRNO", NOTIFY_ERRNO, take_errno},
    {"MAINPID", NOTIFY_MAINPID, take_main_pid},
    {"WATCHDOG", NOTIFY_WATCHDOG, take_one},
    {"WATCHDOG_USEC", NOTIFY_WATCHDOG_USEC, take_watchdog_usec},
    {"EXTEND_TIMEOUT_USEC", NOTIFY_EXTEND_TIMEOUT_USEC, take_extend_timeout},
    {"BARRIER", NOTIFY_BARRIER, take_one},
    {"FDSTORE", NOTIFY_FDSTORE, take_anything},
    {"FDSTOREREMOVE", NOTIFY_FDSTORE, take_anything},
    {"FDNAME", NOTIFY_FDSTORE, take_anything},
    {"FDPOLL", NOTIFY_FDSTORE, take_anything},
};

static uint32_t bit(enum notify_field field)
{
    return UINT32_C(1) << field;
}

static const struct key *find_key(struct span name)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (is(name, keys[i].name))
            return &keys[i];
    return NULL;
}

static void take_value(struct notify_message *m, const struct key *key, struct span value)
{
    enum notify_field field = key->field;
    uint32_t settled = bit(field);

    if (field == NOTIFY_WATCHDOG) {
        settled |= bit(NOTIFY_WATCHDOG_TRIGGER);
        if (is(value, "trigger")) {
            if (!(m->has & settled))
                m->has |= bit(NOTIFY_WATCHDOG_TRIGGER);
            return;
        }
    }
    if (m->has & settled)
        return;
    if (key->take(m, value))
        m->has |= bit(field);
    else
        m->malformed |= bit(field);
}

static void take_line(struct notify_message *m, struct span line)
{
    const char *equals = memchr(line.at, '=', line.len);
    const struct key *key = NULL;
    size_t name_len;

    if (equals) {
        name_len = (size_t)(equals - line.at);
        key = find_key((struct span){line.at, name_len});
    }
    if (key)
        take_value(m, key, (struct span){equals + 1, line.len - name_len - 1});
    else
        m->n_unknown++;
}

static bool ends_line(char c)
{
    return c == '\n' || c == '\r';
}

int notify_parse(struct notify_message *ret, const char *bytes, size_t len_bytes)
{
    const char *nul;
    uint32_t n_lines = 0;

    memset(ret, 0, sizeof *ret);
    if (len_bytes > NOTIFY_BYTES_MAX)
        return -E2BIG;
    nul = len_bytes ? memchr(bytes, '\0', len_bytes) : NULL;
    if (nul)
        len_bytes = (size_t)(nul - bytes);
    for (size_t at = 0, end; at < len_bytes; at = end + 1) {
        for (end = at; end < len_bytes && !ends_line(bytes[end]);)
            end++;
        if (end == at)
            continue;
        take_line(ret, (struct span){bytes + at, end - at});
        n_lines++;
    }
    if (notify_has(ret, NOTIFY_BARRIER) && n_lines > 1)
        *ret =
            (struct notify_message){.has = bit(NOTIFY_BARRIER), .malformed = bit(NOTIFY_BARRIER)};
    return 0;
}

const char *notify_field_name(enum notify_field field)
{
    if (field == NOTIFY_WATCHDOG_TRIGGER)
        return "WATCHDOG";
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].field == field)
            return keys[i].name;
    return "";
}
