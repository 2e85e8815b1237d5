/*
 * What run/ and the kernel do to the processes of a run. Answers are posted in the order in which
 * things became known, as the daemon does: an exec result before the exit, SIGNALLED and KILLED
 * when the signal was sent.
 */
#include <errno.h>
#include <string.h>

#include "sim.h"

bool life_main_alive(const struct life *l)
{
    return l->main_there && !l->main_dead;
}

bool life_exists(const struct life *l)
{
    return l->main_there || l->others > 0 || l->empty_told;
}

static struct event event_of(uint32_t unit, uint64_t run, enum event_type type)
{
    struct event ev = {.type = type, .unit = unit, .run = run};

    return ev;
}

/* ---- spawning ---- */

static int64_t random_lifetime(struct prng *p, const struct unit_spec *spec)
{
    switch (prng_below(p, 7)) {
    case 0:
        return 0;
    case 1:
        return prng_ms(p, 0, 20);
    case 2:
        return prng_ms(p, 0, 20000);
    case 3: /* around the end of the backoff's memory */
        return spec->restart_reset_ms + prng_ms(p, 0, 2) - 1;
    case 4:
        return spec->timeout_ms + prng_ms(p, 0, 2) - 1;
    default:
        return prng_ms(p, 0, 3600000);
    }
}

/* An end in one number: the exit code, or 256 + signal, and 1024 for a core dump. */
static int64_t random_end(struct prng *p)
{
    const int signals[] = {15, 9, 11, 6, 1, 2, 64};
    const int codes[] = {0, 0, 0, 1, 2, 127, 255};

    if (prng_percent(p, 25))
        return 256 + signals[prng_below(p, 7)] + (prng_percent(p, 30) ? 1024 : 0);
    return prng_percent(p, 70) ? codes[prng_below(p, 7)] : (int64_t)prng_below(p, 256);
}

static void random_behaviour(struct prng *p, struct life *l)
{
    if (l->calm) {
        l->term_delay_ms = prng_percent(p, 50) ? 0 : prng_ms(p, 0, 200);
        return;
    }
    l->exec_fails = prng_percent(p, 8);
    l->main_ignores_term = prng_percent(p, 20);
    l->others_ignore_term = prng_percent(p, 40);
    l->exits_despite_kill = prng_percent(p, 5);
    l->term_delay_ms = prng_percent(p, 50) ? 0 : prng_ms(p, 0, 8000);
    if (prng_percent(p, 8))
        l->resist_ms = prng_ms(p, 1, 8000);
    if (prng_percent(p, 35))
        l->others = 1 + (uint32_t)prng_below(p, 4);
}

static void spawn(struct world *w, uint32_t unit)
{
    struct sim_unit *su = &w->units[unit];
    struct prng *p = &w->prng;
    struct life *l = &su->life;
    uint64_t run = su->core.run;
    struct event ev = event_of(unit, run, EV_SPAWNED);
    int64_t exec_ms = prng_percent(p, 60) ? 0 : prng_ms(p, 0, 20);

    if (life_exists(l))
        sim_fail(w, unit, "a new run while processes of the last one exist");
    memset(l, 0, sizeof *l);
    l->run = run;
    l->calm = prng_percent(p, w->calm_percent);
    if (!l->calm && prng_percent(p, 6)) {
        ev.type = EV_SPAWN_ERROR;
        ev.u.error.stage = prng_percent(p, 50) ? STAGE_CLONE : STAGE_PREPARE;
        ev.u.error.errnum = EAGAIN;
        world_post(w, &ev);
        return;
    }
    l->main_there = true;
    random_behaviour(p, l);
    ev.u.spawned.pid = (pid_t)(2 + prng_below(p, 4000000));
    ev.u.spawned.cgroup = prng_percent(p, 50);
    world_post(w, &ev);
    if (!l->calm && prng_percent(p, 4)) /* exec on a mount that hangs */
        exec_ms += prng_ms(p, 1, 60000);
    world_schedule(w, exec_ms, ITEM_EXEC, unit, run, 0);
    if (l->calm)
        return;
    if (prng_percent(p, 3)) /* killed by somebody before it could execute */
        world_schedule(w, 0, ITEM_MAIN_DIES, unit, run, 256 + 9);
    if (prng_percent(p, 20))
        world_schedule(w, prng_ms(p, 0, 5000), ITEM_FORK, unit, run, 0);
}

