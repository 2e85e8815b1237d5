#include "run/describe.h"

#include <string.h>

#include "base/duration.h"
#include "os/signals.h"

const char *describe_start_errno(const struct exit_record *r)
{
    if (r->error_stage == STAGE_READY)
        return "not ready in time";
    return r->error_errno ? strerror(r->error_errno) : "";
}

void describe_probe(struct strbuf *out, const struct probe_spec *probe, struct probe_result result)
{
    if (probe->text)
        strbuf_addf(out, "%s: ", probe->text);
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
    if (r->error_stage == STAGE_EXEC && u->spec->argc)
        strbuf_addf(out, " %s", u->spec->argv[0]);
    else if (r->error_stage == STAGE_CHDIR)
        strbuf_addf(out, " %s", u->spec->directory);
    strbuf_addf(out, ": %s", describe_start_errno(r));
}
