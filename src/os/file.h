/* Reading the small text files of /proc and cgroupfs, which never block. For os/ only. */
#ifndef REEVE_OS_FILE_H
#define REEVE_OS_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/strbuf.h"

/* Reads at most size_bytes - 1 bytes of a file (dir_fd may be AT_FDCWD) and adds a NUL. The length,
 * or negative errno. */
ssize_t file_read(int dir_fd, const char *path, char *buf, size_t size_bytes);
/* Appends the whole file. 0, -ENOMEM, or another negative errno. */
int file_read_all(int dir_fd, const char *path, struct strbuf *ret);
/* Calls `fn` for each decimal number in a file of numbers, until the end. 0 or negative errno. */
int file_each_number(int dir_fd, const char *path, void (*fn)(pid_t number, void *arg), void *arg);
/* Writes the text to an existing file in one go. 0 or negative errno. */
int file_write(int dir_fd, const char *path, const char *text);

#endif
