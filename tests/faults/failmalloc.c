/*
 * An LD_PRELOAD library that makes allocations fail, steered while the program runs through a small
 * shared file named by FAILMALLOC_FILE: { int32 enabled; int32 one_in_n; int32 hits }. While
 * `enabled` is not 0, one allocation in `one_in_n` (on average, by a fixed seed) fails with ENOMEM
 * and is counted in `hits`. With FAILMALLOC_PROGRAM set, only a program of that name is hit, so
 * that what it starts may inherit the environment.
 *
 *   cc -shared -fPIC -O2 -o failmalloc.so failmalloc.c
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct control {
    int32_t enabled;
    int32_t one_in_n;
    int32_t hits;
};

/* glibc's own names for the real ones: no dlsym, which allocates. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static struct control *control;
static uint32_t state = 2463534242u;

__attribute__((constructor)) static void attach(void)
{
    const char *path = getenv("FAILMALLOC_FILE");
    const char *program = getenv("FAILMALLOC_PROGRAM");
    struct control *map;
    int fd;

    if (!path || (program && strcmp(program, program_invocation_short_name) != 0))
        return;
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    map = mmap(NULL, sizeof *map, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED)
        control = map;
}

static bool fails(void)
{
    int32_t one_in_n;

    if (!control || !__atomic_load_n(&control->enabled, __ATOMIC_ACQUIRE))
        return false;
    one_in_n = __atomic_load_n(&control->one_in_n, __ATOMIC_ACQUIRE);
    if (one_in_n < 1)
        return false;
    state ^= state << 13; /* xorshift32 */
    state ^= state >> 17;
    state ^= state << 5;
    if (state % (uint32_t)one_in_n != 0)
        return false;
    __atomic_fetch_add(&control->hits, 1, __ATOMIC_ACQ_REL);
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    return fails() ? NULL : __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
    void *p;

    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    p = memalign(alignment, size);
    if (!p)
        return ENOMEM;
    *ret = p;
    return 0;
}

/* libc's own strdup reaches malloc through its own entry, past ours. */
char *strndup(const char *text, size_t most)
{
    size_t len = strnlen(text, most);
    char *copy = malloc(len + 1);

    if (!copy)
        return NULL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *strdup(const char *text)
{
    return strndup(text, strlen(text));
}
