#include "core/health_status.h"

void health_tally_add(struct health_tally *tally, const struct unit *u)
{
    enum unit_state state = unit_state_of(u->phase);
    bool sick = u->ready && u->health.is == HEALTHINESS_UNHEALTHY;
    bool up = u->ready || state == STATE_COMPLETED;

    tally->total++;
    tally->by_state[state]++;
    if (unit_goal(u)) {
        tally->n_up++;
        tally->n_up_working += state == STATE_RUNNING || state == STATE_COMPLETED;
        tally->n_up_lacking += !up || sick;
    }
    if (u->spec->essential && (state == STATE_FAILED || sick))
        tally->n_essential_bad++;
    if (u->spec->autostart && u->spec->enabled && !up)
        tally->n_autostart_lacking++;
}

enum health_status health_status_of(const struct health_tally *tally, bool shutting_down,
                                    bool started)
{
    if (shutting_down)
        return HEALTH_STOPPING;
    if (!started)
        return HEALTH_STARTING;
    if (tally->n_essential_bad || (tally->n_up && !tally->n_up_working))
        return HEALTH_UNHEALTHY;
    if (tally->n_up_lacking)
        return HEALTH_DEGRADED;
    return HEALTH_HEALTHY;
}

bool health_ready(const struct health_tally *tally)
{
    return tally->n_autostart_lacking == 0;
}

const char *health_status_name(enum health_status status)
{
    static const char *const names[HEALTH_STATUS_COUNT] = {
        [HEALTH_STOPPING] = "stopping",   [HEALTH_STARTING] = "starting",
        [HEALTH_UNHEALTHY] = "unhealthy", [HEALTH_DEGRADED] = "degraded",
        [HEALTH_HEALTHY] = "healthy",
    };
    return names[status];
}
