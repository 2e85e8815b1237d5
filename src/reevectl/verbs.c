#include "reevectl/verbs.h"

#include <stdint.h>
#include <string.h>

#include "base/nearest.h"

enum { WAITS = VERB_NO_WAIT | VERB_TIMEOUT };
#define JSON_OF_UNITS "print JSON, an object for each unit (joined by 'jq -s')"
#define JSON_OF_EVENTS "print JSON, an object for each event, one a line"

/* Lines of the help stay below 80 columns. */
static const struct verb verbs[] = {
    {
        .name = "list",
        .group = GROUP_LOOKING,
        .arguments = "[UNIT...]",
        .summary = "the units, one line each (the default)",
        .max_args = SIZE_MAX,
        .run = verb_list,
    },
    {
        .name = "status",
        .group = GROUP_LOOKING,
        .arguments = "[UNIT...]",
        .summary = "how reeved is, or how units are and why",
        .details = "Exit code: 0 all units are running, 3 one is not, 4 there is no such unit.\n",
        .json = JSON_OF_UNITS,
        .max_args = SIZE_MAX,
        .run = verb_status,
    },
    {
        .name = "why",
        .group = GROUP_LOOKING,
        .arguments = "UNIT...",
        .summary = "why units are as they are, and what to do",
        .details = "Since when, who or what started or stopped it, how its last run ended, when\n"
                   "the next try is, what it waits for and what became of that.\n",
        .json = JSON_OF_UNITS,
        .min_args = 1,
        .max_args = SIZE_MAX,
        .run = verb_why,
    },
    {
        .name = "show",
        .group = GROUP_LOOKING,
        .arguments = "UNIT...",
        .summary = "everything known about units",
        .details = "The definition as it is written, each key with its place; the values in\n"
                   "effect; the facts; dependencies in both directions; and the last runs.\n",
        .examples = "  reevectl show web | grep environment\n",
        .json = JSON_OF_UNITS,
        .min_args = 1,
        .max_args = SIZE_MAX,
        .run = verb_show,
    },
    {
        .name = "cat",
        .group = GROUP_LOOKING,
        .arguments = "UNIT...",
        .summary = "what units come to, and where each value stands",
        .details = "With what they have from [defaults] and templates. From the memory of reeved:\n"
                   "what is in force, whatever the files say now.\n",
        .json = JSON_OF_UNITS,
        .min_args = 1,
        .max_args = SIZE_MAX,
        .run = verb_cat,
    },
    {
        .name = "errors",
        .group = GROUP_LOOKING,
        .arguments = "[UNIT...]",
        .summary = "the runs that failed, newest first",
        .details = "As far as reeved remembers: the last 16 runs of each unit. On a terminal\n"
                   "the newest 20 runs that failed, unless -n says how many.\n",
        .max_args = SIZE_MAX,
        .options = VERB_LINES,
        .run = verb_errors,
    },
    {
        .name = "events",
        .group = GROUP_LOOKING,
        .arguments = "[UNIT...]",
        .summary = "what happened, and with -f what happens",
        .details = "Without units: to all of them, and to reeved itself.\n",
        .examples = "  reevectl events -f --type unit.exited\n",
        .json = JSON_OF_EVENTS,
        .max_args = SIZE_MAX,
        .options = VERB_FOLLOW | VERB_LINES | VERB_SINCE | VERB_TYPE,
        .run = verb_events,
    },
    {
        .name = "graph",
        .group = GROUP_LOOKING,
        .arguments = "[UNIT...]",
        .summary = "who depends on whom, as a tree",
        .details = "Below each unit what it depends on, how, and what holds it up. A unit that\n"
                   "was drawn before is marked (above). With units: these and all below them.\n",
        .examples = "  reevectl graph --dot | dot -Tsvg > units.svg\n"
                    "  reevectl graph --reverse db\n",
        .max_args = SIZE_MAX,
        .options = VERB_DOT | VERB_REVERSE,
        .run = verb_graph,
    },
    {
        .name = "health",
        .group = GROUP_LOOKING,
        .arguments = "[UNIT...]",
        .summary = "whether all is up that should be",
        .details = "With units only these are listed: status and exit code are those of the\n"
                   "whole. 'is-healthy' judges units.\n"
                   "Exit code: 0 healthy or starting; 1 degraded, unhealthy or stopping.\n",
        .max_args = SIZE_MAX,
        .run = verb_health,
    },
    {
        .name = "start",
        .group = GROUP_ACTING,
        .arguments = "UNIT...",
        .summary = "start units, and wait until they are ready",
        .details = "What they require or want is started before. A job is ready when its command\n"
                   "runs; 'reevectl wait' waits for its end.\n"
                   "Exit code: 0 all are ready, 1 one is not, 4 there is no such unit.\n",
        .examples = "  reevectl start --timeout 1m 'web*'\n",
        .min_args = 1,
        .max_args = SIZE_MAX,
        .options = WAITS,
        .run = verb_start,
    },
    {
        .name = "stop",
        .group = GROUP_ACTING,
        .arguments = "UNIT...",
        .summary = "stop units, and wait until nothing is left",
        .details = "What requires them is stopped before, and told, too.\n"
                   "Exit code: 0 all have stopped, 1 one has not, 4 there is no such unit.\n",
        .min_args = 1,
        .max_args = SIZE_MAX,
        .options = WAITS,
        .run = verb_stop,
    },
    {
        .name = "restart",
        .group = GROUP_ACTING,
        .arguments = "UNIT...",
        .summary = "stop units and start them, or just start",
        .details = "What requires them and has on_dependency_restart = restart is restarted, too.\n"
                   "Exit code: 0 all are ready again, 1 one is not, 4 there is no such unit.\n",
        .min_args = 1,
        .max_args = SIZE_MAX,
        .options = WAITS,
        .run = verb_restart,
    },
    {
        .name = "reload",
        .group = GROUP_ACTING,
        .arguments = "UNIT...",
        .summary = "have units read their own configuration anew",
        .details = "By the reload_signal or the reload_command of each, which is waited for.\n"
                   "The configuration of reeved itself is not read anew.\n"
                   "Exit code: 0 all have reloaded, 1 one has not, 4 there is no such unit.\n",
        .min_args = 1,
        .max_args = SIZE_MAX,
        .options = WAITS,
        .run = verb_reload,
    },
    {
        .name = "hold",
        .group = GROUP_ACTING,
        .arguments = "UNIT...",
        .summary = "keep units from starting for a while",
        .details =
            "What runs is left alone; a start, a restart once it has stopped, and a retry\n"
            "wait until the time is over, or until --release. It is forgotten when reeved\n"
            "ends.\n"
            "Exit code: 0 all are held, or released, 1 one is not, 4 there is no such unit.\n",
        .examples = "  reevectl hold web --for 10m\n"
                    "  reevectl hold --release web\n",
        .min_args = 1,
        .max_args = SIZE_MAX,
        .options = VERB_FOR_TIME | VERB_RELEASE,
        .run = verb_hold,
    },
    {
        .name = "signal",
        .group = GROUP_ACTING,
        .arguments = "SIGNAL UNIT...",
        .summary = "send a signal to the processes of units",
        .details = "This is no stop: when a unit ends by it, its restart policy applies.\n"
                   "Exit code: 0 sent to all, 1 not to all, 4 there is no such unit.\n",
        .examples = "  reevectl signal HUP web\n"
                    "  reevectl signal --to tree USR1 'worker*'\n",
        .needs = "a signal and a unit",
        .min_args = 2,
        .max_args = SIZE_MAX,
        .options = VERB_TO,
        .run = verb_signal,
    },
    {
        .name = "reset-failed",
        .group = GROUP_ACTING,
        .arguments = "[UNIT...]",
        .summary = "forget failures, start what should be up",
        .details = "A failed unit that should be up starts; a job, too, runs again. To clear it\n"
                   "without that, 'reevectl stop' it first. The counters of restarts go, too.\n"
                   "Without units: all that failed.\n",
        .max_args = SIZE_MAX,
        .run = verb_reset_failed,
    },
    {
        .name = "wait",
        .group = GROUP_WAITING,
        .arguments = "UNIT...",
        .summary = "wait until units are ready, or have ended",
        .details = "Without --for: until services are ready and jobs have completed. Healthy can\n"
                   "only become what has a health key.\n"
                   "Exit code: 0 all are, 1 one is not and will not be by itself, or the time\n"
                   "is up, 4 there is no such unit.\n",
        .examples = "  reevectl wait --for completed migrate && ./import\n",
        .min_args = 1,
        .max_args = SIZE_MAX,
        .options = VERB_FOR | VERB_TIMEOUT,
        .run = verb_wait,
    },
    {
        .name = "is-active",
        .group = GROUP_WAITING,
        .arguments = "UNIT...",
        .summary = "whether one of the units is running",
        .details = "Prints the state of each.\n"
                   "Exit code: 0 one is running, 3 none is, 4 there is no such unit.\n",
        .examples = "  reevectl is-active -q worker && ./enqueue\n",
        .min_args = 1,
        .max_args = SIZE_MAX,
        .options = VERB_QUIET,
        .run = verb_is_active,
    },
    {
        .name = "is-failed",
        .group = GROUP_WAITING,
        .arguments = "UNIT...",
        .summary = "whether one of the units has failed for good",
        .details = "Prints the state of each.\n"
                   "Exit code: 0 one has failed, 1 none has, 4 there is no such unit.\n",
        .min_args = 1,
        .max_args = SIZE_MAX,
        .options = VERB_QUIET,
        .run = verb_is_failed,
    },
    {
        .name = "is-healthy",
        .group = GROUP_WAITING,
        .arguments = "[UNIT...]",
        .summary = "whether all of the units are healthy",
        .details = "A unit without a health check is healthy when it is ready or has completed,\n"
                   "one whose check has not said anything yet is 'unknown'.\n"
                   "Without units: whether the whole is.\n"
                   "Exit code: 0 all are healthy, 1 one is not, 4 there is no such unit.\n",
        .max_args = SIZE_MAX,
        .options = VERB_QUIET,
        .run = verb_is_healthy,
    },
    {
        .name = "check",
        .group = GROUP_DAEMON,
        .arguments = "[FILE|DIR]",
        .summary = "whether the configuration is good",
        .details = "Without a file reeved reads its own anew, and changes nothing; a file is\n"
                   "read by reevectl itself, with what it includes, and all *.ini of a\n"
                   "directory as one configuration.\n"
                   "Exit code: 0 it is good, 1 it is not, or could not be read.\n",
        .max_args = 1,
        .run = verb_check,
    },
    {
        .name = "shutdown",
        .group = GROUP_DAEMON,
        .summary = "stop all units and end reeved, and wait",
        .options = WAITS,
        .run = verb_shutdown,
    },
    {
        .name = "version",
        .group = GROUP_DAEMON,
        .summary = "the versions of reevectl and reeved",
        .run = verb_version,
    },
    {
        .name = "help",
        .group = GROUP_DAEMON,
        .arguments = "[VERB]",
        .summary = "this help, or that of a verb",
        .max_args = 1,
        .run = verb_help,
    },
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
    strbuf_addf(b, "  %-19s  %s\n", option, meaning);
}

