#include "reevectl/call.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/duration.h"
#include "os/clock.h"
#include "os/socket.h"
#include "os/sys.h"
#include "reevectl/fields.h"
#include "reevectl/interrupt.h"
#include "reevectl/progress.h"
#include "reevectl/render.h"

enum { QUIET_TIMEOUT_MS = 1000, LAST_MOMENT_MS = 10000 };

#define MANAGER "io.reeve.Manager."
#define ERROR_NO_SUCH_UNIT MANAGER "NoSuchUnit"
#define SERVICE "org.varlink.service."

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
static int tell_refused(const struct varlink_reply *reply, const char *method,
                        const struct patience *patience)
{
    const char *message = field_text(reply->parameters, "message");
    const char *parameter = field_word(reply->parameters, "parameter");
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
    else if (strcmp(error, SERVICE "InvalidParameter") != 0)
        complain("reeved refused %s: %s", method, error);
    else if (patience->refused && strcmp(parameter, patience->refused) == 0)
        complain("%s", patience->refusal);
    else
        complain("reeved does not take the parameter '%s' of %s", parameter, method);
    return EXIT_FAILED;
}

/* What is being waited for beside a reply. */
struct wait {
    const struct patience *patience;
    struct interrupt interrupt;
    int64_t deadline_ms; /* -1: none */
};

static void wait_init(struct wait *w, const struct patience *patience)
{
    *w = (struct wait){.patience = patience, .interrupt = {.fd = -1}, .deadline_ms = -1};
    if (patience->timeout_ms >= 0)
        w->deadline_ms = clock_now().mono_ms + patience->timeout_ms;
    if (patience->interruptible)
        interrupt_init(&w->interrupt);
}

static void wait_finish(struct wait *w)
{
    interrupt_finish(&w->interrupt);
}

