#include "reevectl/cause_search.h"

#include <string.h>

#include "core/outcome.h"
#include "core/unit.h"
#include "reevectl/endings.h"
#include "reevectl/fields.h"
#include "reevectl/people.h"
#include "reevectl/probes.h"
#include "reevectl/words.h"

void search_init(struct search *s, struct cause *c, const struct cause_facts *facts,
                 const cJSON *unit, int64_t now_wall_ms)
{
    *s = (struct search){
        .c = c,
        .facts = facts,
        .unit = unit,
        .effective = field(unit, "effective"),
        .last = field(unit, "last_exit"),
        .name = field_word(unit, "name"),
        .is_job = cause_is_word(unit, "kind", "job"),
        .goal_is_up = cause_is_word(unit, "goal", "up"),
        .now_wall_ms = now_wall_ms,
        .since_ms = field_number(unit, "since_ms", -1),
    };
    history_find(&s->history, unit, facts->events);
}

bool cause_is_word(const cJSON *object, const char *key, const char *word)
{
    return strcmp(field_word(object, key), word) == 0;
}

/* "running since Sat 2026-11-21 12:00:00 CET, 3m ago" */
void cause_add_state(struct search *s, const char *state)
{
    struct strbuf *b = &s->c->state;

    strbuf_add(b, state);
    if (s->since_ms >= 0) {
        strbuf_add(b, " since ");
        words_add_moment(b, s->now_wall_ms - s->since_ms, s->now_wall_ms);
    }
}

/* "3 times", "once" */
void cause_add_times(struct strbuf *b, int64_t n)
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
void cause_add_last_run(struct search *s)
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
    endings_add_hooks(b, s->last);
    leftovers = field_number(s->last, "leftovers_killed", 0);
    if (leftovers > 0)
        strbuf_addf(b, "; %lld leftover process%s had to be killed", (long long)leftovers,
                    leftovers == 1 ? "" : "es");
    cause_add_alike(b, s->unit);
}

/* ---- who asked ---- */

/* "root (uid 0, pid 12) asked for it" */
void cause_add_person(struct strbuf *b, const cJSON *requester, const char *deed)
{
    if (requester)
        people_add_requester(b, requester);
    else
        strbuf_add(b, "a user");
    strbuf_addf(b, " asked for %s", deed);
}

/* "reeved shuts down, since web, which is essential, has ended" */
static void add_shutdown(const struct search *s, struct strbuf *b, const cJSON *requester)
{
    strbuf_add(b, "reeved shuts down");
    if (requester) {
        strbuf_add(b, ", asked for by ");
        people_add_requester(b, requester);
    } else if (field(s->facts->session, "because")) {
        strbuf_add(b, ", since ");
        words_add_because(b, s->facts->session);
    }
}

/* "stopped along with db, which it requires: root (uid 0, pid 12) asked for that" */
static void add_along(const struct search *s, struct strbuf *b, const cJSON *requester,
                      const char *participle)
{
    const char *other = field_text(requester, "unit");

    strbuf_addf(b, "%s along with ", participle);
    if (other) {
        strbuf_add(b, other);
        cause_add_relation(s, b, other);
    } else {
        strbuf_add(b, "another unit");
    }
    if (field_number(requester, "uid", -1) >= 0) {
        strbuf_add(b, ": ");
        cause_add_person(b, requester, "that");
    }
}

/* "its health check failed: exec:check: exit code 2" */
static void add_ill_health(const struct search *s, struct strbuf *b, const cJSON *asked)
{
    const char *error = probes_error_of(asked, s->unit);

    strbuf_add(b, "its health check failed");
    if (error)
        strbuf_addf(b, ": %s", error);
}

void cause_add_asker(const struct search *s, struct strbuf *b, const cJSON *asked,
                     const char *participle, const char *deed)
{
    const char *by = field_word(asked, "requested_by");
    const cJSON *requester = field(asked, "requester");

    if (strcmp(by, requested_by_name(BY_SHUTDOWN)) == 0)
        add_shutdown(s, b, requester);
    else if (strcmp(by, requested_by_name(BY_TIMEOUT)) == 0)
        strbuf_add(b, "its timeout was over");
    else if (strcmp(by, requested_by_name(BY_HEALTH)) == 0)
        add_ill_health(s, b, asked);
    else if (strcmp(by, requested_by_name(BY_APPLY)) == 0)
        strbuf_add(b, "its definition was changed");
    else if (strcmp(by, requested_by_name(BY_DEPENDENCY)) == 0)
        add_along(s, b, requester, participle);
    else
        cause_add_person(b, requester, deed);
}

/* ---- what can be done ---- */

void cause_add_advice(struct search *s, const char *what, const char *command)
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
        {STAGE_GROUPS, "user"},  {STAGE_READY, "ready_timeout"}, {STAGE_PRE_START, "pre_start"},
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
    bool missing = cause_is_word(error, "errno", "ENOENT");

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
void cause_advise_start(struct search *s, const char *otherwise, const char *command)
{
    const cJSON *error = field(s->last, "error");
    const char *remedy = remedy_of(error), *key = key_of_stage(field_word(error, "stage"));
    const cJSON *item = key ? words_config(s->unit, key) : NULL;

    cause_add_advice(s, remedy ? remedy : otherwise, command);
    if (!item)
        return;
    strbuf_add(&s->c->advice, "; after changing ");
    words_add_place(&s->c->advice, item);
    strbuf_add(&s->c->advice, ", restart reeved");
}

/* A reset starts what is still to be up; what is not has to be asked for. */
void cause_advise_retry(struct search *s)
{
    cause_advise_start(s, "to try again", s->goal_is_up ? "reset-failed" : "start");
}

/* Why it is not tried again. */
void cause_add_finality(const struct search *s, struct strbuf *b)
{
    int64_t limit = field_number(s->effective, "restart_limit", 0);
    int64_t retries = field_number(s->effective, "retries", 0);
    /* Who is ended for its health is restarted whatever `restart` says. */
    bool by_health = cause_is_word(s->last, "requested_by", requested_by_name(BY_HEALTH));

    if (s->is_job) {
        strbuf_addf(b, retries ? "retries = %lld, all used" : "retries = %lld", (long long)retries);
    } else if (cause_is_word(s->effective, "restart", "never") && !by_health) {
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

void cause_add_next_try(const struct search *s, struct strbuf *b)
{
    int64_t next_wall_ms, restarts = field_number(s->unit, "restarts", 0);

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
        cause_add_times(b, restarts);
        strbuf_add(b, " already");
    }
}
