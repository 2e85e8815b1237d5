/*
 * An event as it is told to the outside: what subscribers of the control socket read. Plain data;
 * the words are those of the protocol (io.reeve.Manager, type Event).
 */
#ifndef REEVE_CORE_NOTICE_H
#define REEVE_CORE_NOTICE_H

#include <stdint.h>
#include <sys/types.h>

#include "core/ends.h"
#include "core/mistake.h"
#include "core/outcome.h"
#include "core/unit.h"
#include "core/waiting.h"

enum notice_type {
    NOTICE_SESSION_STARTED,
    NOTICE_SESSION_READY,
    NOTICE_SESSION_STOPPING, /* session: requester, signal or because; unit: the last straw */
    NOTICE_SESSION_STOPPED,  /* session: exit_code */
    NOTICE_UNIT_REQUESTED,   /* request */
    NOTICE_UNIT_STATE,       /* state */
    NOTICE_UNIT_EXITED,      /* exit */
    NOTICE_UNIT_UNKILLABLE,
    NOTICE_UNIT_HEALTH,  /* health */
    NOTICE_UNIT_REFUSED, /* refused */
    NOTICE_UNIT_HOOK,    /* hook: one of its commands failed */
    NOTICE_UNIT_MISTAKE, /* mistake */
    NOTICE_COUNT
};

enum request_kind {
    REQUEST_START,
    REQUEST_STOP,
    REQUEST_RESTART,
    REQUEST_SIGNAL,
    REQUEST_RESET_FAILED,
    REQUEST_RELOAD,
    REQUEST_HOLD,    /* held_until_wall_ms */
    REQUEST_RELEASE, /* of a hold */
    REQUEST_COUNT
};

enum { NOTICE_NO_UNIT = UINT32_MAX };

struct notice {
    uint64_t seq; /* from 1, without gaps */
    int64_t wall_ms;
    enum notice_type type;
    uint32_t unit; /* its index, or NOTICE_NO_UNIT */
    uint64_t run;  /* 0: none */
    union {
        struct {
            struct requester requester;
            int signal;             /* 0: none */
            enum end_cause because; /* reeved ends by itself */
            int exit_code;          /* -1: none */
        } session;
        struct {
            enum request_kind kind;
            int signal;                 /* 0: none */
            int64_t held_until_wall_ms; /* 0: none */
            struct requester requester;
        } request;
        struct {
            enum unit_state from, to;
            pid_t pid; /* of main while it lives; 0: none */
            enum requested_by requested_by;
            struct requester requester;
            int64_t next_start_wall_ms; /* 0: none */
            int64_t held_until_wall_ms; /* waiting since it is held; 0: it is not for that */
            struct waiting_for waiting; /* .unit WAITING_NO_UNIT: none */
        } state;
        struct exit_record exit;
        struct {
            enum healthiness is;
            struct probe_result failure; /* unhealthy: the last one */
        } health;
        struct {
            const char *what; /* static: the key of a notification that is refused */
        } refused;
        struct {
            enum hook hook;
            struct hook_failure failure;
        } hook;
        struct mistake mistake;
    } u;
};

/* The words of the protocol: "unit.state", "reset_failed". Never NULL. */
const char *notice_type_name(enum notice_type type);
const char *request_kind_name(enum request_kind kind);

#endif
