#include "core/outcome.h"

#include <errno.h>

enum { SIGNAL_KILL = 9 };

enum reason outcome_reason(const struct exit_record *r, const struct exit_set *success)
{
    if (r->ready_after_ms < 0 && r->requested_by == BY_NOBODY)
        return REASON_START_FAILED;
    if (r->kill_wall_ms && r->signal == SIGNAL_KILL)
        return REASON_FORCED_KILL;
    if (r->stop_signal_wall_ms || r->kill_wall_ms || r->signal)
        return REASON_SIGNAL;
    if (!r->has_status)
        return REASON_UNKNOWN;
    if (exit_set_has_code(success, (unsigned)r->exit_code))
        return REASON_NATURAL;
    return REASON_RUNTIME_ERROR;
}

bool outcome_success(const struct exit_record *r, const struct exit_set *success)
{
    if (!r->has_status || r->reason == REASON_START_FAILED)
        return false;
    if (r->requested_by == BY_HEALTH || r->requested_by == BY_TIMEOUT)
        return false;
    if (r->signal)
        return exit_set_has_signal(success, (unsigned)r->signal);
    return exit_set_has_code(success, (unsigned)r->exit_code);
}

int outcome_shell_code(const struct exit_record *r)
{
    if (r->error_stage != STAGE_NONE && r->error_stage != STAGE_READY &&
        r->error_stage != STAGE_PRE_START)
        return r->error_errno == ENOENT ? 127 : r->error_errno == EACCES ? 126 : 1;
    if (r->signal)
        return 128 + r->signal;
    return r->has_status ? r->exit_code : 1;
}

const char *reason_name(enum reason reason)
{
    static const char *const names[REASON_COUNT] = {
        [REASON_NONE] = "none",
        [REASON_START_FAILED] = "start_failed",
        [REASON_FORCED_KILL] = "forced_kill",
        [REASON_SIGNAL] = "signal",
        [REASON_NATURAL] = "natural",
        [REASON_RUNTIME_ERROR] = "runtime_error",
        [REASON_UNKNOWN] = "unknown",
    };
    return names[reason];
}

const char *requested_by_name(enum requested_by by)
{
    static const char *const names[BY_COUNT] = {
        [BY_NOBODY] = "none",     [BY_USER] = "user",       [BY_SHUTDOWN] = "shutdown",
        [BY_RESTART] = "restart", [BY_APPLY] = "apply",     [BY_DEPENDENCY] = "dependency",
        [BY_HEALTH] = "health",   [BY_TIMEOUT] = "timeout", [BY_CANCEL] = "cancel",
        [BY_REPLACE] = "replace",
    };
    return names[by];
}

const char *start_stage_name(enum start_stage stage)
{
    static const char *const names[STAGE_COUNT] = {
        [STAGE_NONE] = "none",           [STAGE_PREPARE] = "prepare", [STAGE_CLONE] = "clone",
        [STAGE_SETUP] = "setup",         [STAGE_STDIO] = "stdio",     [STAGE_GROUPS] = "groups",
        [STAGE_USER] = "user",           [STAGE_CHDIR] = "chdir",     [STAGE_EXEC] = "exec",
        [STAGE_PRE_START] = "pre_start", [STAGE_READY] = "ready",
    };
    return names[stage];
}
