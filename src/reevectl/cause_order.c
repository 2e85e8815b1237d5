#include "reevectl/cause_search.h"

#include <string.h>

#include "core/outcome.h"
#include "core/unit.h"
#include "core/waiting.h"
#include "reevectl/awaited.h"
#include "reevectl/fields.h"
#include "reevectl/words.h"

/* ---- relations ---- */

/* The entry for that unit in a list of Dependency; what is stronger comes first. NULL: none. */
static const cJSON *find_dependency(const cJSON *list, const char *other)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (strcmp(field_word(item, "unit"), other) == 0)
            return item;
    }
    return NULL;
}

void cause_add_relation(const struct search *s, struct strbuf *b, const char *other)
{
    const cJSON *below = find_dependency(field(s->unit, "dependencies"), other);
    const cJSON *above = find_dependency(field(s->unit, "dependents"), other);

    if (below && cause_is_word(below, "kind", "requires"))
        strbuf_add(b, ", which it requires");
    else if (below && cause_is_word(below, "kind", "wants"))
        strbuf_add(b, ", which it wants");
    else if (above)
        strbuf_add(b, ", for whose sake it was up");
}

/* Whether the unit is up for the sake of that one, a unit as List tells it. */
static bool is_pulled_by(const struct search *s, const cJSON *above)
{
    const cJSON *item = find_dependency(field(s->unit, "dependents"), field_word(above, "name"));

    return item && !cause_is_word(item, "kind", "after") && cause_is_word(above, "goal", "up");
}

/* It needs nothing any more, but what it needed is kept. */
static bool has_ended(const cJSON *above)
{
    return words_is_state(above, STATE_COMPLETED) || words_is_state(above, STATE_FAILED);
}

/* Those of whom `ended` is so: how many, and the first. */
static int64_t count_pullers(const struct search *s, bool ended, const cJSON **ret_first)
{
    const cJSON *above;
    int64_t n = 0;

    cJSON_ArrayForEach(above, s->facts->above)
    {
        if (!is_pulled_by(s, above) || has_ended(above) != ended)
            continue;
        if (n++ == 0)
            *ret_first = above;
    }
    return n;
}

/* "web requires it", "web and 2 more need it"; "kept up for migrate, which has completed" */
static void add_pullers(const struct search *s, struct strbuf *b)
{
    const cJSON *first = NULL;
    int64_t n = count_pullers(s, false, &first);
    const char *name = field_word(first, "name");

    if (n > 1) {
        strbuf_addf(b, "%s and %lld more need it", name, (long long)(n - 1));
    } else if (n == 1) {
        strbuf_addf(b, "%s %s it", name,
                    field_word(find_dependency(field(s->unit, "dependents"), name), "kind"));
    } else if ((n = count_pullers(s, true, &first)) > 0) {
        strbuf_addf(b, "kept up for %s", field_word(first, "name"));
        if (n > 1)
            strbuf_addf(b, " and %lld more, which have ended", (long long)(n - 1));
        else
            strbuf_addf(b, ", which has %s", field_word(first, "state"));
    }
}

/* ---- who wants it up ---- */

/* Whether this run is there since the one before was ended for it. A stop for the sake of another
 * looks the same in the record as a restart does: only events tell them apart. */
static bool was_restarted(const struct search *s)
{
    if (s->history.was_down ||
        field_number(s->last, "run", -1) != field_number(s->unit, "run", 0) - 1)
        return false;
    return cause_is_word(s->last, "requested_by", requested_by_name(BY_RESTART)) ||
           (s->history.begun &&
            cause_is_word(s->last, "requested_by", requested_by_name(BY_DEPENDENCY)));
}

/* "root (uid 0, pid 12) asked for it"; without a person: "db failed and starts it (on_failed)" */
static void add_starter(const cJSON *event, struct strbuf *b)
{
    const cJSON *requester = field(event, "requester");
    const char *deed = "it";

    if (cause_is_word(event, "request", request_kind_name(REQUEST_RESTART)))
        deed = "a restart";
    else if (cause_is_word(event, "request", request_kind_name(REQUEST_RESET_FAILED)))
        deed = "a reset of its failure";
    if (field_number(requester, "uid", -1) < 0 && field(requester, "unit"))
        strbuf_addf(b, "%s failed and starts it (on_failed)", field_word(requester, "unit"));
    else
        cause_add_person(b, requester, deed);
}

void cause_add_origin(const struct search *s, struct strbuf *b)
{
    if (s->history.starter)
        add_starter(s->history.starter, b);
    else if (was_restarted(s))
        cause_add_asker(s, b, s->last, "restarted", "a restart");
    else if (!field_true(s->unit, "wanted"))
        add_pullers(s, b);
    else if (field_true(s->unit, "autostart") && !field(s->last, "requested_by"))
        strbuf_add(b, "starts with reeved");
}

