/* signal: a signal to the processes of units, which is no stop. */
#include <string.h>

#include "os/signals.h"
#include "reevectl/fields.h"
#include "reevectl/operation.h"
#include "reevectl/text.h"
#include "reevectl/verbs.h"

static const char *whom(const struct session *s)
{
    return s->options->to ? s->options->to : "main";
}

static cJSON *parameters_of(const struct session *s, int number, char **units, size_t n_units)
{
    cJSON *parameters = call_units(units, n_units);

    if (parameters && cJSON_AddStringToObject(parameters, "signal", signal_name(number)) &&
        cJSON_AddStringToObject(parameters, "whom", whom(s)))
        return parameters;
    cJSON_Delete(parameters);
    return NULL;
}

/* "web: signalled (pid 1234)" */
static void add_done(struct session *s, struct strbuf *b, const cJSON *result)
{
    int64_t pid = field_number(result, "pid", -1);

    text_add_harmless(b, field_word(result, "unit"));
    strbuf_add(b, ": signalled");
    if (strcmp(whom(s), "main") != 0)
        strbuf_addf(b, ", its whole %s", whom(s));
    if (pid > 0)
        strbuf_addf(b, " (pid %lld)", (long long)pid);
    strbuf_add(b, "\n");
}

int verb_signal(struct session *s, char **args, size_t n_args)
{
    static const struct operation operation = {
        .method = "Signal",
        .timeout_ms = ANSWER_TIMEOUT_MS,
        .add_done = add_done,
    };
    int number = signal_parse(args[0]);

    if (number < 0)
        return usage("'%s' is no signal; write it like HUP, SIGHUP or 1, before the units",
                     args[0]);
    return operation_run(s, &operation, parameters_of(s, number, args + 1, n_args - 1), args + 1,
                         n_args - 1);
}