/* Until the next tick, or the deadline. */
static int poll_timeout(const struct wait *w, int64_t now_ms)
{
    bool ticks = w->patience->progress || w->patience->tick;
    int64_t ms = ticks ? PROGRESS_TICK_MS : -1;

    if (w->deadline_ms >= 0 && (ms < 0 || ms > w->deadline_ms - now_ms))
        ms = w->deadline_ms - now_ms;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

/* Waits until something may be there to be received. 0, or why not to go on. */
static int wait_some(struct session *s, struct wait *w)
{
    struct pollfd fds[] = {
        {.fd = varlink_client_fd(s->client), .events = POLLIN},
        {.fd = w->interrupt.fd, .events = POLLIN},
        /* An end without a reader shows as an error, whatever is asked. */
        {.fd = w->patience->for_output ? STDOUT_FILENO : -1, .events = 0},
    };
    int64_t now_ms = clock_now().mono_ms;

    if (w->deadline_ms >= 0 && now_ms >= w->deadline_ms)
        return -ETIMEDOUT;
    if (w->patience->tick)
        w->patience->tick(w->patience->context);
    if (w->patience->progress)
        progress_tick(w->patience->progress, now_ms);
    if (poll(fds, 3, poll_timeout(w, now_ms)) < 0)
        return errno == EINTR ? 0 : -errno;
    return fds[2].revents & (POLLERR | POLLHUP) ? -ECANCELED : 0;
}

/* 0; -EINTR after Ctrl-C; -ECANCELED when nobody reads the output; or what the client says. */
static int receive(struct session *s, struct wait *w, struct varlink_reply *ret)
{
    int error;

    do {
        if (interrupt_came(&w->interrupt))
            return -EINTR;
        error = varlink_client_receive(s->client, ret, 0);
        if (error != -ETIMEDOUT)
            return error;
        error = wait_some(s, w);
    } while (error == 0);
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

cJSON *call_unit(const char *name)
{
    cJSON *parameters = cJSON_CreateObject();

    if (parameters && cJSON_AddStringToObject(parameters, "unit", name))
        return parameters;
    cJSON_Delete(parameters);
    return NULL;
}

cJSON *call_limit(int n)
{
    cJSON *parameters = cJSON_CreateObject();

    if (parameters && cJSON_AddNumberToObject(parameters, "limit", n))
        return parameters;
    cJSON_Delete(parameters);
    return NULL;
}

int call_tell_no_match(const char *argument)
{
    complain("no unit matches '%s'", argument);
    return EXIT_NO_UNIT;
}

static int tell_end(const struct session *s, const struct patience *patience, int error,
                    unsigned n_replies)
{
    switch (-error) {
    case EINTR:
        if (patience->interrupted)
            complain("interrupted; %s", patience->interrupted);
        return EXIT_INTERRUPTED;
    case ECANCELED: /* whoever closed the pipe knows */
        return EXIT_FAILED;
    case ECONNRESET:
    case EPIPE:
        if (n_replies) {
            complain("reeved on %s closed the connection", s->socket_path);
            return EXIT_FAILED;
        }
        break;
    default:
        break;
    }
    return tell_broken(s, error, patience->timeout_ms);
}

/* The replies to a call that was sent. 0, STREAM_ENOUGH or the exit code, told. */
static int take_replies(struct session *s, const char *method, const struct patience *patience,
                        stream_take *take, void *context)
{
    struct varlink_reply reply;
    unsigned n_replies = 0;
    bool continues = true;
    struct wait w;
    int code = 0;

    wait_init(&w, patience);
    while (code == 0 && continues) {
        int error = receive(s, &w, &reply);

        if (error) {
            if (patience->progress)
                progress_clear(patience->progress);
            code = tell_end(s, patience, error, n_replies);
            break;
        }
        n_replies++;
        continues = reply.continues;
        if (reply.error) {
            if (patience->progress)
                progress_clear(patience->progress);
            code = tell_refused(&reply, method, patience);
        } else {
            code = take(context, &reply);
        }
        varlink_reply_finish(&reply);
    }
    wait_finish(&w);
    return code;
}

int call_stream(struct session *s, const char *method, cJSON *parameters, bool more,
                const struct patience *patience, stream_take *take, void *context)
{
    char name[64];
    int error, code;

    if (!parameters)
        return out_of_memory();
    error = session_connect(s);
    if (error) {
        cJSON_Delete(parameters);
        return session_tell_unreachable(s, error);
    }
    snprintf(name, sizeof(name), MANAGER "%s", method);
    error = varlink_client_send(s->client, name, parameters, more);
    if (error)
        return tell_broken(s, error, ANSWER_TIMEOUT_MS);
    code = take_replies(s, method, patience, take, context);
    return code == STREAM_ENOUGH ? 0 : code;
}

static int take_only(void *context, struct varlink_reply *reply)
{
    cJSON **ret_reply = context;

    *ret_reply = reply->parameters;
    reply->parameters = NULL;
    return STREAM_ENOUGH;
}

int call_patiently(struct session *s, const char *method, cJSON *parameters,
                   const struct patience *patience, cJSON **ret_reply)
{
    return call_stream(s, method, parameters, false, patience, take_only, ret_reply);
}

int call(struct session *s, const char *method, cJSON *parameters, cJSON **ret_reply)
{
    const struct patience patience = {.timeout_ms = ANSWER_TIMEOUT_MS};

    return call_patiently(s, method, parameters, &patience, ret_reply);
}

cJSON *call_quietly(struct session *s, const char *method, cJSON *parameters)
{
    struct varlink_reply reply;
    cJSON *result = NULL;
    char name[64];

    if (!parameters || session_connect(s) != 0) {
        cJSON_Delete(parameters);
        return NULL;
    }
    snprintf(name, sizeof(name), MANAGER "%s", method);
    if (varlink_client_call(s->client, name, parameters, &reply, QUIET_TIMEOUT_MS) != 0) {
        /* A late answer would be taken for that to another question. */
        varlink_client_destroy(s->client);
        s->client = NULL;
        return NULL;
    }
    if (!reply.error) {
        result = reply.parameters;
        reply.parameters = NULL;
    }
    varlink_reply_finish(&reply);
    return result;
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

/* What came instead of the end of the connection: told, and the exit code. */
static int tell_no_end(const struct session *s, const struct patience *patience, int error)
{
    char waited[32];

    if (error != -ETIMEDOUT)
        return tell_end(s, patience, error, 1);
    complain("reeved is still shutting down (waited %s)",
             duration_format(patience->timeout_ms, waited, sizeof(waited)));
    return EXIT_FAILED;
}

int call_await_end(struct session *s, const struct patience *patience)
{
    struct varlink_reply reply;
    int pidfd = open_daemon(s);
    struct wait w;
    int error;

    wait_init(&w, patience);
    error = receive(s, &w, &reply);
    wait_finish(&w);
    if (patience->progress)
        progress_clear(patience->progress);
    if (error == -ECONNRESET || error == -EPIPE) {
        await_process(pidfd);
        error = 0;
    } else if (error == 0) { /* an answer to what? */
        varlink_reply_finish(&reply);
        error = tell_broken(s, -EPROTO, 0);
    } else {
        error = tell_no_end(s, patience, error);
    }
    sys_close(&pidfd);
    return error;
}

int call_print_json(const cJSON *reply, int code)
{
    struct strbuf text = STRBUF_INIT;

    render_json(&text, reply);
    return output(&text, code);
}