/* `verb` may be NULL: the options of all. */
static void add_options(struct strbuf *b, const struct verb *verb)
{
    static const struct {
        enum verb_option bit;
        const char *option, *meaning;
    } lines[] = {
        {VERB_NO_WAIT, "--no-wait", "do not wait until it is done"},
        {VERB_FOR, "--for STATE", "wait for ready, healthy, completed or stopped"},
        {VERB_FOR_TIME, "--for DURATION", "for so long from now, e.g. 10m or 1h30m"},
        {VERB_RELEASE, "--release", "end it: what waited starts"},
        {VERB_TIMEOUT, "--timeout DURATION", "wait at most this long, e.g. 10s or 1m30s"},
        {VERB_TO, "--to WHOM", "to main (the default), its group or the tree"},
        {VERB_FOLLOW, "-f, --follow", "go on with what happens; begins with the last 10"},
        {VERB_LINES, "-n, --lines N", "only the newest N"},
        {VERB_SINCE, "--since SEQ", "what came after the event with that \"seq\" in --json"},
        {VERB_TYPE, "--type TYPE,...", "only of these types, e.g. unit.exited"},
        {VERB_DOT, "--dot", "print it for Graphviz"},
        {VERB_REVERSE, "--reverse", "below each unit what depends on it"},
        {VERB_QUIET, "-q, --quiet", "print no words, only the exit code tells"},
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (verb && verb->options & lines[i].bit)
            add_option(b, lines[i].option, lines[i].meaning);
    add_option(b, "--socket PATH", "talk to the reeved that listens there");
    add_option(b, "--json", verb && verb->json ? verb->json : "print what reeved answers as JSON");
    add_option(b, "--no-color", "no colours, even on a terminal");
    add_option(b, "-h, --help", "print this help; after a verb, that of the verb");
}

static void add_group(struct strbuf *b, enum verb_group group)
{
    static const char *const titles[GROUP_COUNT] = {
        [GROUP_LOOKING] = "Looking",
        [GROUP_ACTING] = "Acting",
        [GROUP_WAITING] = "Waiting, and asking in scripts",
        [GROUP_DAEMON] = "The daemon",
    };

    strbuf_addf(b, "\n%s:\n", titles[group]);
    for (size_t i = 0; i < N_VERBS; i++) {
        const struct verb *v = &verbs[i];

        if (v->group == group)
            strbuf_addf(b, "  %-12s %-14s  %s\n", v->name, v->arguments ? v->arguments : "",
                        v->summary);
    }
}

static void help_command(struct strbuf *b)
{
    strbuf_add(b, "Usage: reevectl [OPTION...] [VERB] [UNIT...]\n"
                  "Ask reeved about the units it supervises, and command them.\n");
    for (enum verb_group group = 0; group < GROUP_COUNT; group++)
        add_group(b, group);
    strbuf_add(b, "\nOptions of every verb ('reevectl help VERB' tells the others):\n");
    add_options(b, NULL);
    add_option(b, "--version", "print the version of reevectl");
    strbuf_add(b, "\nA UNIT is a name, a glob such as 'web*', or tag:NAME.\n"
                  "Exit code: 0 success, 1 failure, 2 wrong usage, 3 not active, 4 no such unit.\n"
                  "reevectl(1) says more.\n");
}

static void help_verb(struct strbuf *b, const struct verb *verb)
{
    strbuf_addf(b, "Usage: reevectl [OPTION...] %s%s%s\n%c%s.\n", verb->name,
                verb->arguments ? " " : "", verb->arguments ? verb->arguments : "",
                verb->summary[0] - 'a' + 'A', verb->summary + 1);
    if (verb->details)
        strbuf_addf(b, "%s", verb->details);
    if (verb->examples)
        strbuf_addf(b, "\nExamples:\n%s", verb->examples);
    strbuf_add(b, "\nOptions:\n");
    add_options(b, verb);
}

int verbs_help(const struct verb *verb)
{
    struct strbuf b = STRBUF_INIT;

    if (verb)
        help_verb(&b, verb);
    else
        help_command(&b);
    return output(&b, EXIT_OK);
}
