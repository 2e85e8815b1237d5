/*
 * The daemon's own voice: one line per call on standard error. Only run/, control/ and the mains
 * log; everything below returns errors instead. A line that standard error cannot take at once is
 * dropped and counted, because the supervisor never waits for the reader of its log.
 */
#ifndef REEVE_BASE_LOG_H
#define REEVE_BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Opens an own file description for standard error where that is possible (so that it can be
 * non-blocking without touching the shared one). Call once; without it lines go to descriptor 2. */
void log_init(const char *program, enum log_level most_verbose);
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Lines dropped so far because standard error was full or gone. */
unsigned long log_dropped(void);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
