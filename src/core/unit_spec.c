#include "core/unit_spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/strtab.h"

/*
 * A block is: header, array of units, then for each unit in turn its tags, argv, envp, the commands
 * of its probes and hooks, groups, dependencies, what its failure starts, and texts, then all
 * strings, each once. A pointer is kept as its offset from the start of the block, NULL as 0. Since
 * every array must begin exactly where the one before it ended and strings lie behind them all,
 * nothing in an accepted block can overlap.
 */
struct block_header {
    char magic[8];
    uint32_t header_bytes; /* the sizes change with the structures: a cheap version check */
    uint32_t unit_bytes;
    uint64_t arrays_bytes; /* strings begin here */
    uint64_t total_bytes;
    struct spec_set set;
};

static const char block_magic[8] = "reevespc";

enum { ARRAY_ALIGN = 8 };

_Static_assert(sizeof(struct block_header) % ARRAY_ALIGN == 0, "units follow the header");
_Static_assert(sizeof(struct unit_spec) % ARRAY_ALIGN == 0, "arrays follow the units");
_Static_assert(sizeof(struct hook_command) % ARRAY_ALIGN == 0, "arrays follow each other");
_Static_assert(sizeof(struct spec_text) % ARRAY_ALIGN == 0, "arrays follow each other");

static size_t aligned(size_t bytes)
{
    return (bytes + ARRAY_ALIGN - 1) & ~(size_t)(ARRAY_ALIGN - 1);
}

/* ---- packing ---- */

struct packer {
    char *block;
    size_t at; /* where the next array goes */
    size_t arrays_bytes;
    struct strbuf bytes;   /* of the strings */
    struct strtab strings; /* value: offset in `bytes` */
};

static size_t probe_bytes(const struct probe_spec *probe)
{
    return probe->kind == PROBE_EXEC ? ((size_t)probe->argc + 1) * sizeof(char *) : 0;
}

static size_t hook_bytes(const struct hook_list *hook)
{
    size_t n = (size_t)hook->n * sizeof *hook->commands;

    for (uint32_t i = 0; i < hook->n; i++)
        n += ((size_t)hook->commands[i].argc + 1) * sizeof(char *);
    return n;
}

static size_t arrays_bytes_of(const struct spec_set *set)
{
    size_t n = sizeof(struct block_header) + set->n_units * sizeof(struct unit_spec);

    for (uint32_t i = 0; i < set->n_units; i++) {
        const struct unit_spec *u = &set->units[i];

        n += ((size_t)u->n_tags + 1) * sizeof(char *);
        n += ((size_t)u->argc + 1) * sizeof(char *);
        n += ((size_t)u->envc + 1) * sizeof(char *);
        n += probe_bytes(&u->ready_probe) + probe_bytes(&u->health);
        for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
            n += hook_bytes(&u->hooks[hook]);
        n += aligned((size_t)u->n_groups * sizeof(gid_t));
        n += aligned((size_t)u->n_dependencies * sizeof(struct dependency));
        n += aligned((size_t)u->n_on_failed_start * sizeof(uint32_t));
        n += (size_t)u->n_texts * sizeof(struct spec_text);
    }
    return n;
}

/* Returns where the array goes; *ret_offset is what a pointer to it becomes. */
static void *put_array(struct packer *p, size_t bytes, void **ret_offset)
{
    void *where = p->block + p->at;

    *ret_offset = (void *)(uintptr_t)p->at;
    p->at += aligned(bytes);
    return where;
}

static char *put_string(struct packer *p, const char *text)
{
    struct strtab_entry *e;
    size_t len_bytes;
    bool added;

    if (!text)
        return NULL;
    len_bytes = strlen(text);
    e = strtab_put(&p->strings, text, len_bytes, &added);
    if (!e) {
        p->bytes.failed = true;
        return NULL;
    }
    if (added) {
        e->value = p->bytes.len_bytes;
        strbuf_add_bytes(&p->bytes, text, len_bytes + 1);
    }
    return (char *)(uintptr_t)(p->arrays_bytes + e->value);
}

