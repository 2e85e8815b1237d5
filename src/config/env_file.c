/* The key env_file: variables from files, read with the configuration. */
#include <errno.h>
#include <string.h>

#include "config/dotenv.h"
#include "config/expand.h"
#include "config/files.h"
#include "config/loader.h"

/* A file as it was read for the first unit that names it. */
struct variables {
    int rc;
    struct dotenv list;
    const struct source *source;
};

static struct variables *read_variables(struct loader *l, const char *path)
{
    struct variables *v = arena_alloc(&l->arena, 1, sizeof *v);
    struct source *source = arena_alloc(&l->arena, 1, sizeof *source);
    struct strbuf text = STRBUF_INIT;
    struct file_id id;

    if (!v || !source)
        return NULL;
    v->source = source;
    v->rc = files_read(path, true, &text, &id);
    *source = (struct source){path, ++l->n_included};
    if (v->rc == 0)
        dotenv_read(&v->list, source, strbuf_text(&text), text.len_bytes, &l->arena, &l->report);
    strbuf_finish(&text);
    return v;
}

/* Each file is read once, however many units name it. `path` stays. NULL when memory ran out. */
static struct variables *find_variables(struct loader *l, const char *path)
{
    bool added;
    struct strtab_entry *e = strtab_put(&l->env_files, path, strlen(path), &added);
    struct variables *v;

    if (!e)
        return NULL;
    if (!added)
        return (struct variables *)(uintptr_t)e->value;
    v = read_variables(l, path);
    e->value = (uint64_t)(uintptr_t)v;
    return v;
}

static void complain_unreadable(struct loader *l, struct place where, const char *path, int rc)
{
    struct strbuf why = STRBUF_INIT;
    char text[SHOWN_BYTES];

    if (rc == -ENOENT)
        strbuf_add(&why, "there is no such file; create it, or write '-' before its name if it "
                         "may be missing");
    else
        files_explain(&why, rc);
    if (rc == -ENOMEM || why.failed)
        report_out_of_memory(&l->report);
    else
        report_add(&l->report, where, "'%s': %s", shown(text, path), strbuf_text(&why));
    strbuf_finish(&why);
}

static void set_all(struct loader *l, const struct variables *v, struct env *env)
{
    for (size_t i = 0; i < v->list.n; i++) {
        const char *var = v->list.vars[i], *equals = strchr(var, '=');
        size_t name_bytes = (size_t)(equals - var);
        struct place where = {.line = v->list.lines[i], .source = v->source};

        if (env_is_of_units(var, name_bytes) || env_is_of_hooks(var, name_bytes))
            report_add(&l->report, where,
                       "reeve itself sets %.*s in units; choose another name, or remove it",
                       (int)name_bytes, var);
        else if (strlen(equals + 1) + name_bytes + 1 > EXPANDED_MAX_BYTES)
            report_add(&l->report, where,
                       "the variable %.*s is longer than %d bytes, the most that a program can be "
                       "given; shorten it",
                       name_bytes < SHOWN_BYTES ? (int)name_bytes : SHOWN_BYTES, var,
                       (int)EXPANDED_MAX_BYTES);
        else if (env_set(env, var, name_bytes, equals + 1) < 0)
            report_out_of_memory(&l->report);
    }
}

/* One line of the key. */
static void load_file(struct loader *l, struct place where, const char *text, struct env *env)
{
    struct strbuf why = STRBUF_INIT;
    const struct variables *v;
    bool optional = *text == '-';
    const char *name;
    char *path;

    if (expand(text + optional, env, &l->arena, &name, &why) < 0) {
        if (why.len_bytes)
            report_add(&l->report, where, "%s", strbuf_text(&why));
        else
            report_out_of_memory(&l->report);
    } else if (!*name) {
        report_add(&l->report, where, "the name of the file is empty; write one, or remove it");
    } else if (l->options->alone) {
        report_add(&l->report, where, "no other file is read here; remove the key");
    } else {
        path = files_beside(where.source->name, name, &l->arena);
        v = path ? find_variables(l, path) : NULL;
        if (!v)
            report_out_of_memory(&l->report);
        else if (v->rc == 0)
            set_all(l, v, env);
        else if (!optional || (v->rc != -ENOENT && v->rc != -ENOLINK))
            complain_unreadable(l, where, path, v->rc);
    }
    strbuf_finish(&why);
}

void draft_env_file(struct loader *l, const struct draft *d, struct env *env)
{
    const char *text = draft_text(d, "env_file");

    for (size_t i = 0; text && *text; i++) {
        size_t len = strcspn(text, "\n");
        char *line = arena_copy(&l->arena, text, len);

        if (!line) {
            report_out_of_memory(&l->report);
            return;
        }
        load_file(l, draft_line_place(d, "env_file", i), line, env);
        text += len + (text[len] != '\0');
    }
}
