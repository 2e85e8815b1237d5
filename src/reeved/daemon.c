#include "reeved/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/version.h"
#include "config/transfer.h"
#include "control/server.h"
#include "os/clock.h"
#include "os/dirs.h"
#include "os/memfd.h"
#include "os/signals.h"
#include "os/socket.h"
#include "os/sys.h"
#include "reeved/announce.h"
#include "run/errand.h"
#include "run/loop.h"
#include "run/procs.h"
#include "run/reaper.h"
#include "run/supervisor.h"
#include "run/survivors.h"

/* Reading configuration may ask NSS, and NSS may ask a network. */
enum { LOAD_TIMEOUT_MS = 60000 };
/* A reeved killed just now has lost its lock while its descriptors are still being closed. */
enum { SOCKET_PATIENCE_MS = 1000, SOCKET_AGAIN_MS = 20 };

struct daemon {
    const struct options *options;
    const struct boot *boot;
    struct loop loop;
    struct procs procs;
    struct watch signals;
    struct task reap;
    struct errand load;
    struct timer socket_again;
    int64_t socket_until_ms; /* monotonic; so long the socket may still be somebody's */
    int memfd;
    int lock_fd;
    char mark[256];       /* who owns what we make */
    struct spec_set *set; /* between load and supervisor */
    struct survivors survivors;
    struct supervisor *supervisor; /* NULL until the configuration is there */
    struct control *control;       /* NULL: no socket */
    struct announce announce;
    int exit_code;
};

static void leave(struct daemon *d, int exit_code)
{
    d->exit_code = exit_code;
    loop_stop(&d->loop);
}

/* ---- signals ---- */

static bool reap(struct task *t)
{
    struct daemon *d = t->owner;

    return d->supervisor ? supervisor_reap(d->supervisor) : reaper_turn(&d->procs, NULL);
}

static void asked_to_end(struct daemon *d, int sig)
{
    struct requester init = {.known = false};

    log_info("received SIG%s", signal_name(sig));
    if (!d->supervisor) {
        leave(d, 0);
        return;
    }
    if (supervisor_shutting_down(d->supervisor)) {
        if (sig != SIGTERM)
            supervisor_hurry(d->supervisor);
        return;
    }
    supervisor_shutdown(d->supervisor, init, sig);
}

static void take_signal(struct daemon *d, int sig)
{
    switch (sig) {
    case SIGCHLD:
        task_start(&d->reap);
        break;
    case SIGTERM:
    case SIGINT:
    case SIGQUIT:
        asked_to_end(d, sig);
        break;
    case SIGHUP:
        log_info("received SIGHUP: the configuration is read at start only, nothing was changed");
        break;
    case SIGUSR1:
        log_info("received SIGUSR1: no log files are open");
        break;
    case SIGUSR2:
        if (d->supervisor)
            supervisor_log_states(d->supervisor);
        break;
    case SIGWINCH: /* every resize of the terminal */
        break;
    default:
        log_info("received SIG%s, ignored", signal_name(sig));
        break;
    }
}

static void on_signals(struct watch *w, int events)
{
    struct daemon *d = w->owner;
    int sig;

    (void)events;
    while ((sig = signals_next(d->boot->signal_fd)) > 0)
        take_signal(d, sig);
}

/* ---- becoming ready, step by step ---- */

/* 0, or -1 when another reeved is in the way. Nothing writable is no reason not to supervise. */
static int take_runtime_dir(struct daemon *d)
{
    const char *dir = d->set->daemon.runtime_dir;
    const char *socket = d->set->daemon.socket;

    if (!dir)
        return 0;
    d->lock_fd = runtime_dir_take(dir);
    if (d->lock_fd >= 0) {
        runtime_dir_mark(d->lock_fd, dir, d->mark, sizeof d->mark);
        return 0;
    }
    if (d->lock_fd == -EBUSY) {
        log_error("%s: another reeved is running with this runtime_dir", dir);
        return -1;
    }
    if (d->lock_fd == -EPERM || d->lock_fd == -ELOOP || d->lock_fd == -ENOTDIR) {
        log_error("%s: not safe as runtime_dir: it must be a directory of user %d that nobody else "
                  "may write to",
                  dir, (int)geteuid());
        return -1;
    }
    d->set->daemon.runtime_dir = NULL;
    if (socket && strncmp(socket, dir, strlen(dir)) == 0 && socket[strlen(dir)] == '/')
        d->set->daemon.socket = NULL;
    log_warning("%s: %s; supervising without a runtime directory%s", dir, strerror(-d->lock_fd),
                d->set->daemon.socket ? "" : " and a socket");
    return 0;
}

static void tell_ready(struct daemon *d)
{
    const struct daemon_spec *spec = supervisor_daemon_spec(d->supervisor);
    uint32_t n = supervisor_n_units(d->supervisor);

    log_info("ready: %u unit%s, %s%s, tracking %s", n, n == 1 ? "" : "s",
             d->control ? "socket " : "no socket", d->control ? spec->socket : "",
             supervisor_tracks_by_cgroup(d->supervisor) ? "by cgroup" : "best effort");
}

