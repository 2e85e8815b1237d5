/* Numbers that nobody can guess or repeat. */
#ifndef REEVE_OS_RANDOM_H
#define REEVE_OS_RANDOM_H

#include <stdint.h>

/* Never waits: before the kernel has gathered enough, at boot, it may be weaker (getrandom(2)). */
uint64_t random_number(void);

#endif