static void *put_strings(struct packer *p, const char *const *strings, uint32_t n)
{
    void *offset;
    char **to = put_array(p, ((size_t)n + 1) * sizeof *to, &offset);

    for (uint32_t i = 0; i < n; i++)
        to[i] = put_string(p, strings[i]);
    to[n] = NULL;
    return offset;
}

/* Copies an array of plain data; returns what a pointer to it becomes. */
static void *put_plain(struct packer *p, const void *items, size_t n, size_t item_bytes)
{
    void *offset, *to = put_array(p, n * item_bytes, &offset);

    if (n)
        memcpy(to, items, n * item_bytes);
    return offset;
}

static void put_probe(struct packer *p, struct probe_spec *probe)
{
    probe->text = put_string(p, probe->text);
    probe->redact = put_string(p, probe->redact);
    probe->path = put_string(p, probe->path);
    if (probe->kind == PROBE_EXEC)
        probe->argv = put_strings(p, (const char *const *)probe->argv, probe->argc);
}

static void put_hook(struct packer *p, struct hook_list *hook)
{
    const struct hook_command *from = hook->commands;
    void *offset;
    struct hook_command *to = put_array(p, hook->n * sizeof *to, &offset);

    for (uint32_t i = 0; i < hook->n; i++) {
        to[i].text = put_string(p, from[i].text);
        to[i].argv = put_strings(p, (const char *const *)from[i].argv, from[i].argc);
        to[i].argc = from[i].argc;
    }
    hook->commands = offset;
}

static void put_unit(struct packer *p, struct unit_spec *u)
{
    const struct spec_text *texts = u->texts;
    struct spec_text *to_texts;
    void *offset;

    u->name = put_string(p, u->name);
    u->base_name = put_string(p, u->base_name);
    u->description = put_string(p, u->description);
    u->file = put_string(p, u->file);
    u->directory = put_string(p, u->directory);
    u->stdin_path = put_string(p, u->stdin_path);
    u->redact = put_string(p, u->redact);
    u->tags = put_strings(p, u->tags, u->n_tags);
    u->argv = put_strings(p, (const char *const *)u->argv, u->argc);
    u->envp = put_strings(p, (const char *const *)u->envp, u->envc);
    put_probe(p, &u->ready_probe);
    put_probe(p, &u->health);
    for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
        put_hook(p, &u->hooks[hook]);

    u->groups = put_plain(p, u->groups, u->n_groups, sizeof *u->groups);
    u->dependencies = put_plain(p, u->dependencies, u->n_dependencies, sizeof *u->dependencies);
    u->on_failed_start =
        put_plain(p, u->on_failed_start, u->n_on_failed_start, sizeof *u->on_failed_start);

    to_texts = put_array(p, u->n_texts * sizeof *texts, &offset);
    for (uint32_t i = 0; i < u->n_texts; i++) {
        to_texts[i].key = put_string(p, texts[i].key);
        to_texts[i].text = put_string(p, texts[i].text);
        to_texts[i].file = put_string(p, texts[i].file);
        to_texts[i].line = texts[i].line;
        to_texts[i].section = put_string(p, texts[i].section);
    }
    u->texts = offset;
}

static void put_set(struct packer *p, const struct spec_set *set)
{
    struct block_header *h = (struct block_header *)(void *)p->block;
    struct unit_spec *units;
    void *offset;

    memcpy(h->magic, block_magic, sizeof h->magic);
    h->header_bytes = sizeof *h;
    h->unit_bytes = sizeof *units;
    h->arrays_bytes = p->arrays_bytes;
    h->set.daemon = set->daemon;
    h->set.daemon.socket = put_string(p, set->daemon.socket);
    h->set.daemon.socket_group = put_string(p, set->daemon.socket_group);
    h->set.daemon.runtime_dir = put_string(p, set->daemon.runtime_dir);
    h->set.n_units = set->n_units;

    p->at = sizeof *h;
    units = put_array(p, set->n_units * sizeof *units, &offset);
    h->set.units = offset;
    for (uint32_t i = 0; i < set->n_units; i++) {
        memcpy(&units[i], &set->units[i], sizeof *units);
        put_unit(p, &units[i]);
    }
    /* An accepted block ends with NUL, so that each string in it does. */
    strbuf_add_bytes(&p->bytes, "", 1);
    h->total_bytes = p->arrays_bytes + p->bytes.len_bytes;
}