static void on_exec(struct world *w, const struct item *item)
{
    struct sim_unit *su = &w->units[item->unit];
    struct prng *p = &w->prng;
    struct life *l = &su->life;
    int64_t read_ms = prng_percent(p, 70) ? 0 : prng_ms(p, 0, 3);

    if (!life_main_alive(l) || l->killed)
        return;
    l->exec = l->exec_fails ? EXEC_FAILED_UNREAD : EXEC_DONE_UNREAD;
    world_schedule(w, read_ms, ITEM_EXEC_READ, item->unit, item->run, 0);
    if (l->exec_fails) {
        world_schedule(w, prng_percent(p, 90) ? 0 : prng_ms(p, 0, 40000), ITEM_MAIN_DIES,
                       item->unit, item->run, 127);
        return;
    }
    looks_execed(w, item->unit);
    if (l->calm) {
        if (su->spec.kind == UNIT_JOB)
            world_schedule(w, prng_ms(p, 0, 500), ITEM_MAIN_DIES, item->unit, item->run, 0);
        else if (prng_percent(p, 30))
            world_schedule(w, prng_ms(p, 0, 40 * w->gap_ms), ITEM_MAIN_DIES, item->unit, item->run,
                           random_end(p));
        return;
    }
    if (prng_percent(p, 80)) {
        int64_t lifetime_ms = random_lifetime(p, &su->spec);

        world_schedule(w, lifetime_ms < 0 ? 0 : lifetime_ms, ITEM_MAIN_DIES, item->unit, item->run,
                       random_end(p));
    }
}

static void read_exec_pipe(struct world *w, uint32_t unit)
{
    struct life *l = &w->units[unit].life;
    struct event ev = event_of(unit, l->run, EV_EXECED);

    if (l->exec != EXEC_DONE_UNREAD && l->exec != EXEC_FAILED_UNREAD)
        return;
    if (l->exec == EXEC_FAILED_UNREAD) {
        ev.type = EV_EXEC_ERROR;
        ev.u.error.stage = prng_percent(&w->prng, 50) ? STAGE_EXEC : STAGE_CHDIR;
        ev.u.error.errnum = prng_percent(&w->prng, 50) ? ENOENT : EACCES;
    }
    l->exec = EXEC_READ;
    world_post(w, &ev);
}

/* ---- ends ---- */

static void tell_tree_empty(struct world *w, uint32_t unit)
{
    struct life *l = &w->units[unit].life;

    l->empty_told = true;
    world_schedule(w, prng_percent(&w->prng, 70) ? 0 : prng_ms(&w->prng, 0, 3), ITEM_TREE_EMPTY,
                   unit, l->run, 0);
}

static void on_main_dies(struct world *w, const struct item *item)
{
    struct life *l = &w->units[item->unit].life;
    struct prng *p = &w->prng;

    if (!life_main_alive(l))
        return;
    l->main_dead = true;
    l->status.lost = prng_percent(p, 5);
    l->status.exit_code = item->arg >= 256 ? -1 : (int)item->arg;
    l->status.signal = item->arg >= 256 ? (int)(item->arg & 255) : 0;
    l->status.core_dumped = item->arg >= 1024;
    l->status.cpu_user_ms = prng_ms(p, 0, 1000);
    l->status.cpu_system_ms = prng_ms(p, 0, 1000);
    l->status.max_rss_bytes = prng_ms(p, 0, 1 << 30);
    l->status.oom_kill = (int8_t)(prng_ms(p, 0, 2) - 1);
    if (l->others && prng_percent(p, 30)) { /* they end with it */
        for (uint32_t i = 0; i < l->others; i++)
            world_schedule(w, prng_ms(p, 0, 50), ITEM_OTHER_DIES, item->unit, item->run, 0);
    }
    /* A cgroup may be seen empty while main is a zombie. */
    if (!l->others && prng_percent(p, 20))
        world_schedule(w, 0, ITEM_TREE_EMPTY, item->unit, item->run, 1);
    world_schedule(w, prng_percent(p, 60) ? 0 : prng_ms(p, 0, 5), ITEM_REAP, item->unit, item->run,
                   0);
}

