#include <errno.h>
#include <string.h>

#include "config/expand.h"
#include "config/loader.h"
#include "config/values.h"
#include "config/words.h"

/* What the kernel takes at most for all arguments and variables of a program. */
enum { WORDS_MAX_BYTES = 6 * 1024 * 1024 };

struct place draft_place(const struct draft *d, const char *key)
{
    struct place p = {.section = d->title, .key = key};

    draft_text(d, key, &p.line);
    return p;
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

/* Continued lines are joined by a space, unless each is an item. */
static const char *joined(struct loader *l, const char *value)
{
    char *copy, *at;

    if (!strchr(value, '\n'))
        return value;
    copy = arena_copy(&l->arena, value, strlen(value));
    if (!copy)
        report_out_of_memory(&l->report);
    for (at = copy; at && *at; at++) {
        if (*at == '\n')
            *at = ' ';
    }
    return copy;
}

static void collect_one(struct loader *l, const struct ini_key *given, struct draft *d)
{
    struct strbuf why = STRBUF_INIT;
    struct place where = {given->line, d->title, given->name};
    const char *meant;
    int key = key_find(given->name, d->kind, &why, &meant);

    if (key < 0) {
        d->command_refused |= meant && strcmp(meant, "command") == 0;
        d->health_refused |= meant && strcmp(meant, "health") == 0;
        report_add(&l->report, where, "%s", strbuf_text(&why));
        if (why.failed)
            report_out_of_memory(&l->report);
    } else if (d->lines[key]) {
        report_add(&l->report, where,
                   "the key is given twice; it was first given in line %u: keep one of them",
                   d->lines[key]);
    } else {
        d->lines[key] = given->line;
        d->texts[key] = keys[key].type == VALUE_COMMANDS ? given->value : joined(l, given->value);
        d->value_lines[key] = given->value_lines;
    }
    strbuf_finish(&why);
}

void draft_collect(struct loader *l, const struct ini_section *section, struct draft *d)
{
    d->command_refused = d->health_refused = section->refused;
    for (size_t i = 0; i < section->n_keys; i++)
        collect_one(l, &l->doc.keys[section->first_key + i], d);
}

void draft_store(struct loader *l, struct draft *d, const struct env *env)
{
    for (size_t i = 0; i < n_keys; i++) {
        struct strbuf why = STRBUF_INIT;
        const char *text = d->texts[i];
        int rc = 0;

        if (!text)
            continue;
        if (keys[i].type != VALUE_RAW && keys[i].type != VALUE_COMMANDS)
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
    if (strncmp(word, "REEVE_UNIT=", 11) == 0 || strncmp(word, "REEVE_INSTANCE=", 15) == 0) {
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

void draft_environment(struct loader *l, const struct draft *d, struct env *env)
{
    size_t n, total_bytes = 0;
    struct place where = draft_place(d, "environment");
    char **words = split(l, where, draft_text(d, "environment", NULL), &n);

    for (size_t i = 0; words && i < n; i++) {
        struct strbuf why = STRBUF_INIT;
        int rc = set_variable(l, env, words[i], &total_bytes, &why);

        if (rc < 0)
            complain_at(l, where, rc, &why);
        strbuf_finish(&why);
        if (total_bytes > WORDS_MAX_BYTES) {
            complain_too_long(l, where);
            return;
        }
    }
}
