/*
 * Any bytes as a configuration: either specs, that survive packing and unpacking as they were, or
 * errors, each with its place, what is wrong and what would be right.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/strtab.h"
#include "config/load.h"
#include "core/unit_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool what)
{
    if (!what)
        abort();
}

/* ---- what is said ---- */

/* "f:12: ...; ..." or, about the file as a whole, "f: ...; ...": one line that is fit to print.
 * Returns its number, 0 without one. */
static unsigned long check_line(const char *line, bool warning)
{
    const char *end = line + 2;
    unsigned long number = 0;

    must(line[0] == 'f' && line[1] == ':');
    if (*end != ' ') {
        char *after;

        must(*end >= '1' && *end <= '9');
        number = strtoul(end, &after, 10);
        end = after;
        must(*end++ == ':');
    }
    must(*end == ' ');
    must(strstr(end, "; ") != NULL);
    must((strstr(end, ": warning: ") != NULL) >= warning);
    for (const char *c = line; *c; c++)
        must((unsigned char)*c >= 0x20 && *c != 0x7f);
    return number;
}

static void check_lines(char *const *lines, size_t n, bool warnings)
{
    unsigned long last = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned long number = check_line(lines[i], warnings);

        must(number >= last);
        last = number;
    }
}

/* ---- what is meant ---- */

static void same_text(const char *a, const char *b)
{
    must((a == NULL) == (b == NULL) && (!a || strcmp(a, b) == 0));
}

static void same_texts(const char *const *a, const char *const *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        same_text(a[i], b[i]);
}

static void same_dependencies(const struct unit_spec *a, const struct unit_spec *b)
{
    must(a->n_dependencies == b->n_dependencies && a->n_on_failed_start == b->n_on_failed_start);
    for (uint32_t i = 0; i < a->n_dependencies; i++) {
        const struct dependency *d = &a->dependencies[i], *e = &b->dependencies[i];

        must(d->unit == e->unit && d->kind == e->kind && d->conditions == e->conditions);
    }
    for (uint32_t i = 0; i < a->n_on_failed_start; i++)
        must(a->on_failed_start[i] == b->on_failed_start[i]);
}

static void same_probe(const struct probe_spec *a, const struct probe_spec *b)
{
    must(a->kind == b->kind && a->argc == b->argc && a->n_addresses == b->n_addresses);
    same_text(a->text, b->text);
    same_text(a->path, b->path);
    must((a->kind == PROBE_EXEC) == (b->argv != NULL));
    if (a->kind == PROBE_EXEC)
        same_texts((const char *const *)a->argv, (const char *const *)b->argv, a->argc + 1);
    for (uint32_t i = 0; i < a->n_addresses; i++) {
        const struct probe_address *p = &a->addresses[i], *q = &b->addresses[i];

        must(p->ipv6 == q->ipv6 && p->port == q->port && p->scope_id == q->scope_id);
        must(memcmp(p->bytes, q->bytes, sizeof p->bytes) == 0);
    }
}

static void same_probes(const struct unit_spec *a, const struct unit_spec *b)
{
    must(a->ready == b->ready && (a->ready != READY_FD || a->ready_fd == b->ready_fd) &&
         a->ready_timeout_ms == b->ready_timeout_ms &&
         a->ready_interval_ms == b->ready_interval_ms);
    same_probe(&a->ready_probe, &b->ready_probe);
    must(a->health_interval_ms == b->health_interval_ms &&
         a->health_timeout_ms == b->health_timeout_ms && a->health_retries == b->health_retries &&
         a->health_start_period_ms == b->health_start_period_ms &&
         a->health_action == b->health_action);
    same_probe(&a->health, &b->health);
}

static void same_hooks(const struct unit_spec *a, const struct unit_spec *b)
{
    must(a->hook_timeout_ms == b->hook_timeout_ms && a->reload_signal == b->reload_signal);
    for (unsigned hook = 0; hook < HOOK_COUNT; hook++) {
        const struct hook_list *h = &a->hooks[hook], *k = &b->hooks[hook];

        must(h->n == k->n);
        for (uint32_t i = 0; i < h->n; i++) {
            const struct hook_command *c = &h->commands[i], *d = &k->commands[i];

            must(c->argc == d->argc);
            same_text(c->text, d->text);
            same_texts((const char *const *)c->argv, (const char *const *)d->argv, c->argc + 1);
        }
    }
}

