#include "reevectl/inquiry.h"

#include "core/notice.h"
#include "reevectl/fields.h"

/* So many events are looked at: some tries may lie between what was asked and what is. And so many
 * of the units that depend on one. */
enum { EVENTS_ASKED = 64, ABOVE_ASKED = 32 };

static bool add_word(cJSON *list, const char *word)
{
    cJSON *item = cJSON_CreateString(word);

    if (list && cJSON_AddItemToArray(list, item))
        return true;
    cJSON_Delete(item);
    return false;
}

/* The newest events of one type; or, with NOTICE_COUNT, of those that may explain the unit. Of that
 * unit, if there is one. */
static cJSON *ask_events(struct session *s, const cJSON *unit, enum notice_type only)
{
    cJSON *parameters = cJSON_CreateObject();
    cJSON *types = parameters ? cJSON_AddArrayToObject(parameters, "types") : NULL;
    bool made = types && cJSON_AddNumberToObject(parameters, "last", EVENTS_ASKED);

    for (enum notice_type type = 0; made && type < NOTICE_COUNT; type++)
        if (only == NOTICE_COUNT ? cause_needs_events(unit, type) : type == only)
            made = add_word(types, notice_type_name(type));
    if (made && unit)
        made = add_word(cJSON_AddArrayToObject(parameters, "units"), field_word(unit, "name"));
    if (made && types->child)
        return call_quietly(s, "Events", parameters);
    cJSON_Delete(parameters);
    return NULL;
}

static const cJSON *newest_event(const cJSON *reply)
{
    int n = cJSON_GetArraySize(field(reply, "events"));

    return n > 0 ? cJSON_GetArrayItem(field(reply, "events"), n - 1) : NULL;
}

/* How the units are that depend on it. */
static cJSON *ask_above(struct session *s, const cJSON *unit)
{
    cJSON *parameters = cJSON_CreateObject();
    cJSON *units = parameters ? cJSON_AddArrayToObject(parameters, "units") : NULL;
    const cJSON *dependent;
    int n = 0;

    cJSON_ArrayForEach(dependent, field(unit, "dependents"))
    {
        const char *name = field_text(dependent, "unit");

        if (name && n < ABOVE_ASKED && add_word(units, name))
            n++;
    }
    if (n > 0)
        return call_quietly(s, "List", parameters);
    cJSON_Delete(parameters);
    return NULL;
}

void inquire(struct session *s, const cJSON *unit, struct cause *c)
{
    struct cause_facts facts = {.unit = unit};
    const char *other = cause_other(unit);
    cJSON *events = NULL, *health = NULL, *sessions = NULL, *shown = NULL, *above = NULL;

    events = ask_events(s, unit, NOTICE_COUNT);
    facts.events = field(events, "events");
    if (cause_needs_health(unit))
        health = ask_events(s, unit, NOTICE_UNIT_HEALTH);
    facts.health = newest_event(health);
    if (cause_by_shutdown(unit, facts.events))
        sessions = ask_events(s, NULL, NOTICE_SESSION_STOPPING);
    facts.session = newest_event(sessions);
    if (other)
        shown = call_quietly(s, "Show", call_unit(other));
    facts.other = field(shown, "unit");
    if (cause_needs_above(unit))
        above = ask_above(s, unit);
    facts.above = field(above, "units");
    cause_find(c, &facts, s->now_wall_ms);
    cJSON_Delete(events);
    cJSON_Delete(health);
    cJSON_Delete(sessions);
    cJSON_Delete(shown);
    cJSON_Delete(above);
}
