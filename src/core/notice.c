#include "core/notice.h"

const char *notice_type_name(enum notice_type type)
{
    static const char *const names[NOTICE_COUNT] = {
        [NOTICE_SESSION_STARTED] = "session.started",
        [NOTICE_SESSION_READY] = "session.ready",
        [NOTICE_SESSION_STOPPING] = "session.stopping",
        [NOTICE_SESSION_STOPPED] = "session.stopped",
        [NOTICE_UNIT_REQUESTED] = "unit.requested",
        [NOTICE_UNIT_STATE] = "unit.state",
        [NOTICE_UNIT_EXITED] = "unit.exited",
        [NOTICE_UNIT_UNKILLABLE] = "unit.unkillable",
        [NOTICE_UNIT_HEALTH] = "unit.health",
        [NOTICE_UNIT_REFUSED] = "unit.refused",
        [NOTICE_UNIT_HOOK] = "unit.hook",
        [NOTICE_UNIT_MISTAKE] = "unit.mistake",
    };

    return names[type];
}

const char *request_kind_name(enum request_kind kind)
{
    static const char *const names[REQUEST_COUNT] = {
        [REQUEST_START] = "start",
        [REQUEST_STOP] = "stop",
        [REQUEST_RESTART] = "restart",
        [REQUEST_SIGNAL] = "signal",
        [REQUEST_RESET_FAILED] = "reset_failed",
        [REQUEST_RELOAD] = "reload",
        [REQUEST_HOLD] = "hold",
        [REQUEST_RELEASE] = "release",
    };

    return names[kind];
}
