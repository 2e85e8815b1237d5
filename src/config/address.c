#include "config/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "config/errors.h"

/* ---- hosts ---- */

static bool is_link_local(const uint8_t *bytes)
{
    return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

/* The number of an interface, by its number or name; 0 when there is none. */
static uint32_t find_interface(const char *name)
{
    unsigned long number;

    if (!*name || name[strspn(name, "0123456789")])
        return if_nametoindex(name);
    errno = 0;
    number = strtoul(name, NULL, 10);
    return errno || number > UINT32_MAX ? 0 : (uint32_t)number;
}

/* What stands in brackets. */
static int read_ipv6(const char *host, struct probe_address *to, struct strbuf *why)
{
    const char *percent = strchr(host, '%');
    char digits[INET6_ADDRSTRLEN] = "", text[SHOWN_BYTES];
    size_t len = percent ? (size_t)(percent - host) : strlen(host);

    to->ipv6 = true;
    if (len < sizeof digits)
        memcpy(digits, host, len);
    shown(text, host);
    if (inet_pton(AF_INET6, digits, to->bytes) != 1) {
        strbuf_addf(why, "'[%s]' is not an IPv6 address; write for example tcp:[::1]:8080", text);
        return -EINVAL;
    }
    if (percent)
        to->scope_id = find_interface(percent + 1);
    if (percent && !to->scope_id) {
        strbuf_addf(why, "there is no network interface '%s'; write its name or number",
                    shown(text, percent + 1));
        return -EINVAL;
    }
    if (is_link_local(to->bytes) && !percent) {
        strbuf_addf(why,
                    "'[%s]' says nothing without a network interface; write for example "
                    "[%s%%eth0]",
                    text, text);
        return -EINVAL;
    }
    return 0;
}

static bool is_ipv6(const char *text)
{
    struct probe_address ignored;

    return inet_pton(AF_INET6, text, ignored.bytes) == 1;
}

static int complain_host(const char *host, const char *port, struct strbuf *why)
{
    char text[SHOWN_BYTES];

    shown(text, host);
    if (!host[strspn(host, "0123456789.")])
        strbuf_addf(why, "'%s' is not an IPv4 address; write four numbers, as in 127.0.0.1", text);
    else
        strbuf_addf(why,
                    "'%s' is a name, and reeve does not look names up, since it could not go on "
                    "while no answer comes; write a numeric address, localhost, or exec: with a "
                    "program that connects, for example exec:nc -z %s %s",
                    text, text, port);
    return -EINVAL;
}

/* `host` is written to. */
static int read_host(char *host, const char *port, struct probe_spec *to, struct strbuf *why)
{
    static const uint8_t loopback[] = {127, 0, 0, 1};
    size_t last = strlen(host) - 1;
    char text[SHOWN_BYTES];

    to->n_addresses = 1;
    if (strcmp(host, "localhost") == 0) {
        memcpy(to->addresses[0].bytes, loopback, sizeof loopback);
        to->addresses[1].ipv6 = true;
        to->addresses[1].bytes[15] = 1;
        to->n_addresses = 2;
        return 0;
    }
    if (*host != '[')
        return inet_pton(AF_INET, host, to->addresses[0].bytes) == 1
                   ? 0
                   : complain_host(host, port, why);
    if (host[last] != ']') {
        strbuf_addf(why, "'%s' has no closing bracket; write for example tcp:[::1]:8080",
                    shown(text, host));
        return -EINVAL;
    }
    host[last] = '\0';
    return read_ipv6(host + 1, &to->addresses[0], why);
}

/* ---- host and port ---- */

static bool read_port(const char *text, uint16_t *ret)
{
    unsigned long n;

    if (!*text || strlen(text) > 5 || text[strspn(text, "0123456789")])
        return false;
    n = strtoul(text, NULL, 10);
    *ret = (uint16_t)n;
    return n >= 1 && n <= UINT16_MAX;
}

/* Where the ':' before the port is; NULL when there is none. */
static const char *find_port(const char *text)
{
    const char *bracket = *text == '[' ? strrchr(text, ']') : NULL;
    const char *colon = strrchr(text, ':');

    return bracket && colon && colon < bracket ? NULL : colon;
}

/* There is no host, or no port. */
static int complain_parts(const char *text, struct strbuf *why)
{
    char part[SHOWN_BYTES], port[SHOWN_BYTES];
    bool number = text[strspn(text, ":0123456789")] == '\0' && text[strcspn(text, "0123456789")];

    if (strncmp(text, "//", 2) == 0)
        strbuf_addf(why, "'tcp:%s' is no address; write it without '//', tcp:HOST:PORT",
                    shown(part, text));
    else if (number)
        strbuf_addf(why, "'tcp:%s' names no host; write tcp:localhost:%s", shown(part, text),
                    shown(port, text + strspn(text, ":")));
    else
        strbuf_addf(why,
                    "'tcp:%s' names no port; write tcp:HOST:PORT, for example "
                    "tcp:localhost:8080",
                    shown(part, text));
    return -EINVAL;
}

int address_tcp(const char *text, struct probe_spec *to, struct strbuf *why)
{
    const char *colon = find_port(text);
    char part[SHOWN_BYTES], *host;
    uint16_t port;
    int rc;

    if (is_ipv6(text)) {
        strbuf_addf(why, "'%s' has no brackets; write for example tcp:[::1]:8080",
                    shown(part, text));
        return -EINVAL;
    }
    if (!colon || colon == text || strncmp(text, "//", 2) == 0)
        return complain_parts(text, why);
    if (!read_port(colon + 1, &port)) {
        strbuf_addf(why, "'%s' is not a port; write a number from 1 to 65535",
                    shown(part, colon + 1));
        return -EINVAL;
    }
    host = strndup(text, (size_t)(colon - text));
    if (!host)
        return -ENOMEM;
    rc = read_host(host, colon + 1, to, why);
    free(host);
    for (uint32_t i = 0; i < to->n_addresses; i++)
        to->addresses[i].port = port;
    return rc;
}

int address_unix(const char *text, struct probe_spec *to, struct strbuf *why)
{
    size_t len = strlen(text);
    char path[SHOWN_BYTES];

    shown(path, text);
    if (strncmp(text, "//", 2) == 0)
        strbuf_addf(why, "'unix:%s' is no address; write it without '//', as in unix:/run/x.sock",
                    path);
    else if ((*text != '/' && *text != '@') || len == 1)
        strbuf_addf(why,
                    "'%s' is neither an absolute path nor an abstract name; write "
                    "unix:/PATH or unix:@NAME",
                    path);
    else if (len > PROBE_PATH_MAX)
        strbuf_addf(why, "'%s' has %zu bytes; the path of a socket has at most %d: shorten it",
                    path, len, (int)PROBE_PATH_MAX);
    else
        to->path = text;
    return to->path ? 0 : -EINVAL;
}
