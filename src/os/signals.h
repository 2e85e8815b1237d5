/*
 * Signals as readable events. From signals_init on, every signal reeved handles is blocked and read
 * from one signalfd; a disposition inherited as ignored is put back to default, since an ignored
 * SIGCHLD would lose exits.
 */
#ifndef REEVE_OS_SIGNALS_H
#define REEVE_OS_SIGNALS_H

#include <stdbool.h>

/* Blocks and resets; returns the signalfd (non-blocking, close-on-exec) or negative errno. SIGPIPE
 * is blocked and never read. */
int signals_init(void);
/* The next pending signal number; 0 when there is none; negative errno. */
int signals_next(int fd);
/* "TERM", "SIGTERM", "term", "15", "RTMIN+1" -> number; -EINVAL otherwise. */
int signal_parse(const char *text);
/* "TERM"; real-time ones as "RTMIN+N". Never NULL. */
const char *signal_name(int sig);

#endif
