#include "reevectl/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/nearest.h"
#include "reevectl/output.h"
#include "reevectl/verbs.h"

enum { OPT_SOCKET = 256, OPT_JSON, OPT_NO_COLOR, OPT_VERSION, OPT_NO_WAIT, OPT_TIMEOUT };

static const struct option long_options[] = {
    {"socket", required_argument, NULL, OPT_SOCKET},   {"json", no_argument, NULL, OPT_JSON},
    {"no-color", no_argument, NULL, OPT_NO_COLOR},     {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPT_VERSION},       {"no-wait", no_argument, NULL, OPT_NO_WAIT},
    {"timeout", required_argument, NULL, OPT_TIMEOUT}, {NULL, 0, NULL, 0},
};

enum { N_LONG_OPTIONS = sizeof(long_options) / sizeof(long_options[0]) - 1 };

/* `word` is what the user wrote, such as "--jsn=x". */
static int unknown_long(const char *word)
{
    size_t length = strcspn(word + 2, "=");
    const char *names[N_LONG_OPTIONS];
    const char *nearest = NULL;
    unsigned n_prefixed = 0;
    char *name;

    for (size_t i = 0; i < N_LONG_OPTIONS; i++) {
        names[i] = long_options[i].name;
        n_prefixed += strncmp(names[i], word + 2, length) == 0;
    }
    if (n_prefixed > 1)
        return usage("option '%s' could be several; write it out", word);
    name = strndup(word + 2, length);
    if (name)
        nearest = nearest_name(name, names, N_LONG_OPTIONS);
    free(name);
    if (nearest)
        return usage("unknown option '%s'; did you mean '--%s'?", word, nearest);
    return usage("unknown option '%s'; 'reevectl --help' lists the options", word);
}

/* What getopt_long() refused: argv[optind - 1] is the offender, unless that is a short option. */
static int refused(char **argv, int answer)
{
    const char *word = argv[optind - 1];

    if (answer == ':')
        return usage("option '%s' needs a value", word);
    if (optopt >= OPT_SOCKET || optopt == 'h')
        return usage("option '%.*s' takes no value", (int)strcspn(word, "="), word);
    if (optopt)
        return usage("unknown option '-%c'; 'reevectl --help' lists the options", optopt);
    return unknown_long(word);
}

static int set_timeout(struct options *o, const char *text)
{
    int error = duration_parse(text, &o->timeout_ms);

    if (error == -ERANGE)
        return usage("--timeout %s is too long", text);
    if (error)
        return usage("--timeout '%s' is not a duration; write it like 500ms, 10s or 1m30s", text);
    if (o->timeout_ms == 0)
        return usage("--timeout must be more than 0; --no-wait does not wait at all");
    return 0;
}

static int take(struct options *o, int option)
{
    switch (option) {
    case OPT_SOCKET:
        o->socket = optarg;
        return *optarg ? 0 : usage("--socket needs a path");
    case OPT_JSON:
        o->json = true;
        return 0;
    case OPT_NO_COLOR:
        o->no_color = true;
        return 0;
    case OPT_VERSION:
        o->version = true;
        return 0;
    case OPT_NO_WAIT:
        o->no_wait = true;
        return 0;
    case OPT_TIMEOUT:
        return set_timeout(o, optarg);
    default:
        o->help = true;
        return 0;
    }
}

static int unknown_verb(const char *word)
{
    const char *nearest = verbs_nearest(word);

    if (nearest)
        return usage("unknown verb '%s'; did you mean '%s'?", word, nearest);
    return usage("unknown verb '%s'; 'reevectl --help' lists the verbs", word);
}

/* Whether the verb takes what was given with it. */
static int check_verb(const struct options *o)
{
    const struct verb *verb = o->verb;

    if (o->no_wait && !(verb->options & VERB_NO_WAIT))
        return usage("%s does not take --no-wait", verb->name);
    if (o->timeout_ms && !(verb->options & VERB_TIMEOUT))
        return usage("%s does not take --timeout", verb->name);
    if (o->no_wait && o->timeout_ms)
        return usage("--no-wait and --timeout exclude each other");
    if (o->n_args < verb->min_args)
        return usage("%s needs a unit; 'reevectl %s --help' says more", verb->name, verb->name);
    if (o->n_args > verb->max_args)
        return usage("%s takes no '%s'; 'reevectl %s --help' says more", verb->name,
                     o->args[verb->max_args], verb->name);
    return 0;
}

int options_parse(struct options *o, int argc, char **argv)
{
    const char *socket = getenv("REEVE_SOCKET");
    int option;

    *o = (struct options){.socket = socket && *socket ? socket : NULL};
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
        int error = option == '?' || option == ':' ? refused(argv, option) : take(o, option);
        if (error)
            return error;
    }
    if (optind == argc) {
        o->verb = verbs_find("list");
    } else {
        o->verb = verbs_find(argv[optind]);
        if (!o->verb)
            return unknown_verb(argv[optind]);
        o->args = argv + optind + 1;
        o->n_args = (size_t)(argc - optind - 1);
    }
    /* `reevectl --help` is about all of it, `reevectl list --help` about one verb. */
    if (o->help && optind == argc)
        o->verb = NULL;
    return o->help || o->version ? 0 : check_verb(o);
}
