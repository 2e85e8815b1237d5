/* Packing and unpacking: the way of specs between two processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/unit_spec.h"

static char word_a[] = "/bin/a", word_b[] = "two words", word_empty[] = "";
static char var_path[] = "PATH=/bin", var_home[] = "HOME=/", var_path_copy[] = "PATH=/bin";
static char *argv_long[] = {word_a, word_b, word_empty, NULL};
static char *argv_short[] = {word_b, NULL};
static char *argv_probe[] = {word_b, word_empty, NULL};
static struct hook_command two_commands[] = {{"/bin/a 'two words' ''", argv_long, 3},
                                             {"'two words'", argv_short, 1}};
static struct hook_command one_command[] = {{"'two words' ''", argv_probe, 2}};
static char *envp_two[] = {var_path, var_home, NULL};
static char *envp_copy[] = {var_path_copy, NULL};
static char *envp_none[] = {NULL};
static const char *tags[] = {"db", "eu-1"};
static gid_t groups[] = {1, 2, 3};
static struct dependency dependencies[] = {
    {1, DEPENDENCY_REQUIRES, 1u << CONDITION_COMPLETED},
    {2, DEPENDENCY_AFTER, 1u << CONDITION_STARTED | 1u << CONDITION_READY}};
static uint32_t on_failed_start[] = {2, 1, 0};
static struct spec_text texts[] = {
    {"command", "/bin/a 'two words' ''", "x.ini", 7, "service:first"},
    {"umask", "077", "x.ini", 9, "defaults"}};

static struct unit_spec units[] = {
    {
        .name = "first",
        .base_name = "first",
        .kind = UNIT_SERVICE,
        .description = "The first",
        .tags = tags,
        .n_tags = 2,
        .file = "x.ini",
        .line = 6,
        .argv = argv_long,
        .argc = 3,
        .envp = envp_two,
        .envc = 2,
        .directory = "/srv",
        .stdin_path = "/srv/in",
        .redact = "*_PIN DSN",
        .change_user = true,
        .uid = 33,
        .gid = 34,
        .groups = groups,
        .n_groups = 3,
        .umask = 077,
        .enabled = true,
        .log = LOG_NULL,
        .ready = READY_PROBED,
        .ready_probe = {.kind = PROBE_EXEC, .text = "exec:b", .argv = argv_probe, .argc = 2},
        .ready_timeout_ms = 30000,
        .ready_interval_ms = 200,
        .health = {.kind = PROBE_TCP,
                   .text = "tcp:localhost:80",
                   .n_addresses = 2,
                   .addresses = {{.port = 80, .bytes = {127, 0, 0, 1}},
                                 {.ipv6 = true, .port = 80, .scope_id = 9, .bytes = {[15] = 1}}}},
        .health_interval_ms = 100,
        .health_timeout_ms = 5000,
        .health_retries = 3,
        .health_start_period_ms = 60000,
        .health_action = HEALTH_ACTION_RESTART,
        .hooks = {[HOOK_PRE_START] = {two_commands, 2},
                  [HOOK_STOP] = {one_command, 1},
                  [HOOK_RELOAD] = {two_commands, 1}},
        .hook_timeout_ms = INT64_MAX,
        .stop_signal = 15,
        .stop_timeout_ms = INT64_MAX,
        .kill_mode = KILL_MAIN,
        .restart = RESTART_ON_FAILURE,
        .restart_jitter_percent = 100,
        .restart_limit = RESTART_LIMIT_MAX,
        .essential = true,
        .success_exit = {.codes = {1, 0, 0, (uint64_t)1 << 63}, .signals = 1u << 14},
        .dependencies = dependencies,
        .n_dependencies = 2,
        .on_dependency_restart = DEPENDENCY_RESTART_FOLLOW,
        .on_failed = ON_FAILED_START,
        .on_failed_start = on_failed_start,
        .n_on_failed_start = 3,
        .texts = texts,
        .n_texts = 2,
    },
    {
        .name = "second",
        .base_name = "second",
        .kind = UNIT_JOB,
        .description = "",
        .file = "x.ini",
        .argv = argv_short,
        .argc = 1,
        .envp = envp_copy,
        .envc = 1,
        .directory = "/",
        .ready = READY_FD,
        .ready_fd = READY_FD_MAX,
        .health = {.kind = PROBE_EXEC, .text = "exec:a", .argv = argv_long, .argc = 3},
        .health_interval_ms = 1,
        .health_retries = 1,
        .hooks = {[HOOK_POST_STOP] = {one_command, 1}},
        .hook_timeout_ms = 1,
        .reload_signal = 64,
        .stop_signal = 2,
        .retries = 5,
    },
    {
        .name = "third@2",
        .base_name = "third",
        .instance = 2,
        .description = "",
        .file = "x.ini",
        .argv = argv_short,
        .argc = 1,
        .envp = envp_none,
        .directory = "/",
        .ready = READY_PROBED,
        .ready_probe = {.kind = PROBE_UNIX, .text = "unix:/x.sock", .path = "/x.sock"},
        .health = {.kind = PROBE_NOTIFY, .text = "notify"},
        .health_interval_ms = 1,
        .health_retries = 1,
        .stop_signal = 64,
    },
};

static struct spec_set set = {
    .daemon = {.socket = "/run/x.sock",
               .socket_mode = 0600,
               .has_socket_group = true,
               .socket_group = "staff",
               .socket_gid = 50,
               .events_kept = 100,
               .shutdown_timeout_ms = 5,
               .exit_when = EXIT_ANY_FAILED,
               .has_exit_code_from = true,
               .exit_code_from = 2},
    .units = units,
    .n_units = 3,
};

/* A copy of the block in memory of exactly its size, so that ASan sees each byte beyond it. */
static void *exact_copy(const void *block, size_t bytes)
{
    void *copy = NULL;

    assert_int_equal(posix_memalign(&copy, 16, bytes ? bytes : 1), 0);
    memcpy(copy, block, bytes);
    return copy;
}

