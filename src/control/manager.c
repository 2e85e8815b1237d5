#include "control/manager.h"

#include "control/methods.h"
#include "varlink/contract.h"

static const struct service_method methods[] = {
    {"Health", method_health},
    {"List", method_list},
    {"Show", method_show},
    {"Start", method_start},
    {"Stop", method_stop},
    {"Restart", method_restart},
    {"Wait", method_wait},
    {"Signal", method_signal},
    {"ResetFailed", method_reset_failed},
    {"Events", method_events},
    {"Check", method_check},
    {"Shutdown", method_shutdown},
    {NULL, NULL},
};

const struct service_interface manager_interfaces[] = {
    {"io.reeve.Manager", io_reeve_Manager_varlink, methods},
    {NULL, NULL, NULL},
};
