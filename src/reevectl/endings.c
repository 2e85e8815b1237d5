#include "reevectl/endings.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "config/words.h"
#include "core/outcome.h"
#include "os/signals.h"
#include "reevectl/fields.h"
#include "reevectl/people.h"
#include "reevectl/probes.h"
#include "reevectl/words.h"

static bool has_reason(const cJSON *record, enum reason reason)
{
    return strcmp(field_word(record, "reason"), reason_name(reason)) == 0;
}

static bool is_by(const cJSON *record, enum requested_by by)
{
    return strcmp(field_word(record, "requested_by"), requested_by_name(by)) == 0;
}

/* The wait status: "exit 1" or "SIGTERM"; false when the record has none. */
static bool add_status(struct strbuf *b, const cJSON *record, const char *exit_word)
{
    const char *signal = field_text(record, "signal");
    int64_t code = field_number(record, "exit_code", -1);

    if (signal)
        strbuf_addf(b, "SIG%s", signal);
    else if (code >= 0)
        strbuf_addf(b, "%s %lld", exit_word, (long long)code);
    return signal || code >= 0;
}

static bool not_ready_in_time(const cJSON *error)
{
    return strcmp(field_word(error, "stage"), start_stage_name(STAGE_READY)) == 0;
}

/* "(exec ENOENT)", as far as it is known. */
static void add_error_brief(struct strbuf *b, const cJSON *record)
{
    const cJSON *error = field(record, "error");

    if (!error) {
        strbuf_add(b, "(");
        strbuf_add(b, add_status(b, record, "exit") ? ")" : "why is not known)");
    } else if (not_ready_in_time(error)) {
        strbuf_add(b, "(not ready in time)");
    } else if (strcmp(field_word(error, "stage"), start_stage_name(STAGE_PRE_START)) == 0) {
        strbuf_addf(b, "(%s)", field_word(error, "stage"));
    } else {
        const char *name = field_text(error, "errno");

        strbuf_addf(b, "(%s %s)", field_word(error, "stage"),
                    name ? name : field_word(error, "message"));
    }
}

void endings_add_brief(struct strbuf *b, const cJSON *record)
{
    if (has_reason(record, REASON_START_FAILED)) {
        strbuf_add(b, "start failed ");
        add_error_brief(b, record);
        return;
    }
    if (!add_status(b, record, "exit"))
        strbuf_add(b, "unknown");
    if (field_true(record, "oom_kill"))
        strbuf_add(b, " (out of memory)");
    else if (has_reason(record, REASON_FORCED_KILL))
        strbuf_add(b, " (forced)");
    else if (is_by(record, BY_HEALTH))
        strbuf_add(b, " (unhealthy)");
    else if (field_true(record, "core_dumped"))
        strbuf_add(b, " (core)");
}

void endings_add_signal(struct strbuf *b, const char *name)
{
    int sig = signal_parse(name);
    /* "SIGKILL (killed)" says it twice. */
    const char *meaning = sig > 0 && sig != SIGKILL ? sigdescr_np(sig) : NULL;

    strbuf_addf(b, "SIG%s", name);
    if (meaning && *meaning)
        strbuf_addf(b, " (%c%s)", tolower((unsigned char)meaning[0]), meaning + 1);
}

/* What was to be executed, as it is written: the first word of the command. */
static void add_program(struct strbuf *b, const char *command)
{
    struct arena arena = {0};
    const char *problem;
    char **words;
    size_t n;

    if (words_split(command, &arena, &words, &n, &problem) == 0 && n > 0)
        strbuf_addf(b, " %s", words[0]);
    arena_finish(&arena);
}

/* "exec /usr/bin/nope: No such file or directory"; without a unit what it was about is not known.
 */
