#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "config/expand.h"
#include "config/loader.h"
#include "config/values.h"

static const struct unit_spec defaults = {
    .description = "",
    .directory = "/",
    .umask = 022,
    .enabled = true,
    .log = LOG_INHERIT,
    .ready = READY_STARTED,
    .ready_timeout_ms = 30 * 1000,
    .ready_interval_ms = 200,
    .health_interval_ms = 30 * 1000,
    .health_timeout_ms = 5 * 1000,
    .health_retries = 3,
    .health_action = HEALTH_ACTION_NONE,
    .hook_timeout_ms = 10 * 1000,
    .stop_signal = SIGTERM,
    .stop_timeout_ms = 10 * 1000,
    .kill_mode = KILL_GROUP,
    .restart = RESTART_NEVER,
    .restart_delay_ms = 100,
    .restart_delay_max_ms = 30 * 1000,
    .restart_jitter_percent = 10,
    .restart_reset_ms = 10 * 1000,
    .restart_window_ms = 60 * 1000,
    .retry_delay_ms = 1000,
    .retry_delay_max_ms = 5 * 60 * 1000,
    .success_exit = {.codes = {1}},
};

/* The longest delay follows the first one up when only that was given; given both, they must fit.
 */
static void fit_delays(struct loader *l, const struct draft *d, const char *key,
                       const char *max_key, int64_t delay_ms, int64_t *max_ms)
{
    char least[32];

    if (delay_ms <= *max_ms)
        return;
    if (!draft_text(d, max_key)) {
        *max_ms = delay_ms;
        return;
    }
    duration_format(delay_ms, least, sizeof least);
    report_add(&l->report, draft_place(d, max_key),
               "it is shorter than %s, %s%s; give at least %s, or a shorter %s", key, least,
               draft_text(d, key) ? "" : " by default", least, key);
}

/* Whether a list of words has one. */
static bool is_given(const char *words)
{
    return words && words[strspn(words, " \t")];
}

static void cross_check(struct loader *l, struct unit_draft *d)
{
    struct unit_spec *u = &d->spec;

    if (u->kind == UNIT_SERVICE && !draft_text(&d->base, "restart"))
        u->restart = u->essential ? RESTART_NEVER : RESTART_ALWAYS;
    if (!draft_text(&d->base, "autostart"))
        u->autostart = u->kind == UNIT_SERVICE;
    if (u->on_dependency_restart == DEPENDENCY_RESTART_FOLLOW && !is_given(d->requires) &&
        draft_has_own(&d->base, "on_dependency_restart"))
        report_warn(&l->report, draft_place(&d->base, "on_dependency_restart"),
                    "this unit requires no other, so that it never follows one; name some in "
                    "'requires', or remove the key");
    fit_delays(l, &d->base, "restart_delay", "restart_delay_max", u->restart_delay_ms,
               &u->restart_delay_max_ms);
    fit_delays(l, &d->base, "retry_delay", "retry_delay_max", u->retry_delay_ms,
               &u->retry_delay_max_ms);
}

static void resolve_command(struct loader *l, struct unit_draft *d, const struct env *env)
{
    const char *text = draft_text(&d->base, "command");

    if (!text && d->base.command_refused)
        return;
    if (!text) {
        report_add(&l->report, draft_place(&d->base, "command"),
                   "the key is missing; write for example command = /usr/bin/python3 -m "
                   "http.server");
        return;
    }
    if (!*text) /* already complained about */
        return;
    d->spec.argv = draft_command(l, draft_place(&d->base, "command"), text, env, &d->spec.argc);
}

static void resolve_redact(struct loader *l, struct unit_draft *d, const struct env *env)
{
    struct unit_spec *u = &d->spec;

    u->redact = draft_redact(l, &d->base, env, l->redact);
    if (u->ready_probe.kind != PROBE_NONE)
        u->ready_probe.redact = u->redact;
    if (u->health.kind != PROBE_NONE)
        u->health.redact = u->redact;
}

/* null, or a file that is opened by the process as it starts. */
static void resolve_stdin(struct loader *l, struct unit_draft *d)
{
    char text[SHOWN_BYTES];

    if (!d->input || strcmp(d->input, "null") == 0)
        return;
    if (*d->input == '/')
        d->spec.stdin_path = d->input;
    else
        report_add(&l->report, draft_place(&d->base, "stdin"),
                   "'%s' is neither null nor an absolute path; write null, or the full path of a "
                   "file",
                   shown(text, d->input));
}

static bool set_default(struct env *env, const char *name, const char *value)
{
    return !value || env_has_own(env, name) || env_set(env, name, strlen(name), value) == 0;
}

/* What users_resolve found wrong, each under its key. */
static void complain_of_user(struct loader *l, const struct unit_draft *d, int rc,
                             struct users_why *why)
{
    if (rc == -ENOMEM)
        report_out_of_memory(&l->report);
    if (why->user.len_bytes)
        draft_complain(l, &d->base, "user", rc, &why->user);
    if (why->group.len_bytes)
        draft_complain(l, &d->base, "group", rc, &why->group);
    if (why->user.failed || why->group.failed)
        report_out_of_memory(&l->report);
    strbuf_finish(&why->user);
    strbuf_finish(&why->group);
}

