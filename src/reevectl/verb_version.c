/* version: of reevectl and, where one answers, of reeved. */
#include "base/version.h"
#include "reevectl/fields.h"
#include "reevectl/text.h"
#include "reevectl/verbs.h"

/* Not being there is an answer here, not a failure; anything else that goes wrong is. */
static int ask_daemon(struct session *s, cJSON **ret_health)
{
    *ret_health = NULL;
    return session_connect(s) == 0 ? call(s, "Health", call_limit(1), ret_health) : 0;
}

static int print_json(const char *daemon)
{
    struct strbuf b = STRBUF_INIT;

    strbuf_add(&b, "{\n  \"reevectl\": \"" REEVE_VERSION "\",\n  \"reeved\": ");
    if (daemon)
        text_add_json_string(&b, daemon);
    else
        strbuf_add(&b, "null");
    strbuf_add(&b, "\n}\n");
    return output(&b, EXIT_OK);
}

static int print_text(const struct session *s, const cJSON *health, const char *daemon)
{
    struct strbuf b = STRBUF_INIT;

    strbuf_add(&b, "reevectl " REEVE_VERSION "\nreeved   ");
    if (daemon) {
        text_add_harmless(&b, daemon);
        strbuf_addf(&b, " (pid %lld)\n", (long long)field_number(health, "pid", -1));
    } else {
        strbuf_add(&b, "not reached on ");
        text_add_harmless(&b, s->socket_path ? s->socket_path : "any socket");
        strbuf_add(&b, "\n");
    }
    return output(&b, EXIT_OK);
}

int verb_version(struct session *s, char **args, size_t n_args)
{
    const char *daemon;
    cJSON *health;
    int code = ask_daemon(s, &health);

    (void)args;
    (void)n_args;
    if (code)
        return code;
    daemon = field_text(health, "version");
    code = s->options->json ? print_json(daemon) : print_text(s, health, daemon);
    cJSON_Delete(health);
    return code;
}
