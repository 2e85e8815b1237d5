/* The address of a Unix socket. A path too long for sun_path works through /proc/self/fd. */
#ifndef REEVE_OS_PLACE_H
#define REEVE_OS_PLACE_H

#include <sys/socket.h>
#include <sys/un.h>

struct place {
    struct sockaddr_un address;
    socklen_t len_bytes; /* of the address */
    int dir_fd;          /* the directory a long path leans on; -1: the address holds all of it */
};

/* 0, or negative errno (-ENAMETOOLONG: no way to say it), then there is nothing to finish. */
int place_init(struct place *p, const char *path);
/* The same for a name of the abstract space, without the @ it is written with. */
int place_init_abstract(struct place *p, const char *name);
void place_finish(struct place *p);

#endif
