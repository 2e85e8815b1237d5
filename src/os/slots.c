#include "os/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"
#include "os/proctree.h"
#include "os/sys.h"

/* The file: this header, then n_slots slots. */
struct slots_header {
    char magic[8];
    uint32_t slot_bytes;
    uint32_t n_slots;
    uint64_t boot_hash;
    char cgroup[SLOTS_CGROUP_MAX];
};

static const char MAGIC[8] = {'r', 'e', 'e', 'v', 'e', 's', 'l', '3'};

/* FNV-1a of the boot id; 0 when it cannot be read. */
static uint64_t read_boot_hash(void)
{
    uint64_t hash = 0xcbf29ce484222325u;
    char text[64];
    ssize_t n = file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", text, sizeof text);

    if (n <= 0)
        return 0;
    for (ssize_t i = 0; i < n; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
    return hash ? hash : 1;
}

/* ---- what an earlier reeved left ---- */

static bool was_in_use(const struct run_slot *slot, uint64_t boot_hash)
{
    return slot->pid > 0 && slot->start_ticks != 0 && slot->boot_hash == boot_hash &&
           slot->unit[0] != '\0' && memchr(slot->unit, '\0', sizeof slot->unit);
}

bool slots_main_lives(const struct run_slot *slot)
{
    struct proc_stat stat;

    return proc_stat_read(slot->pid, &stat) == 0 && stat.start_ticks == slot->start_ticks &&
           !stat.ended;
}

static int read_fully(int fd, void *buf, size_t size_bytes)
{
    char *at = buf;

    while (size_bytes > 0) {
        ssize_t n = sys_read(fd, at, size_bytes);

        if (n < 0)
            return (int)n;
        if (n == 0)
            return -EBADMSG;
        at += n;
        size_bytes -= (size_t)n;
    }
    return 0;
}

static int each_left_in(int fd, char *ret_cgroup,
                        void (*visit)(const struct run_slot *slot, void *arg), void *arg)
{
    uint64_t boot_hash = read_boot_hash();
    struct slots_header header;
    struct run_slot slot;
    struct stat st;
    int r;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
        return -EPERM;
    r = read_fully(fd, &header, sizeof header);
    if (r < 0)
        return r;
    if (memcmp(header.magic, MAGIC, sizeof MAGIC) != 0 || header.slot_bytes != sizeof slot)
        return -EBADMSG;
    header.cgroup[sizeof header.cgroup - 1] = '\0';
    memcpy(ret_cgroup, header.cgroup, sizeof header.cgroup);
    for (uint32_t i = 0; i < header.n_slots; i++) {
        r = read_fully(fd, &slot, sizeof slot);
        if (r < 0)
            return r;
        if (was_in_use(&slot, boot_hash))
            visit(&slot, arg);
    }
    return 0;
}

int slots_each_left(const char *path, char *ret_cgroup,
                    void (*visit)(const struct run_slot *slot, void *arg), void *arg)
{
    int fd = sys_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
    int r;

    ret_cgroup[0] = '\0';
    if (fd < 0)
        return fd;
    r = each_left_in(fd, ret_cgroup, visit, arg);
    sys_close(&fd);
    return r;
}

/* ---- our own file ---- */

static size_t file_bytes(uint32_t n_slots)
{
    return sizeof(struct slots_header) + (size_t)n_slots * sizeof(struct run_slot);
}

/* Written, not only sized: a full file system is told here, and not by a SIGBUS in the child. */
static int fill(int fd, const struct slots *s, const char *cgroup)
{
    struct slots_header header = {
        .slot_bytes = sizeof(struct run_slot), .n_slots = s->n_slots, .boot_hash = s->boot_hash};
    const struct run_slot empty = {.boot_hash = s->boot_hash};
    int r;

    memcpy(header.magic, MAGIC, sizeof MAGIC);
    if (cgroup && strlen(cgroup) < sizeof header.cgroup)
        memcpy(header.cgroup, cgroup, strlen(cgroup));
    r = sys_write_all(fd, &header, sizeof header);
    for (uint32_t i = 0; i < s->n_slots && r == 0; i++)
        r = sys_write_all(fd, &empty, sizeof empty);
    return r;
}

static int map(struct slots *s)
{
    char *base = mmap(NULL, file_bytes(s->n_slots), PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);

    if (base == MAP_FAILED)
        return -errno;
    s->slots = (struct run_slot *)(void *)(base + sizeof(struct slots_header));
    return 0;
}

int slots_open(struct slots *s, const char *path, uint32_t n_slots, const char *cgroup)
{
    int r;

    *s = (struct slots){.slots = NULL, .n_slots = n_slots, .fd = -1};
    s->boot_hash = read_boot_hash();
    r = sys_unlinkat(AT_FDCWD, path, 0);
    if (r == 0 || r == -ENOENT)
        r = sys_open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (r >= 0) {
        s->fd = r;
        r = fill(s->fd, s, cgroup);
    }
    if (r == 0)
        r = map(s);
    if (r < 0) {
        if (s->fd >= 0)
            sys_unlinkat(AT_FDCWD, path, 0);
        sys_close(&s->fd);
        s->n_slots = 0;
    }
    return r;
}

struct run_slot *slots_get(struct slots *s, uint32_t index)
{
    return s->slots && index < s->n_slots ? &s->slots[index] : NULL;
}

void slots_mark_self(struct run_slot *slot, uint64_t run)
{
    slot->start_ticks = proc_own_start_ticks();
    slot->run = run;
    slot->main_pid = 0;
    /* Last: a slot with a pid is complete. */
    __atomic_store_n(&slot->pid, (int32_t)getpid(), __ATOMIC_RELEASE);
}

void slots_name_main(struct run_slot *slot, pid_t pid, uint64_t start_ticks)
{
    /* Nobody in between: the number of one is never seen with the time of the other. */
    __atomic_store_n(&slot->main_pid, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&slot->main_ticks, start_ticks, __ATOMIC_RELEASE);
    __atomic_store_n(&slot->main_pid, (int32_t)pid, __ATOMIC_RELEASE);
}

void slots_clear(struct run_slot *slot)
{
    __atomic_store_n(&slot->pid, 0, __ATOMIC_RELEASE);
    slot->main_pid = 0;
    slot->start_ticks = 0;
    slot->run = 0;
}

void slots_close(struct slots *s, const char *path)
{
    bool in_use = false;

    for (uint32_t i = 0; s->slots && i < s->n_slots; i++)
        in_use = in_use || s->slots[i].pid != 0;
    if (s->slots)
        munmap((char *)s->slots - sizeof(struct slots_header), file_bytes(s->n_slots));
    sys_close(&s->fd);
    /* What could not be ended stays known to the next reeved. */
    if (path && !in_use)
        sys_unlinkat(AT_FDCWD, path, 0);
    s->slots = NULL;
    s->n_slots = 0;
}
