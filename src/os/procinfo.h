/*
 * What /proc tells of one process beyond its place in a tree (os/proctree.h): which file it
 * executes, what it does about signals, how it was called into being.
 */
#ifndef REEVE_OS_PROCINFO_H
#define REEVE_OS_PROCINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bit N-1 is signal N. */
struct proc_signals {
    uint64_t pending; /* to the process as a whole, or to its first thread */
    uint64_t blocked, ignored, caught;
};

/* 0 or negative errno (-ENOENT, -ESRCH: gone). */
int proc_signals_read(pid_t pid, struct proc_signals *ret);
/* Writes the last part of the path of the file that it executes, for a script that of its
 * interpreter; "" when that may not be seen, or it is gone, or is too long. */
void proc_file_read(pid_t pid, char *ret_name, size_t name_bytes);
/* Whether its standard input is a pipe, as far as that may be seen. */
bool proc_reads_pipe(pid_t pid);
/* Whether it is about to end, or has: it has no memory any more. Its descriptors are gone later. */
bool proc_is_ending(pid_t pid);
/* Writes the value of a variable of the environment that it was started with, "" when it is empty.
 * 0; -ENOENT: it has none; -ENAMETOOLONG; other negative errno. Reads the memory of the process,
 * which may take as long as that pleases: not for the loop. */
int proc_environ_get(pid_t pid, const char *name, char *ret_value, size_t value_bytes);

/* The time since boot in the ticks of proc_stat.start_ticks, and how long so many ticks are. */
uint64_t proc_ticks_now(void);
int64_t proc_ticks_ms(uint64_t ticks);
uint64_t proc_ms_ticks(int64_t ms);

#endif
