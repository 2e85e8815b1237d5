/* What follows a run, of a unit that was not told to end and of one that was: DESIGN §3, restart
 * and job, and §4, "End of a run", read a second time. */
#include <string.h>

#include "oracle.h"

static const int64_t no_process_delay_ms = 100;

static void for_good(struct sim_unit *su, bool success)
{
    su->oracle.spared = su->oracle.held_until_ms != 0;
    oracle_go(&su->oracle, success ? PHASE_COMPLETED : PHASE_FAILED, su->oracle.held_until_ms);
}

static void try_later(struct sim_unit *su, int64_t least_ms, int64_t most_ms, struct moment now)
{
    struct oracle *o = &su->oracle;

    if (!o->want.pid && least_ms < no_process_delay_ms)
        least_ms = no_process_delay_ms;
    if (most_ms < least_ms)
        most_ms = least_ms;
    if (most_ms == 0) {
        o->policy_restarts++;
        oracle_begin(su, now);
        return;
    }
    oracle_go(o, PHASE_BACKOFF, now.mono_ms + least_ms);
    o->deadline_hi_ms = now.mono_ms + most_ms;
}

static bool limit_reached(const struct sim_unit *su, struct moment now)
{
    const struct oracle *o = &su->oracle;
    uint32_t recent = 0;

    for (uint32_t i = 0; i < o->n_restarts; i++)
        recent += now.mono_ms - o->restarts_ms[i] < su->spec.restart_window_ms;
    return su->spec.restart_limit && recent >= su->spec.restart_limit;
}

static void note_restart(struct oracle *o, struct moment now)
{
    if (o->n_restarts == SIM_RESTARTS_KEPT) {
        memmove(o->restarts_ms, o->restarts_ms + 1, sizeof o->restarts_ms - sizeof(int64_t));
        o->n_restarts--;
    }
    o->restarts_ms[o->n_restarts++] = now.mono_ms;
}

static void after_service(struct sim_unit *su, bool success, struct moment now)
{
    const struct unit_spec *spec = &su->spec;
    struct oracle *o = &su->oracle;
    bool for_health = o->want.requested_by == BY_HEALTH;
    int64_t delay_ms;

    if (o->want.ready_after_ms >= 0 && o->main_ended_ms - o->spawned_ms >= spec->restart_reset_ms) {
        o->streak = 0;
        o->tries = 0;
    }
    if (!for_health &&
        (spec->restart == RESTART_NEVER || (success && spec->restart == RESTART_ON_FAILURE))) {
        for_good(su, success);
        return;
    }
    if (for_health && spec->restart == RESTART_NEVER)
        coverage_see(SEEN_HEALTH_RESTART_NEVER);
    if (limit_reached(su, now)) {
        if (for_health)
            coverage_see(SEEN_HEALTH_LIMIT);
        for_good(su, false);
        return;
    }
    note_restart(o, now);
    delay_ms = oracle_delay_ms(spec->restart_delay_ms, spec->restart_delay_max_ms, ++o->streak);
    try_later(su, delay_ms, delay_ms + delay_ms * spec->restart_jitter_percent / 100, now);
}

static void after_job(struct sim_unit *su, bool success, struct moment now)
{
    const struct unit_spec *spec = &su->spec;
    struct oracle *o = &su->oracle;
    int64_t delay_ms;

    if (success || o->tries - 1 >= spec->retries) {
        for_good(su, success);
        return;
    }
    delay_ms = oracle_delay_ms(spec->retry_delay_ms, spec->retry_delay_max_ms, o->tries);
    try_later(su, delay_ms, delay_ms, now);
}

bool oracle_succeeded(const struct sim_unit *su)
{
    const struct exit_record *r = &su->oracle.want;

    if (!r->has_status || r->reason == REASON_START_FAILED || r->requested_by == BY_TIMEOUT ||
        r->requested_by == BY_HEALTH)
        return false;
    return r->signal ? exit_set_has_signal(&su->spec.success_exit, (unsigned)r->signal)
                     : exit_set_has_code(&su->spec.success_exit, (unsigned)r->exit_code);
}

void oracle_finish(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    o->ready = false;
    o->actions[ACT_RECORDED]++;
    o->actions[ACT_RELEASE]++;
    su->shadow[su->n_records++ % RECORDS_KEPT] = o->want;
    if (!su->core.goal || (o->told_down && !o->again))
        oracle_go(o, PHASE_STOPPED, 0);
    else if (o->again)
        oracle_begin_as_new(su, now);
    else if (su->spec.kind == UNIT_JOB)
        after_job(su, oracle_succeeded(su), now);
    else
        after_service(su, oracle_succeeded(su), now);
}
