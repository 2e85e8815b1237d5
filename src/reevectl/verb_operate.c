/* start, stop and restart: one code, since only the method differs. */
#include "reevectl/operation.h"
#include "reevectl/verbs.h"

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

static int operate(struct session *s, const char *method, const char *interrupted, char **args,
                   size_t n_args)
{
    const struct options *o = s->options;
    const struct operation operation = {
        .method = method,
        .waits = !o->no_wait,
        .hints = true,
        .timeout_ms = o->no_wait ? ANSWER_TIMEOUT_MS : operation_patience_ms(o),
        .interrupted = interrupted,
    };

    return operation_run(s, &operation, parameters_of(o, args, n_args), args, n_args);
}

int verb_start(struct session *s, char **args, size_t n_args)
{
    return operate(s, "Start", "the start goes on in reeved", args, n_args);
}

int verb_stop(struct session *s, char **args, size_t n_args)
{
    return operate(s, "Stop", "the stop goes on in reeved", args, n_args);
}

int verb_restart(struct session *s, char **args, size_t n_args)
{
    return operate(s, "Restart", "the restart goes on in reeved", args, n_args);
}
