#include "reeved/announce.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "core/health_status.h"
#include "os/clock.h"

enum { STATUS_EVERY_MS = 1000, KEEP_ALIVE_MAX_MS = 24 * 3600 * 1000 };

/* ---- telling ---- */

static int send_text(struct announce *a, const char *text)
{
    int r = notify_client_send(&a->client, text);

    if (r < 0 && !a->complained) {
        log_warning("cannot tell the supervisor that reeved runs under (NOTIFY_SOCKET): %s",
                    strerror(-r));
        a->complained = true;
    }
    return r;
}

__attribute__((format(printf, 2, 3))) static void append(char status[ANNOUNCE_STATUS_BYTES],
                                                         const char *format, ...)
{
    size_t len = strlen(status);
    va_list args;

    va_start(args, format);
    vsnprintf(status + len, ANNOUNCE_STATUS_BYTES - len, format, args);
    va_end(args);
}

/* "3 of 4 running, 1 failed" */
static void describe(const struct supervisor *s, char status[ANNOUNCE_STATUS_BYTES])
{
    static const enum unit_state others[] = {STATE_FAILED,    STATE_STARTING, STATE_WAITING,
                                             STATE_BACKOFF,   STATE_STOPPING, STATE_KILLING,
                                             STATE_COMPLETED, STATE_STOPPED};
    struct health_tally tally = {0};

    for (uint32_t i = 0; i < supervisor_n_units(s); i++)
        health_tally_add(&tally, supervisor_unit(s, i));
    status[0] = '\0';
    append(status, "%" PRIu32 " of %" PRIu32 " running", tally.by_state[STATE_RUNNING],
           tally.total);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (tally.by_state[others[i]])
            append(status, ", %" PRIu32 " %s", tally.by_state[others[i]],
                   unit_state_name(others[i]));
}

/* Whether it is another attempt that may help, rather than another listener. */
static bool may_pass(int error)
{
    return error == -EAGAIN || error == -ENOBUFS || error == -ENOMEM;
}

static void tell(struct announce *a, bool ready, bool stopping, int64_t now_ms)
{
    char status[ANNOUNCE_STATUS_BYTES];
    char text[ANNOUNCE_STATUS_BYTES + 32];
    int r;

    timer_stop(&a->later);
    describe(a->supervisor, status);
    if (!ready && !stopping && strcmp(status, a->told_status) == 0)
        return;
    snprintf(text, sizeof text, "%s%sSTATUS=%s", ready ? "READY=1\n" : "",
             stopping ? "STOPPING=1\n" : "", status);
    r = send_text(a, text);
    a->not_before_ms = now_ms + STATUS_EVERY_MS;
    if (r < 0) {
        if (may_pass(r))
            timer_set(&a->later, a->not_before_ms);
        return;
    }
    a->told_ready = a->told_ready || ready;
    a->told_stopping = a->told_stopping || stopping;
    memcpy(a->told_status, status, sizeof status);
}

/* What is not urgent waits, so that a storm of changes costs nothing. */
static void look(struct announce *a, bool patient)
{
    const struct supervisor *s = a->supervisor;
    bool stopping = supervisor_shutting_down(s);
    bool tell_ready = !a->told_ready && !stopping && supervisor_started(s);
    bool tell_stopping = !a->told_stopping && stopping;
    int64_t now_ms = clock_now().mono_ms;

    if (patient && now_ms < a->not_before_ms && !tell_ready && !tell_stopping)
        timer_set(&a->later, a->not_before_ms);
    else
        tell(a, tell_ready, tell_stopping, now_ms);
}

static void on_change(struct listener *l, uint32_t index)
{
    (void)index;
    look(l->owner, true);
}

static void on_later(struct timer *t)
{
    look(t->owner, false);
}

static void on_keep_alive(struct timer *t)
{
    struct announce *a = t->owner;

    (void)send_text(a, "WATCHDOG=1");
    timer_set(t, clock_now().mono_ms + a->keep_alive_ms);
}

/* ---- the environment ---- */

/* A number and nothing else; 0 when it is none. */
static uint64_t number_in(const char *variable)
{
    const char *text = getenv(variable);
    unsigned long long n;
    char *end;

    if (!text || *text < '0' || *text > '9')
        return 0;
    errno = 0;
    n = strtoull(text, &end, 10);
    return *end || errno ? 0 : n;
}

/* Half of the time after which we would be taken for dead; 0: nobody waits for that. */
static int64_t keep_alive_ms(void)
{
    uint64_t usec = number_in("WATCHDOG_USEC");
    uint64_t ms = usec / 2000;

    if (usec == 0 || (getenv("WATCHDOG_PID") && number_in("WATCHDOG_PID") != (uint64_t)getpid()))
        return 0;
    if (ms > KEEP_ALIVE_MAX_MS)
        return KEEP_ALIVE_MAX_MS;
    return ms ? (int64_t)ms : 1;
}

static void open_client(struct announce *a)
{
    const char *name = getenv("NOTIFY_SOCKET");
    int r;

    a->client.fd = -1;
    if (!name || !*name)
        return;
    r = notify_client_open(&a->client, name);
    if (r < 0)
        log_warning("NOTIFY_SOCKET=%s: %s", name, strerror(-r));
}

void announce_begin(struct announce *a, struct loop *loop)
{
    memset(a, 0, sizeof *a);
    timer_init(&a->later, loop, on_later, a);
    timer_init(&a->keep_alive, loop, on_keep_alive, a);
    a->listener = (struct listener){.fn = on_change, .owner = a};
    open_client(a);
    if (a->client.fd >= 0)
        a->keep_alive_ms = keep_alive_ms();
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
    if (a->keep_alive_ms)
        on_keep_alive(&a->keep_alive);
}

void announce_units(struct announce *a, struct supervisor *s)
{
    if (a->client.fd < 0)
        return;
    a->supervisor = s;
    supervisor_listen(s, &a->listener);
    look(a, true);
}

void announce_end(struct announce *a)
{
    if (a->supervisor)
        supervisor_unlisten(&a->listener);
    a->supervisor = NULL;
    timer_stop(&a->later);
    timer_stop(&a->keep_alive);
    notify_client_close(&a->client);
}
