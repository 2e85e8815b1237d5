/* The interface io.reeve.Manager: its contract and the table of its methods. */
#ifndef REEVE_CONTROL_MANAGER_H
#define REEVE_CONTROL_MANAGER_H

#include "varlink/service.h"

/* For the table of a service; the context of each call is its struct client. */
extern const struct service_interface manager_interfaces[];

#endif
