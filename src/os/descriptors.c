#include "os/descriptors.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/sys.h"

enum { FIRST_OTHER_FD = 3, MOST_FDS = 1 << 20 };

static unsigned parse_fd(const char *text)
{
    unsigned n = 0;

    if (*text < '0' || *text > '9')
        return UINT_MAX;
    for (; *text >= '0' && *text <= '9'; text++)
        n = n * 10 + (unsigned)(*text - '0');
    return n;
}

/* Closes what /proc/self/fd lists between first and last. The kernel walks that directory by
 * descriptor number, so closing while reading skips nothing. */
static bool close_listed(unsigned first, unsigned last)
{
    /* struct linux_dirent64: d_ino 8, d_off 8, d_reclen 2, d_type 1, then the name. */
    enum { RECLEN_AT = 16, NAME_AT = 19 };
    char buf[2048] __attribute__((aligned(8)));
    int dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long n;

    if (dir < 0)
        return false;
    while ((n = syscall(SYS_getdents64, dir, buf, sizeof buf)) > 0) {
        unsigned short reclen;

        for (long at = 0; at < n; at += reclen) {
            unsigned fd = parse_fd(buf + at + NAME_AT);

            memcpy(&reclen, buf + at + RECLEN_AT, sizeof reclen);
            if (fd >= first && fd <= last && fd != (unsigned)dir)
                close((int)fd);
        }
    }
    close(dir);
    return n == 0;
}

static void close_span(unsigned first, unsigned last)
{
    if (first > last || sys_close_range(first, last) == 0)
        return;
    /* Before Linux 5.9, or refused by a filter. */
    if (close_listed(first, last))
        return;
    if (last >= MOST_FDS)
        last = MOST_FDS - 1;
    for (unsigned fd = first; fd <= last; fd++)
        close((int)fd);
}

/* The lowest of those to keep from `next` on; UINT_MAX: none. */
static unsigned lowest_from(unsigned next, const int *keep, int n)
{
    unsigned lowest = UINT_MAX;

    for (int i = 0; i < n; i++)
        if (keep[i] >= 0 && (unsigned)keep[i] >= next && (unsigned)keep[i] < lowest)
            lowest = (unsigned)keep[i];
    return lowest;
}

void descriptors_close_but(const int *keep, int n)
{
    unsigned next = FIRST_OTHER_FD, kept;

    while ((kept = lowest_from(next, keep, n)) != UINT_MAX) {
        close_span(next, kept - 1);
        next = kept + 1;
    }
    close_span(next, UINT_MAX);
}