static size_t use(const char *text)
{
    return text ? strlen(text) : 0;
}

/* Reads everything an accepted set leads to. */
static size_t use_probe(const struct probe_spec *p)
{
    size_t n = 0;

    if (p->kind != PROBE_NONE)
        n += use(p->text);
    if (p->kind == PROBE_UNIX)
        n += use(p->path);
    for (uint32_t k = 0; k < p->argc; k++)
        n += use(p->argv[k]);
    if (p->kind == PROBE_EXEC)
        assert_null(p->argv[p->argc]);
    assert_true(p->n_addresses <= PROBE_ADDRESSES_MAX);
    assert_true((p->kind == PROBE_TCP) == (p->n_addresses > 0));
    assert_true((p->kind == PROBE_EXEC) == (p->argc > 0));
    for (uint32_t k = 0; k < p->n_addresses; k++)
        n += p->addresses[k].ipv6;
    return n;
}

static size_t use_hook(const struct hook_list *hook)
{
    size_t n = 0;

    assert_true(hook->n <= HOOK_COMMANDS_MAX);
    for (uint32_t i = 0; i < hook->n; i++) {
        const struct hook_command *c = &hook->commands[i];

        assert_true(c->argc >= 1);
        n += use(c->text);
        for (uint32_t k = 0; k < c->argc; k++)
            n += use(c->argv[k]);
        assert_null(c->argv[c->argc]);
    }
    return n;
}

static size_t use_all(const struct spec_set *s)
{
    size_t n = use(s->daemon.socket) + use(s->daemon.runtime_dir) + use(s->daemon.socket_group);

    assert_in_range(s->daemon.events_kept, EVENTS_KEPT_MIN, EVENTS_KEPT_MAX);
    n += s->daemon.has_socket_group;
    assert_true(!s->daemon.has_exit_code_from || s->daemon.exit_code_from < s->n_units);
    assert_true(s->daemon.exit_when <= EXIT_ANY_FAILED);
    for (uint32_t i = 0; i < s->n_units; i++) {
        const struct unit_spec *u = &s->units[i];

        n += use(u->name) + use(u->base_name) + use(u->description) + use(u->file) +
             use(u->directory) + (u->stdin_path ? use(u->stdin_path) : 0) +
             (u->redact ? use(u->redact) : 0);
        for (uint32_t k = 0; k < u->n_tags; k++)
            n += use(u->tags[k]);
        for (uint32_t k = 0; k < u->argc; k++)
            n += use(u->argv[k]);
        for (uint32_t k = 0; k < u->envc; k++)
            n += use(u->envp[k]);
        assert_null(u->tags[u->n_tags]);
        assert_null(u->argv[u->argc]);
        assert_null(u->envp[u->envc]);
        for (uint32_t k = 0; k < u->n_groups; k++)
            n += u->groups[k] & 1;
        for (uint32_t k = 0; k < u->n_texts; k++)
            n += use(u->texts[k].key) + use(u->texts[k].text) + use(u->texts[k].file) +
                 use(u->texts[k].section);
        for (uint32_t k = 0; k < u->n_dependencies; k++) {
            assert_true(u->dependencies[k].unit < s->n_units && u->dependencies[k].unit != i);
            assert_in_range(u->dependencies[k].conditions, 1, (1u << CONDITION_COUNT) - 1);
            assert_true(u->dependencies[k].kind <= DEPENDENCY_REQUIRES);
        }
        for (uint32_t k = 0; k < u->n_on_failed_start; k++)
            assert_true(u->on_failed_start[k] < s->n_units);
        n += use_probe(&u->ready_probe) + use_probe(&u->health);
        for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
            n += use_hook(&u->hooks[hook]);
        assert_in_range(u->reload_signal, 0, u->hooks[HOOK_RELOAD].n ? 0 : 64);
        assert_true(u->ready <= READY_PROBED);
        n += (size_t)(u->enabled + u->autostart + u->essential + u->change_user);
        assert_true(u->argc >= 1 && u->stop_signal >= 1 && u->stop_signal <= 64);
        assert_true(u->kind <= UNIT_JOB && u->restart <= RESTART_ALWAYS);
        assert_true(u->restart_limit <= RESTART_LIMIT_MAX);
    }
    return n;
}

