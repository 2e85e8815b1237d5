#include "core/aftermath.h"

#include "core/backoff.h"

/* A start that did not even make a process is retried no sooner than this, whatever the user's
 * restart_delay, since it would spin on a full process table. */
enum { NO_PROCESS_DELAY_MS = 100 };

/* Whether one more restart is allowed inside the window; notes it when so. */
static bool restart_allowed(struct unit *u, int64_t now_ms)
{
    const struct unit_spec *spec = u->spec;

    if (spec->restart_limit == 0)
        return true;
    if (u->n_restart_times == spec->restart_limit) {
        int64_t oldest_ms = u->restart_times[u->restart_at];

        if (now_ms - oldest_ms < spec->restart_window_ms)
            return false;
        u->n_restart_times--;
    }
    u->restart_times[u->restart_at] = now_ms;
    u->restart_at = (u->restart_at + 1) % spec->restart_limit;
    u->n_restart_times++;
    return true;
}

static enum aftermath after_service(struct unit *u, bool success, int64_t now_ms, uint32_t random,
                                    int64_t *ret_delay_ms)
{
    const struct unit_spec *spec = u->spec;

    if (u->current.ready_after_ms >= 0 && u->ended_ms - u->spawned_ms >= spec->restart_reset_ms) {
        u->failures = 0;
        u->attempt = 0;
    }
    /* Who is ended for its health is restarted whatever `restart` says. */
    if (u->current.requested_by != BY_HEALTH &&
        (spec->restart == RESTART_NEVER || (spec->restart == RESTART_ON_FAILURE && success)))
        return success ? AFTERMATH_COMPLETED : AFTERMATH_FAILED;
    if (!restart_allowed(u, now_ms))
        return AFTERMATH_FAILED;
    if (u->failures < UINT32_MAX)
        u->failures++;
    *ret_delay_ms = backoff_delay_ms(spec->restart_delay_ms, spec->restart_delay_max_ms,
                                     spec->restart_jitter_percent, u->failures, random);
    return AFTERMATH_AGAIN;
}

static enum aftermath after_job(const struct unit *u, bool success, uint32_t random,
                                int64_t *ret_delay_ms)
{
    const struct unit_spec *spec = u->spec;

    if (success || u->attempt > spec->retries)
        return success ? AFTERMATH_COMPLETED : AFTERMATH_FAILED;
    *ret_delay_ms =
        backoff_delay_ms(spec->retry_delay_ms, spec->retry_delay_max_ms, 0, u->attempt, random);
    return AFTERMATH_AGAIN;
}

enum aftermath aftermath_of(struct unit *u, bool success, int64_t now_ms, uint32_t random,
                            int64_t *ret_delay_ms)
{
    enum aftermath what;

    *ret_delay_ms = 0;
    if (u->spec->kind == UNIT_JOB)
        what = after_job(u, success, random, ret_delay_ms);
    else
        what = after_service(u, success, now_ms, random, ret_delay_ms);
    if (!u->current.pid && *ret_delay_ms < NO_PROCESS_DELAY_MS)
        *ret_delay_ms = NO_PROCESS_DELAY_MS;
    return what;
}
