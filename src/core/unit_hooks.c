/* The commands beside main, and reloading: cells and verbs of the machine. */
#include "core/unit_step.h"

/* ---- one command after the other ---- */

void step_hook(struct step *st, enum hook hook, int64_t by_ms)
{
    struct unit *u = st->u;

    u->hook = hook;
    u->hook_at = 0;
    u->hook_by_ms = by_ms;
    u->hook_full_ms =
        step_in_ms(st, hook == HOOK_STOP ? u->spec->stop_timeout_ms : u->spec->hook_timeout_ms);
    step_act(st, ACT_HOOK);
}

void step_hook_away(struct step *st)
{
    struct unit *u = st->u;

    if (u->hook == HOOK_NONE)
        return;
    u->hook = HOOK_NONE;
    u->hook_left = true;
    u->hook_left_by_ms = step_in_ms(st, u->patience_ms ? u->patience_ms : UNKILLABLE_AFTER_MS);
    step_act(st, ACT_HOOK_AWAY);
}

static void note_failure(struct step *st, uint32_t command, struct probe_result result)
{
    const struct event *ev = st->ev;
    struct unit *u = st->u;
    struct hook_failure *failure = &u->current.failed[u->hook];
    struct action *a = step_act(st, ACT_HOOK_FAILED);

    if (result.how == PROBE_LATE)
        result.code = u->hook_by_ms < u->hook_full_ms;
    *failure = (struct hook_failure){.command = (uint8_t)(command + 1),
                                     .how = (uint8_t)result.how,
                                     .code = (int16_t)result.code};
    if (ev->type == EV_HOOKED && result.how == PROBE_ERROR)
        failure->stage = (uint8_t)ev->u.hooked.stage;
    a->failed.run = u->run;
    a->failed.hook = u->hook;
    a->failed.failure = *failure;
}

void step_hook_late(struct step *st)
{
    const struct unit *u = st->u;

    if (u->hook != HOOK_NONE && u->hook_by_ms <= st->now.mono_ms)
        note_failure(st, u->hook_at, (struct probe_result){.how = PROBE_LATE});
}

/* One command follows the other, so nothing is left of those before. A signal waits for nothing. */
static void take_left(struct step *st)
{
    struct unit *u = st->u;

    if (u->hook == HOOK_RELOAD && u->spec->reload_signal)
        return;
    u->hook_left = st->ev->u.hooked.left;
    if (u->hook_left)
        u->hook_left_by_ms = st->now.mono_ms;
}

/* Without the rest what was done is worth nothing, or the rest would do harm. */
static bool ends_with_failure(enum hook hook)
{
    return hook == HOOK_PRE_START || hook == HOOK_STOP || hook == HOOK_RELOAD;
}

bool step_hook_goes_on(struct step *st, bool *ret_failed)
{
    const struct probe_result late = {.how = PROBE_LATE};
    struct probe_result result = st->ev->u.hooked.result;
    struct unit *u = st->u;
    bool failed = result.how != PROBE_GOOD;
    bool more = u->hook_at + 1 < u->spec->hooks[u->hook].n;

    take_left(st);
    if (failed)
        note_failure(st, u->hook_at, result);
    if (more && u->hook_by_ms <= st->now.mono_ms && !failed) {
        failed = true;
        note_failure(st, u->hook_at + 1, late);
    }
    if (ret_failed)
        *ret_failed = failed;
    if (more && u->hook_by_ms > st->now.mono_ms && !(failed && ends_with_failure(u->hook))) {
        u->hook_at++;
        step_act(st, ACT_HOOK);
        return true;
    }
    u->hook = HOOK_NONE;
    return false;
}

void cell_hook_gone(struct step *st)
{
    struct unit *u = st->u;

    u->hook_left = false;
    if (u->tree_gone && (u->phase == PHASE_HOOK_ENDING || u->phase == PHASE_UNKILLABLE))
        step_run_over(st);
}

/* ---- cells ---- */

void cell_hooked_pre_start(struct step *st)
{
    struct unit *u = st->u;
    struct probe_result result = st->ev->u.hooked.result;
    bool failed;

    if (step_hook_goes_on(st, &failed))
        return;
    if (!failed) {
        step_spawn(st);
        return;
    }
    u->current.error_stage = STAGE_PRE_START;
    u->current.error_errno = result.how == PROBE_ERROR ? result.code : 0;
    step_run_over(st);
}

/* What it was for has ended, or is being ended: no further command. Of one that we have ended it is
 * no failure. */
void cell_hooked_ending(struct step *st)
{
    struct unit *u = st->u;

    take_left(st);
    if (st->ev->u.hooked.result.how != PROBE_GOOD && u->hook != HOOK_PRE_START)
        note_failure(st, u->hook_at, st->ev->u.hooked.result);
    u->hook = HOOK_NONE;
    if (u->phase == PHASE_HOOK_ENDING)
        step_run_over(st);
}

void cell_hooked_post_stop(struct step *st)
{
    if (!step_hook_goes_on(st, NULL))
        step_run_over(st);
}

/* ---- reloading ---- */

static void begin_reload(struct step *st)
{
    struct unit *u = st->u;

    u->reload_wanted = false;
    u->reload_result = (struct probe_result){.how = PROBE_GOOD};
    if (u->spec->reload_signal) {
        u->hook = HOOK_RELOAD;
        u->hook_at = 0;
        u->hook_by_ms = step_in_ms(st, u->spec->hook_timeout_ms);
        step_act(st, ACT_RELOAD);
    } else {
        step_hook(st, HOOK_RELOAD, step_in_ms(st, u->spec->hook_timeout_ms));
    }
}

/* Asked for while a command is at work: another reload may have read what was there before. */
void cell_reload(struct step *st)
{
    const struct unit_spec *spec = st->u->spec;

    if (!spec->reload_signal && !spec->hooks[HOOK_RELOAD].n)
        return;
    st->u->n_reloads++;
    if (st->u->hook == HOOK_NONE)
        begin_reload(st);
    else
        st->u->reload_wanted = true;
}

void cell_hooked_running(struct step *st)
{
    struct unit *u = st->u;
    enum hook hook = u->hook;
    bool failed;

    if (step_hook_goes_on(st, &failed))
        return;
    if (hook == HOOK_RELOAD) {
        u->reload_result =
            failed ? hook_failure_result(u->current.failed[HOOK_RELOAD]) : st->ev->u.hooked.result;
        step_act(st, ACT_RELOADED)->reloaded = u->reload_result;
    }
    if (u->reload_wanted)
        begin_reload(st);
}
