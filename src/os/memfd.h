/* Sealed memory files: plain data handed from a child to reeved. */
#ifndef REEVE_OS_MEMFD_H
#define REEVE_OS_MEMFD_H

#include <stddef.h>

/* An empty memfd, close-on-exec; negative errno. */
int memfd_make(const char *name);
/* Seals content and size for ever. 0 or negative errno. */
int memfd_seal(int fd);
/* Maps a private, writable copy of a memfd that is fully sealed; -EPERM when it is not, -ENODATA
 * when it is empty. The caller munmaps. */
int memfd_map(int fd, void **ret, size_t *ret_bytes);

#endif
