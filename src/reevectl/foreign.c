#include "reevectl/foreign.h"

#include <stddef.h>
#include <string.h>

#include "reevectl/output.h"
#include "reevectl/verbs.h"

#define NO_LOGS                                                                                    \
    "reeve keeps no logs in this version: what units print goes where that of reeved goes"
#define NO_RELOAD "not in this version: 'reevectl check', then restart reeved"
#define ENABLED "write enabled = yes or no in the configuration, then restart reeved"
#define CONFIGURED                                                                                 \
    "units come from the configuration: change it, 'reevectl check', then restart reeved"

/* From supervisorctl, systemctl, docker, sv, monit and the shell. */
static const struct {
    const char *word;
    const char *verb;   /* the same here, or NULL: */
    const char *advice; /* what to do instead */
} foreign[] = {
    {"kill", "signal", NULL},
    {"ps", "list", NULL},
    {"ls", "list", NULL},
    {"avail", "list", NULL},
    {"units", "list", NULL},
    {"list-units", "list", NULL},
    {"pid", "status", NULL},
    {"info", "status", NULL},
    {"inspect", "show", NULL},
    {"list-dependencies", "graph", NULL},
    {"dependencies", "graph", NULL},
    {"tree", "graph", NULL},
    {"dot", "graph", NULL},
    {"up", "start", NULL},
    {"run", "start", NULL},
    {"down", "stop", NULL},
    {"term", "stop", NULL},
    {"try-restart", "restart", NULL},
    {"quit", "shutdown", NULL},
    {"exit", "shutdown", NULL},
    {"validate", "check", NULL},
    {"reset", "reset-failed", NULL},
    {"monitor", "events", NULL},
    {"log", NULL, NO_LOGS},
    {"logs", NULL, NO_LOGS},
    {"tail", NULL, NO_LOGS},
    {"maintail", NULL, NO_LOGS},
    {"clear", NULL, NO_LOGS},
    {"fg", NULL, NO_LOGS},
    {"attach", NULL, NO_LOGS},
    {"daemon-reload", NULL, NO_RELOAD},
    {"update", NULL, NO_RELOAD},
    {"reread", NULL, NO_RELOAD},
    {"enable", NULL, ENABLED},
    {"disable", NULL, ENABLED},
    {"add", NULL, CONFIGURED},
    {"remove", NULL, CONFIGURED},
    {"edit", NULL, CONFIGURED},
};

int foreign_tell(const char *word)
{
    const char *verb = NULL;

    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]) && !verb; i++) {
        if (strcmp(word, foreign[i].word) != 0)
            continue;
        if (foreign[i].advice)
            return usage("unknown verb '%s'; %s", word, foreign[i].advice);
        verb = foreign[i].verb;
    }
    if (!verb)
        verb = verbs_nearest(word);
    if (verb)
        return usage("unknown verb '%s'; did you mean '%s'?", word, verb);
    return usage("unknown verb '%s'; 'reevectl --help' lists the verbs", word);
}
