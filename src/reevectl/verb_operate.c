/* start, stop and restart: one code, since only the method differs. */
#include "reevectl/operation.h"
#include "reevectl/verbs.h"

/* The daemon bounds its own waiting; the client gives it this much longer to say so. */
enum { GRACE_MS = 5000, NO_WAIT_TIMEOUT_MS = 10000 };

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

static int64_t timeout_of(const struct options *o)
{
    if (o->no_wait)
        return NO_WAIT_TIMEOUT_MS;
    return o->timeout_ms ? o->timeout_ms + GRACE_MS : -1;
}

static int operate(struct session *s, const char *method, const char *interrupted, char **args,
                   size_t n_args)
{
    const struct options *o = s->options;
    const struct operation operation = {
        .method = method,
        .waits = !o->no_wait,
        .hints = true,
        .timeout_ms = timeout_of(o),
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
