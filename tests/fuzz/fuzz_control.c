/*
 * The service itself behind a socket: whatever a client sends, as whoever, every answer is JSON
 * with its terminator, what waits for the client is bounded, and nothing of it is left when it has
 * gone. The units are those of a supervisor that only remembers. The first byte says who it is and
 * how the units are. Nothing of it hangs on when it runs: time is what this file says, and it
 * passes when the client has said all.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../unit/fake_supervisor.h"
#include "control/client.h"
#include "control/server.h"
#include "control/state.h"
#include "core/mistake.h"
#include "os/clock.h"
#include "run/errand.h"
#include "varlink/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
void __wrap_timer_set(struct timer *t, int64_t deadline_ms);
void __wrap_timer_stop(struct timer *t);

enum { TIMERS_MAX = 16, PASSING_MS = 60000 };
enum { QUIET_TURNS = 8, ANSWERS_MAX_BYTES = 64 << 20 };

static const char *const names[] = {"web", "web@1", "db", "w", "a.b-c_d"};
enum { N_UNITS = sizeof names / sizeof names[0] };

static struct loop loop;
static struct supervisor supervisor;
static struct control *control;
static char socket_path[64];

static void must(bool true_)
{
    if (!true_)
        abort();
}

/* ---- time: this stands in for os/clock.c, and for the timers of run/loop.c by the linker ---- */

static int64_t clock_ms = 1;
static struct timer *timers[TIMERS_MAX];

struct moment clock_now(void)
{
    return (struct moment){clock_ms, 1790000000000 + clock_ms};
}

void __wrap_timer_stop(struct timer *t)
{
    for (unsigned i = 0; i < TIMERS_MAX; i++)
        if (timers[i] == t)
            timers[i] = NULL;
}

void __wrap_timer_set(struct timer *t, int64_t deadline_ms)
{
    unsigned i = 0;

    __wrap_timer_stop(t);
    if (deadline_ms == 0)
        return;
    while (timers[i])
        must(++i < TIMERS_MAX);
    t->deadline_ms = deadline_ms;
    timers[i] = t;
}

static struct timer *first_timer(int64_t until_ms)
{
    struct timer *first = NULL;

    for (unsigned i = 0; i < TIMERS_MAX; i++) {
        if (timers[i] && timers[i]->deadline_ms <= until_ms &&
            (!first || timers[i]->deadline_ms < first->deadline_ms))
            first = timers[i];
    }
    return first;
}

static void time_passes(void)
{
    int64_t until_ms = clock_ms + PASSING_MS;
    struct timer *t;

    while ((t = first_timer(until_ms)) != NULL) {
        if (t->deadline_ms > clock_ms)
            clock_ms = t->deadline_ms;
        __wrap_timer_stop(t);
        t->fn(t);
    }
    clock_ms = until_ms;
}

/* ---- these stand in for run/errand.c: a check is never begun ---- */

int errand_start(struct errand *e, struct procs *procs, struct loop *on, errand_work_fn *work,
                 void *arg, int64_t timeout_ms, errand_done_fn *done, void *owner)
{
    (void)e, (void)procs, (void)on, (void)work, (void)arg, (void)timeout_ms, (void)done;
    (void)owner;
    return -EAGAIN;
}

void errand_ended(struct errand *e, const struct exit_status *status)
{
    (void)e, (void)status;
}

void errand_end(struct errand *e)
{
    (void)e;
}

/* ---- */

static void clean_up(void)
{
    control_destroy(control);
    fake_finish(&supervisor);
    loop_finish(&loop);
}

static void begin(void)
{
    static const struct control_options options = {.version = "1", .config_file = "/nowhere"};

    must(control_start(&control, &loop, &supervisor, &options) == 0 && control);
}

