#include "reevectl/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/nearest.h"
#include "reevectl/foreign.h"
#include "reevectl/output.h"
#include "reevectl/verbs.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

enum {
    OPT_SOCKET = 256,
    OPT_JSON,
    OPT_NO_COLOR,
    OPT_VERSION,
    OPT_NO_WAIT,
    OPT_TIMEOUT,
    OPT_SINCE,
    OPT_TYPE,
    OPT_TO,
    OPT_FOR,
    OPT_DOT,
    OPT_REVERSE,
    OPT_RELEASE,
};

/* Short options that take no value, and one that does. */
#define SHORT_FLAGS "hfq"
static const char short_options[] = ":" SHORT_FLAGS "n:";

static const struct option long_options[] = {
    {"socket", required_argument, NULL, OPT_SOCKET},
    {"json", no_argument, NULL, OPT_JSON},
    {"no-color", no_argument, NULL, OPT_NO_COLOR},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPT_VERSION},
    {"no-wait", no_argument, NULL, OPT_NO_WAIT},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"follow", no_argument, NULL, 'f'},
    {"lines", required_argument, NULL, 'n'},
    {"since", required_argument, NULL, OPT_SINCE},
    {"type", required_argument, NULL, OPT_TYPE},
    {"to", required_argument, NULL, OPT_TO},
    {"for", required_argument, NULL, OPT_FOR},
    {"quiet", no_argument, NULL, 'q'},
    {"dot", no_argument, NULL, OPT_DOT},
    {"reverse", no_argument, NULL, OPT_REVERSE},
    {"release", no_argument, NULL, OPT_RELEASE},
    {NULL, 0, NULL, 0},
};

/* What belongs to some verbs only. */
static const struct {
    int option;
    enum verb_option bit;
    const char *name;
} verb_options[] = {
    {OPT_NO_WAIT, VERB_NO_WAIT, "--no-wait"},
    {OPT_TIMEOUT, VERB_TIMEOUT, "--timeout"},
    {'f', VERB_FOLLOW, "--follow"},
    {'n', VERB_LINES, "--lines"},
    {OPT_SINCE, VERB_SINCE, "--since"},
    {OPT_TYPE, VERB_TYPE, "--type"},
    {OPT_TO, VERB_TO, "--to"},
    {OPT_FOR, VERB_FOR, "--for"},
    {'q', VERB_QUIET, "--quiet"},
    {OPT_DOT, VERB_DOT, "--dot"},
    {OPT_REVERSE, VERB_REVERSE, "--reverse"},
    {OPT_RELEASE, VERB_RELEASE, "--release"},
};

enum { N_VERB_OPTIONS = sizeof(verb_options) / sizeof(verb_options[0]) };

/* cJSON writes numbers exactly up to 15 digits. */
#define NUMBER_MAX ((int64_t)999999999999999)

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
    if (optopt >= OPT_SOCKET || (optopt && strchr(SHORT_FLAGS, optopt)))
        return usage("option '%.*s' takes no value", (int)strcspn(word, "="), word);
    if (optopt)
        return usage("unknown option '-%c'; 'reevectl --help' lists the options", optopt);
    return unknown_long(word);
}

/* `none`: what to do instead of 0. */
static int set_duration(int64_t *ret, const char *option, const char *text, const char *none)
{
    int error = duration_parse(text, ret);

    if (error == -ERANGE)
        return usage("%s %s is too long", option, text);
    if (error)
        return usage("%s '%s' is not a duration; write it like 500ms, 10s or 1m30s", option, text);
    if (*ret == 0)
        return usage("%s must be more than 0; %s", option, none);
    return 0;
}

/* One of `n` words; `list` has them all, for messages. */
static int set_word(const char **ret, const char *option, const char *text,
                    const char *const *words, size_t n, const char *list)
{
    const char *nearest;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(text, words[i]) == 0) {
            *ret = words[i];
            return 0;
        }
    }
    nearest = nearest_name(text, words, n);
    if (nearest)
        return usage("%s takes no '%s'; did you mean '%s'?", option, text, nearest);
    return usage("%s takes no '%s'; it takes %s", option, text, list);
}

static int set_number(int64_t *ret, const char *option, int64_t max)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(optarg, &end, 10);
    if (optarg[0] < '0' || optarg[0] > '9' || *end)
        return usage("%s '%s' is not a number", option, optarg);
    if (errno || number > max)
        return usage("%s %s is too much", option, optarg);
    *ret = number;
    return 0;
}

