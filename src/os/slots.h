/*
 * The identity of each live run, in a small mapped file of the runtime directory: one slot a unit.
 * The child marks its own slot between clone and exec, so a reeved that was killed at any moment
 * leaves nothing running that the next one cannot see.
 */
#ifndef REEVE_OS_SLOTS_H
#define REEVE_OS_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct run_slot {
    char unit[64];
    uint64_t run;         /* 0: of a command beside it */
    int32_t pid;          /* 0: no run. Session and process group have the same number */
    int32_t main_pid;     /* of another process that is its main one now; 0: none */
    uint64_t start_ticks; /* of the process, since boot */
    uint64_t main_ticks;  /* of the other one */
    uint64_t boot_hash;   /* of /proc/sys/kernel/random/boot_id: slots of another boot are stale */
};

struct slots {
    struct run_slot *slots; /* shared mapping; NULL: none (nothing writable) */
    uint32_t n_slots;
    uint64_t boot_hash;
    int fd;
};

enum { SLOTS_CGROUP_MAX = 1000 };

/* Reads a file left by an earlier reeved: ret_cgroup (SLOTS_CGROUP_MAX bytes) becomes the path of
 * the cgroup it lived in ("" when it used none), and `visit` is called for each run of this boot
 * that was not over. Main may be dead by now (slots_main_lives) with others of its group or
 * session, which bear the same number, still alive. 0 or negative errno (-ENOENT: no file). */
int slots_each_left(const char *path, char *ret_cgroup,
                    void (*visit)(const struct run_slot *slot, void *arg), void *arg);
/* Whether the process that marked the slot is alive: the same one, not a later one of that number.
 */
bool slots_main_lives(const struct run_slot *slot);
/* Makes the file anew with n empty slots; `cgroup` is the path of our own cgroup or NULL. 0 or
 * negative errno, then `s` is usable and empty. */
int slots_open(struct slots *s, const char *path, uint32_t n_slots, const char *cgroup);
/* The slot of a unit, or NULL without a mapping. */
struct run_slot *slots_get(struct slots *s, uint32_t index);
/* Async-signal-safe, for the child: marks the slot with the calling process. */
void slots_mark_self(struct run_slot *slot, uint64_t run);
/* Names another process as the main one of the run, beside the first. */
void slots_name_main(struct run_slot *slot, pid_t pid, uint64_t start_ticks);
void slots_clear(struct run_slot *slot);
/* Unmaps; removes the file when `path` is given, unless a slot is still in use. */
void slots_close(struct slots *s, const char *path);

#endif