void *spec_pack(const struct spec_set *set, size_t *ret_bytes)
{
    struct packer p = {.bytes = STRBUF_INIT};
    char *whole = NULL;

    p.arrays_bytes = arrays_bytes_of(set);
    p.block = calloc(1, p.arrays_bytes);
    if (!p.block)
        return NULL;
    strtab_init(&p.strings);
    put_set(&p, set);
    if (!p.bytes.failed)
        whole = realloc(p.block, p.arrays_bytes + p.bytes.len_bytes);
    if (whole) {
        memcpy(whole + p.arrays_bytes, p.bytes.data, p.bytes.len_bytes);
        *ret_bytes = p.arrays_bytes + p.bytes.len_bytes;
    } else {
        free(p.block);
    }
    strtab_finish(&p.strings);
    strbuf_finish(&p.bytes);
    return whole;
}

/* ---- unpacking ---- */

struct unpacker {
    char *block;
    size_t at;         /* where the next array must begin */
    size_t strings_at; /* where arrays end and strings begin */
    size_t total_bytes;
    bool bad;
};

static void *take_array(struct unpacker *x, const void *offset, size_t n, size_t item_bytes)
{
    size_t at = x->at;

    if (x->bad || (uintptr_t)offset != at || n > (x->strings_at - at) / item_bytes ||
        aligned(n * item_bytes) > x->strings_at - at) {
        x->bad = true;
        return NULL;
    }
    x->at += aligned(n * item_bytes);
    return x->block + at;
}

/* A string that must be there, unless `optional`. */
static char *take_string(struct unpacker *x, const char *offset, bool optional)
{
    uintptr_t at = (uintptr_t)offset;

    if (!offset && optional)
        return NULL;
    if (x->bad || at < x->strings_at || at >= x->total_bytes) {
        x->bad = true;
        return NULL;
    }
    return x->block + at;
}

static void *take_strings(struct unpacker *x, const void *offset, uint32_t n)
{
    char **strings = take_array(x, offset, (size_t)n + 1, sizeof *strings);

    if (!strings)
        return NULL;
    for (uint32_t i = 0; i < n; i++)
        strings[i] = take_string(x, strings[i], false);
    if (strings[n])
        x->bad = true;
    return strings;
}

/* A bool is looked at as a byte first: reading any other value as bool is undefined. */
static bool bool_ok(const bool *field)
{
    unsigned char byte;

    memcpy(&byte, field, 1);
    return byte <= 1;
}

static bool name_ok(const char *name)
{
    /* An instance adds "@" and a number. */
    size_t len = strnlen(name, UNIT_NAME_MAX + 16);

    return len > 0 && len < UNIT_NAME_MAX + 16;
}

static bool daemon_ok(const struct daemon_spec *d, uint32_t n_units)
{
    if ((unsigned)d->exit_when > EXIT_ANY_FAILED || !bool_ok(&d->has_exit_code_from) ||
        (d->has_exit_code_from && d->exit_code_from >= n_units))
        return false;
    return bool_ok(&d->has_socket_group) && d->events_kept >= EVENTS_KEPT_MIN &&
           d->events_kept <= EVENTS_KEPT_MAX && d->shutdown_timeout_ms >= 0;
}

static bool probe_ok(const struct probe_spec *probe)
{
    enum probe_kind kind = probe->kind;

    if ((unsigned)kind > PROBE_NOTIFY || (kind != PROBE_NONE) != (probe->text != NULL) ||
        (kind == PROBE_EXEC) != (probe->argv != NULL) ||
        (kind == PROBE_EXEC) != (probe->argc > 0) ||
        (kind == PROBE_UNIX) != (probe->path != NULL) ||
        (kind == PROBE_TCP) != (probe->n_addresses > 0) || probe->n_addresses > PROBE_ADDRESSES_MAX)
        return false;
    for (uint32_t i = 0; i < probe->n_addresses; i++) {
        if (!bool_ok(&probe->addresses[i].ipv6))
            return false;
    }
    return true;
}

