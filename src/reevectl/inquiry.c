#include "reevectl/inquiry.h"

#include <string.h>

#include "reevectl/fields.h"

/* So many are looked at: a signal that was sent to no avail may have come after the stop. */
enum { EVENTS_ASKED = 16 };

/* One member that is a list of one word. */
static bool add_list(cJSON *parameters, const char *key, const char *word)
{
    cJSON *list = cJSON_AddArrayToObject(parameters, key);
    cJSON *item = cJSON_CreateString(word);

    if (list && cJSON_AddItemToArray(list, item))
        return true;
    cJSON_Delete(item);
    return false;
}

static cJSON *event_parameters(const cJSON *unit, const char *type)
{
    cJSON *parameters = cJSON_CreateObject();

    if (parameters && cJSON_AddNumberToObject(parameters, "last", EVENTS_ASKED) &&
        add_list(parameters, "units", field_word(unit, "name")) &&
        add_list(parameters, "types", type))
        return parameters;
    cJSON_Delete(parameters);
    return NULL;
}

/* A request for a signal, or for a start that was refused, explains no state. */
static bool may_explain(const cJSON *event)
{
    const char *request = field_text(event, "request");

    return !request || (strcmp(request, "signal") != 0 && strcmp(request, "start") != 0);
}

static const cJSON *newest(const cJSON *reply)
{
    const cJSON *event, *found = NULL;

    cJSON_ArrayForEach(event, field(reply, "events"))
    {
        if (may_explain(event))
            found = event;
    }
    return found;
}

void inquire(struct session *s, const cJSON *unit, struct cause *c)
{
    const char *type = cause_event_type(unit);
    cJSON *parameters = type ? event_parameters(unit, type) : NULL;
    cJSON *reply = parameters ? call_quietly(s, "Events", parameters) : NULL;

    cause_find(c, unit, newest(reply), s->now_wall_ms);
    cJSON_Delete(reply);
}
