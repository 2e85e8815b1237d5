/* start, stop and restart: one code, since only the method differs. */
#include <string.h>

#include "core/unit.h"
#include "reevectl/fields.h"
#include "reevectl/operation.h"
#include "reevectl/text.h"
#include "reevectl/verbs.h"

/* A request is answered when it has reached all units; ten thousand starts take a while. */
enum { REACHED_TIMEOUT_MS = 60000 };

static cJSON *parameters_of(const struct options *o, char **args, size_t n_args)
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

static bool is_state(const cJSON *result, enum unit_state state)
{
    return strcmp(field_word(result, "state"), unit_state_name(state)) == 0;
}

/* Where the state alone would say that the stop failed, or that there was none. */
static void add_stopped(struct session *s, struct strbuf *b, const cJSON *result)
{
    bool ended = is_state(result, STATE_FAILED) || is_state(result, STATE_COMPLETED);

    if (!ended && (is_state(result, STATE_STOPPED) || s->options->no_wait)) {
        operation_add_done(s, b, result);
        return;
    }
    text_add_harmless(b, field_word(result, "unit"));
    if (ended)
        strbuf_addf(b, ": not running (%s)", field_word(result, "state"));
    else
        strbuf_add(b, ": stopped, and started again since");
    operation_add_end(b, result);
}

/* `operation` says what differs. */
static int operate(struct session *s, struct operation operation, char **args, size_t n_args)
{
    const struct options *o = s->options;

    operation.waits = !o->no_wait;
    operation.hints = true;
    operation.timeout_ms = o->no_wait ? REACHED_TIMEOUT_MS : operation_patience_ms(o);
    return operation_run(s, &operation, parameters_of(o, args, n_args), args, n_args);
}

int verb_start(struct session *s, char **args, size_t n_args)
{
    const struct operation start = {
        .method = "Start",
        .interrupted = "the start goes on in reeved",
    };

    return operate(s, start, args, n_args);
}

int verb_stop(struct session *s, char **args, size_t n_args)
{
    const struct operation stop = {
        .method = "Stop",
        .interrupted = "the stop goes on in reeved",
        .add_done = add_stopped,
    };

    return operate(s, stop, args, n_args);
}

int verb_restart(struct session *s, char **args, size_t n_args)
{
    const struct operation restart = {
        .method = "Restart",
        .interrupted = "the restart goes on in reeved",
    };

    return operate(s, restart, args, n_args);
}