static void test_roundtrip(void **state)
{
    size_t bytes;
    void *packed = spec_pack(&set, &bytes), *block;
    struct spec_set *got = NULL;

    (void)state;
    assert_non_null(packed);
    block = exact_copy(packed, bytes);
    free(packed);
    assert_int_equal(spec_unpack(block, bytes, &got), 0);
    assert_true((char *)got > (char *)block && (char *)(got + 1) <= (char *)block + bytes);
    assert_int_equal(got->refs, 0);
    assert_null(got->release);
    assert_string_equal(got->daemon.socket, "/run/x.sock");
    assert_null(got->daemon.runtime_dir);
    assert_int_equal(got->daemon.socket_mode, 0600);
    assert_true(got->daemon.has_socket_group);
    assert_string_equal(got->daemon.socket_group, "staff");
    assert_int_equal(got->daemon.socket_gid, 50);
    assert_int_equal(got->daemon.events_kept, 100);
    assert_int_equal(got->daemon.shutdown_timeout_ms, 5);
    assert_int_equal(got->daemon.exit_when, EXIT_ANY_FAILED);
    assert_true(got->daemon.has_exit_code_from);
    assert_int_equal(got->daemon.exit_code_from, 2);
    assert_int_equal(got->n_units, 3);

    const struct unit_spec *u = &got->units[0];
    assert_string_equal(u->name, "first");
    assert_string_equal(u->description, "The first");
    assert_string_equal(u->directory, "/srv");
    assert_string_equal(u->stdin_path, "/srv/in");
    assert_string_equal(u->redact, "*_PIN DSN");
    assert_int_equal(u->line, 6);
    assert_int_equal(u->n_tags, 2);
    assert_string_equal(u->tags[0], "db");
    assert_string_equal(u->tags[1], "eu-1");
    assert_int_equal(got->units[1].n_tags, 0);
    assert_int_equal(u->argc, 3);
    assert_string_equal(u->argv[1], "two words");
    assert_string_equal(u->argv[2], "");
    assert_null(u->argv[3]);
    assert_string_equal(u->envp[1], "HOME=/");
    assert_true(u->change_user && u->enabled && u->essential && !u->autostart);
    assert_int_equal(u->uid, 33);
    assert_int_equal(u->gid, 34);
    assert_memory_equal(u->groups, groups, sizeof groups);
    assert_int_equal(u->umask, 077);
    assert_int_equal(u->log, LOG_NULL);
    assert_int_equal(u->ready, READY_PROBED);
    assert_int_equal(u->ready_probe.kind, PROBE_EXEC);
    assert_string_equal(u->ready_probe.text, "exec:b");
    assert_string_equal(u->ready_probe.argv[0], "two words");
    assert_string_equal(u->ready_probe.argv[1], "");
    assert_null(u->ready_probe.argv[2]);
    assert_null(u->ready_probe.path);
    assert_int_equal(u->ready_interval_ms, 200);
    assert_int_equal(u->health.kind, PROBE_TCP);
    assert_string_equal(u->health.text, "tcp:localhost:80");
    assert_null(u->health.argv);
    assert_int_equal(u->health.n_addresses, 2);
    assert_memory_equal(u->health.addresses, units[0].health.addresses, sizeof u->health.addresses);
    assert_int_equal(u->health_retries, 3);
    assert_int_equal(u->health_start_period_ms, 60000);
    assert_int_equal(u->health_action, HEALTH_ACTION_RESTART);
    assert_int_equal(got->units[1].ready_fd, READY_FD_MAX);
    assert_int_equal(got->units[1].ready_probe.kind, PROBE_NONE);
    assert_null(got->units[1].ready_probe.text);
    assert_string_equal(got->units[1].health.argv[0], "/bin/a");
    assert_null(got->units[1].health.argv[3]);
    assert_string_equal(got->units[2].ready_probe.path, "/x.sock");
    assert_int_equal(got->units[2].health.kind, PROBE_NOTIFY);
    assert_int_equal(u->hooks[HOOK_PRE_START].n, 2);
    assert_string_equal(u->hooks[HOOK_PRE_START].commands[0].text, "/bin/a 'two words' ''");
    assert_int_equal(u->hooks[HOOK_PRE_START].commands[0].argc, 3);
    assert_string_equal(u->hooks[HOOK_PRE_START].commands[0].argv[1], "two words");
    assert_null(u->hooks[HOOK_PRE_START].commands[0].argv[3]);
    assert_string_equal(u->hooks[HOOK_PRE_START].commands[1].argv[0], "two words");
    assert_null(u->hooks[HOOK_PRE_START].commands[1].argv[1]);
    assert_int_equal(u->hooks[HOOK_POST_START].n, 0);
    assert_int_equal(u->hooks[HOOK_STOP].n, 1);
    assert_string_equal(u->hooks[HOOK_STOP].commands[0].argv[1], "");
    assert_int_equal(u->hooks[HOOK_RELOAD].n, 1);
    assert_int_equal(u->hook_timeout_ms, INT64_MAX);
    assert_int_equal(u->reload_signal, 0);
    assert_int_equal(got->units[1].reload_signal, 64);
    assert_string_equal(got->units[1].hooks[HOOK_POST_STOP].commands[0].text, "'two words' ''");
    assert_int_equal(u->stop_timeout_ms, INT64_MAX);
    assert_int_equal(u->kill_mode, KILL_MAIN);
    assert_int_equal(u->restart, RESTART_ON_FAILURE);
    assert_true(exit_set_has_code(&u->success_exit, 255));
    assert_true(exit_set_has_signal(&u->success_exit, 15));
    assert_int_equal(u->n_dependencies, 2);
    assert_int_equal(u->dependencies[0].unit, 1);
    assert_int_equal(u->dependencies[0].kind, DEPENDENCY_REQUIRES);
    assert_int_equal(u->dependencies[0].conditions, 1u << CONDITION_COMPLETED);
    assert_int_equal(u->dependencies[1].unit, 2);
    assert_int_equal(u->dependencies[1].conditions, dependencies[1].conditions);
    assert_int_equal(u->on_dependency_restart, DEPENDENCY_RESTART_FOLLOW);
    assert_int_equal(u->on_failed, ON_FAILED_START);
    assert_int_equal(u->n_on_failed_start, 3);
    assert_memory_equal(u->on_failed_start, on_failed_start, sizeof on_failed_start);
    assert_int_equal(u->instance, 0);
    assert_int_equal(u->n_texts, 2);
    assert_string_equal(u->texts[1].key, "umask");
    assert_int_equal(u->texts[1].line, 9);
    assert_string_equal(u->texts[1].section, "defaults");
    assert_int_equal(got->units[1].retries, 5);
    assert_int_equal(got->units[2].envc, 0);
    assert_string_equal(got->units[2].name, "third@2");
    assert_string_equal(got->units[2].base_name, "third");
    assert_int_equal(got->units[2].instance, 2);
    assert_int_equal(got->units[2].n_dependencies, 0);
    free(block);
}

