/* A request about units that is answered by a result for each: asked for, watched on a terminal
 * while it is on its way, and told. */
#ifndef REEVE_REEVECTL_OPERATION_H
#define REEVE_REEVECTL_OPERATION_H

#include "reevectl/call.h"

struct operation {
    const char *method;      /* "Start" */
    bool waits;              /* may take long: shows progress, and Ctrl-C ends it tidily */
    bool hints;              /* a unit that failed is worth a `reevectl why` */
    bool at_end;             /* tells no result before the last reply came */
    int64_t timeout_ms;      /* by then reeved has answered; -1: for ever */
    const char *interrupted; /* what to say after Ctrl-C, or NULL */
    const char *none;        /* what to say when there was no unit at all, or NULL */
    /* Adds what became of a unit for which it went well, as a line; NULL: its state and pid. */
    void (*add_done)(struct session *s, struct strbuf *b, const cJSON *result);
};

/* Takes ownership of `parameters`. The names are what the user wrote, to say what is waited for.
 * Returns an exit code; EXIT_FAILED when it went wrong for any unit. */
int operation_run(struct session *s, const struct operation *operation, cJSON *parameters,
                  char *const *names, size_t n_names);

/* The timeout of an operation that waits as long as reeved does, which bounds itself by --timeout,
 * and a little longer, for it to say so. */
int64_t operation_patience_ms(const struct options *o);

/* Adds "web: running (pid 7)" as a line: what is told unless the operation tells it in its way. */
void operation_add_done(struct session *s, struct strbuf *b, const cJSON *result);
/* It went along since it was up only for the sake of the other. */
bool operation_is_not_needed(const cJSON *result);
/* Adds the end of such a line: what it was done along with, if that was another unit. */
void operation_add_end(struct strbuf *b, const cJSON *result);
/* Adds "web: ", then the state in its colour. */
void operation_add_state(const struct session *s, struct strbuf *b, const cJSON *result);

#endif