static void on_reap(struct world *w, const struct item *item)
{
    struct life *l = &w->units[item->unit].life;
    struct event ev = event_of(item->unit, l->run, EV_EXITED);

    if (!l->main_there)
        return;
    read_exec_pipe(w, item->unit);
    l->main_there = false;
    ev.u.exited.status = l->status;
    ev.u.exited.at = w->now;
    ev.u.exited.tree_empty = l->others == 0;
    world_post(w, &ev);
}

static void on_other_dies(struct world *w, const struct item *item)
{
    struct life *l = &w->units[item->unit].life;

    if (!l->others)
        return;
    l->others--;
    if (l->others_killed)
        l->others_killed--;
    if (l->others)
        return;
    if (!l->main_there)
        tell_tree_empty(w, item->unit);
    else if (l->main_dead && prng_percent(&w->prng, 50))
        world_schedule(w, 0, ITEM_TREE_EMPTY, item->unit, item->run, 1);
}

static void on_tree_empty(struct world *w, const struct item *item)
{
    struct life *l = &w->units[item->unit].life;
    struct event ev = event_of(item->unit, l->run, EV_TREE_EMPTY);

    if (l->others) /* it forked in time: not empty after all */
        return;
    if (item->arg && !l->main_there)
        return; /* the exit said so */
    world_post(w, &ev);
    if (prng_percent(&w->prng, 10))
        world_post(w, &ev);
    l->empty_told = false;
}

/* ---- signals ---- */

static void signal_main(struct world *w, uint32_t unit)
{
    struct life *l = &w->units[unit].life;
    struct event ev = event_of(unit, l->run, EV_SIGNALLED);
    struct prng *p = &w->prng;
    bool before_exec = l->exec == EXEC_AHEAD;

    if (!life_main_alive(l))
        return;
    l->term_hit_main = true;
    world_post(w, &ev);
    if (l->main_ignores_term && !before_exec)
        return;
    world_schedule(w, before_exec ? 0 : l->term_delay_ms, ITEM_MAIN_DIES, unit, l->run,
                   before_exec || prng_percent(p, 50) ? 256 + 15 : random_end(p));
}

static void signal_others(struct world *w, uint32_t unit)
{
    struct life *l = &w->units[unit].life;

    if (l->others_ignore_term)
        return;
    for (uint32_t i = 0; i < l->others; i++)
        world_schedule(w, prng_percent(&w->prng, 50) ? 0 : prng_ms(&w->prng, 0, 12000),
                       ITEM_OTHER_DIES, unit, l->run, 0);
}

static void kill_tree(struct world *w, uint32_t unit)
{
    struct life *l = &w->units[unit].life;
    struct event ev = event_of(unit, l->run, EV_KILLED);

    if (!l->killed)
        l->killed_ms = w->now.mono_ms;
    l->killed = true;
    ev.u.killed.main_alive = life_main_alive(l);
    ev.u.killed.leftovers = l->others - l->others_killed;
    if (life_main_alive(l)) {
        l->kill_hit_main = true;
        world_schedule(w, l->resist_ms, ITEM_MAIN_DIES, unit, l->run,
                       l->exits_despite_kill ? random_end(&w->prng) : 256 + 9);
    }
    for (; l->others_killed < l->others; l->others_killed++)
        world_schedule(w, l->resist_ms, ITEM_OTHER_DIES, unit, l->run, 0);
    world_post(w, &ev);
}

