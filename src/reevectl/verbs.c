#include "reevectl/verbs.h"

#include <stdint.h>
#include <string.h>

#include "base/nearest.h"

enum { WAITS = VERB_NO_WAIT | VERB_TIMEOUT };

static const struct verb verbs[] = {
    {"list", "[UNIT...]", "list the units (also without any verb)", "", 0, SIZE_MAX, VERB_PLAIN,
     verb_list},
    {"status", "[UNIT...]", "tell how reeved is, or how units are and why",
     "Exit code: 0 all units are active (running or starting), 3 one is not,\n"
     "4 there is no such unit.\n",
     0, SIZE_MAX, VERB_PLAIN, verb_status},
    {"start", "UNIT...", "start units and wait until they are ready",
     "Exit code: 0 all are ready, 1 one is not, 4 there is no such unit.\n", 1, SIZE_MAX, WAITS,
     verb_start},
    {"stop", "UNIT...", "stop units and wait until nothing of them is left",
     "Exit code: 0 all have stopped, 1 one has not, 4 there is no such unit.\n", 1, SIZE_MAX, WAITS,
     verb_stop},
    {"restart", "UNIT...", "stop and start units, or start them",
     "Exit code: 0 all are ready again, 1 one is not, 4 there is no such unit.\n", 1, SIZE_MAX,
     WAITS, verb_restart},
    {"health", "[UNIT...]", "check that everything that should be up is",
     "Exit code: 0 healthy or starting; 1 degraded, unhealthy or stopping.\n", 0, SIZE_MAX,
     VERB_PLAIN, verb_health},
    {"show", "UNIT...", "show everything known about units",
     "The definition as it is written, each key with its place; the values in\n"
     "effect; the facts; and the last runs.\n",
     1, SIZE_MAX, VERB_PLAIN, verb_show},
    {"shutdown", "", "stop all units, end reeved and wait until it is gone", "", 0, 0, WAITS,
     verb_shutdown},
    {"version", "", "print the versions of reevectl and reeved", "", 0, 0, VERB_PLAIN,
     verb_version},
    {"help", "[VERB]", "print this help, or that of a verb", "", 0, 1, VERB_PLAIN, verb_help},
};

enum { N_VERBS = sizeof(verbs) / sizeof(verbs[0]) };

const struct verb *verbs_find(const char *name)
{
    for (size_t i = 0; i < N_VERBS; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

const char *verbs_nearest(const char *name)
{
    const char *names[N_VERBS];

    for (size_t i = 0; i < N_VERBS; i++)
        names[i] = verbs[i].name;
    return nearest_name(name, names, N_VERBS);
}

static void add_option(struct strbuf *b, const char *option, const char *meaning)
{
    strbuf_addf(b, "  %-18s  %s\n", option, meaning);
}

static void add_options(struct strbuf *b, unsigned options)
{
    if (options & VERB_NO_WAIT)
        add_option(b, "--no-wait", "do not wait until it is done");
    if (options & VERB_TIMEOUT)
        add_option(b, "--timeout DURATION", "wait at most this long, e.g. 10s or 1m30s");
    add_option(b, "--socket PATH", "talk to the reeved that listens there");
    add_option(b, "--json", "print what reeved answers as JSON");
    add_option(b, "--no-color", "no colours, also on a terminal");
    add_option(b, "-h, --help", "print this help; after a verb, that of the verb");
}

static void help_command(struct strbuf *b)
{
    strbuf_add(b, "Usage: reevectl [OPTION...] [VERB] [UNIT...]\n"
                  "Ask reeved about the units it supervises, and command them.\n\n"
                  "Verbs:\n");
    for (size_t i = 0; i < N_VERBS; i++)
        strbuf_addf(b, "  %-8s %-9s  %s\n", verbs[i].name, verbs[i].arguments, verbs[i].summary);
    strbuf_add(b, "\nOptions, before or after the verb:\n");
    add_options(b, WAITS);
    add_option(b, "--version", "print the version of reevectl");
    strbuf_add(b, "\nA UNIT is a name or a glob such as 'web*'.\n"
                  "Exit code: 0 success, 1 failure, 2 wrong usage, 3 not active, 4 no such unit.\n"
                  "reevectl(1) says more.\n");
}

int verbs_help(const struct verb *verb)
{
    struct strbuf b = STRBUF_INIT;

    if (verb) {
        strbuf_addf(&b, "Usage: reevectl [OPTION...] %s%s%s\n%c%s.\n", verb->name,
                    *verb->arguments ? " " : "", verb->arguments, verb->summary[0] - 'a' + 'A',
                    verb->summary + 1);
        strbuf_addf(&b, "%s\nOptions:\n", verb->details);
        add_options(&b, verb->options);
    } else {
        help_command(&b);
    }
    return output(&b, EXIT_OK);
}
