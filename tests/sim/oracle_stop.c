/* DESIGN §4, "Stop" and the shares of "Shutdown", read a second time: what a run is told, in which
 * order, and when time is up. */
#include "oracle.h"

void oracle_kill(struct oracle *o, struct moment now)
{
    oracle_hook_away(o, now);
    oracle_go(o, PHASE_KILLING, now.mono_ms + oracle_patience_ms(o));
    o->actions[ACT_KILL]++;
}

/* Main's share is what post_stop leaves of the whole. */
static void take_share(struct sim_unit *su, int64_t end_by_ms, struct moment now)
{
    struct oracle *o = &su->oracle;
    int64_t share_ms = end_by_ms - now.mono_ms;
    int64_t for_post_stop_ms = 0;

    if (!end_by_ms)
        return;
    if (su->spec.hooks[HOOK_POST_STOP].n && share_ms > 0)
        for_post_stop_ms = sooner(su->spec.hook_timeout_ms, share_ms / 4);
    o->end_by_ms = sooner_of(o->end_by_ms, end_by_ms);
    o->kill_by_ms = sooner_of(o->kill_by_ms, end_by_ms - for_post_stop_ms);
}

static void be_told(struct oracle *o, enum requested_by by, struct requester who)
{
    o->by = by;
    o->who = who;
    o->ready = false;
}

void oracle_tell_main(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    o->kill_from_ms = sooner_of(now.mono_ms + su->spec.stop_timeout_ms, o->kill_by_ms);
    if (o->kill_from_ms <= now.mono_ms) {
        oracle_kill(o, now);
    } else if (su->spec.hooks[HOOK_STOP].n && o->want.ready_after_ms >= 0) {
        oracle_go(o, PHASE_ASKED, o->kill_from_ms);
        oracle_hook(su, HOOK_STOP, o->kill_from_ms, now);
    } else {
        oracle_go(o, PHASE_STOPPING, o->kill_from_ms);
        o->actions[ACT_SIGNAL]++;
    }
}

/* Half of what main has may be spent before it is told. */
static int64_t half_way_ms(const struct oracle *o, struct moment now)
{
    return o->kill_by_ms ? now.mono_ms + (o->kill_by_ms - now.mono_ms) / 2 : INT64_MAX;
}

void oracle_begin_stop(struct sim_unit *su, enum requested_by by, struct requester who,
                       int64_t end_by_ms, struct moment now)
{
    struct oracle *o = &su->oracle;
    bool at_once;

    oracle_hook_away(o, now);
    o->reload_wanted = false;
    be_told(o, by, who);
    take_share(su, end_by_ms, now);
    at_once = o->kill_by_ms && o->kill_by_ms <= now.mono_ms;
    if (o->want.ready_after_ms < 0 || !su->spec.hooks[HOOK_PRE_STOP].n || at_once) {
        oracle_tell_main(su, now);
        return;
    }
    o->kill_from_ms = o->kill_by_ms ? o->kill_by_ms : INT64_MAX;
    oracle_go(o, PHASE_PRE_STOP, o->kill_by_ms);
    oracle_hook(su, HOOK_PRE_STOP, half_way_ms(o, now), now);
}

/* There is nobody to be told but the hook. */
static void interrupt(struct sim_unit *su, const struct event *ev, struct moment now)
{
    struct oracle *o = &su->oracle;

    be_told(o, ev->u.ask.by, ev->u.ask.requester);
    take_share(su, ev->u.ask.kill_by_ms, now);
    o->interrupted = true;
    o->want.stop_signal_wall_ms = now.wall_ms;
    o->hook_by_ms = sooner(o->hook_by_ms, now.mono_ms + su->spec.stop_timeout_ms);
    o->hook_by_ms = sooner_of(o->hook_by_ms, o->kill_by_ms);
    oracle_go(o, PHASE_HOOK_ENDING, 0);
    o->actions[ACT_HOOK_STOP]++;
}

void oracle_end_up(struct sim_unit *su, const struct event *ev, struct moment now)
{
    if (su->oracle.phase == PHASE_PRE_START)
        interrupt(su, ev, now);
    else
        oracle_begin_stop(su, ev->u.ask.by, ev->u.ask.requester, ev->u.ask.kill_by_ms, now);
}

/* ---- told once more ---- */

static void end_sooner(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    o->kill_from_ms = sooner(o->kill_from_ms, o->kill_by_ms ? o->kill_by_ms : INT64_MAX);
    o->deadline_lo_ms = o->deadline_hi_ms = o->kill_from_ms == INT64_MAX ? 0 : o->kill_from_ms;
    if (o->kill_from_ms <= now.mono_ms)
        oracle_kill(o, now);
    else if (o->hook == HOOK_PRE_STOP && o->phase == PHASE_PRE_STOP)
        o->hook_by_ms = sooner(o->hook_by_ms, half_way_ms(o, now));
    else if (o->hook != HOOK_NONE)
        o->hook_by_ms = sooner_of(o->hook_by_ms, o->kill_by_ms);
}

static void wait_less(struct oracle *o, int64_t patience_ms, struct moment now)
{
    if (!patience_ms)
        return;
    o->patience_ms = sooner_of(o->patience_ms, patience_ms);
    if (o->left)
        o->left_by_ms = sooner(o->left_by_ms, now.mono_ms + patience_ms);
    if (o->phase == PHASE_KILLING || (o->phase == PHASE_HOOK_ENDING && o->deadline_hi_ms))
        o->deadline_lo_ms = o->deadline_hi_ms =
            sooner(o->deadline_hi_ms, now.mono_ms + patience_ms);
}

void oracle_on_stop(struct sim_unit *su, const struct event *ev, struct moment now)
{
    struct oracle *o = &su->oracle;

    o->again = false;
    if (one_of(o->phase, NO_RUN)) {
        if (o->phase == PHASE_BACKOFF || !one_of(o->phase, DOWN))
            oracle_go(o, PHASE_STOPPED, 0);
        return;
    }
    o->told_down = true;
    if (one_of(o->phase, UP) || o->phase == PHASE_PRE_START) {
        o->patience_ms = ev->u.ask.patience_ms;
        oracle_end_up(su, ev, now);
        return;
    }
    wait_less(o, ev->u.ask.patience_ms, now);
    take_share(su, ev->u.ask.kill_by_ms, now);
    if (one_of(o->phase, ENDING))
        end_sooner(su, now);
    else if (o->phase == PHASE_POST_STOP)
        o->hook_by_ms = sooner_of(o->hook_by_ms, o->end_by_ms);
    else if (o->phase == PHASE_HOOK_ENDING && o->hook != HOOK_NONE)
        o->hook_by_ms = sooner_of(o->hook_by_ms, o->kill_by_ms);
}
