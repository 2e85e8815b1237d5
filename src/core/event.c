#include "core/event.h"

const char *event_name(enum event_type type)
{
    static const char *const names[EV_COUNT] = {
        [EV_START] = "start",         [EV_STOP] = "stop",
        [EV_RELOAD] = "reload",       [EV_HOLD] = "hold",
        [EV_HOOKED] = "hooked",       [EV_HOOK_GONE] = "hook_gone",
        [EV_RESTART] = "restart",     [EV_RESET] = "reset",
        [EV_BOUNCE] = "bounce",       [EV_CONDITIONS] = "conditions",
        [EV_SPAWNED] = "spawned",     [EV_SPAWN_ERROR] = "spawn_error",
        [EV_EXECED] = "execed",       [EV_EXEC_ERROR] = "exec_error",
        [EV_READY] = "ready",         [EV_LOOK] = "look",
        [EV_LOOKED] = "looked",       [EV_FED] = "fed",
        [EV_EXTEND] = "extend",       [EV_WATCHDOG] = "watchdog",
        [EV_SIGNALLED] = "signalled", [EV_KILLED] = "killed",
        [EV_EXITED] = "exited",       [EV_TREE_EMPTY] = "tree_empty",
        [EV_DEADLINE] = "deadline",   [EV_MAINPID] = "mainpid",
    };
    return names[type];
}
