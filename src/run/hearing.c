#include "run/hearing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/log.h"
#include "os/pidfd.h"
#include "os/proctree.h"
#include "os/sys.h"
#include "run/membership.h"
#include "run/notices.h"
#include "run/notify.h"
#include "run/state.h"

enum { USEC_PER_MSEC = 1000 };
/* Portions that hold what may wait in the socket: it has place for 512 messages where systemd has
 * set net.unix.max_dgram_qlen, else for fewer. */
enum { CATCH_UP_PORTIONS = 9 };

static bool hears(const struct unit_spec *spec)
{
    return spec->ready == READY_NOTIFY || spec->health.kind == PROBE_NOTIFY;
}

/* At least a millisecond: 0 means none. */
static int64_t in_msec(uint64_t usec)
{
    uint64_t ms = usec / USEC_PER_MSEC;

    if (usec && !ms)
        return 1;
    return ms > DURATION_MAX_MS ? DURATION_MAX_MS : (int64_t)ms;
}

static void post(struct live *l, struct event ev)
{
    ev.unit = l->unit.index;
    ev.run = l->unit.run;
    supervisor_post(l->supervisor, &ev);
}

/* What it says stays with the run, for whoever asks. */
static void keep(struct told *t, const struct notify_message *m)
{
    if (notify_has(m, NOTIFY_STATUS))
        memcpy(t->status, m->status, sizeof t->status);
    if (notify_has(m, NOTIFY_ERRNO))
        t->errnum = m->errnum;
    if (notify_has(m, NOTIFY_STOPPING))
        t->stopping = true;
    if (notify_has(m, NOTIFY_RELOADING))
        t->reloading = !notify_has(m, NOTIFY_READY);
    else if (notify_has(m, NOTIFY_READY))
        t->reloading = false;
}

/* ---- another main process ---- */

/* The pidfd is opened first: what is found out of the number after that is of this process. */
static int open_member(struct supervisor *s, uint32_t unit, pid_t pid)
{
    int pidfd = sys_pidfd_open(pid);
    int r = 0;

    if (pidfd < 0)
        return pidfd;
    if (pidfd_ended(pidfd))
        r = -ESRCH;
    else if (membership_find(s, pid, pidfd) != unit)
        r = -EPERM;
    if (r < 0)
        sys_close(&pidfd);
    return r < 0 ? r : pidfd;
}

/* For the next reeved, should this one be killed. */
static void name_in_slot(struct live *l, pid_t pid)
{
    struct run_slot *slot = slots_get(&l->supervisor->slots, l->unit.index);
    struct proc_stat p;

    if (slot && proc_stat_read(pid, &p) == 0)
        slots_name_main(slot, pid, p.start_ticks);
}

static void refuse_main(struct live *l, pid_t pid, int error)
{
    struct supervisor *s = l->supervisor;
    const char *why = strerror(-error);

    if (error == -ESRCH || error == -EINVAL || error == -ENOENT) /* the last two: a thread */
        why = "there is no such process any more";
    else if (error == -EPERM)
        why = "it is not one of the unit";
    else if (error == -ESTALE)
        why = "the main process has ended already";
    notify_complain(s->notify, "%s: MAINPID=%d of its notification refused: %s", l->unit.spec->name,
                    (int)pid, why);
    if (!l->looks->told.main_refused)
        notice_refused(s, &l->unit, "MAINPID");
    l->looks->told.main_refused = true;
}

static void take_main(struct live *l, pid_t pid)
{
    struct tree *t = &l->tree;
    int r;

    if (!t->main.pid || t->main.reaped) {
        refuse_main(l, pid, -ESTALE);
        return;
    }
    if (pid == t->main.pid)
        return;
    r = open_member(l->supervisor, l->unit.index, pid);
    if (r < 0) {
        refuse_main(l, pid, r);
        return;
    }
    tree_take_main(t, pid, r);
    name_in_slot(l, pid);
    log_info("%s: its main process is %d from now on", l->unit.spec->name, (int)pid);
    post(l, (struct event){.type = EV_MAINPID, .u.main_pid = pid});
}

static void told(void *owner, uint32_t unit, const struct notify_message *m, pid_t pid)
{
    struct supervisor *s = owner;
    struct live *l = &s->lives[unit];

    (void)pid;
    if (!l->looks || !hears(l->unit.spec))
        return;
    if (notify_has(m, NOTIFY_FDSTORE) && !l->looks->told.refused) {
        l->looks->told.refused = true; /* once a run */
        notice_refused(s, &l->unit, "FDSTORE");
    }
    if (notify_has(m, NOTIFY_MAINPID))
        take_main(l, m->main_pid);
    if (notify_has(m, NOTIFY_WATCHDOG_USEC))
        post(l, (struct event){.type = EV_WATCHDOG, .u.watchdog_ms = in_msec(m->watchdog_usec)});
    if (notify_has(m, NOTIFY_EXTEND_TIMEOUT_USEC))
        post(l, (struct event){.type = EV_EXTEND, .u.extend_ms = in_msec(m->extend_timeout_usec)});
    if (notify_has(m, NOTIFY_READY) && l->unit.spec->ready == READY_NOTIFY)
        post(l, (struct event){.type = EV_READY});
    if (notify_has(m, NOTIFY_WATCHDOG))
        post(l, (struct event){.type = EV_FED});
    if (notify_has(m, NOTIFY_WATCHDOG_TRIGGER))
        post(l, (struct event){.type = EV_FED, .u.fed = {.trigger = true}});
    keep(&l->looks->told, m);
    supervisor_tell(s, unit);
}

static uint32_t unit_of(void *owner, pid_t pid, int pidfd)
{
    return membership_find(owner, pid, pidfd);
}

static const char *unit_name(void *owner, uint32_t unit)
{
    struct supervisor *s = owner;

    return s->set->units[unit].name;
}

static const struct notify_receiver receiver = {
    .unit_of = unit_of,
    .unit_name = unit_name,
    .told = told,
};

static bool is_needed(const struct supervisor *s)
{
    for (uint32_t i = 0; i < s->n_lives; i++)
        if (hears(&s->set->units[i]))
            return true;
    return false;
}

int hearing_open(struct supervisor *s)
{
    int r;

    if (!is_needed(s))
        return 0;
    s->notify = calloc(1, sizeof *s->notify);
    if (!s->notify)
        return -ENOMEM;
    r = notify_open(s->notify, s->loop, s->set->daemon.runtime_dir, &receiver, s);
    if (r < 0) {
        log_error("the socket for notifications cannot be made: %s; units with ready = notify will "
                  "not become ready",
                  strerror(-r));
        free(s->notify);
        s->notify = NULL;
        return 0;
    }
    for (uint32_t i = 0; r == 0 && i < s->n_lives; i++)
        if (hears(&s->set->units[i]))
            r = looks_set_socket(s->lives[i].looks, notify_name(s->notify));
    return r;
}

void hearing_close(struct supervisor *s)
{
    if (!s->notify)
        return;
    notify_close(s->notify);
    free(s->notify);
    s->notify = NULL;
}

bool hearing_turn(struct supervisor *s)
{
    return s->notify && notify_turn(s->notify);
}

void hearing_catch_up(struct supervisor *s, uint32_t unit)
{
    if (!hears(s->lives[unit].unit.spec))
        return;
    for (int i = 0; i < CATCH_UP_PORTIONS && hearing_turn(s); i++)
        ;
}
