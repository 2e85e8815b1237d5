#include "reevectl/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/places.h"
#include "os/clock.h"
#include "reevectl/output.h"

void session_init(struct session *s, const struct options *options, bool utf8)
{
    *s = (struct session){.options = options};
    terminal_detect(&s->out, STDOUT_FILENO, utf8, options->no_color);
    terminal_detect(&s->err, STDERR_FILENO, utf8, options->no_color);
    s->now_wall_ms = clock_now().wall_ms;
}

void session_finish(struct session *s)
{
    varlink_client_destroy(s->client);
    free(s->socket_path);
    s->client = NULL;
    free(s->own_missing);
    s->socket_path = NULL;
    s->own_missing = NULL;
}

/* Whether a directory of that user holds it: below /tmp anybody could have made one. */
static bool is_in_directory_of(const char *path, uid_t uid)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash ? strndup(path, (size_t)(slash - path)) : NULL;
    struct stat st;
    bool own = directory && lstat(directory, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == uid;

    free(directory);
    return own;
}

/* Whose socket when nobody says: the user's own, or the system's where there is no own one. */
static char *default_socket(struct session *s)
{
    uid_t uid = geteuid();
    char *own = places_socket(environ, uid);
    bool missing;

    if (!own || uid == 0)
        return own;
    missing = access(own, F_OK) != 0;
    if (!missing && is_in_directory_of(own, uid))
        return own;
    /* One that somebody else put there is not worth mentioning. */
    if (missing)
        s->own_missing = own;
    else
        free(own);
    return places_socket(environ, 0);
}

int session_connect(struct session *s)
{
    if (s->client)
        return 0;
    if (!s->socket_path)
        s->socket_path = s->options->socket ? strdup(s->options->socket) : default_socket(s);
    if (!s->socket_path)
        return -ENOMEM;
    return varlink_client_connect(&s->client, s->socket_path, ANSWER_TIMEOUT_MS);
}

static bool is_socket(const char *path)
{
    struct stat st;

    return stat(path, &st) < 0 || S_ISSOCK(st.st_mode);
}

int session_tell_unreachable(const struct session *s, int error)
{
    const char *path = s->socket_path;
    const char *own = s->own_missing;
    char why[64];

    switch (-error) {
    case ENOMEM:
        return out_of_memory();
    case ENOENT:
        complain("cannot reach reeved: there is no socket %s%s%s; is reeved running? "
                 "Another socket is named by --socket or REEVE_SOCKET",
                 own ? own : "", own ? " and no " : "", path);
        return EXIT_FAILED;
    case ECONNREFUSED:
        snprintf(why, sizeof(why), "%s",
                 is_socket(path) ? "nobody listens there; reeved is not running"
                                 : "that is not a socket");
        break;
    case EACCES:
    case EPERM:
        snprintf(why, sizeof(why), "not permitted; try as root or as the user that runs reeved");
        break;
    case ENAMETOOLONG:
        snprintf(why, sizeof(why), "too long for the path of a socket");
        break;
    case ETIMEDOUT:
        snprintf(why, sizeof(why), "it takes no connection (waited %d s)",
                 ANSWER_TIMEOUT_MS / 1000);
        break;
    default:
        snprintf(why, sizeof(why), "%s", strerror(-error));
        break;
    }
    complain("cannot reach reeved on %s: %s%s%s", path, why,
             own ? "; there is also no socket " : "", own ? own : "");
    return EXIT_FAILED;
}
