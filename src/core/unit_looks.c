/* Becoming ready, being looked at, feeding a watchdog, asking for more time: cells of the machine.
 */
#include "core/unit_step.h"

/* ---- ready ---- */

/* The watchdog is a look that is put off whenever it is fed. */
static void arm_watchdog(struct step *st)
{
    st->u->look_at_ms = st->u->watchdog_ms ? step_in_ms(st, st->u->watchdog_ms) : 0;
}

void cell_ready(struct step *st)
{
    struct unit *u = st->u;
    const struct unit_spec *spec = u->spec;

    u->ready = true;
    u->current.ready_after_ms = st->now.mono_ms - u->started_ms;
    step_enter(st, PHASE_RUNNING, step_extended(u, step_job_deadline(u)));
    if (spec->health.kind == PROBE_NOTIFY)
        arm_watchdog(st);
    else if (spec->health.kind != PROBE_NONE)
        u->look_at_ms = step_in_ms(st, health_first_ms(spec, st->random));
    if (spec->hooks[HOOK_POST_START].n)
        step_hook(st, HOOK_POST_START, step_in_ms(st, spec->hook_timeout_ms));
}

void cell_execed(struct step *st)
{
    struct unit *u = st->u;

    if (u->spec->ready == READY_STARTED || u->ready_early) {
        cell_ready(st);
        return;
    }
    step_enter(st, PHASE_PROBING,
               step_extended(u, step_earlier(step_in_ms(st, u->spec->ready_timeout_ms),
                                             step_job_deadline(u))));
    if (u->spec->ready == READY_PROBED)
        u->look_at_ms = st->now.mono_ms;
}

void cell_ready_early(struct step *st)
{
    st->u->ready_early = true;
}

/* A stop overtook the news that the command executes: the record says it did all the same. */
void cell_execed_late(struct step *st)
{
    struct unit *u = st->u;

    if ((u->spec->ready == READY_STARTED || u->ready_early) && u->current.error_stage == STAGE_NONE)
        u->current.ready_after_ms = st->now.mono_ms - u->started_ms;
}

/* ---- looking ---- */

void cell_look(struct step *st)
{
    st->u->look_at_ms = 0;
    st->u->looking = true;
    step_act(st, ACT_LOOK);
}

void cell_looked_for_ready(struct step *st)
{
    struct unit *u = st->u;

    u->looking = false;
    u->current.look = st->ev->u.looked.result;
    if (u->current.look.how == PROBE_GOOD)
        cell_ready(st);
    else
        u->look_at_ms = step_in_ms(st, u->spec->ready_interval_ms);
}

static void take_health(struct step *st, struct probe_result result, int64_t took_ms)
{
    struct unit *u = st->u;
    int64_t ready_ms = u->started_ms + u->current.ready_after_ms;

    if (result.how == PROBE_SKIPPED)
        return;
    if (health_take(&u->health, u->spec, result, took_ms, ready_ms, st->now))
        step_act(st, ACT_HEALTH);
    /* What is held is left alone: it could not start again. */
    if (u->health.is == HEALTHINESS_UNHEALTHY && u->spec->health_action == HEALTH_ACTION_RESTART &&
        !u->held_until_ms)
        step_begin_stop(st, BY_HEALTH, (struct requester){0}, 0);
}

void cell_looked_for_health(struct step *st)
{
    struct unit *u = st->u;

    u->looking = false;
    take_health(st, st->ev->u.looked.result, st->ev->u.looked.took_ms);
    if (u->phase == PHASE_RUNNING)
        u->look_at_ms = step_in_ms(st, health_next_ms(&u->health, u->spec, st->random));
}

/* The time has come to look at it, or it has not fed its watchdog in time. */
void cell_look_running(struct step *st)
{
    if (st->u->spec->health.kind != PROBE_NOTIFY) {
        cell_look(st);
        return;
    }
    arm_watchdog(st);
    take_health(st, (struct probe_result){.how = PROBE_SILENT}, 0);
}

void cell_fed(struct step *st)
{
    struct unit *u = st->u;
    struct probe_result result = {.how = st->ev->u.fed.trigger ? PROBE_SILENT : PROBE_GOOD};

    if (u->spec->health.kind != PROBE_NOTIFY)
        return;
    arm_watchdog(st);
    take_health(st, result, 0);
}

void cell_watchdog(struct step *st)
{
    if (st->u->spec->health.kind != PROBE_NOTIFY)
        return;
    st->u->watchdog_ms = st->ev->u.watchdog_ms;
    if (st->u->phase == PHASE_RUNNING)
        arm_watchdog(st);
}

/* ---- more time ---- */

/* The deadlines of a run that is not to end yet; never moved to before where they were. */
void cell_extend(struct step *st)
{
    struct unit *u = st->u;
    int64_t asked_ms = step_in_ms(st, st->ev->u.extend_ms);

    if (u->extended_ms < asked_ms)
        u->extended_ms = asked_ms;
    u->deadline_ms = step_extended(u, u->deadline_ms);
}

/* A stop's is bounded by whoever else waits for its end. */
void cell_extend_stop(struct step *st)
{
    struct unit *u = st->u;
    int64_t asked_ms = step_earlier(step_in_ms(st, st->ev->u.extend_ms), u->kill_by_ms);

    if (u->deadline_ms < asked_ms)
        u->deadline_ms = asked_ms;
    if (u->hook == HOOK_STOP)
        u->hook_by_ms = u->deadline_ms;
}
