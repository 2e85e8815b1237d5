/* The ports that a unit is meant to listen on, as its probes, its command and its environment say.
 * Many commands name ports of others: what is as likely one to connect to does not count. */
#include <string.h>

#include "core/mistake.h"

struct ports {
    struct wanted_port *items;
    uint32_t n;
};

static void add_port(struct ports *p, uint16_t port, bool probed)
{
    if (!port || p->n == MISTAKE_PORTS_MAX)
        return;
    for (uint32_t i = 0; i < p->n; i++)
        if (p->items[i].port == port)
            return;
    p->items[p->n++] = (struct wanted_port){port, probed};
}

static void add_probe(struct ports *p, const struct probe_spec *probe)
{
    for (uint32_t i = 0; probe->kind == PROBE_TCP && i < probe->n_addresses; i++)
        add_port(p, probe->addresses[i].port, true);
}

/* A word of a command, or of a script in it; not NUL-terminated. */
struct token {
    const char *at;
    size_t len;
};

static bool is_token(struct token t, const char *word)
{
    return t.len == strlen(word) && memcmp(t.at, word, t.len) == 0;
}

static bool begins(struct token t, const char *word)
{
    return t.len >= strlen(word) && memcmp(t.at, word, strlen(word)) == 0;
}

static struct token after(struct token t, size_t len)
{
    return (struct token){t.at + len, t.len - len};
}

/* 1 to 65535, all of the token; else 0. */
static uint16_t number_of(struct token t)
{
    uint32_t n = 0;

    if (t.len == 0 || t.len > 5)
        return 0;
    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] < '0' || t.at[i] > '9')
            return 0;
        n = n * 10 + (uint32_t)(t.at[i] - '0');
    }
    return n <= UINT16_MAX ? (uint16_t)n : 0;
}

/* ":8080", "0.0.0.0:8080", "[::]:8080", "*:8080": nobody connects to these. */
static uint16_t port_of_any_address(struct token t)
{
    static const char *const any[] = {"tcp://", "http://", "", NULL};
    static const char *const hosts[] = {"[::]:", "0.0.0.0:", "*:", ":", NULL};

    for (const char *const *scheme = any; *scheme; scheme++) {
        struct token rest;

        if (!begins(t, *scheme))
            continue;
        rest = after(t, strlen(*scheme));
        for (const char *const *host = hosts; *host; host++)
            if (begins(rest, *host))
                return number_of(after(rest, strlen(*host)));
    }
    return 0;
}

/* What follows a word like --listen: with any host, or the number alone. */
static uint16_t port_of_own_address(struct token t)
{
    size_t start = t.len;

    if (memchr(t.at, '/', t.len)) /* a URL is of somebody else */
        return 0;
    while (start > 0 && t.at[start - 1] != ':')
        start--;
    return number_of(after(t, start));
}

/* How long the option is when the token is one of these or begins with it and =; else 0. */
static size_t option_length(struct token t, const char *const *options)
{
    for (; *options; options++) {
        size_t len = strlen(*options);

        if (begins(t, *options) && (t.len == len || t.at[len] == '='))
            return len;
    }
    return 0;
}

/* Words that say that the command connects to somebody: then its ports are as likely there. */
static bool is_of_a_client(struct token t)
{
    static const char *const clients[] = {
        "psql",    "pg_isready", "pg_dump",   "mysql",      "mysqladmin", "mongo",
        "mongosh", "curl",       "wget",      "nc",         "ncat",       "netcat",
        "telnet",  "ssh",        "autossh",   "rsync",      "docker",     "podman",
        "nerdctl", "kubectl",    "systemctl", "machinectl", "lxc",        NULL};
    static const char *const options[] = {
        "--connect", "--url",  "--uri",    "--broker",    "--server",  "--upstream", "--proxy",
        "--peer",    "--join", "--master", "--replicaof", "--slaveof", NULL};
    size_t start = t.len;

    while (start > 0 && t.at[start - 1] != '/')
        start--;
    for (const char *const *client = clients; *client; client++)
        if (is_token(after(t, start), *client))
            return true;
    t = after(t, start);
    return (t.len > 4 && memcmp(t.at + t.len - 4, "-cli", 4) == 0) ||
           (t.len >= 6 && memcmp(t.at + t.len - 6, "client", 6) == 0) || option_length(t, options);
}

/* -h and --host: of a client it is whom to connect to, of a server what to listen on. */
static bool is_of_any_host(struct token t)
{
    return is_token(t, "0.0.0.0") || is_token(t, "::") || is_token(t, "[::]") || is_token(t, "*");
}

/* The next token at *at: words are also split where a shell would, since one may be a script. */
static bool next_token(const char **at, struct token *ret)
{
    static const char between[] = " \t\n;&|()\"'";
    size_t len;

    *at += strspn(*at, between);
    len = strcspn(*at, between);
    *ret = (struct token){*at, len};
    *at += len;
    return len > 0;
}

