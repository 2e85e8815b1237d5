#include "reevectl/cause.h"

#include <string.h>

#include "core/outcome.h"
#include "core/unit.h"
#include "reevectl/endings.h"
#include "reevectl/fields.h"
#include "reevectl/people.h"
#include "reevectl/words.h"

/* An event and the state it led to are told by two clocks: within this they belong together. */
enum { TOGETHER_MS = 2000 };

/* One search, with what is looked at again and again. */
struct search {
    struct cause *c;
    const cJSON *unit;
    const cJSON *effective;
    const cJSON *last; /* the newest record, or NULL */
    const cJSON *event;
    const char *name;
    bool is_job;
    bool wanted;
    int64_t now_wall_ms;
    int64_t since_ms;
};

static bool is_word(const cJSON *object, const char *key, const char *word)
{
    return strcmp(field_word(object, key), word) == 0;
}

/* "running since Sat 2026-11-21 12:00:00 CET, 3m ago" */
static void add_state(struct search *s, const char *state)
{
    struct strbuf *b = &s->c->state;

    strbuf_add(b, state);
    if (s->since_ms >= 0) {
        strbuf_add(b, " since ");
        words_add_moment(b, s->now_wall_ms - s->since_ms, s->now_wall_ms);
    }
}

/* "3 times", "once" */
static void add_times(struct strbuf *b, int64_t n)
{
    if (n == 1)
        strbuf_add(b, "once");
    else
        strbuf_addf(b, "%lld times", (long long)n);
}

/* ---- how runs ended ---- */

static bool same_member(const cJSON *a, const cJSON *b, const char *key)
{
    const cJSON *x = field(a, key), *y = field(b, key);

    return x && y ? cJSON_Compare(x, y, true) : x == y;
}

