#include "reevectl/call.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/duration.h"
#include "config/places.h"
#include "os/socket.h"
#include "os/sys.h"
#include "reevectl/fields.h"
#include "reevectl/render.h"
#include "reevectl/text.h"

enum { ANSWER_TIMEOUT_MS = 10000, MOMENT_MS = 300, LAST_MOMENT_MS = 10000 };

#define MANAGER "io.reeve.Manager."
#define ERROR_NO_SUCH_UNIT MANAGER "NoSuchUnit"
#define SERVICE "org.varlink.service."

void session_init(struct session *s, const struct options *options, bool utf8)
{
    struct timespec now;

    *s = (struct session){.options = options};
    terminal_detect(&s->out, STDOUT_FILENO, utf8, options->no_color);
    terminal_detect(&s->err, STDERR_FILENO, utf8, options->no_color);
    clock_gettime(CLOCK_REALTIME, &now);
    s->now_wall_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void session_finish(struct session *s)
{
    varlink_client_destroy(s->client);
    free(s->socket_path);
    s->client = NULL;
    s->socket_path = NULL;
}

/* Whether a socket is there, in a directory of that user: below /tmp anybody could have made one.
 */
static bool is_socket_of(const char *path, uid_t uid)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash ? strndup(path, (size_t)(slash - path)) : NULL;
    struct stat st;
    bool own = directory && lstat(directory, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == uid;

    free(directory);
    return own && access(path, F_OK) == 0;
}

/* Whose socket when nobody says: the user's own, or the system's where there is no own one. */
static char *default_socket(void)
{
    uid_t uid = geteuid();
    char *own = places_socket(environ, uid);
    char *system_wide;

    if (!own || uid == 0 || is_socket_of(own, uid))
        return own;
    system_wide = places_socket(environ, 0);
    /* Where neither is there, the message names the system's: that one nobody else could make. */
    free(own);
    return system_wide;
}

int session_connect(struct session *s)
{
    if (s->client)
        return 0;
    if (!s->socket_path)
        s->socket_path = s->options->socket ? strdup(s->options->socket) : default_socket();
    if (!s->socket_path)
        return -ENOMEM;
    return varlink_client_connect(&s->client, s->socket_path);
}

static int tell_unreachable(const struct session *s, int error)
{
    const char *path = s->socket_path;

    switch (-error) {
    case ENOMEM:
        return out_of_memory();
    case ENOENT:
        complain("cannot reach reeved: there is no socket %s; is reeved running? "
                 "Another socket is named by --socket or REEVE_SOCKET",
                 path);
        break;
    case ECONNREFUSED:
        complain("cannot reach reeved: nobody listens on %s; reeved is not running", path);
        break;
    case EACCES:
    case EPERM:
        complain("cannot reach reeved: opening %s is not permitted; "
                 "try as root or as the user that runs reeved",
                 path);
        break;
    case ENAMETOOLONG:
        complain("cannot reach reeved: %s is too long for a socket path", path);
        break;
    default:
        complain("cannot reach reeved on %s: %s", path, strerror(-error));
        break;
    }
    return EXIT_FAILED;
}

static int tell_broken(const struct session *s, int error, int64_t timeout_ms)
{
    char waited[32];

    switch (-error) {
    case ENOMEM:
        return out_of_memory();
    case ETIMEDOUT:
        complain("reeved on %s does not answer (waited %s)", s->socket_path,
                 duration_format(timeout_ms, waited, sizeof(waited)));
        break;
    case ECONNRESET:
    case EPIPE:
        complain("reeved on %s closed the connection before it answered", s->socket_path);
        break;
    case EPROTO:
    case EBADMSG:
        complain("what listens on %s does not answer like reeved", s->socket_path);
        break;
    default:
        complain("talking to reeved on %s: %s", s->socket_path, strerror(-error));
        break;
    }
    return EXIT_FAILED;
}

/* An error that reeved answered with. */
static int tell_refused(const struct varlink_reply *reply, const char *method)
{
    const char *message = field_text(reply->parameters, "message");
    const char *error = reply->error;

    if (strcmp(error, ERROR_NO_SUCH_UNIT) == 0) {
        if (message)
            complain("%s", message);
        else
            complain("no unit is named '%s'", field_word(reply->parameters, "unit"));
        return EXIT_NO_UNIT;
    }
    if (message)
        complain("%s", message);
    else if (strcmp(error, SERVICE "MethodNotFound") == 0 ||
             strcmp(error, SERVICE "MethodNotImplemented") == 0 ||
             strcmp(error, SERVICE "InterfaceNotFound") == 0)
        complain("this reeved has no method %s; is it older than reevectl?", method);
    else if (strcmp(error, SERVICE "InvalidParameter") == 0)
        complain("reeved does not take the parameter '%s' of %s",
                 field_word(reply->parameters, "parameter"), method);
    else
        complain("reeved refused %s: %s", method, error);
    return EXIT_FAILED;
}

static int as_poll_timeout(int64_t ms)
{
    return ms < 0 ? -1 : ms > INT_MAX ? INT_MAX : (int)ms;
}

static void show_waiting(const struct session *s, const char *waiting)
{
    struct strbuf harmless = STRBUF_INIT, line = STRBUF_INIT;

    text_add_harmless(&harmless, waiting);
    strbuf_add(&harmless, terminal_ellipsis(&s->err));
    /* One column less: a full line would wrap and could not be cleared. */
    text_add_cut(&line, strbuf_text(&harmless), s->err.columns - 1, terminal_ellipsis(&s->err));
    fputs(strbuf_text(&line), stderr);
    strbuf_finish(&harmless);
    strbuf_finish(&line);
}

/* 0 or negative errno. */
static int receive(struct session *s, const struct patience *patience, struct varlink_reply *ret)
{
    int64_t timeout_ms = patience->timeout_ms;
    int error;

    if (!patience->waiting || !s->err.moves || (timeout_ms >= 0 && timeout_ms <= MOMENT_MS))
        return varlink_client_receive(s->client, ret, as_poll_timeout(timeout_ms));
    error = varlink_client_receive(s->client, ret, MOMENT_MS);
    if (error != -ETIMEDOUT)
        return error;
    show_waiting(s, patience->waiting);
    if (timeout_ms >= 0)
        timeout_ms -= MOMENT_MS;
    error = varlink_client_receive(s->client, ret, as_poll_timeout(timeout_ms));
    fputs("\r\033[K", stderr);
    return error;
}

cJSON *call_units(char *const *names, size_t n_names)
{
    cJSON *parameters = cJSON_CreateObject();
    cJSON *units;

    if (n_names == 0 || !parameters)
        return parameters;
    units = cJSON_AddArrayToObject(parameters, "units");
    for (size_t i = 0; units && i < n_names; i++) {
        cJSON *name = cJSON_CreateString(names[i]);

        if (!cJSON_AddItemToArray(units, name)) {
            cJSON_Delete(name);
            units = NULL;
        }
    }
    if (units)
        return parameters;
    cJSON_Delete(parameters);
    return NULL;
}

int call_patiently(struct session *s, const char *method, cJSON *parameters,
                   const struct patience *patience, cJSON **ret_reply)
{
    struct varlink_reply reply;
    char name[64];
    int error;

    if (!parameters)
        return out_of_memory();
    error = session_connect(s);
    if (error) {
        cJSON_Delete(parameters);
        return tell_unreachable(s, error);
    }
    snprintf(name, sizeof(name), MANAGER "%s", method);
    error = varlink_client_send(s->client, name, parameters, false);
    if (!error)
        error = receive(s, patience, &reply);
    if (error)
        return tell_broken(s, error, patience->timeout_ms);
    if (reply.error) {
        int code = tell_refused(&reply, method);

        varlink_reply_finish(&reply);
        return code;
    }
    *ret_reply = reply.parameters;
    reply.parameters = NULL;
    varlink_reply_finish(&reply);
    return 0;
}

int call(struct session *s, const char *method, cJSON *parameters, cJSON **ret_reply)
{
    const struct patience patience = {.timeout_ms = ANSWER_TIMEOUT_MS};

    return call_patiently(s, method, parameters, &patience, ret_reply);
}

/* The process on the other end, as a descriptor that tells its end; -1 where that cannot be had
 * (another pid namespace, Linux before 5.3): then the end of the connection has to do. */
static int open_daemon(const struct session *s)
{
    struct peer peer;

    if (socket_peer(varlink_client_fd(s->client), &peer) < 0 || peer.pid <= 0)
        return -1;
    return sys_pidfd_open(peer.pid);
}

/* The connection ends a moment before the process, which still has its lock then. */
static void await_process(int pidfd)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};

    if (pidfd >= 0)
        (void)poll(&p, 1, LAST_MOMENT_MS);
}

int call_await_end(struct session *s, const struct patience *patience)
{
    struct varlink_reply reply;
    int pidfd = open_daemon(s);
    int error = receive(s, patience, &reply);

    if (error == -ECONNRESET || error == -EPIPE)
        await_process(pidfd);
    sys_close(&pidfd);
    if (error == -ECONNRESET || error == -EPIPE)
        return 0;
    if (error == -ETIMEDOUT) {
        char waited[32];

        complain("reeved is still shutting down (waited %s)",
                 duration_format(patience->timeout_ms, waited, sizeof(waited)));
        return EXIT_FAILED;
    }
    if (error)
        return tell_broken(s, error, patience->timeout_ms);
    varlink_reply_finish(&reply);
    return tell_broken(s, -EPROTO, 0);
}

int call_print_json(const cJSON *reply, int code)
{
    struct strbuf text = STRBUF_INIT;

    render_json(&text, reply);
    return output(&text, code);
}
