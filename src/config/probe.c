#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "config/address.h"
#include "config/expand.h"
#include "config/loader.h"

/* ---- what is no form ---- */

/* The forms of `ready`, each with the word that it begins with; those of `health` are the last. */
static const char *const form_words[] = {"started", "fd", "notify", "tcp", "unix", "exec"};
static const char *const forms[] = {"started",       "fd:N",      "notify",
                                    "tcp:HOST:PORT", "unix:PATH", "exec:COMMAND"};
enum { N_FORMS = sizeof forms / sizeof forms[0], HEALTH_FORMS_FROM = 2 };

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* "tcp" of "tcp:x"; cut, when it is too long for any of them. */
static const char *first_word(char buf[SHOWN_BYTES], const char *value)
{
    size_t len = strcspn(value, ": \t");

    if (len >= SHOWN_BYTES)
        len = SHOWN_BYTES - 1;
    memcpy(buf, value, len);
    buf[len] = '\0';
    return buf;
}

/* What people write instead; false when it is nothing that we know. */
static bool complain_known(bool health, const char *value, struct strbuf *why)
{
    char text[SHOWN_BYTES];

    shown(text, value);
    if (begins(value, "http:") || begins(value, "https:"))
        strbuf_addf(why, "'http:' is not in this version of reeve; write for example "
                         "exec:curl -fsS -o /dev/null http://localhost:8080/");
    else if (begins(value, "log:") && !health)
        strbuf_addf(why, "'log:' is not in this version of reeve; write another form, or remove "
                         "the key");
    else if (health && (strcmp(value, "started") == 0 || begins(value, "fd:")))
        strbuf_addf(why,
                    "'%s' belongs to 'ready', since it tells only once; write here tcp:HOST:PORT, "
                    "unix:PATH, exec:COMMAND or notify",
                    text);
    else if (health && (strcmp(value, "none") == 0 || strcmp(value, "no") == 0))
        strbuf_addf(why, "'%s' is not a way to look; remove the key", text);
    else if (begins(value, "pipefd:") && !health)
        strbuf_addf(why, "'pipefd' is not a word of this key; write fd:%s",
                    shown(text, value + strlen("pipefd:")));
    else if (begins(value, "CMD") || begins(value, "[\"CMD"))
        strbuf_addf(why,
                    "'%s' is not a word of this key; write exec:COMMAND, or exec:sh -c '...' "
                    "for a shell",
                    text);
    else if (*value == '/')
        strbuf_addf(why, "'%s' is only a path; write exec: before a command, unix: before a socket",
                    text);
    else
        return false;
    return true;
}

static void complain_form(bool health, const char *value, struct strbuf *why)
{
    unsigned first = health ? HEALTH_FORMS_FROM : 0;
    char text[SHOWN_BYTES], word[SHOWN_BYTES];
    const char *near;

    if (complain_known(health, value, why))
        return;
    near = nearest_name(first_word(word, value), form_words + first, N_FORMS - first);
    strbuf_addf(why, "'%s' is not a value of this key; ", shown(text, value));
    for (unsigned i = first; near && i < N_FORMS; i++) {
        if (strcmp(form_words[i], near) == 0)
            strbuf_addf(why, "did you mean %s?", forms[i]);
    }
    if (near)
        return;
    strbuf_add(why, "write ");
    for (unsigned i = first; i < N_FORMS; i++)
        strbuf_addf(why, "%s%s", i == first ? "" : i + 1 == N_FORMS ? " or " : ", ", forms[i]);
}

/* ---- forms ---- */

static int read_fd(const char *text, int *ret, struct strbuf *why)
{
    bool digits = *text && strlen(text) <= 4 && !text[strspn(text, "0123456789")];
    long n = digits ? strtol(text, NULL, 10) : 0;
    char number[SHOWN_BYTES];

    if (n < READY_FD_MIN || n > READY_FD_MAX) {
        strbuf_addf(why, "'%s' is not a descriptor for this; write a number from %d to %d",
                    shown(number, text), (int)READY_FD_MIN, (int)READY_FD_MAX);
        return -EINVAL;
    }
    *ret = (int)n;
    return 0;
}

/* A form that is looked at, but is no command. 0, -EINVAL with the problem in `why`, or -ENOMEM. */
static int read_place(bool health, const char *value, struct probe_spec *to, struct strbuf *why)
{
    int rc;

    to->text = value;
    if (begins(value, "tcp:")) {
        to->kind = PROBE_TCP;
        rc = address_tcp(value + strlen("tcp:"), to, why);
    } else if (begins(value, "unix:")) {
        to->kind = PROBE_UNIX;
        rc = address_unix(value + strlen("unix:"), to, why);
    } else if (begins(value, "exec:")) {
        strbuf_add(why, "'exec:' comes from a variable; write it itself, and variables behind it");
        rc = -EINVAL;
    } else {
        complain_form(health, value, why);
        rc = -EINVAL;
    }
    return rc;
}

/* A command in `text`; false after a complaint. */
static bool read_command(struct loader *l, const struct draft *d, const char *key, const char *text,
                         const struct env *env, struct probe_spec *to)
{
    to->kind = PROBE_EXEC;
    to->text = text;
    to->argv = draft_command(l, draft_place(d, key), text + strlen("exec:"), env, &to->argc);
    return to->argv != NULL;
}

/* Expanded, in *ret; false after a complaint. */
static bool expand_value(struct loader *l, const struct draft *d, const char *key, const char *text,
                         const struct env *env, const char **ret)
{
    struct strbuf why = STRBUF_INIT;
    int rc = expand(text, env, &l->arena, ret, &why);

    if (rc < 0)
        draft_complain(l, d, key, rc, &why);
    strbuf_finish(&why);
    return rc == 0;
}