/* Options of some verbs; `given` has been noted. */
static int take_of_verb(struct options *o, int option)
{
    static const char *const whom[] = {"main", "group", "tree"};
    switch (option) {
    case OPT_NO_WAIT:
        o->no_wait = true;
        return 0;
    case OPT_TIMEOUT:
        return set_duration(&o->timeout_ms, "--timeout", optarg, "--no-wait does not wait at all");
    case 'f':
        o->follow = true;
        return 0;
    case 'n':
        return set_number(&o->lines, "--lines", INT32_MAX);
    case OPT_SINCE:
        return set_number(&o->since, "--since", NUMBER_MAX);
    case OPT_TYPE:
        o->types = optarg;
        return 0;
    case OPT_TO:
        return set_word(&o->to, "--to", optarg, whom, N_ELEMENTS(whom), "main, group or tree");
    case OPT_FOR:
        o->until = optarg; /* what it means depends on the verb */
        return 0;
    case OPT_DOT:
        o->dot = true;
        return 0;
    case OPT_REVERSE:
        o->reverse = true;
        return 0;
    case OPT_RELEASE:
        o->release = true;
        return 0;
    default:
        o->quiet = true;
        return 0;
    }
}

static int take(struct options *o, int option)
{
    switch (option) {
    case OPT_SOCKET:
        o->socket = optarg;
        o->socket_named = true;
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
    case 'h':
        o->help = true;
        return 0;
    default:
        for (size_t i = 0; i < N_VERB_OPTIONS; i++)
            if (verb_options[i].option == option)
                o->given |= verb_options[i].bit;
        return take_of_verb(o, option);
    }
}

/* --for: what to wait for, or how long to hold. */
static int take_for(struct options *o)
{
    static const char *const until[] = {"ready", "healthy", "completed", "stopped"};
    unsigned options = o->verb->options;

    if (options & VERB_FOR_TIME && o->until && o->release)
        return usage("--for and --release exclude each other");
    if (options & VERB_FOR_TIME && !o->until && !o->release)
        return usage("%s needs --for DURATION, e.g. --for 10m; --release ends it before",
                     o->verb->name);
    if (!o->until)
        return 0;
    if (options & VERB_FOR_TIME)
        return set_duration(&o->hold_ms, "--for", o->until, "--release ends a hold");
    return set_word(&o->until, "--for", o->until, until, N_ELEMENTS(until),
                    "ready, healthy, completed or stopped");
}

/* Whether the verb takes what was given with it. */
static int check_verb(const struct options *o)
{
    const struct verb *verb = o->verb;
    unsigned taken = verb->options | (verb->options & VERB_FOR_TIME ? VERB_FOR : 0);

    for (size_t i = 0; i < N_VERB_OPTIONS; i++)
        if (o->given & verb_options[i].bit & ~taken)
            return usage("%s does not take %s", verb->name, verb_options[i].name);
    if (o->no_wait && o->timeout_ms)
        return usage("--no-wait and --timeout exclude each other");
    if (o->since >= 0 && o->lines >= 0)
        return usage("--since and --lines exclude each other");
    if (o->n_args < verb->min_args)
        return usage("%s needs %s; 'reevectl %s --help' says more", verb->name,
                     verb->needs ? verb->needs : "a unit", verb->name);
    if (o->n_args > verb->max_args)
        return usage("%s takes no '%s'; 'reevectl %s --help' says more", verb->name,
                     o->args[verb->max_args], verb->name);
    return 0;
}

int options_parse(struct options *o, int argc, char **argv)
{
    const char *socket = getenv("REEVE_SOCKET");
    int option, error;

    *o = (struct options){.socket = socket && *socket ? socket : NULL, .lines = -1, .since = -1};
    opterr = 0;
    while ((option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
        error = option == '?' || option == ':' ? refused(argv, option) : take(o, option);
        if (error)
            return error;
    }
    if (optind == argc) {
        o->verb = verbs_find("list");
    } else {
        o->verb = verbs_find(argv[optind]);
        if (!o->verb)
            return foreign_tell(argv[optind]);
        o->args = argv + optind + 1;
        o->n_args = (size_t)(argc - optind - 1);
    }
    /* `reevectl --help` is about all of it, `reevectl list --help` about one verb. */
    if (o->help && optind == argc)
        o->verb = NULL;
    if (o->help || o->version)
        return 0;
    error = check_verb(o);
    return error ? error : take_for(o);
}