/* Each unit depends on those before it, and has commands beside its own. */
static void set_specs(void)
{
    static struct dependency all[N_UNITS];
    static struct hook_command commands[] = {{.text = "/srv/x --token=abc"}, {.text = "y 'z'"}};

    for (uint32_t i = 0; i < N_UNITS; i++) {
        all[i] = (struct dependency){i, (enum dependency_kind)(i % 3), 1 + i};
        supervisor.specs[i].dependencies = all;
        supervisor.specs[i].n_dependencies = i;
        supervisor.specs[i].hooks[i % HOOK_COUNT] = (struct hook_list){commands, 2};
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    signal(SIGPIPE, SIG_IGN);
    must(loop_init(&loop) == 0);
    fake_init(&supervisor, names, N_UNITS);
    set_specs();
    snprintf(socket_path, sizeof socket_path, "/tmp/reeve-fuzz-%07d.sock", (int)getpid());
    supervisor.daemon.socket = socket_path;
    supervisor.daemon.socket_mode = 0600;
    begin();
    atexit(clean_up);
    return 0;
}

/* Nothing is remembered of what happened to them before. */
static void forget_events(void)
{
    event_ring_finish(&supervisor.events);
    must(event_ring_init(&supervisor.events, FAKE_EVENTS_KEPT) == 0);
}

/* What hooks and holds do to it. */
static void set_hooks(struct unit *u, unsigned seed)
{
    int64_t now_ms = clock_now().mono_ms;

    u->hook = (enum hook)(seed % (HOOK_COUNT + 1));
    u->hook_at = seed % 3;
    u->reload_result.how = seed % 2 ? PROBE_GOOD : PROBE_EXITED;
    u->held_until_ms = seed % 3 ? now_ms + seed % 5 * 1000 : 0;
    u->held_until_wall_ms = 1790000000000;
}

/* Each waits for another one, or takes one along, or not. */
static void set_units(unsigned seed)
{
    static const struct mistake mistake = {.kind = MISTAKE_PORT_TAKEN, .port = 80, .unit = 2};

    supervisor.mistake = seed % 2 ? &mistake : NULL;
    supervisor.reload_error = seed % 4 ? 0 : -ENOTSUP;
    supervisor.shutting_down = false;
    for (uint32_t i = 0; i < N_UNITS; i++) {
        struct waiting_for *w = &supervisor.waiting[i];

        *w = (struct waiting_for){.unit = (seed + i) % N_UNITS,
                                  .until = (enum waited_for)(seed % WAITED_COUNT),
                                  .failed = seed % 3 == 0,
                                  .cause = (seed + 2 * i) % N_UNITS,
                                  .completed = seed % 5 == 0,
                                  .others = seed % 2};
        if ((seed + i) % 4 == 0)
            w->unit = WAITING_NO_UNIT;
        supervisor.along[i] =
            (struct along){.with = (seed + i) % 3 ? 1 + (seed + i) % N_UNITS : 0,
                           .because = (enum along_because)((seed + i) % ALONG_BECAUSE_COUNT)};
        supervisor.units[i].ready = (seed + i) % 2;
        set_hooks(&supervisor.units[i], seed + i);
        fake_move(&supervisor, i, (enum unit_phase)((seed * 7 + i * 3) % PHASE_COUNT));
    }
}

static void news(void)
{
    for (unsigned i = 0; i < 3; i++)
        fake_happens(&supervisor, (enum notice_type)(supervisor.events.last_seq % NOTICE_COUNT),
                     (uint32_t)(supervisor.events.last_seq % N_UNITS));
    supervisor.listener->fn(supervisor.listener, UINT32_MAX);
}

static void check_answers(const struct strbuf *got)
{
    size_t from = 0;

    for (size_t at = 0; at < got->len_bytes; at++) {
        if (got->data[at] != '\0' && got->data[at] != '\n')
            continue;
        must(json_check(got->data + from, at - from, SIZE_MAX) == NULL);
        from = at + 1;
    }
    must(from == got->len_bytes);
}

/* Lets the service work until it says nothing for a while; true when it has closed. */
static bool listen_to(int fd, struct strbuf *got)
{
    static char buffer[64 << 10];
    unsigned quiet = 0;

    while (quiet < QUIET_TURNS) {
        ssize_t n;

        ev_run(loop.ev, EVRUN_NOWAIT);
        list_for_each (it, &control->clients) {
            must(client_unsent_bytes(container_of(it, struct client, link)) <=
                 CLIENT_OUT_MAX_BYTES);
        }
        n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
        if (n == 0)
            return true;
        if (n > 0) {
            strbuf_add_bytes(got, buffer, (size_t)n);
            must(!got->failed && got->len_bytes < ANSWERS_MAX_BYTES);
            quiet = 0;
        } else {
            must(errno == EAGAIN);
            quiet++;
        }
    }
    return false;
}

static void send_all(int fd, const uint8_t *data, size_t size, struct strbuf *got)
{
    while (size > 0) {
        ssize_t n = send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n > 0) {
            data += n;
            size -= (size_t)n;
        } else if (errno != EAGAIN || listen_to(fd, got)) {
            return; /* it listens to nothing more */
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct peer peer = {.pid = 1, .uid = 1, .gid = 1};
    struct strbuf got = STRBUF_INIT;
    int ends[2];

    if (size < 2)
        return 0;
    forget_events();
    set_units(data[0] / 3);
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    must(client_create(control, ends[0], &peer, (enum role)(data[0] % 3)) == 0);
    send_all(ends[1], data + 1, size - 1, &got);
    if (!listen_to(ends[1], &got)) {
        news();
        if (data[0] % 2)
            time_passes();
        shutdown(ends[1], SHUT_WR);
        listen_to(ends[1], &got);
    }
    check_answers(&got);
    close(ends[1]);
    for (unsigned turns = 0; control->n_clients > 0; turns++) {
        must(turns < 1000);
        ev_run(loop.ev, EVRUN_NOWAIT);
    }
    strbuf_finish(&got);
    if (!list_empty(&control->pendings)) { /* these units will never be what was asked for */
        control_destroy(control);
        begin();
    }
    must(supervisor.n_holding == 0);
    return 0;
}
