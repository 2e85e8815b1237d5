#include "run/describe.h"

#include <string.h>

#include "base/duration.h"
#include "base/redact.h"
#include "os/signals.h"

const char *describe_start_errno(const struct exit_record *r)
{
    if (r->error_stage == STAGE_READY)
        return "not ready in time";
    if (r->error_stage == STAGE_PRE_START)
        return "a command failed";
    return r->error_errno ? strerror(r->error_errno) : "";
}

void describe_probe(struct strbuf *out, const struct probe_spec *probe, struct probe_result result)
{
    if (probe->text) {
        redact_words(out, probe->text, probe->redact);
        strbuf_add(out, ": ");
    }
    switch (result.how) {
    case PROBE_GOOD:
        strbuf_add(out, "good");
        break;
    case PROBE_ERROR:
        strbuf_add(out, strerror(result.code));
        break;
    case PROBE_EXITED:
        strbuf_addf(out, "exit code %d", result.code);
        break;
    case PROBE_SIGNALLED:
        strbuf_addf(out, "ended by SIG%s", signal_name(result.code));
        break;
    case PROBE_LATE:
        strbuf_add(out, "no answer in time");
        break;
    case PROBE_SKIPPED:
        strbuf_add(out, "not looked at");
        break;
    case PROBE_SILENT:
        strbuf_add(out, "the watchdog was not fed in time");
        break;
    }
}

/* How long it may take is said by the key that bounds it, unless there was less. */
static void add_late(struct strbuf *out, const struct unit_spec *spec, enum hook hook, bool cut)
{
    bool is_stop = hook == HOOK_STOP;
    char within[32];

    if (cut) {
        strbuf_add(out, "did not end in the time that the shutdown left");
        return;
    }
    strbuf_addf(out, "did not end in time (%s = %s)", is_stop ? "stop_timeout" : "hook_timeout",
                duration_format(is_stop ? spec->stop_timeout_ms : spec->hook_timeout_ms, within,
                                sizeof within));
}

/* What was not even executed says where that was, but for the program itself. */
static void add_error(struct strbuf *out, const struct unit_spec *spec, struct hook_failure failure)
{
    enum start_stage stage = (enum start_stage)failure.stage;

    strbuf_add(out, "could not be run: ");
    if (stage == STAGE_CHDIR)
        strbuf_addf(out, "chdir %s: ", spec->directory);
    else if (stage >= STAGE_SETUP && stage < STAGE_EXEC)
        strbuf_addf(out, "%s: ", start_stage_name(stage));
    strbuf_add(out, strerror(failure.code));
}

void describe_hook_failure(struct strbuf *out, const struct unit_spec *spec, enum hook hook,
                           struct hook_failure failure)
{
    struct probe_result result = hook_failure_result(failure);

    if (result.how == PROBE_GOOD)
        return;
    if (hook == HOOK_RELOAD && spec->reload_signal) {
        strbuf_addf(out, "SIG%s could not be sent: %s", signal_name(spec->reload_signal),
                    strerror(result.code));
        return;
    }
    strbuf_addf(out, "command %u ", failure.command);
    if (failure.command <= spec->hooks[hook].n) { /* else the definition has changed since */
        strbuf_add(out, "(");
        redact_words(out, spec->hooks[hook].commands[failure.command - 1].text, spec->redact);
        strbuf_add(out, ") ");
    }
    switch (result.how) {
    case PROBE_EXITED:
        strbuf_addf(out, "exited with code %d", result.code);
        break;
    case PROBE_SIGNALLED:
        strbuf_addf(out, "was ended by SIG%s", signal_name(result.code));
        break;
    case PROBE_LATE:
        add_late(out, spec, hook, result.code != 0);
        break;
    case PROBE_ERROR:
        add_error(out, spec, failure);
        break;
    case PROBE_GOOD:
    case PROBE_SKIPPED:
    case PROBE_SILENT:
        strbuf_add(out, "could not be run: reeved lacked memory or descriptors");
        break;
    }
}

/* "1234 (nginx)", as far as it is known. */
static void add_process(struct strbuf *out, const struct mistake *m, const char *unknown)
{
    if (!m->pid)
        strbuf_add(out, unknown);
    else if (*m->program)
        strbuf_addf(out, "%d (%s)", (int)m->pid, m->program);
    else
        strbuf_addf(out, "process %d", (int)m->pid);
}

void describe_mistake(struct strbuf *out, const struct unit_spec *spec, const struct mistake *m,
                      const char *other)
{
    switch (m->kind) {
    case MISTAKE_DAEMONIZED:
        strbuf_add(out, "the command put itself into the background: it ended and left ");
        add_process(out, m, "others behind");
        break;
    case MISTAKE_SWALLOWED:
        strbuf_add(out, "its main process ");
        if (*m->wrapper)
            strbuf_addf(out, "(%s) ", m->wrapper);
        strbuf_addf(out, "kept SIG%s to itself and did not tell ", signal_name(spec->stop_signal));
        add_process(out, m, "its children");
        break;
    case MISTAKE_PORT_TAKEN:
        strbuf_addf(out, "port %u is held by ", m->port);
        add_process(out, m, "another process");
        if (other)
            strbuf_addf(out, " of unit %s", other);
        break;
    case MISTAKE_NONE:
    case MISTAKE_COUNT:
        break;
    }
}

void describe_start_error(struct strbuf *out, const struct unit *u, const struct exit_record *r)
{
    char within[32];

    if (r->error_stage == STAGE_READY) {
        strbuf_addf(out, "not ready within %s",
                    duration_format(u->spec->ready_timeout_ms, within, sizeof within));
        if (r->look.how != PROBE_GOOD) {
            strbuf_add(out, " (");
            describe_probe(out, &u->spec->ready_probe, r->look);
            strbuf_add(out, ")");
        }
        return;
    }
    strbuf_add(out, start_stage_name(r->error_stage));
    if (r->error_stage == STAGE_PRE_START && r->failed[HOOK_PRE_START].command) {
        strbuf_add(out, ": ");
        describe_hook_failure(out, u->spec, HOOK_PRE_START, r->failed[HOOK_PRE_START]);
        return;
    }
    if (r->error_stage == STAGE_EXEC && u->spec->argc)
        strbuf_addf(out, " %s", u->spec->argv[0]);
    else if (r->error_stage == STAGE_CHDIR)
        strbuf_addf(out, " %s", u->spec->directory);
    else if (r->error_stage == STAGE_STDIO && u->spec->stdin_path)
        strbuf_addf(out, " %s", u->spec->stdin_path);
    strbuf_addf(out, ": %s", describe_start_errno(r));
}
