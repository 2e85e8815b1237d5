#include <errno.h>
#include <string.h>

#include "config/expand.h"
#include "config/loader.h"
#include "config/values.h"
#include "config/words.h"

/* What the kernel takes at most for all arguments and variables of a program. */
enum { WORDS_MAX_BYTES = 6 * 1024 * 1024 };

struct place draft_given_place(const struct draft *d, const char *key, const struct given *g)
{
    return (struct place){g->line, g->title, key, g->source,
                          g->title == d->title || d->kind == SECTION_REEVE ? NULL : d->title};
}

struct place draft_place(const struct draft *d, const char *key)
{
    const struct given *g = draft_given(d, key);

    if (!g)
        return (struct place){d->line, d->title, key, d->source, NULL};
    return draft_given_place(d, key, g);
}

struct place draft_line_place(const struct draft *d, const char *key, size_t nth)
{
    const struct given *g = draft_given(d, key);
    struct place where = draft_given_place(d, key, g);

    if (g->value_lines)
        where.line = g->value_lines[nth];
    return where;
}

/* As draft_complain. */
static void complain_at(struct loader *l, struct place where, int rc, struct strbuf *why)
{
    if (rc == -ENOMEM || why->failed)
        report_out_of_memory(&l->report);
    else
        report_add(&l->report, where, "%s", strbuf_text(why));
    strbuf_finish(why);
}

void draft_complain(struct loader *l, const struct draft *d, const char *key, int rc,
                    struct strbuf *why)
{
    complain_at(l, draft_place(d, key), rc, why);
}

void draft_store(struct loader *l, struct draft *d, const struct env *env)
{
    for (size_t i = 0; i < n_keys; i++) {
        struct strbuf why = STRBUF_INIT;
        const char *text = d->given[i].text;
        int rc = 0;

        if (!text)
            continue;
        if (keys[i].type != VALUE_RAW && keys[i].type != VALUE_COMMANDS &&
            keys[i].type != VALUE_LINES)
            rc = expand(text, env, &l->arena, &text, &why);
        if (rc == 0)
            rc = value_store(&keys[i], text, d, &why);
        if (rc < 0)
            draft_complain(l, d, keys[i].name, rc, &why);
        strbuf_finish(&why);
    }
}

/* Splits only. NULL after a complaint. */
static char **split(struct loader *l, struct place where, const char *text, size_t *ret_n)
{
    const char *problem = NULL;
    struct strbuf why = STRBUF_INIT;
    char **words;
    int rc;

    *ret_n = 0;
    if (!text)
        return NULL;
    rc = words_split(text, &l->arena, &words, ret_n, &problem);
    if (rc == 0)
        return words;
    if (problem)
        strbuf_add(&why, problem);
    complain_at(l, where, rc, &why);
    return NULL;
}

static void complain_too_long(struct loader *l, struct place where)
{
    report_add(&l->report, where,
               "the words are longer than %d MiB together, the most that a program can be given; "
               "shorten them",
               WORDS_MAX_BYTES / (1024 * 1024));
}

/* Splits, and expands each word. A NULL-terminated list, or NULL after a complaint. */
static char **words_of(struct loader *l, struct place where, const char *text,
                       const struct env *env, uint32_t *ret_n)
{
    size_t n, total_bytes = 0;
    char **words = split(l, where, text, &n);
    bool good = true;

    for (size_t i = 0; words && i < n; i++) {
        struct strbuf why = STRBUF_INIT;
        const char *word = NULL;
        int rc = expand(words[i], env, &l->arena, &word, &why);

        if (rc < 0) {
            complain_at(l, where, rc, &why);
            good = false;
            continue;
        }
        strbuf_finish(&why);
        total_bytes += strlen(word) + 1;
        if (total_bytes > WORDS_MAX_BYTES) {
            complain_too_long(l, where);
            return NULL;
        }
        words[i] = arena_copy(&l->arena, word, strlen(word));
        if (!words[i]) {
            report_out_of_memory(&l->report);
            return NULL;
        }
    }
    *ret_n = (uint32_t)n;
    return good ? words : NULL;
}

/* One warning a command: whoever wrote it for a shell learns it from the first. */
static void warn_of_shell(struct loader *l, struct place where, const char *text)
{
    const char *at, *hint;
    char word[SHOWN_BYTES], *copy;
    size_t len;

    hint = words_shell_sign(text, &at, &len);
    if (!hint)
        return;
    copy = arena_copy(&l->arena, at, len);
    if (copy)
        report_warn(&l->report, where, "'%s' is passed as a word, since no shell is run; %s",
                    shown(word, copy), hint);
    else
        report_out_of_memory(&l->report);
}

char **draft_command(struct loader *l, struct place where, const char *text, const struct env *env,
                     uint32_t *ret_argc)
{
    char **argv = words_of(l, where, text, env, ret_argc);

    if (!argv)
        return NULL;
    if (*ret_argc == 0 || !*argv[0]) {
        report_add(&l->report, where, "the name of the program is empty; write its path or name");
        return NULL;
    }
    warn_of_shell(l, where, text);
    return argv;
}

/* One `NAME=value`; what is wrong goes to `why`. */
static int set_variable(struct loader *l, struct env *env, const char *word, size_t *bytes,
                        struct strbuf *why)
{
    const char *equals = strchr(word, '='), *value;
    size_t name_bytes = equals ? (size_t)(equals - word) : 0;
    char text[SHOWN_BYTES];
    int rc;

    if (!equals || !env_name_ok(word, name_bytes)) {
        strbuf_addf(why,
                    "'%s' is not a variable; write NAME=value, and \"NAME=two words\" when the "
                    "value holds white space",
                    shown(text, word));
        return -EINVAL;
    }
    if (env_is_of_units(word, name_bytes)) {
        strbuf_addf(why, "reeve itself sets %.*s in every unit; choose another name",
                    (int)name_bytes, word);
        return -EINVAL;
    }
    if (env_is_of_hooks(word, name_bytes)) {
        strbuf_addf(why, "reeve itself sets %.*s in the hooks of every unit; choose another name",
                    (int)name_bytes, word);
        return -EINVAL;
    }
    rc = expand(equals + 1, env, &l->arena, &value, why);
    if (rc < 0)
        return rc;
    *bytes += name_bytes + strlen(value) + 2;
    return env_set(env, word, name_bytes, value);
}

static void set_variables(struct loader *l, struct place where, const char *text, struct env *env,
                          size_t *total_bytes)
{
    size_t n;
    char **words = split(l, where, text, &n);

    for (size_t i = 0; words && i < n && *total_bytes <= WORDS_MAX_BYTES; i++) {
        struct strbuf why = STRBUF_INIT;
        int rc = set_variable(l, env, words[i], total_bytes, &why);

        if (rc < 0)
            complain_at(l, where, rc, &why);
        strbuf_finish(&why);
        if (*total_bytes > WORDS_MAX_BYTES)
            complain_too_long(l, where);
    }
}

void draft_environment(struct loader *l, const struct draft *d, struct env *env)
{
    const struct given *files = draft_given(d, "env_file");
    size_t total_bytes = 0;

    for (uint32_t i = 0; i < d->n_layers; i++) {
        const struct layer *layer = d->layers[i];

        if (files && files->level == i)
            draft_env_file(l, d, env);
        for (uint32_t k = 0; k < layer->n_keys; k++) {
            const struct given *g = &layer->keys[k].given;

            if (strcmp(keys[layer->keys[k].key].name, "environment") == 0)
                set_variables(l, draft_given_place(d, "environment", g), g->text, env,
                              &total_bytes);
        }
    }
}