static void supervise(struct survivors *v)
{
    struct daemon *d = v->owner;
    struct supervisor_options options = {
        .nofile = d->boot->have_nofile ? &d->boot->nofile : NULL,
        .shutdown_timeout_ms = boot_default_shutdown_ms(d->boot),
        .owner_mark = d->mark,
        .procs = &d->procs,
    };
    const struct control_options control = {
        .version = REEVE_VERSION,
        .config_file = d->options->config,
        .procs = &d->procs,
    };
    struct spec_set *set = d->set;
    int r;

    survivors_finish(v);
    d->set = NULL;
    r = supervisor_create(&d->supervisor, &d->loop, set, &options);
    if (r < 0) {
        log_error("cannot begin: %s", strerror(-r));
        leave(d, 1);
        return;
    }
    if (supervisor_daemon_spec(d->supervisor)->socket) {
        r = control_start(&d->control, &d->loop, d->supervisor, &control);
        if (r == -EADDRINUSE) {
            leave(d, 1);
            return;
        }
    }
    supervisor_begin(d->supervisor);
    announce_units(&d->announce, d->supervisor);
    tell_ready(d);
}

static void say_errors(const struct config_errors *errors)
{
    for (size_t i = 0; i < errors->n_lines; i++)
        log_error("%s", errors->lines[i]);
    for (size_t i = 0; i < errors->n_warnings; i++)
        log_info("%s", errors->warnings[i]); /* each says itself that it is a warning */
    if (errors->out_of_memory)
        log_error("out of memory: not all errors are listed");
}

/* Why the child brought nothing home; its exit code is an errno. */
static void say_load_failed(const struct daemon *d, const struct exit_status *status)
{
    const char *file = d->options->config;

    if (!status)
        log_error("%s: reading it took longer than %d s; a name service may hang", file,
                  LOAD_TIMEOUT_MS / 1000);
    else if (status->signal)
        log_error("%s: the child that reads it died of SIG%s", file, signal_name(status->signal));
    else
        log_error("%s: cannot be loaded: %s", file, strerror(status->exit_code));
}

/* 0 with d->set, or negative errno and the reason was said. */
static int take_home(struct daemon *d, const struct exit_status *status)
{
    struct config_errors errors = {0};
    int r;

    if (!status || status->exit_code != 0) {
        say_load_failed(d, status);
        return -EIO;
    }
    r = config_transfer_read(d->memfd, &d->set, &errors);
    say_errors(&errors);
    if (r < 0 && !errors.n_lines)
        log_error("%s: cannot be loaded: %s", d->options->config, strerror(-r));
    config_errors_finish(&errors);
    return r;
}

/* Before anything of an earlier reeved is ended: who cannot have the socket leaves it all alone. */
static void settle_socket(struct timer *t)
{
    struct daemon *d = t->owner;
    const struct daemon_spec *spec = &d->set->daemon;
    int64_t now_ms = clock_now().mono_ms;

    timer_stop(t);
    if (spec->socket && socket_probe(spec->socket) == -EADDRINUSE) {
        if (now_ms < d->socket_until_ms) {
            timer_set(t, now_ms + SOCKET_AGAIN_MS);
            return;
        }
        control_tell_in_use(spec->socket);
        leave(d, 1);
        return;
    }
    survivors_end(&d->survivors, &d->loop, spec->runtime_dir, d->mark, supervise, d);
}

static void loaded(struct errand *e, const struct exit_status *status)
{
    struct daemon *d = e->owner;
    int r = take_home(d, status);

    sys_close(&d->memfd);
    if (r < 0 || take_runtime_dir(d) < 0) {
        leave(d, 1);
        return;
    }
    d->socket_until_ms = clock_now().mono_ms + SOCKET_PATIENCE_MS;
    settle_socket(&d->socket_again);
}

/* In the child. */
static int load(void *arg)
{
    struct daemon *d = arg;
    struct config_options options = {.environ = environ, .uid = geteuid()};

    return -config_transfer_write(d->options->config, &options, d->memfd);
}

static int begin(struct daemon *d)
{
    int r = loop_init(&d->loop);

    if (r < 0)
        return r;
    announce_begin(&d->announce, &d->loop);
    watch_init(&d->signals, &d->loop, on_signals, d);
    task_init(&d->reap, &d->loop, reap, d);
    timer_init(&d->socket_again, &d->loop, settle_socket, d);
    r = watch_set(&d->signals, d->boot->signal_fd, LOOP_READ);
    if (r < 0)
        return r;
    d->memfd = memfd_make("reeve-config");
    if (d->memfd < 0)
        return d->memfd;
    return errand_start(&d->load, &d->procs, &d->loop, load, d, LOAD_TIMEOUT_MS, loaded, d);
}

static void end(struct daemon *d)
{
    errand_end(&d->load);
    survivors_finish(&d->survivors);
    control_destroy(d->control);
    announce_end(&d->announce);
    supervisor_destroy(d->supervisor);
    spec_set_unref(d->set);
    watch_stop(&d->signals);
    timer_stop(&d->socket_again);
    task_stop(&d->reap);
    sys_close(&d->memfd);
    sys_close(&d->lock_fd);
    procs_finish(&d->procs);
    loop_finish(&d->loop);
}

int daemon_run(const struct options *o, const struct boot *b)
{
    struct daemon d = {
        .options = o, .boot = b, .memfd = -1, .lock_fd = -1, .announce.client.fd = -1};
    int r;

    snprintf(d.mark, sizeof d.mark, "pid:%d", (int)getpid());
    procs_init(&d.procs);
    r = begin(&d);
    if (r < 0) {
        log_error("cannot begin: %s", strerror(-r));
        d.exit_code = 1;
    } else {
        loop_run(&d.loop);
    }
    if (d.supervisor && supervisor_over(d.supervisor)) {
        d.exit_code = supervisor_exit_code(d.supervisor);
        log_info("all ended, exiting with %d", d.exit_code);
    }
    end(&d);
    return d.exit_code;
}
