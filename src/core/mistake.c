#include "core/mistake.h"

const char *mistake_name(enum mistake_kind kind)
{
    static const char *const names[MISTAKE_COUNT] = {
        [MISTAKE_NONE] = "none",
        [MISTAKE_DAEMONIZED] = "daemonized",
        [MISTAKE_SWALLOWED] = "signal_swallowed",
        [MISTAKE_PORT_TAKEN] = "port_taken",
    };

    return names[kind];
}
