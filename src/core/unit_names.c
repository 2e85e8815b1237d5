/* The words for states and phases, and which phase shows as which state. */
#include "core/unit.h"
#include "core/waiting.h"

enum unit_state unit_state_of(enum unit_phase phase)
{
    static const enum unit_state states[PHASE_COUNT] = {
        [PHASE_STOPPED] = STATE_STOPPED,    [PHASE_WAITING] = STATE_WAITING,
        [PHASE_STUCK] = STATE_WAITING,      [PHASE_HELD] = STATE_WAITING,
        [PHASE_PRE_START] = STATE_STARTING, [PHASE_PRE_STOP] = STATE_STOPPING,
        [PHASE_ASKED] = STATE_STOPPING,     [PHASE_HOOK_ENDING] = STATE_STOPPING,
        [PHASE_POST_STOP] = STATE_STOPPING, [PHASE_SPAWNING] = STATE_STARTING,
        [PHASE_PROBING] = STATE_STARTING,   [PHASE_RUNNING] = STATE_RUNNING,
        [PHASE_STOPPING] = STATE_STOPPING,  [PHASE_DRAINING] = STATE_STOPPING,
        [PHASE_KILLING] = STATE_KILLING,    [PHASE_UNKILLABLE] = STATE_KILLING,
        [PHASE_BACKOFF] = STATE_BACKOFF,    [PHASE_COMPLETED] = STATE_COMPLETED,
        [PHASE_FAILED] = STATE_FAILED,
    };
    return states[phase];
}

const char *unit_state_name(enum unit_state state)
{
    static const char *const names[STATE_COUNT] = {
        [STATE_STOPPED] = "stopped", [STATE_WAITING] = "waiting",     [STATE_STARTING] = "starting",
        [STATE_RUNNING] = "running", [STATE_STOPPING] = "stopping",   [STATE_KILLING] = "killing",
        [STATE_BACKOFF] = "backoff", [STATE_COMPLETED] = "completed", [STATE_FAILED] = "failed",
    };
    return names[state];
}

const char *unit_phase_name(enum unit_phase phase)
{
    static const char *const names[PHASE_COUNT] = {
        [PHASE_STOPPED] = "stopped",     [PHASE_WAITING] = "waiting",
        [PHASE_STUCK] = "stuck",         [PHASE_HELD] = "held",
        [PHASE_PRE_START] = "pre_start", [PHASE_PRE_STOP] = "pre_stop",
        [PHASE_ASKED] = "asked",         [PHASE_HOOK_ENDING] = "hook_ending",
        [PHASE_POST_STOP] = "post_stop", [PHASE_SPAWNING] = "spawning",
        [PHASE_PROBING] = "probing",     [PHASE_RUNNING] = "running",
        [PHASE_STOPPING] = "stopping",   [PHASE_DRAINING] = "draining",
        [PHASE_KILLING] = "killing",     [PHASE_UNKILLABLE] = "unkillable",
        [PHASE_BACKOFF] = "backoff",     [PHASE_COMPLETED] = "completed",
        [PHASE_FAILED] = "failed",
    };
    return names[phase];
}

const char *waited_for_name(enum waited_for until)
{
    static const char *const names[WAITED_COUNT] = {
        [WAITED_STARTED] = "started", [WAITED_READY] = "ready",
        [WAITED_HEALTHY] = "healthy", [WAITED_COMPLETED] = "completed",
        [WAITED_STOPPED] = "stopped",
    };
    return names[until];
}
