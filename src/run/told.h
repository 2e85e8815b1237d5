/* What a run tells about itself by notifications, beyond what is acted upon. Plain data. */
#ifndef REEVE_RUN_TOLD_H
#define REEVE_RUN_TOLD_H

#include <stdbool.h>

#include "core/notify_message.h"

struct told {
    bool stopping, reloading;         /* it says that it does */
    bool refused;                     /* it notified what is refused, and that was told */
    bool main_refused;                /* the same of a MAINPID */
    int errnum;                       /* 0: none */
    char status[NOTIFY_STATUS_BYTES]; /* "": none */
};

#endif