/* Equal strings are stored once, wherever they came from. */
static void test_strings_are_shared(void **state)
{
    size_t bytes;
    void *block = spec_pack(&set, &bytes);
    struct spec_set *got;

    (void)state;
    assert_int_equal(spec_unpack(block, bytes, &got), 0);
    assert_ptr_equal(got->units[0].envp[0], got->units[1].envp[0]);
    assert_ptr_equal(got->units[0].file, got->units[2].file);
    assert_ptr_equal(got->units[0].argv[1], got->units[1].argv[0]);
    free(block);
}

static void test_empty_set(void **state)
{
    struct spec_set empty = {.daemon = {.events_kept = EVENTS_KEPT_MIN}}, *got;
    size_t bytes;
    void *block = spec_pack(&empty, &bytes);

    (void)state;
    assert_int_equal(spec_unpack(block, bytes, &got), 0);
    assert_int_equal(got->n_units, 0);
    free(block);
}

/* 0 when accepted (then everything in it can be used), else -EINVAL. */
static int unpack_copy(const void *block, size_t bytes)
{
    void *copy = exact_copy(block, bytes);
    struct spec_set *got = NULL;
    int rc = spec_unpack(copy, bytes, &got);

    if (rc == 0)
        use_all(got);
    else
        assert_int_equal(rc, -EINVAL);
    free(copy);
    return rc;
}

