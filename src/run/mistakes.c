#include "run/mistakes.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "os/cgroup_walk.h"
#include "os/clock.h"
#include "os/descriptors.h"
#include "os/memfd.h"
#include "os/procinfo.h"
#include "os/proctree.h"
#include "os/sys.h"
#include "run/live.h"
#include "run/notices.h"
#include "run/report.h"
#include "run/state.h"

enum { SEARCH_MS = 5000, SEARCH_EVERY_MS = 1000 };
enum { CHILDREN_MAX = 32, LEFTOVERS_MAX = 16 }; /* looked at in one go */
/* A wrapper that passes the signal on has done so by then. */
enum { FORWARDED_MS = 500 };
enum { FOUND, NOT_FOUND, UNABLE }; /* exit codes of a search */

/* ---- telling ---- */

static bool was_told(const struct live *l, enum mistake_kind kind, uint64_t run)
{
    const struct mistake *m = l->signs.last;

    return m && m->run == run && m->kind == kind;
}

static void tell(struct live *l, const struct mistake *m)
{
    if (!l->signs.last)
        l->signs.last = malloc(sizeof *l->signs.last);
    if (l->signs.last)
        *l->signs.last = *m;
    report_mistake(l->supervisor, &l->unit, m);
    notice_mistake(l->supervisor, &l->unit, m);
}

void mistakes_forget(struct live *l)
{
    free(l->signs.last);
    l->signs.last = NULL;
}

/* While it is tried again the reason is still that of the tries before. */
const struct mistake *mistakes_of(const struct live *l)
{
    const struct mistake *m = l->signs.last;

    return m && (m->run == l->unit.run || !l->unit.ready) ? m : NULL;
}

/* ---- searches, one at a time ---- */

static void begin_next(struct supervisor *s);

static bool take_result(struct mistakes *k, struct mistake *ret)
{
    size_t bytes;
    void *map;

    if (memfd_map(k->memfd, &map, &bytes) < 0)
        return false;
    if (bytes == sizeof *ret)
        *ret = *(const struct mistake *)map;
    munmap(map, bytes);
    return bytes == sizeof *ret;
}

static void on_done(struct errand *e, const struct exit_status *status)
{
    struct supervisor *s = e->owner;
    struct mistakes *k = &s->mistakes;
    struct live *l = &s->lives[k->now.unit];
    struct mistake m;

    k->searching = false;
    if (!status)
        log_debug("%s: the search took too long", l->unit.spec->name);
    if (status && !status->signal && status->exit_code == FOUND && take_result(k, &m) &&
        !was_told(l, m.kind, m.run)) {
        tell(l, &m);
        supervisor_tell(s, l->unit.index);
    }
    sys_close(&k->memfd);
    begin_next(s);
}

/* In the child. */
static int search(void *arg)
{
    struct supervisor *s = arg;
    struct mistakes *k = &s->mistakes;
    struct mistake m = {.kind = MISTAKE_NONE};

    /* Neither clients nor units must find what is theirs held open by it. */
    descriptors_close_but(&k->memfd, 1);
    if (!mistake_search(s, &k->now, &m))
        return NOT_FOUND;
    if (sys_write_all(k->memfd, &m, sizeof m) < 0 || memfd_seal(k->memfd) < 0)
        return UNABLE;
    return FOUND;
}

static void begin(struct supervisor *s)
{
    struct mistakes *k = &s->mistakes;
    int r;

    k->now = k->waiting[k->first];
    k->first = (k->first + 1) % SEARCHES_MAX;
    k->n--;
    k->not_before_ms = clock_now().mono_ms + SEARCH_EVERY_MS;
    k->memfd = memfd_make("reeve-search");
    r = k->memfd < 0
            ? k->memfd
            : errand_start(&k->errand, s->procs, s->loop, search, s, SEARCH_MS, on_done, s);
    k->searching = r == 0;
    log_debug("%s: searching for the cause of what run %llu did", s->set->units[k->now.unit].name,
              (unsigned long long)k->now.run);
    if (r < 0)
        sys_close(&k->memfd);
}

