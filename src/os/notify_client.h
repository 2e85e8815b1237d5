/* The other end of sd_notify(3): telling a supervisor how we are. Never waits. */
#ifndef REEVE_OS_NOTIFY_CLIENT_H
#define REEVE_OS_NOTIFY_CLIENT_H

#include "os/place.h"

struct notify_client {
    int fd; /* -1: none */
    struct place place;
};

/* `name` as $NOTIFY_SOCKET has it. Nobody needs to be there yet. 0, or negative errno (-EINVAL:
 * no address of a Unix socket) and c->fd is -1. */
int notify_client_open(struct notify_client *c, const char *name);
/* Sends one message. 0; -EAGAIN: its queue is full; other negative errno. */
int notify_client_send(struct notify_client *c, const char *text);
void notify_client_close(struct notify_client *c);

#endif
