/*
 * What units tell about themselves (sd_notify): reads the socket, finds out whose a message is, and
 * hands it over. A bounded portion a turn, so that no flood keeps the loop. Messages of strangers
 * are dropped, with a warning now and then.
 *
 * Messages are taken in the order in which they were sent. The descriptor of a BARRIER is closed
 * when all before it were handed over, which is what lets a process that must not be gone when its
 * message is looked at (systemd-notify(1)) wait for that: without, its unit may not be found.
 */
#ifndef REEVE_RUN_NOTIFY_H
#define REEVE_RUN_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/notify_message.h"
#include "os/notify_socket.h"
#include "run/loop.h"
#include "run/membership.h"

struct notify_receiver {
    /* The index of the unit that the process belongs to, or MEMBERSHIP_NONE. `pidfd` may be -1, and
     * its process dead. */
    uint32_t (*unit_of)(void *owner, pid_t pid, int pidfd);
    /* For the log. */
    const char *(*unit_name)(void *owner, uint32_t unit);
    /* A message with at least one field that makes sense; `m` is valid during the call. What of it
     * was malformed or refused (NOTIFY_FDSTORE) was logged. */
    void (*told)(void *owner, uint32_t unit, const struct notify_message *m, pid_t pid);
};

/* A line now and then, whatever happens. */
struct notify_complaints {
    int64_t next_ms; /* monotonic: not before */
    uint32_t n_kept_back;
};

struct notify {
    struct loop *loop;
    const struct notify_receiver *receiver;
    void *owner;
    struct notify_socket socket;
    struct watch watch;
    struct timer again; /* after the socket could not be read */
    bool failing;
    struct notify_complaints strangers, units;
    char bytes[NOTIFY_BYTES_MAX];
};

/* Binds `notify` in the runtime directory, which must be ours; without one (NULL), or where its
 * path is too long for a socket, an abstract name. 0, or negative errno and nothing is open. */
int notify_open(struct notify *n, struct loop *loop, const char *runtime_dir,
                const struct notify_receiver *receiver, void *owner);
/* A line about what a unit said, unless there was one just now. */
__attribute__((format(printf, 2, 3))) void notify_complain(struct notify *n, const char *format,
                                                           ...);
/* What $NOTIFY_SOCKET is to say. */
const char *notify_name(const struct notify *n);
/* Takes a portion of what has come; returns whether there may be more. Before a dead process is
 * reaped this hears its last words while it can still be told whose they are. */
bool notify_turn(struct notify *n);
/* Harmless when it is not open, if it is all zero. */
void notify_close(struct notify *n);

#endif
