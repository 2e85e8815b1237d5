/* DESIGN §4, "Hooks" and "Hold", and the hook keys, read a second time: one command after the
 * other, what their ends lead to, and what goes on until a run is over. */
#include "oracle.h"

void oracle_hooks_begin(struct oracle *o)
{
    o->hook = HOOK_NONE;
    o->left = o->interrupted = o->tree_gone = o->hooks_over = o->reload_wanted = false;
    o->reload_result = (struct probe_result){.how = PROBE_GOOD};
}

/* It has its own time, or less: until end_by_ms (0: that is no matter). */
void oracle_hook(struct sim_unit *su, enum hook hook, int64_t end_by_ms, struct moment now)
{
    struct oracle *o = &su->oracle;
    int64_t own_ms = hook == HOOK_STOP ? su->spec.stop_timeout_ms : su->spec.hook_timeout_ms;

    o->hook = hook;
    o->hook_own_by_ms = now.mono_ms + own_ms;
    o->hook_at = 0;
    o->hook_by_ms = sooner_of(o->hook_own_by_ms, end_by_ms);
    o->actions[ACT_HOOK]++;
}

void oracle_hook_away(struct oracle *o, struct moment now)
{
    if (o->hook == HOOK_NONE)
        return;
    o->hook = HOOK_NONE;
    o->left = true;
    o->left_by_ms = now.mono_ms + oracle_patience_ms(o);
    o->actions[ACT_HOOK_AWAY]++;
}

/* ---- the end of a run ---- */

static void wait_for_hook(struct oracle *o, int64_t deadline_ms)
{
    if (o->phase != PHASE_HOOK_ENDING)
        oracle_go(o, PHASE_HOOK_ENDING, deadline_ms);
    o->deadline_lo_ms = o->deadline_hi_ms = deadline_ms;
}

/* There is no time for it. */
static void miss_post_stop(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    o->want.failed[HOOK_POST_STOP] = (struct hook_failure){
        .command = 1,
        .how = PROBE_LATE,
        .code = o->end_by_ms < now.mono_ms + su->spec.hook_timeout_ms,
    };
    o->actions[ACT_HOOK_FAILED]++;
}

void oracle_tree_over(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    o->tree_gone = true;
    if (o->hook != HOOK_NONE) {
        wait_for_hook(o, 0);
        return;
    }
    if (!o->main_ended)
        oracle_main_never_was(su, now);
    if (o->left) {
        if (o->phase != PHASE_UNKILLABLE)
            wait_for_hook(o, o->left_by_ms);
    } else if (su->spec.hooks[HOOK_POST_STOP].n && !o->hooks_over && o->end_by_ms &&
               o->end_by_ms <= now.mono_ms) {
        o->hooks_over = true;
        miss_post_stop(su, now);
        oracle_finish(su, now);
    } else if (su->spec.hooks[HOOK_POST_STOP].n && !o->hooks_over) {
        o->hooks_over = true;
        oracle_go(o, PHASE_POST_STOP, 0);
        oracle_hook(su, HOOK_POST_STOP, o->end_by_ms, now);
    } else {
        oracle_finish(su, now);
    }
}

/* ---- ends of commands ---- */

static void fail(struct oracle *o, uint32_t command, struct probe_result result)
{
    if (result.how == PROBE_LATE)
        result.code = o->hook_own_by_ms > o->hook_by_ms;
    o->want.failed[o->hook] = (struct hook_failure){.command = (uint8_t)(command + 1),
                                                    .how = (uint8_t)result.how,
                                                    .code = (int16_t)result.code};
    o->actions[ACT_HOOK_FAILED]++;
}

void oracle_hook_late(struct oracle *o, struct moment now)
{
    if (o->hook != HOOK_NONE && o->hook_by_ms <= now.mono_ms)
        fail(o, o->hook_at, (struct probe_result){.how = PROBE_LATE});
}

static bool is_all_or_nothing(enum hook hook)
{
    return hook == HOOK_PRE_START || hook == HOOK_STOP || hook == HOOK_RELOAD;
}

/* Whether the hook is over with this command; *ret_well: all of it went well. */
static bool is_last(struct sim_unit *su, struct probe_result result, bool *ret_well,
                    struct moment now)
{
    struct oracle *o = &su->oracle;
    bool is_late = now.mono_ms >= o->hook_by_ms;
    bool was_last = o->hook_at + 1 >= su->spec.hooks[o->hook].n;

    *ret_well = result.how == PROBE_GOOD;
    if (!*ret_well)
        fail(o, o->hook_at, result);
    else if (is_late && !was_last) { /* not even begun */
        fail(o, o->hook_at + 1, (struct probe_result){.how = PROBE_LATE});
        *ret_well = false;
    }
    if (was_last || is_late || (!*ret_well && is_all_or_nothing(o->hook)))
        return true;
    o->hook_at++;
    o->actions[ACT_HOOK]++;
    return false;
}

