/*
 * What the user wants of one unit, checked and resolved: plain data, immutable once built. A whole
 * configuration is one `spec_set`; it crosses the process boundary as bytes (spec_pack in the
 * configuration child, spec_unpack in reeved) and is counted as a whole: a unit holds a reference
 * to the set its spec lives in.
 */
#ifndef REEVE_CORE_UNIT_SPEC_H
#define REEVE_CORE_UNIT_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/hook.h"

enum { UNIT_NAME_MAX = 48 };        /* characters of NAME; an instance adds "@N" */
enum { RESTART_LIMIT_MAX = 10000 }; /* a unit remembers that many times */
enum { EVENTS_KEPT_MIN = 16, EVENTS_KEPT_MAX = 65536, EVENTS_KEPT_DEFAULT = 4096 };
enum { TAGS_MAX = 64 };             /* of one unit */
enum { INSTANCES_MAX = 1000 };      /* of one section */
enum { UNITS_MAX = 100000 };        /* of one configuration, instances counted */
enum { DEPENDENCIES_MAX = 500000 }; /* of all units together */

enum unit_kind { UNIT_SERVICE, UNIT_JOB };
enum restart_policy { RESTART_NEVER, RESTART_ON_FAILURE, RESTART_ALWAYS };
enum kill_mode { KILL_GROUP, KILL_TREE, KILL_MAIN };
/* How a unit becomes ready: by itself (started, notify, fd), or by being looked at. */
enum ready_mode { READY_STARTED, READY_NOTIFY, READY_FD, READY_PROBED };
enum health_action { HEALTH_ACTION_NONE, HEALTH_ACTION_RESTART };

/* How a unit is looked at. */
enum probe_kind {
    PROBE_NONE,
    PROBE_EXEC,  /* a command ends with exit code 0 */
    PROBE_TCP,   /* a connection is accepted */
    PROBE_UNIX,  /* the same on a socket of the file system, or abstract */
    PROBE_NOTIFY /* it tells by itself, in time (sd_notify's watchdog); nothing is looked at */
};

enum { PROBE_ADDRESSES_MAX = 2 };               /* localhost is two */
enum { PROBE_PATH_MAX = 107 };                  /* bytes of a socket's path, with its @ */
enum { READY_FD_MIN = 3, READY_FD_MAX = 1023 }; /* of READY_FD */

struct probe_address {
    bool ipv6;
    uint16_t port;     /* host byte order */
    uint32_t scope_id; /* ipv6 */
    uint8_t bytes[16]; /* network byte order; IPv4: the first four */
};

struct probe_spec {
    enum probe_kind kind;
    /* For messages: "tcp:localhost:5432"; a command stands in it as written. NULL: PROBE_NONE. */
    const char *text;
    const char *redact; /* as the unit's */
    char **argv;        /* PROBE_EXEC: ready for execve, NULL-terminated */
    uint32_t argc;
    const char *path; /* PROBE_UNIX; one that begins with @ is abstract */
    struct probe_address addresses[PROBE_ADDRESSES_MAX]; /* PROBE_TCP: any of them will do */
    uint32_t n_addresses;
};
enum log_mode { LOG_INHERIT, LOG_NULL };

/* How one unit depends on another; each kind includes the ones before it. */
enum dependency_kind {
    DEPENDENCY_AFTER,   /* orders the two while both are up */
    DEPENDENCY_WANTS,   /* and brings the other up */
    DEPENDENCY_REQUIRES /* and cannot be without it */
};

/* What must be true of the other one before this one starts. */
enum condition {
    CONDITION_STARTED,   /* its command is executing */
    CONDITION_READY,     /* it is ready */
    CONDITION_HEALTHY,   /* its last probes say so */
    CONDITION_COMPLETED, /* it has completed */
    CONDITION_COUNT
};

struct dependency {
    uint32_t unit; /* the index of the one it depends on */
    enum dependency_kind kind;
    uint32_t conditions; /* bit C: enum condition C; at least one, and all must hold */
};

/* What a unit does when one that it requires is restarted or will be retried. */
enum dependency_restart { DEPENDENCY_RESTART_IGNORE, DEPENDENCY_RESTART_FOLLOW };
/* What follows when a unit has failed for good. */
enum on_failed { ON_FAILED_IGNORE, ON_FAILED_SHUTDOWN, ON_FAILED_START };
enum exit_when { EXIT_NEVER, EXIT_ALL_DONE, EXIT_ANY_FAILED };

/* A set of wait statuses: exit codes 0-255 and signals 1-64. */
struct exit_set {
    uint64_t codes[4];
    uint64_t signals; /* bit N-1: signal N */
};

/* One key as the user wrote it (unexpanded), for `show`. A key whose values add up (environment,
 * redact) has one of these for each. */
struct spec_text {
    const char *key;
    const char *text;
    const char *file;
    uint32_t line;
    const char *section; /* text between the brackets of the section where it stands */
};

