#include "reevectl/cause_search.h"

#include <string.h>

#include "core/unit.h"
#include "reevectl/fields.h"
#include "reevectl/words.h"

/* A walk through the events of one unit. */
struct walk {
    struct history *h;
    const cJSON *wish;  /* the newest request for a start that none has followed yet */
    const cJSON *stop;  /* the same for a stop or a restart */
    const cJSON *reset; /* the same for a reset of its failure */
    bool is_down;
    int64_t run; /* the one that began last */
};

static bool is_request(const cJSON *event, enum request_kind kind)
{
    return cause_is_word(event, "request", request_kind_name(kind));
}

static bool came_from(const cJSON *event, enum unit_state state)
{
    return cause_is_word(event, "previous", unit_state_name(state));
}

static bool is_up(const cJSON *entry)
{
    return words_is_state(entry, STATE_STARTING) || words_is_state(entry, STATE_RUNNING);
}

static void take_request(struct walk *w, const cJSON *event)
{
    if (is_request(event, REQUEST_STOP)) {
        w->wish = NULL;
        w->stop = event;
    } else if (is_request(event, REQUEST_RESTART)) {
        w->wish = w->stop = event;
    } else if (is_request(event, REQUEST_START)) {
        /* What is up already does not start by that. */
        if (!is_up(w->h->entry) || w->stop)
            w->wish = event;
    } else if (is_request(event, REQUEST_RESET_FAILED) &&
               (!w->h->entry || words_is_state(w->h->entry, STATE_FAILED))) {
        w->wish = w->reset = event;
    }
}

static void take_start(struct walk *w, const cJSON *event)
{
    struct history *h = w->h;

    /* A further try is still due to who asked for the first. */
    if (w->wish)
        h->starter = w->wish;
    h->begun = true;
    h->was_down = w->is_down;
    h->stopper = NULL;
    w->run = field_number(event, "run", -1);
    w->wish = w->stop = w->reset = NULL;
    w->is_down = false;
}

static void take_end(struct walk *w, const cJSON *event)
{
    w->h->stopper = w->stop;
    if (came_from(event, STATE_FAILED) && w->reset)
        w->h->stopper = w->reset;
    w->h->starter = NULL;
    w->stop = w->reset = NULL;
    w->is_down = true;
}

/* It begins to be ended by request; not for a restart, this leaves nothing of what was wished. */
static bool is_taken_down(const cJSON *event)
{
    return words_is_state(event, STATE_STOPPING) && field(event, "requested_by") &&
           !cause_is_word(event, "requested_by", requested_by_name(BY_RESTART));
}

static void take_state(struct walk *w, const cJSON *event)
{
    if (words_is_state(event, STATE_STARTING))
        take_start(w, event);
    else if (words_is_state(event, STATE_STOPPED) || words_is_state(event, STATE_FAILED) ||
             words_is_state(event, STATE_COMPLETED))
        take_end(w, event);
    else if (is_taken_down(event))
        w->wish = w->h->starter = NULL;
    w->h->entry = event;
}

void history_find(struct history *h, const cJSON *unit, const cJSON *events)
{
    const char *name = field_word(unit, "name");
    struct walk w = {.h = h, .run = -1};
    const cJSON *event;

    *h = (struct history){0};
    cJSON_ArrayForEach(event, events)
    {
        if (!cause_is_word(event, "unit", name))
            continue;
        if (cause_is_word(event, "type", notice_type_name(NOTICE_UNIT_STATE)))
            take_state(&w, event);
        else if (cause_is_word(event, "type", notice_type_name(NOTICE_UNIT_REQUESTED)))
            take_request(&w, event);
    }
    if (!h->entry || !cause_is_word(h->entry, "state", field_word(unit, "state")))
        *h = (struct history){0};
    else if (is_up(unit) && w.run != field_number(unit, "run", 0))
        *h = (struct history){.entry = h->entry, .stopper = w.stop};
    else if (is_up(unit))
        h->stopper = w.stop;
}
