#include "reevectl/cause_search.h"

#include <string.h>

#include "core/outcome.h"
#include "core/unit.h"
#include "core/waiting.h"
#include "reevectl/fields.h"
#include "reevectl/words.h"

/* ---- one function for each kind of state ---- */

static void find_running(struct search *s)
{
    int64_t restarts = field_number(s->unit, "restarts", 0);
    struct strbuf *b = &s->c->reason;

    cause_add_state(s, "running");
    strbuf_addf(&s->c->state, " (run %lld, pid %lld)", (long long)field_number(s->unit, "run", 0),
                (long long)field_number(s->unit, "pid", 0));
    if (cause_add_held_stop(s, b))
        return;
    cause_add_origin(s, b);
    if (restarts > 0) {
        strbuf_add(b, b->len_bytes ? ", restarted " : "restarted ");
        cause_add_times(b, restarts);
        cause_add_last_run(s);
    }
}

static void find_starting(struct search *s)
{
    int64_t within_ms = field_number(s->effective, "ready_timeout_ms", -1);
    struct strbuf *b = &s->c->reason, origin = STRBUF_INIT;

    cause_add_state(s, "starting");
    strbuf_add(b, "not ready yet");
    if (within_ms >= 0) {
        strbuf_add(b, ", ready_timeout = ");
        words_add_duration(b, within_ms);
    }
    cause_add_origin(s, &origin);
    if (origin.len_bytes)
        strbuf_addf(b, "; %s", strbuf_text(&origin));
    b->failed |= origin.failed;
    strbuf_finish(&origin);
    if (field_number(s->unit, "restarts", 0) > 0)
        cause_add_last_run(s);
}

/* Being ended: by whom, and how long that may take. */
static void find_stopping(struct search *s)
{
    struct strbuf *b = &s->c->reason;
    int64_t timeout_ms = field_number(s->effective, "stop_timeout_ms", -1);
    const cJSON *event = s->facts->event;

    cause_add_state(s, "stopping");
    if (field(event, "requested_by") && cause_event_belongs(s)) {
        cause_add_asker(s, b, event, "being stopped", s->goal_is_up ? "a restart" : "it");
        strbuf_add(b, "; ");
    } else if (s->goal_is_up && !field(s->unit, "pid")) {
        strbuf_add(b, "its main process has ended, and what is left of the run has to; ");
    }
    strbuf_add(b, "what does not stop is killed ");
    if (timeout_ms > s->since_ms) {
        strbuf_add(b, "in ");
        words_add_span(b, timeout_ms - s->since_ms);
        strbuf_add(b, " at the latest");
    } else {
        strbuf_add(b, "at any moment");
    }
    cause_add_advice(s, "to end it now", "signal --to tree KILL");
}

static void find_killing(struct search *s)
{
    int64_t pid = field_number(s->unit, "pid", -1);

    cause_add_state(s, "killing");
    if (s->since_ms < UNKILLABLE_AFTER_MS) {
        strbuf_add(&s->c->reason, "SIGKILL was sent");
        return;
    }
    strbuf_add(&s->c->reason, "unkillable, it outlives SIGKILL: the kernel holds on to it, often "
                              "for a disk or a network file system");
    if (pid > 0)
        strbuf_addf(&s->c->advice, "to see where it hangs: ps -o pid,stat,wchan:32,args -p %lld",
                    (long long)pid);
}

static void find_backoff(struct search *s)
{
    cause_add_state(s, "backoff");
    cause_add_next_try(s, &s->c->reason);
    cause_add_last_run(s);
    cause_advise_start(s, "to try now", "start");
}

static void find_failed(struct search *s)
{
    cause_add_state(s, "failed");
    cause_add_finality(s, &s->c->reason);
    cause_add_last_run(s);
    cause_advise_start(s, "to try again", "start");
}

static void find_completed(struct search *s)
{
    cause_add_state(s, "completed");
    if (!s->is_job)
        strbuf_addf(&s->c->reason, "it ended well, and restart = %s",
                    field_word(s->effective, "restart"));
    cause_add_last_run(s);
    cause_add_advice(s, s->is_job ? "to run it again" : "to start it again", "start");
}

/* A stop that no record tells of: it met the unit between two runs, or before the first. */
static bool add_unrecorded_stop(struct search *s)
{
    static const struct {
        const char *request, *deed;
    } deeds[] = {{"stop", "it"}, {"reset_failed", "a reset of its failure"}};
    const cJSON *event = s->facts->event;

    if (!cause_event_belongs(s))
        return false;
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        if (!cause_is_word(event, "request", deeds[i].request))
            continue;
        cause_add_person(&s->c->reason, field(event, "requester"), deeds[i].deed);
        return true;
    }
    if (field(event, "requested_by"))
        cause_add_asker(s, &s->c->reason, event, "stopped", "it");
    return field(event, "requested_by") != NULL;
}