struct unit_spec {
    const char *name;      /* as listed: "web", "web@2" */
    const char *base_name; /* as in the header: "web" for both */
    uint32_t instance;     /* from 1; 0: not one of several */
    enum unit_kind kind;
    const char *description; /* "" when none */
    const char **tags;       /* in the order written */
    uint32_t n_tags;
    /* Patterns of names of variables that are not shown, besides those that never are, separated
     * by spaces; NULL: none. */
    const char *redact;
    const char *file; /* where the section begins */
    uint32_t line;

    /* what: ready for execve, NULL-terminated */
    char **argv;
    char **envp;
    uint32_t argc;
    uint32_t envc;
    const char *directory;
    const char *stdin_path; /* absolute; NULL: none */
    bool change_user;       /* false: keep reeved's credentials, the ids below are meaningless */
    uid_t uid;
    gid_t gid;
    gid_t *groups; /* the full supplementary list to set */
    uint32_t n_groups;
    mode_t umask;
    bool enabled;
    bool autostart;
    enum log_mode log;

    /* order: each other unit at most once, in the order written; no cycles among all units */
    struct dependency *dependencies;
    uint32_t n_dependencies;
    enum dependency_restart on_dependency_restart;
    enum on_failed on_failed;
    uint32_t *on_failed_start; /* indexes of units */
    uint32_t n_on_failed_start;

    enum ready_mode ready;
    struct probe_spec ready_probe; /* READY_PROBED */
    int ready_fd;                  /* READY_FD: the descriptor that the unit writes a newline to */
    int64_t ready_timeout_ms;
    int64_t ready_interval_ms; /* from the end of one look to the beginning of the next */

    struct probe_spec health; /* PROBE_NONE: none */
    int64_t health_interval_ms;
    int64_t health_timeout_ms;
    uint32_t health_retries; /* so many failures in a row make it unhealthy; at least 1 */
    int64_t health_start_period_ms;
    enum health_action health_action;

    struct hook_list hooks[HOOK_COUNT];
    int64_t hook_timeout_ms; /* of all commands of one hook together; not of HOOK_STOP */
    int reload_signal;       /* to main; 0: none. With HOOK_RELOAD there is none */

    int stop_signal;
    int64_t stop_timeout_ms;
    enum kill_mode kill_mode;

    /* services */
    enum restart_policy restart;
    int64_t restart_delay_ms;
    int64_t restart_delay_max_ms;
    uint32_t restart_jitter_percent; /* 0-100 */
    int64_t restart_reset_ms;
    uint32_t restart_limit; /* restarts allowed inside the window; 0: no limit */
    int64_t restart_window_ms;
    bool essential;

    /* jobs */
    int64_t timeout_ms; /* of one attempt, from spawn; 0: none */
    uint32_t retries;
    int64_t retry_delay_ms;
    int64_t retry_delay_max_ms;

    struct exit_set success_exit;

    /* The keys that hold: those of [defaults], of templates, of the section itself, the keys of
     * each in the order written. */
    struct spec_text *texts;
    uint32_t n_texts;
};

/* The keys of [reeve]. */
struct daemon_spec {
    const char *socket; /* absolute path; NULL: none */
    mode_t socket_mode;
    bool has_socket_group;    /* members of socket_gid may control */
    const char *socket_group; /* its name, for messages; NULL: none */
    gid_t socket_gid;
    uint32_t events_kept;        /* at most so many events; at least EVENTS_KEPT_MIN */
    const char *runtime_dir;     /* absolute path; NULL: nothing writable */
    int64_t shutdown_timeout_ms; /* 0: not set, reeved takes its default */
    enum exit_when exit_when;
    bool has_exit_code_from;
    uint32_t exit_code_from; /* the index of a unit */
};

struct spec_set {
    struct daemon_spec daemon;
    struct unit_spec *units; /* configuration order */
    uint32_t n_units;
    /* counting, reeved only */
    uint32_t refs;
    void (*release)(struct spec_set *set); /* called when refs falls to 0 */
    void *memory;
    size_t memory_bytes;
};

static inline bool exit_set_has_code(const struct exit_set *s, unsigned code)
{
    return code < 256 && (s->codes[code / 64] >> (code % 64) & 1);
}

static inline bool exit_set_has_signal(const struct exit_set *s, unsigned sig)
{
    return sig >= 1 && sig <= 64 && (s->signals >> (sig - 1) & 1);
}

/* Lays the whole set out as one relocatable block. Returns malloc'ed bytes for the caller to free,
 * or NULL when memory ran out. */
void *spec_pack(const struct spec_set *set, size_t *ret_bytes);

/* Turns a block made by spec_pack back into a set, in place: `block` must be writable, aligned to
 * 16 and stay as long as the set is used. Every offset is checked. 0 or -EINVAL. The set itself
 * lies inside the block; its counting fields are zero. */
int spec_unpack(void *block, size_t bytes, struct spec_set **ret_set);

void spec_set_ref(struct spec_set *set);
/* Drops one reference; calls `release` with the last. NULL is allowed. */
void spec_set_unref(struct spec_set *set);

#endif
