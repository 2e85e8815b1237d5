/* start, stop and restart: one code, since only the method differs. */
#include <string.h>

#include "reevectl/fields.h"
#include "reevectl/text.h"
#include "reevectl/verbs.h"
#include "reevectl/words.h"

/* The daemon bounds its own waiting; the client gives it this much longer to say so. */
enum { GRACE_MS = 5000, NO_WAIT_TIMEOUT_MS = 10000 };

static cJSON *operation_parameters(const struct options *o, char **args, size_t n_args)
{
    cJSON *parameters = call_units(args, n_args);
    bool made = parameters && cJSON_AddBoolToObject(parameters, "wait", !o->no_wait);

    if (made && o->timeout_ms)
        made = cJSON_AddNumberToObject(parameters, "timeout_ms", (double)o->timeout_ms) != NULL;
    if (made)
        return parameters;
    cJSON_Delete(parameters);
    return NULL;
}

static int64_t patience_of(const struct options *o)
{
    if (o->no_wait)
        return NO_WAIT_TIMEOUT_MS;
    return o->timeout_ms ? o->timeout_ms + GRACE_MS : -1;
}

/* "waiting for web", "waiting for web, worker" */
static void add_waiting(struct strbuf *b, char **args, size_t n_args)
{
    strbuf_add(b, "waiting for ");
    for (size_t i = 0; i < n_args; i++)
        strbuf_addf(b, "%s%s", i ? ", " : "", args[i]);
}

/* The main process of a unit in a reply of List; -1 when it has none. */
static int64_t pid_of(const cJSON *list, const char *name)
{
    const cJSON *unit;

    cJSON_ArrayForEach(unit, field(list, "units"))
    {
        if (strcmp(field_word(unit, "name"), name) == 0)
            return field_number(unit, "pid", -1);
    }
    return -1;
}

/* The pids are a courtesy: NULL when nothing came up, or when they cannot be had. */
static cJSON *list_started(struct session *s, const cJSON *results, char **args, size_t n_args)
{
    const cJSON *result;
    bool any = false;
    cJSON *list;

    cJSON_ArrayForEach(result, results)
    {
        any |= field_true(result, "ok") && words_is_active(field_word(result, "state"));
    }
    if (!any || call(s, "List", call_units(args, n_args), &list) != 0)
        return NULL;
    return list;
}

static void write_done(const struct session *s, struct strbuf *b, const cJSON *result,
                       const cJSON *list)
{
    const char *state = field_word(result, "state");
    int64_t pid = pid_of(list, field_word(result, "unit"));
    struct strbuf harmless = STRBUF_INIT;

    text_add_harmless(b, field_word(result, "unit"));
    strbuf_add(b, ": ");
    text_add_harmless(&harmless, state);
    terminal_add(&s->out, b, words_state_style(state), strbuf_text(&harmless));
    if (pid > 0)
        strbuf_addf(b, " (pid %lld)", (long long)pid);
    strbuf_add(b, "\n");
    b->failed |= harmless.failed;
    strbuf_finish(&harmless);
}

/* Returns EXIT_FAILED when any result is not ok. */
static int tell_results(struct session *s, const cJSON *results, char **args, size_t n_args)
{
    cJSON *list = s->options->no_wait ? NULL : list_started(s, results, args, n_args);
    const cJSON *result;
    int code = EXIT_OK;

    cJSON_ArrayForEach(result, results)
    {
        const char *message = field_word(result, "message");
        struct strbuf b = STRBUF_INIT;

        if (field_true(result, "ok")) {
            write_done(s, &b, result, list);
            code = output(&b, code);
            continue;
        }
        complain("%s: %s", field_word(result, "unit"),
                 *message ? message : field_word(result, "state"));
        code = EXIT_FAILED;
    }
    cJSON_Delete(list);
    return code;
}

static int any_failed(const cJSON *results)
{
    const cJSON *result;

    cJSON_ArrayForEach(result, results)
    {
        if (!field_true(result, "ok"))
            return EXIT_FAILED;
    }
    return EXIT_OK;
}

static int operate(struct session *s, const char *method, char **args, size_t n_args)
{
    struct strbuf waiting = STRBUF_INIT;
    struct patience patience = {.timeout_ms = patience_of(s->options)};
    const cJSON *results;
    cJSON *reply;
    int code;

    add_waiting(&waiting, args, n_args);
    patience.waiting = strbuf_text(&waiting);
    code = call_patiently(s, method, operation_parameters(s->options, args, n_args), &patience,
                          &reply);
    strbuf_finish(&waiting);
    if (code)
        return code;
    results = field(reply, "results");
    if (!cJSON_IsArray(results)) {
        complain("the answer to %s holds no results; is this another reeved?", method);
        code = EXIT_FAILED;
    } else if (s->options->json)
        code = call_print_json(reply, any_failed(results));
    else
        code = tell_results(s, results, args, n_args);
    cJSON_Delete(reply);
    return code;
}

int verb_start(struct session *s, char **args, size_t n_args)
{
    return operate(s, "Start", args, n_args);
}

int verb_stop(struct session *s, char **args, size_t n_args)
{
    return operate(s, "Stop", args, n_args);
}

int verb_restart(struct session *s, char **args, size_t n_args)
{
    return operate(s, "Restart", args, n_args);
}
