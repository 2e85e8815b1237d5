#include "config/expand.h"

#include <errno.h>
#include <string.h>

#include "config/errors.h"

/* "; write $${ for a literal ${" ends every complaint, for those who meant no variable. */
#define LITERAL_HINT "write $${ for a literal ${"

static int bad_form(struct strbuf *why, const char *at)
{
    char text[SHOWN_BYTES];

    strbuf_addf(
        why,
        "'%s' is not a variable; write ${NAME} or ${NAME:-default} (NAME is letters, digits "
        "and _; the default holds no ${ and no }), or " LITERAL_HINT,
        shown(text, at));
    return -EINVAL;
}

static int unset(struct strbuf *why, const char *name, size_t name_bytes)
{
    int n = name_bytes > 64 ? 64 : (int)name_bytes;

    strbuf_addf(why,
                "the variable '%.*s' is not set; set it in environment, give a default as in "
                "${%.*s:-text}, or " LITERAL_HINT,
                n, name, n, name);
    return -EINVAL;
}

static int not_yet(struct strbuf *why, const char *name, size_t name_bytes)
{
    strbuf_addf(why,
                "%.*s is known only when a hook runs; let a shell see to it, as in "
                "sh -c 'echo $%.*s'",
                (int)name_bytes, name, (int)name_bytes, name);
    return -EINVAL;
}

/* One `${...}` at *at; moves behind it. */
static int one_variable(const char **at, const struct env *env, struct strbuf *to,
                        struct strbuf *why)
{
    const char *name = *at + 2, *end = strchr(name, '}'), *value;
    size_t name_bytes = strcspn(name, ":}");

    if (!end || !env_name_ok(name, name_bytes))
        return bad_form(why, *at);
    if (env_is_of_hooks(name, name_bytes))
        return not_yet(why, name, name_bytes);
    value = env_get(env, name, name_bytes);
    if (name[name_bytes] == ':') {
        const char *text = name + name_bytes + 2;

        if (name[name_bytes + 1] != '-' || memmem(text, (size_t)(end - text), "${", 2))
            return bad_form(why, *at);
        if (value && *value)
            strbuf_add(to, value);
        else
            strbuf_add_bytes(to, text, (size_t)(end - text));
    } else if (value) {
        strbuf_add(to, value);
    } else {
        return unset(why, name, name_bytes);
    }
    *at = end + 1;
    return 0;
}

static int expand_into(struct strbuf *to, const char *at, const struct env *env, struct strbuf *why)
{
    while (*at) {
        size_t plain = strcspn(at, "$");
        int rc = 0;

        strbuf_add_bytes(to, at, plain);
        at += plain;
        if (strncmp(at, "$${", 3) == 0) {
            strbuf_add(to, "${");
            at += 3;
        } else if (strncmp(at, "${", 2) == 0) {
            rc = one_variable(&at, env, to, why);
        } else if (*at) {
            strbuf_add_bytes(to, at++, 1);
        }
        if (rc < 0)
            return rc;
        if (to->len_bytes > EXPANDED_MAX_BYTES) {
            strbuf_addf(why,
                        "the text is longer than %d bytes, the most that can be handed to a "
                        "program in one piece; shorten it",
                        EXPANDED_MAX_BYTES);
            return -EINVAL;
        }
    }
    return 0;
}

int expand(const char *text, const struct env *env, struct arena *arena, const char **ret,
           struct strbuf *why)
{
    struct strbuf to = STRBUF_INIT;
    int rc = expand_into(&to, text, env, why);

    if (rc == 0) {
        *ret = to.failed ? NULL : arena_copy(arena, strbuf_text(&to), to.len_bytes);
        if (!*ret)
            rc = -ENOMEM;
    }
    strbuf_finish(&to);
    return rc;
}
