#include "control/explain.h"

#include <string.h>

#include "base/duration.h"
#include "base/redact.h"
#include "control/view.h"
#include "os/signals.h"
#include "run/describe.h"

static const struct unit_spec *spec_of(const struct supervisor *s, uint32_t unit)
{
    return supervisor_unit(s, unit)->spec;
}

static void add_requester(struct strbuf *out, const struct supervisor *s,
                          const struct exit_record *r)
{
    if (r->requested_by == BY_NOBODY)
        return;
    strbuf_addf(out, ", asked for by %s", requested_by_name(r->requested_by));
    if (r->requester.unit)
        strbuf_addf(out, " %s", spec_of(s, r->requester.unit - 1)->name);
    if (r->requester.known)
        strbuf_addf(out, " (uid %u, pid %d)", (unsigned)r->requester.uid, (int)r->requester.pid);
}

void explain_refused(struct strbuf *out, const char *what)
{
    if (strcmp(what, "FDSTORE") == 0)
        strbuf_add(out, "FDSTORE: reeve keeps no descriptors for units");
    else if (strcmp(what, "MAINPID") == 0)
        strbuf_add(out, "MAINPID: that is no living process of the unit, or the run is over");
    else
        strbuf_addf(out, "%s: reeve does not do that", what);
}

void explain_record(struct strbuf *out, const struct supervisor *s, const struct unit *u,
                    const struct exit_record *r)
{
    if (r->reason == REASON_START_FAILED)
        strbuf_addf(out, "%s: ", reason_name(r->reason));
    if (r->error_stage != STAGE_NONE) {
        describe_start_error(out, u, r);
    } else if (r->signal) {
        strbuf_addf(out, "ended by signal %s", signal_name(r->signal));
        if (r->core_dumped)
            strbuf_add(out, " (core dumped)");
    } else if (r->has_status) {
        strbuf_addf(out, "ended with exit code %d", r->exit_code);
    } else {
        strbuf_add(out, "it is not known how it ended");
    }
    add_requester(out, s, r);
}

static void add_next_try(struct strbuf *out, const struct unit *u, struct moment now)
{
    char left[32];

    if (u->phase == PHASE_BACKOFF && u->deadline_ms > now.mono_ms)
        strbuf_addf(out, "; next try in %s",
                    duration_format(u->deadline_ms - now.mono_ms, left, sizeof left));
    else if (u->phase == PHASE_BACKOFF || unit_state_of(u->phase) == STATE_STARTING)
        strbuf_add(out, "; trying again now");
    else if (u->phase == PHASE_FAILED)
        strbuf_add(out, "; it is not tried again");
}

void explain_disabled(struct strbuf *out, const struct unit *u)
{
    const struct unit_spec *spec = u->spec;
    const char *file = spec->file;
    uint32_t line = spec->line;

    for (uint32_t i = 0; i < spec->n_texts; i++) {
        if (strcmp(spec->texts[i].key, "enabled") == 0) {
            file = spec->texts[i].file;
            line = spec->texts[i].line;
        }
    }
    strbuf_addf(out, "disabled: enabled = no at %s:%u", file, (unsigned)line);
}

void explain_no_reload(struct strbuf *out, const struct unit *u)
{
    strbuf_addf(out,
                "it has neither reload_signal nor reload_command; to send it a signal: 'reevectl "
                "signal HUP %s'",
                u->spec->name);
}

void explain_not_running(struct strbuf *out, const struct unit *u)
{
    strbuf_addf(out, "%s, not running; nothing was reloaded",
                unit_state_name(unit_state_of(u->phase)));
}

static void explain_failed_reload(struct strbuf *out, const struct unit *u)
{
    struct hook_failure failure = u->current.failed[HOOK_RELOAD];

    if (!failure.command) {
        strbuf_add(out, "the reload failed");
        return;
    }
    if (!u->spec->reload_signal)
        strbuf_addf(out, "%s: ", hook_name(HOOK_RELOAD));
    describe_hook_failure(out, u->spec, HOOK_RELOAD, failure);
}

/* Why it cannot start, and what lets it: the unit at the bottom of it has failed, or has ended
 * without coming back. */
static void explain_stuck(struct strbuf *out, const struct supervisor *s, const struct unit *u)
{
    const struct exit_record *r;
    const struct unit *cause;
    struct waiting_for w;

    supervisor_waiting(s, u->index, &w);
    if (w.unit == WAITING_NO_UNIT || !w.failed) { /* and so it may start in a moment */
        strbuf_add(out, "what it requires had failed");
        return;
    }
    cause = supervisor_unit(s, w.cause);
    if (w.unit != w.cause)
        strbuf_addf(out, "%s waits for %s, which", spec_of(s, w.unit)->name, cause->spec->name);
    else
        strbuf_add(out, cause->spec->name);
    strbuf_add(out, w.completed ? " does not run any more" : " has failed");
    r = unit_last_record(cause);
    if (r) {
        strbuf_add(out, ": ");
        explain_record(out, s, cause, r);
    }
    if (w.completed)
        strbuf_addf(out, "; 'reevectl start %s' starts it again", cause->spec->name);
    else
        strbuf_addf(out, "; 'reevectl reset-failed %s' lets it try again", cause->spec->name);
    strbuf_addf(out, "; %s starts then, unless stopped", u->spec->name);
}

