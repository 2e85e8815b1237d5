#include "os/connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "os/place.h"
#include "os/sys.h"

union address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    struct sockaddr_storage room;
};

static socklen_t make_address(union address *ret, const struct probe_address *a)
{
    memset(ret, 0, sizeof *ret);
    if (a->ipv6) {
        ret->ipv6.sin6_family = AF_INET6;
        ret->ipv6.sin6_port = htons(a->port);
        ret->ipv6.sin6_scope_id = a->scope_id;
        memcpy(&ret->ipv6.sin6_addr, a->bytes, sizeof ret->ipv6.sin6_addr);
        return sizeof ret->ipv6;
    }
    ret->ipv4.sin_family = AF_INET;
    ret->ipv4.sin_port = htons(a->port);
    memcpy(&ret->ipv4.sin_addr, a->bytes, sizeof ret->ipv4.sin_addr);
    return sizeof ret->ipv4;
}

/* A port that nobody listens at may by chance be the one that the kernel chose for our own end, and
 * then TCP connects the socket with itself. */
static bool is_with_itself(int fd)
{
    union address own, peer;
    socklen_t own_len = sizeof own, peer_len = sizeof peer;

    memset(&own, 0, sizeof own);
    memset(&peer, 0, sizeof peer);
    return getsockname(fd, &own.any, &own_len) == 0 && getpeername(fd, &peer.any, &peer_len) == 0 &&
           own_len == peer_len && memcmp(&own, &peer, own_len) == 0;
}

int connect_result(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    socklen_t len = sizeof(int);
    int error = 0;

    if (poll(&p, 1, 0) == 0)
        return -EINPROGRESS;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        return -errno;
    /* Told only of a connection that was there: somebody accepts, and hangs up at once. */
    if (error == ECONNRESET || error == EPIPE)
        return 0;
    if (error)
        return -error;
    return is_with_itself(fd) ? -ECONNREFUSED : 0;
}

int connect_tcp(const struct probe_address *address, int *ret_fd)
{
    union address to;
    socklen_t len = make_address(&to, address);
    int fd, r;

    *ret_fd = -1;
    fd = sys_socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (fd < 0)
        return fd;
    r = sys_connect(fd, &to.any, len);
    if (r == 0)
        r = connect_result(fd);
    if (r == -EINPROGRESS)
        *ret_fd = fd;
    else
        sys_close(&fd);
    return r;
}

static int connect_at(const struct place *p, int type)
{
    int fd = sys_socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int r;

    if (fd < 0)
        return fd;
    r = sys_connect(fd, (const struct sockaddr *)&p->address, p->len_bytes);
    sys_close(&fd);
    return r;
}

int connect_unix(const char *path)
{
    struct place place;
    int r = path[0] == '@' ? place_init_abstract(&place, path + 1) : place_init(&place, path);

    if (r < 0)
        return r;
    r = connect_at(&place, SOCK_STREAM);
    if (r == -EPROTOTYPE)
        r = connect_at(&place, SOCK_SEQPACKET);
    place_finish(&place);
    return r;
}