static bool readiness_ok(const struct unit_spec *u)
{
    bool probed = u->ready == READY_PROBED;

    return (unsigned)u->ready <= READY_PROBED && probe_ok(&u->ready_probe) &&
           u->ready_probe.kind != PROBE_NOTIFY && probed == (u->ready_probe.kind != PROBE_NONE) &&
           (u->ready != READY_FD || (u->ready_fd >= READY_FD_MIN && u->ready_fd <= READY_FD_MAX)) &&
           u->ready_timeout_ms >= 0 && u->ready_interval_ms >= 0;
}

static bool health_ok(const struct unit_spec *u)
{
    return probe_ok(&u->health) && (unsigned)u->health_action <= HEALTH_ACTION_RESTART &&
           (u->health.kind == PROBE_NONE || (u->health_retries > 0 && u->health_interval_ms > 0)) &&
           u->health_interval_ms >= 0 && u->health_timeout_ms >= 0 &&
           u->health_start_period_ms >= 0;
}

/* Their commands are looked at where they are taken. */
static bool hooks_ok(const struct unit_spec *u)
{
    for (unsigned hook = 0; hook < HOOK_COUNT; hook++) {
        if (u->hooks[hook].n > HOOK_COMMANDS_MAX)
            return false;
    }
    return u->hook_timeout_ms >= 0 && u->reload_signal >= 0 && u->reload_signal <= 64 &&
           (!u->reload_signal || !u->hooks[HOOK_RELOAD].n);
}

/* Everything that later code indexes, allocates or switches by. */
static bool values_ok(const struct unit_spec *u)
{
    if (!bool_ok(&u->change_user) || !bool_ok(&u->enabled) || !bool_ok(&u->autostart) ||
        !bool_ok(&u->essential))
        return false;
    if ((unsigned)u->kind > UNIT_JOB || (unsigned)u->restart > RESTART_ALWAYS ||
        (unsigned)u->kill_mode > KILL_MAIN || (unsigned)u->log > LOG_NULL ||
        (unsigned)u->on_dependency_restart > DEPENDENCY_RESTART_FOLLOW ||
        (unsigned)u->on_failed > ON_FAILED_START)
        return false;
    if (u->argc == 0 || u->n_tags > TAGS_MAX || u->instance > INSTANCES_MAX || u->stop_signal < 1 ||
        u->stop_signal > 64 || u->restart_jitter_percent > 100 ||
        u->restart_limit > RESTART_LIMIT_MAX)
        return false;
    return readiness_ok(u) && health_ok(u) && hooks_ok(u) && u->stop_timeout_ms >= 0 &&
           u->restart_delay_ms >= 0 && u->restart_delay_max_ms >= 0 && u->restart_reset_ms >= 0 &&
           u->restart_window_ms >= 0 && u->timeout_ms >= 0 && u->retry_delay_ms >= 0 &&
           u->retry_delay_max_ms >= 0;
}

/* What unit number `self` says of other units. */
static bool dependencies_ok(const struct unit_spec *u, uint32_t self, uint32_t n_units)
{
    for (uint32_t i = 0; i < u->n_dependencies; i++) {
        const struct dependency *d = &u->dependencies[i];

        if (d->unit >= n_units || d->unit == self || (unsigned)d->kind > DEPENDENCY_REQUIRES ||
            d->conditions == 0 || d->conditions >> CONDITION_COUNT != 0)
            return false;
    }
    for (uint32_t i = 0; i < u->n_on_failed_start; i++) {
        if (u->on_failed_start[i] >= n_units)
            return false;
    }
    return true;
}

/* What probe_ok accepted. */
static void take_probe(struct unpacker *x, struct probe_spec *probe)
{
    probe->text = take_string(x, probe->text, true);
    probe->redact = take_string(x, probe->redact, true);
    probe->path = take_string(x, probe->path, true);
    if (probe->kind == PROBE_EXEC)
        probe->argv = take_strings(x, probe->argv, probe->argc);
}