/* The key's text, unless there is none or it was complained about. */
static const char *given(const struct draft *d, const char *key)
{
    const char *text = draft_text(d, key);

    return text && *text ? text : NULL;
}

/* What was read of a key counts only if nothing is wrong with it. */
static bool settle(struct loader *l, const struct draft *d, const char *key, int rc,
                   struct strbuf *why)
{
    if (rc < 0)
        draft_complain(l, d, key, rc, why);
    strbuf_finish(why);
    return rc == 0;
}

/* False after a complaint. */
static bool load_ready(struct loader *l, struct unit_draft *d, const struct env *env)
{
    const char *text = given(&d->base, "ready"), *value = NULL;
    struct unit_spec *u = &d->spec;
    struct probe_spec probe = {.kind = PROBE_NONE};
    struct strbuf why = STRBUF_INIT;
    int rc = 0;

    if (!text)
        return true;
    if (begins(text, "exec:")) {
        if (!read_command(l, &d->base, "ready", text, env, &probe))
            return false;
        u->ready = READY_PROBED;
        u->ready_probe = probe;
        return true;
    }
    if (!expand_value(l, &d->base, "ready", text, env, &value))
        return false;
    if (strcmp(value, "notify") == 0) {
        u->ready = READY_NOTIFY;
    } else if (begins(value, "fd:")) {
        rc = read_fd(value + strlen("fd:"), &u->ready_fd, &why);
        u->ready = READY_FD;
    } else if (strcmp(value, "started") != 0) {
        rc = read_place(false, value, &probe, &why);
        u->ready = READY_PROBED;
        u->ready_probe = probe;
    }
    return settle(l, &d->base, "ready", rc, &why);
}

static void load_health(struct loader *l, struct unit_draft *d, const struct env *env)
{
    const char *text = given(&d->base, "health"), *value = NULL;
    struct probe_spec probe = {.kind = PROBE_NONE};
    struct strbuf why = STRBUF_INIT;
    int rc = 0;

    if (!text)
        return;
    if (begins(text, "exec:")) {
        if (read_command(l, &d->base, "health", text, env, &probe))
            d->spec.health = probe;
        return;
    }
    if (!expand_value(l, &d->base, "health", text, env, &value))
        return;
    if (strcmp(value, "notify") == 0)
        probe = (struct probe_spec){.kind = PROBE_NOTIFY, .text = value};
    else
        rc = read_place(true, value, &probe, &why);
    if (settle(l, &d->base, "health", rc, &why))
        d->spec.health = probe;
}

/* ---- what goes with what ---- */

/* Keys that say how often and how long to look, without one that says where. */
static void check_health_keys(struct loader *l, const struct draft *d)
{
    static const char *const keys_of_health[] = {"health_interval", "health_timeout",
                                                 "health_retries", "health_start_period",
                                                 "health_action"};

    if (draft_text(d, "health") || d->health_refused)
        return;
    for (size_t i = 0; i < sizeof keys_of_health / sizeof keys_of_health[0]; i++) {
        if (draft_has_own(d, keys_of_health[i]))
            report_add(&l->report, draft_place(d, keys_of_health[i]),
                       "it means nothing without the key 'health', which is missing; write for "
                       "example health = tcp:localhost:8080, or remove it");
    }
}

static const char *ready_form(enum ready_mode mode)
{
    return mode == READY_NOTIFY ? "notify" : mode == READY_FD ? "fd:N" : "started";
}

static void warn_idle_keys(struct loader *l, const struct unit_draft *d)
{
    const struct unit_spec *u = &d->spec;

    if (u->ready != READY_PROBED && draft_has_own(&d->base, "ready_interval"))
        report_warn(&l->report, draft_place(&d->base, "ready_interval"),
                    "it means nothing with ready = %s, where nothing is looked at; remove it",
                    ready_form(u->ready));
    if (u->health.kind == PROBE_NOTIFY && draft_has_own(&d->base, "health_timeout"))
        report_warn(&l->report, draft_place(&d->base, "health_timeout"),
                    "it means nothing with health = notify, where health_interval is the time "
                    "that the unit has; remove it");
}

/* A variable that reeve sets in the process, wherever else it is set. `key` asks for it. */
static void check_variable(struct loader *l, const struct unit_draft *d, const struct env *env,
                           const char *name, const char *key)
{
    if (env_has_own(env, name))
        report_add(&l->report, draft_place(&d->base, "environment"),
                   "only reeve sets %s in a unit with %s = notify; remove it here", name, key);
    else if (env_get(env, name, strlen(name)))
        report_add(&l->report, draft_place(&d->base, key),
                   "only reeve sets %s in a unit with %s = notify; remove it from 'environment' of "
                   "[reeve]",
                   name, key);
}

static void check_variables(struct loader *l, const struct unit_draft *d, const struct env *env)
{
    bool feeds = d->spec.health.kind == PROBE_NOTIFY;

    if (feeds || d->spec.ready == READY_NOTIFY)
        check_variable(l, d, env, "NOTIFY_SOCKET", feeds ? "health" : "ready");
    if (feeds) {
        check_variable(l, d, env, "WATCHDOG_USEC", "health");
        check_variable(l, d, env, "WATCHDOG_PID", "health");
    }
}

void load_probes(struct loader *l, struct unit_draft *d, const struct env *env)
{
    bool good = load_ready(l, d, env);

    load_health(l, d, env);
    check_health_keys(l, &d->base);
    if (good)
        warn_idle_keys(l, d);
    check_variables(l, d, env);
}