/* ---- waiting ---- */

/* "web has been stopping for 3s", "db is in backoff, next try in 3s", "db waits for x to start" */
static void add_doing(const struct search *other, struct strbuf *b)
{
    strbuf_add(b, other->name);
    if (cause_is_held_up(other->unit)) {
        strbuf_add(b, " is ");
        (void)cause_add_hold(other, b);
    } else if (words_is_state(other->unit, STATE_BACKOFF)) {
        strbuf_add(b, " is in backoff, ");
        cause_add_next_try(other, b);
    } else if (field(other->unit, "waiting") && words_is_state(other->unit, STATE_WAITING)) {
        strbuf_add(b, " waits for ");
        awaited_add(b, field(other->unit, "waiting"));
    } else if (other->since_ms >= 0) {
        strbuf_addf(b, " has been %s for ", field_word(other->unit, "state"));
        words_add_duration(b, other->since_ms);
    } else {
        strbuf_addf(b, " is %s", field_word(other->unit, "state"));
    }
}

/* c->last_run, of the other one. */
static void add_run_of(struct search *other)
{
    struct strbuf *b = &other->c->last_run;

    if (!other->last)
        return;
    strbuf_addf(b, "%s: ", other->name);
    cause_add_last_run(other);
}

/* For what will come, or may. */
static void find_patient(struct search *s, const cJSON *waiting, struct search *other)
{
    struct strbuf *b = &s->c->reason;

    strbuf_add(b, "for ");
    awaited_add(b, waiting);
    if (!other) {
        cause_add_last_run(s);
        return;
    }
    strbuf_add(b, "; ");
    add_doing(other, b);
    if (cause_is_word(waiting, "until", waited_for_name(WAITED_HEALTHY)))
        cause_add_not_healthy(other, b, ", ");
    if (words_is_state(other->unit, STATE_BACKOFF))
        add_run_of(other);
    if (cause_is_held_up(other->unit))
        cause_add_advice(other, "to let it start now", "hold --release");
}

/* What became of the one at the bottom; that it failed is all that is known without having asked.
 */
static void add_fate(const struct search *other, struct strbuf *b)
{
    if (!other || words_is_state(other->unit, STATE_FAILED))
        strbuf_add(b, "has failed");
    else if (words_is_state(other->unit, STATE_COMPLETED))
        strbuf_add(b, "has completed and does not start again by itself");
    else
        strbuf_addf(b, "is %s", field_word(other->unit, "state"));
}

/* For what has failed: which one, how, and what to do about it. */
static void find_stuck(struct search *s, const cJSON *waiting, struct search *other)
{
    const char *unit = field_word(waiting, "unit"), *cause = field_text(waiting, "cause");
    struct strbuf *b = &s->c->reason;

    if (!cause || strcmp(cause, unit) == 0)
        strbuf_addf(b, "for %s, which ", unit);
    else
        strbuf_addf(b, "for %s, since %s ", unit, cause);
    add_fate(other, b);
    if (!other)
        return;
    if (words_is_state(other->unit, STATE_FAILED)) {
        strbuf_add(b, ": ");
        cause_add_finality(other, b);
        cause_advise_retry(other);
    } else {
        cause_add_advice(other, "to start it", "start");
    }
    add_run_of(other);
}

/* The one that cause_other() named, if it was told of; NULL otherwise. */
static struct search *search_other(const struct search *s, struct search *other)
{
    if (!s->facts->other)
        return NULL;
    search_init(other, s->c, s->facts, s->facts->other, s->now_wall_ms);
    return other;
}

void cause_find_waiting(struct search *s)
{
    const cJSON *waiting = field(s->unit, "waiting");
    struct search space, *other = search_other(s, &space);

    cause_add_state(s, "waiting");
    if (field_true(waiting, "failed"))
        find_stuck(s, waiting, other);
    else if (waiting)
        find_patient(s, waiting, other);
    else
        cause_add_last_run(s);
    if (cause_is_held_up(s->unit)) {
        (void)cause_add_hold(s, &s->c->reason);
        cause_add_advice(s, "to let it start now", "hold --release");
    }
}

bool cause_add_held_stop(const struct search *s, struct strbuf *b)
{
    const cJSON *waiting = field(s->unit, "waiting");
    struct search space, *other = search_other(s, &space);

    if (!waiting || !cause_is_word(waiting, "until", waited_for_name(WAITED_STOPPED)))
        return false;
    if (s->history.stopper) {
        cause_add_person(b, field(s->history.stopper, "requester"),
                         s->goal_is_up ? "a restart" : "its stop");
        strbuf_add(b, "; ");
    }
    strbuf_add(b, "it waits for ");
    awaited_add(b, waiting);
    if (other) {
        strbuf_add(b, "; ");
        add_doing(other, b);
    }
    return true;
}
