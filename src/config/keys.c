#include "config/keys.h"

#include <string.h>

#include "base/duration.h"
#include "base/nearest.h"
#include "config/errors.h"
#include "config/foreign.h"

static const char *const health_action_words[] = {"none", "restart", NULL};
static const char *const kill_mode_words[] = {"group", "tree", "main", NULL};
static const char *const restart_words[] = {"never", "on-failure", "always", NULL};
static const char *const log_words[] = {"inherit", "null", NULL};
static const char *const dependency_restart_words[] = {"ignore", "restart", NULL};
static const char *const exit_when_words[] = {"never", "all-done", "any-failed", NULL};

enum { SECTION_EXTENDING = SECTION_UNIT | SECTION_TEMPLATE };

#define DAEMON(field) .where = SECTION_REEVE, .offset = offsetof(struct daemon_draft, field)
#define UNIT(field) .where = SECTION_UNIT, .offset = offsetof(struct unit_draft, field)
#define SERVICE(field) .where = SECTION_SERVICE, .offset = offsetof(struct unit_draft, field)
#define JOB(field) .where = SECTION_JOB, .offset = offsetof(struct unit_draft, field)
#define RAW(sections) .where = (sections), .type = VALUE_RAW
#define COMMANDS(sections) .where = (sections), .type = VALUE_COMMANDS
#define LINES(sections) .where = (sections), .type = VALUE_LINES
#define FROM(least) .min = (least), .max = DURATION_MAX_MS

