/* The verbs of reevectl: one table, and one function for each, in a file of its own. */
#ifndef REEVE_REEVECTL_VERBS_H
#define REEVE_REEVECTL_VERBS_H

#include <stddef.h>

#include "reevectl/call.h"

/* What the help lists together. */
enum verb_group { GROUP_LOOKING, GROUP_ACTING, GROUP_WAITING, GROUP_DAEMON, GROUP_COUNT };

struct verb {
    const char *name;
    enum verb_group group;
    const char *arguments; /* as the help shows them, or NULL */
    const char *summary;   /* one line of at most 45 columns */
    const char *details;   /* further lines of its own help, or NULL */
    const char *examples;  /* lines for its own help, or NULL */
    const char *json;      /* what --json prints, or NULL: what reeved answers */
    const char *needs;     /* what is missing without min_args; NULL: a unit */
    size_t min_args;
    size_t max_args;
    unsigned options; /* of enum verb_option */
    /* Returns an exit code; what went wrong has been told. */
    int (*run)(struct session *s, char **args, size_t n_args);
};

const struct verb *verbs_find(const char *name);
/* The name that was likely meant, or NULL. */
const char *verbs_nearest(const char *name);
/* Prints the help of a verb, or of the whole command for NULL; returns an exit code. */
int verbs_help(const struct verb *verb);

int verb_list(struct session *s, char **args, size_t n_args);
int verb_status(struct session *s, char **args, size_t n_args);
int verb_show(struct session *s, char **args, size_t n_args);
int verb_cat(struct session *s, char **args, size_t n_args);
int verb_why(struct session *s, char **args, size_t n_args);
int verb_errors(struct session *s, char **args, size_t n_args);
int verb_events(struct session *s, char **args, size_t n_args);
int verb_graph(struct session *s, char **args, size_t n_args);
int verb_health(struct session *s, char **args, size_t n_args);
int verb_start(struct session *s, char **args, size_t n_args);
int verb_stop(struct session *s, char **args, size_t n_args);
int verb_restart(struct session *s, char **args, size_t n_args);
int verb_reload(struct session *s, char **args, size_t n_args);
int verb_hold(struct session *s, char **args, size_t n_args);
int verb_signal(struct session *s, char **args, size_t n_args);
int verb_reset_failed(struct session *s, char **args, size_t n_args);
int verb_wait(struct session *s, char **args, size_t n_args);
int verb_is_active(struct session *s, char **args, size_t n_args);
int verb_is_failed(struct session *s, char **args, size_t n_args);
int verb_is_healthy(struct session *s, char **args, size_t n_args);
int verb_check(struct session *s, char **args, size_t n_args);
int verb_shutdown(struct session *s, char **args, size_t n_args);
int verb_version(struct session *s, char **args, size_t n_args);
int verb_help(struct session *s, char **args, size_t n_args);

#endif
