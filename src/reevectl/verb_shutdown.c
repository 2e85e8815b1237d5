/* shutdown: reeved stops its units and ends; the connection closes when it is gone. */
#include <string.h>

#include "os/clock.h"
#include "reevectl/fields.h"
#include "reevectl/progress.h"
#include "reevectl/verbs.h"
#include "reevectl/words.h"

/* How often to look at what is left, at most; a look shall take a tenth of the time at most. */
enum { LOOK_EVERY_MS = 250, LOOK_SHARE = 10 };

/* What is left meanwhile, asked on a connection of its own. */
struct watch {
    struct session look;
    struct progress progress;
    int64_t look_at_ms;
};

static void look(void *context)
{
    struct watch *w = context;
    int64_t now_ms = clock_now().mono_ms;
    const cJSON *unit;
    cJSON *list;

    if (now_ms < w->look_at_ms)
        return;
    list = call_quietly(&w->look, "List", cJSON_CreateObject());
    cJSON_ArrayForEach(unit, field(list, "units"))
    {
        const char *name = field_word(unit, "name"), *state = field_word(unit, "state");

        if (*state && !words_has_ended(state))
            progress_put(&w->progress, name, state, unit, field_number(unit, "since_ms", -1),
                         now_ms);
        else
            progress_drop(&w->progress, name);
    }
    cJSON_Delete(list);
    w->look_at_ms =
        clock_now().mono_ms + LOOK_EVERY_MS + LOOK_SHARE * (clock_now().mono_ms - now_ms);
}

static int await_end(struct session *s)
{
    const struct options *o = s->options;
    struct options same = *o;
    struct watch w = {.look_at_ms = clock_now().mono_ms + LOOK_EVERY_MS};
    const struct patience patience = {
        .timeout_ms = o->timeout_ms ? o->timeout_ms : -1,
        .progress = &w.progress,
        .tick = s->err.moves ? look : NULL,
        .context = &w,
        .interruptible = true,
        .interrupted = "the shutdown goes on in reeved",
    };
    int code;

    same.socket = s->socket_path;
    w.look = (struct session){.options = &same};
    progress_init(&w.progress, &s->err, "waiting for reeved to end", clock_now().mono_ms);
    code = call_await_end(s, &patience);
    progress_finish(&w.progress);
    session_finish(&w.look);
    return code;
}

int verb_shutdown(struct session *s, char **args, size_t n_args)
{
    const struct options *o = s->options;
    struct strbuf b = STRBUF_INIT;
    cJSON *reply;
    int code;

    (void)args;
    (void)n_args;
    code = call(s, "Shutdown", cJSON_CreateObject(), &reply);
    if (code)
        return code;
    if (!o->no_wait)
        code = await_end(s);
    if (code == EXIT_OK && o->json)
        code = call_print_json(reply, EXIT_OK);
    cJSON_Delete(reply);
    if (code || o->json)
        return code;
    strbuf_add(&b, o->no_wait ? "reeved: shutting down\n" : "reeved: ended\n");
    return output(&b, EXIT_OK);
}
