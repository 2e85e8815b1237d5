#include "os/random.h"

#include <sys/random.h>
#include <unistd.h>

#include "os/clock.h"

/* Linux 5.6; older headers lack it. */
#ifndef GRND_INSECURE
#define GRND_INSECURE 4
#endif

uint64_t random_number(void)
{
    struct moment now = clock_now();
    uint64_t number;

    if (getrandom(&number, sizeof number, GRND_INSECURE) == (ssize_t)sizeof number ||
        getrandom(&number, sizeof number, GRND_NONBLOCK) == (ssize_t)sizeof number)
        return number;
    return (uint64_t)now.wall_ms << 24 ^ (uint64_t)now.mono_ms << 44 ^ (uint64_t)getpid();
}