static void test_truncations(void **state)
{
    size_t bytes;
    char *block = spec_pack(&set, &bytes);

    (void)state;
    assert_int_equal(unpack_copy(block, bytes), 0);
    for (size_t n = 0; n < bytes; n++)
        assert_int_equal(unpack_copy(block, n), -EINVAL);
    free(block);
}

static void test_unaligned(void **state)
{
    size_t bytes;
    char *block = spec_pack(&set, &bytes), *copy = exact_copy(block, bytes);
    struct spec_set *got;

    (void)state;
    assert_int_equal(spec_unpack(copy + 8, bytes - 8, &got), -EINVAL);
    free(copy);
    free(block);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Each byte in turn gets each of a few values, then many random changes at once. */
static void test_corruptions(void **state)
{
    static const unsigned char values[] = {0, 1, 2, 0x7f, 0x80, 0xff};
    size_t bytes, refused = 0;
    unsigned char *block = spec_pack(&set, &bytes);
    uint32_t seed = 1;

    (void)state;
    for (size_t at = 0; at < bytes; at++) {
        unsigned char old = block[at];

        for (size_t v = 0; v < sizeof values; v++) {
            block[at] = values[v];
            refused += unpack_copy(block, bytes) != 0;
        }
        block[at] = old;
    }
    assert_true(refused > bytes);
    for (int i = 0; i < 20000; i++) {
        unsigned char *copy = exact_copy(block, bytes);

        for (uint32_t k = 1 + next_random(&seed) % 4; k > 0; k--) {
            size_t at = next_random(&seed) % bytes;

            copy[at] = (unsigned char)next_random(&seed);
        }
        unpack_copy(copy, bytes);
        free(copy);
    }
    free(block);
}

/* Eight-byte fields get the offset of something else in the block: nothing may overlap. */
static void test_crossed_offsets(void **state)
{
    size_t bytes;
    char *block = spec_pack(&set, &bytes);
    uint32_t seed = 7;

    (void)state;
    for (int i = 0; i < 50000; i++) {
        char *copy = exact_copy(block, bytes);
        uint64_t offset = next_random(&seed) % (bytes + 16);

        memcpy(copy + next_random(&seed) % (bytes / 8) * 8, &offset, sizeof offset);
        unpack_copy(copy, bytes);
        free(copy);
    }
    free(block);
}

/* One field of the first unit changed: refused. */
#define REFUSED_WITH(field, value)                                                                 \
    do {                                                                                           \
        struct unit_spec *u_ = (struct unit_spec *)(void *)(copy + units_at);                      \
        struct unit_spec old_ = *u_;                                                               \
        u_->field = (value);                                                                       \
        assert_int_equal(unpack_copy(copy, bytes), -EINVAL);                                       \
        *u_ = old_;                                                                                \
    } while (0)

static void test_single_fields(void **state)
{
    size_t bytes;
    char *block = spec_pack(&set, &bytes), *copy = exact_copy(block, bytes);
    struct spec_set *got;

    (void)state;
    assert_int_equal(spec_unpack(block, bytes, &got), 0);
    size_t units_at = (size_t)((char *)got->units - block);

    assert_int_equal(unpack_copy(copy, bytes), 0);
    REFUSED_WITH(tags, u_->tags + 1);
    REFUSED_WITH(n_tags, 1);
    REFUSED_WITH(n_tags, 3);
    REFUSED_WITH(n_tags, TAGS_MAX + 1);
    REFUSED_WITH(n_tags, UINT32_MAX);
    REFUSED_WITH(argv, u_->argv + 1);
    REFUSED_WITH(envp, u_->argv);
    REFUSED_WITH(texts, u_->texts - 1);
    REFUSED_WITH(groups, NULL);
    REFUSED_WITH(argc, 2);
    REFUSED_WITH(argc, 4);
    REFUSED_WITH(argc, 0);
    REFUSED_WITH(argc, UINT32_MAX);
    REFUSED_WITH(n_groups, UINT32_MAX);
    REFUSED_WITH(n_texts, 1);
    REFUSED_WITH(name, NULL);
    REFUSED_WITH(base_name, NULL);
    REFUSED_WITH(instance, INSTANCES_MAX + 1);
    REFUSED_WITH(dependencies, u_->dependencies + 1);
    REFUSED_WITH(n_dependencies, 0);
    REFUSED_WITH(n_dependencies, UINT32_MAX);
    REFUSED_WITH(on_failed_start, NULL);
    REFUSED_WITH(n_on_failed_start, 1);
    REFUSED_WITH(n_on_failed_start, UINT32_MAX);
    REFUSED_WITH(on_failed, (enum on_failed)3);
    REFUSED_WITH(on_dependency_restart, (enum dependency_restart)2);
    REFUSED_WITH(directory, (char *)(uintptr_t)units_at);
    REFUSED_WITH(stdin_path, (char *)(uintptr_t)units_at);
    REFUSED_WITH(redact, (char *)(uintptr_t)units_at);
    REFUSED_WITH(ready_probe.redact, (char *)(uintptr_t)units_at);
    REFUSED_WITH(description, (char *)(uintptr_t)bytes);
    REFUSED_WITH(stop_signal, 0);
    REFUSED_WITH(stop_signal, 65);
    REFUSED_WITH(kill_mode, (enum kill_mode)3);
    REFUSED_WITH(restart_limit, RESTART_LIMIT_MAX + 1);
    REFUSED_WITH(restart_jitter_percent, 101);
    REFUSED_WITH(retry_delay_ms, -1);
    REFUSED_WITH(ready, (enum ready_mode)(READY_PROBED + 1));
    REFUSED_WITH(ready, READY_STARTED);
    REFUSED_WITH(ready_probe.kind, PROBE_NONE);
    REFUSED_WITH(ready_probe.kind, PROBE_UNIX);
    REFUSED_WITH(ready_probe.kind, (enum probe_kind)(PROBE_NOTIFY + 1));
    REFUSED_WITH(ready_probe.text, NULL);
    REFUSED_WITH(ready_probe.argv, NULL);
    REFUSED_WITH(ready_probe.argv, u_->argv);
    REFUSED_WITH(ready_probe.argc, 0);
    REFUSED_WITH(ready_probe.argc, 4);
    REFUSED_WITH(ready_probe.path, u_->name);
    REFUSED_WITH(ready_probe.n_addresses, 1);
    REFUSED_WITH(ready_interval_ms, -1);
    REFUSED_WITH(health.n_addresses, 0);
    REFUSED_WITH(health.n_addresses, PROBE_ADDRESSES_MAX + 1);
    REFUSED_WITH(health.kind, PROBE_NOTIFY);
    REFUSED_WITH(health.argv, u_->argv);
    REFUSED_WITH(health_interval_ms, 0);
    REFUSED_WITH(health_timeout_ms, -1);
    REFUSED_WITH(health_retries, 0);
    REFUSED_WITH(health_start_period_ms, -1);
    REFUSED_WITH(health_action, (enum health_action)2);
    REFUSED_WITH(hooks[HOOK_PRE_START].n, 1);
    REFUSED_WITH(hooks[HOOK_PRE_START].n, 3);
    REFUSED_WITH(hooks[HOOK_PRE_START].n, UINT32_MAX);
    REFUSED_WITH(hooks[HOOK_PRE_START].commands, NULL);
    REFUSED_WITH(hooks[HOOK_PRE_START].commands, u_->hooks[HOOK_RELOAD].commands);
    REFUSED_WITH(hooks[HOOK_POST_START].n, 1);
    REFUSED_WITH(hooks[HOOK_RELOAD].n, HOOK_COMMANDS_MAX + 1);
    REFUSED_WITH(hook_timeout_ms, -1);
    REFUSED_WITH(reload_signal, -1);
    REFUSED_WITH(reload_signal, 65);
    REFUSED_WITH(reload_signal, 1); /* it has a reload_command */
    free(copy);
    free(block);
}

/* One field of the first command of the first unit changed: refused. */
#define COMMAND_REFUSED_WITH(field, value)                                                         \
    do {                                                                                           \
        struct hook_command *c_ = (struct hook_command *)(void *)(copy + command_at);              \
        struct hook_command old_ = *c_;                                                            \
        c_->field = (value);                                                                       \
        assert_int_equal(unpack_copy(copy, bytes), -EINVAL);                                       \
        *c_ = old_;                                                                                \
    } while (0)

static void test_fields_of_commands(void **state)
{
    size_t bytes;
    char *block = spec_pack(&set, &bytes), *copy = exact_copy(block, bytes);
    struct spec_set *got;

    (void)state;
    assert_int_equal(spec_unpack(block, bytes, &got), 0);
    size_t command_at = (size_t)((char *)got->units[0].hooks[HOOK_PRE_START].commands - block);

    COMMAND_REFUSED_WITH(text, NULL);
    COMMAND_REFUSED_WITH(text, (char *)(uintptr_t)bytes);
    COMMAND_REFUSED_WITH(text, (char *)(uintptr_t)command_at);
    COMMAND_REFUSED_WITH(argc, 0);
    COMMAND_REFUSED_WITH(argc, 2);
    COMMAND_REFUSED_WITH(argc, 4);
    COMMAND_REFUSED_WITH(argc, UINT32_MAX);
    COMMAND_REFUSED_WITH(argv, NULL);
    COMMAND_REFUSED_WITH(argv, c_->argv + 1);
    COMMAND_REFUSED_WITH(argv, c_[1].argv);
    assert_int_equal(unpack_copy(copy, bytes), 0);
    free(copy);
    free(block);
}

/* Packed as it is, with all arrays where they belong: nothing could be executed. */
static void test_command_without_words(void **state)
{
    static char *nothing[] = {NULL};
    static struct hook_command command = {"x", nothing, 0};
    struct unit_spec unit = units[1];
    struct spec_set one = {
        .daemon = {.events_kept = EVENTS_KEPT_MIN}, .units = &unit, .n_units = 1};
    struct spec_set *got;
    size_t bytes;
    void *block;

    (void)state;
    unit.hooks[HOOK_STOP] = (struct hook_list){&command, 1};
    block = spec_pack(&one, &bytes);
    assert_int_equal(spec_unpack(block, bytes, &got), -EINVAL);
    free(block);
}

/* So many commands as one key takes. */
static void test_most_commands(void **state)
{
    static struct hook_command commands[HOOK_COMMANDS_MAX + 1];
    struct unit_spec unit = units[1];
    struct spec_set one = {
        .daemon = {.events_kept = EVENTS_KEPT_MIN}, .units = &unit, .n_units = 1};

    (void)state;
    for (unsigned i = 0; i <= HOOK_COMMANDS_MAX; i++)
        commands[i] = i % 2 ? two_commands[1] : two_commands[0];
    for (uint32_t n = HOOK_COMMANDS_MAX; n <= HOOK_COMMANDS_MAX + 1; n++) {
        struct spec_set *got;
        size_t bytes;
        void *block;

        unit.hooks[HOOK_PRE_STOP] = (struct hook_list){commands, n};
        block = spec_pack(&one, &bytes);
        assert_int_equal(spec_unpack(block, bytes, &got), n > HOOK_COMMANDS_MAX ? -EINVAL : 0);
        free(block);
    }
}

/* What is said of other units: their indexes, and in which way. */
static void test_dependencies(void **state)
{
    static const struct dependency bad[] = {
        {3, DEPENDENCY_AFTER, 1},
        {UINT32_MAX, DEPENDENCY_AFTER, 1},
        {0, DEPENDENCY_AFTER, 1}, /* itself */
        {1, (enum dependency_kind)3, 1},
        {1, DEPENDENCY_REQUIRES, 0},
        {1, DEPENDENCY_REQUIRES, 1u << CONDITION_COUNT},
    };
    size_t bytes;
    char *block = spec_pack(&set, &bytes), *copy = exact_copy(block, bytes);
    struct spec_set *got;

    (void)state;
    assert_int_equal(spec_unpack(block, bytes, &got), 0);
    struct dependency *d =
        (struct dependency *)(void *)(copy + ((char *)got->units[0].dependencies - block));
    uint32_t *start = (uint32_t *)(void *)(copy + ((char *)got->units[0].on_failed_start - block));
    const struct dependency good = d[1];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        d[1] = bad[i];
        assert_int_equal(unpack_copy(copy, bytes), -EINVAL);
    }
    d[1] = good;
    assert_int_equal(unpack_copy(copy, bytes), 0);
    start[2] = 3;
    assert_int_equal(unpack_copy(copy, bytes), -EINVAL);
    start[2] = 0;
    assert_int_equal(unpack_copy(copy, bytes), 0);
    free(copy);
    free(block);
}

