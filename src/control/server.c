#include "control/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "control/client.h"
#include "control/manager.h"
#include "control/pending.h"
#include "control/state.h"
#include "os/clock.h"

/* What one turn of the loop may do for all clients together before supervision gets its turn. */
enum { STEPS_PER_TURN = 64, TURN_MS = 3 };

static struct client *first_runnable(struct control *c)
{
    if (list_empty(&c->runnable))
        return NULL;
    return container_of(c->runnable.next, struct client, run_link);
}

/* Once a turn, however much happened. */
static void wake_followers(struct control *c)
{
    if (!c->has_news)
        return;
    c->has_news = false;
    list_for_each (it, &c->streams)
        client_wake(container_of(it, struct client, stream_link));
}

/* Clients take turns, one step each. */
static bool work(struct task *t)
{
    struct control *c = t->owner;
    int64_t end_ms = clock_now().mono_ms + TURN_MS;
    struct client *cl;
    bool again;

    wake_followers(c);
    for (int n = 0; n < STEPS_PER_TURN && (cl = first_runnable(c)) != NULL; n++) {
        list_remove(&cl->run_link);
        if (client_work(cl) && list_empty(&cl->run_link))
            list_append(&c->runnable, &cl->run_link);
        if (clock_now().mono_ms >= end_ms)
            break;
    }
    again = pendings_work(c);
    /* What was asked for just now may be news already, also when nobody waits for its answer. */
    return again || c->has_news || !list_empty(&c->runnable);
}

static void on_change(struct listener *l, uint32_t index)
{
    struct control *c = l->owner;

    if (index != UINT32_MAX)
        pendings_look(c, index);
    else
        pendings_look_again(c);
    if (list_empty(&c->streams))
        return;
    c->has_news = true;
    task_start(&c->work);
}

void control_tell_in_use(const char *path)
{
    log_error("%s: another process listens on this socket; is another reeved running?", path);
}

static void say_why_not(const char *path, int error)
{
    switch (-error) {
    case EADDRINUSE:
        control_tell_in_use(path);
        break;
    case EEXIST:
        log_error("%s: is in the way and is no socket; remove it or set another socket in [reeve]; "
                  "supervising without a control socket",
                  path);
        break;
    default:
        log_error("%s: %s; supervising without a control socket", path, strerror(-error));
        break;
    }
}

int control_start(struct control **ret, struct loop *loop, struct supervisor *s,
                  const struct control_options *options)
{
    const struct daemon_spec *spec = supervisor_daemon_spec(s);
    struct control *c;
    int r;

    *ret = NULL;
    if (!spec->socket) {
        log_info("no control socket is configured");
        return 0;
    }
    c = calloc(1, sizeof *c);
    if (!c) {
        say_why_not(spec->socket, -ENOMEM);
        return -ENOMEM;
    }
    c->loop = loop;
    c->supervisor = s;
    c->own_uid = geteuid();
    c->service = (struct service){
        .vendor = "reeve",
        .product = "reeved",
        .version = options->version,
        .url = "",
        .interfaces = manager_interfaces,
    };
    list_init(&c->clients);
    list_init(&c->runnable);
    list_init(&c->pendings);
    list_init(&c->streams);
    check_init(&c->check, loop, options->procs, options->config_file);
    task_init(&c->work, loop, work, c);
    r = listening_start(&c->listening, c, spec);
    if (r < 0) {
        say_why_not(spec->socket, r);
        free(c);
        return r;
    }
    c->listener.fn = on_change;
    c->listener.owner = c;
    supervisor_listen(s, &c->listener);
    *ret = c;
    return 0;
}

static void say_bye(struct control *c)
{
    pendings_end(c);
    list_for_each_safe (it, &c->clients) {
        struct client *cl = container_of(it, struct client, link);

        client_end_events(cl);
        client_flush(cl);
    }
}

void control_destroy(struct control *c)
{
    if (!c)
        return;
    check_finish(&c->check);
    say_bye(c);
    supervisor_unlisten(&c->listener);
    list_for_each_safe (it, &c->clients)
        client_destroy(container_of(it, struct client, link));
    task_stop(&c->work);
    listening_stop(&c->listening);
    free(c);
}
