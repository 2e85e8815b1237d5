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
    size_t len = runtime_dir ? strlen(runtime_dir) : 0;

    while (len > 0 && runtime_dir[len - 1] == '/')
        len--;
    strbuf_add_bytes(&path, runtime_dir, len);
    strbuf_add(&path, "/reeve.sock");
    return adopt(l, strbuf_steal(&path));
}

static void resolve_socket_group(struct loader *l, struct daemon_draft *d)
{
    struct strbuf why = STRBUF_INIT;
    int rc;

    if (!d->socket_group)
        return;
    rc = users_group(&l->users, d->socket_group, &d->spec.socket_gid, &d->spec.socket_group, &why);
    if (rc < 0)
        draft_complain(l, &d->base, "socket_group", rc, &why);
    strbuf_finish(&why);
    d->spec.has_socket_group = rc == 0;
}

/* What [reeve] sets is seen over what reeved has from outside. */
static void merge_environment(struct loader *l)
{
    for (size_t i = 0; i < l->of_reeve.n; i++) {
        const char *var = l->of_reeve.vars[i];
        size_t name_bytes = strcspn(var, "=");

        if (env_set(&l->base, var, name_bytes, var + name_bytes + 1) < 0)
            report_out_of_memory(&l->report);
    }
}

void load_daemon(struct loader *l)
{
    struct daemon_draft d = {
        .base = {.kind = SECTION_REEVE, .title = "reeve"},
        .spec = {.socket_mode = SOCKET_MODE, .events_kept = EVENTS_KEPT_DEFAULT},
    };

    if (l->n_reeve) {
        d.base.line = l->reeve[0]->line;
        d.base.source = l->reeve[0]->source;
        draft_take(&d.base, l->reeve, l->n_reeve);
        draft_environment(l, &d.base, &l->of_reeve);
        merge_environment(l);
        draft_store(l, &d.base, &l->base);
        l->redact = draft_redact(l, &d.base, &l->base, NULL);
        resolve_socket_group(l, &d);
        l->exit_code_from = d.exit_code_from;
        l->exit_code_from_place = draft_place(&d.base, "exit_code_from");
        l->exit_when_place = draft_place(&d.base, "exit_when");
    }
    if (!d.spec.runtime_dir)
        d.spec.runtime_dir = adopt(l, places_runtime_dir(l->options->environ, l->options->uid));
    if (!d.spec.socket)
        d.spec.socket = socket_in(l, d.spec.runtime_dir);
    if (l->options->check_places && d.spec.runtime_dir && d.spec.socket)
        check_daemon_places(l, &d);
    l->set->daemon = d.spec;
}
