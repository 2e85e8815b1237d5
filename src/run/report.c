#include "run/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "base/log.h"
#include "os/signals.h"
#include "run/describe.h"
#include "run/state.h"

static const char *name_of(const struct supervisor *s, uint32_t index)
{
    return s->set->units[index].name;
}

static void report_waiting(const struct supervisor *s, const struct unit *u)
{
    const char *name = u->spec->name;
    struct waiting_for w;

    order_waiting(&s->order, u->index, &w);
    if (w.unit == WAITING_NO_UNIT)
        return;
    if (!w.failed)
        log_info("%s: waiting for %s to be %s", name, name_of(s, w.unit), waited_for_name(w.until));
    else if (w.cause == w.unit)
        log_warning("%s: waiting: %s has %s", name, name_of(s, w.unit),
                    unit_state_name(unit_state_of(s->lives[w.unit].unit.phase)));
    else
        log_warning("%s: waiting for %s: %s has %s", name, name_of(s, w.unit), name_of(s, w.cause),
                    unit_state_name(unit_state_of(s->lives[w.cause].unit.phase)));
}

/* "user", "dependency: db", or nothing */
static void describe_asker(const struct supervisor *s, const struct exit_record *r, char *text,
                           size_t size_bytes)
{
    const char *unit = r->requester.unit ? name_of(s, r->requester.unit - 1) : NULL;

    *text = '\0';
    if (r->requested_by != BY_NOBODY)
        snprintf(text, size_bytes, "%s%s%s", requested_by_name(r->requested_by), unit ? ": " : "",
                 unit ? unit : "");
}

static void report_stopping(const struct supervisor *s, const struct unit *u, enum unit_phase from,
                            enum unit_phase to)
{
    const char *name = u->spec->name;
    char text[96];

    if (from == PHASE_ASKED) /* how that went was said, if it went wrong */
        return;
    describe_asker(s, &u->current, text, sizeof text);
    if (from == PHASE_PRE_STOP)
        log_info("%s: pre_stop is over, %s", name,
                 to == PHASE_ASKED ? "running stop_command" : "sending the stop signal");
    else
        log_info("%s: stopping (%s)%s", name, *text ? text : "it did not become ready in time",
                 to == PHASE_PRE_STOP ? ": pre_stop"
                 : to == PHASE_ASKED  ? ": stop_command"
                                      : "");
}

void report_changed(const struct supervisor *s, const struct unit *u, enum unit_phase from,
                    enum unit_phase to)
{
    const char *name = u->spec->name;
    char text[96];

    switch (to) {
    case PHASE_RUNNING:
        log_info("%s: running, pid %d", name, (int)u->current.pid);
        break;
    case PHASE_PRE_STOP:
    case PHASE_ASKED:
    case PHASE_STOPPING:
        report_stopping(s, u, from, to);
        break;
    case PHASE_HOOK_ENDING:
        if (from == PHASE_PRE_START)
            report_stopping(s, u, from, to);
        break;
    case PHASE_HELD:
        log_info("%s: held for %s", name,
                 duration_format(u->deadline_ms - u->since_ms, text, sizeof text));
        break;
    case PHASE_DRAINING:
        log_info("%s: its main process has ended, ending what it left behind", name);
        break;
    case PHASE_KILLING:
        log_warning("%s: %s", name,
                    s->shutdown.hurried ? "asked again: sending SIGKILL now"
                                        : "did not end in time, sending SIGKILL");
        break;
    case PHASE_BACKOFF:
        log_info("%s: next start in %s", name,
                 duration_format(u->deadline_ms - u->since_ms, text, sizeof text));
        break;
    case PHASE_FAILED:
        log_error("%s: failed, not restarted", name);
        break;
    case PHASE_COMPLETED:
        log_info("%s: completed", name);
        break;
    case PHASE_STOPPED:
        log_info("%s: stopped", name);
        break;
    case PHASE_WAITING:
    case PHASE_STUCK:
        report_waiting(s, u);
        break;
    case PHASE_PRE_START:
    case PHASE_SPAWNING:
    case PHASE_PROBING:
    case PHASE_UNKILLABLE:
    case PHASE_POST_STOP:
    case PHASE_COUNT:
        break;
    }
}

/* "exec /srv/x: No such file or directory"; without memory the path is left out. */
static void describe_failed_start(const struct unit *u, const struct exit_record *r, char *text,
                                  size_t size_bytes)
{
    struct strbuf error = STRBUF_INIT;

    describe_start_error(&error, u, r);
    if (error.failed)
        snprintf(text, size_bytes, "%s: %s", start_stage_name(r->error_stage),
                 describe_start_errno(r));
    else
        snprintf(text, size_bytes, "%s", strbuf_text(&error));
    strbuf_finish(&error);
}

