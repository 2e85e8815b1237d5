/*
 * The listening socket: takes clients, a few a turn, refuses them when the house is full, does not
 * spin when descriptors run out, and comes back when somebody removed the socket.
 */
#ifndef REEVE_CONTROL_LISTENING_H
#define REEVE_CONTROL_LISTENING_H

#include <stdbool.h>
#include <sys/types.h>

#include "os/socket.h"
#include "run/loop.h"

struct control;
struct daemon_spec;

struct listening {
    struct control *control;
    const char *path; /* the configuration's */
    const struct daemon_spec *spec;
    int fd;         /* -1: not listening */
    int reserve_fd; /* kept open to be given up for a client when there are no others; -1: given up
                     */
    struct watch watch;
    struct timer pause; /* cannot accept or be watched: when to try again */
    /* when each was told last: while they come and go they are not told each time; 0: never */
    int64_t told_away_ms; /* that clients cannot be accepted */
    int64_t told_full_ms; /* that more are refused */
    bool told_group;      /* that the file cannot be given to socket_group */
    /* the watch over the file; inotify on the socket itself, so that nothing else wakes us */
    int inotify_fd; /* -1: none */
    struct watch inotify;
    bool watched;       /* else the file is looked for by the clock */
    bool told_blind;    /* that it is not watched */
    struct timer again; /* when to look whether it is there, and to be there again */
    int64_t delay_ms;
    struct socket_file file;
};

/* `spec` must stay. 0; -EADDRINUSE: somebody else listens there; other negative errno. What was
 * begun is undone. */
int listening_start(struct listening *l, struct control *c, const struct daemon_spec *spec);
/* Also removes the socket, if it is still ours. */
void listening_stop(struct listening *l);
/* A descriptor was given back. */
void listening_has_room(struct listening *l);

#endif
