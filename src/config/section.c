#include "config/section.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/nearest.h"
#include "config/errors.h"
#include "config/foreign.h"
#include "config/reader.h"
#include "core/unit_spec.h"

static const char *const kind_names[] = {"reeve", "service", "job", "defaults", "template"};
static const enum section_kind kinds[] = {SECTION_REEVE, SECTION_SERVICE, SECTION_JOB,
                                          SECTION_DEFAULTS, SECTION_TEMPLATE};

enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

const char *section_kind_name(enum section_kind kind)
{
    for (size_t i = 0; i < N_KINDS; i++) {
        if (kinds[i] == kind)
            return kind_names[i];
    }
    return "?";
}

static bool name_char(char c, bool first)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return !first && (c == '_' || c == '.' || c == '-');
}

size_t section_name_span(const char *text)
{
    size_t n = 0;

    while (name_char(text[n], n == 0))
        n++;
    return n;
}

/* "web@1": instances are made by a key, not by headers. Says nothing, and returns false, when it is
 * no such name. */
static bool is_instance(const char *name, struct strbuf *why)
{
    size_t base = section_name_span(name);
    int len = (int)base;

    if (!base || base > UNIT_NAME_MAX || name[base] != '@')
        return false;
    strbuf_addf(why, "instances have no sections of their own; write [service:%.*s] with ", len,
                name);
    strbuf_addf(why, "'instances = N', which makes %.*s@1 to %.*s@N", len, name, len, name);
    return true;
}

static int check_name(const char *kind, const char *name, struct strbuf *why)
{
    size_t len = strlen(name);
    char text[SHOWN_BYTES];

    if (len == 0) {
        strbuf_addf(why, "the %s has no name; write for example [%s:web]", kind, kind);
        return -EINVAL;
    }
    if (strcmp(kind, "template") != 0 && is_instance(name, why))
        return -EINVAL;
    if (section_name_span(name) < len) {
        strbuf_addf(why,
                    "'%s' cannot be a name; a name is letters, digits, '_', '.' and '-', and "
                    "begins with a letter or digit",
                    shown(text, name));
        return -EINVAL;
    }
    if (len > UNIT_NAME_MAX) {
        strbuf_addf(why, "the name has %zu characters; at most %d are allowed", len,
                    (int)UNIT_NAME_MAX);
        return -EINVAL;
    }
    return 0;
}

static int unknown_kind(const char *kind, const char *name, struct strbuf *why)
{
    const char *near = nearest_name(kind, kind_names, N_KINDS);
    char text[SHOWN_BYTES];

    shown(text, name ? name : kind);
    strbuf_add(why, "unknown section; ");
    if (!name && is_instance(kind, why))
        return -EINVAL;
    if (foreign_section(kind, name ? text : NULL, why))
        return -EINVAL;
    if (near && (strcmp(near, "reeve") == 0 || strcmp(near, "defaults") == 0))
        strbuf_addf(why, "did you mean [%s]?", near);
    else if (near)
        strbuf_addf(why, "did you mean [%s:%s]?", near, name ? text : "NAME");
    else if (!name && *kind && !kind[section_name_span(kind)])
        strbuf_addf(why, "a unit is written [service:%s] or [job:%s]", text, text);
    else
        strbuf_add(why, "there are [reeve], [defaults], [template:NAME], [service:NAME] and "
                        "[job:NAME]");
    return -EINVAL;
}

/* Cuts white space off both ends, in place; whether there was any. */
static bool trim_word(char **word)
{
    char *end = *word + strlen(*word);
    bool any = false;

    for (; ini_is_space(**word); any = true)
        (*word)++;
    for (; end > *word && ini_is_space(end[-1]); any = true)
        *--end = '\0';
    return any;
}

int section_parse(const char *title, struct arena *arena, enum section_kind *ret_kind,
                  const char **ret_name, struct strbuf *why)
{
    char *kind = arena_copy(arena, title, strlen(title)), *name;
    bool spaced = false;
    size_t i = 0;

    *ret_kind = 0;
    *ret_name = NULL;
    if (!kind)
        return -ENOMEM;
    name = strchr(kind, ':');
    if (name) {
        *name++ = '\0';
        spaced = trim_word(&kind);
        spaced |= trim_word(&name);
    }
    while (i < N_KINDS && strcmp(kind, kind_names[i]) != 0)
        i++;
    if (i == N_KINDS)
        return unknown_kind(kind, name, why);
    *ret_kind = kinds[i];
    if (kinds[i] == SECTION_REEVE || kinds[i] == SECTION_DEFAULTS) {
        if (!name)
            return 0;
        if (kinds[i] == SECTION_REEVE)
            strbuf_add(why, "the section of the daemon has no name; write [reeve]");
        else
            strbuf_addf(why,
                        "what holds for every unit has no name; write [defaults], or [template:%s] "
                        "and 'extends' in the units that it is for",
                        *name && !name[section_name_span(name)] ? name : "NAME");
        return -EINVAL;
    }
    if (check_name(kind, name ? name : "", why) < 0)
        return -EINVAL;
    if (spaced) {
        strbuf_addf(why, "no white space stands around ':'; write [%s:%s]", kind, name);
        return -EINVAL;
    }
    *ret_name = name;
    return 0;
}