static void same_unit(const struct unit_spec *a, const struct unit_spec *b)
{
    same_text(a->name, b->name);
    same_text(a->base_name, b->base_name);
    same_text(a->description, b->description);
    same_text(a->file, b->file);
    same_text(a->directory, b->directory);
    same_text(a->stdin_path, b->stdin_path);
    same_text(a->redact, b->redact);
    same_text(a->health.redact, b->health.redact);
    must(!a->stdin_path || *a->stdin_path == '/');
    must(a->n_tags == b->n_tags && a->argc == b->argc && a->envc == b->envc);
    same_texts(a->tags, b->tags, a->n_tags);
    same_texts((const char *const *)a->argv, (const char *const *)b->argv, a->argc + 1);
    same_texts((const char *const *)a->envp, (const char *const *)b->envp, a->envc + 1);
    must(a->n_groups == b->n_groups && a->n_texts == b->n_texts);
    must(!a->n_groups || memcmp(a->groups, b->groups, a->n_groups * sizeof *a->groups) == 0);
    for (uint32_t i = 0; i < a->n_texts; i++) {
        same_text(a->texts[i].key, b->texts[i].key);
        same_text(a->texts[i].text, b->texts[i].text);
        same_text(a->texts[i].file, b->texts[i].file);
        same_text(a->texts[i].section, b->texts[i].section);
        must(a->texts[i].line == b->texts[i].line);
    }
    must(b->kind == a->kind && b->line == a->line && b->change_user == a->change_user &&
         b->uid == a->uid && b->gid == a->gid && b->umask == a->umask);
    must(b->enabled == a->enabled && b->autostart == a->autostart && b->log == a->log &&
         b->stop_signal == a->stop_signal && b->stop_timeout_ms == a->stop_timeout_ms &&
         b->kill_mode == a->kill_mode);
    must(b->restart == a->restart && b->restart_delay_ms == a->restart_delay_ms &&
         b->restart_limit == a->restart_limit && b->essential == a->essential &&
         b->timeout_ms == a->timeout_ms && b->retries == a->retries);
    must(b->instance == a->instance && b->on_failed == a->on_failed &&
         b->on_dependency_restart == a->on_dependency_restart);
    same_probes(a, b);
    same_hooks(a, b);
    same_dependencies(a, b);
    must(memcmp(&b->success_exit, &a->success_exit, sizeof b->success_exit) == 0);
}

static void same_daemon(const struct daemon_spec *a, const struct daemon_spec *b)
{
    same_text(a->socket, b->socket);
    same_text(a->socket_group, b->socket_group);
    same_text(a->runtime_dir, b->runtime_dir);
    must(a->socket_mode == b->socket_mode && a->has_socket_group == b->has_socket_group &&
         a->socket_gid == b->socket_gid && a->events_kept == b->events_kept &&
         a->shutdown_timeout_ms == b->shutdown_timeout_ms);
    must(a->exit_when == b->exit_when && a->has_exit_code_from == b->has_exit_code_from &&
         a->exit_code_from == b->exit_code_from);
}

static void check_probe(const struct probe_spec *p)
{
    must((p->kind == PROBE_NONE) == (p->text == NULL));
    must((p->kind == PROBE_EXEC) == (p->argc > 0) && (p->argc == 0 || *p->argv[0]));
    must((p->kind == PROBE_UNIX) == (p->path != NULL));
    must(!p->path || ((*p->path == '/' || *p->path == '@') && strlen(p->path) <= PROBE_PATH_MAX));
    must((p->kind == PROBE_TCP) == (p->n_addresses > 0));
    for (uint32_t i = 0; i < p->n_addresses; i++)
        must(p->addresses[i].port != 0);
}

static void check_probes(const struct unit_spec *u)
{
    check_probe(&u->ready_probe);
    check_probe(&u->health);
    must((u->ready == READY_PROBED) == (u->ready_probe.kind != PROBE_NONE));
    must(u->ready_probe.kind != PROBE_NOTIFY && u->health_retries >= 1);
    must(u->ready_interval_ms >= 10 && u->health_interval_ms >= 100 && u->health_timeout_ms >= 1);
}

