#include "reevectl/cause_search.h"

#include <string.h>

#include "core/outcome.h"
#include "core/unit.h"
#include "core/waiting.h"
#include "reevectl/fields.h"
#include "reevectl/probes.h"
#include "reevectl/words.h"

/* ---- one function for each kind of state ---- */

/* Who wants it up, behind what is told already. */
static void add_origin_behind(const struct search *s, struct strbuf *b)
{
    struct strbuf origin = STRBUF_INIT;

    cause_add_origin(s, &origin);
    if (origin.len_bytes)
        strbuf_addf(b, "%s%s", b->len_bytes ? "; " : "", strbuf_text(&origin));
    b->failed |= origin.failed;
    strbuf_finish(&origin);
}

static void find_running(struct search *s)
{
    int64_t restarts = field_number(s->unit, "restarts", 0);
    struct strbuf *b = &s->c->reason;

    cause_add_state(s, "running");
    strbuf_addf(&s->c->state, " (run %lld, pid %lld)", (long long)field_number(s->unit, "run", 0),
                (long long)field_number(s->unit, "pid", 0));
    if (cause_add_held_stop(s, b))
        return;
    if (cause_add_health(s, b) && probes_say_unhealthy(s->unit))
        cause_add_advice(s, "to restart it", "restart");
    add_origin_behind(s, b);
    if (restarts > 0) {
        strbuf_add(b, b->len_bytes ? ", restarted " : "restarted ");
        cause_add_times(b, restarts);
        cause_add_last_run(s);
    }
    cause_add_hooks_of_run(s, b);
}

/* Of one that executes. */
static void add_not_ready(const struct search *s, struct strbuf *b)
{
    int64_t within_ms = field_number(s->effective, "ready_timeout_ms", -1);
    const char *ready = field_word(s->effective, "ready");
    struct strbuf told = STRBUF_INIT;

    strbuf_add(b, "not ready yet");
    if (*ready && strcmp(ready, "started") != 0)
        strbuf_addf(b, ", ready = %s", ready);
    if (within_ms >= 0) {
        strbuf_add(b, ", ready_timeout = ");
        words_add_duration(b, within_ms);
    }
    words_add_told(&told, field(s->unit, "told"));
    if (told.len_bytes)
        strbuf_addf(b, "; it says: %s", strbuf_text(&told));
    b->failed |= told.failed;
    strbuf_finish(&told);
}

static void find_starting(struct search *s)
{
    struct strbuf *b = &s->c->reason;

    cause_add_state(s, "starting");
    if (field(s->unit, "hook"))
        cause_add_hook(s, b);
    else
        add_not_ready(s, b);
    add_origin_behind(s, b);
    if (field_number(s->unit, "restarts", 0) > 0)
        cause_add_last_run(s);
}

/* How long it may take to end what has been told to. */
static void add_kill(const struct search *s, struct strbuf *b)
{
    int64_t left_ms = field_number(s->effective, "stop_timeout_ms", -1) - s->since_ms;
    int64_t kill_wall_ms;

    if (words_parse_time(field_word(s->unit, "kill_at"), &kill_wall_ms))
        left_ms = kill_wall_ms - s->now_wall_ms;
    strbuf_add(b, "what does not stop is killed ");
    cause_add_span_left(b, left_ms);
}

/* Being ended: by whom, and how long that may take. */
static void find_stopping(struct search *s)
{
    struct strbuf *b = &s->c->reason;
    const cJSON *entry = s->history.entry;
    bool is_over = cause_is_in(s, HOOK_POST_STOP);

    cause_add_state(s, "stopping");
    if (field(entry, "requested_by")) {
        cause_add_asker(s, b, entry, "being stopped", s->goal_is_up ? "a restart" : "it");
        strbuf_add(b, "; ");
    } else if (s->goal_is_up && !field(s->unit, "pid") && !field(s->unit, "hook")) {
        strbuf_add(b, "its main process has ended, and what is left of the run has to; ");
    }
    if (is_over)
        strbuf_add(b, "nothing of the run is left; ");
    if (field(s->unit, "hook"))
        cause_add_hook(s, b);
    if (is_over)
        return;
    if (cause_is_in(s, HOOK_PRE_STOP))
        strbuf_add(b, "; then it is told to stop");
    else if (!field(s->unit, "hook"))
        add_kill(s, b);
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
    cause_advise_retry(s);
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

/* Whether it was stopped between two runs, or before the first: no record tells of that. */
static bool was_idle(const struct search *s)
{
    static const enum unit_state idle[] = {STATE_WAITING, STATE_BACKOFF, STATE_FAILED};

    for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++)
        if (cause_is_word(s->history.entry, "previous", unit_state_name(idle[i])))
            return true;
    return false;
}

/* Who stopped it; whether that is known. */
static bool add_stopper(struct search *s)
{
    const cJSON *entry = s->history.entry, *stopper = s->history.stopper;

    if (field(entry, "requested_by")) {
        cause_add_asker(s, &s->c->reason, entry, "stopped", "it");
    } else if (field(s->last, "requested_by") && !was_idle(s)) {
        cause_add_asker(s, &s->c->reason, s->last, "stopped", "it");
    } else if (stopper) {
        bool reset = cause_is_word(stopper, "request", request_kind_name(REQUEST_RESET_FAILED));

        cause_add_person(&s->c->reason, field(stopper, "requester"),
                         reset ? "a reset of its failure" : "it");
    }
    return s->c->reason.len_bytes > 0;
}

static void find_never_started(struct search *s)
{
    const cJSON *autostart = words_config(s->unit, "autostart");
    struct strbuf *b = &s->c->reason;

    strbuf_add(&s->c->state, "never started");
    if (add_stopper(s) || field_true(s->unit, "autostart"))
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
        (void)add_stopper(s);
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

static bool is_up(const cJSON *unit)
{
    return words_is_state(unit, STATE_RUNNING) || words_is_state(unit, STATE_STARTING);
}

bool cause_needs_events(const cJSON *unit, enum notice_type type)
{
    if (type == NOTICE_UNIT_STATE && words_is_state(unit, STATE_STOPPING))
        return true;
    if (type == NOTICE_UNIT_HOOK)
        return words_is_state(unit, STATE_RUNNING);
    return (type == NOTICE_UNIT_STATE || type == NOTICE_UNIT_REQUESTED) &&
           (words_is_state(unit, STATE_STOPPED) || is_up(unit));
}

bool cause_needs_health(const cJSON *unit)
{
    return words_is_state(unit, STATE_RUNNING) && probes_say_unhealthy(unit);
}

bool cause_by_shutdown(const cJSON *unit, const cJSON *events)
{
    const char *by = requested_by_name(BY_SHUTDOWN);
    struct history history;

    history_find(&history, unit, events);
    return cause_is_word(history.entry, "requested_by", by) ||
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
    enum unit_state state = 0;
    struct search s;

    search_init(&s, c, facts, facts->unit, now_wall_ms);
    while (state < STATE_COUNT && !words_is_state(facts->unit, state))
        state++;
    if (state < STATE_COUNT)
        finders[state](&s);
    else
        find_unknown(&s);
    if (!cause_is_held_up(facts->unit) && field(facts->unit, "held_until")) {
        strbuf_add(&c->reason, c->reason.len_bytes ? "; " : "");
        (void)cause_add_hold(&s, &c->reason);
    }
    cause_find_mistake(&s);
}

void cause_finish(struct cause *c)
{
    strbuf_finish(&c->state);
    strbuf_finish(&c->reason);
    strbuf_finish(&c->last_run);
    strbuf_finish(&c->advice);
}