static void begin_next(struct supervisor *s)
{
    struct mistakes *k = &s->mistakes;

    if (s->shutdown.begun)
        k->n = 0;
    if (k->searching || !k->n)
        return;
    if (clock_now().mono_ms >= k->not_before_ms)
        begin(s);
    if (k->n && !k->searching)
        timer_set(&k->timer, k->not_before_ms);
}

static void on_time(struct timer *t)
{
    begin_next(t->owner);
}

static void search_for(struct live *l, enum search_for what, uint64_t run, int64_t lived_ms)
{
    struct supervisor *s = l->supervisor;
    struct mistakes *k = &s->mistakes;

    if (k->n == SEARCHES_MAX || s->shutdown.begun)
        return;
    k->waiting[(k->first + k->n++) % SEARCHES_MAX] = (struct mistake_case){
        .what = what,
        .unit = l->unit.index,
        .run = run,
        .spawned_ticks = l->signs.spawned_ticks,
        .ended_ticks = l->signs.spawned_ticks + proc_ms_ticks(lived_ms) + 1,
        .reeved = getpid(),
    };
    begin_next(s);
}

/* ---- the command daemonized itself ---- */

/* Who reads from a pipe ends with its input, as a filter of the output does: it is no daemon. That
 * it reads from one is not seen any more when it is about to end. */
static void take_leftover(pid_t pid, void *arg)
{
    pid_t *left = arg;

    if (!*left && pid > 0 && !proc_reads_pipe(pid) && !proc_is_ending(pid))
        *left = pid;
}

/* 0: none. */
static pid_t find_leftover(const struct live *l)
{
    const struct tree *t = &l->tree;
    pid_t left = 0;
    struct cgroup_walk *walk;

    if (t->cgroup_fd < 0) {
        list_for_each (it, &t->members) {
            take_leftover(container_of(it, struct member, link)->pid, &left);
        }
    } else if (cgroup_walk_begin(&walk, t->cgroup_fd) == 0) {
        (void)cgroup_walk_step(walk, LEFTOVERS_MAX, take_leftover, &left);
        cgroup_walk_end(walk);
    }
    return left;
}

static void look_at_leftovers(struct live *l)
{
    const struct unit *u = &l->unit;
    struct mistake m = {.kind = MISTAKE_DAEMONIZED, .run = u->run};

    if (u->current.attempt > MISTAKE_TRIES || l->tree.takeover.done ||
        !mistake_daemonized(u->spec, &u->current, u->ended_ms - u->spawned_ms))
        return;
    m.pid = find_leftover(l);
    if (!m.pid)
        return;
    proc_name_read(m.pid, m.program);
    tell(l, &m);
}

/* ---- a wrapper swallowed the stop signal ---- */

struct brood {
    const struct live *l;
    enum wrapper wrapper;
    bool handles;
    struct mistake *found;
};

static bool visit_child(const struct proc_stat *p, void *arg)
{
    struct brood *b = arg;
    const struct live *l = b->l;
    struct mistake_child child = {.older = p->start_ticks <= l->signs.signalled_ticks,
                                  .in_group = p->pgrp == l->tree.main.pid};
    struct proc_signals signals;

    if (b->found->pid || p->ended || proc_signals_read(p->pid, &signals) < 0)
        return false;
    child.pending = signals.pending;
    child.blocked = signals.blocked;
    child.ignored = signals.ignored;
    child.caught = signals.caught;
    if (mistake_swallowed(l->unit.spec, b->wrapper, b->handles, &child)) {
        b->found->pid = p->pid;
        proc_name_read(p->pid, b->found->program);
    }
    return false;
}

