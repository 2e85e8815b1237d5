/* What users of supervisors get wrong again and again, seen in what a unit did. Plain data. */
#ifndef REEVE_CORE_MISTAKE_H
#define REEVE_CORE_MISTAKE_H

#include <stdint.h>
#include <sys/types.h>

enum mistake_kind {
    MISTAKE_NONE,
    MISTAKE_DAEMONIZED, /* the command went to the background: main ended well, and left a process
                         */
    MISTAKE_SWALLOWED,  /* main is a shell or the like that kept the stop signal to itself */
    MISTAKE_PORT_TAKEN, /* what it is to listen on is held by another process */
    MISTAKE_COUNT
};

struct mistake {
    enum mistake_kind kind;
    uint64_t run;     /* that it was seen in */
    pid_t pid;        /* the process it is about: left behind, not told, or listening; 0: unknown */
    char program[16]; /* its name, as the kernel has it; "" when unknown */
    uint16_t port;    /* port taken */
    uint32_t unit;    /* port taken: 1 + the index of the unit that listens there; 0: of none */
};

/* The words of the protocol: "daemonized", "signal_swallowed", "port_taken". Never NULL. */
const char *mistake_name(enum mistake_kind kind);

#endif
