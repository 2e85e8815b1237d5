#include "varlink/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "varlink/frame.h"
#include "varlink/json.h"

enum { REPLY_MAX_BYTES = 1 << 30, READ_BYTES = 64 * 1024 };

struct varlink_client {
    int fd;
    struct frame_reader reader;
    char buffer[READ_BYTES];
};

/* A path too long for sun_path is named through a descriptor of its directory. */
static int address_of(const char *path, struct sockaddr_un *ret, int *ret_dir_fd)
{
    const char *slash = strrchr(path, '/');
    char *dir;
    int n;

    memset(ret, 0, sizeof *ret);
    ret->sun_family = AF_UNIX;
    *ret_dir_fd = -1;
    if (strlen(path) < sizeof ret->sun_path) {
        memcpy(ret->sun_path, path, strlen(path) + 1);
        return 0;
    }
    if (!slash)
        return -ENAMETOOLONG;
    dir = strndup(path, (size_t)(slash - path) + 1);
    if (!dir)
        return -ENOMEM;
    *ret_dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    free(dir);
    if (*ret_dir_fd < 0)
        return -errno;
    n = snprintf(ret->sun_path, sizeof ret->sun_path, "/proc/self/fd/%d/%s", *ret_dir_fd,
                 slash + 1);
    return n > 0 && (size_t)n < sizeof ret->sun_path ? 0 : -ENAMETOOLONG;
}

/* How long connect() and send() may block; both return EAGAIN then. */
static int limit_blocking(int fd, int timeout_ms)
{
    struct timeval limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000};

    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0 ? -errno : 0;
}

static int connect_to(const char *path, int timeout_ms)
{
    struct sockaddr_un address;
    int dir_fd;
    int fd = -1;
    int r = address_of(path, &address, &dir_fd);

    if (r == 0) {
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        r = fd < 0 ? -errno : limit_blocking(fd, timeout_ms);
    }
    while (r == 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        if (errno != EINTR)
            r = errno == EAGAIN ? -ETIMEDOUT : -errno;
    }
    if (dir_fd >= 0)
        close(dir_fd);
    if (r < 0 && fd >= 0)
        close(fd);
    return r < 0 ? r : fd;
}

int varlink_client_connect(struct varlink_client **ret, const char *socket_path, int timeout_ms)
{
    struct varlink_client *c = calloc(1, sizeof *c);

    *ret = NULL;
    if (!c)
        return -ENOMEM;
    c->fd = connect_to(socket_path, timeout_ms);
    if (c->fd < 0) {
        int r = c->fd;

        free(c);
        return r;
    }
    frame_reader_init(&c->reader, REPLY_MAX_BYTES);
    *ret = c;
    return 0;
}

int varlink_client_fd(const struct varlink_client *c)
{
    return c->fd;
}

void varlink_client_destroy(struct varlink_client *c)
{
    if (!c)
        return;
    close(c->fd);
    frame_reader_finish(&c->reader);
    free(c);
}

static char *call_text(const char *method, cJSON *parameters, bool more)
{
    cJSON *call = cJSON_CreateObject();
    char *text = NULL;

    if (call && cJSON_AddStringToObject(call, "method", method) &&
        (!more || cJSON_AddTrueToObject(call, "more")) &&
        (!parameters || cJSON_AddItemToObject(call, "parameters", parameters))) {
        parameters = NULL; /* now the call's */
        text = cJSON_PrintUnformatted(call);
    }
    cJSON_Delete(parameters);
    cJSON_Delete(call);
    return text;
}

int varlink_client_send(struct varlink_client *c, const char *method, cJSON *parameters, bool more)
{
    char *text = call_text(method, parameters, more);
    size_t len, at = 0;
    int r = 0;

    if (!text)
        return -ENOMEM;
    len = strlen(text) + 1; /* the NUL ends the message */
    while (at < len && r == 0) {
        ssize_t n = send(c->fd, text + at, len - at, MSG_NOSIGNAL);

        if (n >= 0)
            at += (size_t)n;
        else if (errno != EINTR)
            r = errno == EAGAIN ? -ETIMEDOUT : -errno;
    }
    cJSON_free(text);
    /* A daemon that refuses a client tells why before it closes: let that be read. */
    return r == -EPIPE ? 0 : r;
}

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Waits for bytes and adds them to the reader. */
static int receive_some(struct varlink_client *c, int64_t deadline_ms)
{
    struct pollfd p = {c->fd, POLLIN, 0};
    int wait_ms = -1;
    ssize_t n;

    if (deadline_ms >= 0) {
        int64_t left_ms = deadline_ms - now_ms();

        wait_ms = left_ms > 0 ? (int)left_ms : 0;
    }
    switch (poll(&p, 1, wait_ms)) {
    case -1:
        return errno == EINTR ? 0 : -errno;
    case 0:
        return -ETIMEDOUT;
    default:
        break;
    }
    n = recv(c->fd, c->buffer, sizeof c->buffer, 0);
    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    if (n == 0)
        return -ECONNRESET;
    return frame_put(&c->reader, c->buffer, (size_t)n);
}

static int take_reply(const struct frame *frame, struct varlink_reply *ret)
{
    const cJSON *error, *continues;
    const char *why;
    cJSON *tree;
    int r;

    r = json_parse(frame->text, frame->len_bytes, SIZE_MAX, &tree, &why);
    if (r < 0)
        return r == -EINVAL ? -EPROTO : r;
    error = cJSON_GetObjectItemCaseSensitive(tree, "error");
    continues = cJSON_GetObjectItemCaseSensitive(tree, "continues");
    if (!cJSON_IsObject(tree) || (error && !cJSON_IsString(error))) {
        cJSON_Delete(tree);
        return -EPROTO;
    }
    ret->continues = cJSON_IsTrue(continues);
    if (error)
        ret->error = strdup(error->valuestring);
    ret->parameters = cJSON_DetachItemFromObjectCaseSensitive(tree, "parameters");
    if (!cJSON_IsObject(ret->parameters)) {
        cJSON_Delete(ret->parameters);
        ret->parameters = cJSON_CreateObject();
    }
    if ((error && !ret->error) || !ret->parameters) {
        varlink_reply_finish(ret);
        r = -ENOMEM;
    }
    cJSON_Delete(tree);
    return r;
}

int varlink_client_receive(struct varlink_client *c, struct varlink_reply *ret, int timeout_ms)
{
    int64_t deadline_ms = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
    struct frame frame;
    int r;

    memset(ret, 0, sizeof *ret);
    /* A peer that never stops sending does not stop the clock. */
    for (bool late = false;; late = deadline_ms >= 0 && now_ms() >= deadline_ms) {
        switch (frame_next(&c->reader, &frame)) {
        case FRAME_MESSAGE:
            return take_reply(&frame, ret);
        case FRAME_TOO_LARGE:
            return -EPROTO;
        case FRAME_NONE:
            break;
        }
        if (late)
            return -ETIMEDOUT;
        r = receive_some(c, deadline_ms);
        if (r < 0)
            return r;
    }
}

int varlink_client_call(struct varlink_client *c, const char *method, cJSON *parameters,
                        struct varlink_reply *ret, int timeout_ms)
{
    int r;

    memset(ret, 0, sizeof *ret);
    r = varlink_client_send(c, method, parameters, false);
    if (r < 0)
        return r;
    return varlink_client_receive(c, ret, timeout_ms);
}

void varlink_reply_finish(struct varlink_reply *r)
{
    free(r->error);
    cJSON_Delete(r->parameters);
    memset(r, 0, sizeof *r);
}