/* Fills in the ids; adds HOME and the like to the environment unless the unit sets them itself. */
static void resolve_user(struct loader *l, struct unit_draft *d, struct env *env)
{
    const struct identity *id;
    struct users_why why = {STRBUF_INIT, STRBUF_INIT};
    int rc;

    if (!d->user && !d->group)
        return;
    /* A half that was given and refused has been complained about: the other cannot be judged. */
    if ((!d->user && draft_text(&d->base, "user")) || (!d->group && draft_text(&d->base, "group")))
        return;
    rc = users_resolve(&l->users, d->user, d->group, &id, &why);
    complain_of_user(l, d, rc, &why);
    if (rc < 0)
        return;
    d->spec.change_user = id->change;
    d->spec.uid = id->uid;
    d->spec.gid = id->gid;
    d->spec.groups = id->groups;
    d->spec.n_groups = id->n_groups;
    if (!set_default(env, "HOME", id->home) || !set_default(env, "USER", id->name) ||
        !set_default(env, "LOGNAME", id->name) || !set_default(env, "SHELL", id->shell))
        report_out_of_memory(&l->report);
}

/* ---- tags ---- */

static size_t tag_len(const char *at)
{
    size_t n = 0;

    while (at[n] && !ini_is_space(at[n]))
        n++;
    return n;
}

/* What is wrong with a tag, in `why`; nothing when it is good. */
static void judge_tag(const struct unit_spec *u, const char *tag, struct strbuf *why)
{
    size_t len = strlen(tag), n = section_name_span(tag);
    char text[SHOWN_BYTES];

    shown(text, tag);
    if (n < len && tag[n] == ',')
        strbuf_addf(why, "'%s' cannot be a tag; separate tags by white space, not by ','", text);
    else if (n < len)
        strbuf_addf(why,
                    "'%s' cannot be a tag; a tag is letters, digits, '_', '.' and '-', and begins "
                    "with a letter or digit",
                    text);
    else if (len > UNIT_NAME_MAX)
        strbuf_addf(why, "the tag '%s' has %zu characters; at most %d are allowed", text, len,
                    (int)UNIT_NAME_MAX);
    for (uint32_t i = 0; n == len && i < u->n_tags; i++) {
        if (strcmp(u->tags[i], tag) == 0)
            strbuf_addf(why, "the tag '%s' is given twice; write it once", text);
    }
}

/* Adds one tag, or complains; false when no more can be taken. */
static bool add_tag(struct loader *l, struct unit_draft *d, const char *tag)
{
    struct strbuf why = STRBUF_INIT;
    bool full = d->spec.n_tags == TAGS_MAX;

    if (!tag) {
        report_out_of_memory(&l->report);
        return false;
    }
    judge_tag(&d->spec, tag, &why);
    if (full && !why.len_bytes)
        strbuf_addf(&why, "there are more than %d tags; remove some of them", TAGS_MAX);
    if (why.len_bytes || why.failed) {
        draft_complain(l, &d->base, "tags", 0, &why);
        return !full;
    }
    d->spec.tags[d->spec.n_tags++] = tag;
    return true;
}

/* Each tag that is wrong is complained about. */
static void resolve_tags(struct loader *l, struct unit_draft *d)
{
    const char *at = d->tags;

    if (!at)
        return;
    d->spec.tags = arena_alloc(&l->arena, TAGS_MAX, sizeof *d->spec.tags);
    if (!d->spec.tags) {
        report_out_of_memory(&l->report);
        return;
    }
    for (;;) {
        size_t len;

        while (ini_is_space(*at))
            at++;
        len = tag_len(at);
        if (!len || !add_tag(l, d, arena_copy(&l->arena, at, len)))
            return;
        at += len;
    }
}

/* Whether the key of this layer is what holds in the end; those of lists that add up all do. */
static bool is_kept(const struct unit_draft *d, const struct layer_key *k, uint32_t level)
{
    const struct given *g = &d->base.given[k->key];
    const char *name = keys[k->key].name;

    if (!key_is_for(k->key, d->base.kind) || strcmp(name, "extends") == 0)
        return false;
    return g->text &&
           (g->level == level || strcmp(name, "environment") == 0 || strcmp(name, "redact") == 0);
}

/* What the unit comes to, as written: layer by layer, the keys of each in the order written. */
static void keep_texts(struct loader *l, struct unit_draft *d)
{
    struct spec_text *texts;
    uint32_t n = 0;

    for (uint32_t i = 0; i < d->base.n_layers; i++)
        n += d->base.layers[i]->n_keys;
    texts = arena_alloc(&l->arena, n, sizeof *texts);
    if (!texts) {
        report_out_of_memory(&l->report);
        return;
    }
    n = 0;
    for (uint32_t i = 0; i < d->base.n_layers; i++) {
        const struct layer *layer = d->base.layers[i];

        for (uint32_t k = 0; k < layer->n_keys; k++) {
            const struct given *g = &layer->keys[k].given;

            if (is_kept(d, &layer->keys[k], i))
                texts[n++] = (struct spec_text){keys[layer->keys[k].key].name, g->text,
                                                g->source->name, g->line, g->title};
        }
    }
    d->spec.texts = texts;
    d->spec.n_texts = n;
}

