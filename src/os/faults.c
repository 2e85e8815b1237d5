#include "os/faults.h"

#ifdef REEVE_FAULTS

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct fault_slot *table;

void fault_load(void)
{
    static bool tried;
    const char *path;
    void *map;
    int fd;

    if (tried)
        return;
    tried = true;
    path = getenv("REEVE_FAULT_FILE");
    if (!path || (fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
        return;
    map = mmap(NULL, FAULT_SLOTS * sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED)
        table = map;
    close(fd);
}

static struct fault_slot *find(const char *name)
{
    fault_load();
    if (!table)
        return NULL;
    for (struct fault_slot *s = table; s < table + FAULT_SLOTS; s++)
        if (strncmp(s->name, name, sizeof s->name) == 0)
            return s;
    return NULL;
}

/* Takes one of a positive counter; several processes may share the table. */
static bool take(int32_t *counter)
{
    int32_t seen = __atomic_load_n(counter, __ATOMIC_ACQUIRE);

    while (seen > 0)
        if (__atomic_compare_exchange_n(counter, &seen, seen - 1, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return true;
    return false;
}

bool fault_hit(const char *name, int *ret_err)
{
    struct fault_slot *s = find(name);

    if (!s || __atomic_load_n(&s->remaining, __ATOMIC_ACQUIRE) == 0 || take(&s->skip))
        return false;
    if (__atomic_load_n(&s->remaining, __ATOMIC_ACQUIRE) > 0 && !take(&s->remaining))
        return false;
    __atomic_fetch_add(&s->hits, 1, __ATOMIC_ACQ_REL);
    *ret_err = s->err;
    return true;
}

int32_t fault_value(const char *name)
{
    const struct fault_slot *s = find(name);

    return s ? s->err : 0;
}

#endif
