/* Whatever a process sends as its notification: what is told of it makes sense. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "core/notify_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_status(const char *status)
{
    size_t len = strnlen(status, NOTIFY_STATUS_BYTES);

    if (len == NOTIFY_STATUS_BYTES)
        abort();
    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        size_t step = utf8_decode((const unsigned char *)status + i, len - i, &c);

        if (step == 0 || c < ' ' || (c >= 0x7f && c <= 0x9f))
            abort();
        i += step;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint32_t all = (UINT32_C(1) << NOTIFY_FIELD_COUNT) - 1;
    const uint32_t both = UINT32_C(1) << NOTIFY_WATCHDOG | UINT32_C(1) << NOTIFY_WATCHDOG_TRIGGER;
    struct notify_message m;
    int r = notify_parse(&m, (const char *)data, size);

    if ((r != 0) != (size > NOTIFY_BYTES_MAX) || (m.has | m.malformed) & ~all)
        abort();
    check_status(m.status);
    if (notify_has(&m, NOTIFY_MAINPID) != (m.main_pid > 0) || m.errnum < 0 ||
        (m.has & both) == both || (!notify_has(&m, NOTIFY_STATUS) && m.status[0]) ||
        (notify_has(&m, NOTIFY_BARRIER) && m.has != UINT32_C(1) << NOTIFY_BARRIER))
        abort();
    return 0;
}
