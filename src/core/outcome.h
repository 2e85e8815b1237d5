/*
 * Why a run ended. Pure classification of a wait status and of what reeved did to the run into the
 * exit record that every run leaves (DESIGN, "The exit record").
 */
#ifndef REEVE_CORE_OUTCOME_H
#define REEVE_CORE_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/hook.h"
#include "core/probe.h"
#include "core/unit_spec.h"

enum reason {
    REASON_NONE, /* still running */
    REASON_START_FAILED,
    REASON_FORCED_KILL,
    REASON_SIGNAL,
    REASON_NATURAL,
    REASON_RUNTIME_ERROR,
    REASON_UNKNOWN,
    REASON_COUNT
};

enum requested_by {
    BY_NOBODY,
    BY_USER,
    BY_SHUTDOWN,
    BY_RESTART,
    BY_APPLY,
    BY_DEPENDENCY,
    BY_HEALTH,
    BY_TIMEOUT,
    BY_CANCEL,
    BY_REPLACE,
    BY_COUNT
};

/* Where a start failed; the errno beside it says why. */
enum start_stage {
    STAGE_NONE,
    STAGE_PREPARE, /* memory or descriptors for the spawn */
    STAGE_CLONE,
    STAGE_SETUP, /* session, signals, limits, descriptors */
    STAGE_STDIO,
    STAGE_GROUPS,
    STAGE_USER,
    STAGE_CHDIR,
    STAGE_EXEC,
    STAGE_PRE_START, /* the hook failed: see exit_record.failed */
    STAGE_READY,     /* did not become ready in time */
    STAGE_COUNT
};

/* Who asked: the peer of the control socket, and the unit for whose sake. */
struct requester {
    bool known; /* uid and pid are */
    uid_t uid;
    pid_t pid;
    uint32_t unit; /* its index + 1; 0: none */
};

struct exit_record {
    uint64_t run;
    pid_t pid; /* 0: never existed */
    int64_t started_wall_ms;
    int64_t ended_wall_ms;
    int64_t duration_ms;
    int64_t ready_after_ms; /* -1: never ready */
    enum reason reason;
    bool has_status; /* a wait status is known */
    int exit_code;   /* -1: null */
    int signal;      /* 0: null */
    bool core_dumped;
    int8_t oom_kill; /* 1, 0, -1: unknowable */
    enum requested_by requested_by;
    struct requester requester;
    int64_t stop_signal_wall_ms; /* 0: none sent */
    int64_t kill_wall_ms;        /* 0: none sent */
    uint32_t leftovers_killed;
    int64_t cpu_user_ms;
    int64_t cpu_system_ms;
    int64_t max_rss_bytes;
    enum start_stage error_stage;
    int error_errno;
    struct probe_result look; /* STAGE_READY: the last look at it; PROBE_GOOD: there was none */
    struct hook_failure failed[HOOK_COUNT]; /* of hooks of this run */
    uint32_t attempt; /* from 1; counts tries since the unit was last asked to start or reset */
};

/* What the kernel told about an ended process. */
struct exit_status {
    bool lost;     /* nobody tells: of the rest only oom_kill counts */
    int exit_code; /* -1: killed by a signal */
    int signal;    /* 0: exited */
    bool core_dumped;
    int64_t cpu_user_ms;
    int64_t cpu_system_ms;
    int64_t max_rss_bytes;
    int8_t oom_kill;
};

/* The first matching row of the table in DESIGN §4. `r` carries the facts at main's end: a
 * kill_wall_ms means that SIGKILL found it alive. r->reason is not read. */
enum reason outcome_reason(const struct exit_record *r, const struct exit_set *success);
/* Whether the run counts as a success: its wait status is in `success`, it did start, and neither
 * health nor a timeout ended it. */
bool outcome_success(const struct exit_record *r, const struct exit_set *success);
/* The code a shell would show for the run: the exit code, 128 + signal, and for a command that was
 * never executed 127 (ENOENT), 126 (EACCES) or 1. */
int outcome_shell_code(const struct exit_record *r);

/* The words of JSON, CLI and man pages. Never NULL; requested_by "none" stands for null. */
const char *reason_name(enum reason reason);
const char *requested_by_name(enum requested_by by);
const char *start_stage_name(enum start_stage stage);

#endif
