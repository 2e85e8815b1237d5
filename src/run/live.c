#include "run/live.h"

#include <string.h>

#include "os/clock.h"
#include "os/spawn.h"
#include "os/sys.h"
#include "run/notices.h"
#include "run/report.h"
#include "run/state.h"
#include "run/surroundings.h"

static void post(struct live *l, struct event *ev)
{
    ev->unit = l->unit.index;
    ev->run = l->unit.run;
    supervisor_post(l->supervisor, ev);
}

static void forget_exec(struct live *l)
{
    watch_stop(&l->exec);
    sys_close(&l->exec_fd);
}

static void drain_exec(struct live *l)
{
    struct event ev = {.type = EV_EXECED};

    if (l->exec_fd < 0)
        return;
    switch (spawn_exec_news(l->exec_fd, &l->about_to_exec, &ev.u.error.stage, &ev.u.error.errnum)) {
    case EXEC_PENDING:
        return;
    case EXEC_DONE:
        break;
    case EXEC_FAILED:
        ev.type = EV_EXEC_ERROR;
        break;
    case EXEC_DIED:
        forget_exec(l); /* its exit tells the rest */
        return;
    }
    forget_exec(l);
    post(l, &ev);
}

static void on_exec(struct watch *w, int events)
{
    (void)events;
    drain_exec(w->owner);
}

static void on_deadline(struct timer *t)
{
    struct live *l = t->owner;
    struct event ev = {.type = EV_DEADLINE};

    /* Had there been no memory to watch the exec pipe, it is looked at now at the latest. */
    drain_exec(l);
    looks_catch_up(l->looks);
    post(l, &ev);
}

/* ---- its tree ---- */

static void post_of_tree(struct tree *t, struct event *ev)
{
    struct live *l = container_of(t, struct live, tree);

    ev->unit = l->unit.index;
    supervisor_post(l->supervisor, ev);
}

/* A child is often dead before its pipe was read, or what it sent. */
static void drain_of_tree(struct tree *t)
{
    struct live *l = container_of(t, struct live, tree);

    drain_exec(l);
    hearing_catch_up(l->supervisor, l->unit.index);
}

static const struct tree_calls tree_calls = {.post = post_of_tree, .drain = drain_of_tree};

/* ---- actions ---- */

static void spawn(struct live *l)
{
    struct supervisor *s = l->supervisor;
    const struct unit_spec *spec = l->unit.spec;
    struct spawn_request request = {
        .argv = spec->argv,
        .slot = slots_get(&s->slots, l->unit.index),
        .run = l->unit.run,
        .stdin_path = spec->stdin_path,
    };
    struct spawned spawned = {.exec_fd = -1};
    struct event ev = {.type = EV_SPAWN_ERROR};
    int r;

    surroundings_fill(&request, spec, s->have_nofile ? &s->nofile : NULL);
    request.cgroup_fd = tree_begin(&l->tree, l->unit.run);
    ev.u.error.stage = STAGE_PREPARE;
    r = looks_prepare(l->looks, &request);
    if (r == 0)
        r = spawn_process(&request, &spawned, &ev.u.error.stage);
    looks_spawned(l->looks);
    if (r < 0) {
        ev.u.error.errnum = -r;
        post(l, &ev);
        return;
    }
    tree_spawned(&l->tree, spawned.pid, spawned.in_cgroup);
    l->exec_fd = spawned.exec_fd;
    l->about_to_exec = false;
    (void)watch_set(&l->exec, l->exec_fd, LOOP_READ);
    ev.type = EV_SPAWNED;
    ev.u.spawned.pid = spawned.pid;
    ev.u.spawned.cgroup = spawned.in_cgroup;
    post(l, &ev);
}

/* Lets go of a run that could not be ended: its slot goes on naming it for the next reeved. */
static void abandon(struct live *l)
{
    forget_exec(l);
    tree_release(&l->tree);
}

static void release(struct live *l)
{
    struct run_slot *slot = slots_get(&l->supervisor->slots, l->unit.index);

    abandon(l);
    if (slot)
        slots_clear(slot);
}

