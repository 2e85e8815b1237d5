/* Everything reevectl prints goes through here: results to standard output, complaints to standard
 * error, each complaint on one line, made harmless. */
#ifndef REEVE_REEVECTL_OUTPUT_H
#define REEVE_REEVECTL_OUTPUT_H

#include "base/strbuf.h"

/* As systemctl's, where it has one; the table is in reevectl(1). */
enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1, /* the operation failed, was refused, or reeved cannot be reached */
    EXIT_USAGE = 2,
    EXIT_INACTIVE = 3,
    EXIT_NO_UNIT = 4,
    EXIT_INTERRUPTED = 130, /* by Ctrl-C, while waiting */
};

/* "reevectl: ..." on standard error. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same; returns EXIT_USAGE. */
int usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says that memory ran out; returns EXIT_FAILED. */
int out_of_memory(void);
/* Prints the text to standard output and finishes the buffer. Returns `code`, or EXIT_FAILED when
 * the text could not be made. */
int output(struct strbuf *text, int code);
/* Makes sure that descriptors 0 to 2 are taken, so that no socket can land on them. */
void output_init(void);
/* Lets standard output be seen now. 0, or negative errno of the first write that failed. */
int output_flush(void);
/* Flushes standard output. Returns `code`, or EXIT_FAILED when something could not be written. */
int output_finish(int code);

#endif
