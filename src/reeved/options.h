/* reeved's command line. */
#ifndef REEVE_REEVED_OPTIONS_H
#define REEVE_REEVED_OPTIONS_H

#include <stdbool.h>

struct options {
    char *config; /* owned; absolute unless `check` */
    bool check;
    bool verbose;
};

/* Returns -1 to go on, or the exit code to leave with at once (--help, --version, usage errors;
 * those have said what there is to say). */
int options_parse(struct options *o, int argc, char **argv);
void options_finish(struct options *o);

#endif
