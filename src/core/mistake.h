/*
 * What users of supervisors get wrong again and again, seen in what a unit did. The decisions, on
 * facts that others have read: a false alarm is worse than silence, so each wants more than one
 * sign. Plain data.
 */
#ifndef REEVE_CORE_MISTAKE_H
#define REEVE_CORE_MISTAKE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/outcome.h"
#include "core/unit_spec.h"

enum mistake_kind {
    MISTAKE_NONE,
    MISTAKE_DAEMONIZED, /* the command went to the background: main ended well, and left a process
                         */
    MISTAKE_SWALLOWED,  /* main is a shell or the like that kept the stop signal to itself */
    MISTAKE_PORT_TAKEN, /* what it is to listen on is held by another process */
    MISTAKE_COUNT
};

enum { MISTAKE_PROGRAM_BYTES = 16 };

struct mistake {
    enum mistake_kind kind;
    uint64_t run; /* that it was seen in */
    pid_t pid;    /* the process it is about: left behind, not told, or listening; 0: unknown */
    char program[MISTAKE_PROGRAM_BYTES]; /* its name, as the kernel has it; "" when unknown */
    char wrapper[MISTAKE_PROGRAM_BYTES]; /* swallowed: that of main */
    uint16_t port;                       /* port taken */
    uint32_t unit; /* port taken: 1 + the index of the unit that listens there; 0: of none. The unit
                    * itself: an earlier run of it left that behind */
};

/* Beyond these tries since the unit was asked to start nothing is looked for that costs a search:
 * it would be the same again. */
enum { MISTAKE_TRIES = 2 };

/* The words of the protocol: "daemonized", "signal_swallowed", "port_taken". Never NULL. */
const char *mistake_name(enum mistake_kind kind);

/* ---- the command daemonized itself ---- */

/* Whether a run whose main process lived for lived_ms looks like that, given that it left a process
 * behind: a service that ended by itself with exit code 0, before it was ready or so soon that it
 * cannot have done its work. */
bool mistake_daemonized(const struct unit_spec *spec, const struct exit_record *r,
                        int64_t lived_ms);
/* Whether a process may be the unit's program by its name, when its environment does not tell (many
 * daemons write over it): the one that the command begins with. */
bool mistake_is_program(const struct unit_spec *spec, const char *name);

/* ---- a wrapper swallowed the stop signal ---- */

enum wrapper {
    WRAPPER_NONE,
    WRAPPER_SHELL, /* waits for a program in the foreground before it does anything else */
    WRAPPER_OTHER  /* runs one program and ends with it: npm, sudo */
};

/* By the file it executes ("" when unknown; busybox, node) and by its name. */
enum wrapper mistake_wrapper(const char *file, const char *name);

/* A child of main when SIGKILL is about to be sent, some time after the stop signal. Signals as in
 * /proc/PID/status: bit N-1 is signal N. */
struct mistake_child {
    bool older;    /* it was there when the stop signal was sent */
    bool in_group; /* of main, which is that of the unit */
    uint64_t pending, blocked, ignored, caught;
};

/* Whether main, a wrapper that does or does not handle the stop signal itself, kept it from this
 * child. See the comment at the definition for who is at fault. */
bool mistake_swallowed(const struct unit_spec *spec, enum wrapper wrapper, bool handles,
                       const struct mistake_child *child);

/* ---- another process holds the port ---- */

/* Whether a run that lived for lived_ms may have failed for that. */
bool mistake_may_lack_port(const struct unit_spec *spec, const struct exit_record *r,
                           int64_t lived_ms);

enum { MISTAKE_PORTS_MAX = 16 };

/* A port that a unit is meant to listen on. */
struct wanted_port {
    uint16_t port;
    bool probed; /* its own probe connects there; else its command or environment says so */
};

/* Writes them, probed ones first, and returns how many. A port that is as likely one to connect to
 * is left out. */
uint32_t mistake_ports(const struct unit_spec *spec, struct wanted_port ret[MISTAKE_PORTS_MAX]);
/* Whether a probe of the unit would reach who listens on this address: 4 or 16 bytes in network
 * order, all zero for any address. */
bool mistake_probe_reaches(const struct unit_spec *spec, const struct probe_address *listening);

#endif
