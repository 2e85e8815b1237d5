/* is-active, is-failed and is-healthy: one word a unit, and an exit code for scripts. */
#include <string.h>

#include "core/unit.h"
#include "reevectl/fields.h"
#include "reevectl/probes.h"
#include "reevectl/verbs.h"
#include "reevectl/words.h"

#define HEALTHY "healthy"

/* What is asked of each unit, and how the answers come together. */
struct question {
    bool (*is)(const cJSON *unit);
    const char *(*word)(const cJSON *unit);
    bool all;    /* of all units; else one of them is enough */
    int no_code; /* when it is not so */
    /* Whether its definition is needed for the answer; NULL: never. */
    bool (*needs_definition)(const cJSON *unit);
};

static bool is_active(const cJSON *unit)
{
    return words_is_active(field_word(unit, "state"));
}

static bool is_failed(const cJSON *unit)
{
    return words_is_state(unit, STATE_FAILED);
}

/* Its health check decides, also when it has not said anything yet; without one, being up as it
 * should. */
static bool is_healthy(const cJSON *unit)
{
    const char *health = field_text(unit, "health");

    if (health)
        return strcmp(health, HEALTHY) == 0;
    if (probes_say_nothing(unit))
        return false;
    return words_is_state(unit, STATE_COMPLETED) ||
           (words_is_state(unit, STATE_RUNNING) && field_true(unit, "ready"));
}

static const char *state_word(const cJSON *unit)
{
    return field_word(unit, "state");
}

static const char *health_word(const cJSON *unit)
{
    const char *health = field_text(unit, "health");

    if (health || probes_say_nothing(unit))
        return health ? health : "unknown";
    return is_healthy(unit) ? HEALTHY : "unhealthy";
}

/* A health that is null is not known, or there is no check. */
static bool may_be_unknown(const cJSON *unit)
{
    return words_is_state(unit, STATE_RUNNING) && !field(unit, "health");
}

static const struct question active = {is_active, state_word, false, EXIT_INACTIVE, NULL};
static const struct question failed = {is_failed, state_word, false, EXIT_FAILED, NULL};
static const struct question healthy = {is_healthy, health_word, true, EXIT_FAILED, may_be_unknown};

static int tell_word(const struct session *s, const char *word, enum style style, int code)
{
    struct strbuf b = STRBUF_INIT;

    terminal_add_harmless(&s->out, &b, style, word);
    strbuf_add(&b, "\n");
    return output(&b, code);
}

#define DEFINITION "effective"

/* Adds what Show tells of the definition of the unit. 0 or the exit code, told. */
static int add_definition(struct session *s, cJSON *unit)
{
    cJSON *reply, *shown, *definition;
    int code = call(s, "Show", call_unit(field_word(unit, "name")), &reply);

    if (code)
        return code;
    shown = cJSON_GetObjectItemCaseSensitive(reply, "unit");
    definition = cJSON_DetachItemFromObjectCaseSensitive(shown, DEFINITION);
    if (definition && !cJSON_AddItemToObject(unit, DEFINITION, definition)) {
        cJSON_Delete(definition);
        code = out_of_memory();
    }
    cJSON_Delete(reply);
    return code;
}

/* Moves the units that the argument names to the end of `found`. 0 or the exit code, told. */
static int find(struct session *s, const struct question *q, char *argument, cJSON *found)
{
    cJSON *reply, *units, *unit;
    int code = call(s, "List", call_units(&argument, 1), &reply);

    if (code)
        return code;
    units = cJSON_GetObjectItemCaseSensitive(reply, "units");
    if (cJSON_GetArraySize(units) == 0)
        code = call_tell_no_match(argument);
    while (code == EXIT_OK && (unit = cJSON_DetachItemFromArray(units, 0)) != NULL) {
        if (q->needs_definition && q->needs_definition(unit))
            code = add_definition(s, unit);
        if (cJSON_AddItemToArray(found, unit))
            continue;
        cJSON_Delete(unit);
        code = out_of_memory();
    }
    cJSON_Delete(reply);
    return code;
}

/* The units as List told them. */
static int print_json(cJSON *found, int code)
{
    cJSON *unit;

    cJSON_ArrayForEach(unit, field(found, "units"))
    {
        cJSON_DeleteItemFromObjectCaseSensitive(unit, DEFINITION);
    }
    return call_print_json(found, code);
}

/* Prints the words, or the units as JSON; returns the exit code. */
static int answer(const struct session *s, const struct question *q, cJSON *found)
{
    const cJSON *units = field(found, "units"), *unit;
    int n = 0, n_so = 0, code;

    cJSON_ArrayForEach(unit, units)
    {
        n++;
        n_so += q->is(unit);
    }
    code = (q->all ? n_so == n : n_so > 0) ? EXIT_OK : q->no_code;
    if (s->options->quiet)
        return code;
    if (s->options->json)
        return print_json(found, code);
    cJSON_ArrayForEach(unit, units)
    {
        enum style style = q->all ? words_status_style(q->word(unit))
                                  : words_state_style(field_word(unit, "state"));

        code = tell_word(s, q->word(unit), style, code);
    }
    return code;
}

static int ask(struct session *s, const struct question *q, char **args, size_t n_args)
{
    cJSON *found = cJSON_CreateObject();
    cJSON *units = found ? cJSON_AddArrayToObject(found, "units") : NULL;
    int error = units ? EXIT_OK : out_of_memory();
    bool missing = false;
    int code;

    for (size_t i = 0; i < n_args && (error == EXIT_OK || error == EXIT_NO_UNIT); i++) {
        error = find(s, q, args[i], units);
        missing |= error == EXIT_NO_UNIT;
    }
    if (error == EXIT_OK || error == EXIT_NO_UNIT) {
        code = answer(s, q, found);
        error = missing ? EXIT_NO_UNIT : code;
    }
    cJSON_Delete(found);
    return error;
}

/* The whole of it, whose units need not be told. */
static int ask_status(struct session *s)
{
    const char *status;
    cJSON *reply;
    int code = call(s, "Health", call_limit(0), &reply);

    if (code)
        return code;
    status = field_word(reply, "status");
    code = strcmp(status, HEALTHY) == 0 ? EXIT_OK : EXIT_FAILED;
    if (s->options->quiet)
        ;
    else if (s->options->json)
        code = call_print_json(reply, code);
    else
        code = tell_word(s, status, words_status_style(status), code);
    cJSON_Delete(reply);
    return code;
}

int verb_is_active(struct session *s, char **args, size_t n_args)
{
    return ask(s, &active, args, n_args);
}

int verb_is_failed(struct session *s, char **args, size_t n_args)
{
    return ask(s, &failed, args, n_args);
}

int verb_is_healthy(struct session *s, char **args, size_t n_args)
{
    return n_args ? ask(s, &healthy, args, n_args) : ask_status(s);
}