/* Returns whether it is something to tell. */
static bool perform(struct live *l, const struct action *a)
{
    mistakes_see(l, a);
    switch (a->type) {
    case ACT_SPAWN:
        spawn(l);
        return false;
    case ACT_SIGNAL:
        tree_signal(&l->tree);
        return false;
    case ACT_SURVIVORS:
        tree_signal_survivors(&l->tree);
        return false;
    case ACT_KILL:
        tree_kill(&l->tree);
        return false;
    case ACT_RELEASE:
        release(l);
        return false;
    case ACT_CHANGED:
        report_changed(l->supervisor, &l->unit, a->from, a->to);
        notice_changed(l->supervisor, &l->unit, a->from, a->to);
        return true;
    case ACT_RECORDED:
        report_record(l->supervisor, &l->unit);
        notice_record(l->supervisor, &l->unit);
        return true;
    case ACT_UNKILLABLE:
        report_unkillable(&l->unit);
        notice_unkillable(l->supervisor, &l->unit);
        return true;
    case ACT_LOOK:
        looks_begin(l->looks);
        return false;
    case ACT_LOOK_AWAY:
        looks_away(l->looks);
        return false;
    case ACT_HEALTH:
        report_health(&l->unit);
        notice_health(l->supervisor, &l->unit);
        return true;
    case ACT_HOOK:
        hooks_run(l->hooks);
        return true; /* which one is at work */
    case ACT_HOOK_STOP:
        hooks_stop(l->hooks);
        return false;
    case ACT_HOOK_AWAY:
        hooks_away(l);
        return true;
    case ACT_HOOK_FAILED:
        report_hook(&l->unit, a);
        notice_hook(l->supervisor, &l->unit, a);
        return true;
    case ACT_RELOAD:
        hooks_reload(l);
        return false;
    case ACT_RELOADED:
        report_reloaded(&l->unit, a->reloaded);
        return true;
    case ACT_COUNT:
        break;
    }
    return false;
}

/* The unit may have changed, and those that its failure starts may be wanted now. */
static void look_for_end(struct live *l)
{
    struct supervisor *s = l->supervisor;
    const struct unit_spec *spec = l->unit.spec;

    ends_look(&s->ends, &l->unit);
    for (uint32_t i = 0; l->unit.phase == PHASE_FAILED && i < spec->n_on_failed_start; i++)
        ends_look(&s->ends, &s->lives[spec->on_failed_start[i]].unit);
}

/* When its time is up, or it is not held any more: the sooner of them. */
static int64_t next_ms(const struct unit *u)
{
    if (!u->deadline_ms || !u->held_until_ms)
        return u->deadline_ms ? u->deadline_ms : u->held_until_ms;
    return u->deadline_ms < u->held_until_ms ? u->deadline_ms : u->held_until_ms;
}

bool live_step(struct live *l, const struct event *ev)
{
    struct supervisor *s = l->supervisor;
    struct actions actions;
    bool tell = false;

    /* Another one was killed meanwhile: when that is gone is told as well. */
    if (ev->type == EV_HOOK_GONE && hooks_linger(l->hooks))
        return false;
    /* A linear congruence is random enough to spread restarts. */
    s->random = s->random * 1664525u + 1013904223u;
    unit_step(&l->unit, ev, clock_now(), s->random, &actions);
    for (unsigned i = 0; i < actions.n; i++)
        tell = perform(l, &actions.items[i]) || tell;
    timer_set(&l->deadline, next_ms(&l->unit));
    looks_mirror(l->looks);
    hooks_mirror(l->hooks);
    order_changed(&s->order, l->unit.index);
    look_for_end(l);
    return tell;
}

int live_init(struct live *l, struct supervisor *s, const struct unit_spec *spec, uint32_t index)
{
    int r;

    memset(l, 0, sizeof *l);
    l->supervisor = s;
    l->exec_fd = -1;
    timer_init(&l->deadline, s->loop, on_deadline, l);
    watch_init(&l->exec, s->loop, on_exec, l);
    tree_init(&l->tree, &s->tracker, spec, "", &tree_calls);
    r = unit_init(&l->unit, spec, index);
    if (r < 0)
        return r;
    r = looks_create(&l->looks, l);
    if (r == 0)
        r = hooks_create(&l->hooks, l);
    if (r < 0) {
        looks_destroy(l->looks);
        unit_finish(&l->unit);
    }
    return r;
}

void live_finish(struct live *l)
{
    timer_stop(&l->deadline);
    looks_destroy(l->looks);
    hooks_destroy(l->hooks);
    mistakes_forget(l);
    if (unit_has_run(&l->unit))
        abandon(l);
    unit_finish(&l->unit);
}
