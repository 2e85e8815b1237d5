/* The key redact: which variables are not to be shown, besides those that are never. */
#include <errno.h>
#include <string.h>

#include "config/expand.h"
#include "config/loader.h"

enum { PATTERNS_MAX = 64 };

static const char pattern_chars[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_*?";

/* The patterns as they gather, separated by spaces. */
struct patterns {
    struct strbuf text;
    unsigned n;
};

static void add_pattern(struct loader *l, struct place where, const char *word, size_t len,
                        struct patterns *to)
{
    char *copy = arena_copy(&l->arena, word, len), text[SHOWN_BYTES];
    size_t good;

    if (!copy) {
        report_out_of_memory(&l->report);
        return;
    }
    good = strspn(copy, pattern_chars);
    if (good < len && copy[good] == ',')
        report_add(&l->report, where,
                   "'%s' is no pattern; separate them by white space, not by ','",
                   shown(text, copy));
    else if (good < len)
        report_add(
            &l->report, where,
            "'%s' is no pattern of names; write letters, digits and '_', with '*' for any of "
            "them and '?' for any one",
            shown(text, copy));
    else if (to->n == PATTERNS_MAX)
        report_add(&l->report, where, "there are more than %d patterns; put some of them together",
                   PATTERNS_MAX);
    else
        strbuf_addf(&to->text, "%s%s", to->text.len_bytes ? " " : "", copy);
    to->n += to->n < PATTERNS_MAX;
}

static void add_patterns(struct loader *l, struct place where, const char *text,
                         const struct env *env, struct patterns *to)
{
    struct strbuf why = STRBUF_INIT;
    const char *at;
    int rc = expand(text, env, &l->arena, &at, &why);

    if (rc == -ENOMEM || why.failed)
        report_out_of_memory(&l->report);
    else if (rc < 0)
        report_add(&l->report, where, "%s", strbuf_text(&why));
    while (rc == 0) {
        size_t len;

        at += strspn(at, " \t\r\v\f");
        len = strcspn(at, " \t\r\v\f");
        if (!len)
            break;
        add_pattern(l, where, at, len, to);
        at += len;
    }
    strbuf_finish(&why);
}

const char *draft_redact(struct loader *l, const struct draft *d, const struct env *env,
                         const char *outer)
{
    struct patterns to = {STRBUF_INIT, 0};
    const char *copy = outer;

    if (!draft_text(d, "redact"))
        return outer;
    strbuf_add(&to.text, outer ? outer : "");
    for (uint32_t i = 0; i < d->n_layers; i++) {
        const struct layer *layer = d->layers[i];

        for (uint32_t k = 0; k < layer->n_keys; k++) {
            const struct given *g = &layer->keys[k].given;

            if (strcmp(keys[layer->keys[k].key].name, "redact") == 0)
                add_patterns(l, draft_given_place(d, "redact", g), g->text, env, &to);
        }
    }
    if (to.text.len_bytes)
        copy = arena_copy(&l->arena, strbuf_text(&to.text), to.text.len_bytes);
    if (to.text.failed || (to.text.len_bytes && !copy))
        report_out_of_memory(&l->report);
    strbuf_finish(&to.text);
    return copy;
}