static void take_hook(struct unpacker *x, struct hook_list *hook)
{
    hook->commands = take_array(x, hook->commands, hook->n, sizeof *hook->commands);
    for (uint32_t i = 0; !x->bad && i < hook->n; i++) {
        struct hook_command *c = &hook->commands[i];

        x->bad = c->argc == 0;
        c->text = take_string(x, c->text, false);
        c->argv = take_strings(x, c->argv, c->argc);
    }
}

static void take_unit(struct unpacker *x, struct unit_spec *u, uint32_t self, uint32_t n_units)
{
    if (!values_ok(u))
        x->bad = true;
    u->name = take_string(x, u->name, false);
    u->base_name = take_string(x, u->base_name, false);
    u->description = take_string(x, u->description, false);
    u->file = take_string(x, u->file, false);
    u->directory = take_string(x, u->directory, false);
    u->stdin_path = take_string(x, u->stdin_path, true);
    u->redact = take_string(x, u->redact, true);
    u->tags = take_strings(x, u->tags, u->n_tags);
    u->argv = take_strings(x, u->argv, u->argc);
    u->envp = take_strings(x, u->envp, u->envc);
    take_probe(x, &u->ready_probe);
    take_probe(x, &u->health);
    for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
        take_hook(x, &u->hooks[hook]);
    u->groups = take_array(x, u->groups, u->n_groups, sizeof *u->groups);
    u->dependencies = take_array(x, u->dependencies, u->n_dependencies, sizeof *u->dependencies);
    u->on_failed_start =
        take_array(x, u->on_failed_start, u->n_on_failed_start, sizeof *u->on_failed_start);
    if (!x->bad && !dependencies_ok(u, self, n_units))
        x->bad = true;
    u->texts = take_array(x, u->texts, u->n_texts, sizeof *u->texts);
    for (uint32_t i = 0; !x->bad && i < u->n_texts; i++) {
        u->texts[i].key = take_string(x, u->texts[i].key, false);
        u->texts[i].text = take_string(x, u->texts[i].text, false);
        u->texts[i].file = take_string(x, u->texts[i].file, false);
        u->texts[i].section = take_string(x, u->texts[i].section, false);
    }
    if (!x->bad && (!name_ok(u->name) || !name_ok(u->base_name)))
        x->bad = true;
}

static bool header_ok(const struct block_header *h, size_t bytes)
{
    return memcmp(h->magic, block_magic, sizeof h->magic) == 0 && h->header_bytes == sizeof *h &&
           h->unit_bytes == sizeof(struct unit_spec) && h->total_bytes == bytes &&
           h->arrays_bytes >= sizeof *h && h->arrays_bytes < bytes &&
           h->arrays_bytes % ARRAY_ALIGN == 0;
}

int spec_unpack(void *block, size_t bytes, struct spec_set **ret_set)
{
    struct block_header *h = block;
    struct unpacker x = {.block = block, .at = sizeof *h, .total_bytes = bytes};
    struct spec_set *set;

    if ((uintptr_t)block % 16 != 0 || bytes < sizeof *h || !header_ok(h, bytes) ||
        x.block[bytes - 1] != '\0')
        return -EINVAL;
    x.strings_at = h->arrays_bytes;
    set = &h->set;
    set->daemon.socket = take_string(&x, set->daemon.socket, true);
    set->daemon.socket_group = take_string(&x, set->daemon.socket_group, true);
    set->daemon.runtime_dir = take_string(&x, set->daemon.runtime_dir, true);
    if (!daemon_ok(&set->daemon, set->n_units))
        return -EINVAL;
    set->units = take_array(&x, set->units, set->n_units, sizeof *set->units);
    for (uint32_t i = 0; !x.bad && i < set->n_units; i++)
        take_unit(&x, &set->units[i], i, set->n_units);
    if (x.bad || x.at != x.strings_at)
        return -EINVAL;
    set->refs = 0;
    set->release = NULL;
    set->memory = NULL;
    set->memory_bytes = 0;
    *ret_set = set;
    return 0;
}

/* ---- counting ---- */

void spec_set_ref(struct spec_set *set)
{
    set->refs++;
}

void spec_set_unref(struct spec_set *set)
{
    if (set && --set->refs == 0 && set->release)
        set->release(set);
}
