/*
 * Faults on request, for tests: a shared table of system calls that should fail. Compiled to
 * nothing unless REEVE_FAULTS is defined. The file named by REEVE_FAULT_FILE holds FAULT_SLOTS
 * slots in native byte order; tests/faults/fault_table.py writes it while reeved runs.
 */
#ifndef REEVE_OS_FAULTS_H
#define REEVE_OS_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

enum { FAULT_SLOTS = 64 };

struct fault_slot {
    char name[24];     /* of the call, as in "clone3"; empty: unused */
    int32_t err;       /* errno to fail with; 0: transfer one byte (read, write, send, recv[msg]) */
    int32_t remaining; /* how many more times; below 0: for ever */
    int32_t skip;      /* let so many calls pass first */
    int32_t hits;      /* how often it struck */
};

#ifdef REEVE_FAULTS
/* Whether the call of this name should fail this time; *ret_err is then its errno (0: be short).
 * Async-signal-safe once fault_load has run. */
bool fault_hit(const char *name, int *ret_err);
/* The `err` of the slot with this name, without counting; 0 when there is none. */
int32_t fault_value(const char *name);
/* Maps the table, once; fault_hit does it too. */
void fault_load(void);
#else
static inline bool fault_hit(const char *name, int *ret_err)
{
    (void)name;
    (void)ret_err;
    return false;
}
#endif

#endif
