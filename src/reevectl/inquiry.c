#include "reevectl/inquiry.h"

#include "reevectl/fields.h"

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

    if (parameters && cJSON_AddNumberToObject(parameters, "last", 1) &&
        add_list(parameters, "units", field_word(unit, "name")) &&
        add_list(parameters, "types", type))
        return parameters;
    cJSON_Delete(parameters);
    return NULL;
}

static const cJSON *newest(const cJSON *reply)
{
    const cJSON *events = field(reply, "events");
    int n = cJSON_GetArraySize(events);

    return n > 0 ? cJSON_GetArrayItem(events, n - 1) : NULL;
}

void inquire(struct session *s, const cJSON *unit, struct cause *c)
{
    const char *type = cause_event_type(unit);
    cJSON *parameters = type ? event_parameters(unit, type) : NULL;
    cJSON *reply = parameters ? call_quietly(s, "Events", parameters) : NULL;

    cause_find(c, unit, newest(reply), s->now_wall_ms);
    cJSON_Delete(reply);
}
