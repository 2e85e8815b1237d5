#include "core/hook.h"

const char *hook_name(enum hook hook)
{
    static const char *const names[HOOK_COUNT] = {
        [HOOK_PRE_START] = "pre_start", [HOOK_POST_START] = "post_start",
        [HOOK_PRE_STOP] = "pre_stop",   [HOOK_STOP] = "stop_command",
        [HOOK_POST_STOP] = "post_stop", [HOOK_RELOAD] = "reload_command",
    };

    return names[hook];
}
