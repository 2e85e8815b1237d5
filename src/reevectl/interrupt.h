/* Ctrl-C while waiting: as something to be read, so that the terminal can be left tidy. */
#ifndef REEVE_REEVECTL_INTERRUPT_H
#define REEVE_REEVECTL_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

struct interrupt {
    int fd; /* readable after SIGINT; -1: SIGINT does what it did before */
    sigset_t before;
};

/* Where SIGINT is ignored (nohup, a job in the background), it stays so. */
void interrupt_init(struct interrupt *i);
void interrupt_finish(struct interrupt *i);
/* Whether SIGINT came since the last look. */
bool interrupt_came(const struct interrupt *i);

#endif
