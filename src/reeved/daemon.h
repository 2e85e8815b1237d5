/* The daemon's life: load, take the runtime directory, supervise, answer, end. */
#ifndef REEVE_REEVED_DAEMON_H
#define REEVE_REEVED_DAEMON_H

#include "reeved/boot.h"
#include "reeved/options.h"

/* Runs until everything has ended. Returns the exit code. */
int daemon_run(const struct options *o, const struct boot *b);

#endif
