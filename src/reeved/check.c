#include "reeved/check.h"

#include <stdio.h>
#include <unistd.h>

#include "config/load.h"

int check_run(const char *config)
{
    struct config_options options = {.environ = environ, .uid = geteuid(), .check_places = true};
    struct config_errors errors = {0};
    struct spec_set *set = NULL;
    int r = config_load(config, &options, &set, &errors);

    for (size_t i = 0; i < errors.n_lines; i++)
        fprintf(stderr, "%s\n", errors.lines[i]);
    for (size_t i = 0; i < errors.n_warnings; i++)
        fprintf(stderr, "%s\n", errors.warnings[i]);
    if (errors.out_of_memory)
        fputs("out of memory: not all errors are listed\n", stderr);
    if (r == 0)
        printf("%s: good, %u unit%s\n", config, set->n_units, set->n_units == 1 ? "" : "s");
    spec_set_unref(set);
    config_errors_finish(&errors);
    return r == 0 && fflush(stdout) == 0 ? 0 : 1;
}
