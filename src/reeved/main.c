#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "reeved/boot.h"
#include "reeved/check.h"
#include "reeved/daemon.h"
#include "reeved/options.h"

/* The ceremony, in order. */
int main(int argc, char **argv)
{
    struct options options;
    struct boot boot;
    const char *step = "";
    int code, r;

    code = options_parse(&options, argc, argv);
    if (code < 0 && options.check)
        code = check_run(options.config);
    if (code < 0) {
        r = boot_prepare(&boot, &step);
        log_init("reeved", options.verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
        if (r < 0) {
            log_error("cannot begin: %s: %s", step, strerror(-r));
            code = 1;
        } else {
            code = daemon_run(&options, &boot);
            boot_finish(&boot);
        }
    }
    options_finish(&options);
    return code;
}