static void find_never_started(struct search *s)
{
    const cJSON *autostart = words_config(s->unit, "autostart");
    struct strbuf *b = &s->c->reason;

    strbuf_add(&s->c->state, "never started");
    if (add_unrecorded_stop(s) || field_true(s->unit, "autostart"))
        return;
    strbuf_add(b, "autostart = no");
    if (autostart) {
        strbuf_add(b, " (");
        words_add_place(b, autostart);
        strbuf_add(b, ")");
    } else if (s->is_job) {
        strbuf_add(b, " (the default of a job)");
    }
    strbuf_add(b, ", and nobody asked for it");
}

static void find_disabled(struct search *s)
{
    const cJSON *enabled = words_config(s->unit, "enabled");

    strbuf_add(&s->c->state, "disabled");
    strbuf_add(&s->c->reason, "enabled = no (");
    words_add_place(&s->c->reason, enabled ? enabled : s->unit);
    strbuf_add(&s->c->reason, ")");
    cause_add_last_run(s);
    strbuf_add(&s->c->advice, "after changing that, restart reeved");
}

static void find_stopped(struct search *s)
{
    if (!field_true(s->unit, "enabled")) {
        find_disabled(s);
        return;
    }
    if (field_number(s->unit, "run", 0) == 0) {
        find_never_started(s);
    } else {
        cause_add_state(s, "stopped");
        if (!add_unrecorded_stop(s) && field(s->last, "requested_by"))
            cause_add_asker(s, &s->c->reason, s->last, "stopped", "it");
        cause_add_last_run(s);
    }
    cause_add_advice(s, "to start it", "start");
}

static void find_unknown(struct search *s)
{
    cause_add_state(s, field_word(s->unit, "state"));
    cause_add_last_run(s);
}

static void (*const finders[STATE_COUNT])(struct search *s) = {
    [STATE_STOPPED] = find_stopped,   [STATE_WAITING] = cause_find_waiting,
    [STATE_STARTING] = find_starting, [STATE_RUNNING] = find_running,
    [STATE_STOPPING] = find_stopping, [STATE_KILLING] = find_killing,
    [STATE_BACKOFF] = find_backoff,   [STATE_COMPLETED] = find_completed,
    [STATE_FAILED] = find_failed,
};

/* ---- what has to be asked ---- */

static bool is_request(const cJSON *event, enum request_kind kind)
{
    return cause_is_word(event, "request", request_kind_name(kind));
}

static bool is_held_stop(const cJSON *unit)
{
    return cause_is_word(field(unit, "waiting"), "until", waited_for_name(WAITED_STOPPED));
}

static bool is_up(const cJSON *unit)
{
    return words_is_state(unit, STATE_RUNNING) || words_is_state(unit, STATE_STARTING);
}

bool cause_needs_events(const cJSON *unit, enum notice_type type)
{
    bool stopped = words_is_state(unit, STATE_STOPPED);

    if (type == NOTICE_UNIT_STATE)
        return stopped || words_is_state(unit, STATE_STOPPING);
    return type == NOTICE_UNIT_REQUESTED && (stopped || is_up(unit));
}

bool cause_explains(const cJSON *unit, const cJSON *event)
{
    bool is_state = cause_is_word(event, "type", notice_type_name(NOTICE_UNIT_STATE));

    if (!cause_is_word(event, "unit", field_word(unit, "name")))
        return false;
    if (words_is_state(unit, STATE_STOPPING))
        return is_state;
    if (words_is_state(unit, STATE_STOPPED))
        return is_state ? words_is_state(event, STATE_STOPPED) && field(event, "requested_by")
                        : !is_request(event, REQUEST_SIGNAL) && !is_request(event, REQUEST_START);
    if (is_held_stop(unit))
        return is_request(event, REQUEST_STOP) || is_request(event, REQUEST_RESTART);
    return is_request(event, REQUEST_START) || is_request(event, REQUEST_RESTART);
}

bool cause_by_shutdown(const cJSON *unit, const cJSON *event)
{
    const char *by = requested_by_name(BY_SHUTDOWN);

    return cause_is_word(event, "requested_by", by) ||
           (words_is_state(unit, STATE_STOPPED) &&
            cause_is_word(field(unit, "last_exit"), "requested_by", by));
}

const char *cause_other(const cJSON *unit)
{
    const cJSON *waiting = field(unit, "waiting");

    return field_text(waiting, field_true(waiting, "failed") ? "cause" : "unit");
}

bool cause_needs_above(const cJSON *unit)
{
    return is_up(unit) && cause_is_word(unit, "goal", "up") && !field_true(unit, "wanted");
}

void cause_find(struct cause *c, const struct cause_facts *facts, int64_t now_wall_ms)
{
    struct search s;

    search_init(&s, c, facts, facts->unit, now_wall_ms);
    for (enum unit_state state = 0; state < STATE_COUNT; state++) {
        if (words_is_state(facts->unit, state)) {
            finders[state](&s);
            return;
        }
    }
    find_unknown(&s);
}

void cause_finish(struct cause *c)
{
    strbuf_finish(&c->state);
    strbuf_finish(&c->reason);
    strbuf_finish(&c->last_run);
    strbuf_finish(&c->advice);
}
