/* `reeved --check`: reads the configuration and lists every error. */
#ifndef REEVE_REEVED_CHECK_H
#define REEVE_REEVED_CHECK_H

/* Exit code: 0 good, 1 not. Errors go to standard error, one a line. */
int check_run(const char *config);

#endif