/* As many tags as there may be, and one more. */
static void test_number_of_tags(void **state)
{
    const char *many[TAGS_MAX + 1];
    struct unit_spec unit = units[1];
    struct spec_set one = {.daemon = set.daemon, .units = &unit, .n_units = 1};

    (void)state;
    one.daemon.has_exit_code_from = false;
    for (size_t i = 0; i <= TAGS_MAX; i++)
        many[i] = "t";
    unit.tags = many;
    for (uint32_t n = TAGS_MAX; n <= TAGS_MAX + 1; n++) {
        size_t bytes;
        void *block;

        unit.n_tags = n;
        block = spec_pack(&one, &bytes);
        assert_int_equal(unpack_copy(block, bytes), n > TAGS_MAX ? -EINVAL : 0);
        free(block);
    }
}

/* A bool that is neither 0 nor 1, for each bool of a unit. */
static void test_bools(void **state)
{
    static const size_t fields[] = {
        offsetof(struct unit_spec, change_user), offsetof(struct unit_spec, enabled),
        offsetof(struct unit_spec, autostart), offsetof(struct unit_spec, essential),
        offsetof(struct unit_spec, health.addresses[1].ipv6)};
    size_t bytes;
    char *block = spec_pack(&set, &bytes), *copy = exact_copy(block, bytes);
    struct spec_set *got;

    (void)state;
    assert_int_equal(spec_unpack(block, bytes, &got), 0);
    size_t units_at = (size_t)((char *)got->units - block);

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        char old = copy[units_at + fields[i]];

        copy[units_at + fields[i]] = 2;
        assert_int_equal(unpack_copy(copy, bytes), -EINVAL);
        copy[units_at + fields[i]] = old;
    }
    assert_int_equal(unpack_copy(copy, bytes), 0);
    free(copy);
    free(block);
}

