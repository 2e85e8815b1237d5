/* How one look at a unit went, as plain data. */
#ifndef REEVE_CORE_PROBE_H
#define REEVE_CORE_PROBE_H

/* How one probe went. */
enum probe_how {
    PROBE_GOOD,
    PROBE_ERROR,     /* an errno, of connecting or of making the process: code */
    PROBE_EXITED,    /* the command ended with an exit code other than 0: code */
    PROBE_SIGNALLED, /* the command was ended by a signal: code */
    PROBE_LATE,      /* it took longer than it may */
    PROBE_SKIPPED, /* reeved lacked what it takes (memory, descriptors): says nothing of the unit */
    PROBE_SILENT   /* notify: the watchdog was not fed in time */
};

struct probe_result {
    enum probe_how how;
    int code;
};

#endif
