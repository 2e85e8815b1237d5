/* The commands beside the main process of a unit that the user writes: hooks, and what stops or
 * reloads it instead of a signal. Plain data. */
#ifndef REEVE_CORE_HOOK_H
#define REEVE_CORE_HOOK_H

#include <stdint.h>

#include "core/probe.h"

enum hook {
    HOOK_PRE_START,  /* before main exists; the run is numbered already */
    HOOK_POST_START, /* it is ready */
    HOOK_PRE_STOP,   /* it was ready and is about to be told to end */
    HOOK_STOP,       /* stop_command: tells it to end, in place of stop_signal */
    HOOK_POST_STOP,  /* nothing of the run is left, and how it ended is known */
    HOOK_RELOAD,     /* reload_command */
    HOOK_COUNT,
    HOOK_NONE = HOOK_COUNT
};
enum { HOOK_COMMANDS_MAX = 64 }; /* of one key */

/* One of its commands. */
struct hook_command {
    const char *text; /* as written, for messages */
    char **argv;      /* ready for execve, NULL-terminated */
    uint32_t argc;
};

struct hook_list {
    struct hook_command *commands; /* in the order written */
    uint32_t n;
};

/* The last of its commands that failed, small enough to be kept with each run. */
struct hook_failure {
    uint8_t command; /* from 1; 0: none failed */
    uint8_t how;     /* enum probe_how, as far as it concerns commands */
    int16_t code;    /* as in struct probe_result; late: whether a shutdown had cut its time */
    uint8_t stage;   /* enum start_stage: where that error was; 0: unknown */
};

/* The key: "pre_start", "stop_command". Never NULL. */
const char *hook_name(enum hook hook);
/* Its result as it was told; PROBE_GOOD when none failed. */
static inline struct probe_result hook_failure_result(struct hook_failure f)
{
    return (struct probe_result){.how = f.command ? (enum probe_how)f.how : PROBE_GOOD,
                                 .code = f.code};
}

#endif