/* clang-format off */
const struct key keys[] = {
    {"socket",            DAEMON(spec.socket),               .type = VALUE_PATH},
    {"socket_mode",       DAEMON(spec.socket_mode),          .type = VALUE_MODE},
    {"socket_group",      DAEMON(socket_group),              .type = VALUE_TEXT},
    {"runtime_dir",       DAEMON(spec.runtime_dir),          .type = VALUE_PATH},
    {"shutdown_timeout",  DAEMON(spec.shutdown_timeout_ms),  .type = VALUE_DURATION, FROM(100)},
    {"events_kept",       DAEMON(spec.events_kept),          .type = VALUE_NUMBER, .min = EVENTS_KEPT_MIN, .max = EVENTS_KEPT_MAX},
    {"exit_when",         DAEMON(spec.exit_when),            .type = VALUE_WORD, .words = exit_when_words},
    {"exit_code_from",    DAEMON(exit_code_from),            .type = VALUE_TEXT},
    {"environment",       RAW(SECTION_REEVE),                .empty_ok = true},

    {"include",           RAW(SECTION_REEVE),                .example = "conf.d/*.ini"},
    {"redact",            RAW(SECTION_REEVE),                .empty_ok = true},

    {"command",           RAW(SECTION_UNIT),                 .example = "/usr/bin/python3 -m http.server"},
    {"directory",         UNIT(spec.directory),              .type = VALUE_PATH},
    {"environment",       RAW(SECTION_UNIT),                 .empty_ok = true},
    {"redact",            RAW(SECTION_UNIT),                 .empty_ok = true},
    {"env_file",          LINES(SECTION_UNIT),               .example = "/etc/web.env"},
    {"clear_env",         UNIT(clear_env),                   .type = VALUE_BOOL},
    {"user",              UNIT(user),                        .type = VALUE_TEXT},
    {"group",             UNIT(group),                       .type = VALUE_TEXT},
    {"supplementary_groups", UNIT(supplementary_groups),     .type = VALUE_TEXT, .empty_ok = true},
    {"umask",             UNIT(spec.umask),                  .type = VALUE_MODE},
    {"stdin",             UNIT(input),                       .type = VALUE_TEXT},
    {"description",       UNIT(spec.description),            .type = VALUE_TEXT, .empty_ok = true},
    {"tags",              UNIT(tags),                        .type = VALUE_TEXT, .empty_ok = true},
    {"enabled",           UNIT(spec.enabled),                .type = VALUE_BOOL},
    {"autostart",         UNIT(spec.autostart),              .type = VALUE_BOOL},
    {"extends",           RAW(SECTION_EXTENDING),            .example = "python"},
    {"instances",         UNIT(instances),                   .type = VALUE_NUMBER, .min = 1, .max = INSTANCES_MAX},
    {"requires",          UNIT(requires),                    .type = VALUE_TEXT, .empty_ok = true},
    {"wants",             UNIT(wants),                       .type = VALUE_TEXT, .empty_ok = true},
    {"after",             UNIT(after),                       .type = VALUE_TEXT, .empty_ok = true},
    {"before",            UNIT(before),                      .type = VALUE_TEXT, .empty_ok = true},
    {"on_dependency_restart", UNIT(spec.on_dependency_restart), .type = VALUE_WORD, .words = dependency_restart_words},
    {"on_failed",         UNIT(on_failed),                   .type = VALUE_TEXT},
    {"ready",             RAW(SECTION_UNIT)},
    {"ready_timeout",     UNIT(spec.ready_timeout_ms),       .type = VALUE_DURATION, FROM(1)},
    {"ready_interval",    UNIT(spec.ready_interval_ms),      .type = VALUE_DURATION, FROM(10)},
    {"health",            RAW(SECTION_UNIT),                 .example = "tcp:localhost:8080"},
    {"health_interval",   UNIT(spec.health_interval_ms),     .type = VALUE_DURATION, FROM(100)},
    {"health_timeout",    UNIT(spec.health_timeout_ms),      .type = VALUE_DURATION, FROM(1)},
    {"health_retries",    UNIT(spec.health_retries),         .type = VALUE_NUMBER, .min = 1, .max = 1000000},
    {"health_start_period", UNIT(spec.health_start_period_ms), .type = VALUE_DURATION, FROM(0)},
    {"health_action",     UNIT(spec.health_action),          .type = VALUE_WORD, .words = health_action_words},
    {"pre_start",         COMMANDS(SECTION_UNIT),            .example = "mkdir -p /run/web"},
    {"post_start",        COMMANDS(SECTION_UNIT),            .example = "curl -fsS http://localhost:8080/warm-up"},
    {"pre_stop",          COMMANDS(SECTION_UNIT),            .example = "/usr/local/bin/leave-balancer"},
    {"post_stop",         COMMANDS(SECTION_UNIT),            .example = "rm -f /run/web.lock"},
    {"hook_timeout",      UNIT(spec.hook_timeout_ms),        .type = VALUE_DURATION, FROM(1)},
    {"reload_signal",     UNIT(spec.reload_signal),          .type = VALUE_SIGNAL, .example = "HUP"},
    {"reload_command",    COMMANDS(SECTION_UNIT),            .example = "nginx -s reload"},
    {"stop_command",      COMMANDS(SECTION_UNIT),            .example = "nginx -s quit"},
    {"stop_signal",       UNIT(spec.stop_signal),            .type = VALUE_SIGNAL},
    {"stop_timeout",      UNIT(spec.stop_timeout_ms),        .type = VALUE_DURATION, FROM(0)},
    {"kill_mode",         UNIT(spec.kill_mode),              .type = VALUE_WORD, .words = kill_mode_words},
    {"success_exit",      UNIT(spec.success_exit),           .type = VALUE_EXITS},
    {"log",               UNIT(spec.log),                    .type = VALUE_WORD, .words = log_words},

    {"restart",           SERVICE(spec.restart),             .type = VALUE_WORD, .words = restart_words},
    {"restart_delay",     SERVICE(spec.restart_delay_ms),    .type = VALUE_DURATION, FROM(0)},
    {"restart_delay_max", SERVICE(spec.restart_delay_max_ms), .type = VALUE_DURATION, FROM(0)},
    {"restart_jitter",    SERVICE(spec.restart_jitter_percent), .type = VALUE_PERCENT, .max = 100},
    {"restart_reset",     SERVICE(spec.restart_reset_ms),    .type = VALUE_DURATION, FROM(0)},
    {"restart_limit",     SERVICE(spec.restart_limit),       .type = VALUE_NUMBER, .max = RESTART_LIMIT_MAX},
    {"restart_window",    SERVICE(spec.restart_window_ms),   .type = VALUE_DURATION, FROM(1)},
    {"essential",         SERVICE(spec.essential),           .type = VALUE_BOOL},

    {"timeout",           JOB(spec.timeout_ms),              .type = VALUE_DURATION, FROM(0)},
    {"retries",           JOB(spec.retries),                 .type = VALUE_NUMBER, .max = 1000000},
    {"retry_delay",       JOB(spec.retry_delay_ms),          .type = VALUE_DURATION, FROM(0)},
    {"retry_delay_max",   JOB(spec.retry_delay_max_ms),      .type = VALUE_DURATION, FROM(0)},
};
/* clang-format on */

const size_t n_keys = sizeof keys / sizeof keys[0];

_Static_assert(sizeof keys / sizeof keys[0] <= KEYS_MAX, "draft.given has a place for each key");

/* "services", "jobs", "[reeve]" */
static const char *places_of(unsigned where)
{
    switch (where) {
    case SECTION_REEVE:
        return "[reeve]";
    case SECTION_EXTENDING:
        return "units and templates";
    case SECTION_SERVICE:
        return "services";
    case SECTION_JOB:
        return "jobs";
    default:
        return "services and jobs";
    }
}

