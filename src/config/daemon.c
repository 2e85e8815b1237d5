#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "config/loader.h"
#include "config/places.h"

enum { SOCKET_MODE = 0660 };

/* Moves malloc'ed text into the arena. */
static const char *adopt(struct loader *l, char *text)
{
    const char *copy = text ? arena_copy(&l->arena, text, strlen(text)) : NULL;

    free(text);
    if (!copy)
        report_out_of_memory(&l->report);
    return copy;
}

static const char *socket_in(struct loader *l, const char *runtime_dir)
{
    struct strbuf path = STRBUF_INIT;

    strbuf_add(&path, runtime_dir ? runtime_dir : "");
    strbuf_add(&path, "/reeve.sock");
    return adopt(l, strbuf_steal(&path));
}

void load_daemon(struct loader *l, const struct ini_section *section)
{
    struct daemon_draft d = {
        .base = {.kind = SECTION_REEVE, .title = "reeve"},
        .spec = {.socket_mode = SOCKET_MODE},
    };

    if (section) {
        d.base.line = section->line;
        draft_collect(l, section, &d.base);
        draft_environment(l, &d.base, &l->base);
        draft_store(l, &d.base, &l->base);
    }
    if (!d.spec.runtime_dir)
        d.spec.runtime_dir = adopt(l, places_runtime_dir(l->options->environ, l->options->uid));
    if (!d.spec.socket)
        d.spec.socket = socket_in(l, d.spec.runtime_dir);
    l->set->daemon = d.spec;
}
