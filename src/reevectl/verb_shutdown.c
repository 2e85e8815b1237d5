/* shutdown: reeved stops its units and ends; the connection closes when it is gone. */
#include "reevectl/verbs.h"

int verb_shutdown(struct session *s, char **args, size_t n_args)
{
    const struct options *o = s->options;
    const struct patience patience = {
        .timeout_ms = o->timeout_ms ? o->timeout_ms : -1,
        .waiting = "waiting for the units to stop",
    };
    struct strbuf b = STRBUF_INIT;
    cJSON *reply;
    int code;

    (void)args;
    (void)n_args;
    code = call(s, "Shutdown", cJSON_CreateObject(), &reply);
    if (code)
        return code;
    if (!o->no_wait)
        code = call_await_end(s, &patience);
    if (code == EXIT_OK && o->json)
        code = call_print_json(reply, EXIT_OK);
    cJSON_Delete(reply);
    if (code || o->json)
        return code;
    strbuf_add(&b, o->no_wait ? "reeved: shutting down\n" : "reeved: ended\n");
    return output(&b, EXIT_OK);
}
