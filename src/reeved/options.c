#include "reeved/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "base/version.h"
#include "config/places.h"

static const char help[] =
    "Usage: reeved [-c FILE] [--check] [-v]\n"
    "\n"
    "Supervises the services and jobs of an INI file, in the foreground.\n"
    "\n"
    "  -c, --config FILE  the configuration; default: /etc/reeve/reeve.ini, or\n"
    "                     as a user $XDG_CONFIG_HOME/reeve/reeve.ini\n"
    "      --check        read the configuration, list every error, start nothing;\n"
    "                     exit 0 when it is good, 1 when not\n"
    "  -v, --verbose      log what matters only when looking for a fault\n"
    "  -h, --help         this text\n"
    "      --version      the version\n"
    "\n"
    "reeved(8) and reeve.ini(5) say more; reevectl(1) asks and commands it.\n";

enum { OPT_CHECK = 256, OPT_VERSION };

static const struct option longs[] = {
    {"config", required_argument, NULL, 'c'},    {"check", no_argument, NULL, OPT_CHECK},
    {"verbose", no_argument, NULL, 'v'},         {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPT_VERSION}, {NULL, 0, NULL, 0},
};

enum { N_LONGS = sizeof longs / sizeof longs[0] - 1 };

/* Says what is wrong with the command line; returns the exit code for that. */
static int usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int usage(const char *format, ...)
{
    va_list args;

    fputs("reeved: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs("\n", stderr);
    return 2;
}

/* `word` is what the user wrote, such as "--chekc". */
static int unknown_long(const char *word)
{
    size_t length = strcspn(word + 2, "=");
    const char *names[N_LONGS], *near = NULL;
    unsigned n_prefixed = 0;
    char *name = strndup(word + 2, length);

    for (size_t i = 0; i < N_LONGS; i++) {
        names[i] = longs[i].name;
        n_prefixed += strncmp(names[i], word + 2, length) == 0;
    }
    if (name && n_prefixed <= 1)
        near = nearest_name(name, names, N_LONGS);
    free(name);
    if (n_prefixed > 1)
        return usage("option '%s' could be several; write it out", word);
    if (near)
        return usage("unknown option '%s'; did you mean '--%s'?", word, near);
    return usage("unknown option '%s'; 'reeved --help' lists the options", word);
}

/* What getopt_long() refused: argv[optind - 1] is the offender, unless that is a short option. */
static int refused(char **argv, int answer)
{
    const char *word = argv[optind - 1];

    if (answer == ':')
        return usage("option '%s' needs a value; write a file", word);
    if (!optopt)
        return unknown_long(word);
    for (size_t i = 0; i < N_LONGS; i++) {
        if (longs[i].val == optopt) /* known: it was given a value */
            return usage("option '--%s' takes no value; write it alone", longs[i].name);
    }
    return usage("unknown option '-%c'; 'reeved --help' lists the options", optopt);
}

static int say(const char *text)
{
    fputs(text, stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}

/* One option; returns as options_parse. */
static int take(struct options *o, int opt, const char **config, char **argv)
{
    switch (opt) {
    case 'c':
        *config = optarg;
        return *optarg ? -1 : usage("--config needs a file");
    case 'v':
        o->verbose = true;
        return -1;
    case OPT_CHECK:
        o->check = true;
        return -1;
    case 'h':
        return say(help);
    case OPT_VERSION:
        return say("reeved " REEVE_VERSION "\n");
    default:
        return refused(argv, opt);
    }
}

/*
 * The daemon outlives the directory it was started in: its log and `reevectl show` name the file
 * from the root. --check names it as it was typed, since its answer is read right there.
 */
static char *absolute(const char *path)
{
    char *cwd, *whole = NULL;

    if (*path == '/')
        return strdup(path);
    while (strncmp(path, "./", 2) == 0) {
        for (path += 2; *path == '/';)
            path++;
    }
    cwd = getcwd(NULL, 0);
    if (!cwd) /* removed: there is no better name */
        return strdup(path);
    if (asprintf(&whole, "%s/%s", strcmp(cwd, "/") == 0 ? "" : cwd, path) < 0)
        whole = NULL;
    free(cwd);
    return whole;
}

static char *config_file(const struct options *o, const char *config)
{
    if (!config)
        return places_config_file(environ, geteuid());
    return o->check ? strdup(config) : absolute(config);
}

static int parse(struct options *o, int argc, char **argv)
{
    const char *config = NULL;
    int opt;

    opterr = 0;
    while ((opt = getopt_long(argc, argv, ":c:vh", longs, NULL)) != -1) {
        int code = take(o, opt, &config, argv);

        if (code >= 0)
            return code;
    }
    if (optind < argc)
        return usage("unexpected argument '%s'; a configuration is named by -c", argv[optind]);
    o->config = config_file(o, config);
    if (!o->config) {
        fputs("reeved: out of memory\n", stderr);
        return 1;
    }
    return -1;
}

int options_parse(struct options *o, int argc, char **argv)
{
    memset(o, 0, sizeof *o);
    return parse(o, argc, argv);
}

void options_finish(struct options *o)
{
    free(o->config);
    o->config = NULL;
}
