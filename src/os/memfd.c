#include "os/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

int memfd_make(const char *name)
{
    const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);

    if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
        fd = memfd_create(name, flags);
    return fd < 0 ? -errno : fd;
}

int memfd_seal(int fd)
{
    return fcntl(fd, F_ADD_SEALS, ALL_SEALS) < 0 ? -errno : 0;
}

int memfd_map(int fd, void **ret, size_t *ret_bytes)
{
    int seals = fcntl(fd, F_GET_SEALS);
    struct stat st;
    void *map;

    *ret = NULL;
    *ret_bytes = 0;
    if (seals < 0)
        return errno == EINVAL ? -EPERM : -errno; /* EINVAL: not a memfd at all */
    if ((seals & ALL_SEALS) != ALL_SEALS)
        return -EPERM;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (st.st_size == 0)
        return -ENODATA;
    map = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return -errno;
    *ret = map;
    *ret_bytes = (size_t)st.st_size;
    return 0;
}