static bool same_end(const cJSON *a, const cJSON *b)
{
    static const char *const keys[] = {"reason", "exit_code", "signal", "requested_by", "error"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (!same_member(a, b, keys[i]))
            return false;
    return true;
}

/* How many runs in a row ended as the newest did, itself included; 0 without one. */
static int64_t count_alike(const cJSON *unit)
{
    const cJSON *last = field(unit, "last_exit"), *record;
    int64_t n = 0;

    cJSON_ArrayForEach(record, field(unit, "records"))
    {
        if (!last || !same_end(record, last))
            break;
        n++;
    }
    return n;
}

void cause_add_alike(struct strbuf *b, const cJSON *unit)
{
    int64_t alike = endings_is_failure(field(unit, "last_exit"), unit) ? count_alike(unit) : 0;

    if (alike > 2)
        strbuf_addf(b, "; the %lld before it did the same", (long long)(alike - 1));
}

/* "run 41 lasted 2s, until 3s ago: killed by SIGSEGV (segmentation fault)" */
static void add_last_run(struct search *s)
{
    bool began = s->last && !field(s->last, "error");
    int64_t ended_wall_ms, leftovers;
    struct strbuf *b = &s->c->last_run;

    if (!s->last)
        return;
    strbuf_addf(b, "run %lld", (long long)field_number(s->last, "run", 0));
    if (began) {
        strbuf_add(b, " lasted ");
        words_add_duration(b, field_number(s->last, "duration_ms", -1));
    }
    if (words_parse_time(field_word(s->last, "ended_at"), &ended_wall_ms)) {
        strbuf_add(b, began ? ", until " : ", ");
        words_add_ago(b, ended_wall_ms, s->now_wall_ms);
    }
    strbuf_add(b, ": ");
    endings_add_whole(b, s->last, s->unit);
    leftovers = field_number(s->last, "leftovers_killed", 0);
    if (leftovers > 0)
        strbuf_addf(b, "; %lld leftover process%s had to be killed", (long long)leftovers,
                    leftovers == 1 ? "" : "es");
    cause_add_alike(b, s->unit);
}

/* ---- who asked ---- */

/* "root (uid 0, pid 12) asked for it", "reeved shuts down" */
static void add_asker(struct strbuf *b, const char *by, const cJSON *requester, const char *deed)
{
    if (strcmp(by, requested_by_name(BY_SHUTDOWN)) == 0) {
        strbuf_add(b, "reeved shuts down");
    } else if (strcmp(by, requested_by_name(BY_TIMEOUT)) == 0) {
        strbuf_add(b, "its timeout was over");
        return;
    } else if (strcmp(by, requested_by_name(BY_HEALTH)) == 0) {
        strbuf_add(b, "its health check failed");
        return;
    } else if (strcmp(by, requested_by_name(BY_APPLY)) == 0) {
        strbuf_add(b, "its definition was changed");
    } else {
        if (requester)
            people_add_requester(b, requester);
        else
            strbuf_add(b, "a user");
        strbuf_addf(b, " asked for %s", deed);
        return;
    }
    if (requester) {
        strbuf_add(b, ", asked for by ");
        people_add_requester(b, requester);
    }
}

/* Whether the event led to the state that the unit is in, or came while it was in it. */
static bool event_belongs(const struct search *s)
{
    int64_t at_wall_ms;

    return s->event && s->since_ms >= 0 && is_word(s->event, "unit", s->name) &&
           words_parse_time(field_word(s->event, "at"), &at_wall_ms) &&
           at_wall_ms >= s->now_wall_ms - s->since_ms - TOGETHER_MS;
}

/* ---- one function for each kind of state ---- */

static void add_advice(struct search *s, const char *what, const char *command)
{
    strbuf_addf(&s->c->advice, "%s: reevectl %s %s", what, command, s->name);
}

/* Where the definition says what could not be carried out, and the key for it; NULL: nowhere. */
static const char *key_of_stage(const char *stage)
{
    static const struct {
        enum start_stage stage;
        const char *key;
    } keys[] = {
        {STAGE_EXEC, "command"}, {STAGE_CHDIR, "directory"},     {STAGE_USER, "user"},
        {STAGE_GROUPS, "user"},  {STAGE_READY, "ready_timeout"},
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(stage, start_stage_name(keys[i].stage)) == 0)
            return keys[i].key;
    return NULL;
}

/* What makes a start go well that failed in this way, or NULL. */
static const char *remedy_of(const cJSON *error)
{
    const char *stage = field_word(error, "stage");
    bool missing = is_word(error, "errno", "ENOENT");

    if (!key_of_stage(stage) || strcmp(stage, start_stage_name(STAGE_READY)) == 0)
        return NULL;
    if (missing && strcmp(stage, start_stage_name(STAGE_EXEC)) == 0)
        return "install it, then";
    if (missing && strcmp(stage, start_stage_name(STAGE_CHDIR)) == 0)
        return "create it, then";
    return "put it right, then";
}

/* The start of the unit, after what has to be put right before, if that is known. What is in force
 * was read when reeved started: a change of the file alone changes nothing. */
static void advise_start(struct search *s, const char *otherwise)
{
    const cJSON *error = field(s->last, "error");
    const char *remedy = remedy_of(error), *key = key_of_stage(field_word(error, "stage"));
    const cJSON *item = key ? words_config(s->unit, key) : NULL;

    add_advice(s, remedy ? remedy : otherwise, "start");
    if (!item)
        return;
    strbuf_add(&s->c->advice, "; after changing ");
    words_add_place(&s->c->advice, item);
    strbuf_add(&s->c->advice, ", restart reeved");
}

static void find_running(struct search *s)
{
    int64_t restarts = field_number(s->unit, "restarts", 0);

    add_state(s, "running");
    strbuf_addf(&s->c->state, " (run %lld, pid %lld)", (long long)field_number(s->unit, "run", 0),
                (long long)field_number(s->unit, "pid", 0));
    if (restarts > 0) {
        strbuf_add(&s->c->reason, "restarted ");
        add_times(&s->c->reason, restarts);
        add_last_run(s);
    }
}

static void find_starting(struct search *s)
{
    int64_t within_ms = field_number(s->effective, "ready_timeout_ms", -1);

    add_state(s, "starting");
    strbuf_add(&s->c->reason, "not ready yet");
    if (within_ms >= 0) {
        strbuf_add(&s->c->reason, ", ready_timeout = ");
        words_add_duration(&s->c->reason, within_ms);
    }
    if (field_number(s->unit, "restarts", 0) > 0)
        add_last_run(s);
}

static void find_waiting(struct search *s)
{
    add_state(s, "waiting");
    add_last_run(s);
}

/* Being ended: by whom, and how long that may take. */
static void find_stopping(struct search *s)
{
    struct strbuf *b = &s->c->reason;
    int64_t timeout_ms = field_number(s->effective, "stop_timeout_ms", -1);
    const char *by = field_text(s->event, "requested_by");

    add_state(s, "stopping");
    if (by && event_belongs(s)) {
        add_asker(b, by, field(s->event, "requester"), s->wanted ? "a restart" : "it");
        strbuf_add(b, "; ");
    } else if (s->wanted && !field(s->unit, "pid")) {
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
    add_advice(s, "to end it now", "signal --to tree KILL");
}

static void find_killing(struct search *s)
{
    int64_t pid = field_number(s->unit, "pid", -1);

    add_state(s, "killing");
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
    struct strbuf *b = &s->c->reason;
    int64_t next_wall_ms, restarts = field_number(s->unit, "restarts", 0);

    add_state(s, "backoff");
    strbuf_add(b, "next try ");
    if (!words_parse_time(field_word(s->unit, "next_start_at"), &next_wall_ms))
        strbuf_add(b, "to come");
    else if (next_wall_ms <= s->now_wall_ms)
        strbuf_add(b, "at any moment");
    else if (next_wall_ms - s->now_wall_ms < 1000)
        strbuf_addf(b, "in %lldms", (long long)(next_wall_ms - s->now_wall_ms));
    else
        words_add_ago(b, next_wall_ms, s->now_wall_ms);
    if (restarts > 0) {
        strbuf_add(b, ", restarted ");
        add_times(b, restarts);
        strbuf_add(b, " already");
    }
    add_last_run(s);
    advise_start(s, "to try now");
}

/* Why it is not tried again. */
static void add_finality(struct search *s, struct strbuf *b)
{
    int64_t limit = field_number(s->effective, "restart_limit", 0);
    int64_t retries = field_number(s->effective, "retries", 0);

    if (s->is_job) {
        strbuf_addf(b, retries ? "retries = %lld, all used" : "retries = %lld", (long long)retries);
    } else if (is_word(s->effective, "restart", "never")) {
        strbuf_add(b, "restart = never");
        if (!words_config(s->unit, "restart") && field_true(s->effective, "essential"))
            strbuf_add(b, " (the default of an essential unit)");
    } else if (limit > 0) {
        strbuf_addf(b, "restart_limit = %lld in ", (long long)limit);
        words_add_duration(b, field_number(s->effective, "restart_window_ms", -1));
        strbuf_add(b, " was reached");
    } else {
        strbuf_add(b, "given up");
    }
    strbuf_add(b, ", so it is not tried again");
}

static void find_failed(struct search *s)
{
    add_state(s, "failed");
    add_finality(s, &s->c->reason);
    add_last_run(s);
    advise_start(s, "to try again");
}

static void find_completed(struct search *s)
{
    add_state(s, "completed");
    if (!s->is_job)
        strbuf_addf(&s->c->reason, "it ended well, and restart = %s",
                    field_word(s->effective, "restart"));
    add_last_run(s);
    add_advice(s, s->is_job ? "to run it again" : "to start it again", "start");
}

/* A stop that no record tells of: it met the unit between two runs, or before the first. */
static bool add_unrecorded_stop(struct search *s)
{
    static const struct {
        const char *request, *deed;
    } deeds[] = {{"stop", "it"}, {"reset_failed", "a reset of its failure"}};

    if (!event_belongs(s))
        return false;
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        if (!is_word(s->event, "request", deeds[i].request))
            continue;
        add_asker(&s->c->reason, requested_by_name(BY_USER), field(s->event, "requester"),
                  deeds[i].deed);
        return true;
    }
    return false;
}

static void find_never_started(struct search *s)
{
    const cJSON *autostart = words_config(s->unit, "autostart");
    struct strbuf *b = &s->c->reason;

    strbuf_add(&s->c->state, "never started");
    if (field_true(s->unit, "autostart")) {
        (void)add_unrecorded_stop(s);
        return;
    }
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
    add_last_run(s);
    strbuf_add(&s->c->advice, "after changing that, restart reeved");
}

static void find_stopped(struct search *s)
{
    const char *by = field_text(s->last, "requested_by");

    if (!field_true(s->unit, "enabled")) {
        find_disabled(s);
        return;
    }
    if (field_number(s->unit, "run", 0) == 0) {
        find_never_started(s);
    } else {
        add_state(s, "stopped");
        if (!add_unrecorded_stop(s) && by)
            add_asker(&s->c->reason, by, field(s->last, "requester"), "it");
        add_last_run(s);
    }
    add_advice(s, "to start it", "start");
}

static void find_unknown(struct search *s)
{
    add_state(s, field_word(s->unit, "state"));
    add_last_run(s);
}

static void (*const finders[STATE_COUNT])(struct search *s) = {
    [STATE_STOPPED] = find_stopped,   [STATE_WAITING] = find_waiting,
    [STATE_STARTING] = find_starting, [STATE_RUNNING] = find_running,
    [STATE_STOPPING] = find_stopping, [STATE_KILLING] = find_killing,
    [STATE_BACKOFF] = find_backoff,   [STATE_COMPLETED] = find_completed,
    [STATE_FAILED] = find_failed,
};

const char *cause_event_type(const cJSON *unit)
{
    if (words_is_state(unit, STATE_STOPPING))
        return "unit.state";
    return words_is_state(unit, STATE_STOPPED) ? "unit.requested" : NULL;
}

void cause_find(struct cause *c, const cJSON *unit, const cJSON *event, int64_t now_wall_ms)
{
    struct search s = {
        .c = c,
        .unit = unit,
        .effective = field(unit, "effective"),
        .last = field(unit, "last_exit"),
        .event = event,
        .name = field_word(unit, "name"),
        .is_job = is_word(unit, "kind", "job"),
        .wanted = is_word(unit, "goal", "up"),
        .now_wall_ms = now_wall_ms,
        .since_ms = field_number(unit, "since_ms", -1),
    };

    for (enum unit_state state = 0; state < STATE_COUNT; state++) {
        if (words_is_state(unit, state)) {
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