/* "exit code 3", "SIGTERM" */
static void describe_end(const struct unit *u, const struct exit_record *r, char *text,
                         size_t size_bytes)
{
    if (r->error_stage != STAGE_NONE)
        describe_failed_start(u, r, text, size_bytes);
    else if (r->signal)
        snprintf(text, size_bytes, "SIG%s%s", signal_name(r->signal),
                 r->core_dumped ? ", core dumped" : "");
    else if (r->has_status)
        snprintf(text, size_bytes, "exit code %d", r->exit_code);
    else
        snprintf(text, size_bytes, "status unknown");
}

void report_record(const struct supervisor *s, const struct unit *u)
{
    const struct exit_record *r = unit_last_record(u);
    char end[512], duration[32], asker[96], who[128] = "";

    if (!r)
        return;
    describe_end(u, r, end, sizeof end);
    describe_asker(s, r, asker, sizeof asker);
    if (*asker)
        snprintf(who, sizeof who, ", asked by %s", asker);
    log_info("%s: run %" PRIu64 " ended after %s: %s (%s%s)", u->spec->name, r->run,
             duration_format(r->duration_ms, duration, sizeof duration), end,
             reason_name(r->reason), who);
    if (r->leftovers_killed)
        log_warning("%s: %u process%s it left behind %s killed", u->spec->name, r->leftovers_killed,
                    r->leftovers_killed == 1 ? "" : "es",
                    r->leftovers_killed == 1 ? "was" : "were");
}

void report_health(const struct unit *u)
{
    struct strbuf why = STRBUF_INIT;

    if (u->health.is == HEALTHINESS_HEALTHY) {
        log_info("%s: healthy", u->spec->name);
        return;
    }
    describe_probe(&why, &u->spec->health, u->health.last_failure);
    log_warning("%s: unhealthy: %s", u->spec->name, strbuf_text(&why));
    strbuf_finish(&why);
}

void report_hook(const struct unit *u, const struct action *failed)
{
    enum hook hook = failed->failed.hook;
    struct strbuf how = STRBUF_INIT;

    describe_hook_failure(&how, u->spec, hook, failed->failed.failure);
    log_warning("%s: %s: %s", u->spec->name, hook_name(hook), strbuf_text(&how));
    strbuf_finish(&how);
}

void report_reloaded(const struct unit *u, struct probe_result result)
{
    if (result.how == PROBE_GOOD)
        log_info("%s: reloaded", u->spec->name);
}

/* What would be right. */
static const char *advice(const struct unit *u, const struct mistake *m)
{
    switch (m->kind) {
    case MISTAKE_DAEMONIZED:
        return "have it stay in the foreground, by an option or in its configuration (nginx: -g "
               "'daemon off;', redis: --daemonize no, others: -f, -F, -D, --foreground)";
    case MISTAKE_SWALLOWED:
        return "begin the program with exec, so that it takes the place of the shell, or set "
               "kill_mode = tree";
    case MISTAKE_PORT_TAKEN:
        return m->unit == u->index + 1 ? "an earlier run left that behind: end it"
                                       : "end that, or give one of the two another port";
    case MISTAKE_NONE:
    case MISTAKE_COUNT:
        break;
    }
    return "";
}

void report_mistake(const struct supervisor *s, const struct unit *u, const struct mistake *m)
{
    struct strbuf what = STRBUF_INIT;

    describe_mistake(&what, u->spec, m, m->unit ? name_of(s, m->unit - 1) : NULL);
    log_warning("%s: %s; %s", u->spec->name, strbuf_text(&what), advice(u, m));
    strbuf_finish(&what);
}

void report_unkillable(const struct unit *u)
{
    log_error("%s: unkillable: SIGKILL did not end run %" PRIu64 "; it is not started again until "
              "that is gone",
              u->spec->name, u->run);
}

void report_look_unkillable(const struct unit *u)
{
    log_error("%s: unkillable: SIGKILL did not end a command that looked at it", u->spec->name);
}

void report_state(const struct unit *u)
{
    const struct exit_record *r = unit_last_record(u);
    char process[32] = "no process";

    if (u->main_alive)
        snprintf(process, sizeof process, "pid %d", (int)u->current.pid);
    log_info("%s: %s, %s, run %" PRIu64 ", restarts %u, last end %s", u->spec->name,
             unit_state_name(unit_state_of(u->phase)), process, u->run, u->n_restarts,
             r ? reason_name(r->reason) : "none");
}