static void begin_reload(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    o->reload_wanted = false;
    o->reload_result = (struct probe_result){.how = PROBE_GOOD};
    oracle_hook(su, HOOK_RELOAD, 0, now);
    if (su->spec.reload_signal) {
        o->actions[ACT_HOOK]--;
        o->actions[ACT_RELOAD]++;
    }
}

/* Why the start has failed is what the command that failed says. */
static void pre_start_over(struct sim_unit *su, bool well, struct moment now)
{
    struct oracle *o = &su->oracle;
    struct hook_failure f = o->want.failed[HOOK_PRE_START];

    if (well) {
        oracle_spawn(su, now);
        return;
    }
    o->want.error_stage = STAGE_PRE_START;
    o->want.error_errno = f.how == PROBE_ERROR ? f.code : 0;
    oracle_tree_over(su, now);
}

static void stop_command_over(struct oracle *o, bool well)
{
    oracle_go(o, PHASE_STOPPING, o->kill_from_ms);
    if (!well)
        o->actions[ACT_SIGNAL]++;
}

static void reload_over(struct sim_unit *su, struct probe_result result, bool well)
{
    struct oracle *o = &su->oracle;

    if (!well && result.how == PROBE_GOOD)
        result = (struct probe_result){.how = PROBE_LATE};
    o->reload_result = result;
    o->actions[ACT_RELOADED]++;
    coverage_see(well ? SEEN_RELOADED : SEEN_RELOAD_FAILED);
}

static void hook_over(struct sim_unit *su, enum hook hook, struct probe_result result, bool well,
                      struct moment now)
{
    struct oracle *o = &su->oracle;

    o->hook = HOOK_NONE;
    if (hook == HOOK_PRE_START)
        pre_start_over(su, well, now);
    else if (hook == HOOK_PRE_STOP)
        oracle_tell_main(su, now);
    else if (hook == HOOK_STOP)
        stop_command_over(o, well);
    else if (hook == HOOK_POST_STOP)
        oracle_tree_over(su, now);
    else if (hook == HOOK_RELOAD)
        reload_over(su, result, well);
    if (o->phase == PHASE_RUNNING && o->reload_wanted) {
        coverage_see(SEEN_RELOADED_AGAIN);
        begin_reload(su, now);
    }
}

static void on_hooked(struct sim_unit *su, const struct event *ev, struct moment now)
{
    struct oracle *o = &su->oracle;
    struct probe_result result = ev->u.hooked.result;
    bool well;

    if (o->hook == HOOK_NONE || ev->u.hooked.hook != o->hook || ev->u.hooked.command != o->hook_at)
        return;
    if (o->hook != HOOK_RELOAD || !su->spec.reload_signal) { /* else there was no process */
        o->left = ev->u.hooked.left;
        o->left_by_ms = now.mono_ms;
    }
    if (one_of(o->phase, 1U << PHASE_DRAINING | 1U << PHASE_HOOK_ENDING)) {
        if (result.how != PROBE_GOOD && o->hook != HOOK_PRE_START)
            fail(o, o->hook_at, result);
        o->hook = HOOK_NONE;
        if (o->phase == PHASE_HOOK_ENDING)
            oracle_tree_over(su, now);
    } else if (is_last(su, result, &well, now)) {
        hook_over(su, o->hook, result, well, now);
    }
}

static void on_hook_gone(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    if (one_of(o->phase, NO_RUN))
        return;
    o->left = false;
    if (o->tree_gone && one_of(o->phase, 1U << PHASE_HOOK_ENDING | 1U << PHASE_UNKILLABLE))
        oracle_tree_over(su, now);
}

static void on_reload(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    if (o->phase != PHASE_RUNNING || !spec_reloads(&su->spec))
        return;
    if (o->hook == HOOK_NONE)
        begin_reload(su, now);
    else
        o->reload_wanted = true;
}

/* ---- being held ---- */

static void on_hold(struct sim_unit *su, const struct event *ev, struct moment now)
{
    struct oracle *o = &su->oracle;
    bool holds = ev->u.hold.until_ms > now.mono_ms;

    o->held_until_ms = holds ? ev->u.hold.until_ms : 0;
    o->held_until_wall_ms = holds ? ev->u.hold.until_wall_ms : 0;
    if (one_of(o->phase, 1U << PHASE_COMPLETED | 1U << PHASE_FAILED))
        o->deadline_lo_ms = o->deadline_hi_ms = o->held_until_ms;
    if (o->phase != PHASE_HELD && !(holds && one_of(o->phase, IDLE)))
        return;
    if (su->core.goal)
        oracle_begin(su, now);
    else
        oracle_go(o, PHASE_STOPPED, 0); /* the stop is on its way */
}

void oracle_hooks_step(struct sim_unit *su, const struct event *ev, struct moment now)
{
    switch ((unsigned)ev->type) {
    case EV_HOOKED:
        on_hooked(su, ev, now);
        break;
    case EV_HOOK_GONE:
        on_hook_gone(su, now);
        break;
    case EV_RELOAD:
        on_reload(su, now);
        break;
    case EV_HOLD:
        on_hold(su, ev, now);
        break;
    default:
        break;
    }
}