/* One of the others is main from now on: it lives and ends as main would have. */
static void take_main(struct world *w, uint32_t unit)
{
    struct event ev = event_of(unit, w->units[unit].life.run, EV_MAINPID);

    ev.u.main_pid = (pid_t)(2 + prng_below(&w->prng, 4000000));
    world_post(w, &ev);
}

/* More processes appear, before or after the tree was told to end. */
static void on_fork(struct world *w, const struct item *item)
{
    struct life *l = &w->units[item->unit].life;

    if (!life_main_alive(l) && !l->others)
        return;
    if (l->others < 6)
        l->others++;
    if (l->killed)
        kill_tree(w, item->unit);
    if (life_main_alive(l) && prng_percent(&w->prng, 40))
        take_main(w, item->unit);
    if (prng_percent(&w->prng, 50))
        world_schedule(w, prng_ms(&w->prng, 0, 3000), ITEM_FORK, item->unit, item->run, 0);
}

void executor_happen(struct world *w, const struct item *item)
{
    if (item->run != w->units[item->unit].life.run)
        return;
    switch ((unsigned)item->kind) {
    case ITEM_EXEC:
        on_exec(w, item);
        break;
    case ITEM_EXEC_READ:
        read_exec_pipe(w, item->unit);
        break;
    case ITEM_READY:
    case ITEM_LOOKED:
    case ITEM_FEED:
    case ITEM_TELL:
        looks_happen(w, item);
        break;
    case ITEM_MAIN_DIES:
        on_main_dies(w, item);
        break;
    case ITEM_REAP:
        on_reap(w, item);
        break;
    case ITEM_OTHER_DIES:
        on_other_dies(w, item);
        break;
    case ITEM_TREE_EMPTY:
        on_tree_empty(w, item);
        break;
    case ITEM_FORK:
        on_fork(w, item);
        break;
    default:
        break;
    }
}

bool run_begins(const struct sim_unit *su, const struct action *a)
{
    if (a->type == ACT_CHANGED)
        return a->to == PHASE_PRE_START;
    return a->type == ACT_SPAWN && !su->spec.hooks[HOOK_PRE_START].n;
}

void executor_perform(struct world *w, uint32_t unit, const struct actions *acts)
{
    struct sim_unit *su = &w->units[unit];

    for (unsigned i = 0; i < acts->n; i++) {
        if (run_begins(su, &acts->items[i])) {
            su->released = false;
            errands_run_begins(w, unit);
        }
        switch ((unsigned)acts->items[i].type) {
        case ACT_SPAWN:
            spawn(w, unit);
            break;
        case ACT_SIGNAL:
            signal_main(w, unit);
            if (su->spec.kill_mode != KILL_MAIN)
                signal_others(w, unit);
            break;
        case ACT_SURVIVORS:
            signal_others(w, unit);
            break;
        case ACT_KILL:
            kill_tree(w, unit);
            if (prng_percent(&w->prng, 20))
                world_schedule(w, prng_ms(&w->prng, 0, 4000), ITEM_FORK, unit, su->life.run, 0);
            break;
        case ACT_RELEASE:
            if (life_exists(&su->life) || errand_exists(&su->errand))
                sim_fail(w, unit, "released while processes of the run exist");
            su->released = true;
            break;
        case ACT_LOOK:
        case ACT_LOOK_AWAY:
            looks_perform(w, unit, acts->items[i].type);
            break;
        case ACT_HOOK:
        case ACT_HOOK_STOP:
        case ACT_HOOK_AWAY:
        case ACT_RELOAD:
            errands_perform(w, unit, acts->items[i].type);
            break;
        default:
            break;
        }
    }
}
