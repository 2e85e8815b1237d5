#include "os/notify_client.h"

#include <string.h>
#include <sys/socket.h>

#include "os/notify_socket.h"
#include "os/sys.h"

int notify_client_open(struct notify_client *c, const char *name)
{
    int r;

    c->fd = -1;
    r = notify_place(name, &c->place);
    if (r < 0)
        return r;
    r = sys_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (r < 0) {
        place_finish(&c->place);
        return r;
    }
    c->fd = r;
    return 0;
}

int notify_client_send(struct notify_client *c, const char *text)
{
    /* Not connected: a supervisor that was replaced is found again by its name. */
    ssize_t n = sys_sendto(c->fd, text, strlen(text), (const struct sockaddr *)&c->place.address,
                           c->place.len_bytes);

    return n < 0 ? (int)n : 0;
}

void notify_client_close(struct notify_client *c)
{
    if (c->fd >= 0)
        place_finish(&c->place);
    sys_close(&c->fd);
}