void explain_verdict(struct strbuf *out, const struct supervisor *s, const struct unit *u,
                     enum verdict verdict, const struct exit_record *r, struct moment now)
{
    switch (verdict) {
    case VERDICT_OPEN:
    case VERDICT_OK:
        break;
    case VERDICT_ENDED:
        if (r)
            explain_record(out, s, u, r);
        else
            strbuf_add(out, unit_state_name(unit_state_of(u->phase)));
        add_next_try(out, u, now);
        break;
    case VERDICT_STOPPED:
        strbuf_add(out, "stopped by another request before it was started");
        break;
    case VERDICT_CUT_SHORT:
        strbuf_add(out, "stopped before it completed");
        break;
    case VERDICT_IDLE:
        if (u->spec->enabled)
            strbuf_add(out, "stopped, and nobody has asked for it to start");
        else
            explain_disabled(out, u);
        break;
    case VERDICT_NEVER:
        strbuf_add(out, "it never completes, since restart = always");
        break;
    case VERDICT_NO_HEALTH:
        strbuf_add(out, "it has no health key, so nobody knows whether it is healthy; wait until "
                        "it is ready");
        break;
    case VERDICT_STUCK:
        explain_stuck(out, s, u);
        break;
    case VERDICT_NOT_RUNNING: /* it did when that was asked for */
        strbuf_add(out, "its run ended before the reload was over");
        break;
    case VERDICT_NOT_RELOADED:
        explain_failed_reload(out, u);
        break;
    case VERDICT_UNKILLABLE:
        strbuf_add(out,
                   "unkillable: processes of its run outlive SIGKILL; nothing is started until "
                   "they are gone");
        break;
    }
}

/* "held for another 9m50s", with this in front; nothing when it is not held. */
static void add_hold(struct strbuf *out, const char *front, const struct unit *u, struct moment now)
{
    int64_t left_ms = u->held_until_ms - now.mono_ms;
    char text[32];

    if (!view_held_until(u, now))
        return;
    if (left_ms >= 1000)
        left_ms -= left_ms % 1000;
    strbuf_addf(out, "%sheld for another %s", front, duration_format(left_ms, text, sizeof text));
}

static void add_waiting(struct strbuf *out, const struct supervisor *s, const struct waiting_for *w,
                        struct moment now)
{
    static const char *const to_be[WAITED_COUNT] = {
        [WAITED_STARTED] = "to start",      [WAITED_READY] = "to be ready",
        [WAITED_HEALTHY] = "to be healthy", [WAITED_COMPLETED] = "to complete",
        [WAITED_STOPPED] = "to stop",
    };
    const struct unit *other = supervisor_unit(s, w->unit);

    strbuf_addf(out, " for %s %s", other->spec->name, to_be[w->until]);
    if (other->phase == PHASE_HELD)
        add_hold(out, ", which is ", other, now);
    if (w->others)
        strbuf_addf(out, " and for %u other%s", (unsigned)w->others, w->others == 1 ? "" : "s");
}

/* ", for db to be ready"; nothing when it waits for nobody. */
static void add_what_for(struct strbuf *out, const struct supervisor *s, const struct unit *u,
                         struct moment now)
{
    struct waiting_for w;

    if (u->phase == PHASE_HELD) {
        add_hold(out, ", ", u, now);
        strbuf_addf(out, "; 'reevectl hold --release %s' lets it start", u->spec->name);
        return;
    }
    supervisor_waiting(s, u->index, &w);
    if (w.unit == WAITING_NO_UNIT)
        return;
    strbuf_add(out, unit_state_of(u->phase) == STATE_WAITING ? "," : ", waiting");
    add_waiting(out, s, &w, now);
}

/* ", in pre_start: command 2 (/srv/x --migrate)" */
static void add_hook(struct strbuf *out, const struct unit *u)
{
    const struct hook_list *list;

    if (u->hook >= HOOK_COUNT)
        return;
    list = &u->spec->hooks[u->hook];
    strbuf_addf(out, ", in %s: command %u", hook_name(u->hook), (unsigned)u->hook_at + 1);
    if (u->hook_at >= list->n)
        return;
    strbuf_add(out, " (");
    redact_words(out, list->commands[u->hook_at].text, u->spec->redact);
    strbuf_add(out, ")");
}

/* ", not ready: tcp:localhost:5432: Connection refused" */
static void add_what_was_found(struct strbuf *out, const struct unit *u, enum operation operation)
{
    const struct health *h = &u->health;

    if (u->phase == PHASE_PROBING && u->current.look.how != PROBE_GOOD) {
        strbuf_add(out, ", not ready: ");
        describe_probe(out, &u->spec->ready_probe, u->current.look);
    } else if (operation == OPERATION_AWAIT_HEALTHY && u->ready) {
        strbuf_add(out, ", not healthy");
        strbuf_add(out, h->last_failure_wall_ms ? ": " : " yet");
        if (h->last_failure_wall_ms)
            describe_probe(out, &u->spec->health, h->last_failure);
    }
}

void explain_timeout(struct strbuf *out, const struct supervisor *s, const struct unit *u,
                     enum operation operation, int64_t timeout_ms, struct moment now)
{
    const char *state = unit_state_name(unit_state_of(u->phase));
    char waited[32];

    strbuf_addf(out, "still %s after %s", operation == OPERATION_RELOAD ? "reloading" : state,
                duration_format(timeout_ms, waited, sizeof waited));
    add_hook(out, u);
    add_what_was_found(out, u, operation);
    add_what_for(out, s, u, now);
}

void explain_left_behind(struct strbuf *out, const struct supervisor *s, const struct unit *u,
                         const struct unit *with, struct moment now)
{
    strbuf_addf(out, "%s did not come back; still %s", with->spec->name,
                unit_state_name(unit_state_of(u->phase)));
    add_what_for(out, s, u, now);
}