static void look_at_children(struct live *l)
{
    pid_t main = l->tree.main.pid;
    struct mistake m = {.kind = MISTAKE_SWALLOWED, .run = l->unit.run};
    struct brood b = {.l = l, .found = &m};
    struct proc_signals signals;
    struct tree_walk walk;
    char file[64];

    if (!tree_main_alive(&l->tree) || l->tree.takeover.done || !l->signs.signalled_ticks ||
        proc_ticks_ms(proc_ticks_now() - l->signs.signalled_ticks) < FORWARDED_MS ||
        was_told(l, m.kind, m.run))
        return;
    proc_name_read(main, m.wrapper);
    proc_file_read(main, file, sizeof file);
    b.wrapper = mistake_wrapper(file, m.wrapper);
    if (b.wrapper == WRAPPER_NONE || proc_signals_read(main, &signals) < 0)
        return;
    b.handles = (signals.caught | signals.ignored) >> (l->unit.spec->stop_signal - 1) & 1;
    tree_walk_init(&walk);
    tree_walk_add_children(&walk, main);
    (void)tree_walk_step(&walk, CHILDREN_MAX, NULL, visit_child, &b);
    tree_walk_finish(&walk);
    if (m.pid)
        tell(l, &m);
}

/* ---- what can only be found by a search ---- */

static bool may_search(const struct live *l, uint64_t run, uint32_t attempt)
{
    return run == l->signs.run && attempt <= MISTAKE_TRIES;
}

/* A run is over. The next one may have begun, but not its main process. */
static void look_at_end(struct live *l)
{
    const struct unit_spec *spec = l->unit.spec;
    const struct exit_record *r = unit_last_record(&l->unit);
    struct wanted_port ports[MISTAKE_PORTS_MAX];
    int64_t lived_ms;

    if (!r || !may_search(l, r->run, r->attempt))
        return;
    lived_ms = r->duration_ms - l->signs.before_ms;
    /* In a cgroup nothing is left by now, and what there was has been seen. */
    if (mistake_daemonized(spec, r, lived_ms) && l->tree.cgroup_fd < 0 && !l->tree.takeover.done &&
        !was_told(l, MISTAKE_DAEMONIZED, r->run))
        search_for(l, SEARCH_LEFT, r->run, lived_ms);
    if (mistake_may_lack_port(spec, r, lived_ms) && !was_told(l, MISTAKE_PORT_TAKEN, r->run) &&
        mistake_ports(spec, ports))
        search_for(l, SEARCH_PORT, r->run, lived_ms);
}

/* Ready by a connection: somebody accepted it. */
static void look_who_answered(struct live *l)
{
    const struct unit *u = &l->unit;

    if (u->spec->kind == UNIT_SERVICE && u->spec->ready == READY_PROBED &&
        u->spec->ready_probe.kind == PROBE_TCP && may_search(l, u->run, u->current.attempt))
        search_for(l, SEARCH_ANSWERED, u->run, clock_now().mono_ms - u->spawned_ms);
}

static void begin_run(struct live *l)
{
    const struct unit *u = &l->unit;

    if (u->attempt <= 1)
        mistakes_forget(l);
    l->signs.run = u->run;
    l->signs.spawned_ticks = proc_ticks_now();
    l->signs.before_ms = u->spawned_ms - u->started_ms;
    l->signs.signalled_ticks = 0;
}

void mistakes_see(struct live *l, const struct action *a)
{
    switch (a->type) {
    case ACT_SPAWN:
        begin_run(l);
        break;
    case ACT_SIGNAL:
        if (!l->signs.signalled_ticks)
            l->signs.signalled_ticks = proc_ticks_now();
        break;
    case ACT_SURVIVORS:
        look_at_leftovers(l);
        break;
    case ACT_KILL:
        look_at_children(l);
        break;
    case ACT_RECORDED:
        look_at_end(l);
        break;
    case ACT_CHANGED:
        if (a->from == PHASE_PROBING && a->to == PHASE_RUNNING)
            look_who_answered(l);
        break;
    default:
        break;
    }
}

/* ---- beginning and end ---- */

void mistakes_init(struct supervisor *s)
{
    s->mistakes = (struct mistakes){.memfd = -1};
    timer_init(&s->mistakes.timer, s->loop, on_time, s);
}

void mistakes_finish(struct supervisor *s)
{
    struct mistakes *k = &s->mistakes;

    timer_stop(&k->timer);
    if (k->searching)
        errand_end(&k->errand);
    k->searching = false;
    sys_close(&k->memfd);
}
