/*
 * One message of the sd_notify protocol: lines of KEY=value in a datagram. Pure parsing of what any
 * process may have sent: what is unknown is counted and passed over, a value that makes no sense
 * spoils no other. Of a key that is repeated the first sensible value counts, as with systemd.
 */
#ifndef REEVE_CORE_NOTIFY_MESSAGE_H
#define REEVE_CORE_NOTIFY_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { NOTIFY_BYTES_MAX = 64 * 1024 }; /* of a message */
enum { NOTIFY_STATUS_BYTES = 512 };    /* of STATUS, with its NUL; the rest is cut off */

enum notify_field {
    NOTIFY_READY,
    NOTIFY_RELOADING, /* with READY in the same message: a reload that is over already */
    NOTIFY_STOPPING,  /* counts more than the other two */
    NOTIFY_MONOTONIC_USEC,
    NOTIFY_STATUS,
    NOTIFY_ERRNO,
    NOTIFY_MAINPID,
    NOTIFY_WATCHDOG,         /* WATCHDOG=1 */
    NOTIFY_WATCHDOG_TRIGGER, /* WATCHDOG=trigger */
    NOTIFY_WATCHDOG_USEC,
    NOTIFY_EXTEND_TIMEOUT_USEC,
    NOTIFY_BARRIER,
    NOTIFY_FDSTORE, /* FDSTORE, FDSTOREREMOVE, FDNAME, FDPOLL: known, and refused */
    NOTIFY_FIELD_COUNT
};

struct notify_message {
    uint32_t has;       /* bit F: enum notify_field F is there, with a value that makes sense */
    uint32_t malformed; /* bit F: F is there with one that makes none; or a BARRIER in company */
    uint32_t n_unknown; /* lines of other keys, or without any */
    uint64_t monotonic_usec;
    uint64_t watchdog_usec;
    uint64_t extend_timeout_usec;
    int errnum;                       /* 0-4095 */
    pid_t main_pid;                   /* at least 1; whether it may be is not known here */
    char status[NOTIFY_STATUS_BYTES]; /* UTF-8 without control characters, "" clears it */
};

/* Always fills *ret. 0, or -E2BIG: longer than NOTIFY_BYTES_MAX, and nothing of it counts. A NUL
 * ends the message before its end. A BARRIER that is not alone is all that counts. */
int notify_parse(struct notify_message *ret, const char *bytes, size_t len_bytes);

static inline bool notify_has(const struct notify_message *m, enum notify_field field)
{
    return m->has >> field & 1;
}

/* The key, as in "WATCHDOG_USEC". */
const char *notify_field_name(enum notify_field field);

#endif
