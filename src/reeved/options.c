#include "reeved/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/version.h"
#include "config/places.h"

static const char help[] =
    "usage: reeved [-c FILE] [--check] [-v]\n"
    "\n"
    "Supervises the services and jobs of an INI file, in the foreground.\n"
    "\n"
    "  -c, --config FILE  the configuration (default: /etc/reeve/reeve.ini, or as a user\n"
    "                     $XDG_CONFIG_HOME/reeve/reeve.ini)\n"
    "      --check        read the configuration, list every error, start nothing;\n"
    "                     exit 0 when it is good, 1 when not\n"
    "  -v, --verbose      log what matters only when looking for a fault\n"
    "      --help         this text\n"
    "      --version      the version\n"
    "\n"
    "See reeved(8), reeve.ini(5) and reevectl(1).\n";

enum { OPT_CHECK = 256, OPT_HELP, OPT_VERSION };

static const struct option longs[] = {
    {"config", required_argument, NULL, 'c'},    {"check", no_argument, NULL, OPT_CHECK},
    {"verbose", no_argument, NULL, 'v'},         {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION}, {NULL, 0, NULL, 0},
};

static int usage(void)
{
    fputs("Try 'reeved --help'.\n", stderr);
    return 2;
}

static int say(const char *text)
{
    fputs(text, stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}

static int parse(struct options *o, int argc, char **argv)
{
    const char *config = NULL;
    int opt;

    while ((opt = getopt_long(argc, argv, "c:v", longs, NULL)) != -1) {
        switch (opt) {
        case 'c':
            config = optarg;
            break;
        case 'v':
            o->verbose = true;
            break;
        case OPT_CHECK:
            o->check = true;
            break;
        case OPT_HELP:
            return say(help);
        case OPT_VERSION:
            return say("reeved " REEVE_VERSION "\n");
        default:
            return usage();
        }
    }
    if (optind < argc) {
        fprintf(stderr, "reeved: unexpected argument '%s'\n", argv[optind]);
        return usage();
    }
    o->config = config ? strdup(config) : places_config_file(environ, geteuid());
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