static void check_hooks(const struct unit_spec *u)
{
    for (unsigned hook = 0; hook < HOOK_COUNT; hook++) {
        const struct hook_list *h = &u->hooks[hook];

        must(h->n <= HOOK_COMMANDS_MAX);
        for (uint32_t i = 0; i < h->n; i++) {
            must(h->commands[i].argc > 0 && *h->commands[i].argv[0]);
            must(*h->commands[i].text && !strchr(h->commands[i].text, '\n'));
        }
    }
    must(u->hook_timeout_ms >= 1);
    must(!u->reload_signal || !u->hooks[HOOK_RELOAD].n);
}

static void check_tags(const struct unit_spec *u)
{
    must(u->n_tags <= TAGS_MAX);
    for (uint32_t i = 0; i < u->n_tags; i++) {
        must(*u->tags[i] && strlen(u->tags[i]) <= UNIT_NAME_MAX);
        for (uint32_t k = 0; k < i; k++)
            must(strcmp(u->tags[i], u->tags[k]) != 0);
    }
}

/* Takes away, again and again, the units that depend on nothing that is left: a circle would stay.
 */
static void check_no_circle(const struct spec_set *set)
{
    bool *gone = calloc(set->n_units, sizeof *gone);
    uint32_t n_left = set->n_units, before;

    must(gone != NULL);
    do {
        before = n_left;
        for (uint32_t i = 0; i < set->n_units; i++) {
            const struct unit_spec *u = &set->units[i];
            bool free_now = !gone[i];

            for (uint32_t k = 0; free_now && k < u->n_dependencies; k++)
                free_now = gone[u->dependencies[k].unit];
            gone[i] |= free_now;
            n_left -= free_now;
        }
    } while (n_left < before);
    must(n_left == 0);
    free(gone);
}

/* Each other unit at most once. */
static void check_dependencies(const struct spec_set *set)
{
    uint32_t *seen = calloc(set->n_units, sizeof *seen);

    must(seen != NULL);
    for (uint32_t i = 0; i < set->n_units; i++) {
        const struct unit_spec *u = &set->units[i];

        for (uint32_t k = 0; k < u->n_dependencies; k++) {
            uint32_t other = u->dependencies[k].unit;

            must(other < set->n_units && other != i && seen[other] != i + 1);
            seen[other] = i + 1;
            must(u->dependencies[k].conditions != 0);
            must(!(u->dependencies[k].conditions >> CONDITION_HEALTHY & 1) ||
                 set->units[other].health.kind != PROBE_NONE);
        }
        must((u->on_failed == ON_FAILED_START) == (u->n_on_failed_start > 0));
    }
    free(seen);
    check_no_circle(set);
}

static void check_set(const struct spec_set *set)
{
    struct spec_set *again = NULL;
    struct strtab names;
    bool added;
    size_t bytes;
    void *block = spec_pack(set, &bytes);

    must(block && set->n_units > 0 && spec_unpack(block, bytes, &again) == 0);
    must(again->n_units == set->n_units);
    strtab_init(&names);
    same_daemon(&set->daemon, &again->daemon);
    for (uint32_t i = 0; i < set->n_units; i++) {
        check_tags(&set->units[i]);
        check_probes(&set->units[i]);
        check_hooks(&set->units[i]);
        same_unit(&set->units[i], &again->units[i]);
        must(strtab_put(&names, set->units[i].name, strlen(set->units[i].name), &added) && added);
    }
    strtab_finish(&names);
    check_dependencies(set);
    free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[] = "PATH=/usr/bin:/bin", home[] = "HOME=/root";
    static char *const list[] = {path, home, NULL};
    /* As root or not: other keys are refused. */
    struct config_options options = {
        .environ = list, .uid = size % 4 == 0 ? 12345 : 0, .alone = true};
    struct config_errors errors = {0};
    struct spec_set *set = NULL;
    int rc = config_load_text("f", (const char *)data, size, &options, &set, &errors);

    must(!errors.out_of_memory);
    must((rc == 0) == (errors.n_lines == 0) && (rc == 0) == (set != NULL));
    must(rc == 0 || rc == -EINVAL);
    check_lines(errors.lines, errors.n_lines, false);
    check_lines(errors.warnings, errors.n_warnings, true);
    if (set)
        check_set(set);
    spec_set_unref(set);
    config_errors_finish(&errors);
    return 0;
}