static const char *this_place(enum section_kind kind)
{
    switch (kind) {
    case SECTION_REEVE:
        return "[reeve]";
    case SECTION_DEFAULTS:
        return "[defaults]";
    case SECTION_TEMPLATE:
        return "a template";
    default:
        return kind == SECTION_SERVICE ? "a service" : "a job";
    }
}

/* What may stand in [defaults] and in templates: whatever any unit may have. */
static unsigned bits_of(enum section_kind kind)
{
    switch (kind) {
    case SECTION_DEFAULTS:
    case SECTION_TEMPLATE:
        return SECTION_UNIT;
    default:
        return kind;
    }
}

/* Templates may extend others; [defaults] are for all units as they are. */
static bool may_stand(const struct key *key, enum section_kind kind)
{
    return (key->where & bits_of(kind)) &&
           (kind != SECTION_DEFAULTS || !(key->where & SECTION_TEMPLATE));
}

/* Where this key may stand at all, as bits. */
static unsigned where_is(const char *name)
{
    unsigned where = 0;

    for (size_t i = 0; i < n_keys; i++) {
        if (strcmp(keys[i].name, name) == 0)
            where |= keys[i].where;
    }
    return where;
}

/* Returns the key that is meant, as key_find does. */
static const char *complain_foreign(const struct foreign *f, enum section_kind kind,
                                    struct strbuf *why)
{
    if (f->later) {
        strbuf_addf(why, "this is not in this version of reeve; %s",
                    f->hint ? f->hint : "remove the key");
    } else if (!f->key) {
        strbuf_addf(why, "unknown key; %s", f->hint);
    } else if (!(where_is(f->key) & bits_of(kind))) {
        strbuf_addf(why,
                    "unknown key; reeve calls it '%s', which belongs to %s and means nothing in %s",
                    f->key, places_of(where_is(f->key)), this_place(kind));
    } else {
        strbuf_addf(why, "unknown key; reeve calls it '%s'%s%s", f->key, f->hint ? ": " : "",
                    f->hint ? f->hint : "");
    }
    return f->key;
}

static const char *complain_unknown(const char *name, enum section_kind kind, struct strbuf *why)
{
    const struct foreign *foreign = foreign_key(name, kind);
    const char *here[KEYS_MAX], *near;
    size_t n = 0;

    if (foreign)
        return complain_foreign(foreign, kind, why);
    for (size_t i = 0; i < n_keys; i++) {
        if (may_stand(&keys[i], kind))
            here[n++] = keys[i].name;
    }
    near = nearest_name(name, here, n);
    if (near)
        strbuf_addf(why, "unknown key; did you mean '%s'?", near);
    else
        strbuf_addf(why, "unknown key; the keys of %s are listed in reeve.ini(5)",
                    this_place(kind));
    return near;
}

int key_find(const char *name, enum section_kind kind, struct strbuf *why, const char **ret_meant)
{
    const struct key *elsewhere = NULL;

    *ret_meant = NULL;
    for (size_t i = 0; i < n_keys; i++) {
        if (strcmp(keys[i].name, name) != 0)
            continue;
        if (may_stand(&keys[i], kind))
            return (int)i;
        elsewhere = &keys[i];
    }
    if (elsewhere)
        strbuf_addf(why, "this key belongs to %s and means nothing in %s; remove it",
                    places_of(elsewhere->where), this_place(kind));
    else
        *ret_meant = complain_unknown(name, kind, why);
    return -1;
}

bool key_is_for(uint32_t key, enum section_kind kind)
{
    return keys[key].where & kind;
}

bool key_takes_lines(const char *name)
{
    for (size_t i = 0; i < n_keys; i++) {
        if ((keys[i].type == VALUE_COMMANDS || keys[i].type == VALUE_LINES) &&
            strcmp(keys[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Its number, or n_keys when it may not stand there. */
static size_t number_of(const struct draft *d, const char *key)
{
    size_t i = 0;

    while (i < n_keys && (!(keys[i].where & d->kind) || strcmp(keys[i].name, key) != 0))
        i++;
    return i;
}

const struct given *draft_given(const struct draft *d, const char *key)
{
    size_t i = number_of(d, key);

    return i < n_keys && d->given[i].text ? &d->given[i] : NULL;
}

struct given *draft_change(struct draft *d, const char *key)
{
    size_t i = number_of(d, key);

    return i < n_keys && d->given[i].text ? &d->given[i] : NULL;
}

const char *draft_text(const struct draft *d, const char *key)
{
    const struct given *g = draft_given(d, key);

    return g ? g->text : NULL;
}

bool draft_has_own(const struct draft *d, const char *key)
{
    const struct given *g = draft_given(d, key);

    return g && g->title == d->title;
}
