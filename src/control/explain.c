#include "control/explain.h"

#include <string.h>

#include "base/duration.h"
#include "os/signals.h"
#include "run/describe.h"

static void add_requester(struct strbuf *out, const struct exit_record *r)
{
    if (r->requested_by == BY_NOBODY)
        return;
    strbuf_addf(out, ", asked for by %s", requested_by_name(r->requested_by));
    if (r->requester.known)
        strbuf_addf(out, " (uid %u, pid %d)", (unsigned)r->requester.uid, (int)r->requester.pid);
}

void explain_record(struct strbuf *out, const struct unit *u, const struct exit_record *r)
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
    add_requester(out, r);
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

void explain_verdict(struct strbuf *out, const struct unit *u, enum verdict verdict,
                     const struct exit_record *r, struct moment now)
{
    switch (verdict) {
    case VERDICT_OPEN:
    case VERDICT_OK:
        break;
    case VERDICT_ENDED:
        if (r)
            explain_record(out, u, r);
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
    case VERDICT_STUCK:
        strbuf_add(out, "what it requires has failed");
        break;
    case VERDICT_UNKILLABLE:
        strbuf_add(out,
                   "unkillable: processes of its run outlive SIGKILL; nothing is started until "
                   "they are gone");
        break;
    }
}

void explain_timeout(struct strbuf *out, const struct unit *u, int64_t timeout_ms)
{
    char waited[32];

    strbuf_addf(out, "still %s after %s", unit_state_name(unit_state_of(u->phase)),
                duration_format(timeout_ms, waited, sizeof waited));
}
