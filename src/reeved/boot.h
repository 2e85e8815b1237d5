/*
 * What reeved does to its own process before anything else and after everything else. The
 * differences of being PID 1 stand here and nowhere else.
 */
#ifndef REEVE_REEVED_BOOT_H
#define REEVE_REEVED_BOOT_H

#include <stdbool.h>
#include <sys/resource.h>

struct boot {
    bool is_init;         /* PID 1 of its namespace */
    int signal_fd;        /* every handled signal, as a readable descriptor */
    struct rlimit nofile; /* as given, for the children */
    bool have_nofile;
};

/* Signals first, then descriptors, limits, subreaper. 0 or negative errno with *ret_step naming
 * what failed. */
int boot_prepare(struct boot *b, const char **ret_step);
/* As PID 1: kills and reaps what is left in the namespace. Else nothing. */
void boot_finish(struct boot *b);
/* The shutdown budget when the configuration names none: 30 s, or 9 s as PID 1, inside Docker's 10.
 */
long boot_default_shutdown_ms(const struct boot *b);

#endif