static void add_start_error(struct strbuf *b, const cJSON *error, const cJSON *unit)
{
    const char *stage = field_word(error, "stage");
    const char *message = field_word(error, "message");
    const cJSON *effective = field(unit, "effective");

    strbuf_add(b, stage);
    if (strcmp(stage, start_stage_name(STAGE_EXEC)) == 0)
        add_program(b, field_word(words_config(unit, "command"), "text"));
    else if (strcmp(stage, start_stage_name(STAGE_CHDIR)) == 0 && field(effective, "directory"))
        strbuf_addf(b, " %s", field_word(effective, "directory"));
    strbuf_addf(b, ": %s", *message ? message : field_word(error, "errno"));
}

/* As reeved tells it, with what the last look found; or the least that can be said. */
static void add_not_ready(struct strbuf *b, const cJSON *error, const cJSON *unit)
{
    const char *message = field_word(error, "message");
    int64_t within_ms = field_number(field(unit, "effective"), "ready_timeout_ms", -1);

    if (strncmp(message, "not ready within ", strlen("not ready within ")) == 0) {
        strbuf_add(b, message);
        return;
    }
    strbuf_add(b, "not ready ");
    if (within_ms >= 0) {
        strbuf_add(b, "within ");
        words_add_duration(b, within_ms);
    } else {
        strbuf_add(b, "in time");
    }
}

/* What a shell means by a code of its own. */
static void add_code(struct strbuf *b, int64_t code)
{
    strbuf_addf(b, "exit code %lld", (long long)code);
    if (code == 126)
        strbuf_add(b, " (of a shell: cannot be executed)");
    else if (code == 127)
        strbuf_add(b, " (of a shell: command not found)");
    else if (code > 128 && code <= 128 + 31)
        strbuf_addf(b, " (128 + SIG%s)", signal_name((int)code - 128));
}

/* "killed, since it did not stop within 10s of SIGTERM": what it was given, not what is configured,
 * since a shutdown may give less. */
static void add_forced(struct strbuf *b, const cJSON *record, const cJSON *unit)
{
    const char *stop_signal = field_text(field(unit, "effective"), "stop_signal");
    int64_t asked_wall_ms, kill_wall_ms;

    if (!words_parse_time(field_word(record, "stop_signal_at"), &asked_wall_ms) ||
        !words_parse_time(field_word(record, "kill_at"), &kill_wall_ms)) {
        strbuf_add(b, "killed by SIGKILL, since it did not stop in time");
        return;
    }
    strbuf_add(b, "killed by SIGKILL, since it did not stop within ");
    words_add_span(b, kill_wall_ms - asked_wall_ms);
    strbuf_addf(b, " of SIG%s", stop_signal ? stop_signal : "TERM");
}

/* How main ended. */
static void add_end(struct strbuf *b, const cJSON *record, const cJSON *unit)
{
    const char *signal = field_text(record, "signal");
    int64_t code = field_number(record, "exit_code", -1);
    bool asked = field(record, "requested_by") || field(record, "stop_signal_at");

    if (has_reason(record, REASON_FORCED_KILL)) {
        add_forced(b, record, unit);
    } else if (signal) {
        strbuf_add(b, asked ? "ended by " : "killed by ");
        endings_add_signal(b, signal);
    } else if (code >= 0) {
        strbuf_add(b,
                   has_reason(record, REASON_SIGNAL) ? "stopped with " : "ended by itself with ");
        add_code(b, code);
    } else {
        strbuf_add(b, "ended, how is not known");
    }
    if (field_true(record, "core_dumped"))
        strbuf_add(b, ", core dumped");
    if (field_true(record, "oom_kill"))
        strbuf_add(b, ", out of memory");
}

/* Ended by what makes a failure of any end. */
static void add_occasion(struct strbuf *b, const cJSON *record, const cJSON *unit)
{
    int64_t timeout_ms = field_number(field(unit, "effective"), "timeout_ms", -1);
    const char *ill = probes_error_of(record, unit);

    if (is_by(record, BY_TIMEOUT)) {
        strbuf_add(b, "took longer than its timeout");
        if (timeout_ms > 0) {
            strbuf_add(b, " of ");
            words_add_duration(b, timeout_ms);
        }
        strbuf_add(b, ": ");
    } else if (is_by(record, BY_HEALTH)) {
        strbuf_add(b, "its health check failed");
        if (ill)
            strbuf_addf(b, " (%s)", ill);
        strbuf_add(b, ": ");
    }
}

