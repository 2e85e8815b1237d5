/* start, stop, restart and reload: one code, since only the method differs. */
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

static bool is_up(const cJSON *result)
{
    return is_state(result, STATE_RUNNING) || is_state(result, STATE_STARTING);
}

/* "db: restart requested": the state would be that from before. */
static void add_words(struct strbuf *b, const cJSON *result, const char *words)
{
    text_add_harmless(b, field_word(result, "unit"));
    strbuf_addf(b, ": %s", words);
    operation_add_end(b, result);
}

static void add_needed_again(struct strbuf *b, const cJSON *result)
{
    text_add_harmless(b, field_word(result, "unit"));
    strbuf_add(b, ": needed again\n");
}

/* Where nobody waits, the request has been taken, and may have had its effect or not. */
static void add_started(struct session *s, struct strbuf *b, const cJSON *result)
{
    bool told = is_up(result) || is_state(result, STATE_WAITING) || is_state(result, STATE_BACKOFF);

    if (told || !s->options->no_wait)
        operation_add_done(s, b, result);
    else
        add_words(b, result, "start requested");
}

/* Where the state alone would say that the stop failed, or that there was none. */
static void add_stopped(struct session *s, struct strbuf *b, const cJSON *result)
{
    bool no_wait = s->options->no_wait;

    if (is_state(result, STATE_FAILED))
        add_words(b, result, "not running (failed)");
    else if (is_state(result, STATE_COMPLETED))
        add_words(b, result, "not running (completed)");
    else if (no_wait && (is_up(result) || is_state(result, STATE_BACKOFF)))
        add_words(b, result, "stop requested");
    else if (no_wait || is_state(result, STATE_STOPPED))
        operation_add_done(s, b, result);
    else if (operation_is_not_needed(result)) /* and perhaps never stopped */
        add_needed_again(b, result);
    else
        add_words(b, result, "stopped, and started again since");
}

/* What runs may be the run from before, which is not to be told as the new one. */
static void add_restarted(struct session *s, struct strbuf *b, const cJSON *result)
{
    if (s->options->no_wait)
        add_words(b, result, "restart requested");
    else
        operation_add_done(s, b, result);
}

/* "web: reloaded (pid 7)" */
static void add_reloaded(struct session *s, struct strbuf *b, const cJSON *result)
{
    int64_t pid = field_number(result, "pid", -1);

    text_add_harmless(b, field_word(result, "unit"));
    strbuf_add(b, s->options->no_wait ? ": reload requested" : ": reloaded");
    if (pid > 0)
        strbuf_addf(b, " (pid %lld)", (long long)pid);
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
        .add_done = add_started,
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
        .add_done = add_restarted,
    };

    return operate(s, restart, args, n_args);
}

int verb_reload(struct session *s, char **args, size_t n_args)
{
    const struct operation reload = {
        .method = "Reload",
        .interrupted = "the reload goes on in reeved",
        .add_done = add_reloaded,
    };

    return operate(s, reload, args, n_args);
}