/* The same for the keys of the daemon. */
static void test_daemon_fields(void **state)
{
    static const uint32_t counts[] = {0, EVENTS_KEPT_MIN - 1, EVENTS_KEPT_MAX + 1, UINT32_MAX};
    struct spec_set *got;
    size_t bytes;
    char *block = spec_pack(&set, &bytes), *copy = exact_copy(block, bytes);

    (void)state;
    assert_int_equal(spec_unpack(block, bytes, &got), 0);
    struct daemon_spec *d = (struct daemon_spec *)(void *)(copy + ((char *)&got->daemon - block));
    const struct daemon_spec good = *d;

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        d->events_kept = counts[i];
        assert_int_equal(unpack_copy(copy, bytes), -EINVAL);
    }
    *d = good;
    d->socket_group = (const char *)(uintptr_t)bytes;
    assert_int_equal(unpack_copy(copy, bytes), -EINVAL);
    *d = good;
    memset(&d->has_socket_group, 2, 1);
    assert_int_equal(unpack_copy(copy, bytes), -EINVAL);
    *d = good;
    memset(&d->has_exit_code_from, 2, 1);
    assert_int_equal(unpack_copy(copy, bytes), -EINVAL);
    *d = good;
    d->exit_code_from = 3;
    assert_int_equal(unpack_copy(copy, bytes), -EINVAL);
    d->has_exit_code_from = false;
    assert_int_equal(unpack_copy(copy, bytes), 0);
    *d = good;
    d->exit_when = (enum exit_when)3;
    assert_int_equal(unpack_copy(copy, bytes), -EINVAL);
    *d = good;
    assert_int_equal(unpack_copy(copy, bytes), 0);
    free(copy);
    free(block);
}