void endings_add_whole(struct strbuf *b, const cJSON *record, const cJSON *unit)
{
    const cJSON *error = field(record, "error");

    if (has_reason(record, REASON_START_FAILED))
        strbuf_add(b, "start failed: ");
    else
        error = NULL;
    add_occasion(b, record, unit);
    if (!error)
        add_end(b, record, unit);
    else if (not_ready_in_time(error))
        add_not_ready(b, error, unit);
    else
        add_start_error(b, error, unit);
}

void endings_add_hooks(struct strbuf *b, const cJSON *record)
{
    const char *stage = field_word(field(record, "error"), "stage");
    const cJSON *failed;

    cJSON_ArrayForEach(failed, field(record, "failed_hooks"))
    {
        const char *hook = field_word(failed, "hook");

        if (strcmp(hook, stage) != 0)
            strbuf_addf(b, "; %s failed: %s", hook, field_word(failed, "message"));
    }
}

void endings_add(struct strbuf *b, const cJSON *record)
{
    endings_add_whole(b, record, NULL);
}

void endings_add_requester(struct strbuf *b, const cJSON *record)
{
    const char *by = field_text(record, "requested_by");
    const cJSON *who = field(record, "requester");

    if (!by || !who) {
        strbuf_add(b, by ? by : "-");
        return;
    }
    if (field(who, "unit")) {
        strbuf_addf(b, "%s: %s", by, field_word(who, "unit"));
        if (field_number(who, "uid", -1) < 0)
            return;
        strbuf_add(b, ", by ");
    } else if (strcmp(by, requested_by_name(BY_USER)) != 0) {
        strbuf_addf(b, "%s by ", by);
    }
    people_add_requester(b, who);
}

void endings_add_asked(struct strbuf *b, const cJSON *record)
{
    static const struct {
        enum requested_by by;
        const char *purpose;
    } purposes[] = {
        {BY_USER, ""},
        {BY_RESTART, ", to restart it"},
        {BY_SHUTDOWN, ", to shut reeved down"},
    };
    const char *by = field_word(record, "requested_by");
    const cJSON *who = field(record, "requester");

    if (strcmp(by, requested_by_name(BY_DEPENDENCY)) == 0 && field(who, "unit")) {
        strbuf_addf(b, "along with %s", field_word(who, "unit"));
        if (field_number(who, "uid", -1) < 0)
            return;
        strbuf_add(b, ", asked for by ");
        people_add_requester(b, who);
        return;
    }
    strbuf_add(b, "asked for by ");
    people_add_requester(b, who);
    for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++) {
        if (strcmp(by, requested_by_name(purposes[i].by)) == 0) {
            strbuf_add(b, purposes[i].purpose);
            return;
        }
    }
    strbuf_addf(b, " (%s)", by);
}

static bool contains_word(const cJSON *words, const char *word)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, words)
    {
        if (cJSON_IsString(item) && strcmp(item->valuestring, word) == 0)
            return true;
    }
    return false;
}

bool endings_is_failure(const cJSON *record, const cJSON *unit)
{
    const cJSON *success = field(field(unit, "effective"), "success_exit");
    const char *by = field_text(record, "requested_by");
    const char *signal = field_text(record, "signal");
    int64_t exit_code = field_number(record, "exit_code", -1);
    char code[24];

    if (has_reason(record, REASON_START_FAILED))
        return true;
    if (by)
        return strcmp(by, requested_by_name(BY_TIMEOUT)) == 0 ||
               strcmp(by, requested_by_name(BY_HEALTH)) == 0;
    if (signal)
        return !contains_word(success, signal);
    snprintf(code, sizeof(code), "%lld", (long long)exit_code);
    return exit_code < 0 || !contains_word(success, code);
}
