/* Makes the core's allocations fail when told to. */
#include <stdlib.h>

#include "sim.h"

bool alloc_hook_fails;
unsigned alloc_hook_spare;
uint64_t alloc_hook_failed;

void *__real_realloc(void *old, size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);

static bool fails(void)
{
    if (!alloc_hook_fails)
        return false;
    if (alloc_hook_spare > 0) {
        alloc_hook_spare--;
        return false;
    }
    alloc_hook_failed++;
    return true;
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return fails() ? NULL : __real_realloc(old, bytes);
}

void *__wrap_calloc(size_t n, size_t bytes)
{
    return fails() ? NULL : __real_calloc(n, bytes);
}
