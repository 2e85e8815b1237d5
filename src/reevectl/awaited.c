#include "reevectl/awaited.h"

#include <string.h>

#include "core/waiting.h"
#include "reevectl/fields.h"
#include "reevectl/words.h"

/* "to be ready" */
static const char *wish_of(const cJSON *waiting)
{
    static const struct {
        enum waited_for until;
        const char *wish;
    } wishes[] = {
        {WAITED_STARTED, "to start"},      {WAITED_READY, "to be ready"},
        {WAITED_HEALTHY, "to be healthy"}, {WAITED_COMPLETED, "to complete"},
        {WAITED_STOPPED, "to stop"},
    };
    const char *until = field_word(waiting, "until");

    for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++)
        if (strcmp(until, waited_for_name(wishes[i].until)) == 0)
            return wishes[i].wish;
    return until; /* of a later reeved */
}

/* "failed": what became of that one. */
static const char *fate_of(const cJSON *waiting)
{
    const char *fate = field_text(waiting, "cause_state");

    return fate ? fate : "failed";
}

/* The one at the bottom of it, which has failed. */
static const char *cause_of(const cJSON *waiting)
{
    const char *cause = field_text(waiting, "cause");

    return cause ? cause : field_word(waiting, "unit");
}

static void add_others(struct strbuf *b, const cJSON *waiting)
{
    int64_t others = field_number(waiting, "others", 0);

    if (others > 0)
        strbuf_addf(b, ", and %lld more", (long long)others);
}

void awaited_add(struct strbuf *b, const cJSON *waiting)
{
    const char *unit = field_word(waiting, "unit");
    const char *cause = cause_of(waiting);

    if (!waiting)
        return;
    strbuf_add(b, unit);
    if (!field_true(waiting, "failed"))
        strbuf_addf(b, " %s", wish_of(waiting));
    else if (strcmp(cause, unit) == 0)
        strbuf_addf(b, ", which has %s", fate_of(waiting));
    else
        strbuf_addf(b, ", since %s has %s", cause, fate_of(waiting));
    add_others(b, waiting);
}

bool awaited_add_hold(struct strbuf *b, const cJSON *unit, int64_t now_wall_ms)
{
    int64_t until_wall_ms;

    if (!words_parse_time(field_word(unit, "held_until"), &until_wall_ms))
        return false;
    strbuf_add(b, "held until ");
    words_add_clock(b, until_wall_ms, now_wall_ms);
    return true;
}

void awaited_add_brief(struct strbuf *b, const cJSON *waiting)
{
    if (!waiting)
        return;
    if (field_true(waiting, "failed")) {
        strbuf_addf(b, "%s has %s", cause_of(waiting), fate_of(waiting));
        return;
    }
    strbuf_add(b, "waits for ");
    awaited_add(b, waiting);
}
