/* wait: until units are as they should be. Changes nothing. */
#include <string.h>

#include "core/unit.h"
#include "reevectl/endings.h"
#include "reevectl/fields.h"
#include "reevectl/operation.h"
#include "reevectl/text.h"
#include "reevectl/verbs.h"
#include "reevectl/words.h"

static cJSON *parameters_of(const struct options *o, char **args, size_t n_args)
{
    cJSON *parameters = call_units(args, n_args);
    bool made = parameters != NULL;

    if (made && o->until)
        made = cJSON_AddStringToObject(parameters, "until", o->until) != NULL;
    if (made && o->timeout_ms)
        made = cJSON_AddNumberToObject(parameters, "timeout_ms", (double)o->timeout_ms) != NULL;
    if (made)
        return parameters;
    cJSON_Delete(parameters);
    return NULL;
}

/* "migrate: completed; run 3 ended by itself with exit code 0, after 2s" */
static void add_ended(struct session *s, struct strbuf *b, const cJSON *result)
{
    const char *unit = field_word(result, "unit");
    bool ended = words_has_ended(field_word(result, "state"));
    cJSON *shown = ended ? call_quietly(s, "Show", call_unit(unit)) : NULL;
    const cJSON *record = field(field(shown, "unit"), "last_exit");
    int64_t pid = field_number(result, "pid", -1);
    struct strbuf text = STRBUF_INIT;

    operation_add_state(s, b, result);
    if (record) {
        strbuf_addf(&text, "; run %lld ", (long long)field_number(record, "run", 0));
        endings_add(&text, record);
        strbuf_add(&text, ", after ");
        words_add_duration(&text, field_number(record, "duration_ms", -1));
    } else if (pid > 0) {
        strbuf_addf(&text, " (pid %lld)", (long long)pid);
    }
    text_add_harmless(b, strbuf_text(&text));
    strbuf_add(b, "\n");
    b->failed |= text.failed;
    strbuf_finish(&text);
    cJSON_Delete(shown);
}

static bool is_one_name(const char *argument)
{
    return !strpbrk(argument, "*?[") && strncmp(argument, "tag:", 4) != 0;
}

int verb_wait(struct session *s, char **args, size_t n_args)
{
    const struct options *o = s->options;
    bool one = n_args == 1 && is_one_name(args[0]);
    const struct operation operation = {
        .method = "Wait",
        .waits = true,
        .hints = true,
        /* How it ended is asked for when the conversation about the wait is over. */
        .at_end = one,
        .add_done = one ? add_ended : NULL,
        .timeout_ms = operation_patience_ms(o),
    };

    return operation_run(s, &operation, parameters_of(o, args, n_args), args, n_args);
}
