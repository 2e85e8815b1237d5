#include "run/describe.h"

#include <string.h>

#include "base/duration.h"

const char *describe_start_errno(const struct exit_record *r)
{
    if (r->error_stage == STAGE_READY)
        return "not ready in time";
    return r->error_errno ? strerror(r->error_errno) : "";
}

void describe_start_error(struct strbuf *out, const struct unit *u, const struct exit_record *r)
{
    char within[32];

    if (r->error_stage == STAGE_READY) {
        strbuf_addf(out, "not ready within %s",
                    duration_format(u->spec->ready_timeout_ms, within, sizeof within));
        return;
    }
    strbuf_add(out, start_stage_name(r->error_stage));
    if (r->error_stage == STAGE_EXEC && u->spec->argc)
        strbuf_addf(out, " %s", u->spec->argv[0]);
    else if (r->error_stage == STAGE_CHDIR)
        strbuf_addf(out, " %s", u->spec->directory);
    strbuf_addf(out, ": %s", describe_start_errno(r));
}