static void finish_environment(struct loader *l, struct unit_draft *d, struct env *env)
{
    size_t n = 0;

    if (d->clear_env) /* everything is expanded by now */
        env->outer = &l->of_reeve;
    d->spec.envp = env_flatten(env, &n);
    d->spec.envc = (uint32_t)n;
    if (!d->spec.envp)
        report_out_of_memory(&l->report);
}

/* ---- a section, and its instances ---- */

/* "web", or "web@2". NULL when there is no name. */
static const char *name_of(struct loader *l, const struct header *h, uint32_t instance)
{
    char name[UNIT_NAME_MAX + 16];
    const char *copy;

    if (!h->name || !instance)
        return h->name;
    snprintf(name, sizeof name, "%s@%u", h->name, instance);
    copy = arena_copy(&l->arena, name, strlen(name));
    if (!copy)
        report_out_of_memory(&l->report);
    return copy;
}

/* The keys as text, and the environment; `env` is to be finished. */
static void begin_unit(struct loader *l, const struct header *h, uint32_t instance,
                       struct unit_draft *d, struct env *env)
{
    const struct layer *own = h->own;
    char number[16] = "";

    *d = (struct unit_draft){
        .base = {.kind = h->kind, .title = own->title, .source = own->source, .line = own->line},
        .spec = defaults,
    };
    d->spec.name = name_of(l, h, instance);
    d->spec.base_name = h->name;
    d->spec.instance = instance;
    d->spec.kind = h->kind == SECTION_SERVICE ? UNIT_SERVICE : UNIT_JOB;
    d->spec.file = own->source->name;
    d->spec.line = own->line;
    if (instance)
        snprintf(number, sizeof number, "%u", instance);
    env_init(env, &l->base, &l->arena);
    if (env_set(env, "REEVE_UNIT", strlen("REEVE_UNIT"), d->spec.name ? d->spec.name : "") < 0 ||
        env_set(env, "REEVE_INSTANCE", strlen("REEVE_INSTANCE"), number) < 0)
        report_out_of_memory(&l->report);
    draft_take(&d->base, h->layers, h->n_layers);
    draft_environment(l, &d->base, env);
}

static bool has_key(const struct header *h, const char *name)
{
    for (uint32_t i = 0; i < h->n_layers; i++) {
        for (uint32_t k = 0; k < h->layers[i]->n_keys; k++) {
            if (strcmp(keys[h->layers[i]->keys[k].key].name, name) == 0)
                return true;
        }
    }
    return false;
}

/* What is wrong with the key is told when it is stored with the others. */
uint32_t load_instances(struct loader *l, const struct header *h)
{
    struct strbuf why = STRBUF_INIT;
    struct unit_draft d;
    struct env env;
    const char *text, *meant;
    int key;

    if (!has_key(h, "instances"))
        return 0;
    begin_unit(l, h, 0, &d, &env);
    key = key_find("instances", h->kind, &why, &meant);
    text = draft_text(&d.base, "instances");
    if (key < 0 || expand(text, &env, &l->arena, &text, &why) < 0 ||
        value_store(&keys[key], text, &d, &why) < 0)
        d.instances = 0;
    strbuf_finish(&why);
    env_finish(&env);
    return d.instances;
}

/* The units that a draft names become indexes when all are there. */
static void keep_order(const struct unit_draft *d, struct order_texts *to)
{
    static const char *const names[ORDER_KEYS] = {"requires", "wants", "after", "before",
                                                  "on_failed"};
    const char *const texts[ORDER_KEYS] = {d->requires, d->wants, d->after, d->before,
                                           d->on_failed};

    *to = (struct order_texts){
        .has_health = draft_text(&d->base, "health") || d->base.health_refused,
    };
    for (unsigned i = 0; i < ORDER_KEYS; i++) {
        const struct given *g = draft_given(&d->base, names[i]);

        to->keys[i].text = texts[i];
        to->keys[i].where = draft_place(&d->base, names[i]);
        to->keys[i].rank = g ? (uint64_t)g->level << 32 | g->line : 0;
        to->keys[i].inherited = g && g->title != d->base.title;
    }
}

void load_unit(struct loader *l, const struct header *h, uint32_t instance, struct unit_spec *to,
               struct order_texts *to_texts)
{
    struct unit_draft d;
    struct env env;

    begin_unit(l, h, instance, &d, &env);
    draft_store(l, &d.base, &env);
    resolve_command(l, &d, &env);
    load_probes(l, &d, &env);
    load_hooks(l, &d, &env);
    resolve_user(l, &d, &env);
    load_groups(l, &d);
    resolve_redact(l, &d, &env);
    resolve_stdin(l, &d);
    resolve_tags(l, &d);
    cross_check(l, &d);
    keep_texts(l, &d);
    finish_environment(l, &d, &env);
    if (l->options->check_places)
        check_unit_places(l, &d);
    env_finish(&env);
    keep_order(&d, to_texts);
    *to = d.spec;
}