/* Without the NUL at the very end the last string could run out of the block. */
static void test_open_end(void **state)
{
    size_t bytes;
    char *block = spec_pack(&set, &bytes);

    (void)state;
    memset(block + bytes - 4, 'x', 4);
    assert_int_equal(unpack_copy(block, bytes), -EINVAL);
    free(block);
}

static unsigned released;

static void count_release(struct spec_set *s)
{
    (void)s;
    released++;
}

static void test_counting(void **state)
{
    struct spec_set s = {.refs = 1, .release = count_release};

    (void)state;
    spec_set_unref(NULL);
    spec_set_ref(&s);
    spec_set_unref(&s);
    assert_int_equal(released, 0);
    spec_set_unref(&s);
    assert_int_equal(released, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roundtrip),
        cmocka_unit_test(test_strings_are_shared),
        cmocka_unit_test(test_empty_set),
        cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_unaligned),
        cmocka_unit_test(test_corruptions),
        cmocka_unit_test(test_crossed_offsets),
        cmocka_unit_test(test_single_fields),
        cmocka_unit_test(test_bools),
        cmocka_unit_test(test_open_end),
        cmocka_unit_test(test_counting),
        cmocka_unit_test(test_daemon_fields),
        cmocka_unit_test(test_number_of_tags),
        cmocka_unit_test(test_dependencies),
        cmocka_unit_test(test_fields_of_commands),
        cmocka_unit_test(test_most_commands),
        cmocka_unit_test(test_command_without_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
