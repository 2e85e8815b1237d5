/* hold: what is kept from starting for a while, or no longer. */
#include "os/clock.h"
#include "reevectl/fields.h"
#include "reevectl/operation.h"
#include "reevectl/text.h"
#include "reevectl/verbs.h"
#include "reevectl/words.h"

static cJSON *parameters_of(const struct options *o, char **units, size_t n_units)
{
    cJSON *parameters = call_units(units, n_units);

    if (parameters && cJSON_AddNumberToObject(parameters, "for_ms", (double)o->hold_ms))
        return parameters;
    cJSON_Delete(parameters);
    return NULL;
}

/* "web: held until 12:30:05 (running)" */
static void add_done(struct session *s, struct strbuf *b, const cJSON *result)
{
    const char *state = field_word(result, "state");
    int64_t now_wall_ms = clock_now().wall_ms;

    text_add_harmless(b, field_word(result, "unit"));
    if (s->options->release) {
        strbuf_add(b, ": released (");
    } else {
        strbuf_add(b, ": held until ");
        words_add_clock(b, now_wall_ms + s->options->hold_ms, now_wall_ms);
        strbuf_add(b, " (");
    }
    terminal_add_harmless(&s->out, b, words_state_style(state), state);
    strbuf_add(b, ")\n");
}

int verb_hold(struct session *s, char **args, size_t n_args)
{
    static const struct operation operation = {
        .method = "Hold",
        .timeout_ms = ANSWER_TIMEOUT_MS,
        .add_done = add_done,
    };

    return operation_run(s, &operation, parameters_of(s->options, args, n_args), args, n_args);
}
