/*
 * A conversation with reeved: one call after the other, and turning whatever goes wrong into one
 * line on standard error and an exit code.
 */
#ifndef REEVE_REEVECTL_CALL_H
#define REEVE_REEVECTL_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reevectl/output.h"
#include "reevectl/session.h"

struct progress;

/* How long to wait for answers, what to show meanwhile, and what may end it. */
struct patience {
    int64_t timeout_ms;        /* of all of it; -1: for ever */
    struct progress *progress; /* shown meanwhile, or NULL */
    /* Called every PROGRESS_TICK_MS, or NULL. */
    void (*tick)(void *context);
    void *context;
    bool interruptible;      /* Ctrl-C ends it tidily, with EXIT_INTERRUPTED */
    const char *interrupted; /* what to say then, or NULL */
    /* A parameter that reeved may refuse for its value, and what to say then; or NULL. */
    const char *refused, *refusal;
    bool for_output; /* ends with EXIT_FAILED when nobody reads standard output any more */
};

/* What call_stream() does with each reply, the last included, which does not continue. It may take
 * `parameters` over by putting NULL there. 0 goes on, STREAM_ENOUGH ends it without a failure,
 * anything else is the exit code. */
typedef int stream_take(void *context, struct varlink_reply *reply);
enum { STREAM_ENOUGH = -1 };

/* Parameters: {"units": [names]}, or {} for no names; {"unit": name}; {"limit": n}. NULL when
 * memory ran out. */
cJSON *call_units(char *const *names, size_t n_names);
cJSON *call_unit(const char *name);
cJSON *call_limit(int n);

/*
 * Calls a method of io.reeve.Manager ("List"). Takes ownership of `parameters`; NULL means that
 * memory ran out making them. 0 with *ret_reply, which the caller deletes; or the exit code, told.
 */
int call(struct session *s, const char *method, cJSON *parameters, cJSON **ret_reply);
int call_patiently(struct session *s, const char *method, cJSON *parameters,
                   const struct patience *patience, cJSON **ret_reply);
/* The same with a reply after the other, if `more` asks for that and reeved has several. 0 or the
 * exit code, told. */
int call_stream(struct session *s, const char *method, cJSON *parameters, bool more,
                const struct patience *patience, stream_take *take, void *context);
/* The same as call() within a moment, silently: NULL when there is no good answer. */
cJSON *call_quietly(struct session *s, const char *method, cJSON *parameters);
/* Says that no unit is named so; returns EXIT_NO_UNIT. */
int call_tell_no_match(const char *argument);
/* Waits until reeved closes the connection. 0 or the exit code, told. */
int call_await_end(struct session *s, const struct patience *patience);

/* Prints a reply as JSON; returns `code` or what output() makes of it. */
int call_print_json(const cJSON *reply, int code);

#endif
