#include "control/manager.h"

#include "control/methods.h"
#include "varlink/contract.h"

static const struct service_method methods[] = {
    /* looking */
    {"Health", method_health},
    {"List", method_list},
    {"Show", method_show},
    {"Graph", method_graph},
    {"Wait", method_wait},
    {"Events", method_events},
    {"Check", method_check},
    /* changing */
    {"Start", method_start},
    {"Stop", method_stop},
    {"Restart", method_restart},
    {"Reload", method_reload},
    {"Hold", method_hold},
    {"Signal", method_signal},
    {"ResetFailed", method_reset_failed},
    {"Shutdown", method_shutdown},
    {NULL, NULL},
};

const struct service_interface manager_interfaces[] = {
    {"io.reeve.Manager", io_reeve_Manager_varlink, methods},
    {NULL, NULL, NULL},
};
