/* What tests of the service share: the service on its socket, with a real loop and a supervisor
 * that does nothing by itself, and clients. */
#ifndef REEVE_TEST_CONTROL_SERVICE_H
#define REEVE_TEST_CONTROL_SERVICE_H

#include "apart.h"

#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"
#include "control/client.h"
#include "control/server.h"
#include "control/state.h"
#include "fake_supervisor.h"
#include "os/clock.h"
#include "os/socket.h"
#include "run/procs.h"

enum { PATIENCE_MS = 20000 };

/* ---- a service ---- */

static struct loop loop;
static struct supervisor supervisor;
static struct control *control;
static struct procs procs;
static char socket_path[256], config_path[256];

/* `before_start` (NULL: nothing) is called when all is there but the service. */
UNUSED static void service_begin(const char *const *names, uint32_t n, void (*before_start)(void))
{
    const struct control_options options = {
        .version = "1",
        .config_file = in_tmp(config_path, "reeve.ini"),
        .procs = &procs,
    };

    procs_init(&procs);
    assert_int_equal(loop_init(&loop), 0);
    ev_run(loop.ev, EVRUN_NOWAIT); /* before anything fails */
    fake_init(&supervisor, names, n);
    supervisor.daemon.socket = in_tmp(socket_path, "socket");
    supervisor.daemon.socket_mode = 0600;
    supervisor.units[0].phase = PHASE_RUNNING;
    if (before_start)
        before_start();
    assert_int_equal(control_start(&control, &loop, &supervisor, &options), 0);
}

UNUSED static int service_end(void)
{
    control_destroy(control);
    control = NULL;
    fake_finish(&supervisor);
    procs_finish(&procs);
    loop_finish(&loop);
    assert_int_equal(access(socket_path, F_OK), -1);
    return 0;
}

/* Lets the loop turn until the condition holds; what it did not wait for is told. */
#define TURN_UNTIL(condition)                                                                      \
    do {                                                                                           \
        int64_t until_ms = clock_now().mono_ms + PATIENCE_MS;                                      \
        while (!(condition)) {                                                                     \
            if (clock_now().mono_ms > until_ms)                                                    \
                fail_msg("waited in vain for %s", #condition);                                     \
            ev_run(loop.ev, EVRUN_NOWAIT);                                                         \
        }                                                                                          \
    } while (0)

UNUSED static int connect_client(void)
{
    int fd = socket_connect(socket_path);

    assert_true(fd >= 0);
    return fd;
}

UNUSED static void say(int fd, const char *message)
{
    assert_int_equal(send(fd, message, strlen(message) + 1, MSG_NOSIGNAL), strlen(message) + 1);
}

/* What the client has received so far; whether the other end is closed. */
struct heard {
    char text[1 << 16];
    size_t len;
    bool closed;
};

UNUSED static struct heard *listen_to(int fd, struct heard *h)
{
    ssize_t n;

    while (h->len < sizeof h->text - 1 &&
           (n = recv(fd, h->text + h->len, sizeof h->text - 1 - h->len, MSG_DONTWAIT)) >= 0) {
        h->len += (size_t)n;
        h->text[h->len] = '\0';
        if (n == 0) {
            h->closed = true;
            break;
        }
    }
    return h;
}

/* Asks, and returns the answer. */
UNUSED static const char *answer_to(int fd, const char *message)
{
    static struct heard h;

    memset(&h, 0, sizeof h);
    say(fd, message);
    TURN_UNTIL(listen_to(fd, &h)->len && h.text[h.len - 1] == '\0');
    return h.text;
}

UNUSED static struct client *only_client(void)
{
    return container_of(control->clients.next, struct client, link);
}

#define CALL(method, parameters)                                                                   \
    "{\"method\":\"io.reeve.Manager." method "\",\"parameters\":{" parameters "}}"
#define MORE(method, parameters)                                                                   \
    "{\"method\":\"io.reeve.Manager." method "\",\"more\":true,\"parameters\":{" parameters "}}"
#define ONEWAY(method, parameters)                                                                 \
    "{\"method\":\"io.reeve.Manager." method "\",\"oneway\":true,\"parameters\":{" parameters "}}"

#endif
