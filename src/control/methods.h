/* The methods of io.reeve.Manager: arguments in, answers out or begun. */
#ifndef REEVE_CONTROL_METHODS_H
#define REEVE_CONTROL_METHODS_H

#include "varlink/service.h"

/* methods_look.c */
void method_health(struct service_call *c);
void method_list(struct service_call *c);
void method_graph(struct service_call *c);
void method_show(struct service_call *c);
void method_events(struct service_call *c);

/* methods_units.c: what is put to units */
void method_start(struct service_call *c);
void method_stop(struct service_call *c);
void method_restart(struct service_call *c);
void method_wait(struct service_call *c);
void method_reload(struct service_call *c);
void method_hold(struct service_call *c);
void method_signal(struct service_call *c);
void method_reset_failed(struct service_call *c);

/* methods_daemon.c */
void method_check(struct service_call *c);
void method_shutdown(struct service_call *c);

#endif
