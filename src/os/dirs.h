/* The runtime directory: made if missing, its owner and mode checked, locked while reeved lives. */
#ifndef REEVE_OS_DIRS_H
#define REEVE_OS_DIRS_H

#include <stddef.h>

/* Makes `path` (0755 as root, else 0700; one missing parent level at most) and takes a lock in it
 * that ends with the process. Returns the lock's descriptor; -EBUSY: another reeved lives there;
 * -EPERM: it belongs to somebody else or others may write to it; other negative errno. */
int runtime_dir_take(const char *path);
/* Makes the directory that the file `path` is in, with the same mode, when only that one is
 * missing. 0, also when it is there already, or negative errno. */
int dir_of_file_make(const char *path);
/* Writes what names this runtime directory apart from others of the same path, in another mount
 * namespace or before it was removed and made anew: the identity of its lock and the path. */
void runtime_dir_mark(int lock_fd, const char *path, char *buf, size_t size_bytes);

#endif
