/* Where things are when nobody says: the configuration file, the runtime directory, the socket. */
#ifndef REEVE_CONFIG_PLACES_H
#define REEVE_CONFIG_PLACES_H

#include <sys/types.h>

/* Each returns malloc'ed text for the caller to free, or NULL when memory ran out. `environ` is a
 * NULL-terminated K=V list. */
char *places_config_file(char *const *environ, uid_t uid);
char *places_runtime_dir(char *const *environ, uid_t uid);
char *places_socket(char *const *environ, uid_t uid);

#endif