static const char *const port_options[] = {
    "--port", "-port", "-p", "--http-port", "--listen-port", "--server.port", "--http.port", NULL};
static const char *const listen_options[] = {"--listen",
                                             "-listen",
                                             "--listen-address",
                                             "--bind",
                                             "-b",
                                             "--bind-address",
                                             "--http-address",
                                             "-addr",
                                             "--addr",
                                             "--web.listen-address",
                                             "-listen-addr",
                                             "--http-listen",
                                             NULL};
static const char *const host_options[] = {"-h", "--host", "-H", "--hostname", NULL};

struct scan {
    struct ports found;
    bool client;
    const char *const *option; /* what the token before was one of; NULL: none */
};

static void take_value(struct scan *s, const char *const *option, struct token value)
{
    if (option == port_options)
        add_port(&s->found, number_of(value), false);
    else if (option == listen_options)
        add_port(&s->found, port_of_own_address(value), false);
    else if (!is_of_any_host(value))
        s->client = true;
}

static void take_token(struct scan *s, struct token t)
{
    static const char *const *const all[] = {port_options, listen_options, host_options};
    const char *const *before = s->option;

    s->option = NULL;
    s->client = s->client || is_of_a_client(t);
    add_port(&s->found, port_of_any_address(t), false);
    if (before)
        take_value(s, before, t);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t len = option_length(t, all[i]);

        if (len && len < t.len)
            take_value(s, all[i], after(t, len + 1));
        else if (len)
            s->option = all[i];
    }
}

/* Returns whether it connects to others. */
static bool add_command(struct ports *p, const struct unit_spec *spec)
{
    struct wanted_port items[MISTAKE_PORTS_MAX];
    struct scan s = {.found = {.items = items}};

    for (uint32_t i = 0; i < spec->argc; i++) {
        const char *at = spec->argv[i];
        struct token t;

        while (next_token(&at, &t))
            take_token(&s, t);
    }
    for (uint32_t i = 0; !s.client && i < s.found.n; i++)
        add_port(p, items[i].port, false);
    return s.client;
}

/* Whether the unit itself, or a template of it, sets the variable: one of the daemon's, or of
 * [defaults], is there for all units, of which most do not listen. */
static bool sets_variable(const struct unit_spec *spec, const char *name)
{
    for (uint32_t i = 0; i < spec->n_texts; i++) {
        const char *text = spec->texts[i].text;
        const char *at = text;

        if (strcmp(spec->texts[i].key, "environment") != 0 ||
            strcmp(spec->texts[i].section, "defaults") == 0)
            continue;
        while ((at = strstr(at, name))) {
            if ((at == text || strchr(" \t\n\"'", at[-1])) && at[strlen(name)] == '=')
                return true;
            at++;
        }
    }
    return false;
}

static void add_environment(struct ports *p, const struct unit_spec *spec)
{
    static const char *const names[] = {"PORT", "HTTP_PORT", "LISTEN_PORT", "SERVER_PORT", NULL};

    for (uint32_t i = 0; i < spec->envc; i++)
        for (const char *const *name = names; *name; name++) {
            struct token t = {spec->envp[i], strlen(spec->envp[i])};
            size_t len = strlen(*name);

            if (begins(t, *name) && t.at[len] == '=' && sets_variable(spec, *name))
                add_port(p, number_of(after(t, len + 1)), false);
        }
}

uint32_t mistake_ports(const struct unit_spec *spec, struct wanted_port ret[MISTAKE_PORTS_MAX])
{
    struct ports p = {.items = ret};

    add_probe(&p, &spec->ready_probe);
    add_probe(&p, &spec->health);
    if (!add_command(&p, spec))
        add_environment(&p, spec);
    return p.n;
}

static bool is_any(const struct probe_address *a)
{
    static const uint8_t zero[16];

    return memcmp(a->bytes, zero, a->ipv6 ? 16 : 4) == 0;
}

static bool reaches(const struct probe_spec *probe, const struct probe_address *listening)
{
    for (uint32_t i = 0; probe->kind == PROBE_TCP && i < probe->n_addresses; i++) {
        const struct probe_address *a = &probe->addresses[i];

        if (a->port != listening->port)
            continue;
        /* Who listens on any address by IPv6 has IPv4's as well, but for an option. */
        if (is_any(listening) && (listening->ipv6 || !a->ipv6))
            return true;
        if (a->ipv6 == listening->ipv6 && memcmp(a->bytes, listening->bytes, a->ipv6 ? 16 : 4) == 0)
            return true;
    }
    return false;
}

bool mistake_probe_reaches(const struct unit_spec *spec, const struct probe_address *listening)
{
    return reaches(&spec->ready_probe, listening) || reaches(&spec->health, listening);
}
